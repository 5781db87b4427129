"""Carbon of a facility: fuel and refrigerant (scope 1) and what was built (scope 3).

Carbon of grid energy (scope 2) is read off the ledger in metrics.py. Embodied carbon is each
machine's mass of CO2e over its service life; a machine of N+1 or 2N counts every unit installed.
Sources and ranges stand with the factors in data/.
"""

from __future__ import annotations

import numpy as np

from dctwin.accounting.factors import Factor, Used, factor, table
from dctwin.accounting.sizes import Installed
from dctwin.design import Facility
from dctwin.physics.arrays import Array, known
from dctwin.totals import Totals

_LOST = "charge x loss a year of the equipment, whose file gives the range; makers give none"


def refrigerant_kg_per_year(facility: Facility, used: Used) -> Array:
    """CO2e of the refrigerant that leaks in a year: charge x leak rate x warming potential."""
    total: Array = 0.0
    for circuit in facility.circuits:
        for device in circuit.stages:
            cooled = table("equipment").get(device.component.kind, {}).get("refrigerant")
            rated_kw = getattr(device.component, "reference_kw", 0.0) * device.count
            if cooled is None:
                continue
            name = getattr(device.component, "refrigerant", "")
            if name not in table("refrigerants")["gwp"]:
                name = table("refrigerants")["default_refrigerant"]
            charge_kg = used.take(factor("refrigerants", "charge", cooled)) * rated_kw
            leaked_kg = charge_kg * used.take(factor("refrigerants", "leak", cooled))
            total = total + leaked_kg * used.take(factor("refrigerants", "gwp", name))
    return total


def coolant_kg_per_year(facility: Facility, used: Used) -> Array:
    """CO2e of the boiling coolant that escapes in a year: vapour lost x warming potential.

    Fugitive emissions of fluorinated fluids are scope 1 (GHG Protocol, Corporate Standard, ch. 4).
    """
    total: Array = 0.0
    for charge in facility.charges:
        lost_kg = charge.loss_kg_per_year
        if known(lost_kg):
            mean_kg = float(np.mean(lost_kg))
            where = f"design.{charge.place}.vapour_loss"
            used.take(Factor(where, mean_kg, mean_kg, mean_kg, "kg/year", "assumed", _LOST))
        total = total + lost_kg * used.take(factor("refrigerants", "gwp", charge.fluid))
    return total


def fuel_kwh(totals: Totals) -> dict[str, Array]:
    """Fuel burned over the run by its name, lower heating value."""
    return {
        name.removeprefix("fuel:"): kwh for name, kwh in totals.items() if name.startswith("fuel:")
    }


def fuel_kg(burned_kwh: dict[str, Array], stage: str, used: Used) -> Array:
    """CO2e of fuel: `combustion` (scope 1) or `upstream` (scope 3)."""
    return sum(kwh * used.take(factor("fuels", name, stage)) for name, kwh in burned_kwh.items())


def embodied_kg_per_year(parts: list[Installed], used: Used) -> dict[str, Array]:
    """Embodied carbon a year of life by group: building, it, power, cooling, onsite."""
    found: dict[str, Array] = {}
    for part in parts:
        place = ("metals", part.metal) if part.metal else ("equipment", part.kind)
        mass_kg = part.amount * used.take(factor(*place, "embodied"))
        life = used.take(factor("equipment", part.kind, "life"))
        found[part.group] = found.get(part.group, 0.0) + mass_kg / life
    return found
