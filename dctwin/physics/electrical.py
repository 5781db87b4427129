"""Losses of power conversion and conductors, and the voltage at the end of a feeder.

Equations and sources
    loss law     loss/rating = a + b x + c x², x = output/rating (no-load, proportional, square:
                 the usual split of transformer and converter losses, IEC 60076-1)
                 input = (output + fixed)/η, the straight-line fit of measured powers, has
                 a = fixed/(η rating), b = 1/η − 1, c = 0
    measured     loss/rating = x (1/η − 1), linear between points; rules at its function
    resistance   R = ρ20 [1 + α (T − 20)] l/A; copper 1.7241e-8 Ω·m, 3.93e-3 1/K; aluminium
                 2.8264e-8 Ω·m, 4.03e-3 1/K: IEC 60287-1-1, Table 1 (from IEC 60028, IEC 60889)
    feeder       a constant-power load P behind a resistance R solves V² = V V_s − P R:
                 V = (V_s + √(V_s² − 4 P R))/2, and needs P ≤ V_s²/(4R). With a power factor
                 (three phases, resistance per conductor, voltage between lines, S = P/pf):
                 V_s² = V² + 2 P R + (S R)²/V², so V² = (b + √(b² − 4 (S R)²))/2,
                 b = V_s² − 2 P R. At pf = 1 both are the same.

Valid range: resistive conductors. Direct-current resistance: skin and proximity effect add 1–2 %
at 300 mm² and 50 Hz, more above (IEC 60287-1-1, 2.1); reactance of AC feeders is left out, which
understates their voltage drop, not their loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError, nearest
from .arrays import Array, namespace


@dataclass(frozen=True)
class Conductor:
    """What a conductor is made of."""

    resistivity_20_ohm_m: float
    temperature_coefficient_per_k: float
    density_kg_per_m3: float


# Resistivity: see the module text. Density: IEC 60028 (copper), IEC 60889 (aluminium).
CONDUCTORS = {
    "copper": Conductor(1.7241e-8, 3.93e-3, 8890.0),
    "aluminium": Conductor(2.8264e-8, 4.03e-3, 2703.0),
}
# Conductors in the current path, as multiples of one conductor's resistance: DC goes out and
# back; in a balanced three-phase line each phase sees its own conductor and the neutral is idle.
LINE_RESISTANCE_FACTOR = {"dc": 2.0, "ac3": 1.0}
_MM2_PER_M2 = 1e6


def loss_kw(
    load_kw: Array,
    rated_kw: Array,
    no_load_frac: Array,
    proportional_frac: Array,
    square_frac: Array,
) -> Array:
    """Loss of a device that delivers `load_kw`, by the three-term law per unit of rating."""
    load = load_kw / rated_kw
    return rated_kw * (no_load_frac + load * (proportional_frac + load * square_frac))


# A load fraction that stands for "as low as can be": a device without no-load loss is most
# efficient there, and no division by it fails.
_LEAST_LOAD = 1e-6


def best_load_frac(no_load_kw: Array, load_loss_kw: Array) -> Array:
    """Load fraction of the highest efficiency under the three-term law, at most 1.

    d(loss/x)/dx = 0 gives x = √(a/c): where the no-load and the square loss are equal.
    """
    xp = namespace(no_load_kw, load_loss_kw)
    balance = xp.sqrt(no_load_kw / xp.maximum(load_loss_kw, 1e-30))
    return xp.clip(balance, _LEAST_LOAD, 1.0)


def peak_load_fracs(
    load_frac_points: Sequence[float], loss_points: Sequence[float]
) -> tuple[float, ...]:
    """Load fractions up to 1 with a local maximum of efficiency, on a piecewise linear loss curve.

    Between two points loss/x = slope + intercept/x is monotone, so a maximum stands at a point, or
    at full load. Points as `loss_points_from_efficiency` gives them, from load 0.
    """
    loads = [x for x in load_frac_points if 0 < x < 1] + [1.0]
    losses = [_on_line(x, load_frac_points, loss_points) / x for x in loads]
    if loss_points[0] == 0:  # no no-load loss: as good below the first point as at it
        loads, losses = [_LEAST_LOAD, *loads], [losses[0], *losses]
    last = len(loads) - 1
    return tuple(
        loads[k]
        for k in range(len(loads))
        if (k == 0 or losses[k] <= losses[k - 1]) and (k == last or losses[k] <= losses[k + 1])
    )


def _on_line(x: float, loads: Sequence[float], losses: Sequence[float]) -> float:
    """The loss at x; the last slope runs on beyond the last point, if it rises."""
    return float(loss_from_curve_kw(x, 1.0, loads, losses))


def loss_points_from_efficiency(
    load_frac_points: Sequence[float], efficiency_points: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Loss per rating at load fractions (output/rating), from a measured efficiency curve.

    An efficiency says nothing about zero load. A point at load 0 is put in front: the line
    through the first two losses carried on to zero load, but not below zero loss and not above
    the first measured loss. A single point gives its own loss as a constant no-load loss.
    """
    loads = tuple(float(x) for x in load_frac_points)
    efficiencies = tuple(float(e) for e in efficiency_points)
    if not loads or len(loads) != len(efficiencies):
        raise InputError("efficiency curve: as many efficiencies as loads, at least one")
    if not all(a < b for a, b in zip((0.0, *loads), loads, strict=False)):
        raise InputError(f"efficiency curve: loads above 0 and increasing (got {loads})")
    if not all(0 < e <= 1 for e in efficiencies):
        raise InputError(f"efficiency curve: efficiencies above 0 up to 1 (got {efficiencies})")
    losses = tuple(x * (1 / e - 1) for x, e in zip(loads, efficiencies, strict=True))
    slope = (losses[1] - losses[0]) / (loads[1] - loads[0]) if len(loads) > 1 else 0.0
    no_load = min(max(losses[0] - slope * loads[0], 0.0), losses[0])
    return (0.0, *loads), (no_load, *losses)


