"""Where heat and temperatures of a plant agree: the steady state of every step at once.

Passes of a fixed point: heat from the racks down the loops, temperatures from the air back up. It
contracts by about a hundredth a pass (a kelvin of condenser water changes the heat to reject by
some 0.3 %). A loop with one stage floats to where that stage removes all heat, in closed form. In
steps in which a loop falls short all the same, which are few or none in a sound design, a second
round looks for the supply temperature at which its stages together remove all heat; see
docs/decisions/0002.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from dctwin.components.component import Air, Place
from dctwin.design import Facility
from dctwin.engines.feeds import FeedFlows
from dctwin.engines.heat import (
    INLET,
    Boundary,
    LoopFlows,
    Point,
    RackFlows,
    heat_flows,
    path_heat_kw,
    paths_warm_loops,
    serve_loop,
    serve_rest,
)
from dctwin.physics.arrays import Array, at_steps, known, namespace, put_steps
from dctwin.physics.fixed_point import settle_state
from dctwin.plant import Wiring, reach_c

MAX_PASSES = 12
# After these many, passes are led by the last two of them.
_PLAIN_PASSES = 3
TOLERANCE_K = 1e-9
# Losses of paths that warm loops must agree with what the loops took, for the books to close.
TOLERANCE_FRAC = 1e-12
_CLOSING_PASSES = 15
# Staged units are held after this many passes: a bank at a threshold would never settle.
_STAGING_PASSES = 2
# Where a loop falls short: passes (fans of warm servers answer the room, which contracts by about a
# third) and the change that ends them; steps up from the setpoint in search of a temperature that
# does, of which the last is held where nothing does: such a loop has no steady state, and what its
# stages leave over there is a shortfall.
_FLOAT_PASSES, _FLOAT_TOLERANCE_K = 15, 1e-8
_STEPS_K = (0.5, 2.0, 6.0, 15.0, 30.0, 60.0)
_ROOT_STEPS, _ROOT_K = 24, 1e-10
# Hotter than any loop of a plant that has a steady state.
_RUNAWAY_C = 1000.0
# What is left over of a served loop is less than this share of its heat.
_SHORT_FRAC = 1e-9


@dataclass(frozen=True)
class Settled:
    """The plant where heat and temperatures agree."""

    point: Point
    setpoint: dict[str, Array]
    racks: list[RackFlows]
    feeds: list[FeedFlows]
    loops: dict[str, LoopFlows]


def settle(facility: Facility, wiring: Wiring, boundary: Boundary) -> Settled:
    """Find supply temperatures at which heat and temperatures agree; serve every loop there."""
    start = _start(facility, boundary)
    found = _passes(facility, wiring, boundary, Point(start), _closed_form, MAX_PASSES, TOLERANCE_K)
    short = _short(found)
    # While JAX compiles, the steps in which loops fall short cannot be told: they keep setpoints.
    if not known(short) or not np.any(short):
        return found
    return _float(facility, wiring, boundary, found, np.asarray(short))


def _start(facility: Facility, boundary: Boundary) -> dict[str, Array]:
    """Setpoints, and the inlets of racks that they make at design heat."""
    start = {c.name: c.loop.setpoint_c(boundary.air) for c in facility.circuits}
    breathed = {group.air for group in facility.racks}
    for circuit in facility.circuits:
        if circuit.name in breathed:
            loop, kw = circuit.loop, circuit.loop.design_heat_kw
            flow = loop.flow_kw_per_k(kw, boundary.air.dry_bulb_c)
            start[circuit.name + INLET] = loop.inlet_c(start[circuit.name], kw, flow)
    return start


_Reach = Callable[[Facility, Wiring, LoopFlows, Array, Point, Mapping[str, Array]], Array]


def _passes(
    facility: Facility,
    wiring: Wiring,
    boundary: Boundary,
    point: Point,
    reach: _Reach,
    most: int,
    tolerance_k: float,
) -> Settled:
    """The fixed point from a first guess."""
    warms = paths_warm_loops(facility)
    guess = point.supply

    def once(state: _State) -> tuple[_State, Array, Settled]:
        point, earlier, number = state
        racks, feeds, loops = heat_flows(facility, wiring, boundary, point)
        setpoint = _setpoints(loops, boundary)
        reached: dict[str, Array] = {}
        for circuit in reversed(facility.circuits):
            name = circuit.name
            reached[name] = reach(facility, wiring, loops[name], setpoint[name], point, reached)
        reached = _kept(reached | _inlets(loops, reached, point), guess)
        path_kw: Mapping[str, Array] = {}
        if warms:
            loops = serve_rest(loops, wiring, point)
            path_kw = path_heat_kw(facility, feeds, loops)
        first = isinstance(number, int) and number + 1 < _STAGING_PASSES
        units = point.units if first else _held_units(loops, point)
        # A step that agrees in all its loops is left alone, so that its answer does not depend on
        # how long other steps, or other designs of a batch, still move.
        moving = _moving(point, reached, path_kw, loops, tolerance_k)
        ahead = _ahead(point.supply, reached, earlier, number)
        after = Point(
            _chosen(moving, ahead, point.supply), _chosen(moving, path_kw, point.path_kw), units
        )
        found = Settled(point, setpoint, racks, feeds, loops)
        return (after, (point.supply, reached), number + 1), moving, found

    begin = point, (point.supply, point.supply), 0
    # Losses and held units join the state in the first passes.
    early = _STAGING_PASSES if warms or _staged(facility) else 0
    (point, _, _), found = settle_state(once, begin, most, early)
    if found is None:
        return _closed(facility, wiring, boundary, point)
    return found if warms else replace(found, loops=serve_rest(found.loops, wiring, point))


def _staged(facility: Facility) -> bool:
    """Whether any bank switches units on and off."""
    devices = (d for c in facility.circuits for d in (c.pump, *c.stages) if d is not None)
    return any(device.control.staging is not None for device in devices)


# Temperatures that a pass started from, and those that it ended with.
_Earlier = tuple[Mapping[str, Array], Mapping[str, Array]]
_State = tuple[Point, _Earlier, Any]  # the last is the number of passes


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
    return {name: reached[name] - back * (reached[name] - earlier[1][name]) for name in supply}


def _kept(reached: Mapping[str, Array], guess: Mapping[str, Array]) -> dict[str, Array]:
    """Temperatures, those of a loop that runs away back at its first guess.

    Losses that warm the loop whose movers make them can grow without end: there is no steady
    state, and what the stages leave over at the guess is a shortfall.
    """
    xp = namespace(*reached.values())
    return {name: xp.where(abs(t) < _RUNAWAY_C, t, guess[name]) for name, t in reached.items()}


def _inlets(
    loops: Mapping[str, LoopFlows], reached: Mapping[str, Array], point: Point
) -> dict[str, Array]:
    """Temperatures at which the racks of the air loops draw in."""
    return {
        name + INLET: loop.circuit.loop.inlet_c(reached[name], loop.heat_kw, loop.flow_kw_per_k)
        for name, loop in loops.items()
        if name + INLET in point.supply
    }


def _closed(facility: Facility, wiring: Wiring, boundary: Boundary, point: Point) -> Settled:
    """The plant at these temperatures, with losses into loops that agree.

    Where they do not (fans far too small, whose loss heats the air that they move: there is no
    steady state) the room is given none of them.
    """
    warms = paths_warm_loops(facility)

    def once(state: tuple[Point, Any]) -> tuple[tuple[Point, Any], Array, Settled]:
        point, number = state
        racks, feeds, loops = heat_flows(facility, wiring, boundary, point)
        loops = serve_rest(loops, wiring, point)
        found = Settled(point, _setpoints(loops, boundary), racks, feeds, loops)
        if not warms:
            return state, False, found
        path_kw = path_heat_kw(facility, feeds, loops)
        moving = _moving(point, {}, path_kw, loops, TOLERANCE_K)
        xp = namespace(moving)
        # Temperatures stay: what is left to agree contracts, if anything does.
        given_up = moving & (number + 2 == _CLOSING_PASSES)
        path_kw = {name: xp.where(given_up, 0.0, kw) for name, kw in path_kw.items()}
        after = Point(point.supply, path_kw, _held_units(loops, point))
        return (after, number + 1), moving, found

    state = point, 0
    found = None
    if warms:
        state, found = settle_state(once, state, _CLOSING_PASSES - 1, _STAGING_PASSES)
    return once(state)[2] if found is None else found


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
    """Where any loop's temperature, or a loss that warms it, still changes or is no number."""
    moving: Array = False
    for name, value in reached.items():
        moving = moving | ~(abs(value - point.supply[name]) < tolerance_k)
    for name, value in path_kw.items():
        change_kw = abs(value - point.path_kw.get(name, 0.0))
        moving = moving | ~(change_kw <= TOLERANCE_FRAC * abs(loops[name].source_kw))
    return moving


