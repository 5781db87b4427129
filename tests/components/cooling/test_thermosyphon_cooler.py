"""Thermosyphon cooler: rating, second route through the refrigerant, fans, altitude."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Duty
from dctwin.components.cooling.refrigerant_coil import air_side_kw_per_k
from dctwin.components.cooling.thermosyphon_cooler import ThermosyphonCooler

UNIT = ThermosyphonCooler(rated_heat_kw=1000.0, fan_kw=20.0)
RATE = UNIT.rated_heat_kw / UNIT.rated_range_k


def duty(heat_kw: Any, return_c: Any, air_c: Any, pressure_pa: float = 101_325.0) -> Duty:
    return Duty(heat_kw, return_c, RATE, RATE / 4180, outdoor(air_c, 0.5, pressure_pa))


def test_rating_is_met() -> None:
    """22 K between entering water and air: 1 MW with the fans at full speed."""
    service = UNIT.serve(duty(1000.0, 42.0, 20.0))
    assert service.heat_kw == pytest.approx(1000.0, rel=1e-9)
    assert service.power_kw["thermosyphon_fan"] == pytest.approx(20.0, rel=1e-6)
    assert service.traces["saturated_c"] == pytest.approx(20.0 + 12.0 - 2.0, rel=1e-6)
    assert UNIT.reach_c(duty(1000.0, 0.0, 20.0)) == pytest.approx(32.0)


def test_heat_by_a_second_route() -> None:
    for air_c in (0.0, 10.0, 18.0):
        service = UNIT.serve(duty(900.0, 42.0, air_c))
        speed, saturated_c = service.traces["fan_speed_frac"], service.traces["saturated_c"]
        condenser = air_side_kw_per_k(
            UNIT._condenser_ua_kw_per_k(), UNIT._rated_air_kw_per_k(), speed
        )
        assert condenser * (saturated_c - air_c) == pytest.approx(900.0, rel=1e-8)


def test_fans_slow_down_then_cycle_in_the_cold() -> None:
    air_c = np.linspace(-30.0, 19.0, 60)
    fan_kw = UNIT.serve(duty(500.0, 42.0, air_c)).power_kw["thermosyphon_fan"]
    assert np.all(np.diff(fan_kw) > 0)
    assert fan_kw[0] < 0.011 * UNIT.fan_kw


def test_no_heat_from_warmer_air_and_less_at_altitude() -> None:
    hot = UNIT.serve(duty(500.0, 30.0, 35.0))
    assert hot.heat_kw == hot.power_kw["thermosyphon_fan"] == 0.0
    sea, high = (UNIT.serve(duty(2000.0, 42.0, 20.0, p)).heat_kw for p in (101_325.0, 80_000.0))
    assert 0.8 < high / sea < 0.95
    stopped = UNIT.serve(replace(duty(500.0, 42.0, 20.0), flow_kw_per_k=0.0, flow_m3_s=0.0))
    assert stopped.heat_kw == 0.0


def test_uphill_ratings_are_refused() -> None:
    with pytest.raises(ValidationError, match="air_rise_k"):
        ThermosyphonCooler(rated_heat_kw=1000.0, fan_kw=20.0, air_rise_k=10.0)
