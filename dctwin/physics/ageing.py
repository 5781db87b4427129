"""Loss of capacity of lithium-ion cells with time and with cycling.

Laws of the form q = k x^b with x the days (calendar) or the full cycles (cycling) and k a function
of what the cell meets. Under varying stress the state moves along the curve of the moment, which
integrates to q = (sum of k^(1/b) dx)^b: no loop over hours. Calendar and cycle loss add.

LFP  calendar: Naumann et al. 2018, J. Energy Storage 17, 153-169, doi 10.1016/j.est.2018.01.019;
     cycling: Naumann, Spingler, Jossen 2020, J. Power Sources 451, 227666,
     doi 10.1016/j.jpowsour.2019.227666; Sony US26650FTC1, coefficients as in SimSES 1.3.12 (BSD-3).
     Holds for 0-60 °C, any state of charge, up to 1C charging.
NMC  Kokam 75 Ah: Smith et al. 2017, American Control Conference, doi 10.23919/ACC.2017.7963578;
     coefficients of BLAST-Lite (NREL, BSD-3). Holds for 0-45 °C and depths of 0.8-1; no dependence
     on the C-rate, and the sudden fade by lost active material (beyond some 5,000 cycles) is left
     out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dctwin.physics.arrays import Array, namespace
from dctwin.units import KELVIN_AT_0_C, SECONDS_PER_HOUR

Chemistry = Literal["lfp", "nmc"]
GAS_CONSTANT_J_PER_MOL_K = 8.3144598
REFERENCE_K = 298.15

# Naumann 2018: k exp(-Ea/R (1/T - 1/Tref)) (C (SOC - 0.5)^3 + D) sqrt(seconds)
_LFP_K, _LFP_EA, _LFP_C, _LFP_D = 1.2571e-5, 17126.0, 2.8575, 0.60225
# Naumann 2020, in percent: (A C-rate + B) (C (DOC - 0.6)^3 + D) sqrt(full cycles)
_LFP_CYCLE = (0.0630, 0.0971, 4.0253, 1.0923)
# BLAST-Lite, Kokam: q1_0, q1_1, q1_2, q2 and q3_0, q3_1, q3_2, q4, with temperature over 308.15 K
# and the anode's potential over 0.123 V.
_NMC_CALENDAR = (2.66e7, -17.8, -5.21, 0.357)
_NMC_CYCLE = (3.80e3, -18.4, 1.04, 0.778)
_NMC_REFERENCE_K, _ANODE_REFERENCE_V = 308.15, 0.123
# Stoichiometry of the anode, empty and full (Safari & Delacourt 2011, as in BLAST-Lite).
_ANODE_EMPTY, _ANODE_FULL = 8.5e-3, 0.78
_HOURS_PER_DAY = 24.0


def _anode_table() -> tuple[np.ndarray, np.ndarray]:
    """State of charge and potential of graphite [V] (Safari & Delacourt 2011, J. Electrochem. Soc.
    158, A562), closely spaced where it is steep."""
    soc = np.concatenate([np.linspace(0.0, 0.05, 51), np.linspace(0.06, 1.0, 95)])
    x = _ANODE_EMPTY + soc * (_ANODE_FULL - _ANODE_EMPTY)
    return soc, (
        0.6379
        + 0.5416 * np.exp(-305.5309 * x)
        + 0.044 * np.tanh(-(x - 0.1958) / 0.1088)
        - 0.1978 * np.tanh((x - 1.0571) / 0.0854)
        - 0.6875 * np.tanh((x + 0.0117) / 0.0529)
        - 0.0175 * np.tanh((x - 0.5692) / 0.0875)
    )


_ANODE_SOC, _ANODE_V = _anode_table()


def arrhenius(cell_c: Array, activation_k: float) -> Array:
    """exp(-E (1/T - 1/298.15 K)) with E the activation energy over the gas constant: 1 at 25 °C."""
    xp = namespace(cell_c)
    inverse = 1.0 / (cell_c + KELVIN_AT_0_C) - 1.0 / REFERENCE_K
    return xp.exp(-activation_k * inverse)


def calendar_loss_frac(
    chemistry: Chemistry, soc_frac: Array, cell_c: Array, step_h: float
) -> Array:
    """Capacity lost by time alone up to the end of each step, along the last axis."""
    xp = namespace(soc_frac, cell_c)
    if chemistry == "lfp":
        off = soc_frac - 0.5
        stress = (
            _LFP_K
            * arrhenius(cell_c, _LFP_EA / GAS_CONSTANT_J_PER_MOL_K)
            * (_LFP_C * off * off * off + _LFP_D)
        )
        return xp.sqrt(xp.cumsum(stress * stress, axis=-1) * (step_h * SECONDS_PER_HOUR))
    rate, by_t, by_v, power = _NMC_CALENDAR
    colder = _NMC_REFERENCE_K / (cell_c + KELVIN_AT_0_C)
    volts = xp.interp(soc_frac, _ANODE_SOC, _ANODE_V)
    exponent = by_t * colder + by_v * volts / _ANODE_REFERENCE_V * colder
    per_day = rate ** (1.0 / power) * xp.exp(exponent / power)
    return (xp.cumsum(per_day, axis=-1) * (step_h / _HOURS_PER_DAY)) ** power


def half_cycles(moved_frac: Array, step_h: float) -> tuple[Array, Array]:
    """(depth, mean C-rate) of the half cycle that ends in each step; 0 where none ends.

    `moved_frac` is the signed change of the state of charge in each step. A half cycle runs from
    one turn of direction to the next; rests do not end it.
    """
    xp = namespace(moved_frac)
    moving = moved_frac != 0
    last = xp.maximum.accumulate(xp.where(moving, xp.arange(moved_frac.shape[-1]), -1), axis=-1)
    way = xp.take_along_axis(xp.sign(moved_frac), xp.maximum(last, 0), axis=-1)
    following = xp.concatenate([way[..., 1:], 0.0 * way[..., :1]], axis=-1)
    ends = (way != 0) & (following != way)
    depth = _since_last_end(xp.cumsum(xp.abs(moved_frac), axis=-1), ends)
    hours = _since_last_end(xp.cumsum(moving * step_h, axis=-1), ends)
    return depth * ends, depth * ends / xp.where(hours > 0, hours, 1.0)


def _since_last_end(total: Array, ends: Array) -> Array:
    """What a running total gained since the last step at which something ended."""
    xp = namespace(total)
    marked = xp.maximum.accumulate(xp.where(ends, total, 0.0), axis=-1)
    return total - xp.concatenate([0.0 * marked[..., :1], marked[..., :-1]], axis=-1)


def cycle_loss_frac(chemistry: Chemistry, moved_frac: Array, cell_c: Array, step_h: float) -> Array:
    """Capacity lost by cycling up to the end of each step, booked when a half cycle ends."""
    xp = namespace(moved_frac, cell_c)
    depth, c_rate = half_cycles(moved_frac, step_h)
    cycles = 0.5 * depth  # a half cycle of full depth is half a full cycle
    if chemistry == "lfp":
        a, b, c, d = _LFP_CYCLE
        off = depth - 0.6
        stress = (a * c_rate + b) * (c * off * off * off + d) / 100.0
        return xp.sqrt(xp.cumsum(stress * stress * cycles, axis=-1))
    rate, by_t, by_depth, power = _NMC_CYCLE
    colder = _NMC_REFERENCE_K / (cell_c + KELVIN_AT_0_C)
    exponent = by_t * colder + by_depth * xp.exp(depth * depth)
    per_cycle = rate ** (1.0 / power) * xp.exp(exponent / power)
    return xp.cumsum(per_cycle * cycles, axis=-1) ** power


@dataclass(frozen=True)
class LawRange:
    """What the cells of a law were tested at."""

    cell_c: tuple[float, float]
    most_c_rate_kw_per_kwh: float
    least_depth_frac: float  # of a half cycle


# The papers of the module text. Kokam cells: rates up to 1C assumed (0.5-1C).
LAW_RANGES: dict[Chemistry, LawRange] = {
    "lfp": LawRange((0.0, 60.0), 1.0, 0.0),
    "nmc": LawRange((0.0, 45.0), 1.0, 0.8),
}
# Capacity down to which cells were aged; assumed (0.6-0.8): beyond it the laws are carried on.
TESTED_TO_FRAC = 0.7


def shallow_frac(chemistry: Chemistry, moved_frac: Array, step_h: float) -> Array:
    """How much shallower than tested a half cycle is, at its end; 0 in all other steps."""
    depth, _ = half_cycles(moved_frac, step_h)
    xp = namespace(depth)
    short = xp.maximum(LAW_RANGES[chemistry].least_depth_frac - depth, 0.0)
    return xp.where(depth > 0, short, 0.0)


def capacity_left_frac(
    chemistry: Chemistry, soc_frac: Array, moved_frac: Array, cell_c: Array, step_h: float
) -> Array:
    """Capacity over that of a new cell at the end of each step; calendar and cycle loss add.

    Never below nothing; already below TESTED_TO_FRAC the laws are carried on beyond their cells.
    """
    left = (
        1.0
        - calendar_loss_frac(chemistry, soc_frac, cell_c, step_h)
        - cycle_loss_frac(chemistry, moved_frac, cell_c, step_h)
    )
    return namespace(left).maximum(left, 0.0)
