"""Scans for states that truly chain hours: a running sum, or a number, held between two bounds.

Each step maps x to clip(x + d, low, high). Such maps compose to maps of the same form, so the whole
chain is a parallel prefix scan: log2(hours) array operations instead of a loop over hours.
Source of the idea: Blelloch, Prefix Sums and Their Applications, CMU-CS-90-190, 1990.
"""

from __future__ import annotations

import numpy as np

from dctwin.physics.arrays import Array, namespace

_ROUNDING = 1e-9


def clipped_sums(change: Array, start: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """(before, after) each step of x -> clip(x + change, low, high), along the last axis.

    `change` has shape (…, hours); start, low and high are numbers or have shape (…, 1), with
    low <= start <= high. Exact up to rounding.
    """
    xp = namespace(change, start, low, high)
    if xp is np and not np.any(change):
        still = start + 0.0 * (change + low + high)
        return still, still
    # A map x -> clip(x + shift, floor, ceiling), one per step.
    # All of one shape: the changes may be shared by designs that differ in a bound only.
    even = 0.0 * (change + start + low + high)
    shift, floor, ceiling = change + even, low + even, high + even
    hours = change.shape[-1]
    span = 1
    while span < hours:
        # First the map that ends `span` steps earlier, then this one; the first ones stay.
        first = (shift[..., :-span], floor[..., :-span], ceiling[..., :-span])
        then = (shift[..., span:], floor[..., span:], ceiling[..., span:])
        joined = (
            first[0] + then[0],
            xp.clip(first[1] + then[0], then[1], then[2]),
            xp.clip(first[2] + then[0], then[1], then[2]),
        )
        shift, floor, ceiling = (
            xp.concatenate([old[..., :span], new], axis=-1)
            for old, new in zip((shift, floor, ceiling), joined, strict=True)
        )
        span *= 2
    after = xp.clip(start + shift, floor, ceiling)
    first_start = start + 0.0 * after[..., :1]
    before = xp.concatenate([first_start, after[..., :-1]], axis=-1)
    return before, after


def filled(rate_kw: Array, step_h: float, start_kwh: Array, room_kwh: Array) -> tuple[Array, Array]:
    """(share of each step that a store can follow, its energy at the end of the step).

    A step that fills or empties the store ends early at the same power, so the share is linear in
    the energy left and hours chain through `clipped_sums`.
    """
    xp = namespace(rate_kw, start_kwh, room_kwh)
    change_kwh = step_h * rate_kw
    before, after = clipped_sums(change_kwh, start_kwh, 0.0, room_kwh)
    # What the sum's rounding adds to a full, an empty or an idle store is neither taken nor given.
    share = (after - before) / xp.where(change_kwh == 0, 1.0, change_kwh)
    return xp.clip(share, 0.0, 1.0), after


def ends_within(share: Array) -> Array:
    """Where a share of a step lies within it, by more than rounding."""
    return (share > _ROUNDING) & (share < 1.0 - _ROUNDING)


def held(low: Array, high: Array, start: Array) -> Array:
    """x after each step of x -> clip(x, low, high), along the last axis: a state that moves only
    when its bounds push it, such as the units of a bank that are on.

    `low` and `high` have shape (…, hours), low <= high; `start` is a number or has shape (…, 1).
    """
    xp = namespace(low, high, start)
    even = 0.0 * (low + high)
    floor, ceiling = low + even, high + even
    hours = floor.shape[-1]
    span = 1
    while span < hours:
        # Where the bounds of every step have met, what came before no longer matters.
        if xp is np and not np.any(floor[..., span:] < ceiling[..., span:]):
            break
        first_floor, first_ceiling = floor[..., :-span], ceiling[..., :-span]
        then_floor, then_ceiling = floor[..., span:], ceiling[..., span:]
        floor = xp.concatenate(
            [floor[..., :span], xp.clip(first_floor, then_floor, then_ceiling)], axis=-1
        )
        ceiling = xp.concatenate(
            [ceiling[..., :span], xp.clip(first_ceiling, then_floor, then_ceiling)], axis=-1
        )
        span *= 2
    return xp.clip(start, floor, ceiling)
