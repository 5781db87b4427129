"""Where heat and temperatures of a plant agree: the steady state of every step at once.

Passes of a fixed point (passes.py). A loop with one stage floats to where that stage removes all
heat, in closed form. In steps in which a loop falls short all the same, which are few or none in a
sound design, a second round looks for the supply temperature at which its stages together remove
all heat; see docs/decisions/0002.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dctwin.design import Facility
from dctwin.engines.flows import INLET, Boundary, HeatFlows, Point
from dctwin.engines.heat import heat_flows, serve_rest
from dctwin.engines.part import Part, Problem, joined
from dctwin.engines.passes import (
    FLOATING,
    HOLDING,
    Settled,
    begun,
    chained,
    chosen,
    closed,
    held_point,
    passes,
)
from dctwin.engines.reach import SHORT_FRAC
from dctwin.physics.arrays import Array, known, namespace
from dctwin.plant import Wiring


def settle(facility: Facility, wiring: Wiring, boundary: Boundary) -> Settled:
    """Find supply temperatures at which heat and temperatures agree; serve every loop there."""
    problem = Problem(facility, wiring, boundary)
    return settle_blocks([problem], problem)[0]


def settle_blocks(blocks: list[Problem], whole: Problem) -> list[Settled]:
    """Blocks of designs settled one after another, in cache; what falls short in all of them at
    once, as that is little. `whole` holds the designs of all blocks, in their order."""
    found = [_held(block) for block in blocks]
    shorts = [_short(one) for one in found]
    # While JAX compiles, the steps in which loops fall short cannot be told: they keep setpoints.
    if not known(shorts[0]) or not any(np.any(short) for short in shorts):
        return found
    plain = namespace(*shorts) is np and whole.mask(shorts[0]).ndim > 0
    if chained(whole.facility) or not plain:
        triples = zip(blocks, found, shorts, strict=True)
        return [_float_together(*triple) if np.any(triple[2]) else triple[1] for triple in triples]
    return _float_apart(blocks, whole, found, shorts)


def _held(problem: Problem) -> Settled:
    """The plant with each loop at its setpoint, or at what its only stage can reach."""
    start, before = _follow_load(problem, _start(problem.facility, problem.boundary))
    found = passes(problem, begun(Point(start)), start, HOLDING, before)
    return _served(found, problem.wiring)


def holding_loops(problem: Problem) -> frozenset[str]:
    """Loops whose stages hold their setpoints in all steps, as far as those that they reject to
    do."""
    found = _held(problem)
    setpoint = found.setpoint
    return frozenset(
        name for name in setpoint if np.all(found.point.supply[name] == setpoint[name])
    )


def _served(found: Settled, wiring: Wiring) -> Settled:
    """With the loops served that reject to the air only."""
    return replace(found, loops=serve_rest(found.loops, wiring, found.point))


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


def _follow_load(
    problem: Problem, start: dict[str, Array]
) -> tuple[dict[str, Array], HeatFlows | None]:
    """The start with the setpoints that follow a load at the load that there is, and the flows
    which tell that: otherwise the first pass would be lost on them."""
    facility, wiring, boundary, _, _ = problem
    before = None
    for circuit in facility.circuits:
        if circuit.loop.reset == "load":
            flows = heat_flows(facility, wiring, boundary, Point(start), before, circuit.name)
            served = dict(flows.loops)
            load = circuit.loop.load_frac(served.pop(circuit.name).source_kw)
            start = {**start, circuit.name: circuit.loop.setpoint_c(boundary.air, load)}
            before = replace(flows, loops=served) if known(load) else None
    return start, before


# --- loops that fall short --------------------------------------------------------------------


def _short(found: Settled) -> Array:
    """Steps in which any loop leaves heat over."""
    short: Array = False
    for loop in found.loops.values():
        assert loop.served is not None
        short = short | (loop.served.shortfall_kw > SHORT_FRAC * loop.heat_kw)
    return short


def _float_apart(
    blocks: list[Problem], whole: Problem, found: list[Settled], shorts: list[Array]
) -> list[Settled]:
    """Blocks with loops that float in the steps in which one of them falls short.

    Only there, so that a design's answer is the same in any batch.
    """
    found = [replace(one, point=held_point(one)) for one in found]
    masks = [block.mask(short) for block, short in zip(blocks, shorts, strict=True)]
    parts = [Part(mask) for mask in masks]
    everywhere = masks[0] if len(masks) == 1 else np.concatenate(list(map(np.atleast_2d, masks)))
    problem = Part(everywhere).problem(whole)
    points = [part.taken(one.point) for part, one in zip(parts, found, strict=True)]
    point = joined(points, [len(part) for part in parts])
    floats = _served(passes(problem, begun(point), point.supply, FLOATING), problem.wiring)
    settled, first = [], 0
    for part, one in zip(parts, found, strict=True):
        span = slice(first, first + len(part))
        settled.append(part.put_back(one, floats, span) if len(part) else one)
        first = span.stop
    return settled


def _float_together(problem: Problem, found: Settled, short: Array) -> Settled:
    """The same at one moment; and with stores, whose steps are a chain."""
    point = held_point(found)
    floated = passes(problem, begun(point), point.supply, FLOATING).point
    supply = chosen(short, floated.supply, point.supply)
    path_kw = chosen(short, floated.path_kw, point.path_kw)
    return closed(problem, Point(supply, path_kw, point.units))
