"""The accounts of bundled runs: scopes, embodied carbon, totals, what is marked as assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.accounting.account import all_metrics
from dctwin.accounting.carbon import (
    embodied_kg_per_year,
    fuel_kg,
    fuel_kwh,
    refrigerant_kg_per_year,
)
from dctwin.accounting.factors import Used, factor
from dctwin.accounting.sizes import Installed, installed_parts
from dctwin.ledger import Ledger
from dctwin.metrics import GridYear
from dctwin.result import Run
from dctwin.totals import totals_of


@pytest.fixture(scope="module")
def run() -> Run:
    return dctwin.simulate("chilled-water-tower-ac", "inzai")


def test_scopes_add_up(run: Run) -> None:
    m: Any = run.metrics
    assert m["carbon_scope1_kg"] == m["carbon_fuel_kg"] + m["carbon_refrigerant_kg"]
    for scope, kg in (
        ("scope1", "scope1"), ("scope2", "scope2_location"), ("scope2_market", "scope2_market"),
        ("scope3", "scope3"),
    ):  # fmt: skip
        per_it = m[f"carbon_{kg}_kg"] / m["it_kwh"]
        assert m[f"cue_{scope}_kg_per_kwh"] == pytest.approx(per_it, rel=1e-12)
    assert m["carbon_operational_kg"] == m["carbon_scope2_location_kg"]  # no fuel is burned here
    assert m["carbon_total_kg"] == pytest.approx(
        m["carbon_scope1_kg"] + m["carbon_scope2_location_kg"] + m["carbon_scope3_kg"]
    )
    assert m["carbon_embodied_kg_per_year"] == pytest.approx(
        sum(run.provenance["accounting"]["embodied_kg_per_year"].values())
    )
    assert m["carbon_scope3_kg"] == pytest.approx(m["carbon_embodied_kg_per_year"])
    assert m["cue_kg_per_kwh"] == pytest.approx(m["carbon_scope2_location_kg"] / m["it_kwh"])


def test_cost_adds_up(run: Run) -> None:
    m: Any = run.metrics
    parts = ["energy", "fuel", "network", "contracts", "carbon", "water", "maintenance", "capital"]
    total = sum(m[f"cost_{part}_per_year"] for part in parts) - m["cost_export_revenue_per_year"]
    assert m["cost_total_per_year"] == pytest.approx(total)
    assert m["cost_per_it_kwh"] == pytest.approx(total / m["it_kwh"])


def test_refrigerant_by_hand() -> None:
    facility = dctwin.load_design("air-cooled-chiller-ac")
    chiller = next(d for c in facility.circuits for d in c.stages if "chiller" in d.component.kind)
    charge = factor("refrigerants", "charge", "air_cooled").value
    leak = factor("refrigerants", "leak", "air_cooled").value
    kg = chiller.component.reference_kw * chiller.count * charge * leak
    assert refrigerant_kg_per_year(facility, Used()) == pytest.approx(kg * 1530)


def test_what_is_assumed_is_marked(run: Run) -> None:
    books = run.provenance["accounting"]
    assert "equipment.building.capital" in books["assumed"]
    assert "site.tariff.wheeling" not in books["assumed"]  # read, where the margin is a guess
    assert "site.tariff.margin" in books["assumed"]
    assert "refrigerants.gwp.R134a" not in books["assumed"]
    assert books["currency"] == "JPY"
    assert books["price_year"] == 2024
    assert {row["name"] for row in books["factors"]} >= set(books["assumed"])
    behind = books["assumed_behind"]
    assert run.assumed == behind == run.document()["assumed"]
    # The spot price of Tokyo and its grid's carbon are computed from what was read.
    assert "cost_energy_per_year" not in behind
    assert "cue_kg_per_kwh" not in behind
    assert behind["cue_market_kg_per_kwh"] == ["site.market_carbon_kg_per_kwh"]
    assert "site.tariff.margin" in behind["cost_network_per_year"]
    assert set(behind["cost_network_per_year"]) <= set(behind["cost_total_per_year"])
    assert "equipment.building.capital" not in behind["carbon_scope3_kg"]


@pytest.mark.parametrize("name", list(dctwin.catalogue().designs))
def test_every_bundled_machine_is_counted(name: str) -> None:
    parts, missing = installed_parts(dctwin.load_design(name))
    assert missing == []
    assert all(part.amount > 0 for part in parts)


def test_twice_the_racks_is_twice_the_building() -> None:
    facility = dctwin.load_design("air-cooled-chiller-ac")
    name = facility.racks[0].name
    count = int(facility.racks[0].device.count)
    larger = facility.replace({f"it.racks.{name}.count": 2 * count})
    one, two = (installed_parts(f)[0][0].amount for f in (facility, larger))
    assert two == pytest.approx(2 * one)


def power_usd_per_it_kw(design: str) -> dict[str, float]:
    """Price of the power chain outside the racks over IT power, by what the devices are."""
    facility = dctwin.load_design(design)
    found: dict[str, float] = {}
    for part in installed_parts(facility)[0]:
        if part.group == "power":
            price = part.amount * factor("equipment", part.kind, "capital").value
            found[part.kind] = found.get(part.kind, 0.0) + price / facility.design_it_kw
    return found


@pytest.mark.parametrize(
    "design",
    [
        "dtc-warm-water-ac",
        "dtc-warm-water-800vdc",
        "ai-hall-modern-415-240-vac-double-conversion",
        "ai-hall-legacy-480-208-vac",
        "ai-hall-800-vdc-rectifier",
        "ai-hall-800-vdc-sst",
    ],
)
def test_a_power_chain_has_a_credible_price(design: str) -> None:
    """Without engines, 2N: some hundred to two thousand USD a kilowatt of IT, of 8 to 15 USD/W in
    all (Turner & Townsend); most of it conversion, not switchgear."""
    usd = power_usd_per_it_kw(design)
    assert 300 < sum(usd.values()) < 2500
    converts = sum(usd.get(role, 0.0) for role in ("ups", "rectifier", "sst"))
    assert 0.2 < converts / sum(usd.values()) < 0.9
    assert usd.get("switchgear", 0.0) < converts


def test_a_rectifier_costs_less_than_the_ups_whose_half_it_is() -> None:
    ac = power_usd_per_it_kw("ai-hall-modern-415-240-vac-double-conversion")
    dc = power_usd_per_it_kw("ai-hall-800-vdc-rectifier")
    assert dc["rectifier"] < ac["ups"]
    assert dc["switchgear"] == pytest.approx(ac["switchgear"])


def test_copper_of_a_feeder_by_hand() -> None:
    facility = dctwin.load_design("dtc-warm-water-800vdc")
    busway = next(d for d in facility.it_path if d.component.kind == "busway")
    c = busway.component
    poles = c.poles_count or (2 if c.system == "dc" else 3)
    density = 8890 if c.material == "copper" else 2703
    kg = poles * c.length_m * c.section_mm2 * 1e-6 * density * busway.count
    found = next(p for p in installed_parts(facility)[0] if p.kind == "busway")
    assert found.amount == pytest.approx(kg)
    assert found.metal == c.material


@pytest.mark.parametrize(("metal", "kg_per_kg"), [("copper", 4.1), ("aluminium", 14.7)])
def test_a_conductor_costs_the_carbon_of_its_metal(metal: str, kg_per_kg: float) -> None:
    feeder = Installed("feeder", "busway", "power", 100.0, metal)
    used = Used()
    life = factor("equipment", "busway", "life").value
    found = embodied_kg_per_year([feeder], used)
    assert found == {"power": pytest.approx(100.0 * kg_per_kg / life)}
    assert f"metals.{metal}.embodied" in used.factors


def test_devices_of_every_feed_are_counted() -> None:
    facility = dctwin.load_design("sakura-like-380-vdc")
    names = [part.name for part in installed_parts(facility)[0]]
    feeds = [device.name for feed in facility.feeds for device in feed.path]
    assert feeds
    assert all(names.count(name) >= feeds.count(name) for name in feeds)


def test_fuel_is_scope_1_with_its_supply_in_scope_3() -> None:
    ledger = Ledger(1.0)
    ledger.post("heat", "fuel.diesel", "genset", np.array([100.0, 50.0]))
    ledger.post("heat", "genset", "ambient", np.array([60.0, 30.0]))
    ledger.post("electricity", "genset", "bus.facility", np.array([40.0, 20.0]))
    grid = GridYear(0.5, "JPY")
    burned = fuel_kwh(totals_of(ledger, {"unmet_k": np.zeros(2)}, grid))
    assert burned == {"diesel": 150.0}
    assert fuel_kg(burned, "combustion", Used()) == pytest.approx(150 * 0.2636)
    assert fuel_kg(burned, "upstream", Used()) > 0


def test_a_short_run_has_no_yearly_total() -> None:
    facility = dctwin.load_design("air-cooled-chiller-ac")
    ledger = Ledger(1.0)
    ledger.post("electricity", "grid", "rack.a", np.array([1.0, 2.0]), "it.compute")
    grid = GridYear(0.5, "JPY", price_per_kwh=20.0)
    totals = totals_of(ledger, {"unmet_k": np.zeros(2)}, grid)
    values, _ = all_metrics(facility, totals, grid, None, 0.0)
    books = values.one()
    assert books.values["cost_total_per_year"] is None
    assert "not a year" in books.undefined["cost_total_per_year"]
    assert books.values["carbon_embodied_kg_per_year"] > 0  # type: ignore[operator]


def test_without_prices_costs_are_undefined_with_a_reason() -> None:
    site = dctwin.load_site("inzai")
    del site.document.data["tariff"]
    from dctwin.site import parse_site

    found = dctwin.simulate("air-cooled-chiller-ac", parse_site(site.document))
    assert found.metrics["cost_total_per_year"] is None
    assert found.metrics["cost_network_per_year"] is None
    assert "no energy price" in found.undefined["cost_total_per_year"]


def test_a_currency_without_a_rate_leaves_energy_cost_alone(tmp_path: Path) -> None:
    start = np.datetime64("2024-01-01T00:00")
    rows = "".join(f"{start + np.timedelta64(k, 'h')},0.1\n" for k in range(8784))
    path = tmp_path / "price.csv"
    path.write_text("time_utc,price_gbp_per_kwh\n" + rows, encoding="utf-8")
    found = dctwin.simulate("air-cooled-chiller-ac", "inzai", price=path)
    m: Any = found.metrics
    assert m["currency"] == "GBP"
    assert m["cost_energy_per_year"] == pytest.approx(0.1 * m["grid_import_kwh"])
    assert m["cost_total_per_year"] is None
    assert "no exchange rate for GBP" in found.undefined["cost_total_per_year"]
    assert m["carbon_embodied_kg_per_year"] > 0


def test_boiling_coolant_that_escapes_is_scope_1() -> None:
    """8 + 1 units of 120 kg that lose 2 % a year of R515B, whose potential is that of its parts."""
    run = dctwin.simulate("two-phase-dtc-r515b-ac", "inzai")
    lost_kg = sum(
        charge.loss_kg_per_year for charge in dctwin.load_design("two-phase-dtc-r515b-ac").charges
    )
    assert lost_kg == pytest.approx(9 * 120 * 0.02)
    parts = {"R1234ze(E)": 0.911, "R227ea": 0.089}
    gwp = sum(share * factor("refrigerants", "gwp", name).value for name, share in parts.items())
    assert run.metrics["carbon_coolant_kg"] == pytest.approx(lost_kg * gwp, rel=0.01)
    m: Any = run.metrics
    assert m["carbon_scope1_kg"] == pytest.approx(
        m["carbon_fuel_kg"] + m["carbon_refrigerant_kg"] + m["carbon_coolant_kg"]
    )
    assert "design.refrigerant.cdu.vapour_loss" in run.assumed["carbon_coolant_kg"]


def test_every_boiling_fluid_has_a_warming_potential() -> None:
    from dctwin.physics.boiling import boiling_fluids

    assert {"R515B", "novec-649"} <= set(boiling_fluids())
    for fluid in boiling_fluids():
        assert factor("refrigerants", "gwp", fluid).unit == "kg/kg"


def test_the_price_of_a_contract_names_its_source() -> None:
    run = dctwin.simulate("dtc-warm-water-ppa-ac", "inzai")
    assert "design.contracts.solar.price" in run.assumed["cost_contracts_per_year"]
    rows = {row["name"]: row for row in run.provenance["accounting"]["factors"]}
    assert "solar agreements in Japan" in rows["design.contracts.solar.price"]["source"]
