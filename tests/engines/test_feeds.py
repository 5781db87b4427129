"""Feeds: redundancy with a path lost, trees of paths, direct-current buses with sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import document, facilities, floats, outdoor_air, weathers

from dctwin.design import Facility, load_design, parse_design
from dctwin.design.reader import installed, surviving
from dctwin.engines.annual import run_year
from dctwin.engines.feeds import feed_flows, main_draw_kw
from dctwin.engines.heat import Boundary
from dctwin.engines.year import Year
from dctwin.errors import InputError

HOURS = 48
UNIT_KW = 100.0


def boundary(pv: dict[str, Any] | None = None) -> Boundary:
    air = outdoor_air(np.full(HOURS, 15.0), np.full(HOURS, 0.5), np.full(HOURS, 101_325.0))
    return Boundary(air, np.arange(HOURS) % 24, 1.0, 0.0, pv or {})


def ups(count: int, redundancy: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "converter", "name": "ups", "role": "ups", "rated_kw": UNIT_KW, "count": count,
        "redundancy": redundancy, "load_frac_points": [0.1, 1.0], "efficiency_points": [0.9, 0.96],
        **more,
    }  # fmt: skip


def hall(power: dict[str, Any], racks: dict[str, Any] | None = None, kw: float = 400.0) -> Facility:
    group = {
        "kind": "rack", "design_kw": kw / 10, "count": 10, "fan_frac": 0, "liquid_frac": 0,
        "load_frac": 1.0, "air": "room",
    }  # fmt: skip
    room = {
        "fluid": "air", "design_heat_kw": 2 * kw, "supply_c": 25, "rise_k": 12,
        "stages": [{
            "kind": "outside-air", "design_flow_m3_s": kw / 5, "fan_rise_pa": 300,
        }],
    }  # fmt: skip
    return parse_design(
        document(
            {
                "name": "hall", "title": "for tests",
                "it": {"racks": racks or {"all": group}},
                "cooling": {"loops": {"room": room}},
                "power": power,
            }
        )
    )  # fmt: skip


def group(feed: str, kw: float) -> dict[str, Any]:
    return {
        "kind": "rack", "design_kw": kw, "fan_frac": 0, "load_frac": 1.0, "air": "room",
        "feed": feed,
    }  # fmt: skip


# Load of each unit at full IT and with one path lost: Schneider Electric White Paper 75; full-load
# column of the common table (4+1 0.8, 3+1 0.75, 2N 0.5, 2(4+1) 0.4, 3N/2 0.667).
@pytest.mark.parametrize(
    ("redundancy", "count", "normal", "lost"),
    [
        ("N", 4, 1.0, None),
        ("N+1", 4, 0.8, 1.0),
        ("N+1", 3, 0.75, 1.0),
        ("N+2", 4, 4 / 6, 0.8),
        ("2N", 4, 0.5, 1.0),
        ("2(N+1)", 4, 0.4, 0.8),
        ("3N/2", 4, 2 / 3, 1.0),
        ("4N/3", 3, 0.75, 1.0),
        ("block", 3, 1.0, 1.0),
    ],
)
def test_load_of_each_unit(redundancy: Any, count: int, normal: float, lost: float | None) -> None:
    facility = hall({"it": [ups(count, redundancy)]}, kw=count * UNIT_KW)
    year = run_year(facility, boundary())
    assert year.traces["power.it.ups.load_frac"] == pytest.approx(np.full(HOURS, normal), rel=1e-3)
    trace = year.traces.get("power.it.ups.path_lost_load_frac")
    if lost is None:
        assert trace is None
    else:
        assert trace == pytest.approx(np.full(HOURS, lost), rel=1e-3)
    assert (surviving(count, redundancy) is None) == (lost is None)
    assert installed(count, redundancy) >= count


def test_losing_a_path_that_overloads_the_others_is_flagged() -> None:
    facility = hall({"it": [ups(3, "2N")]}, kw=400.0)  # 0.67 normally, 1.33 with one side lost
    flags = {(f.place, f.limit.name): f.limit for f in run_year(facility, boundary()).flags}
    beyond = flags["power.it.ups", "path_lost_load_frac"].beyond
    assert np.max(beyond) == pytest.approx(1 / 3, rel=1e-3)
    assert np.max(flags["power.it.ups", "load_frac"].beyond) == 0.0


def test_a_block_that_stands_by_loses_what_it_loses_without_load() -> None:
    plain, block = (hall({"it": [ups(3, redundancy)]}, kw=300.0) for redundancy in ("N", "block"))
    one = plain.it_path[0].component
    extra_kw = loss_kw(run_year(block, boundary())) - loss_kw(run_year(plain, boundary()))
    assert extra_kw == pytest.approx(np.full(HOURS, one.loss_kw(0.0)), rel=1e-9)


def loss_kw(year: Year) -> Any:
    (flow,) = year.ledger.select(carrier="heat", source="power.it.ups")
    return flow.value


def test_alternating_and_direct_current_halls_in_one_facility() -> None:
    facility = hall(
        {
            "it": [ups(4, "2N")],
            "feeds": {
                "plant": {"stages": [ups(6, "N+1", name="rectifier", role="rectifier")]},
                "row-a": {"fed_from": "plant", "stages": [ups(2, "N", name="shelf", role="dcdc")]},
                "row-b": {"fed_from": "plant"},
            },
        },
        {"ac": group("it", 300.0), "a": group("row-a", 150.0), "b": group("row-b", 250.0)},
    )
    assert [feed.name for feed in facility.feeds].index("plant") > 1
    year = run_year(facility, boundary())
    assert max(year.closure.values()) < 1e-9
    onto = {
        (f.source, f.target): float(np.mean(f.value))
        for f in year.ledger.flows
        if f.carrier == "electricity"
    }
    row_a = onto["bus.plant", "power.row-a.shelf"]
    assert row_a > 150.0
    assert onto["bus.plant", "bus.row-b"] == pytest.approx(250.0, rel=1e-3)
    assert onto["power.plant.rectifier", "bus.plant"] == pytest.approx(row_a + 250.0, rel=1e-3)
    assert onto["power.it.ups", "bus.it"] == pytest.approx(300.0, rel=1e-3)


@pytest.mark.parametrize(
    ("feeds", "feed", "said"),
    [
        ({"a": {"fed_from": "b"}, "b": {"fed_from": "a"}}, "a", "ring"),
        ({"a": {"fed_from": "mian"}}, "a", "no such feed"),
        ({"mechanical": {}}, "mechanical", "cannot be called"),
        ({"a": {}}, "b", "no such feed"),
        ({"a": {"sources": {"utility_v": 340, "utility_limit_kw": 1, "pv_v": 380}}}, "a",
         "pv and pv_v together"),
    ],
)  # fmt: skip
def test_what_is_refused(feeds: dict[str, Any], feed: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        hall({"feeds": feeds}, {"all": group(feed, 10.0)})


# --- direct-current buses ---------------------------------------------------------------------


def bus_hall(pv_kw: float, limit_kw: float, battery: dict[str, Any] | None) -> Facility:
    sources: dict[str, Any] = {
        "utility_v": 340, "utility_limit_kw": limit_kw, "pv_v": 380,
        "pv": {"kind": "pv", "rated_kw": pv_kw},
    }  # fmt: skip
    if battery is not None:
        sources |= {"battery_v": 264, "battery": {"kind": "battery", **battery}}
    feeds = {"dc": {"stages": [ups(10, "N", role="rectifier")], "sources": sources}}
    return hall({"feeds": feeds}, {"all": group("dc", 400.0)})


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


@given(data=st.data())
@settings(max_examples=40)
def test_a_bus_closes_for_any_sources(data: st.DataObject) -> None:
    battery = data.draw(
        st.none()
        | st.fixed_dictionaries(
            {
                "capacity_kwh": floats(0.01, 2000.0),
                "charge_kw": floats(0.0, 500.0),
                "discharge_kw": floats(0.0, 500.0),
                "start_frac": floats(0.0, 1.0),
            }
        )
    )
    facility = bus_hall(data.draw(floats(0.0, 2000.0)), data.draw(floats(50.0, 600.0)), battery)
    sun = np.array(data.draw(st.lists(floats(0.0, 1.0), min_size=HOURS, max_size=HOURS)))
    year = run_year(facility, boundary({"dc": sun}))
    assert max(year.closure.values()) < 1e-9
    for flow in year.ledger.flows:
        assert np.min(flow.value) >= 0.0
    into = sum(
        np.broadcast_to(f.value, (HOURS,)) for f in year.ledger.flows if f.target == "bus.dc"
    )
    out = sum(np.broadcast_to(f.value, (HOURS,)) for f in year.ledger.flows if f.source == "bus.dc")
    assert into == pytest.approx(out, rel=1e-9)


@given(facility=facilities(), weather=weathers())
@settings(max_examples=20)
def test_feeds_of_any_facility_draw_what_their_racks_and_losses_take(
    facility: Facility, weather: Boundary
) -> None:
    rack_kw = {feed.name: np.full(3, 100.0 + k) for k, feed in enumerate(facility.feeds)}
    with np.errstate(invalid="ignore"):
        flows = feed_flows(facility, rack_kw, {}, weather.step_h)
    losses = sum(step.loss_kw for flow in flows for step in flow.steps)
    other = sum(flow.load_kw - _through(flow) for flow in flows)
    assert main_draw_kw(flows) == pytest.approx(sum(rack_kw.values()) + losses - other, rel=1e-9)


def _through(flow: Any) -> Any:
    return flow.load_kw if flow.bus is None else flow.bus.utility_kw


def test_the_bundled_design_like_ishikari_gives_the_sun_first() -> None:
    facility = load_design("sakura-like-380-vdc")
    sun = np.full(HOURS, 0.5)
    year = run_year(facility, boundary({"dc": sun}))
    (pv,) = year.ledger.select(source="sun", target="bus.dc")
    assert pv.value == pytest.approx(np.full(HOURS, 100.0))
