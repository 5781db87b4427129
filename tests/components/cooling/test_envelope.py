"""Economiser envelopes: each limit shuts the dampers on its own, a shut unit does nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Duty
from dctwin.components.cooling.envelope import admitted
from dctwin.components.cooling.outside_air import OutsideAir
from dctwin.physics import moist_air

PARAMS: dict[str, Any] = {
    "design_flow_m3_s": 20.0,
    "fan_rise_pa": 400.0,
    "limits": "envelope",
    "max_dry_bulb_c": 25.0,
    "min_dew_point_c": -9.0,
    "max_dew_point_c": 15.0,
    "min_rh_frac": 0.08,
    "max_rh_frac": 0.8,
}
UNIT = OutsideAir(**PARAMS)


def state(dry_bulb_c: float, dew_point_c: float) -> Any:
    air = outdoor(dry_bulb_c)
    humidity = moist_air.saturated_humidity_kg_per_kg(dew_point_c, air.pressure_pa)
    return replace(air, humidity_kg_per_kg=humidity)


def test_limits_by_dew_point_and_humidity_in_the_supply() -> None:
    # 15 °C dew point is 0.71 of saturation at 20.3 °C, 0.84 at 17.6 °C (CoolProp 8).
    def inside(air: Any, supply_c: float = 20.0, rh: tuple[float, float] = (0.0, 2.0)) -> float:
        return float(admitted(air, supply_c, 25.0, (-9.0, 15.0), rh))

    assert inside(state(20.0, 14.9)) == 1.0
    assert inside(state(20.0, 15.1)) == 0.0
    assert inside(state(10.0, -8.9)) == 1.0
    assert inside(state(10.0, -9.1)) == 0.0
    assert inside(state(25.1, 10.0)) == 0.0
    assert inside(state(15.0, 14.0), supply_c=20.3, rh=(0.0, 0.75)) == 1.0
    assert inside(state(15.0, 14.0), supply_c=17.6, rh=(0.0, 0.75)) == 0.0


@pytest.mark.parametrize(
    ("dry_bulb_c", "dew_point_c", "opens"),
    [(18.0, 8.0, True), (26.0, 8.0, False), (18.0, 15.5, False), (5.0, -12.0, False)],
)
def test_a_shut_unit_stands_still(dry_bulb_c: float, dew_point_c: float, opens: bool) -> None:
    duty = Duty(200.0, 33.0, 24.1, 20.0, state(dry_bulb_c, dew_point_c))
    service = UNIT.serve(duty)
    assert bool(service.heat_kw > 0) is opens
    assert bool(service.power_kw["outside_air_fan"] > 0) is opens
    assert bool(service.traces["outdoor_air_frac"] > 0) is opens
    assert service.reject_kw == pytest.approx(service.heat_kw + sum(service.power_kw.values()))
    assert bool(UNIT.reach_c(duty) < 100.0) is opens


def test_without_limits_nothing_is_shut_out() -> None:
    free = OutsideAir(**{**PARAMS, "limits": "none"})
    air = state(26.0, 16.0)
    assert free.serve(Duty(100.0, 40.0, 24.1, 20.0, air)).heat_kw == 100.0
    hours = outdoor(np.array([10.0, 30.0]))
    assert np.all(free.serve(Duty(100.0, 40.0, 24.1, 20.0, hours)).heat_kw > 0)


def test_limits_must_be_in_order() -> None:
    with pytest.raises(ValidationError, match="min_dew_point_c must be below max_dew_point_c"):
        OutsideAir(**{**PARAMS, "min_dew_point_c": 16.0})
