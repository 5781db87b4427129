"""Writing what happened into the ledger, node by node, from the racks to the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dctwin.components.component import Limit, Service, inside, ratio
from dctwin.components.it.rack import INLET_C
from dctwin.design import Device, Facility
from dctwin.engines.heat import Boundary, LoopFlows, RackFlows
from dctwin.ledger import Ledger
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import PathStep, carry, range_limits

# A supply this close to its setpoint holds it.
TOLERANCE_K = 1e-6


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
    closure: Mapping[str, float] = field(default_factory=dict)


def post_facility(
    year: Year,
    facility: Facility,
    boundary: Boundary,
    supply: dict[str, Array],
    setpoint: dict[str, Array],
    racks: list[RackFlows],
    loops: dict[str, LoopFlows],
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


def _post_path(year: Year, path: str, steps: list[PathStep], end: str, load_kw: Array) -> Array:
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


def _post_rack(year: Year, rack: RackFlows, supply: dict[str, Array]) -> None:
    ledger, group, power = year.ledger, rack.group, rack.power
    node = f"rack.{group.name}"
    source = "bus.it"
    for step in rack.supply:
        stage = f"{node}.{step.device.name}"
        ledger.post("electricity", source, stage, step.input_kw)
        ledger.post("heat", stage, f"loop.{group.air}", step.loss_kw, step.device.component.account)
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
    # A rack wholly in liquid has no fans that answer the inlet.
    breathes = group.device.component.liquid_frac < 1
    beyond = inside(supply[group.air], INLET_C[0], INLET_C[-1]) * breathes
    year.flags.append(Flag(node, Limit("air_inlet_c", beyond, "K")))


def _post_loop(
    year: Year, loop: LoopFlows, supply: dict[str, Array], setpoint: dict[str, Array]
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
    # Temperatures are settled to a billionth of a kelvin; what that leaves over is met.
    unmet_k = xp.where(unmet_k > TOLERANCE_K, unmet_k, 0.0)
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
    ledger.post(
        "heat", node, f"loop.{device.sink}" if device.sink else "ambient", service.reject_kw
    )
    if service.water is not None:
        water = service.water
        total = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s
        ledger.post("water", "water.main", node, total)
        ledger.post("water", node, "water.atmosphere", water.evaporation_kg_s, "evaporation")
        ledger.post("water", node, "water.atmosphere", water.drift_kg_s, "drift")
        ledger.post("water", node, "water.drain", water.blowdown_kg_s, "blowdown")
    for name, values in service.traces.items():
        year.traces[f"{node}.{name}"] = values
    for limit in (*service.limits, *range_limits(device, service.traces, service.heat_kw > 0)):
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
