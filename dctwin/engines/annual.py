"""The annual clock: a whole year as arrays over (designs, hours).

Order: weather -> IT -> heat down the loops -> temperatures back up -> power paths -> on-site
sources -> ledger. Heat and temperatures are joined by a few passes of a fixed point that contracts
by about a hundredth a pass (a kelvin of condenser water changes the heat to reject by some 0.3 %).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dctwin.components.component import Air, Limit, Service, inside, ratio
from dctwin.components.cooling.pump import PumpPower
from dctwin.components.it.rack import INLET_C, RackPower
from dctwin.design import Circuit, Device, Facility, RackGroup
from dctwin.ledger import Ledger
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import PathStep, Served, Wiring, carry, range_limits, reach_c

MAX_PASSES = 12
TOLERANCE_K = 1e-9


@dataclass(frozen=True)
class Boundary:
    """What surrounds the facility, one value a step: arrays of shape (hours,)."""

    air: Air
    local_hour: Any  # whole hours 0-23, local standard time
    step_h: float
    pv_yield_frac: Array = 0.0


@dataclass(frozen=True)
class Flag:
    """A limit that was passed: where, what, and how far beyond in each step."""

    place: str
    limit: Limit


@dataclass
class Year:
    """A simulated year: the ledger, named hourly traces, and the limits that were watched."""

    ledger: Ledger
    traces: dict[str, Array] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)


@dataclass(frozen=True)
class _RackYear:
    group: RackGroup
    power: RackPower  # all racks of the group
    supply: list[PathStep]
    draw_kw: Array


@dataclass(frozen=True)
class _LoopYear:
    circuit: Circuit
    source_kw: Array
    pump: PumpPower | None
    heat_kw: Array
    flow_kw_per_k: Array
    flow_m3_s: Array
    served: Served | None


def run_year(facility: Facility, boundary: Boundary) -> Year:
    """Simulate a facility, or a stack of facilities of one topology, over the boundary's steps.

    Raises ComputationError when the books do not close to 1e-9 at every node and step.
    """
    wiring = Wiring(facility)
    setpoint = {c.name: c.loop.setpoint_c(boundary.air) for c in facility.circuits}
    supply, racks, loops, it_steps = _settle(facility, wiring, boundary, setpoint)
    year = Year(Ledger(boundary.step_h))
    _post(year, facility, wiring, boundary, supply, setpoint, racks, loops, it_steps)
    year.ledger.check()
    return year


def _settle(
    facility: Facility, wiring: Wiring, boundary: Boundary, setpoint: dict[str, Array]
) -> tuple[dict[str, Array], list[_RackYear], dict[str, _LoopYear], list[PathStep]]:
    """Find supply temperatures at which heat and temperatures agree; serve every loop there."""
    supply = dict(setpoint)
    for _ in range(MAX_PASSES):
        racks, it_steps, loops = _heat(facility, wiring, boundary, supply, final=False)
        reached = _temperatures(facility, wiring, boundary, setpoint, supply, loops)
        change = max(_largest(reached[name] - supply[name]) for name in supply)
        supply = reached
        if change < TOLERANCE_K:
            break
    racks, it_steps, loops = _heat(facility, wiring, boundary, supply, final=True)
    return supply, racks, loops, it_steps


def _largest(change: Array) -> float:
    """Largest change, to stop early; under a JAX trace all passes are made."""
    if namespace(change) is not np:
        return float("inf")
    return float(np.max(np.abs(change)))


def _heat(
    facility: Facility,
    wiring: Wiring,
    boundary: Boundary,
    supply: dict[str, Array],
    final: bool,
) -> tuple[list[_RackYear], list[PathStep], dict[str, _LoopYear]]:
    """Heat from the racks down the loops at these supply temperatures.

    Before the final pass, loops that reject only to the air need not be served: nobody else
    depends on how they do it.
    """
    racks = [_rack(group, boundary, supply) for group in facility.racks]
    it_load = sum(rack.draw_kw for rack in racks)
    _, it_steps = carry(facility.it_path, it_load)
    source: dict[str, Array] = {circuit.name: 0.0 for circuit in facility.circuits}
    for rack in racks:
        source[rack.group.air] = source[rack.group.air] + rack.power.air_kw
        if rack.group.liquid:
            source[rack.group.liquid] = source[rack.group.liquid] + rack.power.liquid_kw
        for step in rack.supply:
            source[rack.group.air] = source[rack.group.air] + step.loss_kw
    for step in it_steps:
        if step.device.heat_to:
            source[step.device.heat_to] = source[step.device.heat_to] + step.loss_kw
    if facility.lighting_heat_to:
        name = facility.lighting_heat_to
        source[name] = source[name] + facility.lighting_kw
    loops: dict[str, _LoopYear] = {}
    for circuit in facility.circuits:
        loop = _loop(circuit, source[circuit.name], boundary)
        sinks = {device.sink for device in circuit.stages if device.sink}
        if sinks or final or len(circuit.stages) > 1:
            loop = _serve(loop, wiring, boundary, supply, sinks)
            assert loop.served is not None
            for device, service in zip(circuit.stages, loop.served.services, strict=True):
                if device.sink:
                    source[device.sink] = source[device.sink] + service.reject_kw
        loops[circuit.name] = loop
    return racks, it_steps, loops


def _rack(group: RackGroup, boundary: Boundary, supply: dict[str, Array]) -> _RackYear:
    profile = np.asarray(group.daily_profile_frac)
    load: Array = group.load_frac
    if np.any(profile != 1.0):
        load = load * profile[..., 0, boundary.local_hour] if profile.ndim == 3 else (
            load * profile[boundary.local_hour]
        )
    one = group.device.component.power(load, supply[group.air])
    count = group.device.count
    power = RackPower(*(value * count for value in one))
    draw_kw, steps = carry(group.supply, (one.compute_kw + one.fans_kw) * 1.0)
    steps = [
        PathStep(s.device, s.input_kw * count, s.output_kw * count, s.loss_kw * count)
        for s in steps
    ]
    return _RackYear(group, power, steps, draw_kw * count)


def _loop(circuit: Circuit, source_kw: Array, boundary: Boundary) -> _LoopYear:
    flow_kw_per_k = circuit.loop.flow_kw_per_k(source_kw)
    flow_m3_s = flow_kw_per_k / circuit.loop.volume_kj_per_m3_k(boundary.air.pressure_pa)
    pump = None
    heat_kw = source_kw
    if circuit.pump is not None:
        count = circuit.pump.count
        pump = PumpPower(
            *(value * count for value in circuit.pump.component.power(flow_m3_s / count))
        )
        heat_kw = source_kw + pump.shaft_kw
    return _LoopYear(circuit, source_kw, pump, heat_kw, flow_kw_per_k, flow_m3_s, None)


def _serve(
    loop: _LoopYear,
    wiring: Wiring,
    boundary: Boundary,
    supply: dict[str, Array],
    sinks: set[str],
) -> _LoopYear:
    circuit = loop.circuit
    return_c = circuit.loop.return_c(supply[circuit.name], loop.heat_kw, loop.flow_kw_per_k)
    sink_flow = {s: wiring.sink_flow_kw_per_k(circuit, s, loop.heat_kw) for s in sinks}
    served = wiring.serve_chain(
        circuit, loop.heat_kw, return_c, loop.flow_kw_per_k, boundary.air, supply, sink_flow
    )
    return _LoopYear(
        circuit, loop.source_kw, loop.pump, loop.heat_kw, loop.flow_kw_per_k, loop.flow_m3_s, served
    )


def _temperatures(
    facility: Facility,
    wiring: Wiring,
    boundary: Boundary,
    setpoint: dict[str, Array],
    supply: dict[str, Array],
    loops: dict[str, _LoopYear],
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
    return reached


def _post(
    year: Year,
    facility: Facility,
    wiring: Wiring,
    boundary: Boundary,
    supply: dict[str, Array],
    setpoint: dict[str, Array],
    racks: list[_RackYear],
    loops: dict[str, _LoopYear],
    it_steps: list[PathStep],
) -> None:
    """Write the settled year into the ledger, node by node, from the racks to the grid."""
    ledger = year.ledger
    it_kw = sum(rack.draw_kw for rack in racks)
    for rack in racks:
        _post_rack(year, rack, supply)
    mechanical_kw: Array = facility.lighting_kw
    ledger.post("electricity", "bus.mechanical", "lighting", facility.lighting_kw, "lighting")
    place = f"loop.{facility.lighting_heat_to}" if facility.lighting_heat_to else "ambient"
    ledger.post("heat", "lighting", place, facility.lighting_kw)
    for loop in loops.values():
        mechanical_kw = mechanical_kw + _post_loop(year, loop, supply, setpoint)
    it_draw = _post_path(year, "it", it_steps, "bus.it", it_kw)
    drawn, steps = carry(facility.mechanical_path, mechanical_kw)
    mech_draw = _post_path(year, "mechanical", steps, "bus.mechanical", mechanical_kw)
    feeds = {_first_node("it", it_steps, "bus.it"): it_draw}
    feeds[_first_node("mechanical", steps, "bus.mechanical")] = mech_draw
    total, steps = carry(facility.shared_path, it_draw + drawn)
    _post_path(year, "shared", steps, "bus.main", it_draw + drawn)
    for node, value in feeds.items():
        ledger.post("electricity", "bus.main", node, value)
    _post_onsite(year, facility, boundary, total, _first_node("shared", steps, "bus.main"))


def _first_node(path: str, steps: list[PathStep], end: str) -> str:
    return f"power.{path}.{steps[0].device.name}" if steps else end


def _post_path(
    year: Year, path: str, steps: list[PathStep], end: str, load_kw: Array
) -> Array:
    """Post a path from its first device to `end`; the flow into the first one is the caller's."""
    for index, step in enumerate(steps):
        node = f"power.{path}.{step.device.name}"
        follower = steps[index + 1].device.name if index + 1 < len(steps) else None
        target = f"power.{path}.{follower}" if follower else end
        year.ledger.post("electricity", node, target, step.output_kw)
        heat_to = f"loop.{step.device.heat_to}" if step.device.heat_to else "ambient"
        year.ledger.post("heat", node, heat_to, step.loss_kw, step.device.component.account)
        _watch_power(year, node, step)
    return steps[0].input_kw if steps else load_kw