def _chosen(moving: Array, new: Mapping[str, Array], old: Mapping[str, Array]) -> dict[str, Array]:
    xp = namespace(moving)
    return {name: xp.where(moving, new[name], old.get(name, 0.0)) for name in new}


def _closed_form(
    facility: Facility,
    wiring: Wiring,
    loop: LoopFlows,
    aim: Array,
    point: Point,
    reached: Mapping[str, Array],
) -> Array:
    """The setpoint, or what a loop's only stage can reach."""
    circuit = loop.circuit
    if len(circuit.stages) > 1:
        return aim
    device = circuit.stages[0]
    flow: Array = 0.0
    if device.sink:
        flow = wiring.sink_flow_kw_per_k(circuit, device.sink, loop.heat_kw)
    duty = wiring.duty(
        circuit,
        device,
        loop.heat_kw,
        point.supply[circuit.name],
        loop.flow_kw_per_k,
        reached.get(device.sink, 0.0),
        flow,
    )
    coldest = reach_c(device, duty)
    return namespace(aim, coldest).maximum(aim, coldest)


# --- loops that fall short --------------------------------------------------------------------


def _short(found: Settled) -> Array:
    """Steps in which any loop leaves heat over."""
    short: Array = False
    for loop in found.loops.values():
        assert loop.served is not None
        short = short | (loop.served.shortfall_kw > _SHORT_FRAC * loop.heat_kw)
    return short


