"""On-site sources, stores and the grid into the ledger, at the facility bus."""

from __future__ import annotations

import numpy as np

from dctwin.components.component import Limit, ratio
from dctwin.components.onsite.battery import Battery, BatteryFlows
from dctwin.components.onsite.electrolyser import WATER_KG_PER_KG, Electrolyser
from dctwin.design import Facility
from dctwin.dispatch.hours import Hours
from dctwin.dispatch.operate import HydrogenFlows, Operation, operate
from dctwin.engines.generation import onsite_generation
from dctwin.engines.heat import Boundary
from dctwin.engines.post_gensets import (
    heat_wanted_kw,
    post_cell_heat,
    post_gensets,
    watch_starts,
)
from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array, namespace
from dctwin.units import SECONDS_PER_HOUR

_BUS = "bus.facility"


def post_onsite(
    year: Year, facility: Facility, boundary: Boundary, load_kw: Array, first: str
) -> None:
    """On-site sources, stores and the grid at the facility bus."""
    ledger, plant, stores = year.ledger, facility.onsite, facility.onsite.stores()
    made = {source: kw + 0.0 * load_kw for source, kw in onsite_generation(plant, boundary).items()}
    made_kw: Array = sum(made.values(), 0.0 * load_kw)
    auxiliary_kw = 0.0 if stores.battery is None else stores.battery.auxiliary_kw
    hours = Hours(
        load_kw=load_kw + auxiliary_kw,
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
    served_frac = _serve(year, hours, plant.policy.seen(hours), done)
    wanted_kw: Array = 0.0
    if done.hydrogen is not None or done.gensets:
        wanted_kw = heat_wanted_kw(facility, boundary.place.year_frac)
    if done.gensets:
        wanted_kw = post_gensets(year, done.gensets, wanted_kw + 0.0 * load_kw)
        watch_starts(year, facility, done.gensets, done.battery)
    if done.battery is not None and stores.battery is not None:
        _post_battery(year, stores.battery, done.battery, hours, served_frac)
    if done.hydrogen is not None:
        _post_hydrogen(year, stores.electrolyser, done.hydrogen, wanted_kw)
    used_frac = 1.0 - ratio(done.curtailed_kw, made_kw)
    for source, kw in made.items():
        ledger.post("electricity", source, _BUS, kw * used_frac)
    ledger.post("electricity", "grid", _BUS, done.import_kw)
    ledger.post("electricity", _BUS, "grid", done.export_kw)
    ledger.post("electricity", _BUS, first, load_kw * served_frac)
    year.traces["onsite.curtailed_kw"] = done.curtailed_kw
    if done.plan_gap_frac is not None:
        year.traces["onsite.plan_gap_frac"] = done.plan_gap_frac + 0.0 * load_kw
    if not year.lean:
        beyond_kw = done.import_kw - boundary.import_limit_kw
        year.flags.append(Flag("grid", Limit("import_limit_kw", beyond_kw, "kW")))


def _serve(year: Year, hours: Hours, seen: Hours, done: Operation) -> Array:
    """Take what is shed off the books; gives the share of the load that is served.

    Every load gives up the same share, so what was posted before keeps its proportions: what is not
    served computes nothing, makes no heat and needs no cooling.
    """
    if seen.grid_available is not None:
        year.traces["onsite.outage_frac"] = 1.0 - seen.grid_available
    if seen.grid_available is None and seen.connection_kw is None:
        return 1.0
    year.traces["onsite.shed_kw"] = done.shed_kw
    if not year.lean:
        year.flags.append(Flag("onsite", Limit("shed_kw", done.shed_kw, "kW")))
    if namespace(done.shed_kw) is np and not np.any(done.shed_kw > 0):
        return 1.0
    served_frac = done.served_frac(hours)
    year.ledger.scale(served_frac)
    if not year.lean:
        year.traces["onsite.served_frac"] = served_frac
    return served_frac


def _post_battery(
    year: Year, battery: Battery, flows: BatteryFlows, hours: Hours, served_frac: Array
) -> None:
    ledger, node, step_h = year.ledger, "storage.battery", hours.step_h
    ledger.post("electricity", _BUS, node, flows.charge_kw)
    ledger.post("electricity", node, _BUS, flows.discharge_kw)
    ledger.post("heat", node, "ambient", flows.loss_kw, "power.battery_loss")
    ledger.store(node, flows.stored_kw)
    beside = "storage.battery-auxiliary"
    auxiliary_kw = battery.auxiliary_kw * served_frac
    ledger.post("electricity", _BUS, beside, auxiliary_kw)
    ledger.post("heat", beside, "ambient", auxiliary_kw, "power.battery_auxiliary")
    xp = namespace(flows.stored_kw)
    given_kwh = xp.cumsum(xp.maximum(-flows.stored_kw, 0.0), axis=-1) * step_h
    year.traces[f"{node}.energy_kwh"] = flows.energy_kwh
    year.traces[f"{node}.cycles_count"] = given_kwh / battery.capacity_kwh
    year.traces[f"{node}.capacity_left_frac"] = battery.capacity_left_frac(
        flows, hours.air_c, step_h
    )
    if not year.lean:
        year.traces[f"{node}.charge_kw"] = flows.charge_kw
        year.traces[f"{node}.discharge_kw"] = flows.discharge_kw


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
