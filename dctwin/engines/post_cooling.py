"""Loops, pumps and stages into the ledger: heat on its way out, electricity and water it takes."""

from __future__ import annotations

from dctwin.components.component import Limit, Service, inside, ratio
from dctwin.design import Device
from dctwin.engines.heat import LoopFlows
from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import range_limits

# Where a stage without a sink loop sends its heat.
OUTSIDE = {"air": "ambient", "reuse": "reuse"}

# A supply this close to its setpoint holds it.
TOLERANCE_K = 1e-6


def post_loop(
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
        _watch_pump(year, pump, loop)
    served = loop.served
    assert served is not None
    for device, service in zip(circuit.stages, served.services, strict=True):
        used_kw = used_kw + _post_stage(year, name, device, service)
    ledger.post("heat", node, "shortfall", served.shortfall_kw)
    _watch_loop(year, loop, supply[name], setpoint[name])
    return used_kw


def _watch_pump(year: Year, node: str, loop: LoopFlows) -> None:
    pump = loop.circuit.pump
    if year.lean or pump is None:
        return
    flow_frac = loop.flow_m3_s / (pump.component.design_flow_m3_s * pump.count)
    year.traces[f"{node}.flow_frac"] = flow_frac
    year.flags.append(Flag(node, Limit("flow_frac", inside(flow_frac, 0.0, 1.0), "-")))


def _watch_loop(year: Year, loop: LoopFlows, supply_c: Array, setpoint_c: Array) -> None:
    """Temperatures of a loop, what is unmet, and flags where it leaves its bounds."""
    circuit, served, node = loop.circuit, loop.served, f"loop.{loop.circuit.name}"
    assert served is not None
    short_k = ratio(served.shortfall_kw, loop.flow_kw_per_k)
    actual_c = supply_c + short_k
    xp = namespace(actual_c)
    above_limit = xp.maximum(actual_c - circuit.loop.supply_limit_c, 0.0)
    unmet_k = xp.maximum(above_limit, short_k)
    # Temperatures are settled to a billionth of a kelvin; what that leaves over is met.
    unmet_k = xp.where(unmet_k > TOLERANCE_K, unmet_k, 0.0)
    year.traces["unmet_k"] = xp.maximum(year.traces.get("unmet_k", 0.0), unmet_k)
    if year.lean:
        return
    year.flags.append(Flag(node, Limit("unmet_k", unmet_k, "K")))
    year.traces[f"{node}.supply_c"] = actual_c
    year.traces[f"{node}.return_c"] = actual_c + ratio(loop.heat_kw, loop.flow_kw_per_k)
    year.traces[f"{node}.flow_m3_s"] = loop.flow_m3_s
    if circuit.loop.phase == "two":
        quality = circuit.loop.exit_quality(loop.heat_kw, loop.flow_kw_per_k)
        year.traces[f"{node}.exit_quality_frac"] = quality
        beyond = inside(quality, 0.0, circuit.loop.dry_out_quality_frac)
        year.flags.append(Flag(node, Limit("exit_quality_frac", beyond, "-")))
    above = xp.maximum(actual_c - setpoint_c - TOLERANCE_K, 0.0)
    if circuit.loop.follow in ("nothing", "boiling"):
        year.flags.append(Flag(node, Limit("supply_above_setpoint_c", above, "K")))


def _post_stage(year: Year, loop: str, device: Device, service: Service) -> Array:
    """Post a stage; returns the electricity it draws."""
    ledger = year.ledger
    node = f"{loop}.{device.name}"
    ledger.post("heat", f"loop.{loop}", node, service.heat_kw)
    used_kw: Array = 0.0
    for end_use, power_kw in service.power_kw.items():
        ledger.post("electricity", "bus.mechanical", node, power_kw, f"cooling.{end_use}")
        used_kw = used_kw + power_kw
    place = f"loop.{device.sink}" if device.sink else OUTSIDE[device.component.rejects_to]
    ledger.post("heat", node, place, service.reject_kw)
    if device.cools:
        ledger.post("heat", f"loop.{device.cools}", node, service.cold_kw)
    if service.store is not None:
        ledger.post("heat", node, f"loop.{loop}", service.store.returned_kw)
        ledger.post("heat", "ambient", node, service.store.gained_kw)
        ledger.store(node, service.store.stored_kw)
        year.traces[f"{node}.charge_kwh"] = service.store.charge_kwh
    if service.water is not None:
        water = service.water
        ledger.post("water", "water.body", node, water.withdrawn_kg_s)
        ledger.post("water", node, "water.body", water.withdrawn_kg_s, "withdrawal")
        total = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s
        ledger.post("water", "water.main", node, total)
        ledger.post("water", node, "water.atmosphere", water.evaporation_kg_s, "evaporation")
        ledger.post("water", node, "water.atmosphere", water.drift_kg_s, "drift")
        ledger.post("water", node, "water.drain", water.blowdown_kg_s, "blowdown")
    if year.lean:
        return used_kw
    for name, values in service.traces.items():
        year.traces[f"{node}.{name}"] = values
    for limit in (*service.limits, *range_limits(device, service.traces, service.heat_kw > 0)):
        year.flags.append(Flag(node, limit))
    return used_kw
