"""Engines in a design: fuel becomes electricity, network heat and lost heat; starts are watched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.accounting.factors import factor
from dctwin.errors import InputError
from dctwin.result import Run

HALL = "air-cooled-chiller-ac"
ENGINES = {"equipment": "gas-1500kw", "name": "engine", "count": 2, "mode": "base-load"}


def total(run: Run, **match: str) -> float:
    return sum(run.ledger.total(flow.value, flow.carrier) for flow in run.ledger.select(**match))


@pytest.fixture(scope="module")
def chp() -> Run:
    return dctwin.simulate("gas-engine-chp-ac", "inzai")


@pytest.fixture(scope="module")
def standby() -> Run:
    return dctwin.simulate("standby-diesel-outage-ac", "inzai")


def test_fuel_is_electricity_network_heat_and_lost_heat(chp: Run) -> None:
    m: Any = chp.metrics
    node = "genset.engine"
    lost_kwh = total(chp, source=node, target="ambient")
    assert m["fuel_kwh"] == pytest.approx(
        m["genset_kwh"] + m["genset_heat_reused_kwh"] + lost_kwh, rel=1e-12
    )
    assert m["fuel_kwh"] == pytest.approx(total(chp, source="fuel.gas"))
    # 1.5 MW engines at part load: 0.39 to 0.427 of the lower heating value.
    assert 0.38 < m["genset_kwh"] / m["fuel_kwh"] < 0.43
    assert max(chp.closure.values()) < 1e-9


def test_the_network_takes_no_more_than_it_wants(chp: Run) -> None:
    heat_kw = next(f.value for f in chp.ledger.select(source="genset.engine", target="reuse"))
    assert float(np.max(heat_kw)) <= 1500.0
    # A third of the heat at most is wanted in July.
    assert float(np.max(heat_kw[4500:4900])) < 500.0


def test_engines_stand_outside_the_boundary_and_inside_is_told_beside(chp: Run) -> None:
    m: Any = chp.metrics
    plain: Any = dctwin.simulate(HALL, "inzai").metrics
    # Metered at their output: the PUE is that of the hall, but for the heaters.
    assert m["pue"] == pytest.approx(plain["pue"], rel=1e-3)
    assert m["erf_frac"] == 0.0
    assert m["ere"] == m["pue"]
    inside_kwh = m["facility_kwh"] - m["genset_kwh"] + m["fuel_kwh"]
    assert m["pue_fuel_inside"] == pytest.approx(inside_kwh / m["it_kwh"])
    assert m["erf_fuel_inside_frac"] == pytest.approx(m["genset_heat_reused_kwh"] / inside_kwh)
    # Burned fuel is neither renewable nor carbon-free nor own generation.
    assert m["onsite_kwh"] == m["ref_frac"] == 0.0
    assert m["cfe_247_frac"] < 0.01
    assert plain["pue_fuel_inside"] is None


def test_fuel_is_scope_1_and_has_a_price(chp: Run) -> None:
    m: Any = chp.metrics
    kg = factor("fuels", "gas", "combustion").value * m["fuel_kwh"]
    assert m["carbon_fuel_kg"] == pytest.approx(kg)
    assert m["cue_kg_per_kwh"] == pytest.approx((kg + m["carbon_scope2_location_kg"]) / m["it_kwh"])
    price = factor("fuels", "gas", "price").value * factor("money", "per_usd", "JPY").value
    assert m["cost_fuel_per_year"] == pytest.approx(price * m["fuel_kwh"])
    assert "fuels.gas.price" in chp.provenance["accounting"]["assumed"]
    parts = ["energy", "fuel", "network", "contracts", "carbon", "water", "maintenance", "capital"]
    total_cost = sum(m[f"cost_{p}_per_year"] for p in parts) - m["cost_export_revenue_per_year"]
    assert m["cost_total_per_year"] == pytest.approx(total_cost)


def test_standby_sets_carry_the_outages(standby: Run) -> None:
    m: Any = standby.metrics
    assert m["shed_kwh"] == 0.0
    output_kw = np.asarray(standby.frame["genset.diesel.output_kw"])
    assert np.flatnonzero(output_kw).tolist() == [*range(500, 508), *range(5000, 5008)]
    imported_kw = next(f.value for f in standby.ledger.select(source="grid"))
    assert not imported_kw[output_kw > 0].any()
    # The chart of the 2 MW set: 0.26 to 0.28 L/kWh.
    litres = float(np.sum(standby.frame["genset.diesel.fuel_l_per_h"]))
    assert litres / m["genset_kwh"] == pytest.approx(0.27, abs=0.015)
    # Three heaters of 8 kW, but in the outages.
    heater_kwh = total(standby, source="bus.facility", target="heater.diesel")
    assert heater_kwh == pytest.approx(24.0 * (8760 - 16))
    assert not [flag for flag in standby.flags if flag.place.startswith("genset")]


def test_a_start_that_nothing_rides_through_is_flagged() -> None:
    outage = {"name": "islanded", "outage_start_h": [500.0], "outage_h": 2.0}
    sets = {"equipment": "diesel-2mw", "count": 2, "mode": "standby"}
    bare = dctwin.simulate(HALL, "inzai", set={"onsite": {"gensets": sets, "policy": outage}})
    (flag,) = [flag for flag in bare.flags if flag.place == "genset.genset"]
    assert (flag.limit, flag.count_h) == ("ride_through_s", 1.0)
    # Start in 10 s, then a tenth of the rating a second above the first half.
    load_frac = float(np.max(np.asarray(bare.frame["genset.genset.load_frac"])))
    assert flag.worst == pytest.approx(10.0 + (load_frac - 0.5) / 0.1, abs=0.05)
    battery = {"equipment": "lfp-4mwh", "reserve_frac": 0.1, "start_frac": 0.5}
    with_battery = {"gensets": sets, "policy": outage, "battery": battery}
    held = dctwin.simulate(HALL, "inzai", set={"onsite": with_battery})
    assert not [flag for flag in held.flags if flag.limit == "ride_through_s"]


def test_cells_on_gas_follow_the_load_as_engines_do() -> None:
    cells = {"equipment": "solid-oxide-gas-300kw", "name": "cell", "count": 8, "mode": "base-load"}
    run = dctwin.simulate(HALL, "inzai", set={"onsite": {"gensets": cells}})
    m: Any = run.metrics
    load = np.asarray(run.frame["genset.cell.load_frac"])
    assert 0.8 < load.min() <= load.max() <= 1.0 + 1e-9
    assert m["genset_kwh"] / m["fuel_kwh"] == pytest.approx(0.585, abs=0.006)
    assert m["carbon_fuel_kg"] == pytest.approx(0.202 * m["fuel_kwh"])
    assert m["grid_import_kwh"] < 0.01 * m["facility_kwh"]
    with pytest.raises(InputError, match="a tank feeds hydrogen only"):
        dctwin.load_design("island-hydrogen-ac").replace(
            {"onsite.hydrogen.fuel_cell.equipment": cells["equipment"]}
        )


def test_heat_of_a_fuel_cell_is_heat_of_the_facility() -> None:
    run = dctwin.simulate("island-hydrogen-ac", "inzai", set={"onsite.heat_demand_kw": 50.0})
    m: Any = run.metrics
    usable_kw = np.asarray(run.frame["storage.hydrogen.heat_kw"])
    assert m["heat_reused_kwh"] == pytest.approx(float(np.minimum(usable_kw, 50.0).sum()))
    assert m["erf_frac"] == pytest.approx(m["heat_reused_kwh"] / m["facility_kwh"])
    assert 0.0 < m["erf_frac"] < 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "sometimes"}, "onsite.gensets.mode: .*standby"),
        ({"mode": "standby", "load_frac": 0.5}, "onsite.gensets.load_frac: a standby set covers"),
        ({"mode": "base-load", "load_frac": 1.5}, "onsite.gensets.load_frac: is out of range"),
        (
            {"mode": "standby", "equipment": "pem-500kw"},
            "a fuel cell is not started for an outage, allowed base-load",
        ),
        ({"mode": "standby", "rated": 5.0}, "unknown key, .*'rated_kw'"),
    ],
)
def test_a_wrong_entry_is_one_clear_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        dctwin.load_design(HALL).replace({"onsite": {"gensets": {**ENGINES, **change}}})
    assert len(refused.value.faults) == 1


def test_designs_of_a_batch_may_differ_in_rating() -> None:
    from dctwin.api import simulate_batch
    from dctwin.surroundings import prepare

    base, here = dctwin.load_design("gas-engine-chp-ac"), prepare(dctwin.load_site("inzai"))
    pair = [base.replace({"onsite.gensets.rated_kw": kw}) for kw in (1000.0, 1500.0)]
    together = simulate_batch(pair, here)
    for run, one in zip(together, pair, strict=True):
        alone = simulate_batch([one], here)[0]
        for name in ("fuel_kwh", "genset_kwh", "grid_import_kwh", "cost_total_per_year"):
            assert run.metrics[name] == pytest.approx(alone.metrics[name], rel=1e-9, abs=1e-6)
