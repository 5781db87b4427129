"""The accounts of a run: scopes 1 and 3 of its carbon, and every cost beside energy.

As the metrics they are arrays over the designs of a batch, or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dctwin.accounting import carbon, cost
from dctwin.accounting.contracts import certificate_kwh, contract_cost
from dctwin.accounting.factors import Factor, Used, table
from dctwin.accounting.sizes import installed_parts
from dctwin.design import Facility
from dctwin.metrics import NO_IT, GridYear, Values, metric_values, over
from dctwin.physics.arrays import Array
from dctwin.totals import Totals

HOURS_PER_YEAR = 8760.0
# A leap year and a year less a day of gaps are still a year.
_NEARLY_H = 48.0


def all_metrics(
    facility: Facility,
    totals: Totals,
    grid: GridYear,
    tariff: Any,
    design_loss_frac: Array,
    sources: Mapping[str, Factor] | None = None,
) -> tuple[Values, dict[str, Any]]:
    """Every metric of a facility, or of a stack of them, and what its accounts stand on.

    tariff   supply.Tariff of the site, or None
    sources  of the grid's series, by their names in GridYear
    """
    found = metric_values(totals, grid, design_loss_frac, certificate_kwh(facility, totals))
    return found, account(found, facility, totals, grid, tariff, sources)


def account(
    found: Values,
    facility: Facility,
    totals: Totals,
    grid: GridYear,
    tariff: Any,
    sources: Mapping[str, Factor] | None = None,
) -> dict[str, Any]:
    """Add carbon and cost to the metrics of the ledger; gives what they stand on."""
    used = Used()
    _read_off(used, sources or {})
    parts, missing = installed_parts(facility)
    hours_h = float(np.max(totals["hours_h"]))
    year_frac = hours_h / HOURS_PER_YEAR
    with used.behind("carbon_embodied_kg_per_year"):
        embodied = carbon.embodied_kg_per_year(parts, used)
    _carbon(found, facility, totals, sum(embodied.values()), year_frac, used)
    _energy_cost(found, facility, totals, grid, tariff, used)
    groups = _capital(found, parts, grid, used)
    _total(found, grid, hours_h, used)
    stands_on, assumed = used.stands_on(), used.assumed()
    return {
        "currency": grid.currency,
        "price_year": grid.price_year,
        "default_price_year": table("money")["year"],
        "embodied_kg_per_year": embodied,
        "capital": groups,
        "not_counted": missing,
        "factors": used.rows(),
        "assumed": assumed,
        "assumed_behind": {
            metric: names
            for metric in stands_on
            if (names := [name for name in stands_on[metric] if name in assumed])
        },
    }


# Series of the grid -> the metrics of the ledger that weigh with it.
_WEIGHED = {
    "carbon_kg_per_kwh": ("carbon_scope2_location_kg",),
    "market_carbon_kg_per_kwh": ("carbon_scope2_market_kg",),
    "marginal_carbon_kg_per_kwh": ("carbon_marginal_kg",),
    "water_l_per_kwh": ("wue_source_l_per_kwh",),
    "carbon_free_frac": ("cfe_247_frac",),
    "renewable_frac": ("grid_renewable_frac",),
    "curtailing_frac": ("curtailing_h", "surplus_import_kwh"),
    "surplus_kw": ("surplus_import_kwh",),
    "available_frac": ("grid_outage_h",),
    "price_per_kwh": ("cost_energy_per_year", "cost_contracts_per_year", "cost_network_per_year"),
}
_NO_PART: tuple[str, ...] = ()


def _read_off(used: Used, sources: Mapping[str, Factor]) -> None:
    """What metrics that are read off the ledger with the grid's series stand on."""
    for name, source in sources.items():
        with used.behind(*_WEIGHED.get(name, _NO_PART)):
            used.take(source)


