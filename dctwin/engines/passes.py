"""The passes of a fixed point that bring heat and temperatures of a plant together.

A pass: heat from the racks down the loops, temperatures from the air back up. Passes contract by
about a hundredth (a kelvin of condenser water changes the heat to reject by some 0.3 %). What they
start from, and whether loops hold or float, is the caller's (settle.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dctwin.design import Facility
from dctwin.engines.feeds import FeedFlows
from dctwin.engines.flows import INLET, Boundary, HeatFlows, LoopFlows, Point, RackFlows
from dctwin.engines.heat import heat_flows, path_heat_kw, paths_warm_loops, serve_rest
from dctwin.engines.part import Part, Problem
from dctwin.engines.reach import closed_form, root
from dctwin.physics.arrays import Array, known, namespace
from dctwin.physics.fixed_point import settle_state
from dctwin.plant import Wiring

MAX_PASSES = 12
TOLERANCE_K = 1e-9
# Losses of paths that warm loops must agree with what the loops took, for the books to close.
TOLERANCE_FRAC = 1e-12
_CLOSING_PASSES = 15
# After these many, passes are led by the last two of them.
_PLAIN_PASSES = 2
# Staged units are held after this many passes: a bank at a threshold would never settle.
_STAGING_PASSES = 2
# A step whose temperatures still change by this much after the last pass swings for ever.
_WILD_K = 0.01
# Hotter than any loop of a plant that has a steady state.
_RUNAWAY_C = 1000.0

# Temperatures that a pass started from, and those that it ended with.
_Earlier = tuple[Mapping[str, Array], Mapping[str, Array]]
_State = tuple[Point, _Earlier, Any]  # the last is the number of passes
_Reach = Callable[[Wiring, LoopFlows, Array, Point, Mapping[str, Array]], Array]
# How a loop's supply is found, passes at most, and the change that ends them. Where a loop falls
# short, fans of warm servers answer the room, which contracts by about a third.
_Search = tuple[_Reach, int, float]
HOLDING: _Search = closed_form, MAX_PASSES, TOLERANCE_K
FLOATING: _Search = root, 15, 1e-8


@dataclass(frozen=True)
class Settled:
    """The plant where heat and temperatures agree."""

    point: Point
    setpoint: dict[str, Array]
    racks: list[RackFlows]
    feeds: list[FeedFlows]
    loops: dict[str, LoopFlows]


def begun(point: Point) -> _State:
    return point, (point.supply, point.supply), 0


def passes(
    problem: Problem,
    state: _State,
    guess: Mapping[str, Array],
    search: _Search,
    before: HeatFlows | None = None,
) -> Settled:
    """The fixed point from a state; a loop that runs away goes back to the guess.

    Loops that reject to the air only are not served yet, but where losses warm loops.
    before  flows at another point, of loops down to any of them
    """
    facility, wiring, boundary, _, holding = problem
    warms = paths_warm_loops(facility)
    reach, most, tolerance_k = search
    asked: dict[str, tuple[list[Any], Array]] = {}  # what a loop's reach came from, and it

    def once(state: _State) -> tuple[_State, Array, Settled]:
        nonlocal before
        point, earlier, number = state
        flows = heat_flows(facility, wiring, boundary, point, before)
        racks, feeds, loops = flows.racks, flows.feeds, flows.loops
        setpoint = _setpoints(loops, boundary)
        reached: dict[str, Array] = {}
        for circuit in reversed(facility.circuits):
            name = circuit.name
            if name in holding:
                reached[name] = setpoint[name]
                continue
            inputs = _reach_inputs(loops[name], setpoint[name], point, reached)
            if name not in asked or not all(map(_same, asked[name][0], inputs)):
                found_c = reach(wiring, loops[name], setpoint[name], point, reached)
                asked[name] = inputs, found_c
            reached[name] = asked[name][1]
        reached = _kept(reached | _inlets(loops, reached, point), point.supply, guess)
        path_kw: Mapping[str, Array] = {}
        if warms:
            loops = serve_rest(loops, wiring, point)
            path_kw = path_heat_kw(facility, feeds, loops)
        first = isinstance(number, int) and number + 1 < _STAGING_PASSES
        units = point.units if first else _held_units(loops, point)
        # A step that agrees in all its loops is left alone, so that its answer does not depend on
        # how long other steps, or other designs of a batch, still move.
        moving = _moving(point, reached, path_kw, loops, tolerance_k)
        if known(moving):
            before = replace(flows, loops=loops)
        ahead = _ahead(point.supply, reached, earlier, number)
        after = Point(
            chosen(moving, ahead, point.supply), chosen(moving, path_kw, point.path_kw), units
        )
        found = Settled(point, setpoint, racks, feeds, loops)
        return (after, (point.supply, reached), number + 1), moving, found

    def apart(state: _State, moving: Array, found: Settled, left: int) -> Settled:
        part = Part(problem.mask(moving))
        apart, search = part.problem(problem), (reach, left, tolerance_k)
        # A part of several designs has its own declaration of them: nothing is kept.
        kept = None if apart.flat or before is None else _untouched(before, state[0])
        rest = passes(apart, part.taken(state), part.taken(guess), search, part.taken(kept))
        return part.put_back(replace(found, point=held_point(found)), _changed(part, found, rest))

    # Losses and held units join the state in the first passes.
    early = _STAGING_PASSES if warms or _staged(facility) else 0
    (point, (was, reached), _), found = settle_state(
        once, state, most, max(0, early - state[2]), None if chained(facility) else apart
    )
    if found is None:
        return closed(problem, _calmed(point, was, reached, guess))
    return found


def _untouched(flows: HeatFlows, point: Point) -> HeatFlows:
    """The flows without the loops that feel a temperature which is another at this point."""
    moved = {n for n, value in point.supply.items() if value is not flows.point.supply.get(n)}

    def near(loop: LoopFlows) -> set[str]:
        stages = loop.circuit.stages
        return {loop.circuit.name, *(d.sink for d in stages), *(d.cools for d in stages)}

    loops = {n: loop for n, loop in flows.loops.items() if not near(loop) & moved}
    return replace(flows, loops=loops)


def _reach_inputs(
    loop: LoopFlows, aim_c: Array, point: Point, reached: Mapping[str, Array]
) -> list[Array]:
    """What tells where a loop's supply settles; not where it is now."""
    circuit = loop.circuit
    return [
        loop.heat_kw,
        loop.flow_kw_per_k,
        aim_c,
        *(reached.get(device.sink) for device in circuit.stages),
        *(point.supply.get(device.cools) for device in circuit.stages),
        *loop.cold_kw.values(),
        *point.units.get(circuit.name, {}).values(),
    ]


