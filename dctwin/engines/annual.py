"""The annual clock: a whole year as arrays over (designs, hours).

Order: weather -> IT -> heat down the loops -> temperatures back up -> power paths -> on-site
sources -> ledger. Heat and temperatures are joined by a few passes of a fixed point that contracts
by about a hundredth a pass (a kelvin of condenser water changes the heat to reject by some 0.3 %).
"""

from __future__ import annotations

import numpy as np

from dctwin.design import Facility
from dctwin.engines.feeds import FeedFlows
from dctwin.engines.heat import INLET, Boundary, LoopFlows, RackFlows, heat_flows, serve_rest
from dctwin.engines.posting import post_facility
from dctwin.engines.year import Year
from dctwin.ledger import Ledger
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import Wiring, reach_c

MAX_PASSES = 12
PLAIN_PASSES = 3
TOLERANCE_K = 1e-9
# Temperatures that a pass started from, and those that it ended with.
Earlier = tuple[dict[str, Array], dict[str, Array]]


def run_year(facility: Facility, boundary: Boundary) -> Year:
    """Simulate a facility, or a stack of facilities of one topology, over the boundary's steps.

    Raises ComputationError when the books do not close to 1e-9 at every node and step.
    """
    # A feeder past its greatest power gives no number; the ledger refuses it and says where.
    with np.errstate(invalid="ignore"):
        wiring = Wiring(facility, boundary.here())
        setpoint = {c.name: c.loop.setpoint_c(boundary.air) for c in facility.circuits}
        supply, racks, loops, feeds = settle(facility, wiring, boundary, setpoint)
        year = Year(Ledger(boundary.step_h))
        post_facility(year, facility, boundary, supply, setpoint, racks, loops, feeds)
    year.closure = year.ledger.check()
    return year


def settle(
    facility: Facility, wiring: Wiring, boundary: Boundary, setpoint: dict[str, Array]
) -> tuple[dict[str, Array], list[RackFlows], dict[str, LoopFlows], list[FeedFlows]]:
    """Find supply temperatures at which heat and temperatures agree; serve every loop there."""
    supply = dict(setpoint)
    breathed = {group.air for group in facility.racks}
    for circuit in facility.circuits:
        if circuit.name in breathed:
            loop, kw = circuit.loop, circuit.loop.design_heat_kw
            inlet_c = loop.inlet_c(setpoint[circuit.name], kw, loop.flow_kw_per_k(kw))
            supply[circuit.name + INLET] = inlet_c
    earlier: Earlier | None = None
    for number in range(MAX_PASSES):
        racks, feeds, loops = heat_flows(facility, wiring, boundary, supply)
        reached = _temperatures(facility, wiring, boundary, setpoint, supply, loops)
        # An hour that agrees in all its loops is left alone, so that its answer does not depend on
        # how long other hours, or other designs of a batch, still move.
        moving = _moving(supply, reached)
        xp = namespace(moving)
        if xp is np and not np.any(moving):
            break
        ahead = _ahead(supply, reached, earlier) if number >= PLAIN_PASSES else reached
        earlier = supply, reached
        supply = {name: xp.where(moving, ahead[name], supply[name]) for name in supply}
    else:
        racks, feeds, loops = heat_flows(facility, wiring, boundary, supply)
    return supply, racks, serve_rest(loops, wiring, boundary, supply), feeds


def _ahead(
    supply: dict[str, Array], reached: dict[str, Array], earlier: Earlier | None
) -> dict[str, Array]:
    """Where the passes tend to: Anderson's mixing of the last two, hour by hour over all loops.

    Racks that throttle answer a kelvin with a change of heat of several per cent, so that plain
    passes creep, swing, or never end; the secant through two of them ends them.
    """
    if earlier is None:
        return reached
    gaps = {name: reached[name] - supply[name] for name in supply}
    turns = {name: gaps[name] - (earlier[1][name] - earlier[0][name]) for name in supply}
    along = sum(turns[name] * gaps[name] for name in supply)
    across = sum(turns[name] * turns[name] for name in supply)
    xp = namespace(along, across)
    # An hour that did not turn is settled; a share beyond these bounds would leap too far.
    back = xp.clip(along / xp.maximum(across, TOLERANCE_K * TOLERANCE_K), -4.0, 0.98)
    return {name: reached[name] - back * (reached[name] - earlier[1][name]) for name in supply}


def _moving(supply: dict[str, Array], reached: dict[str, Array]) -> Array:
    """Where any loop's temperature still changes by TOLERANCE_K or more."""
    moving: Array = False
    for name in supply:
        moving = moving | (abs(reached[name] - supply[name]) >= TOLERANCE_K)
    return moving


def _temperatures(
    facility: Facility,
    wiring: Wiring,
    boundary: Boundary,
    setpoint: dict[str, Array],
    supply: dict[str, Array],
    loops: dict[str, LoopFlows],
) -> dict[str, Array]:
    """Supply temperatures from the air up to the racks: the setpoint, or what can be reached.

    A loop with one stage floats to where that stage removes all heat. A loop with several keeps its
    setpoint, and what the last one leaves over is a shortfall.
    """
    reached: dict[str, Array] = {}
    for circuit in reversed(facility.circuits):
        loop = loops[circuit.name]
        aim = setpoint[circuit.name]
        if len(circuit.stages) > 1:
            reached[circuit.name] = aim
            continue
        device = circuit.stages[0]
        flow: Array = 0.0
        if device.sink:
            flow = wiring.sink_flow_kw_per_k(circuit, device.sink, loop.heat_kw)
        duty = wiring.duty(
            circuit,
            device,
            loop.heat_kw,
            supply[circuit.name],
            loop.flow_kw_per_k,
            boundary.air,
            reached.get(device.sink, 0.0),
            flow,
        )
        coldest = reach_c(device, duty)
        reached[circuit.name] = namespace(aim, coldest).maximum(aim, coldest)
    for name, loop in loops.items():
        if name + INLET in supply:
            inlet_c = loop.circuit.loop.inlet_c(reached[name], loop.heat_kw, loop.flow_kw_per_k)
            reached[name + INLET] = inlet_c
    return reached
