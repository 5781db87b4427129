"""Ride-through: standing by costs the same at every load; runtime falls with load as stated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.power.ride_through import RideThrough
from dctwin.equipment import load_equipment

VRLA: dict[str, Any] = {
    "store": "vrla", "rated_kw": 500.0, "runtime_s": 600.0, "rate_exponent": 1.25,
    "round_trip_frac": 0.8, "standby_kw": 0.3,
}  # fmt: skip


@given(st.floats(0, 1000))
def test_it_takes_its_standby_at_every_load(output_kw: float) -> None:
    assert RideThrough(**VRLA).loss_kw(output_kw) == 0.3


def test_runtime_at_the_rating_is_the_rating() -> None:
    assert RideThrough(**VRLA).holds_s(500.0) == pytest.approx(600.0)


def test_half_the_load_holds_longer_than_twice() -> None:
    """Peukert: 2^1.25 = 2.378 times as long."""
    assert RideThrough(**VRLA).holds_s(250.0) == pytest.approx(600.0 * 2**1.25)


@given(st.floats(1, 500), st.floats(1.01, 3))
def test_a_slower_discharge_gives_more_energy(load_kw: float, factor: float) -> None:
    battery = RideThrough(**VRLA)
    assert battery.usable_kwh(load_kw) > battery.usable_kwh(load_kw * factor)
    fixed = RideThrough(**{**VRLA, "rate_exponent": 1.0})
    assert fixed.usable_kwh(load_kw) == pytest.approx(500.0 / 6.0, rel=1e-9)


@given(st.floats(1, 500))
def test_what_comes_back_is_less_than_what_went_in(load_kw: float) -> None:
    battery = RideThrough(**VRLA)
    given_kwh = battery.usable_kwh(load_kw)
    assert given_kwh / battery.refill_kwh(given_kwh) == pytest.approx(0.8)


@given(st.floats(0, 600), st.floats(1.5, 10))
def test_more_in_parallel_are_one_larger(load_kw: float, n: float) -> None:
    one = RideThrough(**VRLA)
    large = one.with_values(**{key: getattr(one, key) * n for key in RideThrough.extensive})
    assert large.loss_kw(n * load_kw) == pytest.approx(n * one.loss_kw(load_kw))
    assert large.holds_s(n * load_kw) == pytest.approx(one.holds_s(load_kw), rel=1e-9)


def test_a_load_beyond_its_power_is_flagged() -> None:
    (limit,) = RideThrough(**VRLA).limits(np.array([500.0, 600.0]))
    np.testing.assert_allclose(limit.beyond, [0.0, 0.2])


def test_a_supercapacitor_holds_what_its_capacitance_says() -> None:
    """Half C (V1² - V2²) of 165 F from 48 to 24 V, less 2.4 % in its resistance, at 5 kW."""
    module: Any = load_equipment("supercapacitor-48v-5kw").component
    energy_kj = 0.5 * 165.0 * (48.0**2 - 24.0**2) / 1000.0 * (1 - 0.024)
    assert module.holds_s(5.0) == pytest.approx(energy_kj / 5.0, rel=0.01)


@pytest.mark.parametrize(
    "change", [{"store": "spring"}, {"round_trip_frac": 1.1}, {"rate_exponent": 0.9}]
)
def test_impossible_stores_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RideThrough(**{**VRLA, **change})
