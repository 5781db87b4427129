"""Counterflow evaporative cooling tower after Merkel, in effectiveness-NTU form, for a given heat.

Source: EnergyPlus 25.2 Engineering Reference, "Variable Speed Cooling Towers Merkel"
(CoolingTower:VariableSpeed:Merkel; Merkel 1925; UA modifiers of Scheier). The moist air is an
equivalent gas of specific heat c_e = Δh_sat/ΔT_wb and the exchange area is UA_e = UA c_e/c_p.

Given the heat Q no iteration is left. Air leaves saturated with h_out = h_wb + Q/m, which fixes its
rise A = T_out - T_wb; the air's capacity rate is Q/A, the water's range is R = Q/C_w, and the
counterflow effectiveness written with the log mean of its two ends gives the approach

    T_water_out - T_wb = (A/N) x/(e^x - 1),   N = UA/(m c_p),   x = N (R/A - 1),

the same number as EnergyPlus's ε-NTU, without its cases for which side is the smaller.

Valid: heat >= 0, wet bulb -40..35 °C, leaving air below 75 °C (`leaving_air_c` tells), water flow
as in design; Merkel's assumptions (Lewis factor 1, water flow not reduced by evaporation) hold to a
few per cent between liquid-to-gas ratios of 0.5 and 4. Kernels do not check: the caller flags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from . import moist_air
from .arrays import Array, namespace, precise, rough

# Wet bulb at which the UA modifier for wet bulb is 1: rating of towers at 78 °F (CTI STD-201),
# EnergyPlus `calculateMerkelVariableSpeedTower`.
RATING_WET_BULB_C = 25.56

# Modifiers of UA by Scheier, defaults of EnergyPlus's example CoolingTower_VariableSpeed_Merkel
# and of Modelica Buildings' UAMerkel, as polynomial coefficients from the constant up.
UA_AIR_RATIO = (0.0, 1.3, -0.3)  # air-flow ratio 0.2..1
UA_WET_BULB = (1.0, 0.0081)  # RATING_WET_BULB_C - wet bulb, -10..15 K
UA_WATER_RATIO = (0.1082, 1.667, -0.7713)  # water-flow ratio 0.3..1
UA_WET_BULB_RANGE_K = (-10.0, 15.0)

# Numerical floors, far below anything physical: enthalpy rise at which c_e of an idle tower is
# taken, smallest approach asked of the fan (K), |x| below which log means and x/(e^x - 1) are 1
# (5e-8 off there), the narrowest pinch of a log mean over its other end, less one, and an exponent
# short of overflow.
_SMALLEST_GAIN_KJ_PER_KG = 1e-3
_SMALLEST_HEAT_KW = 1e-6
_SMALLEST_APPROACH_K = 1e-3
_SMALL = 1e-7
_NARROWEST_LESS_ONE = _SMALL - 1.0
_LARGEST_EXPONENT = 700.0
_START_STEPS, _NEWTON_STEPS = 2, 3


class EnteringAir(NamedTuple):
    """Air at the tower's inlet; depends on the site alone, so it is made once a site."""

    dry_bulb_c: Array
    humidity_kg_per_kg: Array
    pressure_pa: Array
    wet_bulb_c: Array
    enthalpy_kj_per_kg: Array
    wet_bulb_enthalpy_kj_per_kg: Array  # of air saturated at the wet bulb: Merkel's driving force
    heat_capacity_kj_per_kg_k: Array
    density_kg_per_m3: Array  # dry air per volume


def entering_air(
    dry_bulb_c: Array, humidity_kg_per_kg: Array, pressure_pa: Array, wet_bulb_c: Array
) -> EnteringAir:
    """State of the entering air. Merkel takes h(wet bulb), 0..1 kJ/kg above the air's own."""
    at_wet_bulb, _ = moist_air.saturated_enthalpy_kj_per_kg(
        wet_bulb_c, pressure_pa, over_water=True
    )
    volume = moist_air.specific_volume_m3_per_kg(dry_bulb_c, humidity_kg_per_kg, pressure_pa)
    return EnteringAir(
        dry_bulb_c,
        humidity_kg_per_kg,
        pressure_pa,
        wet_bulb_c,
        moist_air.enthalpy_kj_per_kg(dry_bulb_c, humidity_kg_per_kg),
        at_wet_bulb,
        moist_air.CP_AIR_KJ_PER_KG_K + moist_air.CP_VAPOUR_KJ_PER_KG_K * humidity_kg_per_kg,
        1.0 / volume,
    )


