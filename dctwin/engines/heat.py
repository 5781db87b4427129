"""Heat on its way from the racks down the loops, at given supply temperatures.

Both clocks evaluate these functions: the annual engine on whole years, the transient engine on one
moment after another.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dctwin.banks import PathStep, carry
from dctwin.components.component import ratio
from dctwin.components.cooling.loop import Loop
from dctwin.components.cooling.pump import PumpPower
from dctwin.components.cooling.room_air import RoomAir, room_air
from dctwin.components.it.rack import RackPower
from dctwin.design import Circuit, Facility, RackGroup
from dctwin.engines.feeds import FeedFlows, feed_flows, main_draw_kw
from dctwin.engines.flows import INLET, Boundary, HeatFlows, LoopFlows, Point, RackFlows
from dctwin.physics.arrays import Array, known, namespace, steady
from dctwin.plant import Wiring, staged_units


def heat_flows(
    facility: Facility,
    wiring: Wiring,
    boundary: Boundary,
    point: Point,
    before: HeatFlows | None = None,
    until: str = "",
) -> HeatFlows:
    """Heat from the racks down the loops at this point.

    Loops that reject to the air only are not served yet, as nothing else depends on how they do it:
    `serve_rest` does that once, when the temperatures have settled.
    before  flows at another point: what depends on none of the temperatures that differ is kept
    until   the loop to stop at, which is not served: what comes after it is left out
    """
    differ = _differ(point, before)
    racks = []
    for number, group in enumerate(facility.racks):
        felt = {group.air + INLET, group.liquid, *wiring.classed_loops(group)}
        if before is not None and not differ & felt:
            racks.append(before.racks[number])
        else:
            racks.append(rack_flows(group, wiring, boundary, point.supply))
    warmer = set()  # loops that get other heat than before
    same = before is not None and all(map(operator.is_, racks, before.racks))
    if before is not None and same and not _changed(point.path_kw, before.point.path_kw):
        feeds, given_kw = before.feeds, before.given_kw
    else:
        feeds, given_kw = sources(facility, racks, boundary, point.path_kw)
        warmer = {n for n, kw in given_kw.items() if before is None or not _same(kw, before, n)}
    source = dict(given_kw)
    loops: dict[str, LoopFlows] = {}
    for circuit in facility.circuits:
        name = circuit.name
        cooled = {device.cools for device in circuit.stages}
        near = {name, *cooled, *(device.sink for device in circuit.stages)}
        known_before = before is not None and name in before.loops
        kept = known_before and not warmer & {name, *cooled} and not differ & near
        if before is not None and kept:
            loop = before.loops[name]
        else:
            loop = loop_flows(
                circuit,
                source[name],
                boundary,
                room=room_flows(circuit, boundary, source[name], point.supply),
                units=point.units.get(name),
            )
        if name == until:
            loops[name] = loop
            break
        if any(device.sink for device in circuit.stages):
            if not kept:
                loop = serve_loop(cooling(loop, source), wiring, point)
                warmer |= near - {name}
            hand_on(loop, source)
        loops[name] = loop
    return HeatFlows(point, racks, feeds, loops, given_kw)


def _differ(point: Point, before: HeatFlows | None) -> set[str]:
    """Temperatures of a point, and loops with staged banks, that are not those of before."""
    if before is None:
        return set()
    staged = (point.units.keys() | before.point.units.keys()) if point.units else set()
    return _changed(point.supply, before.point.supply) | staged


def _same(given_kw: Array, before: HeatFlows, name: str) -> bool:
    """Whether a loop is given the heat that it was given before."""
    given = given_kw, before.given_kw[name]
    return known(*given) and bool(np.all(np.equal(*given)))


def _changed(new: Mapping[str, Array], old: Mapping[str, Array]) -> set[str]:
    return {name for name, value in new.items() if value is not old.get(name)}


def cooling(loop: LoopFlows, source: Mapping[str, Array]) -> LoopFlows:
    """The loop with the heat of those that its stages make cold for."""
    cold = {device.cools: source[device.cools] for device in loop.circuit.stages if device.cools}
    return replace(loop, cold_kw=cold) if cold else loop


def hand_on(loop: LoopFlows, source: dict[str, Array]) -> None:
    """Give what the stages reject to the sources of their sinks, and take off what they cool."""
    assert loop.served is not None
    for device, service in zip(loop.circuit.stages, loop.served.services, strict=True):
        if device.sink:
            source[device.sink] = source[device.sink] + service.reject_kw
        if device.cools:
            source[device.cools] = source[device.cools] - service.cold_kw


def serve_rest(
    loops: Mapping[str, LoopFlows], wiring: Wiring, point: Point
) -> dict[str, LoopFlows]:
    """The loops with those served that reject to the air only."""
    return {
        name: loop if loop.served is not None else serve_loop(loop, wiring, point)
        for name, loop in loops.items()
    }


def mechanical_kw(facility: Facility, loops: Mapping[str, LoopFlows]) -> Array:
    """Electricity of lights, pumps and served stages."""
    total: Array = facility.lighting_kw
    for loop in loops.values():
        if loop.pump is not None:
            total = total + loop.pump.electric_kw
        if loop.room is not None:
            total = total + loop.room.humidifier.electric_kw
        if loop.served is not None:
            for service in loop.served.services:
                for power_kw in service.power_kw.values():
                    total = total + power_kw
    return total


def path_heat_kw(
    facility: Facility, feeds: list[FeedFlows], loops: Mapping[str, LoopFlows]
) -> dict[str, Array]:
    """Losses of the mechanical and the shared path that warm loops."""
    drawn_kw, mechanical = carry(facility.mechanical_path, mechanical_kw(facility, loops))
    _, shared = carry(facility.shared_path, main_draw_kw(feeds) + drawn_kw)
    heat: dict[str, Array] = {}
    for step in (*mechanical, *shared):
        if step.device.heat_to:
            heat[step.device.heat_to] = heat.get(step.device.heat_to, 0.0) + step.loss_kw
    return heat


def paths_warm_loops(facility: Facility) -> bool:
    """Whether a loss of the mechanical or the shared path goes to a loop."""
    return any(device.heat_to for device in (*facility.mechanical_path, *facility.shared_path))


def sources(
    facility: Facility,
    racks: list[RackFlows],
    boundary: Boundary,
    path_kw: Mapping[str, Array],
) -> tuple[list[FeedFlows], dict[str, Array]]:
    """The racks' feeds at work, and the heat that racks, paths and lights give to each loop."""
    drawn: dict[str, Array] = {}
    for rack in racks:
        name = rack.group.feed
        drawn[name] = drawn[name] + rack.draw_kw if name in drawn else rack.draw_kw
    feeds = feed_flows(facility, drawn, boundary)
    heat: dict[str, Array] = {c.name: path_kw.get(c.name, 0.0) for c in facility.circuits}
    for rack in racks:
        heat[rack.group.air] = heat[rack.group.air] + rack.power.air_kw
        if rack.group.liquid:
            heat[rack.group.liquid] = heat[rack.group.liquid] + rack.power.liquid_kw
        for step in rack.supply:
            heat[rack.group.supply_loop] = heat[rack.group.supply_loop] + step.loss_kw
    for step in (step for feed in feeds for step in feed.steps):
        if step.device.heat_to:
            heat[step.device.heat_to] = heat[step.device.heat_to] + step.loss_kw
    if facility.lighting_heat_to:
        name = facility.lighting_heat_to
        heat[name] = heat[name] + facility.lighting_kw
    return feeds, heat


