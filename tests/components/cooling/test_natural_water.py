"""Once-through cooling: exchanger, discharge limits, intake pumps, withdrawal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import air_states
import numpy as np
import pytest

from dctwin.components.component import Duty, Place
from dctwin.components.cooling.exchanger import exchange_kw_per_k
from dctwin.components.cooling.natural_water import NaturalWater
from dctwin.errors import InputError

SEA = NaturalWater(
    water="sea", ua_kw_per_k=1000, design_flow_m3_s=0.071, lift_m=5, friction_m=15, max_rise_k=7
)


def duty(heat_kw: Any, return_c: Any, water_c: Any, flow_kw_per_k: Any = 250.0) -> Duty:
    air = air_states.outdoor(20.0, 0.6, 101_325.0)
    place = Place(site="coast", waters={"sea": water_c})
    return Duty(heat_kw, return_c, flow_kw_per_k, flow_kw_per_k / 4180.0, air, place=place)


def test_heat_is_what_effectiveness_and_least_flow_say() -> None:
    service = SEA.serve(duty(1500.0, 26.0, 15.0))
    flow = service.traces["flow_frac"] * SEA.design_flow_m3_s * SEA.water_kj_per_m3_k
    assert service.heat_kw == pytest.approx(1500.0)
    able_kw = exchange_kw_per_k(1000.0, 250.0, flow) * 11.0
    rise_limited = service.traces["discharge_c"] == pytest.approx(22.0, abs=0.2)
    assert able_kw == pytest.approx(1500.0, rel=1e-3) or (able_kw > 1500.0 and rise_limited)


def test_flow_is_the_least_that_serves() -> None:
    """Against bisection over its own exchanger, over random duties."""
    rng = np.random.default_rng(3)
    wide = SEA.with_values(max_rise_k=40.0, min_flow_frac=0.1)
    count, design = 2_000, SEA.design_flow_m3_s * SEA.water_kj_per_m3_k
    flow = rng.uniform(50, 600, count)
    wanted = rng.uniform(0.01, 1, count) * exchange_kw_per_k(1000.0, flow, design)
    service = wide.serve(duty(wanted * 10.0, 25.0, 15.0, flow))
    low, high = np.full(count, 0.1 * design), np.full(count, design)
    # The permit's rise asks for flow too.
    low = np.maximum(low, wanted * 10.0 / wide._allowed_k(15.0))
    high = np.maximum(high, low)
    for _ in range(50):
        middle = (low + high) / 2
        enough = exchange_kw_per_k(1000.0, flow, middle) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    assert service.heat_kw == pytest.approx(wanted * 10.0, rel=1e-12)
    assert service.traces["flow_frac"] * design == pytest.approx(high, rel=1e-6)


@pytest.mark.parametrize("water_c", [4.0, 15.0, 24.0, 27.9])
def test_discharge_limits_hold_with_the_pump_in_it(water_c: float) -> None:
    strict = SEA.with_values(max_discharge_c=28.0)
    service = strict.serve(duty(np.linspace(1, 4000, 400), 45.0, water_c))
    assert np.all(service.traces["discharge_c"] <= min(water_c + 7.0, 28.0) + 1e-9)
    # Where it must, it first raises the flow and then limits the heat.
    assert service.traces["flow_frac"].max() == pytest.approx(1.0)
    assert service.heat_kw[-1] < 4000.0


def test_water_too_warm_to_be_given_back_serves_nothing() -> None:
    service = SEA.with_values(max_discharge_c=28.0).serve(duty(1000.0, 45.0, 28.5))
    assert service.heat_kw == 0
    assert service.power_kw["intake_pump"] == 0


def test_pump_at_design_is_lift_over_efficiency() -> None:
    service = SEA.serve(duty(2010.0, 60.0, 15.0))
    shaft_kw = 0.071 * 1025 * 9.80665 * 20 / 0.75 / 1000
    assert service.traces["flow_frac"] == pytest.approx(1.0, abs=0.02)
    # Motor 93 % and drive 97 %: physics/hydraulics.py.
    assert service.power_kw["intake_pump"] == pytest.approx(shaft_kw / 0.93 / 0.97, rel=0.05)


def test_what_is_withdrawn_is_not_consumed() -> None:
    service = SEA.serve(duty(1500.0, 26.0, 15.0))
    water = service.water
    assert water is not None
    assert water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s == 0
    expected = service.traces["flow_frac"] * 0.071 * 1025
    assert water.withdrawn_kg_s == pytest.approx(expected)


def test_reach_is_where_full_flow_serves_all() -> None:
    ask = duty(1500.0, 0.0, 20.0)
    reach_c = SEA.reach_c(ask)
    at = replace(ask, return_c=reach_c + 1500.0 / 250.0)
    assert SEA.serve(at).heat_kw == pytest.approx(1500.0, rel=1e-9)
    assert SEA.serve(replace(at, return_c=at.return_c - 0.1)).heat_kw < 1500.0


def test_a_water_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"site coast: no water 'lake'.* it has sea"):
        SEA.with_values(water="lake").serve(duty(1.0, 20.0, 10.0))