def _same(one: Array, other: Array) -> bool:
    return one is other or (known(one, other) and np.array_equal(one, other))


def _calmed(
    point: Point,
    was: Mapping[str, Array],
    reached: Mapping[str, Array],
    guess: Mapping[str, Array],
) -> Point:
    """The point after the last pass, back at the guess in the steps that still move wildly.

    There the passes swing for ever, and where they stand in the end hangs on rounding: there is no
    steady state to find, and what the stages leave over at the guess is a shortfall.
    """
    wild: Array = False
    for name, value in reached.items():
        wild = wild | np.logical_not(abs(value - was[name]) < _WILD_K)
    xp = namespace(wild)
    supply = {name: xp.where(wild, guess[name], value) for name, value in point.supply.items()}
    path_kw = {name: xp.where(wild, 0.0, kw) for name, kw in point.path_kw.items()}
    return Point(supply, path_kw, point.units)


def _changed(part: Part, found: Settled, rest: Settled) -> Settled:
    """The answer of a part without the loops that it left as they were: they need no putting back.

    A loop is the same where its heat, its supply, and those that its stages reject to are.
    """
    supply = found.point.supply
    same = {name for name, c in rest.point.supply.items() if np.all(part.of(supply[name]) == c)}
    changed = {}
    for name, loop in rest.loops.items():
        near = {name, *(device.sink for device in loop.circuit.stages if device.sink)}
        heat = part.of(found.loops[name].source_kw)
        if loop.units or loop.cold_kw or not near <= same or not np.all(heat == loop.source_kw):
            changed[name] = loop
    return replace(rest, loops=changed)


