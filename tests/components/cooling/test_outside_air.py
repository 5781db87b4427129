"""Outside air: mixing by energy, pads by wet bulb, floating, water, humidity reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Air, Duty
from dctwin.components.cooling.outside_air import OutsideAir
from dctwin.physics import moist_air

PARAMS: dict[str, Any] = {
    "design_flow_m3_s": 20.0,
    "fan_rise_pa": 400.0,
    "fan_efficiency_frac": 0.7,
    "motor_efficiency_frac": 0.9,
}
DRY = OutsideAir(**PARAMS)
WET = OutsideAir(**PARAMS, pad_efficiency_frac=0.85, cycles=3.0)
AIR_KW_PER_K = 20.0 * 1.2 * 1.006
FAN_KW = 20.0 * 0.4 / 0.63


def room_duty(heat_kw: Any, return_c: Any, air: Air) -> Duty:
    return Duty(heat_kw, return_c, AIR_KW_PER_K, 20.0, air)


def test_mixed_air_and_fan_heat_make_the_supply() -> None:
    dry_bulb_c = np.linspace(-20.0, 20.0, 41)
    service = DRY.serve(room_duty(250.0, 35.0, outdoor(dry_bulb_c)))
    share = service.traces["outdoor_air_frac"]
    mixed_c = share * dry_bulb_c + (1.0 - share) * 35.0
    supply_c = mixed_c + FAN_KW / AIR_KW_PER_K
    np.testing.assert_allclose(service.heat_kw, 250.0)
    np.testing.assert_allclose(AIR_KW_PER_K * (35.0 - supply_c), 250.0, rtol=1e-10)
    np.testing.assert_allclose(service.traces["leaving_c"], supply_c, rtol=1e-12)
    assert np.all(np.diff(share) > 0)
    assert np.all(share <= 1.0)


def test_exhaust_carries_heat_and_fan() -> None:
    """Second route: outdoor air comes in cold and leaves at the return's temperature."""
    air = outdoor(10.0)
    service = DRY.serve(room_duty(250.0, 35.0, air))
    exhaust_kw = AIR_KW_PER_K * service.traces["outdoor_air_frac"] * (35.0 - 10.0)
    assert exhaust_kw == pytest.approx(service.reject_kw, rel=1e-10)


def test_floats_without_pads() -> None:
    service = DRY.serve(room_duty(250.0, 35.0, outdoor(30.0)))
    assert service.traces["outdoor_air_frac"] == pytest.approx(1.0)
    assert service.heat_kw == pytest.approx(AIR_KW_PER_K * 5.0 - FAN_KW, rel=1e-10)
    assert service.water is not None
    assert service.water.evaporation_kg_s == 0.0


def test_off_when_the_air_is_warmer_than_the_room() -> None:
    service = DRY.serve(room_duty(250.0, 35.0, outdoor(40.0)))
    assert (service.heat_kw, service.power_kw["outside_air_fan"]) == (0.0, 0.0)


def test_pads_hold_the_setpoint_by_their_bypass() -> None:
    air = outdoor(30.0, 0.3)
    service = WET.serve(room_duty(250.0, 35.0, air))
    assert service.heat_kw == pytest.approx(250.0)
    assert service.traces["outdoor_air_frac"] == pytest.approx(1.0)
    # The same wet bulb before and after the pads.
    after_c = moist_air.wet_bulb_c(
        service.traces["outdoor_air_c"],
        service.traces["supply_humidity_kg_per_kg"],
        air.pressure_pa,
    )
    assert after_c == pytest.approx(air.wet_bulb_c, abs=1e-6)


def test_pads_at_their_limit() -> None:
    """35 °C, 20 %: CoolProp 8.0 wet bulb 18.857 °C; pads of 0.85 give 21.28 °C, not colder."""
    air = outdoor(35.0, 0.2)
    reach_c = WET.reach_c(room_duty(250.0, 0.0, air))
    assert reach_c == pytest.approx(21.279 + FAN_KW / AIR_KW_PER_K, abs=0.02)
    service = WET.serve(room_duty(1000.0, 35.0, air))
    assert service.traces["outdoor_air_c"] == pytest.approx(21.279, abs=0.02)


def test_water_is_air_flow_times_rise_of_humidity() -> None:
    air = outdoor(35.0, 0.2)
    service = WET.serve(room_duty(1000.0, 35.0, air))
    assert service.water is not None
    rise = service.traces["supply_humidity_kg_per_kg"] - air.humidity_kg_per_kg
    assert service.water.evaporation_kg_s == pytest.approx(20.0 * 1.2 * rise, rel=1e-12)
    assert service.water.blowdown_kg_s == pytest.approx(service.water.evaporation_kg_s / 2)


def test_humidity_reports_agree_with_each_other() -> None:
    service = DRY.serve(room_duty(250.0, 35.0, outdoor(np.array([-10.0, 5.0, 20.0]), 0.7)))
    traces = service.traces
    np.testing.assert_allclose(
        moist_air.saturated_humidity_kg_per_kg(traces["supply_dew_point_c"], 101_325.0),
        traces["supply_humidity_kg_per_kg"],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        moist_air.humidity_kg_per_kg(traces["leaving_c"], traces["supply_rh_frac"], 101_325.0),
        traces["supply_humidity_kg_per_kg"],
        rtol=1e-9,
    )
