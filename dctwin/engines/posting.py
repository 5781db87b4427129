"""Writing what happened into the ledger, node by node, from the racks to the grid."""

from __future__ import annotations

from collections.abc import Mapping

from dctwin.components.component import Limit, inside
from dctwin.components.it.rack import INLET_C
from dctwin.design import Facility
from dctwin.engines.heat import Boundary, RackFlows
from dctwin.engines.post_cooling import post_loop
from dctwin.engines.post_onsite import post_onsite
from dctwin.engines.post_power import first_node, post_path, taken_fracs, watch_power
from dctwin.engines.settle import Settled
from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array
from dctwin.plant import PathStep, carry


def post_facility(
    year: Year,
    facility: Facility,
    boundary: Boundary,
    found: Settled,
) -> None:
    """Write the settled year into the ledger, node by node, from the racks to the grid."""
    ledger, supply = year.ledger, found.point.supply
    racks, it_steps = found.racks, found.it_steps
    it_kw = sum(rack.draw_kw for rack in racks)
    for rack in racks:
        _post_rack(year, rack, supply)
    mechanical_kw: Array = facility.lighting_kw
    ledger.post("electricity", "bus.mechanical", "lighting", facility.lighting_kw, "lighting")
    place = f"loop.{facility.lighting_heat_to}" if facility.lighting_heat_to else "ambient"
    ledger.post("heat", "lighting", place, facility.lighting_kw)
    for name, loop in found.loops.items():
        mechanical_kw = mechanical_kw + post_loop(
            year, loop, boundary.air, supply[name], found.setpoint[name], facility.water_source
        )
    it_draw = post_path(year, "it", it_steps, "bus.it", it_kw)
    drawn, mechanical = carry(facility.mechanical_path, mechanical_kw)
    total, shared = carry(facility.shared_path, it_draw + drawn)
    taken = taken_fracs([*mechanical, *shared], found.point.path_kw)
    mech_draw = post_path(year, "mechanical", mechanical, "bus.mechanical", mechanical_kw, taken)
    feeds = {first_node("it", it_steps, "bus.it"): it_draw}
    feeds[first_node("mechanical", mechanical, "bus.mechanical")] = mech_draw
    post_path(year, "shared", shared, "bus.main", it_draw + drawn, taken)
    for node, value in feeds.items():
        ledger.post("electricity", "bus.main", node, value)
    post_onsite(year, facility, boundary, total, first_node("shared", shared, "bus.main"))


def _post_rack(year: Year, rack: RackFlows, supply: Mapping[str, Array]) -> None:
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
        watch_power(year, stage, one)
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
