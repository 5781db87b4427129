"""On-site sources, stores and the grid into the ledger, at the facility bus."""

from __future__ import annotations

from dctwin.components.component import Limit, ratio
from dctwin.design import Facility
from dctwin.engines.generation import onsite_generation
from dctwin.engines.heat import Boundary
from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array, namespace


def post_onsite(
    year: Year, facility: Facility, boundary: Boundary, load_kw: Array, first: str
) -> None:
    """On-site sources and the grid at the facility bus."""
    ledger, bus, plant = year.ledger, "bus.facility", facility.onsite
    made = {source: kw + 0.0 * load_kw for source, kw in onsite_generation(plant, boundary).items()}
    xp = namespace(load_kw, *made.values())
    made_kw: Array = sum(made.values(), 0.0 * load_kw)
    surplus_kw = xp.maximum(made_kw - load_kw, 0.0)
    deficit_kw = xp.maximum(load_kw - made_kw, 0.0)
    if plant.battery is not None:
        count = plant.battery.count
        flows = plant.battery.component.steady(
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
    export_kw = xp.minimum(surplus_kw, boundary.export_limit_kw) if plant.export else 0.0 * load_kw
    curtailed_kw = surplus_kw - export_kw
    used_frac = 1.0 - ratio(curtailed_kw, made_kw)
    for source, kw in made.items():
        ledger.post("electricity", source, bus, kw * used_frac)
    ledger.post("electricity", "grid", bus, deficit_kw)
    ledger.post("electricity", bus, "grid", export_kw)
    ledger.post("electricity", bus, first, load_kw)
    year.traces["onsite.curtailed_kw"] = curtailed_kw
    watch_grid(year, boundary, deficit_kw)


def watch_grid(year: Year, boundary: Boundary, import_kw: Array) -> None:
    """Flags import beyond the connection, and import in an outage of the grid."""
    year.flags.append(
        Flag("grid", Limit("import_limit_kw", import_kw - boundary.import_limit_kw, "kW"))
    )
    lost_kw = import_kw * (1.0 - boundary.grid_available_frac)
    year.flags.append(Flag("grid", Limit("import_in_outage_kw", lost_kw, "kW")))
