"""Air-side refrigerant exchangers: limits, inverse, altitude."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.components.cooling.refrigerant_coil import (
    air_side_kw_per_k,
    fan_power_frac,
    in_series_kw_per_k,
    mass_frac_for,
    saturated_kw_per_k,
    ua_kw_per_k,
)


def test_a_rated_exchanger_meets_its_rating() -> None:
    """10 kW/K warmed by 10 K with 5 K left carry 100 kW over 15 K."""
    ua = ua_kw_per_k(10.0, 10.0, 5.0)
    assert saturated_kw_per_k(ua, 10.0) * 15.0 == pytest.approx(100.0)
    assert air_side_kw_per_k(ua, 10.0, 1.0) * 15.0 == pytest.approx(100.0)
    assert saturated_kw_per_k(ua, 0.0) == air_side_kw_per_k(ua, 10.0, 0.0) == 0.0


@given(
    approach=st.floats(0.5, 15.0),
    mass=st.floats(0.02, 1.2),
    highest=st.floats(0.6, 1.2),
)
def test_flow_is_found_again(approach: float, mass: float, highest: float) -> None:
    ua = ua_kw_per_k(10.0, 10.0, approach)
    needed = air_side_kw_per_k(ua, 10.0, mass)
    found = mass_frac_for(np.array([needed]), ua, 10.0, highest)
    assert found[0] == pytest.approx(min(mass, highest), rel=1e-9)


def test_less_air_carries_less_but_not_in_proportion() -> None:
    ua = ua_kw_per_k(10.0, 10.0, 5.0)
    full, thin = air_side_kw_per_k(ua, 10.0, 1.0), air_side_kw_per_k(ua, 10.0, 0.8)
    assert 0.8 < thin / full < 0.9


def test_fans_follow_the_cube_of_speed() -> None:
    assert fan_power_frac(1.0) == pytest.approx(1.0)
    assert fan_power_frac(0.5) == pytest.approx(0.02 + 0.98 / 8.0)


def test_two_exchangers_on_one_refrigerant() -> None:
    assert in_series_kw_per_k(4.0, 4.0) == pytest.approx(2.0)
    assert in_series_kw_per_k(0.0, 4.0) == 0.0
    assert in_series_kw_per_k(0.0, 0.0) == 0.0
