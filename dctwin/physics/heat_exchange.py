"""Heat exchangers: effectiveness–NTU and logarithmic mean difference, smooth at every limit.

Equations (Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., ch. 11)
    counterflow (11.29a)  ε = (1 − e^−z)/(1 − C e^−z), z = NTU (1 − C); at C = 1: NTU/(1 + NTU)
    cross-flow, both unmixed (11.32)  ε = 1 − exp[NTU^0.22 (exp(−C NTU^0.78) − 1)/C]
    UA = Q/ΔT_lm, ΔT_lm = (ΔT1 − ΔT2)/ln(ΔT1/ΔT2)
with C = C_min/C_max (0…1) and NTU = UA/C_min. The textbook forms are 0/0 at C = 1, C = 0 and
ΔT1 = ΔT2. With N1 and N2 the NTU of the two streams (UA over each one's capacity rate) and K the
conductance, heat per kelvin between the entering streams, 11.29a reads, whichever rate is smaller,
    UA/K = N1 + β(N1 − N2),  β(v) = v/(e^v − 1),
which gives the rate of a stream that is not known. The others are written with
φ(z) = (1 − e^−z)/z and ψ(y) = ln(1 + y)/y, which are smooth through zero, so the limits
need no case of their own and gradients exist there:
    counterflow  ε = NTU φ/(1 + C NTU φ)        cross-flow  ε = 1 − exp[−NTU φ(C NTU^0.78)]

Valid range: single-phase streams (or C = 0 for a boiling or condensing one), constant properties,
no heat loss. Equation 11.32 is an approximation: exact for C = 0, otherwise within 0.011 of the
exact series for NTU ≤ 5 and 0.02 for NTU ≤ 10 (measured in the tests).
"""

from __future__ import annotations

import numpy as np

from .arrays import Array, namespace, repeat

# Below this, three terms of the series are exact to double precision (next term z³/24).
_SERIES_BELOW = 1e-5
# Halley's steps for N1 − N2: the conductance, or effectiveness, that comes out is within 1e-12 for
# NTU up to 30 (tested).
_STEPS = 3
_LEAST = 1e-12
# Stands for a stopped stream where it would divide by zero: a microgram of water a second has
# 4e-9 kW/K. The heat is still multiplied by the true flow, so none passes without one.
_NO_FLOW_KW_PER_K = 1e-12


def _decay_mean(z: Array) -> Array:
    """φ(z) = (1 − e^−z)/z, with φ(0) = 1: the mean of e^−s over 0…z."""
    xp = namespace(z)
    small = xp.abs(z) < _SERIES_BELOW
    if xp is np and not np.any(small):
        return -np.expm1(-z) / z
    safe = xp.where(small, 1.0, z)
    return xp.where(small, 1 - z * (0.5 - z / 6), -xp.expm1(-safe) / safe)


def _log_mean(y: Array) -> Array:
    """ψ(y) = ln(1 + y)/y, with ψ(0) = 1."""
    xp = namespace(y)
    small = xp.abs(y) < _SERIES_BELOW
    if xp is np and not np.any(small):
        return np.log1p(y) / y
    safe = xp.where(small, 1.0, y)
    return xp.where(small, 1 - y * (0.5 - y / 3), xp.log1p(safe) / safe)


def effectiveness_counterflow(ntu: Array, capacity_ratio: Array) -> Array:
    """Effectiveness of a counterflow exchanger, from 0 at NTU 0 to 1 at large NTU."""
    reach = ntu * _decay_mean(ntu * (1 - capacity_ratio))
    return reach / (1 + capacity_ratio * reach)


def ntu_counterflow(effectiveness_frac: Array, capacity_ratio: Array) -> Array:
    """NTU that a counterflow exchanger needs for an effectiveness below 1 (the inverse)."""
    open_ratio = effectiveness_frac / (1 - effectiveness_frac)
    return open_ratio * _log_mean(open_ratio * (1 - capacity_ratio))


def rate_for_conductance_kw_per_k(
    ua_kw_per_k: Array, known_kw_per_k: Array, conductance_kw_per_k: Array, most_kw_per_k: Array
) -> Array:
    """Capacity rate of one stream with which a counterflow exchanger conducts this much to the
    other, whose rate is known; `most_kw_per_k` where that is not enough. NTU up to 30."""
    xp = namespace(ua_kw_per_k, known_kw_per_k, conductance_kw_per_k, most_kw_per_k)
    known_ntu = ua_kw_per_k / xp.maximum(known_kw_per_k, _NO_FLOW_KW_PER_K)
    conductance = xp.maximum(conductance_kw_per_k, _NO_FLOW_KW_PER_K)
    excess = xp.maximum(ua_kw_per_k / conductance - known_ntu, _LEAST)
    # The line through the crest of β, and where v grows large, v = ln(1 + v/β) from there.
    line = 2.0 * (1.0 - excess)
    start = xp.maximum(line, 0.0) / excess
    for _ in range(2):
        start = xp.log1p(start) / excess
    start = xp.where(line > 0, start * excess, line)
    ntu = known_ntu - _ntu_difference(excess, 0.0, start)
    return ua_kw_per_k / xp.maximum(ntu, ua_kw_per_k / most_kw_per_k)


