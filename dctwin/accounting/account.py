"""The accounts of a run: scopes 1 and 3 of its carbon, and every cost beside energy.

As the metrics they are arrays over the designs of a batch, or numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dctwin.accounting import carbon, cost
from dctwin.accounting.contracts import certificate_kwh, contract_cost
from dctwin.accounting.factors import Used, table
from dctwin.accounting.sizes import installed_parts
from dctwin.design import Facility
from dctwin.metrics import GridYear, Values, metric_values, over
from dctwin.physics.arrays import Array
from dctwin.totals import Totals

HOURS_PER_YEAR = 8760.0
# A leap year and a year less a day of gaps are still a year.
_NEARLY_H = 48.0


def all_metrics(
    facility: Facility, totals: Totals, grid: GridYear, tariff: Any, design_loss_frac: Array
) -> tuple[Values, dict[str, Any]]:
    """Every metric of a facility, or of a stack of them, and what its accounts stand on.

    tariff   supply.Tariff of the site, or None
    """
    found = metric_values(totals, grid, design_loss_frac, certificate_kwh(facility, totals))
    return found, account(found, facility, totals, grid, tariff)


def account(
    found: Values, facility: Facility, totals: Totals, grid: GridYear, tariff: Any
) -> dict[str, Any]:
    """Add carbon and cost to the metrics of the ledger; gives what they stand on."""
    used = Used()
    parts, missing = installed_parts(facility)
    hours_h = float(np.max(totals["hours_h"]))
    embodied = carbon.embodied_kg_per_year(parts, used)
    _carbon(found, facility, totals, sum(embodied.values()), hours_h / HOURS_PER_YEAR, used)
    _energy_cost(found, facility, totals, grid, tariff, used)
    groups = _capital(found, parts, grid, used)
    _total(found, grid, hours_h)
    return {
        "currency": grid.currency,
        "price_year": table("money")["year"],
        "embodied_kg_per_year": embodied,
        "capital": groups,
        "not_counted": missing,
        "site_statuses": _statuses(tariff),
        "factors": used.rows(),
        "assumed": used.assumed(),
    }


def _statuses(tariff: Any) -> dict[str, str]:
    if tariff is None:
        return {}
    return {"energy_price": tariff.status, "network": tariff.network_status}


def _carbon(
    found: Values,
    facility: Facility,
    totals: Totals,
    embodied_kg: Array,
    year_frac: float,
    used: Used,
) -> None:
    burned = carbon.fuel_kwh(totals)
    fuel_kg = carbon.fuel_kg(burned, "combustion", used)
    leak_kg = carbon.refrigerant_kg_per_year(facility, used) * year_frac
    upstream_kg = carbon.fuel_kg(burned, "upstream", used)
    found.put("carbon_fuel_kg", fuel_kg)
    found.put("carbon_refrigerant_kg", leak_kg)
    found.put("carbon_scope1_kg", fuel_kg + leak_kg)
    found.put("carbon_embodied_kg_per_year", embodied_kg)
    built_kg = embodied_kg * year_frac + upstream_kg
    found.put("carbon_scope3_kg", built_kg)
    located = found["carbon_scope2_location_kg"]
    found.put("carbon_operational_kg", located + fuel_kg)
    found.put("carbon_total_kg", fuel_kg + leak_kg + located + built_kg)
    if burned:
        # Fuel counts in carbon usage effectiveness as grid energy does.
        it_kwh = found["it_kwh"]
        for name, kg in (
            ("cue_kg_per_kwh", located),
            ("cue_market_kg_per_kwh", found["carbon_scope2_market_kg"]),
        ):
            found.put(name, over(kg + fuel_kg, it_kwh), found.reasons[name])


def _energy_cost(
    found: Values, facility: Facility, totals: Totals, grid: GridYear, tariff: Any, used: Used
) -> None:
    names = ("fuel", "network", "contracts", "carbon", "water", "export_revenue")
    if reason := _no_money(grid):
        for name in names:
            found.put(f"cost_{name}_per_year", None, reason)
        return
    money = grid.currency
    costs = (
        cost.fuel_cost(tariff, carbon.fuel_kwh(totals), money, used),
        cost.network_cost(tariff, totals, grid, used),
        contract_cost(facility, totals, grid, used),
        cost.carbon_cost(tariff, found["carbon_operational_kg"], money, used),
        cost.water_cost(
            tariff, {name: totals[f"water_{name}_l"] for name in cost.WATER_PRICES}, money, used
        ),
        cost.export_revenue(tariff, totals["export_kwh"], money, used),
    )
    for name, value in zip(names, costs, strict=True):
        found.put(f"cost_{name}_per_year", value)


def _capital(
    found: Values, parts: list[Any], grid: GridYear, used: Used
) -> Mapping[str, dict[str, Array]]:
    names = ("cost_maintenance_per_year", "cost_capital_per_year", "cost_it_capital_per_year")
    if reason := _no_money(grid):
        for name in names:
            found.put(name, None, reason)
        return {}
    groups = cost.capital(parts, grid.currency, used)
    facility = [row for group, row in groups.items() if group != "it"]
    it = groups.get("it", {"annuity": 0.0, "upkeep": 0.0})
    found.put(names[0], sum(row["upkeep"] for row in facility))
    found.put(names[1], sum(row["annuity"] for row in facility))
    found.put(names[2], it["annuity"] + it["upkeep"])
    return groups


def _no_money(grid: GridYear) -> str:
    """Why costs cannot be told; empty where they can."""
    if grid.price_per_kwh is None:
        return "the site gives no energy price"
    if grid.currency not in table("money")["per_usd"]:
        return f"no exchange rate for {grid.currency} is known"
    return ""


def _total(found: Values, grid: GridYear, hours_h: float) -> None:
    """Cost of a year of the facility, IT hardware left out, and of a kilowatt-hour of IT."""
    reason = _no_money(grid)
    if not reason and abs(hours_h - HOURS_PER_YEAR) > _NEARLY_H:
        reason = "the run is not a year long"
    if reason:
        for name in ("cost_total_per_year", "cost_per_it_kwh"):
            found.put(name, None, reason)
        return
    total = found["cost_energy_per_year"]
    for name in ("fuel", "network", "contracts", "carbon", "water", "maintenance", "capital"):
        total = total + found[f"cost_{name}_per_year"]
    total = total - found["cost_export_revenue_per_year"]
    found.put("cost_total_per_year", total)
    found.put("cost_per_it_kwh", over(total, found["it_kwh"]), "no IT energy")
