"""Battery: energy kept, limits kept, one direction at a time, and equal to a plain loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.onsite.battery import Battery
from dctwin.equipment import load_equipment


@st.composite
def batteries(draw: st.DrawFn) -> Battery:
    return Battery(
        capacity_kwh=draw(st.floats(0.001, 1e5)),
        charge_kw=draw(st.floats(0, 1e4)),
        discharge_kw=draw(st.floats(0, 1e4)),
        charge_efficiency_frac=draw(st.floats(0.5, 1)),
        discharge_efficiency_frac=draw(st.floats(0.5, 1)),
        start_frac=draw(st.floats(0, 1)),
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[Any, Any]:
    """Surplus and deficit, never both in one hour."""
    net = np.array(draw(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=48)))
    return np.maximum(net, 0.0), np.maximum(-net, 0.0)


def by_loop(battery: Battery, surplus_kw: Any, deficit_kw: Any, step_h: float) -> list[Any]:
    """(charge, discharge, energy) hour by hour, as one would write it first."""
    energy = battery.start_frac * battery.capacity_kwh
    rows = []
    for surplus, deficit in zip(surplus_kw, deficit_kw, strict=True):
        charge = discharge = 0.0
        if surplus > 0:
            room_kw = (battery.capacity_kwh - energy) / step_h / battery.charge_efficiency_frac
            charge = min(surplus, battery.charge_kw, room_kw)
        else:
            left_kw = energy / step_h * battery.discharge_efficiency_frac
            discharge = min(deficit, battery.discharge_kw, left_kw)
        energy += step_h * (
            charge * battery.charge_efficiency_frac - discharge / battery.discharge_efficiency_frac
        )
        energy = min(max(energy, 0.0), battery.capacity_kwh)
        rows.append((charge, discharge, energy))
    return rows


@settings(max_examples=300)
@given(batteries(), days(), st.sampled_from([0.25, 0.5, 1.0]))
def test_equal_to_a_plain_loop(battery: Battery, day: tuple[Any, Any], step_h: float) -> None:
    flows = battery.steady(*day, step_h)
    charge, discharge, energy = map(np.array, zip(*by_loop(battery, *day, step_h), strict=True))
    # Rounding of up to 48 sums of up to 1e4 kWh, over a quarter of an hour.
    tolerance = {"rtol": 1e-9, "atol": 1e-7}
    np.testing.assert_allclose(flows.charge_kw, charge, **tolerance)
    np.testing.assert_allclose(flows.discharge_kw, discharge, **tolerance)
    np.testing.assert_allclose(flows.energy_kwh, energy, **tolerance)


@settings(max_examples=300)
@given(batteries(), days(), st.sampled_from([0.25, 0.5, 1.0]))
def test_energy_and_limits_are_kept(battery: Battery, day: tuple[Any, Any], step_h: float) -> None:
    surplus_kw, deficit_kw = day
    flows = battery.steady(surplus_kw, deficit_kw, step_h)
    scale = max(float(flows.charge_kw.max()), float(flows.discharge_kw.max()), 1e-300)
    balance = flows.charge_kw - flows.discharge_kw - flows.loss_kw - flows.stored_kw
    assert np.abs(balance).max() <= 1e-12 * scale
    assert (flows.charge_kw * flows.discharge_kw == 0).all()
    # Exactly within what is offered, wanted and allowed: rounding never buys or sells.
    assert (flows.charge_kw <= np.minimum(surplus_kw, battery.charge_kw)).all()
    assert (flows.discharge_kw <= np.minimum(deficit_kw, battery.discharge_kw)).all()
    assert flows.loss_kw.min() >= -1e-12 * scale
    assert flows.energy_kwh.min() >= 0
    assert flows.energy_kwh.max() <= battery.capacity_kwh
    moved = battery.start_frac * battery.capacity_kwh + np.cumsum(flows.stored_kw) * step_h
    size = battery.capacity_kwh + step_h * float(np.sum(surplus_kw + deficit_kw))
    assert np.abs(moved - flows.energy_kwh).max() <= 1e-12 * size


def test_round_trip_is_the_product_of_both_ways() -> None:
    battery = Battery(
        capacity_kwh=100.0, charge_kw=50.0, discharge_kw=50.0, start_frac=0.0,
        charge_efficiency_frac=0.9, discharge_efficiency_frac=0.8,
    )  # fmt: skip
    flows = battery.steady(np.array([50.0, 0, 0]), np.array([0, 50.0, 50.0]), 1.0)
    assert flows.charge_kw.sum() == pytest.approx(50.0)
    assert flows.discharge_kw.sum() == pytest.approx(50.0 * 0.9 * 0.8)
    assert flows.energy_kwh[-1] == 0.0


def test_designs_of_a_batch_are_rows() -> None:
    one = Battery(capacity_kwh=100.0, charge_kw=30.0, discharge_kw=20.0)
    sizes = np.array([[100.0], [10.0]])
    net = np.sin(np.arange(48) / 3.0) * 40.0
    surplus, deficit = np.maximum(net, 0), np.maximum(-net, 0)
    both = one.with_values(capacity_kwh=sizes).steady(surplus, deficit, 1.0)
    for row, capacity_kwh in enumerate((100.0, 10.0)):
        alone = one.with_values(capacity_kwh=capacity_kwh).steady(surplus, deficit, 1.0)
        np.testing.assert_array_equal(both.energy_kwh[row], alone.energy_kwh)
        np.testing.assert_array_equal(both.charge_kw[row], alone.charge_kw)


@pytest.mark.parametrize(
    "change",
    [{"capacity_kwh": 0}, {"charge_kw": -1}, {"start_frac": 1.1}, {"charge_kw": float("nan")}],
)
def test_impossible_batteries_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Battery(**{"capacity_kwh": 1.0, "charge_kw": 1.0, "discharge_kw": 1.0, **change})


def test_faster_and_colder_loses_more() -> None:
    battery = Battery(
        capacity_kwh=100.0, charge_kw=100.0, discharge_kw=100.0, start_frac=0.0, ohmic_loss_h=0.1
    )

    def round_trip(power_kw: float, air_c: float) -> float:
        hours = int(400 / power_kw)
        surplus = np.r_[np.full(hours, power_kw), np.zeros(hours)]
        flows = battery.steady(surplus, surplus[::-1], 1.0, air_c)
        return float(flows.discharge_kw.sum() / flows.charge_kw.sum())

    gentle, hard, cold = round_trip(10, 25), round_trip(80, 25), round_trip(80, 5)
    assert gentle == pytest.approx(0.922**2 * (1 - 0.01) ** 2, rel=1e-9)
    assert hard == pytest.approx(0.922**2 * (1 - 0.08) ** 2, rel=1e-9)
    # Cells are kept at 15 °C or more: exp(14,000/8.314 (1/288.15 - 1/298.15)) = 1.217.
    assert cold == pytest.approx(0.922**2 * (1 - 0.08 * 1.217) ** 2, rel=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"start_frac": 0.1, "reserve_frac": 0.2},
        {"cell_low_c": 40.0},
        {"charge_kw": 10.0, "ohmic_loss_h": 0.1},
    ],
)
def test_rules_between_values(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Battery(**{"capacity_kwh": 1.0, "charge_kw": 1.0, "discharge_kw": 1.0, **change})


def test_full_power_gives_back_less() -> None:
    """A cycle at full power through the equations themselves, cells at 25 °C."""
    battery = load_equipment("lfp-4mwh").component
    ohmic = battery.ohmic_frac_per_kw(25.0)
    stored_kw = battery.stored_kw(battery.charge_kw, ohmic)
    drawn_kw = battery.drawn_kw(battery.discharge_kw, ohmic)
    back = (stored_kw / battery.charge_kw) / (drawn_kw / battery.discharge_kw)
    assert battery.full_round_trip_frac == pytest.approx(back, rel=1e-12)
    assert battery.full_round_trip_frac < battery.round_trip_frac


def test_the_law_of_ageing_is_flagged_beyond_its_cells() -> None:
    hours = 2000
    give = np.tile([1.0, 0.0], hours)
    take = np.tile([0.0, 1.0], hours)
    one = Battery(capacity_kwh=1000, charge_kw=1000, discharge_kw=1000, cell_low_c=-20,
                  cell_high_c=60, chemistry="nmc")  # fmt: skip

    def worst(battery: Battery, kw: float, air_c: float) -> dict[str, float]:
        flows = battery.steady(kw * give, kw * take, 1.0, air_c)
        air = air_c + 0.0 * give
        left = battery.capacity_left_frac(flows, air, 1.0)
        limits = battery.limits(flows, left, air, 1.0)
        return {limit.name: float(np.max(limit.beyond)) for limit in limits}

    # Half cycles of a tenth of the capacity, 10 K too warm; never too fast, not yet worn out.
    found = worst(one, 100.0, 55.0)
    assert found["ageing_cell_c"] == pytest.approx(10.0)
    assert found["ageing_c_rate_kw_per_kwh"] == 0.0
    assert found["ageing_depth_frac"] == pytest.approx(0.8 - 0.0922, abs=1e-3)
    lfp = one.model_copy(update={"chemistry": "lfp"})
    assert max(worst(lfp, 500.0, 25.0).values()) == 0.0
    fast = lfp.model_copy(update={"charge_kw": 2000.0, "discharge_kw": 2000.0})
    assert worst(fast, 2000.0, 25.0)["ageing_c_rate_kw_per_kwh"] > 0.0


def test_nothing_is_left_of_cells_that_are_long_worn_out() -> None:
    years = 60
    still = np.zeros(years * 8760)
    one = Battery(capacity_kwh=1000, charge_kw=500, discharge_kw=500, start_frac=1.0,
                  cell_low_c=-20, cell_high_c=60, chemistry="nmc")  # fmt: skip
    flows = one.steady(still, still, 1.0, 60.0)
    left = one.capacity_left_frac(flows, 60.0 + still, 1.0)
    assert left[-1] == 0.0
    assert np.all(np.diff(left) <= 0.0)
    (worn,) = (x for x in one.limits(flows, left, 60.0 + still, 1.0) if "capacity" in x.name)
    assert worn.beyond[-1] == pytest.approx(0.7)