def polynomial(coefficients: Sequence[Array], x: Array) -> Array:
    """c0 + c1 x + c2 x² + ...: UA modifiers, and the fan's share of full power at air ratio x."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = coefficient + x * total
    return total


def wet_bulb_factor(
    wet_bulb_c: Array,
    coefficients: Sequence[Array] = UA_WET_BULB,
    range_k: tuple[float, float] = UA_WET_BULB_RANGE_K,
) -> tuple[Array, Array]:
    """UA modifier for the wet bulb, and by how many kelvin the wet bulb is outside its range.

    Outside, the modifier is held at the range's end, as EnergyPlus does.
    """
    xp = namespace(wet_bulb_c)
    below_rating_k = RATING_WET_BULB_C - wet_bulb_c
    held_k = xp.clip(below_rating_k, *range_k)
    return polynomial(coefficients, held_k), xp.abs(below_rating_k - held_k)


def leaving_air_c(heat_kw: Array, air_kg_s: Array, air: EnteringAir) -> Array:
    """Temperature of the leaving air, saturated over water: h_wb + Q/m. 0.5 ms per 8760 array.

    Free of NaN for any flow above zero; beyond 75 °C outside the fits, which the caller flags.
    """
    xp = namespace(heat_kw, air_kg_s, air.wet_bulb_c)
    gain = xp.maximum(heat_kw / air_kg_s, _SMALLEST_GAIN_KJ_PER_KG)
    enthalpy = air.wet_bulb_enthalpy_kj_per_kg + gain
    return moist_air.saturated_c(enthalpy, air.pressure_pa, over_water=True)


def coldest_water_c(
    heat_kw: Array,
    air: EnteringAir,
    leaving_air_c: Array,
    water_kw_per_k: Array,
    air_kg_s: Array,
    ua_kw_per_k: Array,
) -> Array:
    """Leaving water at this heat and air flow (module docstring): explicit.

    `leaving_air_c` comes from the function of that name; `ua_kw_per_k` is UA with its modifiers for
    wet bulb, air and water flow already applied. The same call with the free-convection air flow
    and UA (no modifiers) tells whether the fan may stop. 0.1 ms per 8760 array.
    """
    xp = namespace(heat_kw, air_kg_s, air.wet_bulb_c, ua_kw_per_k)
    gain = xp.maximum(heat_kw / air_kg_s, _SMALLEST_GAIN_KJ_PER_KG)
    flow_kg_s = ua_kw_per_k / air.heat_capacity_kj_per_kg_k  # times the number of transfer units
    effective_kw_per_k = flow_kg_s * (gain / (leaving_air_c - air.wet_bulb_c))
    x = effective_kw_per_k / water_kw_per_k - flow_kg_s / air_kg_s
    x = xp.minimum(x, _LARGEST_EXPONENT)
    small = xp.abs(x) < _SMALL
    if xp is not np or np.any(small):
        x = xp.where(small, _SMALL, x)
    return air.wet_bulb_c + heat_kw / effective_kw_per_k * (x / xp.expm1(x))


def _log_mean(one_k: Array, other_k: Array) -> tuple[Array, Array]:
    """Log mean of two temperature differences and its slope in the first."""
    xp = namespace(one_k, other_k)
    # A pinch that rounding closes (0 in single precision) counts as the narrowest that it resolves.
    x = xp.maximum(one_k / other_k - 1.0, _NARROWEST_LESS_ONE)
    small = xp.abs(x) < _SMALL
    if xp is not np or np.any(small):
        x = xp.where(small, _SMALL, x)
    inverse = 1.0 / xp.log1p(x)
    share = x * inverse
    return other_k * share, inverse * (1.0 - share / (1.0 + x))


def ua_from_rating(
    heat_kw: Array, water_in_c: Array, air: EnteringAir, water_kw_per_k: Array, air_kg_s: Array
) -> Array:
    """UA (kW/K) with which the tower rejects this heat from water entering at `water_in_c`.

    Explicit: UA = m c_p A/LMTD. EnergyPlus's NominalCapacity method rates 1.25 times the nominal
    capacity, the water entering at design wet bulb + approach + range; free convection likewise
    with its own capacity (times 1.25) and air flow. NaN or negative where the rating is impossible
    (water leaving below the wet bulb, air above the water's inlet): the caller refuses that.
    """
    rise_k = leaving_air_c(heat_kw, air_kg_s, air) - air.wet_bulb_c
    approach_k = water_in_c - heat_kw / water_kw_per_k - air.wet_bulb_c
    mean_k, _ = _log_mean(water_in_c - air.wet_bulb_c - rise_k, approach_k)
    return air_kg_s * air.heat_capacity_kj_per_kg_k * rise_k / mean_k


def required_air_ratio(
    heat_kw: Array,
    leaving_water_c: Array,
    air: EnteringAir,
    water_kw_per_k: Array,
    full_air_kg_s: Array,
    ua_kw_per_k: Array,
    min_ratio: Array,
    ua_air_ratio: Sequence[Array] = UA_AIR_RATIO,
) -> tuple[Array, Array]:
    """Air flow over full air flow, in [min_ratio, 1], at which water leaves at the target, and the
    air's rise over its wet bulb there (where the air flow is not held at an end) [K].

    `ua_kw_per_k` carries the modifiers for wet bulb and water flow; the one for air flow,
    f(r) = polynomial(ua_air_ratio, r), is applied here. At min_ratio water leaves colder than the
    target, at 1 it may leave warmer: `coldest_water_c` at the returned flow tells.

    The unknown is the air's rise A, not r: then r = Q/(m_full (h_sat(T_wb + A) - h_wb)) is explicit
    and  A = N f(r)/r LMTD(A)  is nearly linear, as f(r)/r hardly changes. Converged in r to
    1e-9 in usual designs (N up to 5), to 5e-7 at N = 8 with approaches of 30 K. 1.2 ms per 8760
    array.
    """
    xp = namespace(heat_kw, leaving_water_c, air.wet_bulb_c, ua_kw_per_k)
    approach_k = xp.maximum(leaving_water_c - air.wet_bulb_c, _SMALLEST_APPROACH_K)
    widest_k = approach_k + xp.maximum(heat_kw, _SMALLEST_HEAT_KW) / water_kw_per_k
    units = ua_kw_per_k / (full_air_kg_s * air.heat_capacity_kj_per_kg_k)
    full_gain = heat_kw / full_air_kg_s
    # ln(ΔT_hot/ΔT_cold) = N f(r)/r (R/A - 1) bounds the pinch of leaving air to entering water.
    least = units * xp.maximum(polynomial(ua_air_ratio, min_ratio) / min_ratio, 1.0)
    highest_k = widest_k - approach_k * xp.exp(-least * approach_k / widest_k)
    lowest_k = 0.01 * highest_k

    # All steps but the last in single precision: the last corrects what they leave.
    state = widest_k, approach_k, lowest_k, highest_k, units, full_gain, min_ratio
    enthalpy = air.wet_bulb_c, air.pressure_pa, air.wet_bulb_enthalpy_kj_per_kg
    early = rough(lowest_k, *state, *enthalpy)
    early[0] = _rise_start(ua_air_ratio, *early[1:6])
    for _ in range(_NEWTON_STEPS - 1):
        early[0], _, _ = _rise_step(ua_air_ratio, *early)
    start_k = xp.minimum(xp.maximum(precise(early[0]), lowest_k), highest_k)
    rise_k, ratio, relative_slope = _rise_step(ua_air_ratio, start_k, *state, *enthalpy)
    # The last step moves r without another saturation curve: second order in that small step.
    ratio = ratio / (1.0 + relative_slope * (rise_k - start_k))
    return xp.minimum(xp.maximum(ratio, min_ratio), 1.0), rise_k


def _rise_start(
    ua_air_ratio: Sequence[Array],
    widest_k: Array,
    approach_k: Array,
    lowest_k: Array,
    highest_k: Array,
    units: Array,
) -> Array:
    """A rise near that of `required_air_ratio`: f(r)/r at mid flow, geometric mean (a quadratic in
    A), then the log mean."""
    xp = namespace(widest_k, units)
    middle = units * (polynomial(ua_air_ratio, 0.5) / 0.5)
    square = middle * middle * approach_k
    rise_k = 0.5 * (xp.sqrt(square * (square + 4.0 * widest_k)) - square)
    for _ in range(_START_STEPS):
        mean_k, mean_slope = _log_mean(widest_k - rise_k, approach_k)
        rise_k = rise_k + (middle * mean_k - rise_k) / (1.0 + middle * mean_slope)
        rise_k = xp.minimum(xp.maximum(rise_k, lowest_k), highest_k)
    return rise_k


def _rise_step(
    ua_air_ratio: Sequence[Array],
    rise_k: Array,
    widest_k: Array,
    approach_k: Array,
    lowest_k: Array,
    highest_k: Array,
    units: Array,
    full_gain: Array,
    min_ratio: Array,
    wet_bulb_c: Array,
    pressure_pa: Array,
    at_wet_bulb: Array,
) -> tuple[Array, Array, Array]:
    """One of Newton's steps of `required_air_ratio`: next rise, ratio at this one, its slope."""
    xp = namespace(rise_k, units)
    slopes = [power * value for power, value in enumerate(ua_air_ratio)][1:] or [0.0]
    saturated, slope = moist_air.saturated_enthalpy_kj_per_kg(
        wet_bulb_c + rise_k, pressure_pa, over_water=True
    )
    gain = saturated - at_wet_bulb
    ratio = full_gain / gain
    inside = xp.minimum(xp.maximum(ratio, min_ratio), 1.0)
    factor = polynomial(ua_air_ratio, inside) / inside
    bend = (polynomial(slopes, inside) - factor) * (ratio == inside)  # r d(f/r)/dr
    mean_k, mean_slope = _log_mean(widest_k - rise_k, approach_k)
    relative_slope = slope / gain
    miss = units * factor * mean_k - rise_k
    step_k = miss / (units * (bend * relative_slope * mean_k + factor * mean_slope) + 1.0)
    rise_k = xp.minimum(xp.maximum(rise_k + step_k, lowest_k), highest_k)
    return rise_k, ratio, relative_slope


class WaterLoss(NamedTuple):
    """Evaporation and the humidity that carries it out."""

    evaporation_kg_s: Array
    leaving_humidity_kg_per_kg: Array


def water_loss(
    heat_kw: Array, air: EnteringAir, leaving_air_c: Array, air_kg_s: Array
) -> WaterLoss:
    """Water evaporated, from the first law on the real entering air.

    w_out = (h_in + Q/m - c_p T_out)/(L0 + c_v T_out), so that evaporation (L0 + c_v T_out) equals Q
    plus the sensible heat given up by the air, m (c_p + w_in c_v)(T_in - T_out), exactly. The air
    leaves near saturation over water, not at it, because Merkel's T_out starts from h_wb, not from
    h_in: 0-2.5 % below it where the wet bulb is above 0 °C. Below, the wet bulb is that of ice
    while the fill is wet with water: 7 % below saturation (cold and humid) to 7 % above it (mild
    and dry) where Q/m is 20 kJ/kg and more, with less heat 33 % below (at -40 °C) to 12 % above.
    That is an error of T_out, up to 3 K, and hardly of the evaporation, which follows from the
    first law. The make-up's own enthalpy above 0 °C (1..5 % of Q) is left out, as in Merkel.
    An idle tower (Q = 0) with air flowing still evaporates, as an adiabatic washer does.

    EnergyPlus (`calculateWaterUsage`) multiplies dry-air flow by humidities per kg of moist air,
    which makes its evaporation smaller than this mass balance: 2.6 % over a year in Chicago.
    """
    enthalpy = air.enthalpy_kj_per_kg + heat_kw / air_kg_s
    vapour = moist_air.LATENT_0C_KJ_PER_KG + moist_air.CP_VAPOUR_KJ_PER_KG_K * leaving_air_c
    humidity = (enthalpy - moist_air.CP_AIR_KJ_PER_KG_K * leaving_air_c) / vapour
    return WaterLoss(air_kg_s * (humidity - air.humidity_kg_per_kg), humidity)


def blowdown_kg_s(evaporation_kg_s: Array, drift_kg_s: Array, cycles: Array) -> Array:
    """Purge that keeps the basin at `cycles` of concentration (> 1); drift purges too."""
    xp = namespace(evaporation_kg_s, drift_kg_s, cycles)
    return xp.maximum(evaporation_kg_s / (cycles - 1.0) - drift_kg_s, 0.0)


def drift_kg_s(water_kg_s: Array, drift_frac: Array, air_ratio: Array) -> Array:
    """Droplets carried out: a fraction of the water flow times the air ratio (EnergyPlus)."""
    return water_kg_s * drift_frac * air_ratio
