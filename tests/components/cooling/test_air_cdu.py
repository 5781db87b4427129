"""Liquid-to-air CDU: its rated point, where its heat and electricity go, air that runs short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.equipment import load_equipment
from dctwin.physics.fluids import fluid

AIR = outdoor(20.0)
UNIT: Any = load_equipment("liquid-to-air-70kw").component
RATE = 0.00175 * float(fluid("propylene-glycol-25").heat_capacity_kj_per_m3_k(45.0))


def duty(heat_kw: float = 70.0, return_c: float = 50.0, sink_kw_per_k: float = 50.0) -> Duty:
    return Duty(heat_kw, return_c, RATE, 0.00175, AIR, 25.0, sink_kw_per_k)


def test_unit_meets_its_rated_point() -> None:
    """70 kW from 50 °C coolant into 25 °C air, 4-5 % of it in pumps and fans."""
    service = UNIT.serve(duty(heat_kw=200.0))
    assert service.heat_kw == pytest.approx(70.0, rel=0.03)
    assert 0.03 <= sum(service.power_kw.values()) / 70.0 <= 0.07
    assert service.reject_kw == pytest.approx(service.heat_kw + sum(service.power_kw.values()))


def test_radiator_by_mean_temperature_difference() -> None:
    service = UNIT.serve(duty(heat_kw=200.0))
    air_kw_per_k = service.traces["air_flow_frac"] * 4.8 * 101.325 / (0.287042 * 298.15) * 1.006
    through_kw = service.heat_kw + service.power_kw["cdu_pump"]
    ends = 50.0 - (25.0 + through_kw / air_kw_per_k), 50.0 - through_kw / RATE - 25.0
    mean_k = (ends[0] - ends[1]) / np.log(ends[0] / ends[1])
    frac = service.traces["air_flow_frac"]
    ua = 5.0 / (0.6 * frac**-0.8 + 0.4)
    assert through_kw == pytest.approx(ua * mean_k, rel=1e-9)


def test_fans_slow_down_with_the_heat() -> None:
    some, half = UNIT.serve(duty(60.0)), UNIT.serve(duty(30.0))
    assert half.traces["air_flow_frac"] == pytest.approx(0.5 * some.traces["air_flow_frac"])
    assert half.power_kw["cdu_fan"] == pytest.approx(some.power_kw["cdu_fan"] / 8, rel=1e-9)


def test_fans_cannot_draw_more_cold_air_than_the_hall_supplies() -> None:
    """With 2 kW/K of cold air no more than 25 K of it can be taken."""
    service = UNIT.serve(duty(heat_kw=200.0, sink_kw_per_k=2.0))
    through_kw = service.heat_kw + service.power_kw["cdu_pump"]
    full_kw_per_k = 4.8 * 101.325 / (0.287042 * 298.15) * 1.006
    assert service.traces["air_flow_frac"] == pytest.approx(2.0 / full_kw_per_k)
    assert 0.5 * 2.0 * 25.0 < through_kw < 2.0 * 25.0
    assert UNIT.serve(replace(duty(), sink_kw_per_k=0.0)).heat_kw == 0.0
