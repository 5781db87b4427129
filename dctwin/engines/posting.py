"""Writing what happened into the ledger, node by node, from the racks to the grid."""

from __future__ import annotations

from dctwin.banks import carry, range_limits
from dctwin.components.component import Limit, inside
from dctwin.components.it.classes import AIR_CLASS_C, LIQUID_CLASS_C
from dctwin.components.it.rack import INLET_RANGE_C, PLATE_FLOW_FRAC, Rack
from dctwin.design import Facility
from dctwin.engines.feeds import main_draw_kw
from dctwin.engines.flows import Boundary, RackFlows
from dctwin.engines.passes import Settled
from dctwin.engines.post_cooling import TOLERANCE_K, post_loop
from dctwin.engines.post_onsite import post_onsite
from dctwin.engines.post_power import (
    first_node,
    post_feeds,
    post_path,
    taken_fracs,
    watch_power,
)
from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array, namespace


def post_facility(year: Year, facility: Facility, boundary: Boundary, found: Settled) -> None:
    """Write the settled year into the ledger, node by node, from the racks to the grid."""
    ledger, supply = year.ledger, found.point.supply
    for rack in found.racks:
        _post_rack(year, rack)
    mechanical_kw: Array = facility.lighting_kw
    ledger.post("electricity", "bus.mechanical", "lighting", facility.lighting_kw, "lighting")
    place = f"loop.{facility.lighting_heat_to}" if facility.lighting_heat_to else "ambient"
    ledger.post("heat", "lighting", place, facility.lighting_kw)
    for name, loop in found.loops.items():
        mechanical_kw = mechanical_kw + post_loop(
            year, loop, boundary.air, supply[name], found.setpoint[name], facility.water_source
        )
    if not year.lean:
        _watch_makeup(year, facility, boundary, found)
        for charge in facility.charges:
            year.traces[f"{charge.place}.vapour_loss_kg_per_year"] = charge.loss_kg_per_year
    post_feeds(year, found.feeds, boundary.air.dry_bulb_c)
    it_draw = main_draw_kw(found.feeds)
    drawn, mechanical = carry(facility.mechanical_path, mechanical_kw)
    total, shared = carry(facility.shared_path, it_draw + drawn)
    taken = taken_fracs([*mechanical, *shared], found.point.path_kw)
    mech_draw = post_path(year, "mechanical", mechanical, "bus.mechanical", mechanical_kw, taken)
    ledger.post(
        "electricity",
        "bus.main",
        first_node("mechanical", mechanical, "bus.mechanical"),
        mech_draw,
    )
    post_path(year, "shared", shared, "bus.main", it_draw + drawn, taken)
    post_onsite(year, facility, boundary, total, first_node("shared", shared, "bus.main"))


def _watch_makeup(year: Year, facility: Facility, boundary: Boundary, found: Settled) -> None:
    """Flag make-up from the sea at a site without one."""
    if "sea" in boundary.place.waters:
        return
    for name, loop in found.loops.items():
        assert loop.served is not None
        for device, service in zip(loop.circuit.stages, loop.served.services, strict=True):
            source, water = device.control.water_source or facility.water_source, service.water
            if source == "sea" and water is not None:
                drawn = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s > 0
                note = "the site has no sea that make-up could come from"
                limit = Limit("sea_missing_frac", 1.0 * drawn, "-", note)
                year.flags.append(Flag(f"{name}.{device.name}", limit))


def _post_rack(year: Year, rack: RackFlows) -> None:
    ledger, group, power = year.ledger, rack.group, rack.power
    node = f"rack.{group.name}"
    source = f"bus.{group.feed}"
    for step in rack.supply:
        stage = f"{node}.{step.device.name}"
        ledger.post("electricity", source, stage, step.input_kw)
        ledger.post(
            "heat", stage, f"loop.{group.supply_loop}", step.loss_kw, step.device.component.account
        )
        watch_power(year, stage, step, group.device.count)
        source = stage
    ledger.post("electricity", source, node, power.compute_kw, "it.compute")
    ledger.post("electricity", source, node, power.fans_kw, "it.fans")
    ledger.post("heat", node, f"loop.{group.air}", power.air_kw)
    if group.liquid:
        ledger.post("heat", node, f"loop.{group.liquid}", power.liquid_kw)
    _watch_rack(year, node, rack)


def _watch_rack(year: Year, node: str, rack: RackFlows) -> None:
    """Traces of a group of racks, and flags where its limits are passed."""
    if year.lean:
        return
    group = rack.group
    one: Rack = group.device.component
    # A rack wholly in liquid has no fans that answer the inlet.
    breathes = one.liquid_frac < 1

    def flag(name: str, beyond: Array, unit: str) -> None:
        year.flags.append(Flag(node, Limit(name, beyond, unit)))

    year.traces[f"{node}.inlet_c"] = rack.inlet_c
    reported = {"inlet_c": rack.inlet_c}
    year.traces[f"{node}.throttled_frac"] = rack.throttled_frac
    flag("air_inlet_c", inside(rack.inlet_c, *INLET_RANGE_C) * breathes, "K")
    flag("throttled_frac", rack.throttled_frac, "-")
    if one.air_class != "none":
        allowed_c = AIR_CLASS_C[one.air_class]
        flag("air_class_c", inside(rack.inlet_c, *allowed_c) * breathes, "K")
    if rack.case_c is not None:
        liquid = (rack.coolant_c, rack.case_c, rack.coolant_frac)
        reported |= dict(zip(("coolant_c", "case_c", "coolant_flow_frac"), liquid, strict=True))
    year.flags.extend(Flag(node, limit) for limit in range_limits(group.device, reported))
    if rack.case_c is None:
        return
    year.traces[f"{node}.case_c"] = rack.case_c
    year.traces[f"{node}.coolant_flow_frac"] = rack.coolant_frac
    xp = namespace(rack.case_c)
    over_k = rack.case_c - one.case_limit_c
    flag("case_c", xp.where(over_k > TOLERANCE_K, over_k, 0.0), "K")
    flow_beyond = inside(rack.coolant_frac, *PLATE_FLOW_FRAC) * (one.case_flow_frac > 0)
    flag("coolant_flow_frac", flow_beyond, "-")
    if rack.water_c is not None:
        most_c = LIQUID_CLASS_C[one.liquid_class]
        flag("liquid_class_c", xp.maximum(rack.water_c - most_c, 0.0), "K")
