"""Direct-current buses with several sources at work: voltages, then energy, then limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from feed_halls import HOURS, boundary, group, hall, ups
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import floats

from dctwin.accounting.sizes import installed_parts
from dctwin.design import Facility, load_design
from dctwin.engines.annual import run_year
from dctwin.engines.bus import feeds_live
from dctwin.engines.year import Year
from dctwin.errors import InputError
from dctwin.metrics import GridYear
from dctwin.totals import totals_of

GRID = GridYear(0.4, "JPY")


# --- direct-current buses ---------------------------------------------------------------------


LOAD_KW = 400.0
CELL = {
    "kind": "fuel-cell", "name": "cell", "fuel": "gas", "rated_kw": 100.0, "count": 2,
    "min_load_frac": 0.3, "load_frac_points": [0.3, 1.0], "efficiency_points": [0.5, 0.55],
}  # fmt: skip


def bus_hall(
    pv_kw: float,
    limit_kw: float,
    battery: dict[str, Any] | None,
    onsite: dict[str, Any] | None = None,
    **more: Any,
) -> Facility:
    sources: dict[str, Any] = {
        "utility_v": 340, "utility_limit_kw": limit_kw, "pv_v": 380,
        "pv": {"kind": "pv", "rated_kw": pv_kw},
    }  # fmt: skip
    if battery is not None:
        sources |= {"battery_v": 264, "battery": {"kind": "battery", **battery}}
    feeds = {"dc": {"stages": [ups(10, "N", role="rectifier")], "sources": sources | more}}
    return hall({"feeds": feeds}, {"all": group("dc", LOAD_KW)}, onsite=onsite)


def battery_of(kwh: float, **more: float) -> dict[str, Any]:
    return {"capacity_kwh": kwh, "charge_kw": 500, "discharge_kw": 500, "start_frac": 1.0, **more}


def flows_of(year: Year) -> dict[tuple[str, str], np.ndarray]:
    assert max(year.closure.values()) < 1e-9
    found: dict[tuple[str, str], np.ndarray] = {}
    for flow in year.ledger.select(carrier="electricity"):
        key = (flow.source, flow.target)
        found[key] = found.get(key, np.zeros(HOURS)) + flow.value
    return found


def short_kw(year: Year) -> np.ndarray:
    (beyond,) = (f.limit.beyond for f in year.flags if f.limit.name == "short_kw")
    return np.broadcast_to(beyond, (HOURS,))


def without_grid(*hours: int, sun: Any = 0.0) -> Any:
    there = np.ones(HOURS)
    there[list(hours)] = 0.0
    around = boundary({"dc": sun + np.zeros(HOURS)})
    return replace(around, grid_available=there)


def test_sun_first_then_utility_then_battery() -> None:
    sun = np.where(np.arange(HOURS) % 24 == 12, 0.9, 0.0)
    battery = {"capacity_kwh": 150, "charge_kw": 500, "discharge_kw": 500, "start_frac": 1.0}
    facility = bus_hall(1000.0, 380.0, battery)
    year = run_year(facility, boundary({"dc": sun}))
    assert max(year.closure.values()) < 1e-9
    flows = {(f.source, f.target): np.broadcast_to(f.value, (HOURS,)) for f in year.ledger.flows}
    from_battery = flows["storage.dc", "bus.dc"]
    utility = flows["power.dc.ups", "bus.dc"]
    # 20 kW more than the rectifiers give: the battery gives it until it is empty, 0.922 one way.
    assert from_battery[0] == pytest.approx(20.0, rel=0.02)
    assert utility[0] == pytest.approx(380.0, rel=1e-6)
    assert np.sum(from_battery[:12]) == pytest.approx(150 * 0.922, rel=1e-6)
    # At noon the sun gives all, fills the battery, and the rest is curtailed.
    assert utility[12] == pytest.approx(0.0, abs=1e-9)
    assert flows["bus.dc", "storage.dc"][12] == pytest.approx(150 / 0.922, rel=1e-6)
    assert year.traces["bus.dc.curtailed_kw"][12] > 0
    assert year.traces["bus.dc.bus_v"][12] > 340 > year.traces["bus.dc.bus_v"][0]
    # With the battery empty the rectifiers are asked for more than their limit, which is told.
    short = next(f.limit.beyond for f in year.flags if f.limit.name == "short_kw")
    assert short[0] == pytest.approx(0.0, abs=1e-9)
    assert short[11] == pytest.approx(utility[11] - 380.0)


def test_without_the_grid_the_battery_carries_the_bus_and_is_refilled_after() -> None:
    facility = bus_hall(0.0, 500.0, battery_of(2000, auxiliary_kw=3.0))
    year = run_year(facility, without_grid(10, 11))
    flows = flows_of(year)
    given, taken = flows["storage.dc", "bus.dc"], flows["bus.dc", "storage.dc"]
    utility, aux = flows["power.dc.ups", "bus.dc"], flows["bus.dc", "storage.dc-auxiliary"]
    assert aux == pytest.approx(np.full(HOURS, 3.0))
    # Auxiliaries are load of the bus; the rectifiers have nothing behind them for two hours.
    assert given[[9, 10, 11, 12]] == pytest.approx([0, 403, 403, 0])
    assert utility[[9, 10, 11]] == pytest.approx([403, 0, 0], abs=1e-6)
    # Then they give what they can, 97 kW beyond the load, until it is full again.
    assert taken[12:15] == pytest.approx([97, 97, 97])
    assert np.sum(taken) * 0.922 == pytest.approx(np.sum(given) / 0.922)
    assert year.traces["storage.dc.energy_kwh"][-1] == pytest.approx(2000.0)
    assert np.max(short_kw(year)) < 1e-6
    # The bus stands at the battery's voltage while that carries it.
    assert 264 > year.traces["bus.dc.bus_v"][10] > 264 * 0.97
    assert 340 > year.traces["bus.dc.bus_v"][9] > 340 * 0.97


def test_half_an_hour_without_grid_is_half_of_an_hour() -> None:
    facility = bus_hall(0.0, 500.0, battery_of(2000))
    around = without_grid(10)
    around.grid_available[10] = 0.5
    year = run_year(facility, around)
    flows = flows_of(year)
    assert flows["storage.dc", "bus.dc"][[9, 10, 11]] == pytest.approx([0, 200, 0])
    assert flows["power.dc.ups", "bus.dc"][10] == pytest.approx(200.0)
    assert np.max(short_kw(year)) < 1e-6
    # Without charge the load of that half hour is short, whatever the rectifiers could give.
    bare = run_year(bus_hall(0.0, 500.0, None), around)
    assert short_kw(bare)[[9, 10, 11]] == pytest.approx([0, 200, 0], abs=1e-6)


def test_an_empty_battery_leaves_the_bus_short_and_the_load_is_shed() -> None:
    facility = bus_hall(0.0, 500.0, battery_of(200))
    year = run_year(facility, without_grid(10, 11))
    given = flows_of(year)["storage.dc", "bus.dc"]
    assert np.sum(given[10:12]) == pytest.approx(200 * 0.922)
    assert short_kw(year)[[9, 10, 11, 12]] == pytest.approx(
        [0, 400 - 200 * 0.922, 400, 0], abs=1e-6
    )
    (shed,) = year.ledger.select(source="shed")
    assert shed.value[11] > 400.0
    assert shed.value[12] == 0.0


def test_a_standby_set_at_the_facility_bus_keeps_the_rectifiers_alive() -> None:
    sets = {"equipment": "diesel-1mw", "mode": "standby"}
    facility = bus_hall(0.0, 500.0, battery_of(200), {"gensets": sets})
    around = without_grid(10, 11)
    assert feeds_live(facility, around) is None
    year = run_year(facility, around)
    flows = flows_of(year)
    assert np.max(flows["storage.dc", "bus.dc"]) == 0.0
    assert flows["power.dc.ups", "bus.dc"][10] == pytest.approx(400.0)
    assert np.max(short_kw(year)) < 1e-6


def test_outages_of_a_policy_reach_the_bus() -> None:
    policy = {"name": "islanded", "outage_start_h": [5.0], "outage_h": 1.0}
    facility = bus_hall(0.0, 500.0, battery_of(2000), {"policy": policy})
    year = run_year(facility, boundary())
    given = flows_of(year)["storage.dc", "bus.dc"]
    assert given[[4, 5, 6]] == pytest.approx([0, 400, 0])


def test_the_reserve_is_for_outages_alone_and_the_grid_refills_it() -> None:
    battery = battery_of(1000, reserve_frac=0.5)
    short = bus_hall(0.0, 350.0, battery)
    left = run_year(short, boundary()).traces["storage.dc.energy_kwh"]
    assert left[-1] == pytest.approx(500.0)  # 50 kW beyond the rectifiers draw the other half
    # A battery above the utility gives first; below its reserve only while there is no grid.
    facility = bus_hall(0.0, 500.0, battery, battery_v=370.0)
    year = run_year(facility, without_grid(30))
    flows = flows_of(year)
    assert flows["storage.dc", "bus.dc"][[0, 1, 20, 30]] == pytest.approx([400, 61, 0, 400])
    assert flows["bus.dc", "storage.dc"][31] == pytest.approx(100.0)
    assert year.traces["storage.dc.energy_kwh"][-1] == pytest.approx(500.0)


def test_sources_that_share_take_over_what_an_empty_battery_gave() -> None:
    # Wide droop: battery and utility give together, so the empty battery leaves no one short.
    facility = bus_hall(0.0, 500.0, battery_of(300), battery_v=340.0, droop_frac=0.1)
    year = run_year(facility, boundary())
    flows = flows_of(year)
    given = flows["storage.dc", "bus.dc"]
    assert given[0] == pytest.approx(200.0)
    assert given[5] == 0.0
    assert flows["power.dc.ups", "bus.dc"][[0, 5]] == pytest.approx([200.0, 400.0])
    assert np.max(short_kw(year)) < 1e-6


def test_a_fuel_cell_by_its_voltage_and_its_least_load() -> None:
    above = bus_hall(0.0, 500.0, None, fuel_cell=CELL, fuel_cell_v=360.0)
    year = run_year(above, boundary())
    flows = flows_of(year)
    assert flows["genset.dc.cell", "bus.dc"] == pytest.approx(np.full(HOURS, 200.0))
    assert flows["power.dc.ups", "bus.dc"] == pytest.approx(np.full(HOURS, 200.0))
    (fuel,) = year.ledger.select(source="fuel.gas")
    assert fuel.value == pytest.approx(np.full(HOURS, 200.0 / 0.55))
    # Behind the utility it comes in when that is gone, together with the battery behind it.
    below = bus_hall(0.0, 500.0, battery_of(2000), fuel_cell=CELL, fuel_cell_v=300.0)
    year = run_year(below, without_grid(10))
    flows = flows_of(year)
    assert flows["genset.dc.cell", "bus.dc"][[9, 10, 11]] == pytest.approx([0, 200, 0])
    assert flows["storage.dc", "bus.dc"][[9, 10, 11]] == pytest.approx([0, 200, 0])
    # 20 kW beyond the rectifiers are below the least load of one cell: it stands still.
    idle = run_year(bus_hall(0.0, 380.0, None, fuel_cell=CELL, fuel_cell_v=300.0), boundary())
    assert np.max(flows_of(idle)["genset.dc.cell", "bus.dc"]) == 0.0
    assert short_kw(idle) == pytest.approx(np.full(HOURS, 20.0))


def test_metrics_and_parts_know_what_stands_on_the_bus() -> None:
    facility = bus_hall(50.0, 380.0, battery_of(2000), fuel_cell=CELL, fuel_cell_v=300.0)
    found, missing = installed_parts(facility)
    amounts = {part.kind: part.amount for part in found if part.group in ("power", "onsite")}
    assert amounts["dc-bus"] == 380.0
    assert amounts["battery"] == 2000.0
    assert amounts["fuel-cell"] == 200.0
    assert not missing
    year = run_year(bus_hall(0.0, 380.0, battery_of(2000)), boundary())
    totals = totals_of(year.ledger, year.traces, GRID)
    assert totals["battery_discharged_kwh"] == pytest.approx(20.0 * HOURS, rel=1e-6)
    assert totals["battery_cycles_count"] == pytest.approx(20.0 * HOURS / 0.922 / 2000)
    assert 0.9 < float(np.squeeze(totals["battery_capacity_left_frac"])) < 1.0
    watched = {flag.limit.name for flag in year.flags if flag.place == "storage.dc"}
    assert "ageing_c_rate_kw_per_kwh" in watched


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"fuel_cell": CELL}, "give fuel_cell and fuel_cell_v together"),
        ({"fuel_cell_v": 300.0}, "give fuel_cell and fuel_cell_v together"),
    ],
)
def test_what_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        bus_hall(0.0, 500.0, None, **more)


@st.composite
def buses(draw: st.DrawFn) -> Facility:
    more: dict[str, Any] = {"droop_frac": draw(floats(0.001, 0.3))}
    battery = None
    if draw(st.booleans()):
        reserve = draw(st.sampled_from([0.0, 0.4, 1.0]))
        battery = {
            "capacity_kwh": draw(floats(0.01, 2000.0)),
            "charge_kw": draw(floats(0.0, 500.0)),
            "discharge_kw": draw(floats(0.0, 500.0)),
            "reserve_frac": reserve,
            "start_frac": draw(floats(reserve, 1.0)),
            "auxiliary_kw": draw(floats(0.0, 5.0)),
        }
        more["battery_v"] = draw(floats(200.0, 420.0))
    if draw(st.booleans()):
        more |= {"fuel_cell": CELL, "fuel_cell_v": draw(floats(200.0, 420.0))}
    return bus_hall(draw(floats(0.0, 2000.0)), draw(floats(50.0, 600.0)), battery, **more)


@given(data=st.data(), facility=buses())
@settings(max_examples=60)
def test_a_bus_closes_for_any_sources(data: st.DataObject, facility: Facility) -> None:
    sun = np.array(data.draw(st.lists(floats(0.0, 1.0), min_size=HOURS, max_size=HOURS)))
    dark = data.draw(st.lists(st.integers(0, HOURS - 1), max_size=20))
    around = without_grid(*dark, sun=sun)
    around.grid_available[:] = np.maximum(
        around.grid_available, data.draw(st.sampled_from([0.0, 0.3, 1.0])) * (np.arange(HOURS) % 3)
    ).clip(0.0, 1.0)
    year = run_year(facility, around)
    flows = flows_of(year)
    assert min(np.min(flow.value) for flow in year.ledger.flows) >= 0.0
    into = sum(kw for (_, target), kw in flows.items() if target == "bus.dc")
    out = sum(kw for (source, _), kw in flows.items() if source == "bus.dc")
    assert into == pytest.approx(out, rel=1e-9)
    # Rectifiers give nothing without a grid and never more than their limit, but for what is
    # told to be short; and nothing is short while any source has power to spare.
    (bus,) = (feed.sources.bus for feed in facility.feeds if feed.sources is not None)
    most = bus.utility_limit_kw * around.grid_available
    utility, short = flows["power.dc.ups", "bus.dc"], short_kw(year)
    assert np.all(utility <= most + short + 1e-6)
    # A step that the grid leaves in part may be short in the rest of it.
    short = short * np.isin(around.grid_available, (0.0, 1.0))
    assert np.all((short < 1e-6) | (utility + 1e-6 > most))
    assert np.all((short < 1e-6) | (year.traces["bus.dc.curtailed_kw"] < 1e-6))


def test_the_bundled_design_like_ishikari_gives_the_sun_first() -> None:
    facility = load_design("sakura-like-380-vdc")
    sun = np.full(HOURS, 0.5)
    year = run_year(facility, boundary({"dc": sun}))
    (pv,) = year.ledger.select(source="sun", target="bus.dc")
    assert pv.value == pytest.approx(np.full(HOURS, 100.0))
