"""The accounts of one run: scopes 1 and 3 of its carbon, and every cost beside energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.accounting import carbon, cost
from dctwin.accounting.contracts import contract_cost
from dctwin.accounting.factors import Used, table
from dctwin.accounting.sizes import installed_parts
from dctwin.design import Facility
from dctwin.ledger import Ledger
from dctwin.metrics import GridYear, Metrics

HOURS_PER_YEAR = 8760.0
# A leap year and a year less a day of gaps are still a year.
_NEARLY_H = 48.0


@dataclass(frozen=True)
class Accounts:
    """Metrics to add to those of the ledger, why some are undefined, and what they stand on."""

    values: Mapping[str, float | None]
    undefined: Mapping[str, str]
    provenance: Mapping[str, Any]


def account(
    facility: Facility,
    ledger: Ledger,
    metrics: Metrics,
    grid: GridYear,
    tariff: Any,
    made_frac: Mapping[str, list[Any]],
    hours: int,
) -> Accounts:
    """Carbon and cost of one design's run.

    metrics     what was read off the ledger          tariff   supply.Tariff of the site, or None
    made_frac   output over rating of each contract's plants, by contract
    """
    used = Used()
    parts, missing = installed_parts(facility)
    year_frac = hours * ledger.step_h / HOURS_PER_YEAR
    values: dict[str, float | None] = {}
    undefined: dict[str, str] = {}
    read = metrics.values
    embodied = carbon.embodied_kg_per_year(parts, used)
    _carbon(values, facility, ledger, read, sum(embodied.values()), year_frac, used)
    import_kw = sum((f.value for f in ledger.select(carrier="electricity", source="grid")), 0.0)
    import_kw = np.broadcast_to(np.asarray(import_kw), (hours,))
    _energy_cost(
        values, undefined, facility, ledger, read, grid, tariff, made_frac, import_kw, used
    )
    groups = _capital(values, undefined, parts, grid, used)
    _total(values, undefined, read, grid, year_frac)
    return Accounts(
        values,
        undefined,
        {
            "currency": grid.currency,
            "price_year": table("money")["year"],
            "embodied_kg_per_year": embodied,
            "capital": groups,
            "not_counted": missing,
            "site_statuses": _statuses(tariff),
            "factors": used.rows(),
            "assumed": used.assumed(),
        },
    )


def _statuses(tariff: Any) -> dict[str, str]:
    if tariff is None:
        return {}
    return {"energy_price": tariff.status, "network": tariff.network_status}


def _carbon(
    values: dict[str, float | None],
    facility: Facility,
    ledger: Ledger,
    read: Mapping[str, Any],
    embodied_kg: float,
    year_frac: float,
    used: Used,
) -> None:
    burned = carbon.fuel_kwh(ledger)
    fuel_kg = carbon.fuel_kg(burned, "combustion", used)
    leak_kg = carbon.refrigerant_kg_per_year(facility, used) * year_frac
    upstream_kg = carbon.fuel_kg(burned, "upstream", used)
    values["carbon_fuel_kg"] = fuel_kg
    values["carbon_refrigerant_kg"] = leak_kg
    values["carbon_scope1_kg"] = fuel_kg + leak_kg
    values["carbon_embodied_kg_per_year"] = embodied_kg
    built_kg = embodied_kg * year_frac + upstream_kg
    values["carbon_scope3_kg"] = built_kg
    located = float(read["carbon_scope2_location_kg"])
    values["carbon_operational_kg"] = located + fuel_kg
    values["carbon_total_kg"] = fuel_kg + leak_kg + located + built_kg
    it_kwh = float(read["it_kwh"])
    if it_kwh > 0 and fuel_kg > 0:
        values["cue_kg_per_kwh"] = (located + fuel_kg) / it_kwh
        market = read["carbon_scope2_market_kg"]
        if market is not None:
            values["cue_market_kg_per_kwh"] = (float(market) + fuel_kg) / it_kwh


def _energy_cost(
    values: dict[str, float | None],
    undefined: dict[str, str],
    facility: Facility,
    ledger: Ledger,
    read: Mapping[str, Any],
    grid: GridYear,
    tariff: Any,
    made_frac: Mapping[str, list[Any]],
    import_kw: Any,
    used: Used,
) -> None:
    names = ("fuel", "network", "contracts", "carbon", "water", "export_revenue")
    if reason := _no_money(grid):
        for name in names:
            values[f"cost_{name}_per_year"] = None
            undefined[f"cost_{name}_per_year"] = reason
        return
    money, step_h = grid.currency, ledger.step_h
    emitted_kg = float(values["carbon_operational_kg"] or 0.0)
    found = (
        cost.fuel_cost(tariff, carbon.fuel_kwh(ledger), money, used),
        cost.network_cost(tariff, import_kw, grid, step_h, used),
        contract_cost(facility, made_frac, import_kw, grid, step_h, used),
        cost.carbon_cost(tariff, emitted_kg, money, used),
        cost.water_cost(tariff, float(read["water_l"]), money, used),
        cost.export_revenue(tariff, float(read["grid_export_kwh"]), money, used),
    )
    values.update({f"cost_{name}_per_year": v for name, v in zip(names, found, strict=True)})


def _capital(
    values: dict[str, float | None],
    undefined: dict[str, str],
    parts: list[Any],
    grid: GridYear,
    used: Used,
) -> Mapping[str, dict[str, float]]:
    names = ("cost_maintenance_per_year", "cost_capital_per_year", "cost_it_capital_per_year")
    if reason := _no_money(grid):
        for name in names:
            values[name] = None
            undefined[name] = reason
        return {}
    groups = cost.capital(parts, grid.currency, used)
    facility = [row for group, row in groups.items() if group != "it"]
    it = groups.get("it", {"annuity": 0.0, "upkeep": 0.0})
    values[names[0]] = sum(row["upkeep"] for row in facility)
    values[names[1]] = sum(row["annuity"] for row in facility)
    values[names[2]] = it["annuity"] + it["upkeep"]
    return groups


def _no_money(grid: GridYear) -> str:
    """Why costs cannot be told; empty where they can."""
    if grid.price_per_kwh is None:
        return "the site gives no energy price"
    if grid.currency not in table("money")["per_usd"]:
        return f"no exchange rate for {grid.currency} is known"
    return ""


def _total(
    values: dict[str, float | None],
    undefined: dict[str, str],
    read: Mapping[str, Any],
    grid: GridYear,
    year_frac: float,
) -> None:
    """Cost of a year of the facility, IT hardware left out, and of a kilowatt-hour of IT."""
    names = ("fuel", "network", "contracts", "carbon", "water", "maintenance", "capital")
    parts = [read["cost_energy_per_year"], *(values[f"cost_{n}_per_year"] for n in names)]
    reason = _no_money(grid)
    if not reason and abs(year_frac - 1.0) * HOURS_PER_YEAR > _NEARLY_H:
        reason = "the run is not a year long"
    if reason:
        for name in ("cost_total_per_year", "cost_per_it_kwh"):
            values[name] = None
            undefined[name] = reason
        return
    total = sum(float(part) for part in parts if part is not None)
    total -= float(values["cost_export_revenue_per_year"] or 0.0)
    values["cost_total_per_year"] = total
    it_kwh = float(read["it_kwh"])
    values["cost_per_it_kwh"] = total / it_kwh if it_kwh > 0 else None
    if it_kwh <= 0:
        undefined["cost_per_it_kwh"] = "no IT energy"