def _carbon(
    found: Values,
    facility: Facility,
    totals: Totals,
    embodied_kg: Array,
    year_frac: float,
    used: Used,
) -> None:
    burned = carbon.fuel_kwh(totals)
    with used.behind("carbon_fuel_kg"):
        fuel_kg = carbon.fuel_kg(burned, "combustion", used)
    with used.behind("carbon_refrigerant_kg"):
        leak_kg = carbon.refrigerant_kg_per_year(facility, used) * year_frac
    with used.behind("carbon_coolant_kg"):
        coolant_kg = carbon.coolant_kg_per_year(facility, used) * year_frac
    with used.behind("carbon_scope3_kg"):
        upstream_kg = carbon.fuel_kg(burned, "upstream", used)
    located_kg, market_kg = found["carbon_scope2_location_kg"], found["carbon_scope2_market_kg"]
    direct_kg = fuel_kg + leak_kg + coolant_kg
    built_kg = embodied_kg * year_frac + upstream_kg

    def put(name: str, value: Array, *parts: str) -> None:
        found.put(name, value)
        used.join(name, *parts)

    put("carbon_fuel_kg", fuel_kg)
    put("carbon_refrigerant_kg", leak_kg)
    put("carbon_coolant_kg", coolant_kg)
    scope1 = ("carbon_fuel_kg", "carbon_refrigerant_kg", "carbon_coolant_kg")
    put("carbon_scope1_kg", direct_kg, *scope1)
    put("carbon_embodied_kg_per_year", embodied_kg)
    put("carbon_scope3_kg", built_kg, "carbon_embodied_kg_per_year")
    grid_and_fuel = ("carbon_scope2_location_kg", "carbon_fuel_kg")
    put("carbon_operational_kg", located_kg + fuel_kg, *grid_and_fuel)
    scopes = ("carbon_scope1_kg", "carbon_scope2_location_kg", "carbon_scope3_kg")
    put("carbon_total_kg", direct_kg + located_kg + built_kg, *scopes)
    # What use of energy emits, then each scope of the GHG Protocol over the same IT energy.
    market_and_fuel = ("carbon_scope2_market_kg", "carbon_fuel_kg")
    no_market = found.missing("carbon_scope2_market_kg")
    for name, kg, parts in (
        ("cue_kg_per_kwh", located_kg + fuel_kg, grid_and_fuel),
        ("cue_market_kg_per_kwh", None if no_market else market_kg + fuel_kg, market_and_fuel),
        ("cue_scope1_kg_per_kwh", direct_kg, ("carbon_scope1_kg",)),
        ("cue_scope2_kg_per_kwh", located_kg, ("carbon_scope2_location_kg",)),
        ("cue_scope2_market_kg_per_kwh", None if no_market else market_kg, market_and_fuel[:1]),
        ("cue_scope3_kg_per_kwh", built_kg, ("carbon_scope3_kg",)),
    ):
        none = found.reasons["carbon_scope2_market_kg"]
        found.per(name, kg, found["it_kwh"], NO_IT, none)
        used.join(name, *parts)


def _energy_cost(
    found: Values, facility: Facility, totals: Totals, grid: GridYear, tariff: Any, used: Used
) -> None:
    if reason := _no_money(grid):
        for name in ("fuel", "network", "contracts", "carbon", "water", "export_revenue"):
            found.put(f"cost_{name}_per_year", None, reason)
        return
    money = grid.currency
    costs: dict[str, Callable[[], Any]] = {
        "fuel": lambda: cost.fuel_cost(tariff, carbon.fuel_kwh(totals), money, used),
        "network": lambda: cost.network_cost(tariff, totals, grid, used),
        "contracts": lambda: contract_cost(facility, totals, grid, used),
        "carbon": lambda: cost.carbon_cost(tariff, found["carbon_operational_kg"], money, used),
        "water": lambda: cost.water_cost(
            tariff, {name: totals[f"water_{name}_l"] for name in cost.WATER_PRICES}, money, used
        ),
        "export_revenue": lambda: cost.export_revenue(tariff, totals["export_kwh"], money, used),
    }
    for name, cost_of in costs.items():
        with used.behind(f"cost_{name}_per_year"):
            found.put(f"cost_{name}_per_year", cost_of())


def _capital(
    found: Values, parts: list[Any], grid: GridYear, used: Used
) -> Mapping[str, dict[str, Array]]:
    names = ("cost_maintenance_per_year", "cost_capital_per_year", "cost_it_capital_per_year")
    if reason := _no_money(grid):
        for name in names:
            found.put(name, None, reason)
        return {}
    it_parts = [part for part in parts if part.group == "it"]
    with used.behind(names[2]):
        groups = dict(cost.capital(it_parts, grid.currency, used))
    with used.behind(*names[:2]):
        rest = [part for part in parts if part.group != "it"]
        groups |= cost.capital(rest, grid.currency, used)
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


def _total(found: Values, grid: GridYear, hours_h: float, used: Used) -> None:
    """Cost of a year of the facility, IT hardware left out, and of a kilowatt-hour of IT."""
    reason = _no_money(grid)
    if not reason and abs(hours_h - HOURS_PER_YEAR) > _NEARLY_H:
        reason = "the run is not a year long"
    if reason:
        for name in ("cost_total_per_year", "cost_per_it_kwh"):
            found.put(name, None, reason)
        return
    total = found["cost_energy_per_year"]
    names = ("fuel", "network", "contracts", "carbon", "water", "maintenance", "capital")
    for name in names:
        total = total + found[f"cost_{name}_per_year"]
    parts = [f"cost_{name}_per_year" for name in ("energy", *names, "export_revenue")]
    for name in ("cost_total_per_year", "cost_per_it_kwh"):
        used.join(name, *parts)
    total = total - found["cost_export_revenue_per_year"]
    found.put("cost_total_per_year", total)
    found.put("cost_per_it_kwh", over(total, found["it_kwh"]), "no IT energy")
