"""Air handler: the machine's rated point, the coil by mean temperature difference, fan laws."""

from __future__ import annotations

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.crah import Crah
from dctwin.equipment import load_equipment

AIR = outdoor(20.0)
CRAH = Crah(
    ua_kw_per_k=27.8,
    design_flow_m3_s=19.16,
    fan_rise_pa=448,
    static_frac=0.0,
    fan_efficiency_frac=0.65,
    motor_efficiency_frac=0.88,
)
AIR_KW_PER_K = 19.16 * 1.2 * 1.006


def duty(heat_kw: float, return_c: float, frac: float = 1.0, sink_c: float = 18.0) -> Duty:
    return Duty(heat_kw, return_c, AIR_KW_PER_K * frac, 19.16 * frac, AIR, sink_c, 38.1)


def mean_difference_k(one_k: float, other_k: float) -> float:
    return (one_k - other_k) / np.log(one_k / other_k)


@pytest.mark.parametrize(
    ("name", "capacity_kw", "air_m3_s", "water_kw_per_k", "return_c", "fan_kw"),
    [
        # Capacity, flows (548, 761, 175 L/min) and fan power as in the files' sources.
        ("vertiv-fa069hc-252kw", 252.4, 19.161, 38.10, 36.0, 15.0),
        ("vertiv-fa096hc-352kw", 351.7, 26.807, 52.91, 36.0, 19.5),
        ("vertiv-pw170-233kw", 233.0, 13.725, 12.167, 41.0, 13.5),
    ],
)
def test_machines_meet_their_rated_points(
    name: str,
    capacity_kw: float,
    air_m3_s: float,
    water_kw_per_k: float,
    return_c: float,
    fan_kw: float,
) -> None:
    crah = load_equipment(name).component
    wide_open = Duty(1e4, return_c, air_m3_s * 1.2072, air_m3_s, AIR, 18.0, water_kw_per_k)
    service = crah.serve(wide_open)  # type: ignore[attr-defined]
    assert service.power_kw["crah_fan"] == pytest.approx(fan_kw, rel=0.005)
    assert service.reject_kw == pytest.approx(capacity_kw, rel=0.005)


@pytest.mark.parametrize("frac", [0.3, 0.7, 1.0])
def test_coil_by_mean_temperature_difference(frac: float) -> None:
    """Second route: UA times the mean difference of the four temperatures is the heat."""
    asked = duty(1e4, 36.0, frac)
    service = CRAH.serve(asked)
    coil_kw = service.heat_kw + service.power_kw["crah_fan"]
    leaving_coil_c = 36.0 - coil_kw / asked.flow_kw_per_k
    water_leaving_c = 18.0 + coil_kw / 38.1
    mean_k = mean_difference_k(36.0 - water_leaving_c, leaving_coil_c - 18.0)
    ua_kw_per_k = 27.8 / (0.6 * frac**-0.8 + 0.4)
    assert coil_kw == pytest.approx(ua_kw_per_k * mean_k, rel=1e-10)


def test_fans_follow_the_cube_of_flow() -> None:
    full = CRAH.serve(duty(50.0, 36.0)).power_kw["crah_fan"]
    half = CRAH.serve(duty(50.0, 36.0, 0.5)).power_kw["crah_fan"]
    assert full == pytest.approx(19.16 * 448 / 1000 / (0.65 * 0.88), rel=1e-12)
    assert half == pytest.approx(full / 8, rel=1e-12)


def test_supply_follows_from_heat_alone() -> None:
    service = CRAH.serve(duty(150.0, 36.0))
    assert service.heat_kw == 150.0
    assert service.traces["leaving_c"] == pytest.approx(36.0 - 150.0 / AIR_KW_PER_K, rel=1e-12)


def test_stops_when_it_would_only_warm_the_room() -> None:
    """The water could take 10 kW, less than the 15 kW of the fans."""
    service = CRAH.serve(duty(100.0, 18.6))
    assert (service.heat_kw, service.power_kw["crah_fan"], service.reject_kw) == (0.0, 0.0, 0.0)
