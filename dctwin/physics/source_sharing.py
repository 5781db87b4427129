"""Who feeds a direct-current bus: several sources in parallel, by the droop of their voltage.

Equation: a source with no-load voltage V0 and rating P gives, at bus voltage V,
    P_i(V) = clip(P_rated,i (V0_i − V)/(d V0_i), 0, limit_i)
with d the droop, the fall of its voltage from no load to its rating. The bus settles where
Σ P_i(V) = load. The sum falls piecewise linearly with V, so the answer is exact: find the two
break points around the load and interpolate. Sources whose bands do not overlap come strictly one
after the other, the highest voltage first, without any communication; there each takes what those
above it leave, a tenth of the work.

Source: droop control and bus signalling of DC microgrids, Dragičević et al., IEEE Trans. Power
Electronics 31(7):4876, 2016. As used at Sakura Internet's Ishikari data center: PV at 380 V, then
the rectified utility at 340 V, then the battery at 264 V (Impress SmartGrid Forum, 2015).

Valid range: steady state; sources that cannot take power (diodes or one-way converters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise

import numpy as np

from .arrays import Array, known, namespace

# Beyond any voltage [V] and any power [kW].
_BEYOND = 1e12


@dataclass(frozen=True)
class SourceShares:
    """Balance: sum(power_kw) + short_kw = load."""

    bus_v: Array
    power_kw: tuple[Array, ...]
    short_kw: Array


def shared_by_droop(
    load_kw: Array,
    no_load_v: Sequence[Array],
    rated_kw: Sequence[Array],
    limit_kw: Sequence[Array],
    droop_frac: Array,
) -> SourceShares:
    """The share of each source of a bus load.

    `rated_kw` sets how steeply a source droops, `limit_kw` (at most the rating, e.g. what the sun
    allows) what it can give now. A source of no rating gives nothing.
    """
    live = [not known(limit) or bool(np.any(limit)) for limit in limit_kw]
    if any(live) and not all(live):  # what gives nothing in any step takes no work
        volts, rated, limits = (list(compress(e, live)) for e in (no_load_v, rated_kw, limit_kw))
        given = shared_by_droop(load_kw, volts, rated, limits, droop_frac)
        shares = iter(given.power_kw)
        return replace(given, power_kw=tuple(next(shares) if on else 0.0 for on in live))
    in_turn = _order(no_load_v, rated_kw, droop_frac)
    if in_turn:
        return _shared_in_turn(in_turn, load_kw, no_load_v, rated_kw, limit_kw, droop_frac)
    return _shared(load_kw, no_load_v, rated_kw, limit_kw, droop_frac)


def _order(no_load_v: Sequence[Array], rated_kw: Sequence[Array], droop_frac: Array) -> list[int]:
    """The sources from the highest voltage down, where each is full before the next begins; empty
    where bands overlap, or nobody knows yet."""
    if not known(droop_frac, *no_load_v, *rated_kw) or not all(np.all(r > 0) for r in rated_kw):
        return []
    order = sorted(range(len(no_load_v)), key=lambda k: -float(np.max(no_load_v[k])))
    apart = all(
        np.all(no_load_v[upper] * (1.0 - droop_frac) >= no_load_v[lower])
        for upper, lower in pairwise(order)
    )
    return order if apart else []


def _shared_in_turn(
    order: Sequence[int],
    load_kw: Array,
    no_load_v: Sequence[Array],
    rated_kw: Sequence[Array],
    limit_kw: Sequence[Array],
    droop_frac: Array,
) -> SourceShares:
    """Each source in this order takes what is left, up to its limit; the last that gives sets the
    voltage."""
    xp = namespace(load_kw, *limit_kw)
    left_kw, bus_v = load_kw, no_load_v[order[0]]
    power_kw: list[Array] = [0.0] * len(order)
    for k in order:
        power_kw[k] = xp.minimum(left_kw, limit_kw[k])
        left_kw = left_kw - power_kw[k]
        fall = power_kw[k] * (droop_frac / rated_kw[k])
        bus_v = xp.where(power_kw[k] > 0, no_load_v[k] * (1.0 - fall), bus_v)
    return SourceShares(bus_v, tuple(power_kw), left_kw)


def _shared(
    load_kw: Array,
    no_load_v: Sequence[Array],
    rated_kw: Sequence[Array],
    limit_kw: Sequence[Array],
    droop_frac: Array,
) -> SourceShares:
    xp = namespace(load_kw, droop_frac, *no_load_v, *rated_kw, *limit_kw)
    slopes = [r / (droop_frac * v) for v, r in zip(no_load_v, rated_kw, strict=True)]

    def given(volts: Array) -> list[Array]:
        return [
            xp.minimum(xp.maximum(slope * (v - volts), 0.0), limit)
            for slope, v, limit in zip(slopes, no_load_v, limit_kw, strict=True)
        ]

    # Where a source begins to give, and where it reaches its limit.
    full_v = [
        v - limit / xp.maximum(slope, 1e-30) * (slope > 0)
        for v, limit, slope in zip(no_load_v, limit_kw, slopes, strict=True)
    ]
    all_kw = sum(limit_kw, 0.0) + 0.0 * load_kw
    asked_kw = xp.minimum(load_kw, all_kw)
    # The sum falls as the voltage rises: above the load the lowest break point, with the greatest
    # sum; below it the other way round. What lies on the wrong side is put beyond all that counts.
    high_v, low_v, high_kw, low_kw = _BEYOND, -_BEYOND, -_BEYOND, _BEYOND
    for volts in (*no_load_v, *full_v):
        total_kw = sum(given(volts), 0.0)
        under, over = _BEYOND * (total_kw > asked_kw), _BEYOND * (total_kw < asked_kw)
        high_v, high_kw = xp.minimum(high_v, volts + under), xp.maximum(high_kw, total_kw - under)
        low_v, low_kw = xp.maximum(low_v, volts - over), xp.minimum(low_kw, total_kw + over)
    between = xp.where(low_kw > high_kw, low_kw - high_kw, 1.0)
    # Where the sum is flat around the load (one source full, the next not begun), the upper end
    # holds; rounding may leave no break point below a load that takes all there is.
    bus_v = xp.where(
        (low_kw > high_kw) & (low_v > 0.0),
        high_v - (asked_kw - high_kw) / between * (high_v - low_v),
        xp.maximum(high_v, low_v),
    )
    return SourceShares(bus_v, tuple(given(bus_v)), load_kw - asked_kw)
