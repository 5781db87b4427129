"""Scans for states that truly chain hours: a running sum, or a number, held between two bounds.

Each step maps x to clip(x + d, low, high). Such maps compose to maps of the same form, so the whole
chain is a parallel prefix scan: blocks of some hours side by side, chained in log2(blocks) array
operations, instead of a loop over hours.
Source of the idea: Blelloch, Prefix Sums and Their Applications, CMU-CS-90-190, 1990.
"""

from __future__ import annotations

import numpy as np

from dctwin.physics.arrays import Array, namespace

_ROUNDING = 1e-9
# Of a store's room: less than this is what rounding leaves in it.
_NOTHING_FRAC = 1e-13
# Steps in a block: two loops over a block cost as much as chaining the blocks of a year.
_BLOCK_STEPS = 24


def clipped_sums(change: Array, start: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """(before, after) each step of x -> clip(x + change, low, high), along the last axis.

    `change` has shape (…, hours); start, low and high are numbers or have shape (…, 1), with
    low <= start <= high. Exact up to rounding.
    """
    xp = namespace(change, start, low, high)
    if xp is np and not np.any(change):
        still = start + 0.0 * (change + low + high)
        return still, still
    # The changes may be shared by designs that differ in a bound only: all get one shape.
    change = change + 0.0 * (start + low + high)
    steps = _by_step(change)
    low, high = low + 0.0 * steps[0], high + 0.0 * steps[0]
    # A map x -> clip(x + shift, floor, ceiling) is what a whole block does.
    shift, floor, ceiling = steps[0], low, high
    for step in steps[1:]:
        shift = shift + step
        floor, ceiling = _held(floor + step, low, high), _held(ceiling + step, low, high)
    shift, floor, ceiling = _chained(shift, floor, ceiling)
    first = start + 0.0 * shift[..., :1]
    at = xp.concatenate([first, _held(start + shift, floor, ceiling)[..., :-1]], axis=-1)
    found = [at]
    for step in steps:
        at = _held(at + step, low, high)
        found.append(at)
    hours = change.shape[-1]
    return _by_hour(found[:-1], hours), _by_hour(found[1:], hours)


def _held(x: Array, low: Array, high: Array) -> Array:
    xp = namespace(x, low, high)
    return xp.minimum(xp.maximum(x, low), high)


def _by_step(change: Array) -> list[Array]:
    """The changes of every first, second… step of a block, of shape (…, blocks); none in the steps
    that the last block lacks."""
    xp = namespace(change)
    size = min(_BLOCK_STEPS, change.shape[-1])
    lacks = -change.shape[-1] % size
    if lacks:
        none = xp.zeros((*change.shape[:-1], lacks))
        change = xp.concatenate([change, none], axis=-1)
    blocks = xp.reshape(change, (*change.shape[:-1], -1, size))
    return list(xp.stack([blocks[..., step] for step in range(size)]))


def _by_hour(steps: list[Array], hours: int) -> Array:
    blocks = namespace(*steps).stack(steps, axis=-1)
    return blocks.reshape((*blocks.shape[:-2], -1))[..., :hours]


def _chained(shift: Array, floor: Array, ceiling: Array) -> tuple[Array, Array, Array]:
    """The maps of all blocks up to each one, by doubling the span that a map stands for."""
    xp = namespace(shift, floor, ceiling)
    span = 1
    while span < shift.shape[-1]:
        # First the map that ends `span` blocks earlier, then this one; the first ones stay.
        first = (shift[..., :-span], floor[..., :-span], ceiling[..., :-span])
        then = (shift[..., span:], floor[..., span:], ceiling[..., span:])
        joined = (
            first[0] + then[0],
            _held(first[1] + then[0], then[1], then[2]),
            _held(first[2] + then[0], then[1], then[2]),
        )
        shift, floor, ceiling = (
            xp.concatenate([old[..., :span], new], axis=-1)
            for old, new in zip((shift, floor, ceiling), joined, strict=True)
        )
        span *= 2
    return shift, floor, ceiling


def filled(rate_kw: Array, step_h: float, start_kwh: Array, room_kwh: Array) -> tuple[Array, Array]:
    """(share of each step that a store can follow, its energy at the end of the step).

    A step that fills or empties the store ends early at the same power, so the share is linear in
    the energy left and hours chain through `clipped_sums`.
    """
    xp = namespace(rate_kw, start_kwh, room_kwh)
    change_kwh = step_h * rate_kw
    before, after = clipped_sums(change_kwh, start_kwh, 0.0, room_kwh)
    # What the sum's rounding adds to a full, an empty or an idle store is neither taken nor given:
    # a trickle out of an empty one would pass for a discharge and keep its reserve from the refill.
    moved_kwh = xp.where(xp.abs(after - before) > _NOTHING_FRAC * room_kwh, after - before, 0.0)
    share = moved_kwh / xp.where(change_kwh == 0, 1.0, change_kwh)
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