def load_frac(group: RackGroup, local_hour: Any) -> Array:
    """Load of the group in each step: its mean times the profile of the local hour."""
    xp = namespace(*group.daily_profile_frac)
    profile = xp.stack(xp.broadcast_arrays(*group.daily_profile_frac))
    if known(profile) and xp.all(profile == 1.0):
        return group.load_frac
    if profile.ndim == 1:
        by_hour = profile[local_hour]
    elif profile.ndim == 2:  # pairs of designs and steps
        by_hour = np.take_along_axis(profile, local_hour[None], 0)[0]
    else:
        by_hour = profile[:, :, 0].T[:, local_hour]
    return group.load_frac * by_hour


def most_liquid_kw(
    group: RackGroup, wiring: Wiring, supply: Mapping[str, Array], load: Array
) -> Array:
    """Heat [kW] that one rack of the group can give to its coolant, settled, cases at the limit."""
    coolant = wiring.coolant_kw_per_k(group)
    return group.device.component.most_liquid_kw(load, plate_c(group, wiring, supply), coolant)


def plate_c(group: RackGroup, wiring: Wiring, supply: Mapping[str, Array]) -> Array:
    """Temperature of the coolant at the group's cold plates."""
    loop: Loop = wiring.circuits[group.liquid].loop
    return loop.plate_c(supply[group.liquid])


