"""Money: what the network, water, carbon and upkeep cost in a run, and capital by the year.

Energy at its price is read off the ledger in metrics.py (`cost_energy_per_year`). All amounts are
in the currency of the site's energy price; prices in dollars are exchanged at the mean rate of the
price year (data/money.yaml). Capital becomes a yearly cost by the annuity of its service life at a
real rate of return.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dctwin.accounting.factors import Factor, Used, exchange, factor, table
from dctwin.accounting.sizes import Installed
from dctwin.metrics import GridYear
from dctwin.physics.arrays import Array, known, namespace
from dctwin.supply import note_of, price_of
from dctwin.totals import Totals, monthly_peaks_kw

LITRES_PER_M3 = 1000.0
# The price, of a tariff or by default, of each source of make-up.
WATER_PRICES = {"potable": "water", "reclaimed": "reclaimed_water", "sea": "sea_water"}
# What a tariff adds to the energy price: by the kilowatt-hour, and by the peak.
_PER_KWH = ("margin", "wheeling", "surcharge")
_PER_KW_MONTH = ("demand", "wheeling_demand")
_WRITTEN = {"kwh": "kWh", "kw_month": "kW/month", "kw_year": "kW/year", "kg": "kg", "m3": "m³"}
_PRICES = ("price_per_kwh", "export_price_per_kwh", "demand_price_per_kw")


def network_cost(tariff: Any, totals: Totals, grid: GridYear, used: Used) -> Array:
    """Use of the network, losses bought on top, margin, surcharge, demand and capacity charges."""
    if tariff is None:
        return 0.0
    money = tariff.currency
    per_kwh = 0.0
    for item in _PER_KWH:
        per_kwh += _noted(used, tariff, item, "kwh")
    total = per_kwh * totals["import_kwh"]
    per_kw_month = sum(_noted(used, tariff, item, "kw_month") for item in _PER_KW_MONTH)
    peaks = monthly_peaks_kw(totals)
    highest = peaks[0]
    for kw in peaks[1:]:
        highest = namespace(highest, kw).maximum(highest, kw)
    billed = len(peaks) * highest if tariff.demand_basis == "year" else sum(peaks)
    total = total + per_kw_month * billed
    total = total + _noted(used, tariff, "capacity", "kw_year") * highest
    total = exchange(total, money, grid.currency, used)
    if tariff.wheeling_loss_frac > 0 and grid.price_per_kwh is not None:
        share = tariff.wheeling_loss_frac
        note = note_of(tariff, "wheeling")
        used.take(Factor("site.tariff.wheeling_loss", share, share, share, "-", *note))
        lost = share / (1.0 - share)
        total = total + lost * totals["energy_cost"]
    return total


def grid_prices(tariff: Any, grid: GridYear) -> dict[str, Any]:
    """Prices that dispatch weighs, by their names in `engines.flows.Boundary`.

    What one more kilowatt-hour drawn costs with losses, network and carbon price; what one fed in
    brings; what one more kilowatt of the run's highest draw costs. By `network_cost`, so that a
    policy sees what is billed, with one exception: where demand is billed on the peak of each
    month, all months of the run count with the highest, which is the most it can be. None where
    the site says nothing; an energy price in a currency without a rate stands alone.
    """
    price, none, used = grid.price_per_kwh, dict.fromkeys(_PRICES), Used()
    if price is None or tariff is None or grid.currency not in table("money")["per_usd"]:
        return {**none, "price_per_kwh": price}

    def of(item: str, per: str) -> float:
        value = price_of(tariff, item, tariff.currency, per)
        return float(exchange(value, tariff.currency, grid.currency, used))

    added = sum(of(item, "kwh") for item in _PER_KWH)
    if carbon := of("carbon", "kg"):
        added = added + carbon * grid.carbon_kg_per_kwh
    months = np.unique(np.asarray(grid.local_month)).size
    sold = price_of(tariff, "export_price", tariff.currency, "kwh", None)
    peak = months * sum(of(item, "kw_month") for item in _PER_KW_MONTH)
    return {
        "price_per_kwh": price / (1.0 - tariff.wheeling_loss_frac) + added,
        "export_price_per_kwh": None if sold is None else of("export_price", "kwh"),
        "demand_price_per_kw": (peak + of("capacity", "kw_year")) or None,
    }


def carbon_cost(tariff: Any, carbon_kg: Array, currency: str, used: Used) -> Array:
    """Carbon price of the site on the carbon of its grid energy and fuel."""
    if tariff is None:
        return 0.0
    price = _noted(used, tariff, "carbon", "kg")
    return exchange(price * carbon_kg, tariff.currency, currency, used)


def export_revenue(tariff: Any, export_kwh: Array, currency: str, used: Used) -> Array:
    """What the grid pays for energy fed in."""
    if tariff is None:
        return 0.0
    price = _noted(used, tariff, "export_price", "kwh")
    # Adding 0 takes the minus off a negative price times nothing.
    return exchange(price * export_kwh + 0.0, tariff.currency, currency, used)


def water_cost(tariff: Any, source_l: Mapping[str, Array], currency: str, used: Used) -> Array:
    """Water and sewer by where it comes from, at the site's prices, else at the default ones."""
    total: Array = 0.0
    for source, water_l in source_l.items():
        item = WATER_PRICES[source]
        given = None if tariff is None else price_of(tariff, item, tariff.currency, "m3", None)
        if given is not None:
            price, money = _noted(used, tariff, item, "m3"), tariff.currency
        elif known(water_l) and not np.any(water_l):
            continue
        else:
            price, money = used.take(factor("money", item)), "USD"
        total = total + exchange(price * water_l / LITRES_PER_M3, money, currency, used)
    return total


