"""On-site sources, stores and the grid into the ledger, at the facility bus."""

from __future__ import annotations

from dctwin.design import Facility
from dctwin.engines.heat import Boundary
from dctwin.engines.year import Year
from dctwin.physics.arrays import Array, namespace


def post_onsite(
    year: Year, facility: Facility, boundary: Boundary, load_kw: Array, first: str
) -> None:
    """On-site sources and the grid at the facility bus."""
    ledger, bus, plant = year.ledger, "bus.facility", facility.onsite
    xp = namespace(load_kw, boundary.pv_yield_frac)
    pv_kw: Array = 0.0 * load_kw
    if plant.pv is not None:
        one_kw = plant.pv.component.output_kw(boundary.pv_yield_frac)
        pv_kw = one_kw * plant.pv.count + 0.0 * load_kw
    surplus_kw = xp.maximum(pv_kw - load_kw, 0.0)
    deficit_kw = xp.maximum(load_kw - pv_kw, 0.0)
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
    export_kw = surplus_kw if plant.export else 0.0 * surplus_kw
    curtailed_kw = surplus_kw - export_kw
    ledger.post("electricity", "sun", bus, pv_kw - curtailed_kw)
    ledger.post("electricity", "grid", bus, deficit_kw)
    ledger.post("electricity", bus, "grid", export_kw)
    ledger.post("electricity", bus, first, load_kw)
    year.traces["onsite.curtailed_kw"] = curtailed_kw