def _watch_power(year: Year, node: str, step: PathStep) -> None:
    unit_kw = step.output_kw / step.device.count
    year.traces[f"{node}.load_frac"] = step.device.component.load_frac(unit_kw)
    for limit in step.device.component.limits(unit_kw):
        year.flags.append(Flag(node, limit))


def _post_rack(year: Year, rack: _RackYear, supply: dict[str, Array]) -> None:
    ledger, group, power = year.ledger, rack.group, rack.power
    node = f"rack.{group.name}"
    source = "bus.it"
    for step in rack.supply:
        stage = f"{node}.{step.device.name}"
        ledger.post("electricity", source, stage, step.input_kw)
        ledger.post(
            "heat", stage, f"loop.{group.air}", step.loss_kw, step.device.component.account
        )
        one = PathStep(
            step.device,
            step.input_kw / group.device.count,
            step.output_kw / group.device.count,
            step.loss_kw / group.device.count,
        )
        _watch_power(year, stage, one)
        source = stage
    ledger.post("electricity", source, node, power.compute_kw, "it.compute")
    ledger.post("electricity", source, node, power.fans_kw, "it.fans")
    ledger.post("heat", node, f"loop.{group.air}", power.air_kw)
    if group.liquid:
        ledger.post("heat", node, f"loop.{group.liquid}", power.liquid_kw)
    beyond = inside(supply[group.air], INLET_C[0], INLET_C[-1])
    year.flags.append(Flag(node, Limit("air_inlet_c", beyond, "K")))


