"""Closed and hybrid coolers: the tower's and the dry cooler's equations, spray, threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Duty
from dctwin.components.cooling.closed_cooler import ClosedCooler, HybridCooler
from dctwin.components.cooling.dry_cooler import DryCooler
from dctwin.components.cooling.tower import Tower
from dctwin.equipment import load_equipment


def load(name: str) -> Any:
    return load_equipment(name).component


CLOSED: ClosedCooler = load("closed-cooler-1mw")
HYBRID: HybridCooler = load("hybrid-cooler-1mw")


def duty(unit: Any, heat_kw: Any, return_c: Any, air_c: Any, humid: float = 0.5) -> Duty:
    flow = unit.design_water_m3_s
    return Duty(heat_kw, return_c, flow * 4161.6, flow, outdoor(air_c, humid))


def test_approach_at_the_rating_is_that_of_the_market() -> None:
    """Energies 2023, 16(9), 3661: median approach to wet bulb 6.5 K of closed wet towers."""
    air = outdoor(35.0, 0.47)
    one = Duty(1000.0, 37.1, 0.048 * 4161.6, 0.048, air)
    assert float(air.wet_bulb_c) == pytest.approx(25.6, abs=0.4)
    assert CLOSED.reach_c(one) - air.wet_bulb_c == pytest.approx(6.5, abs=0.2)


def test_closed_cooler_is_a_tower_with_a_spray_pump() -> None:
    shared = {k: v for k, v in dict(CLOSED).items() if k in Tower.model_fields}
    tower = Tower(**shared)
    one = duty(CLOSED, np.array([300.0, 800.0, 1500.0]), 36.0, 22.0)
    ours, theirs = CLOSED.serve(one), tower.serve(one)
    np.testing.assert_allclose(ours.heat_kw, theirs.heat_kw, rtol=1e-12)
    np.testing.assert_allclose(
        ours.power_kw["closed_cooler_fan"], theirs.power_kw["tower_fan"], rtol=1e-12
    )
    assert np.all(ours.power_kw["spray_pump"] == CLOSED.spray_pump_kw)
    assert ours.water is not None
    assert theirs.water is not None
    np.testing.assert_allclose(ours.water.evaporation_kg_s, theirs.water.evaporation_kg_s)


def test_hybrid_is_dry_below_its_threshold_and_wet_above() -> None:
    dry_c, wet_c = HYBRID.wet_above_c - 0.1, HYBRID.wet_above_c + 0.1
    dry = HYBRID.serve(duty(HYBRID, 600.0, 40.0, dry_c))
    wet = HYBRID.serve(duty(HYBRID, 600.0, 40.0, wet_c))
    assert dry.water is not None
    assert wet.water is not None
    assert dry.water.evaporation_kg_s == dry.power_kw["spray_pump"] == 0.0
    assert wet.water.evaporation_kg_s > 0.0
    assert wet.power_kw["closed_cooler_fan"] < dry.power_kw["closed_cooler_fan"]
    cooler = DryCooler(**HYBRID._dry_values())
    one = duty(HYBRID, 600.0, 40.0, dry_c)
    assert dry.power_kw["closed_cooler_fan"] == pytest.approx(
        cooler.serve(one).power_kw["dry_cooler_fan"], rel=1e-12
    )


def test_hybrid_never_cools_below_what_cools_it() -> None:
    air_c = np.linspace(-20.0, 45.0, 66)
    one = duty(HYBRID, 5000.0, 60.0, air_c)
    service = HYBRID.serve(one)
    wet = service.traces["wet_frac"] > 0
    coldest_c = np.where(wet, one.air.wet_bulb_c, air_c)
    assert np.all(service.traces["leaving_c"] > coldest_c)


def test_impossible_ratings_are_refused() -> None:
    with pytest.raises(ValidationError, match="impossible rating"):
        ClosedCooler.model_validate(dict(CLOSED) | {"rated_water_in_c": 28.0})
    with pytest.raises(ValidationError, match="effectiveness"):
        HybridCooler.model_validate(dict(HYBRID) | {"dry_approach_k": 2.0})