def _staged(facility: Facility) -> bool:
    """Whether any bank switches units on and off."""
    devices = (d for c in facility.circuits for d in (c.pump, *c.stages) if d is not None)
    return any(device.control.staging is not None for device in devices)


def _ahead(
    supply: Mapping[str, Array], reached: Mapping[str, Array], earlier: _Earlier, number: Any
) -> Mapping[str, Array]:
    """Where the passes tend to: Anderson's mixing of the last two, step by step over all loops.

    Racks that throttle answer a kelvin with a change of heat of several per cent, so that plain
    passes creep, swing, or never end; the secant through two of them ends them.
    """
    if isinstance(number, int) and number < _PLAIN_PASSES:
        return reached
    gaps = {name: reached[name] - supply[name] for name in supply}
    turns = {name: gaps[name] - (earlier[1][name] - earlier[0][name]) for name in supply}
    along = sum(turns[name] * gaps[name] for name in supply)
    across = sum(turns[name] * turns[name] for name in supply)
    xp = namespace(along, across)
    # A step that did not turn is settled; a share beyond these bounds would leap too far.
    back = xp.clip(along / xp.maximum(across, TOLERANCE_K * TOLERANCE_K), -4.0, 0.98)
    back = back * (number >= _PLAIN_PASSES)
    return {
        name: reached[name]
        if reached[name] is supply[name]
        else reached[name] - back * (reached[name] - earlier[1][name])
        for name in supply
    }


def _kept(
    reached: Mapping[str, Array], supply: Mapping[str, Array], guess: Mapping[str, Array]
) -> dict[str, Array]:
    """Temperatures, those of a loop that runs away back at its first guess.

    Losses that warm the loop whose movers make them can grow without end: there is no steady
    state, and what the stages leave over at the guess is a shortfall. A temperature that stays in
    all steps is the same object: what depends on it alone need not be computed again.
    """
    kept = {}
    for name, value in reached.items():
        if known(value, supply[name]) and np.all(value == supply[name]):
            kept[name] = supply[name]
        elif known(value) and np.all(np.abs(value) < _RUNAWAY_C):
            kept[name] = value
        else:
            kept[name] = namespace(value).where(abs(value) < _RUNAWAY_C, value, guess[name])
    return kept


def _inlets(
    loops: Mapping[str, LoopFlows], reached: Mapping[str, Array], point: Point
) -> dict[str, Array]:
    """Temperatures at which the racks of the air loops draw in."""
    return {
        name + INLET: loop.circuit.loop.inlet_c(reached[name], loop.heat_kw, loop.flow_kw_per_k)
        for name, loop in loops.items()
        if name + INLET in point.supply
    }


def closed(problem: Problem, point: Point) -> Settled:
    """The plant at these temperatures, with losses into loops that agree.

    Where they do not (fans far too small, whose loss heats the air that they move: there is no
    steady state) the room is given none of them. Stores hand that on to later steps, so the passes
    go on after it.
    """
    facility, wiring, boundary, _, _ = problem
    warms = paths_warm_loops(facility)

    def once(state: tuple[Point, Array, Any]) -> tuple[tuple[Point, Array, Any], Array, Settled]:
        point, given_up, number = state
        flows = heat_flows(facility, wiring, boundary, point)
        loops = serve_rest(flows.loops, wiring, point)
        found = Settled(point, _setpoints(loops, boundary), flows.racks, flows.feeds, loops)
        if not warms:
            return state, False, found
        path_kw = _without(given_up, path_heat_kw(facility, flows.feeds, loops))
        moving = _moving(point, {}, path_kw, loops, TOLERANCE_K)
        # Temperatures stay: what is left to agree contracts, if anything does.
        given_up = given_up | (moving & (number + 2 == _CLOSING_PASSES))
        after = Point(point.supply, _without(given_up, path_kw), _held_units(loops, point))
        return (after, given_up, number + 1), moving, found

    state: tuple[Point, Array, Any] = point, False, 0
    found = None
    if warms:
        state, found = settle_state(once, state, 2 * _CLOSING_PASSES - 1, _STAGING_PASSES)
    return once(state)[2] if found is None else found


