"""On-site sources, stores and the grid into the ledger, at the facility bus."""

from __future__ import annotations

from dctwin.components.component import Limit, ratio
from dctwin.components.onsite.electrolyser import WATER_KG_PER_KG, Electrolyser
from dctwin.design import Facility
from dctwin.dispatch.hours import Hours
from dctwin.dispatch.operate import HydrogenFlows, Operation, operate
from dctwin.engines.flows import Boundary
from dctwin.engines.generation import onsite_generation
from dctwin.engines.post_gensets import (
    heat_wanted_kw,
    post_cell_heat,
    post_gensets,
    watch_starts,
)
from dctwin.engines.post_power import post_battery
from dctwin.engines.year import Flag, Year
from dctwin.ledger import SHED
from dctwin.physics.arrays import Array, added
from dctwin.units import SECONDS_PER_HOUR

_BUS = "bus.facility"


def post_onsite(
    year: Year, facility: Facility, boundary: Boundary, load_kw: Array, first: str
) -> None:
    """On-site sources, stores and the grid at the facility bus."""
    ledger, plant, stores = year.ledger, facility.onsite, facility.onsite.stores()
    # A load that is the same in all steps still stands in each of them.
    load_kw = load_kw + 0.0 * boundary.air.dry_bulb_c
    made = {source: kw + 0.0 * load_kw for source, kw in onsite_generation(plant, boundary).items()}
    made_kw: Array = added(made.values())
    hours = Hours(
        load_kw=load_kw if stores.battery is None else load_kw + stores.battery.auxiliary_kw,
        own_kw=made_kw,
        step_h=boundary.step_h,
        air_c=boundary.air.dry_bulb_c,
        price_per_kwh=boundary.price_per_kwh,
        export_price_per_kwh=boundary.export_price_per_kwh,
        demand_price_per_kw=boundary.demand_price_per_kw,
        carbon_kg_per_kwh=boundary.carbon_kg_per_kwh,
        grid_available=boundary.grid_available,
        connection_kw=plant.connection_kw,
        export=plant.export,
        export_limit_kw=boundary.export_limit_kw,
    )
    done = operate(plant.policy, stores, hours, plant.banks())
    wanted_kw: Array = 0.0
    if done.hydrogen is not None or done.gensets:
        wanted_kw = heat_wanted_kw(facility, boundary.place.year_frac)
    if done.gensets:
        wanted_kw = post_gensets(year, done.gensets, wanted_kw + 0.0 * load_kw)
        watch_starts(year, facility, done.gensets, done.battery)
    if done.battery is not None and plant.battery is not None:
        post_battery(year, plant.battery, done.battery, "storage.battery", _BUS, hours.air_c)
    if done.hydrogen is not None:
        _post_hydrogen(year, stores.electrolyser, done.hydrogen, wanted_kw)
    used_frac = 1.0 - ratio(done.curtailed_kw, made_kw) if made else 0.0
    for source, kw in made.items():
        ledger.post("electricity", source, _BUS, kw * used_frac)
    ledger.post("electricity", "grid", _BUS, done.import_kw)
    ledger.post("electricity", _BUS, "grid", done.export_kw)
    ledger.post("electricity", _BUS, first, load_kw)
    year.traces["onsite.curtailed_kw"] = done.curtailed_kw
    if done.plan_gap_frac is not None:
        year.traces["onsite.plan_gap_frac"] = done.plan_gap_frac + 0.0 * load_kw
    if not year.lean:
        beyond_kw = done.import_kw - boundary.import_limit_kw
        year.flags.append(Flag("grid", Limit("import_limit_kw", beyond_kw, "kW")))
    _post_shed(year, facility, hours, done)


def _post_shed(year: Year, facility: Facility, hours: Hours, done: Operation) -> None:
    """Load that nothing covers: only where the grid may be missing or is limited."""
    may_be_short = facility.onsite.policy.seen(hours)
    if may_be_short.grid_available is not None:
        year.traces["onsite.outage_frac"] = 1.0 - may_be_short.grid_available
    elif may_be_short.connection_kw is None:
        return
    year.ledger.post("electricity", SHED, _BUS, done.shed_kw)
    if year.lean:
        return
    year.traces["onsite.shed_kw"] = done.shed_kw
    year.flags.append(Flag("onsite", Limit("shed_kw", done.shed_kw, "kW")))


def _post_hydrogen(
    year: Year, electrolyser: Electrolyser | None, flows: HydrogenFlows, wanted_kw: Array
) -> None:
    """The hydrogen path as one node; its water is used when it is split."""
    ledger, node = year.ledger, "storage.hydrogen"
    ledger.post("electricity", _BUS, node, flows.input_kw)
    ledger.post("electricity", node, _BUS, flows.output_kw)
    post_cell_heat(year, node, flows.loss_kw, flows.heat_kw, wanted_kw)
    ledger.store(node, flows.stored_kw)
    if electrolyser is not None:
        split_kg_s = flows.made_kg_per_h * WATER_KG_PER_KG / SECONDS_PER_HOUR
        drained_kg_s = split_kg_s * electrolyser.reject_frac
        ledger.post("water", "water.main", node, split_kg_s + drained_kg_s)
        # It leaves as vapour of the fuel cell, sooner or later.
        ledger.post("water", node, "water.atmosphere", split_kg_s, "evaporation")
        ledger.post("water", node, "water.drain", drained_kg_s, "blowdown")
    if year.lean:
        return
    year.traces[f"{node}.energy_kwh"] = flows.energy_kwh
    year.traces[f"{node}.electrolyser_kw"] = flows.input_kw
    year.traces[f"{node}.fuel_cell_kw"] = flows.output_kw
    year.traces[f"{node}.heat_kw"] = flows.heat_kw
