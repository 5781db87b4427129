"""Power flow in a radial feeder: a tree of conductors with constant-power loads, DC or AC.

Equations and sources
    One segment with resistance R carries P + jQ to its far end. Branch-flow equations of a radial
    network (Baran and Wu, IEEE Trans. Power Delivery 4(1):725, 1989), without reactance:
        V_near² = V² + 2 P R + (S R)²/V²,   loss = R S²/V²,   S² = P² + Q²
    so V² = (b + √(b² − 4 (S R)²))/2 with b = V_near² − 2 P R: the closed form of
    `electrical.feeder_voltage_v`. At unity power factor and for DC it is V = (Vs + √(Vs² − 4PR))/2.
    P at the far end is the load there plus what the next segments draw. A pass sums power towards
    the source, then finds voltages away from it; passes repeat until nothing moves (backward and
    forward sweep, Shirmohammadi et al., IEEE Trans. Power Systems 3(2):753, 1988). Each pass is
    exact for one feeder, so a single segment needs one.

Segments are numbered from the source outwards: `parent[i] < i`, and −1 is the source. DC wants the
resistance out and back and the voltage between poles, three-phase AC the resistance of a phase and
the voltage between lines: `electrical.line_resistance_ohm`.

Valid range: the upper, stable voltage. Where more is asked than the tree can carry there is no
solution and every result is NaN there (also within 1 % of that power, where the passes do not
settle to 1e-10): `check_radial` says so in words, the ledger refuses it. Reactance is left out,
which understates the voltage drop of AC, not its loss. No short circuit and no arc: a fault needs
the source's and the converters' dynamics, which a steady power flow does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ComputationError, InputError
from .arrays import Array, namespace

MAX_PASSES = 60
# Relative change of a squared voltage at which a tree has settled.
SETTLED = 1e-13
# A tree whose power still moves by more than this share has no solution, or is too near to the end.
NO_SOLUTION = 1e-10


@dataclass(frozen=True)
class RadialFlow:
    """A tree at work; one entry a segment. Balance: near_kw = far_kw + loss_kw.

    voltage_v  at the far end        current_a  in one conductor
    far_kw     handed on at the far end, its load and the next segments
    """

    voltage_v: tuple[Array, ...]
    current_a: tuple[Array, ...]
    far_kw: tuple[Array, ...]
    loss_kw: tuple[Array, ...]
    near_kw: tuple[Array, ...]
    source_kw: Array


def radial_flow(
    source_v: Array,
    load_kw: Sequence[Array],
    line_ohm: Sequence[Array],
    parent: Sequence[int],
    power_factor: Array = 1.0,
    system: str = "dc",
) -> RadialFlow:
    """Voltages, currents and losses of a tree; load i stands at the far end of segment i."""
    _check_tree(load_kw, line_ohm, parent)
    xp = namespace(source_v, power_factor, *load_kw, *line_ohm)
    count = len(parent)
    reactive = xp.sqrt(1.0 / (power_factor * power_factor) - 1.0)
    kvar = _towards_source([1000.0 * load * reactive for load in load_kw], parent)
    even = 0.0 * (source_v + sum(load_kw) + sum(line_ohm) + power_factor)
    near = source_v * source_v + even
    squared = [near] * count
    base = [1000.0 * load + 0.0 * near for load in load_kw]
    watts = _towards_source(base, parent)
    moved: Array = 1.0
    drop: list[Array] = []
    for _ in range(MAX_PASSES):
        before, squared, drop = squared, [], []
        for index, sent in enumerate(watts):
            ohm = line_ohm[index]
            above = near if parent[index] < 0 else squared[parent[index]]
            apparent = ohm * (sent * sent + kvar[index] * kvar[index])
            half = 0.5 * above - sent * ohm
            squared.append(half + xp.sqrt(half * half - ohm * apparent))
            drop.append(apparent / squared[index])
        moved = 0.0
        for now, then in zip(squared, before, strict=True):
            moved = xp.maximum(moved, xp.abs(now - then) / near)
        watts = _towards_source(base, parent, losses=drop)
        if xp is np and not np.any(moved > SETTLED):
            break
    # Where it has not settled there is nothing to settle on.
    solved = xp.where(moved <= NO_SOLUTION, 1.0, xp.nan)
    watts = [w * solved for w in watts]
    return _flow(xp, watts, kvar, squared, drop, parent, system)


def _flow(
    xp: object,
    watts: list[Array],
    kvar: list[Array],
    squared: list[Array],
    drop: list[Array],
    parent: Sequence[int],
    system: str,
) -> RadialFlow:
    """The settled tree in the units that the rest of the house uses."""
    sqrt = xp.sqrt  # type: ignore[attr-defined]
    volts = [sqrt(v2) for v2 in squared]
    wires = 1.0 if system == "dc" else 3.0**0.5
    amps = [sqrt(w * w + q * q) / v / wires for w, q, v in zip(watts, kvar, volts, strict=True)]
    near = [w + d for w, d in zip(watts, drop, strict=True)]
    source = sum((near[k] for k in range(len(parent)) if parent[k] < 0), 0.0)
    return RadialFlow(
        voltage_v=tuple(volts),
        current_a=tuple(amps),
        far_kw=tuple(w / 1000.0 for w in watts),
        loss_kw=tuple(d / 1000.0 for d in drop),
        near_kw=tuple(w / 1000.0 for w in near),
        source_kw=source / 1000.0,
    )


def check_radial(flow: RadialFlow) -> RadialFlow:
    """The flow, or a ComputationError where the tree cannot carry its loads."""
    wrong = ~np.isfinite(np.asarray(flow.source_kw))
    if np.any(wrong):
        raise ComputationError(
            f"radial feeder: {int(np.count_nonzero(wrong))} of {wrong.size} steps ask for more "
            "than the greatest power that its conductors can carry at this voltage: raise the "
            "voltage or the section, or shorten it"
        )
    return flow


def _towards_source(
    at_nodes: list[Array], parent: Sequence[int], losses: Sequence[Array] | None = None
) -> list[Array]:
    """What each segment hands on at its far end: its own load and all that hangs from it."""
    totals = list(at_nodes)
    for index in range(len(parent) - 1, -1, -1):
        if parent[index] >= 0:
            lost = losses[index] if losses is not None else 0.0
            totals[parent[index]] = totals[parent[index]] + totals[index] + lost
    return totals


def _check_tree(load_kw: Sequence[Array], line_ohm: Sequence[Array], parent: Sequence[int]) -> None:
    if not len(load_kw) == len(line_ohm) == len(parent) or not parent:
        raise InputError(
            "radial feeder: as many loads as resistances as parents, at least one "
            f"(got {len(load_kw)}, {len(line_ohm)}, {len(parent)})"
        )
    for index, before in enumerate(parent):
        if not -1 <= before < index:
            raise InputError(
                f"radial feeder: the parent of segment {index} must be -1 (the source) or a "
                f"segment before it, 0 to {index - 1} (got {before})"
            )
