"""Costs by hand: network, demand, annuity, capital."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dctwin.accounting import cost
from dctwin.accounting.factors import Used, factor
from dctwin.accounting.sizes import Installed
from dctwin.ledger import Ledger
from dctwin.metrics import GridYear
from dctwin.supply import Tariff
from dctwin.totals import Totals, totals_of

IMPORT_KW = np.array([100.0, 300.0, 200.0, 0.0])
MONTH = np.array([0, 0, 1, 1])


def grid(currency: str = "JPY", price: Any = 10.0) -> GridYear:
    return GridYear(0.5, currency, price_per_kwh=price, local_month=MONTH)


def totals(price: Any, import_kw: Any = IMPORT_KW) -> Totals:
    ledger = Ledger(1.0)
    ledger.post("electricity", "grid", "rack.a", import_kw, "it.compute")
    return totals_of(ledger, {"unmet_k": np.zeros(4)}, grid(price=price))


def network(currency: str = "JPY", **prices: Any) -> float:
    tariff = Tariff(currency="JPY", energy_price_jpy_per_kwh=10.0, **prices)
    return cost.network_cost(tariff, totals(10.0), grid(currency), Used())


def test_energy_parts_add_up() -> None:
    found = network(wheeling_jpy_per_kwh=2.0, surcharge_jpy_per_kwh=3.0, margin_jpy_per_kwh=1.0)
    assert found == pytest.approx(6.0 * 600.0)


def test_demand_is_billed_on_the_peak_of_each_month_or_of_the_year() -> None:
    assert network(demand_jpy_per_kw_month=100.0) == pytest.approx(100.0 * (300 + 200))
    by_year = network(demand_jpy_per_kw_month=100.0, demand_basis="year")
    assert by_year == pytest.approx(100.0 * 2 * 300)
    assert network(capacity_jpy_per_kw_year=1000.0) == pytest.approx(1000.0 * 300)


def test_losses_are_bought_on_top() -> None:
    assert network(wheeling_loss_frac=0.04) == pytest.approx(10.0 * 600.0 * 0.04 / 0.96)


def test_other_currency_is_exchanged() -> None:
    used = Used()
    tariff = Tariff(currency="JPY", energy_price_jpy_per_kwh=10.0, wheeling_jpy_per_kwh=2.0)
    found = cost.network_cost(tariff, totals(10.0), grid("USD"), used)
    assert found == pytest.approx(2.0 * 600.0 / 151.4)
    assert "money.per_usd.JPY" in used.factors
    assert used.factors["site.tariff.wheeling"].status == "assumed"


def test_dispatch_weighs_what_is_billed() -> None:
    """One more kilowatt-hour and one more kilowatt of peak, as prices and as differences of bills."""
    tariff = Tariff(
        currency="JPY", energy_price_jpy_per_kwh=10.0, margin_jpy_per_kwh=1.0, demand_basis="year",
        wheeling_jpy_per_kwh=2.0, surcharge_jpy_per_kwh=3.0, wheeling_loss_frac=0.04,
        demand_jpy_per_kw_month=100.0, wheeling_demand_jpy_per_kw_month=50.0,
        capacity_jpy_per_kw_year=1000.0, carbon_jpy_per_kg=4.0, export_price_jpy_per_kwh=8.0,
    )  # fmt: skip

    def bill(import_kw: Any) -> float:
        network = cost.network_cost(tariff, totals(10.0, import_kw), grid(), Used()).item()
        carbon = cost.carbon_cost(tariff, 0.5 * float(np.sum(import_kw)), "JPY", Used())
        return network + carbon + 10.0 * float(np.sum(import_kw))

    found = cost.grid_prices(tariff, grid())
    more_energy = bill(IMPORT_KW + np.array([0.0, 0.0, 1.0, 0.0])) - bill(IMPORT_KW)
    assert found["price_per_kwh"] == pytest.approx(more_energy)
    more_peak = bill(IMPORT_KW + np.array([0.0, 1.0, 0.0, 0.0])) - bill(IMPORT_KW)
    assert found["demand_price_per_kw"] == pytest.approx(more_peak - more_energy)
    assert found["export_price_per_kwh"] == 8.0
    in_usd = cost.grid_prices(tariff, grid("USD", 0.1))
    assert in_usd["demand_price_per_kw"] == pytest.approx((150.0 * 2 + 1000.0) / 151.4)


def test_prices_that_a_site_does_not_give() -> None:
    nothing = dict.fromkeys(["price_per_kwh", "export_price_per_kwh", "demand_price_per_kw"])
    assert cost.grid_prices(None, grid(price=None)) == nothing
    assert cost.grid_prices(None, grid()) == {**nothing, "price_per_kwh": 10.0}
    flat = Tariff(currency="JPY", energy_price_jpy_per_kwh=10.0)
    assert cost.grid_prices(flat, grid()) == {**nothing, "price_per_kwh": 10.0}
    # No rate of exchange: the price alone.
    assert cost.grid_prices(flat, grid("GBP", 0.1)) == {**nothing, "price_per_kwh": 0.1}


def test_fuel_at_the_sites_price_else_the_default() -> None:
    burned = {"diesel": 1000.0, "gas": 500.0}
    tariff = Tariff(currency="JPY", energy_price_jpy_per_kwh=10.0, gas_jpy_per_kwh=8.0)
    used = Used()
    diesel = factor("fuels", "diesel", "price").value * 151.4
    found = cost.fuel_cost(tariff, burned, "JPY", used)
    assert found == pytest.approx(1000.0 * diesel + 500.0 * 8.0)
    assert used.factors["fuels.diesel.price"].status == "assumed"
    assert "site.tariff.gas" in used.factors


def test_annuity_pays_a_capital_back() -> None:
    rate, life = 0.06, 20
    payment = cost.annuity_frac(rate, life)
    assert sum(payment / (1 + rate) ** (year + 1) for year in range(life)) == pytest.approx(1.0)
    assert cost.annuity_frac(0.0, 20.0) == 0.05


def test_capital_by_group() -> None:
    used = Used()
    parts = [Installed("a", "pv", "onsite", 1000.0), Installed("b", "tower", "cooling", 500.0)]
    found = cost.capital(parts, "USD", used)
    assert found["onsite"]["price"] == 1000.0 * factor("equipment", "pv", "capital").value
    life = factor("equipment", "pv", "life").value
    rate = factor("money", "discount_rate").value
    assert found["onsite"]["annuity"] == pytest.approx(
        found["onsite"]["price"] * cost.annuity_frac(rate, life)
    )
    assert cost.capital(parts, "JPY", used)["cooling"]["price"] == pytest.approx(
        found["cooling"]["price"] * 151.4
    )


def test_water_and_carbon_and_export() -> None:
    tariff = Tariff(
        currency="JPY", energy_price_jpy_per_kwh=10.0, water_jpy_per_m3=400.0,
        carbon_jpy_per_kg=4.3, export_price_jpy_per_kwh=8.0,
    )  # fmt: skip
    assert cost.water_cost(tariff, {"potable": 2000.0}, "JPY", Used()) == pytest.approx(800.0)
    # GX-ETS ceiling of fiscal 2026: 4,300 JPY/t.
    assert cost.carbon_cost(tariff, 1000.0, "JPY", Used()) == pytest.approx(4300.0)
    assert cost.export_revenue(tariff, 100.0, "JPY", Used()) == pytest.approx(800.0)
    used = Used()
    for source, item in cost.WATER_PRICES.items():
        default = cost.water_cost(None, {source: 1000.0}, "USD", used)
        assert default == factor("money", item).value
    # Each source has its price: the site's where it gives one, else the default.
    drawn = {"potable": 1000.0, "reclaimed": 1000.0, "sea": 1000.0}
    dear = tariff.model_copy(update={"reclaimed_water_jpy_per_m3": 250.0})
    sea_jpy = factor("money", "sea_water").value * 151.4
    assert cost.water_cost(dear, drawn, "JPY", used) == pytest.approx(400.0 + 250.0 + sea_jpy)
    assert [factor("money", name).value for name in ("sea_water", "reclaimed_water", "water")] == (
        sorted(factor("money", name).value for name in cost.WATER_PRICES.values())
    )


def test_every_price_names_its_own_source() -> None:
    groups = (
        "",
        "network_",
        "margin_",
        "surcharge_",
        "capacity_",
        "carbon_",
        "export_price_",
        "water_",
        "fuel_",
    )
    notes = {f"{g}source": f"source of {g or 'energy'}" for g in groups}
    tariff = Tariff(
        currency="JPY", energy_price_jpy_per_kwh=10.0, wheeling_jpy_per_kwh=2.0,
        margin_jpy_per_kwh=1.0, surcharge_jpy_per_kwh=3.0, capacity_jpy_per_kw_year=9.0,
        demand_jpy_per_kw_month=5.0, carbon_jpy_per_kg=4.0, export_price_jpy_per_kwh=8.0, water_jpy_per_m3=400.0,
        diesel_jpy_per_kwh=11.0, carbon_status="read", wheeling_loss_frac=0.04, **notes,
    )  # fmt: skip
    used = Used()
    cost.network_cost(tariff, totals(10.0), grid(), used)
    cost.carbon_cost(tariff, 1.0, "JPY", used)
    cost.export_revenue(tariff, 1.0, "JPY", used)
    cost.water_cost(tariff, {"potable": 1.0}, "JPY", used)
    cost.fuel_cost(tariff, {"diesel": 1.0}, "JPY", used)
    found = {name: factor.source for name, factor in used.factors.items()}
    assert found == {
        "site.tariff.wheeling": "source of network_", "site.tariff.wheeling_loss": "source of network_",
        "site.tariff.margin": "source of margin_", "site.tariff.surcharge": "source of surcharge_",
        "site.tariff.capacity": "source of capacity_", "site.tariff.demand": "source of network_",
        "site.tariff.carbon": "source of carbon_", "site.tariff.water": "source of water_",
        "site.tariff.export_price": "source of export_price_", "site.tariff.diesel": "source of fuel_",
    }  # fmt: skip
    assert used.factors["site.tariff.carbon"].status == "read"
    assert used.factors["site.tariff.water"].unit == "JPY/m³"
    bare = Tariff(currency="JPY", energy_price_jpy_per_kwh=10.0, water_jpy_per_m3=400.0)
    cost.water_cost(bare, {"potable": 1.0}, "JPY", used)
    assert "names no source" in used.factors["site.tariff.water"].source
