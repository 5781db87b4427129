"""Air or water against a boiling or condensing refrigerant: condensers, evaporators, thermosyphons.

    heat = G · (T_stream - T_saturation),  G = C (1 - exp(-UA/C))
    air:   UA/UA_rated = 1/(2/3 m^-0.8 + 1/3), m the air's mass flow over its rating (the dry
           cooler's coil; the refrigerant's third is held)
    fans:  power = rated · (0.02 + 0.98 r³) · density, r the speed; volume goes with r, mass with
           r · density, so that altitude costs conductance and saves fan power (the part of the
           density that goes with temperature is left out)
Two exchangers that share one refrigerant at one saturation temperature work in series: 1/G = 1/G_e
+ 1/G_c (a thermosyphon, and a pumped refrigerant circuit).
Source: Incropera et al., 7th ed., eq. 11.35a (C_max infinite); Modelica Buildings (UA correction of
its dry cooler); affinity laws of fans.
"""

from __future__ import annotations

from dctwin.components.component import ratio
from dctwin.components.cooling.dry_cooler import (
    AIR_EXPONENT,
    AIR_RESISTANCE_FRAC,
    FAN_FLOOR_FRAC,
)
from dctwin.physics.arrays import Array, namespace

# Numerical floors: an air flow next to none, and the steps that reach 1e-9 in speed (tested).
_LEAST_MASS_FRAC = 1e-6
_SPEED_STEPS = 4


def ua_kw_per_k(flow_kw_per_k: Array, rise_k: Array, approach_k: Array) -> Array:
    """UA of an evaporator or condenser: NTU = ln(1 + range/approach)."""
    return flow_kw_per_k * namespace(rise_k, approach_k).log1p(rise_k / approach_k)


def saturated_kw_per_k(conductance_kw_per_k: Array, flow_kw_per_k: Array) -> Array:
    """C (1 - exp(-UA/C)): heat per kelvin between an entering stream and a saturation temperature.

    Zero without flow.
    """
    xp = namespace(conductance_kw_per_k, flow_kw_per_k)
    return -flow_kw_per_k * xp.expm1(-ratio(conductance_kw_per_k, flow_kw_per_k))


def air_side_kw_per_k(rated_ua_kw_per_k: Array, rated_kw_per_k: Array, mass_frac: Array) -> Array:
    """G of a refrigerant coil in air at this share of its rated mass flow; zero without flow."""
    xp = namespace(rated_ua_kw_per_k, rated_kw_per_k, mass_frac)
    mass = xp.maximum(mass_frac, _LEAST_MASS_FRAC)
    units, _ = _units(rated_ua_kw_per_k / rated_kw_per_k, mass)
    return -(rated_kw_per_k * mass_frac) * xp.expm1(-units)


def fan_power_frac(speed_frac: Array) -> Array:
    """Electricity of variable-speed fans over full, at rated density."""
    cube = speed_frac * speed_frac * speed_frac
    return FAN_FLOOR_FRAC + (1.0 - FAN_FLOOR_FRAC) * cube


def in_series_kw_per_k(one_kw_per_k: Array, other_kw_per_k: Array) -> Array:
    """Heat per kelvin through two exchangers on one saturated refrigerant."""
    return ratio(one_kw_per_k * other_kw_per_k, one_kw_per_k + other_kw_per_k)


def mass_frac_for(
    needed_kw_per_k: Array, rated_ua_kw_per_k: Array, rated_kw_per_k: Array, highest_frac: Array
) -> Array:
    """Air mass flow over rated at which G is what is needed, at most `highest_frac`.

    Newton's steps on ln G (ln m), which is nearly straight (slope 0.3-1), from the power law of
    the slope at the highest flow; within 1e-9 of the root for needs down to a thousandth.
    """
    xp = namespace(needed_kw_per_k, rated_ua_kw_per_k, highest_frac)
    units = rated_ua_kw_per_k / rated_kw_per_k
    highest = xp.log(highest_frac)
    log_mass = highest + 0.0 * needed_kw_per_k
    wanted = xp.maximum(needed_kw_per_k / rated_kw_per_k, 1e-12)
    for _ in range(_SPEED_STEPS + 1):
        mass = xp.exp(log_mass)
        x, slope = _units(units, mass)
        reach = -xp.expm1(-x)
        gain = 1.0 + x * xp.exp(-x) / reach * slope
        log_mass = xp.minimum(log_mass + xp.log(wanted / (mass * reach)) / gain, highest)
    return xp.exp(log_mass)


def _units(rated_units: Array, mass_frac: Array) -> tuple[Array, Array]:
    """NTU = UA/C at a share of the rated mass flow, and its logarithmic slope in it."""
    xp = namespace(rated_units, mass_frac)
    air = AIR_RESISTANCE_FRAC * xp.exp(-AIR_EXPONENT * xp.log(mass_frac))
    share = 1.0 / (air + (1.0 - AIR_RESISTANCE_FRAC))
    return rated_units * share / mass_frac, AIR_EXPONENT * air * share - 1.0
