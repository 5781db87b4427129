"""Loops, pumps and stages into the ledger: heat on its way out, electricity and water it takes."""

from __future__ import annotations

from dctwin.banks import range_limits
from dctwin.components.component import Air, Limit, Service, inside, ratio
from dctwin.components.cooling.room_air import RoomAir
from dctwin.design import Device
from dctwin.engines.flows import LoopFlows
from dctwin.engines.year import Flag, Year
from dctwin.physics import moist_air
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.boiling import boiling_fluid
from dctwin.physics.fluids import fluid, freezing_point_c

# Where a stage without a sink loop sends its heat.
OUTSIDE = {"air": "ambient", "reuse": "reuse"}

# Where make-up comes from: the ledger's place of each source.
WATER = {"potable": "water.main", "reclaimed": "water.reclaimed", "sea": "water.sea"}
_SWEATS = "water condenses on a coil that must stay dry"
# A supply this close to its setpoint holds it.
TOLERANCE_K = 1e-6


def post_loop(
    year: Year,
    loop: LoopFlows,
    air: Air,
    supply_c: Array,
    setpoint_c: Array,
    water_source: str,
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
    if loop.room is not None:
        used_kw = used_kw + _post_room(year, loop, loop.room, WATER[water_source])
    served = loop.served
    assert served is not None
    for device, service in zip(circuit.stages, served.services, strict=True):
        used_kw = used_kw + _post_stage(
            year, name, device, service, WATER[device.control.water_source or water_source]
        )
        if year.lean:
            continue
        if device.component.fluid_outdoors:
            _watch_frost(year, f"{name}.{device.name}", circuit.loop.fluid, air)
        coil_c = device.component.dry_coil_c(service.traces)
        if coil_c is not None and loop.room is not None:
            works = service.heat_kw > 0
            _watch_coil(year, f"{name}.{device.name}", coil_c, works, loop.room, air)
    ledger.post("heat", node, "shortfall", served.shortfall_kw)
    _watch_loop(year, loop, supply_c, setpoint_c)
    return used_kw


def _watch_pump(year: Year, node: str, loop: LoopFlows) -> None:
    pump = loop.circuit.pump
    if year.lean or pump is None:
        return
    flow_frac = loop.flow_m3_s / (pump.component.design_flow_m3_s * pump.count)
    year.traces[f"{node}.flow_frac"] = flow_frac
    if loop.pumps_count is not None:
        year.traces[f"{node}.units_count"] = loop.pumps_count
    year.flags.append(Flag(node, Limit("flow_frac", inside(flow_frac, 0.0, 1.0), "-")))


def _watch_loop(year: Year, loop: LoopFlows, supply_c: Array, setpoint_c: Array) -> None:
    """What is unmet of a loop, its temperatures, and flags where it leaves its bounds."""
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
    year.traces[f"{node}.supply_c"] = actual_c
    year.traces[f"{node}.return_c"] = actual_c + ratio(loop.heat_kw, loop.flow_kw_per_k)
    year.traces[f"{node}.flow_m3_s"] = loop.flow_m3_s
    if circuit.loop.phase == "two":
        quality = circuit.loop.exit_quality(loop.heat_kw, loop.flow_kw_per_k)
        year.traces[f"{node}.exit_quality_frac"] = quality
        beyond = inside(quality, 0.0, circuit.loop.dry_out_quality_frac)
        year.flags.append(Flag(node, Limit("exit_quality_frac", beyond, "-")))
    year.flags.append(Flag(node, Limit("unmet_k", unmet_k, "K")))
    above = xp.maximum(actual_c - setpoint_c - TOLERANCE_K, 0.0)
    if circuit.loop.fluid != "air":
        boils = circuit.loop.phase == "two"
        liquid = boiling_fluid(circuit.loop.fluid) if boils else fluid(circuit.loop.fluid)
        beyond = inside(actual_c, liquid.min_c, liquid.max_c)
        year.flags.append(Flag(node, Limit("fluid_c", beyond, "K")))
    if circuit.loop.follow in ("nothing", "boiling") and circuit.loop.reset == "nothing":
        year.flags.append(Flag(node, Limit("supply_above_setpoint_c", above, "K")))


def _watch_frost(year: Year, node: str, liquid: str, air: Air) -> None:
    """Flag the steps in which outdoor air could freeze a fluid that stands in a coil outdoors."""
    freezing_c = freezing_point_c(liquid)
    if freezing_c is not None:
        xp = namespace(air.dry_bulb_c)
        beyond = xp.maximum(freezing_c - air.dry_bulb_c, 0.0)
        year.flags.append(Flag(node, Limit("freezing_c", beyond, "K")))


def _watch_coil(
    year: Year, node: str, coil_c: Array, works: Array, room: RoomAir, air: Air
) -> None:
    """Flag the steps in which a coil that must stay dry is colder than the dew point of its air.

    The room's dew point is what its coldest coil leaves it with, so a coil that sets it is measured
    against the air that ventilation brings.
    """
    dew_c = room.dew_point_c()
    brought_c = moist_air.dew_point_c(air.humidity_kg_per_kg, air.pressure_pa)
    xp = namespace(coil_c, dew_c, brought_c)
    dries = (room.condensate_kg_s > 0) & (coil_c <= dew_c + TOLERANCE_K)
    beyond = xp.maximum(xp.where(dries, brought_c, dew_c) - coil_c, 0.0)
    year.flags.append(Flag(node, Limit("dew_point_c", works * beyond, "K", _SWEATS)))


def _post_room(year: Year, loop: LoopFlows, room: RoomAir, water_place: str) -> Array:
    """Post ventilation and moisture of a room; returns the electricity of its humidifier."""
    ledger, entry = year.ledger, loop.circuit.loop
    node = f"loop.{loop.circuit.name}"
    ledger.post("heat", "ambient", node, room.gain_kw)
    ledger.post("heat", node, "ambient", room.loss_kw)
    ledger.post("water", "water.atmosphere", node, room.condensate_kg_s)
    ledger.post("water", node, "water.drain", room.condensate_kg_s, "condensate")
    used_kw: Array = 0.0
    if entry.humidifier != "none":
        used_kw, evaporated, drained = room.humidifier
        ledger.post("electricity", "bus.mechanical", node, used_kw, "cooling.humidifier")
        ledger.post("water", water_place, node, evaporated + drained)
        ledger.post("water", node, "water.atmosphere", evaporated, "evaporation")
        ledger.post("water", node, "water.drain", drained, "blowdown")
    if year.lean:
        return used_kw
    dew_c = room.dew_point_c()
    year.traces[f"{node}.dew_point_c"] = dew_c
    beyond = inside(dew_c, entry.dew_point_min_c, entry.dew_point_max_c)
    year.flags.append(Flag(node, Limit("dew_point_c", beyond, "K")))
    return used_kw


def _post_stage(year: Year, loop: str, device: Device, service: Service, water_place: str) -> Array:
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
    if service.water is not None:
        water = service.water
        ledger.post("water", "water.body", node, water.withdrawn_kg_s)
        ledger.post("water", node, "water.body", water.withdrawn_kg_s, "withdrawal")
        total = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s
        ledger.post("water", water_place, node, total)
        ledger.post("water", node, "water.atmosphere", water.evaporation_kg_s, "evaporation")
        ledger.post("water", node, "water.atmosphere", water.drift_kg_s, "drift")
        ledger.post("water", node, "water.drain", water.blowdown_kg_s, "blowdown")
    if year.lean:
        return used_kw
    if service.store is not None:
        year.traces[f"{node}.charge_kwh"] = service.store.charge_kwh
    for name, values in service.traces.items():
        year.traces[f"{node}.{name}"] = values
    for limit in (*service.limits, *range_limits(device, service.traces, service.heat_kw > 0)):
        year.flags.append(Flag(node, limit))
    return used_kw