def rate_for_effectiveness_kw_per_k(
    ua_kw_per_k: Array, other_kw_per_k: Array, effectiveness_frac: Array, most_kw_per_k: Array
) -> Array:
    """Capacity rate of a stream that a counterflow exchanger brings this share of the way to where
    the other enters; `most_kw_per_k` where it brings even that much further. NTU up to 30."""
    xp = namespace(ua_kw_per_k, other_kw_per_k, effectiveness_frac, most_kw_per_k)
    other_ntu = ua_kw_per_k / xp.maximum(other_kw_per_k, _NO_FLOW_KW_PER_K)
    wanted = xp.clip(effectiveness_frac, _LEAST, 1.0 - _LEAST)
    slope = 1.0 / wanted - 1.0
    # With (√(v² + 4) − v)/2 for β; where v grows large, v = ln(1 + v/β) from there.
    ntu = 0.5 * wanted * (other_ntu + xp.sqrt(other_ntu * other_ntu + 4.0 / (1.0 - wanted)))
    start = ntu - other_ntu
    start = xp.where(start > 0, xp.log1p(xp.maximum(start, 0.0) / (slope * ntu)), start)
    ntu = other_ntu + _ntu_difference(other_ntu * slope, slope, start)
    return ua_kw_per_k / xp.maximum(ntu, ua_kw_per_k / xp.maximum(most_kw_per_k, _NO_FLOW_KW_PER_K))


def _ntu_difference(constant: Array, slope: Array, start: Array) -> Array:
    """v with β(v) = constant + slope · v, from a start near it."""
    xp = namespace(constant, slope, start)

    def step(state: tuple[Array]) -> tuple[Array]:
        (v,) = state
        small = xp.abs(v) < _SERIES_BELOW
        some_small = xp is not np or np.any(small)
        grown = xp.expm1(xp.where(small, 1.0, v) if some_small else v)
        curve = v / grown
        ratio = (1.0 + grown) / grown
        fall = 1.0 / grown - curve * ratio
        bend = -ratio * (2.0 * fall + curve)
        if some_small:
            curve = xp.where(small, 1.0 - 0.5 * v, curve)
            fall = xp.where(small, v / 6.0 - 0.5, fall)
            bend = xp.where(small, 1.0 / 6.0, bend)
        miss, turn = curve - constant - slope * v, fall - slope
        return (v - miss * turn / (turn * turn - 0.5 * miss * bend),)

    return repeat(_STEPS, step, (start + 0.0 * (constant + slope),))[0]


def effectiveness_crossflow_unmixed(ntu: Array, capacity_ratio: Array) -> Array:
    """Effectiveness of a cross-flow exchanger with both streams unmixed (finned coil, dry cooler).

    An approximation of the exact series: 0.011 for NTU ≤ 5.
    """
    xp = namespace(ntu, capacity_ratio)
    # The power has no gradient at zero, where the effectiveness is NTU itself.
    positive = ntu > 0
    power = xp.where(positive, xp.where(positive, ntu, 1.0) ** 0.78, 0.0)
    return -xp.expm1(-ntu * _decay_mean(capacity_ratio * power))


def ua_from_duty_kw_per_k(
    heat_kw: Array, hot_in_c: Array, hot_out_c: Array, cold_in_c: Array, cold_out_c: Array
) -> Array:
    """UA of a counterflow exchanger from one rated point; both end differences must be positive.

    Q/ΔT_lm with ΔT_lm = ΔT2/ψ(ΔT1/ΔT2 − 1), which holds for equal differences too.
    """
    warm_end_k = hot_in_c - cold_out_c
    cold_end_k = hot_out_c - cold_in_c
    return heat_kw * _log_mean(warm_end_k / cold_end_k - 1) / cold_end_k


def exchange_kw(
    hot_in_c: Array,
    cold_in_c: Array,
    c_hot_kw_per_k: Array,
    c_cold_kw_per_k: Array,
    ua_kw_per_k: Array,
) -> Array:
    """Heat from the hot to the cold stream of a counterflow exchanger; none without a flow.

    Negative when the "hot" stream enters colder: a plant that must not warm its loop bypasses.
    """
    xp = namespace(hot_in_c, cold_in_c, c_hot_kw_per_k, c_cold_kw_per_k, ua_kw_per_k)
    c_min = xp.minimum(c_hot_kw_per_k, c_cold_kw_per_k)
    least = xp.maximum(c_min, _NO_FLOW_KW_PER_K)
    most = xp.maximum(xp.maximum(c_hot_kw_per_k, c_cold_kw_per_k), _NO_FLOW_KW_PER_K)
    effectiveness = effectiveness_counterflow(ua_kw_per_k / least, least / most)
    return effectiveness * c_min * (hot_in_c - cold_in_c)