def _float(
    facility: Facility, wiring: Wiring, boundary: Boundary, found: Settled, short: np.ndarray
) -> Settled:
    """The same plant with loops that float in the steps in which one of them falls short."""
    where = np.flatnonzero(short.any(axis=0) if short.ndim == 2 else np.atleast_1d(short))
    hours = short.shape[-1] if short.ndim else 1
    # One moment, or a load and a weather that never change; and stores, whose steps are a chain.
    if hours == 1 or _remembers(found):
        hours = int(np.size(boundary.air.dry_bulb_c))
        where = np.arange(hours)
    units = _held_units(found.loops, found.point)
    part = _at(boundary, where, hours)
    there = Point(
        *(_at(value, where, hours) for value in (found.point.supply, found.point.path_kw, units))
    )
    floated = _passes(
        facility,
        wiring.within(part.air, part.here(), lambda value: _at(value, where, hours)),
        part,
        there,
        _root,
        _FLOAT_PASSES,
        _FLOAT_TOLERANCE_K,
    ).point

    # Only where this design falls short itself, so that its answer is the same in any batch.
    falls = short[..., where] if hours > 1 and len(where) < hours else short

    def back(new: Mapping[str, Array], old: Mapping[str, Array]) -> dict[str, Array]:
        kept = {name: _at(old.get(name, 0.0), where, hours) for name in new}
        return {
            name: put_steps(np.where(falls, new[name], kept[name]), old.get(name, 0.0), where, hours)
            for name in new
        }

    point = Point(
        back(floated.supply, found.point.supply),
        back(floated.path_kw, found.point.path_kw),
        units,
    )
    return _closed(facility, wiring, boundary, point)


