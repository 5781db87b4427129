"""The ledger: what closes, what does not, and what is read off it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.errors import ComputationError
from dctwin.ledger import Ledger, pick

ONES = np.ones(3)


def small() -> Ledger:
    """A grid, a rack, a loop that rejects to the air, and a tower that evaporates."""
    ledger = Ledger(0.5)
    ledger.post("electricity", "grid", "bus", 12.0 * ONES)
    ledger.post("electricity", "bus", "rack.a", 10.0 * ONES, "it.compute")
    ledger.post("electricity", "bus", "tower", 2.0 * ONES, "cooling.tower_fan")
    ledger.post("heat", "rack.a", "loop.air", 10.0 * ONES)
    ledger.post("heat", "loop.air", "tower", 10.0 * ONES)
    ledger.post("heat", "tower", "ambient", 12.0 * ONES)
    ledger.post("water", "water.main", "tower", 3.0 * ONES)
    ledger.post("water", "tower", "water.atmosphere", 2.0 * ONES, "evaporation")
    ledger.post("water", "tower", "water.drain", 1.0 * ONES, "blowdown")
    return ledger


def with_flow(index: int, **change: Any) -> Ledger:
    ledger = small()
    ledger.flows[index] = replace(ledger.flows[index], **change)
    return ledger


def test_books_that_close() -> None:
    closure = small().check()
    assert closure == {"energy_rel": 0.0, "electricity_rel": 0.0, "water_rel": 0.0}


@pytest.mark.parametrize("index", range(9))
@pytest.mark.parametrize("relative", [1e-6, -1e-6, 0.5])
def test_one_wrong_flow_in_one_hour_is_found(index: int, relative: float) -> None:
    values = small().flows[index].value.copy()
    values[1] *= 1 + relative
    with pytest.raises(ComputationError, match="do not close"):
        with_flow(index, value=values).check()


@pytest.mark.parametrize("index", range(9))
def test_a_nan_in_any_flow_is_found(index: int) -> None:
    values = small().flows[index].value.copy()
    values[2] = np.nan
    source = small().flows[index].source
    with pytest.raises(ComputationError, match=f"{source}: .* is not a number in 1 steps"):
        with_flow(index, value=values).check()


@pytest.mark.parametrize("index", range(9))
@pytest.mark.parametrize("relative", [1e-8, -1e-6, np.nan])
def test_the_quick_test_finds_it_too(index: int, relative: float) -> None:
    values = small().flows[index].value * np.ones((2, 1))
    values[1, 2] *= 1 + relative
    ledger = with_flow(index, value=values)
    assert np.all(small().closes())
    assert np.ravel(ledger.closes()).tolist() == [True, False]
    with np.errstate(invalid="ignore"):
        assert not np.all(with_flow(index, value=np.inf * ONES).closes())


@given(st.floats(-1e-8, 1e-8), st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_the_quick_test_is_no_more_lenient(wrong: float, one: float, other: float) -> None:
    ledger = Ledger(1.0)
    ledger.post("heat", "sun", "node", np.array([one, other]))
    ledger.post("heat", "node", "ambient", np.array([one, other * (1 + wrong)]))
    if ledger.closes():
        ledger.check()


def test_the_message_names_the_node() -> None:
    ledger = small()
    ledger.post("heat", "loop.air", "ambient", 0.001 * ONES)
    with pytest.raises(ComputationError, match=r"worst at node 'loop\.air'"):
        ledger.check()


def test_electricity_without_an_account_is_found() -> None:
    with pytest.raises(ComputationError, match="electricity_rel"):
        with_flow(2, account="").check()


def test_electricity_counted_twice_is_found() -> None:
    with pytest.raises(ComputationError, match="electricity_rel"):
        with_flow(5, account="cooling.again").check()


def test_rounding_is_no_fault() -> None:
    assert with_flow(4, value=10.0 * ONES * (1 + 1e-13)).check()["energy_rel"] > 0


def test_an_hour_of_next_to_nothing_is_measured_against_the_rest() -> None:
    """1e-9 kW astray in an hour of rest is rounding of a node that carries 1e6 kW."""
    ledger = Ledger(1.0)
    ledger.post("heat", "sun", "node", np.array([1e6, 1e-9]))
    ledger.post("heat", "node", "ambient", np.array([1e6, 0.0]))
    ledger.check()


@given(st.floats(-5, 5), st.floats(0.1, 1e4))
def test_stored_energy_closes_in_both_directions(stored_kw: float, other_kw: float) -> None:
    ledger = Ledger(1.0)
    ledger.post("electricity", "grid", "storage.battery", max(stored_kw, 0.0))
    ledger.post("electricity", "grid", "load", other_kw)
    ledger.post("electricity", "storage.battery", "load", max(-stored_kw, 0.0))
    ledger.post("heat", "load", "ambient", other_kw + max(-stored_kw, 0.0), "it.compute")
    ledger.store("storage.battery", stored_kw)
    assert max(ledger.check().values()) <= 1e-12


def test_a_load_on_battery_alone_is_measured_against_the_load() -> None:
    """What is drawn from outside is zero then, and must not be the scale."""
    ledger = Ledger(1.0)
    load_kw = np.array([0.3, 0.1])
    ledger.post("electricity", "storage.battery", "load", load_kw)
    ledger.post("heat", "load", "ambient", load_kw, "it.compute")
    ledger.post("heat", "storage.battery", "ambient", 0.1 * load_kw, "power.battery_loss")
    ledger.store("storage.battery", -(load_kw + 0.1 * load_kw) * (1 + 1e-15))
    assert max(ledger.check().values()) <= 1e-12


def test_accounts_and_totals() -> None:
    ledger = small()
    assert list(ledger.accounts()) == ["it.compute", "cooling.tower_fan"]
    assert ledger.total(ledger.accounts()["it.compute"], "electricity") == 15.0
    # 1.5 h of 3 kg/s at 0.9991 kg/L.
    assert ledger.total(3.0 * ONES, "water") == pytest.approx(3 * 1.5 * 3600 / 0.9991)


def test_table_of_totals() -> None:
    table = small().totals()
    assert len(table) == 9
    fan = table[table.account == "cooling.tower_fan"].iloc[0]
    assert (fan.total, fan.unit, fan.source) == (3.0, "kWh", "bus")
    assert set(table[table.carrier == "water"].unit) == {"L"}


def test_sankey_joins_flows_of_the_same_ends_and_drops_nothing() -> None:
    ledger = small()
    ledger.post("electricity", "bus", "rack.a", 1.0 * ONES, "it.fans")
    ledger.post("heat", "loop.air", "unused", 0.0 * ONES)
    drawn = ledger.sankey()
    links = {(k["source"], k["target"]): k["total"] for k in drawn["links"]}
    assert links["bus", "rack.a"] == 16.5
    assert ("loop.air", "unused") not in links
    assert set(drawn["nodes"]) == {end for pair in links for end in pair}
    assert {k["carrier"] for k in ledger.sankey(("water",))["links"]} == {"water"}


@pytest.mark.parametrize(
    "value",
    [2.0, np.array([1.0, 2, 3]), np.array([[4.0], [5.0]]), np.arange(6.0).reshape(2, 3),
     np.array([[7.0, 8, 9]])],
)  # fmt: skip
def test_pick_takes_one_design_of_any_shape(value: Any) -> None:
    whole = np.broadcast_to(value, (2, 3))
    for index in (0, 1):
        np.testing.assert_array_equal(pick(value, index, 2, 3), whole[index])


def test_picked_ledger_is_one_design() -> None:
    ledger = Ledger(1.0)
    ledger.post("heat", "sun", "node", np.array([[1.0], [2.0]]))
    ledger.store("node", np.array([[1.0], [2.0]]))
    one = ledger.pick(1, 2, 4)
    assert one.flows[0].value.shape == (4,)
    assert one.flows[0].value[0] == 2.0
    one.check()


def test_select_matches_every_field() -> None:
    assert [f.target for f in small().select(carrier="water", source="tower")] == [
        "water.atmosphere",
        "water.drain",
    ]
