"""Makes `fluid_tables.json`, `boiling_tables.json` and `refrigerant_tables.json` from CoolProp.

    python -m dctwin.physics.make_tables

CoolProp costs 20–230 µs a call, so it is asked once, here, and the fits are shipped. The tests
measure each shipped fit against CoolProp again, so a stale or edited table fails them.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..units import KELVIN_AT_0_C
from .vapour_compression import LEAST_LIFT_K, cycle, glide_at_k

HERE = Path(__file__).parent

# Absolute pressure of a liquid loop at which liquid properties are taken. From 1 to 10 bar the
# density of water moves by 0.04 %, the other properties by less.
LOOP_PRESSURE_PA = 3.0e5
HIGHEST_DEGREE = 7
# Wanted greatest relative error of a fit: two orders below the uncertainty of the data behind
# CoolProp (water 0.001–1 %, glycols and oils 1–5 %).
WANTED_ERROR_FRAC = {
    "density": 5e-5,
    "specific_heat": 5e-5,
    "conductivity": 2e-4,
    "viscosity": 1e-3,
}
COOLPROP_KEYS = {"density": "D", "specific_heat": "C", "conductivity": "L", "viscosity": "V"}
SI_TO_OURS = {"density": 1.0, "specific_heat": 1e-3, "conductivity": 1.0, "viscosity": 1.0}

# Novec 649 has no transport properties in CoolProp. One point each, at 25 °C: 3M, "Novec 649
# Engineered Fluid" product information (0.059 W/m/K; 0.40 cSt × 1600 kg/m³ = 0.64 mPa·s).
NOVEC_649_POINTS = {"conductivity": 0.059, "viscosity": math.log(0.64e-3)}

# Our name -> CoolProp's, and the range of saturation temperatures that two-phase loops use. R515B:
# 91.1/8.9 % by mass of R1234ze(E) and R227ea (ASHRAE Standard 34) in moles (114.04, 170.03 g/mol).
BOILING = {
    "R1233zd(E)": ("R1233zd(E)", (0.0, 90.0)),
    "R134a": ("R134a", (0.0, 80.0)),
    "R1234ze(E)": ("R1234ze(E)", (0.0, 85.0)),
    "R515B": ("HEOS::R1234ze(E)[0.93851]&R227EA[0.06149]", (0.0, 70.0)),
    "novec-649": ("Novec649", (0.0, 90.0)),
}
BOILING_KEYS = {
    "liquid_density": ("D", 1.0),
    "liquid_specific_heat": ("C", 1e-3),
    "vapour_density": ("D", 1.0),
    "pressure": ("P", 1.0),
}
BOILING_ERROR_FRAC = 2e-4

# Liquids that CoolProp does not have, from one point of a data sheet at 25 °C: density, its thermal
# expansion, specific heat and viscosity as read in 3M, "Novec Engineered Fluids" user guide
# (1.61 g/cm³, 0.0013/K, 1128 J/kg/K, 1.24 mPa·s); conductivity recalled from a sheet of that maker.
DATA_SHEET = {
    "novec-7500": {
        "range_c": (-20.0, 100.0),
        "density": 1610.0,
        "expansion": 0.0013,
        "specific_heat": 1.128,
        "conductivity": 0.065,
        "viscosity": 1.24e-3,
    }
}
DATA_SHEET_C = 25.0

BLENDS = ("R513A", "R410A")
# From ice-making brine to trim chillers and heat pumps on the return of warm-water loops.
EVAPORATING_RANGE_C = (-15.0, 40.0)
LOWEST_CONDENSING_C = -12.0
# Some 6-20 K below the critical point, where liquid and vapour grow alike and no machine works,
# and never above 90 °C: what district heat asks of a heat pump.
HIGHEST_CONDENSING_C = {
    "R134a": 85.0,
    "R1234ze(E)": 90.0,
    "R1233zd(E)": 90.0,
    "R513A": 75.0,
    "R32": 65.0,
    "R410A": 65.0,
    "R717": 90.0,
}
# Wanted greatest relative error of a cycle fit, and the highest total degree spent on it.
CYCLE_ERROR_FRAC = 1e-3
HIGHEST_CYCLE_DEGREE = 8


def _fluid_specs() -> dict[str, dict[str, Any]]:
    specs: dict[str, dict[str, Any]] = {"water": {"coolprop": "Water", "range_c": (0.01, 120.0)}}
    for kind, key in (("propylene", "MPG"), ("ethylene", "MEG")):
        for percent in (20, 25, 30, 40, 50):
            # Melinder (2010), Properties of Secondary Working Fluids, IIR: percent by mass.
            specs[f"{kind}-glycol-{percent}"] = {
                "coolprop": f"INCOMP::{key}[{percent / 100}]",
                "range_c": (None, 100.0),
            }
    specs["mineral-oil"] = {"coolprop": "INCOMP::PNF", "range_c": (-10.0, 100.0)}
    specs["silicone-oil"] = {"coolprop": "INCOMP::S800", "range_c": (-40.0, 100.0)}
    specs["paraffinic-oil-thin"] = {"coolprop": "INCOMP::PLR", "range_c": (-10.0, 100.0)}
    specs["novec-649"] = {"coolprop": "Novec649", "range_c": (-40.0, 49.0)}
    return specs


def _fit_1d(x: Any, values: Any, log: bool, wanted_frac: float) -> dict[str, Any]:
    """Lowest-degree least-squares polynomial in the scaled temperature with the wanted error."""
    target = np.log(values) if log else values
    weight = None if log else 1 / values
    for degree in range(1, HIGHEST_DEGREE + 1):
        coefficients = _shortened(np.polynomial.polynomial.polyfit(x, target, degree, w=weight))
        fitted = np.polynomial.polynomial.polyval(x, coefficients)
        error = float(np.max(np.abs((np.exp(fitted) if log else fitted) / values - 1)))
        if error < wanted_frac:
            break
    return {"coefficients": coefficients, "max_error_frac": _rounded_up(error)}


def _shortened(coefficients: Any) -> list[float]:
    """Twelve significant digits: far below any fit error, and readable in a diff."""
    return [float(f"{c:.12g}") for c in coefficients]


def _rounded_up(error: float) -> float:
    """Two significant digits, upwards, so that the stated bound holds; never below 1e-9."""
    value = max(error, 1e-9)
    scale = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / scale * 1.02) * scale:.3g}")


def fluid_tables() -> dict[str, Any]:
    """Fits of density, specific heat, conductivity and viscosity for every loop fluid."""
    import CoolProp
    from CoolProp.CoolProp import PropsSI

    table: dict[str, Any] = {}
    for name, spec in _fluid_specs().items():
        substance = spec["coolprop"]
        low_c, high_c = spec["range_c"]
        freezing_c = None
        if low_c is None:
            freezing_k = PropsSI("T_freeze", "T", 300.0, "P", LOOP_PRESSURE_PA, substance)
            freezing_c = round(freezing_k - KELVIN_AT_0_C, 2)
            low_c = math.ceil(10 * freezing_c) / 10
        middle_c, half_k = (low_c + high_c) / 2, (high_c - low_c) / 2
        # Chebyshev points: their least-squares fit is close to the best in the greatest error.
        x = np.cos(np.pi * np.arange(401) / 400)
        at_c = middle_c + half_k * x
        other_key, other = ("Q", 0.0) if name == "novec-649" else ("P", LOOP_PRESSURE_PA)
        fits: dict[str, Any] = {}
        for prop, key in COOLPROP_KEYS.items():
            if name == "novec-649" and prop in ("conductivity", "viscosity"):
                fits[prop] = {"coefficients": [NOVEC_649_POINTS[prop]], "max_error_frac": None}
                continue
            values = SI_TO_OURS[prop] * np.array(
                [PropsSI(key, "T", c + KELVIN_AT_0_C, other_key, other, substance) for c in at_c]
            )
            fits[prop] = _fit_1d(x, values, prop == "viscosity", WANTED_ERROR_FRAC[prop])
        table[name] = {
            "coolprop": substance,
            "min_c": low_c,
            "max_c": high_c,
            "freezing_c": freezing_c,
            **fits,
        }
    for name, sheet in DATA_SHEET.items():
        table[name] = _data_sheet(sheet)
    return {"made_with": f"CoolProp {CoolProp.__version__}", "fluids": table}


def _data_sheet(sheet: dict[str, Any]) -> dict[str, Any]:
    """A liquid from one point: density linear in temperature, the rest constant."""
    low_c, high_c = sheet["range_c"]
    middle_c, half_k = (low_c + high_c) / 2, (high_c - low_c) / 2
    slope = -sheet["density"] * sheet["expansion"]
    values = {
        "density": [sheet["density"] + slope * (middle_c - DATA_SHEET_C), slope * half_k],
        "specific_heat": [sheet["specific_heat"]],
        "conductivity": [sheet["conductivity"]],
        "viscosity": [math.log(sheet["viscosity"])],
    }
    return {
        "coolprop": None,
        "min_c": low_c,
        "max_c": high_c,
        "freezing_c": None,
        **{
            prop: {"coefficients": _shortened(coefficients), "max_error_frac": None}
            for prop, coefficients in values.items()
        },
    }


def boiling_tables() -> dict[str, Any]:
    """Fits of saturation properties along the bubble line for every boiling fluid."""
    import CoolProp
    from CoolProp.CoolProp import PropsSI

    table: dict[str, Any] = {}
    x = np.cos(np.pi * np.arange(121) / 120)
    for name, (substance, (low_c, high_c)) in BOILING.items():
        at_k = (low_c + high_c) / 2 + (high_c - low_c) / 2 * x + KELVIN_AT_0_C

        def along(key: str, quality: float, at_k: Any = at_k, substance: str = substance) -> Any:
            return np.array([PropsSI(key, "T", t, "Q", quality, substance) for t in at_k])

        fits: dict[str, Any] = {"coolprop": substance, "min_c": low_c, "max_c": high_c}
        for prop, (key, factor) in BOILING_KEYS.items():
            values = factor * along(key, 1.0 if prop == "vapour_density" else 0.0)
            log = prop in ("pressure", "vapour_density")
            fits[prop] = _fit_1d(x, values, log, BOILING_ERROR_FRAC)
        latent = (along("H", 1.0) - along("H", 0.0)) / 1000
        fits["latent"] = _fit_1d(x, latent, False, BOILING_ERROR_FRAC)
        log_pressure = np.log(along("P", 0.0))
        low, high = float(log_pressure.min()), float(log_pressure.max())
        scaled = (log_pressure - (low + high) / 2) * 2 / (high - low)
        coefficients = _shortened(
            np.polynomial.polynomial.polyfit(scaled, at_k - KELVIN_AT_0_C, HIGHEST_DEGREE)
        )
        gap_k = np.polynomial.polynomial.polyval(scaled, coefficients) + KELVIN_AT_0_C - at_k
        fits["boiling"] = {
            "coefficients": coefficients,
            "min_log_pressure": low,
            "max_log_pressure": high,
            "max_error_k": _rounded_up(float(np.max(np.abs(gap_k)))),
        }
        table[name] = fits
    return {"made_with": f"CoolProp {CoolProp.__version__}", "fluids": table}


def _fit_2d(x: Any, y: Any, values: Any) -> tuple[list[list[float]], float]:
    """Lowest total degree with the wanted error: row j has the powers of x that go with y^j."""
    for degree in range(3, HIGHEST_CYCLE_DEGREE + 1):
        exponents = [(i, j) for j in range(degree + 1) for i in range(degree + 1 - j)]
        basis = np.stack([x**i * y**j for i, j in exponents], axis=1)
        solution = _shortened(
            np.linalg.lstsq(basis / values[:, None], np.ones_like(values), rcond=None)[0]
        )
        error = float(np.max(np.abs(basis @ solution / values - 1)))
        if error < CYCLE_ERROR_FRAC:
            break
    rows = [
        [c for (_, k), c in zip(exponents, solution, strict=True) if k == j]
        for j in range(degree + 1)
    ]
    return rows, error


def refrigerant_tables() -> dict[str, Any]:
    """Fits of (isentropic work / cooling) × T_evaporating / lift over evaporating × condensing."""
    import CoolProp

    table: dict[str, Any] = {}
    te_low, te_high = EVAPORATING_RANGE_C
    te_middle, te_half = (te_low + te_high) / 2, (te_high - te_low) / 2
    for name, tc_high in HIGHEST_CONDENSING_C.items():
        tc_middle = (LOWEST_CONDENSING_C + tc_high) / 2
        tc_half = (tc_high - LOWEST_CONDENSING_C) / 2
        # Chebyshev points in evaporating temperature and lift, so that the edges are in the fit.
        points = [
            (te, te + LEAST_LIFT_K + (tc_high - LEAST_LIFT_K - te) * (1 + reach) / 2)
            for te in te_middle + te_half * np.cos(np.pi * np.arange(23) / 22)
            for reach in np.cos(np.pi * np.arange(31) / 30)
        ]
        te, tc = np.array(points).T
        work_per_cooling = np.array(
            [1 / cycle(name, *point, isentropic_efficiency_frac=1.0).cop for point in points]
        )
        glide_k = 0.0 if name not in BLENDS else glide_at_k(name, te_middle)
        g = work_per_cooling * (te + KELVIN_AT_0_C) / (tc - te + glide_k)
        x, y = (te - te_middle) / te_half, (tc - tc_middle) / tc_half
        rows, error = _fit_2d(x, y, g)
        table[name] = {
            "glide_k": glide_k,
            "evaporating_range_c": [te_low, te_high],
            "condensing_range_c": [LOWEST_CONDENSING_C, tc_high],
            "coefficients": rows,
            "max_error_frac": _rounded_up(error),
        }
    return {"made_with": f"CoolProp {CoolProp.__version__}", "refrigerants": table}


def main() -> None:
    """Write the tables beside this module."""
    for file_name, table in (
        ("fluid_tables.json", fluid_tables()),
        ("boiling_tables.json", boiling_tables()),
        ("refrigerant_tables.json", refrigerant_tables()),
    ):
        text = json.dumps(table, indent=1, allow_nan=False)
        (HERE / file_name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
