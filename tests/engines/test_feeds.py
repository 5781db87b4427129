"""Feeds: redundancy with a path lost, trees of paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from feed_halls import HOURS, UNIT_KW, boundary, group, hall, ups
from hypothesis import given, settings
from strategies import facilities, weathers

from dctwin.design import Facility
from dctwin.design.reader import installed, surviving
from dctwin.engines.annual import run_year
from dctwin.engines.feeds import feed_flows, main_draw_kw
from dctwin.engines.flows import Boundary
from dctwin.engines.year import Year
from dctwin.errors import InputError


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


@given(facility=facilities(), weather=weathers())
@settings(max_examples=20)
def test_feeds_of_any_facility_draw_what_their_racks_and_losses_take(
    facility: Facility, weather: Boundary
) -> None:
    rack_kw = {feed.name: np.full(3, 100.0 + k) for k, feed in enumerate(facility.feeds)}
    with np.errstate(invalid="ignore"):
        flows = feed_flows(facility, rack_kw)
    losses = sum(step.loss_kw for flow in flows for step in flow.steps)
    other = sum(flow.load_kw - _through(flow) for flow in flows)
    assert main_draw_kw(flows) == pytest.approx(sum(rack_kw.values()) + losses - other, rel=1e-9)


def _through(flow: Any) -> Any:
    return flow.load_kw if flow.bus is None else flow.bus.utility_kw