def rack_flows(
    group: RackGroup,
    wiring: Wiring,
    boundary: Boundary,
    supply: Mapping[str, Array],
    most_kw: Array | None = None,
) -> RackFlows:
    """Electricity and heat of all racks of a group, within their limits.

    `most_kw` is the heat that a rack's coolant takes; default what it takes when all is settled.
    """
    rack, count = group.device.component, group.device.count
    asked = load_frac(group, boundary.local_hour)
    inlet_c = supply[group.air + INLET]
    if group.liquid and most_kw is None:
        most_kw = most_liquid_kw(group, wiring, supply, asked)
    water_c = classed_water_c(group, wiring, supply)
    if water_c is not None:
        classed_kw = rack.classed_liquid_kw(water_c)
        most_kw = namespace(most_kw, classed_kw).minimum(most_kw, classed_kw)
    load = steady(rack.allowed_load(asked, inlet_c, np.inf if most_kw is None else most_kw))
    one = rack.power(load, inlet_c, boundary.altitude_density_frac)
    coolant_c, case_c, coolant_frac = None, None, None
    if group.liquid:
        rate = wiring.coolant_kw_per_k(group)(one.liquid_kw)
        coolant_frac = rack.coolant_flow_frac(rate)
        coolant_c = plate_c(group, wiring, supply)
        case_c = coolant_c + one.liquid_kw * rack.plate_k_per_kw(rate)
    draw_kw, steps = carry(group.supply, one.compute_kw + one.fans_kw)
    return RackFlows(
        group,
        RackPower(*(value * count for value in one)),
        [
            PathStep(
                s.device,
                s.input_kw * count,
                s.output_kw * count,
                s.loss_kw * count,
                s.on_count * count,
            )
            for s in steps
        ],
        draw_kw * count,
        inlet_c,
        1.0 - ratio(one.compute_kw, rack.compute_kw(asked)),
        coolant_c,
        case_c,
        coolant_frac,
        water_c,
    )


def classed_water_c(group: RackGroup, wiring: Wiring, supply: Mapping[str, Array]) -> Array | None:
    """The warmest water that the group's liquid class speaks of; None without a class."""
    warmest: Array | None = None
    for name in wiring.classed_loops(group):
        water_c = supply[name]
        warmest = (
            water_c if warmest is None else namespace(warmest, water_c).maximum(warmest, water_c)
        )
    return warmest


def room_flows(
    circuit: Circuit, boundary: Boundary, source_kw: Array, supply: Mapping[str, Array]
) -> RoomAir | None:
    """Ventilation and moisture of a room; None for any other loop."""
    loop = circuit.loop
    if not ventilated(circuit):
        return None
    coils = [supply[device.sink] for device in circuit.stages if device.sink]
    coil_c: Array | None = None
    for water_c in coils:
        coil_c = water_c if coil_c is None else namespace(coil_c, water_c).minimum(coil_c, water_c)
    return room_air(
        loop.ventilation_m3_s,
        loop.humidifier,
        loop.dew_point_min_c,
        boundary.air,
        supply[circuit.name] + loop.rise_k,
        coil_c,
        source_kw,
    )


def ventilated(circuit: Circuit) -> bool:
    """Whether outdoor air enters this loop beside its stages."""
    flow_m3_s = circuit.loop.ventilation_m3_s
    return not known(flow_m3_s) or bool(np.any(np.asarray(flow_m3_s) > 0))


def loop_flows(
    circuit: Circuit,
    source_kw: Array,
    boundary: Boundary,
    running: bool = True,
    room: RoomAir | None = None,
    units: Mapping[str, Array] | None = None,
    before: Mapping[str, Array] | None = None,
) -> LoopFlows:
    """A loop's flow and pump for the heat of its sources; standing still when not running.

    units and before are those of `Wiring.serve_chain`.
    """
    air = boundary.air
    if room is not None:
        source_kw = source_kw + room.gain_kw + room.humidifier.electric_kw - room.loss_kw
    flow_kw_per_k = circuit.loop.flow_kw_per_k(source_kw, air.dry_bulb_c) if running else 0.0
    flow_m3_s = flow_kw_per_k / circuit.loop.volume_kj_per_m3_k(air.pressure_pa)
    if circuit.pump is None:
        return LoopFlows(
            circuit, source_kw, None, source_kw, flow_kw_per_k, flow_m3_s, None, room=room
        )
    on = staged_units(circuit.pump, flow_m3_s, units, before)
    one, count = circuit.pump.component, circuit.pump.count
    if on is None:
        power = one.power(flow_m3_s / count)
    else:
        power = one.power(flow_m3_s / on, flow_m3_s / (count * one.design_flow_m3_s))
    pump = PumpPower(*(value * (count if on is None else on) for value in power))
    heat_kw = source_kw + pump.shaft_kw
    return LoopFlows(circuit, source_kw, pump, heat_kw, flow_kw_per_k, flow_m3_s, None, on, room)


def serve_loop(loop: LoopFlows, wiring: Wiring, point: Point) -> LoopFlows:
    """The loop with all of its heat offered to its stages at this point."""
    circuit = loop.circuit
    return_c = circuit.loop.return_c(point.supply[circuit.name], loop.heat_kw, loop.flow_kw_per_k)
    sinks = {device.sink for device in circuit.stages if device.sink}
    sink_flow = {s: wiring.sink_flow_kw_per_k(circuit, s, loop.heat_kw) for s in sinks}
    served = wiring.serve_chain(
        circuit,
        loop.heat_kw,
        return_c,
        loop.flow_kw_per_k,
        point.supply,
        sink_flow,
        loop.cold_kw,
        point.units.get(circuit.name),
    )
    return replace(loop, served=served)
