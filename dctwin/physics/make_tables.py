"""Makes `fluid_tables.json` and `refrigerant_tables.json` from CoolProp.

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
from .vapour_compression import LEAST_LIFT_K, MIXTURES, cycle

HERE = Path(__file__).parent

# Absolute pressure of a liquid loop at which liquid properties are taken. From 1 to 10 bar the
# density of water moves by 0.04 %, the other properties by less.
LOOP_PRESSURE_PA = 3.0e5
HIGHEST_DEGREE = 7
# Wanted greatest relative error of a fit: two orders below the uncertainty of the data behind
# CoolProp (water 0.001–1 %, glycols and oils 1–5 %).
WANTED_ERROR_FRAC = {"density": 5e-5, "specific_heat": 5e-5, "conductivity": 2e-4, "viscosity": 1e-3}
COOLPROP_KEYS = {"density": "D", "specific_heat": "C", "conductivity": "L", "viscosity": "V"}
SI_TO_OURS = {"density": 1.0, "specific_heat": 1e-3, "conductivity": 1.0, "viscosity": 1.0}

# Novec 649 has no transport properties in CoolProp. One point each, at 25 °C: 3M, "Novec 649
# Engineered Fluid" product information (0.059 W/m/K; 0.40 cSt × 1600 kg/m³ = 0.64 mPa·s).
NOVEC_649_CONDUCTIVITY_W_PER_M_K = 0.059
NOVEC_649_VISCOSITY_PA_S = 0.64e-3

REFRIGERANTS = ("R134a", "R1234ze(E)", "R1233zd(E)", "R513A", "R32", "R410A", "R717")
EVAPORATING_RANGE_C = (-15.0, 30.0)
CONDENSING_RANGE_C = (-12.0, 65.0)
# Degree of the two-dimensional fit: the lowest that keeps every refrigerant below 0.1 %.
CYCLE_DEGREE = 5


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
    specs["novec-649"] = {"coolprop": "Novec649", "range_c": (-40.0, 49.0)}
    return specs


def _fit_1d(temperatures_c: Any, values: Any, middle_c: float, half_k: float, log: bool,
            wanted_frac: float) -> dict[str, Any]:  # fmt: skip
    """Lowest-degree least-squares polynomial in x = (c − middle)/half with the wanted error."""
    x = (temperatures_c - middle_c) / half_k
    target = np.log(values) if log else values
    for degree in range(1, HIGHEST_DEGREE + 1):
        weight = None if log else 1 / values
        coefficients = np.polynomial.polynomial.polyfit(x, target, degree, w=weight)
        fitted = np.polynomial.polynomial.polyval(x, coefficients)
        error = float(np.max(np.abs((np.exp(fitted) if log else fitted) / values - 1)))
        if error < wanted_frac:
            break
    return {
        "coefficients": [float(f"{c:.12g}") for c in coefficients],
        "max_error_frac": _rounded_up(error),
    }


def _rounded_up(value: float) -> float:
    """Two significant digits, upwards, so that the stated bound holds."""
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
        at_c = middle_c + half_k * np.cos(np.pi * np.arange(401) / 400)
        along = ("Q", 0) if name == "novec-649" else ("P", LOOP_PRESSURE_PA)
        fits: dict[str, Any] = {}
        for prop, key in COOLPROP_KEYS.items():
            if name == "novec-649" and prop in ("conductivity", "viscosity"):
                point = {"conductivity": NOVEC_649_CONDUCTIVITY_W_PER_M_K,
                         "viscosity": math.log(NOVEC_649_VISCOSITY_PA_S)}[prop]  # fmt: skip
                fits[prop] = {"coefficients": [point], "max_error_frac": None}
                continue
            values = SI_TO_OURS[prop] * np.array(
                [PropsSI(key, "T", c + KELVIN_AT_0_C, *along, substance) for c in at_c]
            )
            fits[prop] = _fit_1d(
                at_c, values, middle_c, half_k, prop == "viscosity", WANTED_ERROR_FRAC[prop]
            )
        table[name] = {
            "coolprop": substance,
            "min_c": low_c,
            "max_c": high_c,
            "freezing_c": freezing_c,
            **fits,
        }
    return {"made_with": f"CoolProp {CoolProp.__version__}", "fluids": table}


def refrigerant_tables() -> dict[str, Any]:
    """Fits of (isentropic work / cooling) × T_evaporating / lift over evaporating × condensing."""
    import CoolProp

    table: dict[str, Any] = {}
    (te_low, te_high), (tc_low, tc_high) = EVAPORATING_RANGE_C, CONDENSING_RANGE_C
    te_middle, te_half = (te_low + te_high) / 2, (te_high - te_low) / 2
    tc_middle, tc_half = (tc_low + tc_high) / 2, (tc_high - tc_low) / 2
    exponents = [(i, j) for i in range(CYCLE_DEGREE + 1) for j in range(CYCLE_DEGREE + 1 - i)]
    points = [
        (te, tc)
        for te in te_middle + te_half * np.cos(np.pi * np.arange(23) / 22)
        for tc in tc_middle + tc_half * np.cos(np.pi * np.arange(39) / 38)
        if tc - te >= LEAST_LIFT_K
    ]
    te, tc = np.array(points).T
    for name in REFRIGERANTS:
        work_per_cooling = np.array(
            [1 / cycle(name, *point, isentropic_efficiency_frac=1.0).cop for point in points]
        )
        g = work_per_cooling * (te + KELVIN_AT_0_C) / (tc - te)
        x, y = (te - te_middle) / te_half, (tc - tc_middle) / tc_half
        basis = np.stack([x**i * y**j for i, j in exponents], axis=1)
        solution = np.linalg.lstsq(basis / g[:, None], np.ones_like(g), rcond=None)[0]
        error = np.abs(basis @ solution / g - 1)
        # Row j holds the coefficients of y^j as a polynomial in x, lowest power first.
        rows = [
            [float(f"{c:.12g}") for (i, k), c in zip(exponents, solution, strict=True) if k == j]
            for j in range(CYCLE_DEGREE + 1)
        ]
        table[name] = {
            "mixture": name in MIXTURES,
            "evaporating_range_c": [te_low, te_high],
            "condensing_range_c": [tc_low, tc_high],
            "coefficients": rows,
            "max_error_frac": _rounded_up(float(error.max())),
        }
    return {"made_with": f"CoolProp {CoolProp.__version__}", "refrigerants": table}


def main() -> None:
    """Write both tables beside this module."""
    for file_name, table in (
        ("fluid_tables.json", fluid_tables()),
        ("refrigerant_tables.json", refrigerant_tables()),
    ):
        text = json.dumps(table, indent=1, allow_nan=False)
        (HERE / file_name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