def _without(given_up: Array, path_kw: Mapping[str, Array]) -> dict[str, Array]:
    """Losses that warm loops, none in the steps that are given up."""
    xp = namespace(given_up, *path_kw.values())
    return {name: xp.where(given_up, 0.0, kw) for name, kw in path_kw.items()}


def _setpoints(loops: Mapping[str, LoopFlows], boundary: Boundary) -> dict[str, Array]:
    return {
        name: loop.circuit.loop.setpoint_c(
            boundary.air, loop.circuit.loop.load_frac(loop.source_kw)
        )
        for name, loop in loops.items()
    }


def _held_units(loops: Mapping[str, LoopFlows], point: Point) -> Mapping[str, Mapping[str, Array]]:
    """Units on as they are now, to be held from here on; only a bank that is short adds to them."""
    return {**point.units, **{name: loop.units for name, loop in loops.items() if loop.units}}


def _moving(
    point: Point,
    reached: Mapping[str, Array],
    path_kw: Mapping[str, Array],
    loops: Mapping[str, LoopFlows],
    tolerance_k: float,
) -> Array:
    """Where any loop's temperature, or a loss that warms it, still changes or is no number.

    Of the shape of what moves: where that is the same in all steps, one pass for all is cheap.
    """
    moving: Array = False
    for name, value in reached.items():
        if value is not point.supply[name]:
            moving = _also(moving, abs(value - point.supply[name]) < tolerance_k)
    for name, value in path_kw.items():
        change_kw = abs(value - point.path_kw.get(name, 0.0))
        moving = _also(moving, change_kw <= TOLERANCE_FRAC * abs(loops[name].source_kw))
    return moving


def _also(moving: Array, settled: Array) -> Array:
    """Where something moves, or this has not settled."""
    if known(settled) and np.all(settled):
        return moving
    return moving | namespace(settled).logical_not(settled)


def chosen(moving: Array, new: Mapping[str, Array], old: Mapping[str, Array]) -> dict[str, Array]:
    """The new values where something moves; what stays is the same object."""
    xp = namespace(moving)
    held = {name: old.get(name, 0.0) for name in new}
    return {
        name: held[name] if value is held[name] else xp.where(moving, value, held[name])
        for name, value in new.items()
    }


def held_point(found: Settled) -> Point:
    """Where the plant is, with the units of staged banks held."""
    return replace(found.point, units=_held_units(found.loops, found.point))


def hours_alone(facility: Facility) -> bool:
    """Whether what happens in a step hangs on that step alone: on no store, on nothing that waits
    before it switches."""
    plant = facility.onsite
    stores = (plant.battery, plant.electrolyser, plant.tank, plant.fuel_cell, *plant.gensets)
    waits = _staged(facility) or any(
        device.control.changeover is not None for c in facility.circuits for device in c.stages
    )
    return not (waits or chained(facility) or any(store is not None for store in stores))


def chained(facility: Facility) -> bool:
    """Whether anything keeps heat or electricity from one step to the next while loops settle."""
    stages = (device for circuit in facility.circuits for device in circuit.stages)
    buses = (feed.sources for feed in facility.feeds)
    return any(hasattr(device.component, "start_kwh") for device in stages) or any(
        bus is not None and bus.battery is not None for bus in buses
    )