def fuel_cost(tariff: Any, burned_kwh: Mapping[str, Array], currency: str, used: Used) -> Array:
    """Fuel by its lower heating value, at the site's prices, else at the default ones."""
    total: Array = 0.0
    for name, kwh in burned_kwh.items():
        given = None if tariff is None else price_of(tariff, name, tariff.currency, "kwh", None)
        if given is None:
            price, money = used.take(factor("fuels", name, "price")), "USD"
        else:
            price, money = _noted(used, tariff, name, "kwh"), tariff.currency
        total = total + exchange(price * kwh, money, currency, used)
    return total


def annuity_frac(rate_frac: float, life_year: float) -> float:
    """Yearly payment over a capital that is paid back with interest over its life.

    >>> round(annuity_frac(0.06, 20.0), 4), annuity_frac(0.0, 20.0)
    (0.0872, 0.05)
    """
    if rate_frac == 0.0:
        return 1.0 / life_year
    return float(rate_frac / (1.0 - (1.0 + rate_frac) ** -life_year))


def capital(parts: list[Installed], currency: str, used: Used) -> Mapping[str, dict[str, Array]]:
    """By group: price installed, its yearly annuity, and yearly upkeep."""
    rate = used.take(factor("money", "discount_rate"))
    found: dict[str, dict[str, Array]] = {}
    for part in parts:
        usd = part.amount * used.take(factor("equipment", part.kind, "capital"))
        price = exchange(usd, "USD", currency, used)
        life = used.take(factor("equipment", part.kind, "life"))
        upkeep = used.take(factor("equipment", part.kind, "upkeep"))
        group = found.setdefault(part.group, {"price": 0.0, "annuity": 0.0, "upkeep": 0.0})
        group["price"] = group["price"] + price
        group["annuity"] = group["annuity"] + price * annuity_frac(rate, life)
        group["upkeep"] = group["upkeep"] + price * upkeep
    return found


def _noted(used: Used, tariff: Any, item: str, per: str) -> float:
    """A price of the tariff, noted with its own status and source; 0 where the site gives none."""
    value = price_of(tariff, item, tariff.currency, per, None)
    if value is None:
        return 0.0
    unit = f"{tariff.currency}/{_WRITTEN[per]}"
    name, price = f"site.tariff.{item}", float(value)
    return used.take(Factor(name, price, price, price, unit, *note_of(tariff, item)))