def loss_from_curve_kw(
    load_kw: Array, rated_kw: Array, load_points: Sequence[float], loss_points: Sequence[float]
) -> Array:
    """Loss of a device that delivers `load_kw`, linear between points of loss per rating.

    Above the last point the last slope runs on, if it rises; the caller flags it.
    """
    xp = namespace(load_kw, rated_kw)
    load = load_kw / rated_kw
    last_slope = (
        max((loss_points[-1] - loss_points[-2]) / (load_points[-1] - load_points[-2]), 0.0)
        if len(load_points) > 1
        else 0.0
    )
    within = xp.interp(load, xp.asarray(load_points), xp.asarray(loss_points))
    return rated_kw * (within + last_slope * xp.maximum(load - load_points[-1], 0.0))


def _conductor(material: str) -> Conductor:
    try:
        return CONDUCTORS[material]
    except KeyError:
        raise InputError(f"no conductor '{material}', {nearest(material, CONDUCTORS)}") from None


def conductor_resistance_ohm(
    length_m: Array, section_mm2: Array, material: str, conductor_c: Array = 70.0
) -> Array:
    """DC resistance of one conductor (one way) at its temperature (70 °C: PVC limit, busbar)."""
    metal = _conductor(material)
    warming = 1 + metal.temperature_coefficient_per_k * (conductor_c - 20.0)
    return metal.resistivity_20_ohm_m * _MM2_PER_M2 * warming * length_m / section_mm2


def conductor_mass_kg(
    length_m: Array, section_mm2: Array, material: str, conductors_count: Array = 1
) -> Array:
    """Mass of metal in a run of conductors."""
    metal = _conductor(material)
    return metal.density_kg_per_m3 * length_m * section_mm2 * conductors_count / _MM2_PER_M2


def line_resistance_ohm(conductor_ohm: Array, system: str) -> Array:
    """Resistance that the feeder functions want: `dc` out and back, `ac3` per phase."""
    try:
        return LINE_RESISTANCE_FACTOR[system] * conductor_ohm
    except KeyError:
        known = nearest(system, LINE_RESISTANCE_FACTOR)
        raise InputError(f"no feeder system '{system}', {known}") from None


def feeder_margin_frac(
    source_v: Array, power_kw: Array, line_ohm: Array, power_factor: Array = 1.0
) -> Array:
    """1 − P/P_max: share of the feeder's greatest deliverable power still free.

    P_max = V_s² pf/(2 R (1 + pf)), which is V_s²/(4R) at pf = 1. Negative: no voltage solves the
    feeder (collapse); the caller must raise, as the functions below return NaN there.
    """
    demand = 2000.0 * power_kw * line_ohm * (1 + power_factor)
    return 1 - demand / (source_v * source_v * power_factor)


def feeder_current_a(
    source_v: Array, power_kw: Array, line_ohm: Array, power_factor: Array = 1.0, system: str = "dc"
) -> Array:
    """Current in one conductor of a feeder: P/V in DC, P/(√3 V pf) in three phases."""
    volts = feeder_voltage_v(source_v, power_kw, line_ohm, power_factor)
    root = {"dc": 1.0, "ac3": 3.0**0.5}[system]
    return 1000.0 * power_kw / (power_factor * volts * root)


def feeder_voltage_v(
    source_v: Array, power_kw: Array, line_ohm: Array, power_factor: Array = 1.0
) -> Array:
    """Voltage at a constant-power load (upper, stable solution). See `feeder_margin_frac`."""
    xp = namespace(source_v, power_kw, line_ohm, power_factor)
    power_drop = 1000.0 * power_kw * line_ohm
    b = source_v * source_v - 2 * power_drop
    apparent_drop = power_drop / power_factor
    return xp.sqrt((b + xp.sqrt(b * b - 4 * apparent_drop * apparent_drop)) / 2)


def feeder_loss_kw(
    source_v: Array, power_kw: Array, line_ohm: Array, power_factor: Array = 1.0
) -> Array:
    """Conductor loss of a feeder that delivers `power_kw` at its far end: (S/V)² R.

    For two-wire DC with `line_ohm` out and back, and for three-phase AC with the voltage between
    lines and `line_ohm` per phase (3 I² R, I = S/(√3 V)): see `line_resistance_ohm`.
    """
    volts = feeder_voltage_v(source_v, power_kw, line_ohm, power_factor)
    amps = 1000.0 * power_kw / (power_factor * volts)
    return amps * amps * line_ohm / 1000.0