def _remembers(found: Settled) -> bool:
    """Whether any stage keeps heat from one step to the next."""
    served = (loop.served for loop in found.loops.values())
    return any(s.store is not None for one in served if one is not None for s in one.services)


def _at(value: Any, where: np.ndarray, hours: int) -> Any:
    """Some steps of a value of shape (), (hours,), (designs, 1) or (designs, hours), or of all
    values of a mapping, the air or the boundary."""
    if isinstance(value, Mapping):
        return {name: _at(item, where, hours) for name, item in value.items()}
    if isinstance(value, (Air, Boundary, Place)):
        return replace(
            value, **{f.name: _at(getattr(value, f.name), where, hours) for f in fields(value)}
        )
    return at_steps(value, where, hours)


def _root(
    facility: Facility,
    wiring: Wiring,
    loop: LoopFlows,
    aim: Array,
    point: Point,
    reached: Mapping[str, Array],
) -> Array:
    """The least temperature at or above the setpoint at which the stages remove all heat.

    A bracket from a few steps up, then secants from below (shortfall falls with temperature, mostly
    bending away from the secant), halving wherever a secant leaves the bracket.
    """
    xp = namespace(aim, loop.heat_kw)
    aim = _closed_form(facility, wiring, loop, aim, point, reached) + 0.0 * loop.heat_kw
    enough_kw = 1e-12 * loop.heat_kw

    def short_kw(at_c: Array) -> Array:
        temperatures = {**point.supply, **reached, loop.circuit.name: at_c}
        served = serve_loop(loop, wiring, replace(point, supply=temperatures)).served
        assert served is not None
        return xp.where(served.shortfall_kw > enough_kw, served.shortfall_kw, 0.0)

    first_kw = short_kw(aim)
    held = first_kw <= _SHORT_FRAC * loop.heat_kw
    if np.all(held):
        return aim
    before_c = low_c = high_c = aim
    before_kw = low_kw = high_kw = first_kw
    for step_k in _STEPS_K:
        above = high_kw > 0
        before_c, before_kw = xp.where(above, low_c, before_c), xp.where(above, low_kw, before_kw)
        low_c, low_kw = xp.where(above, high_c, low_c), xp.where(above, high_kw, low_kw)
        high_c = xp.where(above, aim + step_k, high_c)
        high_kw = xp.where(above, short_kw(high_c), high_kw)
        if not np.any(high_kw > 0):
            break
    for _ in range(_ROOT_STEPS):
        fall = before_kw - low_kw
        # Once found, an answer stays, however long other steps or designs still search.
        search = ~_found(high_kw, low_c, high_c)
        secant_c = low_c + low_kw * (low_c - before_c) / xp.where(fall > 0, fall, 1.0)
        # Secants come from below only; the last of them must step over the root.
        secant_c = xp.maximum(secant_c, low_c + 0.5 * _ROOT_K)
        inside = (fall > 0) & (secant_c > low_c) & (secant_c < high_c)
        next_c = xp.where(inside, secant_c, 0.5 * (low_c + high_c))
        next_kw = short_kw(next_c)
        below = search & (next_kw > 0)
        before_c, before_kw = xp.where(below, low_c, before_c), xp.where(below, low_kw, before_kw)
        low_c, low_kw = xp.where(below, next_c, low_c), xp.where(below, next_kw, low_kw)
        high_c = xp.where(below | ~search, high_c, next_c)
        if np.all(held | _found(high_kw, low_c, high_c)):
            break
    return xp.where(held, aim, high_c)


def _found(high_kw: Array, low_c: Array, high_c: Array) -> Array:
    """Where the bracket is as narrow as it must be, or no temperature serves the loop."""
    return (high_kw > 0) | (high_c - low_c < _ROOT_K)