def _post_loop(
    year: Year, loop: _LoopYear, supply: dict[str, Array], setpoint: dict[str, Array]
) -> Array:
    """Post a loop, its pump and its stages; returns the electricity they draw."""
    ledger, circuit = year.ledger, loop.circuit
    name, node = circuit.name, f"loop.{circuit.name}"
    used_kw: Array = 0.0
    if loop.pump is not None and circuit.pump is not None:
        pump = f"{name}.{circuit.pump.name}"
        account = f"cooling.pump.{name}"
        ledger.post("electricity", "bus.mechanical", pump, loop.pump.electric_kw, account)
        ledger.post("heat", pump, node, loop.pump.shaft_kw)
        ledger.post("heat", pump, "ambient", loop.pump.loss_kw)
        used_kw = used_kw + loop.pump.electric_kw
        design_m3_s = circuit.pump.component.design_flow_m3_s * circuit.pump.count
        flow_frac = loop.flow_m3_s / design_m3_s
        year.traces[f"{pump}.flow_frac"] = flow_frac
        year.flags.append(Flag(pump, Limit("flow_frac", inside(flow_frac, 0.0, 1.0), "-")))
    served = loop.served
    assert served is not None
    for device, service in zip(circuit.stages, served.services, strict=True):
        used_kw = used_kw + _post_stage(year, name, device, service)
    ledger.post("heat", node, "shortfall", served.shortfall_kw)
    actual_c = supply[name] + ratio(served.shortfall_kw, loop.flow_kw_per_k)
    year.traces[f"{node}.supply_c"] = actual_c
    year.traces[f"{node}.return_c"] = actual_c + ratio(loop.heat_kw, loop.flow_kw_per_k)
    year.traces[f"{node}.flow_m3_s"] = loop.flow_m3_s
    xp = namespace(actual_c)
    above_limit = xp.maximum(actual_c - circuit.loop.supply_limit_c, 0.0)
    short_k = ratio(served.shortfall_kw, loop.flow_kw_per_k)
    unmet_k = xp.maximum(above_limit, short_k)
    year.flags.append(Flag(node, Limit("unmet_k", unmet_k, "K")))
    year.traces["unmet_k"] = xp.maximum(year.traces.get("unmet_k", 0.0), unmet_k)
    above = xp.maximum(actual_c - setpoint[name] - TOLERANCE_K, 0.0)
    if circuit.loop.follow == "nothing":
        year.flags.append(Flag(node, Limit("supply_above_setpoint_c", above, "K")))
    return used_kw


