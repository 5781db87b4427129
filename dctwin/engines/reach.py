"""Where the supply of one loop settles by itself: at its setpoint, or as little above as it can.

One stage says in closed form how cold it gets. A chain that falls short has none: the temperature
at which its stages together remove all heat is searched; see docs/decisions/0002.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dctwin.banks import reach_c
from dctwin.engines.flows import LoopFlows, Point
from dctwin.engines.heat import serve_loop
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import Wiring

# Steps up from the setpoint in search of a temperature that serves a loop, of which the last is
# held where nothing does: such a loop has no steady state, and what its stages leave over there is
# a shortfall.
_STEPS_K = (0.5, 2.0, 6.0, 15.0, 30.0, 60.0)
_ROOT_STEPS, _ROOT_K = 24, 1e-10
# Least distance of a trial from the ends of the bracket, how much further it is after one in vain,
# and the share of the bracket at which a slope is looked for.
_BESIDE_K, _FURTHER, _NEAR_FRAC = 0.5 * _ROOT_K, 1000.0, 0.05
# What is left over of a served loop is less than this share of its heat.
SHORT_FRAC = 1e-9


def closed_form(
    wiring: Wiring,
    loop: LoopFlows,
    aim_c: Array,
    point: Point,
    reached: Mapping[str, Array],
) -> Array:
    """The setpoint, or what a loop's only stage can reach."""
    circuit = loop.circuit
    if len(circuit.stages) > 1:
        return aim_c
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
    return namespace(aim_c, coldest).maximum(aim_c, coldest)


def root(
    wiring: Wiring,
    loop: LoopFlows,
    aim_c: Array,
    point: Point,
    reached: Mapping[str, Array],
) -> Array:
    """The least temperature at or above the setpoint at which the stages remove all heat.

    A bracket from a few steps up, then secants from below, as above nothing is short. Shortfall
    falls with temperature, often straight, so that a secant that steps over the root leaves it just
    below: the next trial is beside that end, then further from it, up to half of the bracket.
    """
    xp = namespace(aim_c, loop.heat_kw)
    aim_c = closed_form(wiring, loop, aim_c, point, reached) + 0.0 * loop.heat_kw
    enough_kw = 1e-12 * loop.heat_kw

    def short_kw(at_c: Array) -> Array:
        temperatures = {**point.supply, **reached, loop.circuit.name: at_c}
        served = serve_loop(loop, wiring, replace(point, supply=temperatures)).served
        assert served is not None
        return xp.where(served.shortfall_kw > enough_kw, served.shortfall_kw, 0.0)

    first_kw = short_kw(aim_c)
    held = first_kw <= SHORT_FRAC * loop.heat_kw
    if np.all(held):
        return aim_c
    before_c = low_c = high_c = aim_c
    before_kw = low_kw = high_kw = first_kw
    for step_k in _STEPS_K:
        above = high_kw > 0
        before_c, before_kw = xp.where(above, low_c, before_c), xp.where(above, low_kw, before_kw)
        low_c, low_kw = xp.where(above, high_c, low_c), xp.where(above, high_kw, low_kw)
        high_c = xp.where(above, aim_c + step_k, high_c)
        high_kw = xp.where(above, short_kw(high_c), high_kw)
        if not np.any(high_kw > 0):
            break
    beside_k = xp.full(np.shape(high_c), _BESIDE_K)
    for _ in range(_ROOT_STEPS):
        fall = before_kw - low_kw
        # Once found, an answer stays, however long other steps or designs still search.
        search = ~_found(high_kw, low_c, high_c)
        # One point has no secant: another is taken near it.
        secant_c = low_c + low_kw * (low_c - before_c) / xp.where(fall > 0, fall, 1.0)
        secant_c = xp.where(fall > 0, secant_c, low_c + _NEAR_FRAC * (high_c - low_c))
        # Secants come from below; the last of them must step over the root.
        secant_c = xp.maximum(secant_c, low_c + _BESIDE_K)
        beside_c = xp.maximum(high_c - beside_k, 0.5 * (low_c + high_c))
        over = secant_c >= beside_c
        next_c = xp.where(over, beside_c, secant_c)
        next_kw = short_kw(next_c)
        below = search & (next_kw > 0)
        before_c, before_kw = xp.where(below, low_c, before_c), xp.where(below, low_kw, before_kw)
        low_c, low_kw = xp.where(below, next_c, low_c), xp.where(below, next_kw, low_kw)
        high_c = xp.where(below | ~search, high_c, next_c)
        beside_k = xp.where(over & (next_kw <= 0), _FURTHER * beside_k, _BESIDE_K)
        if np.all(held | _found(high_kw, low_c, high_c)):
            break
    return xp.where(held, aim_c, high_c)


def _found(high_kw: Array, low_c: Array, high_c: Array) -> Array:
    """Where the bracket is as narrow as it must be, or no temperature serves the loop."""
    return (high_kw > 0) | (high_c - low_c < _ROOT_K)
