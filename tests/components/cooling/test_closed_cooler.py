"""Closed and hybrid coolers: the tower's and the dry cooler's equations, spray, threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.banks import range_limits
from dctwin.components.component import Duty, inside
from dctwin.components.cooling.closed_cooler import ClosedCooler, HybridCooler
from dctwin.components.cooling.dry_cooler import DryCooler
from dctwin.components.cooling.tower import Tower
from dctwin.design import Device
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


def test_basins_are_heated_where_nothing_is_sprayed() -> None:
    heated = {"basin_kw_per_k": 0.4}
    frost_kw = 0.4 * (2.0 + 6.0)
    closed = ClosedCooler.model_validate(dict(CLOSED) | heated)
    hybrid = HybridCooler.model_validate(dict(HYBRID) | heated)
    asleep, at_work = duty(CLOSED, 0.0, 36.0, -6.0), duty(CLOSED, 500.0, 36.0, -6.0)
    for unit in (closed, hybrid):
        service = unit.serve(asleep)
        assert service.power_kw["basin_heater"] == pytest.approx(frost_kw)
        assert service.reject_kw == pytest.approx(frost_kw)
        assert unit.works_idle()
        assert unit.idle_power_kw(asleep.air)["basin_heater"] == pytest.approx(frost_kw)
    assert closed.serve(at_work).power_kw["basin_heater"] == 0.0
    # A hybrid cooler at work in frost is dry: its basin is heated all the while.
    dry = hybrid.serve(duty(HYBRID, 500.0, 40.0, -6.0))
    assert dry.power_kw["basin_heater"] == pytest.approx(frost_kw)
    assert dry.reject_kw == pytest.approx(dry.heat_kw + sum(dry.power_kw.values()))
    assert "basin_heater" not in CLOSED.serve(asleep).power_kw


def test_spraying_in_frost_from_a_drained_basin_is_flagged() -> None:
    air_c = np.array([-15.0, -1.0, 5.0])
    (limit,) = CLOSED.serve(duty(CLOSED, 500.0, 36.0, air_c)).limits
    assert limit.name == "freezing_c"
    np.testing.assert_allclose(limit.beyond, [15.0, 1.0, 0.0])
    (limit,) = CLOSED.serve(duty(CLOSED, 0.0, 36.0, air_c)).limits
    assert np.all(limit.beyond == 0.0)
    heated = ClosedCooler.model_validate(dict(CLOSED) | {"basin_kw_per_k": 0.4})
    (limit,) = heated.serve(duty(heated, 500.0, 36.0, air_c)).limits
    assert np.all(limit.beyond == 0.0)
    (limit,) = HYBRID.serve(duty(HYBRID, 500.0, 40.0, air_c)).limits
    assert np.all(limit.beyond == 0.0)


def test_hybrid_is_flagged_outside_the_ranges_of_its_wet_coil_while_it_is_sprayed() -> None:
    machine = load_equipment("hybrid-cooler-1mw")
    device = Device("cooler", HYBRID, valid=machine.file.valid)

    def beyond(air_c: float, flow_frac: float, humid: float) -> dict[str, Any]:
        flow = flow_frac * HYBRID.design_water_m3_s
        one = Duty(200.0 * flow_frac, 41.0, flow * 4161.6, flow, outdoor(air_c, humid))
        service = HYBRID.serve(one)
        limits = range_limits(device, service.traces, service.heat_kw > 0)
        return {limit.name: limit.beyond for limit in limits}

    dry_air = beyond(16.0, 1.0, 0.15)
    assert dry_air["wet_bulb_c"] == pytest.approx(10.56 - 5.9, abs=0.2)
    assert dry_air["water_frac"] == 0.0
    assert beyond(25.0, 0.1, 0.6)["water_frac"] == pytest.approx(0.2)
    assert beyond(25.0, 1.6, 0.6)["water_frac"] == pytest.approx(0.4)
    assert all(value == 0.0 for value in beyond(25.0, 1.0, 0.6).values())
    # Dry, the coil feels neither.
    assert all(value == 0.0 for value in beyond(-10.0, 0.2, 0.5).values())


def test_hotter_is_never_cheaper_where_a_wet_coil_is_valid() -> None:
    for name in ("closed-cooler-1mw", "hybrid-cooler-1mw"):
        machine = load_equipment(name)
        unit: Any = machine.component
        air_c = np.arange(15.5, 45.0)[:, None, None]
        leaving_c = np.arange(20.0, 61.0, 5.0)[:, None]
        heat_kw = np.array([0.3, 0.6, 1.0]) * unit.rated_kw
        rate = unit.design_water_m3_s * 4161.6
        for humid in (0.2, 0.5, 0.9):
            air = outdoor(air_c + 0.0 * leaving_c + 0.0 * heat_kw, humid)
            one = Duty(heat_kw, leaving_c + heat_kw / rate, rate, unit.design_water_m3_s, air)
            service = unit.serve(one)
            valid = service.heat_kw >= (1.0 - 1e-9) * heat_kw
            for key, bounds in machine.file.valid.items():
                valid = valid & (inside(service.traces[key], *bounds) <= 0)
            power_kw = sum(service.power_kw.values())
            both = valid[1:] & valid[:-1]
            assert np.any(both)
            assert np.all((np.diff(power_kw, axis=0) >= -1e-6 * power_kw[1:])[both]), name


def test_impossible_ratings_are_refused() -> None:
    with pytest.raises(ValidationError, match="impossible rating"):
        ClosedCooler.model_validate(dict(CLOSED) | {"rated_water_in_c": 28.0})
    with pytest.raises(ValidationError, match="effectiveness"):
        HybridCooler.model_validate(dict(HYBRID) | {"dry_approach_k": 2.0})