def _post_stage(year: Year, loop: str, device: Device, service: Service) -> Array:
    """Post a stage; returns the electricity it draws."""
    ledger = year.ledger
    node = f"{loop}.{device.name}"
    ledger.post("heat", f"loop.{loop}", node, service.heat_kw)
    used_kw: Array = 0.0
    for end_use, power_kw in service.power_kw.items():
        ledger.post("electricity", "bus.mechanical", node, power_kw, f"cooling.{end_use}")
        used_kw = used_kw + power_kw
    ledger.post("heat", node, f"loop.{device.sink}" if device.sink else "ambient", service.reject_kw)
    if service.water is not None:
        water = service.water
        total = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s
        ledger.post("water", "water.main", node, total)
        ledger.post("water", node, "water.atmosphere", water.evaporation_kg_s, "evaporation")
        ledger.post("water", node, "water.atmosphere", water.drift_kg_s, "drift")
        ledger.post("water", node, "water.drain", water.blowdown_kg_s, "blowdown")
    for name, values in service.traces.items():
        year.traces[f"{node}.{name}"] = values
    for limit in (*service.limits, *range_limits(device, service.traces)):
        year.flags.append(Flag(node, limit))
    return used_kw


def _post_onsite(
    year: Year, facility: Facility, boundary: Boundary, load_kw: Array, first: str
) -> None:
    """On-site sources and the grid at the facility bus."""
    ledger, bus = year.ledger, "bus.facility"
    xp = namespace(load_kw, boundary.pv_yield_frac)
    pv_kw: Array = 0.0 * load_kw
    if facility.pv is not None:
        one_kw = facility.pv.component.output_kw(boundary.pv_yield_frac)
        pv_kw = one_kw * facility.pv.count + 0.0 * load_kw
    surplus_kw = xp.maximum(pv_kw - load_kw, 0.0)
    deficit_kw = xp.maximum(load_kw - pv_kw, 0.0)
    if facility.battery is not None:
        count = facility.battery.count
        flows = facility.battery.component.steady(
            surplus_kw / count, deficit_kw / count, boundary.step_h
        )
        node = "storage.battery"
        ledger.post("electricity", bus, node, flows.charge_kw * count)
        ledger.post("electricity", node, bus, flows.discharge_kw * count)
        ledger.post("heat", node, "ambient", flows.loss_kw * count, "power.battery_loss")
        ledger.store(node, flows.stored_kw * count)
        year.traces[f"{node}.energy_kwh"] = flows.energy_kwh * count
        surplus_kw = xp.maximum(surplus_kw - flows.charge_kw * count, 0.0)
        deficit_kw = xp.maximum(deficit_kw - flows.discharge_kw * count, 0.0)
    export_kw = surplus_kw if facility.export else 0.0 * surplus_kw
    curtailed_kw = surplus_kw - export_kw
    ledger.post("electricity", "sun", bus, pv_kw - curtailed_kw)
    ledger.post("electricity", "grid", bus, deficit_kw)
    ledger.post("electricity", bus, "grid", export_kw)
    ledger.post("electricity", bus, first, load_kw)
    year.traces["onsite.curtailed_kw"] = curtailed_kw
