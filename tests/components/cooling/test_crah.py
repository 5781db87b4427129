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


# --- fans that follow the heat ----------------------------------------------------------------

TRIM = CRAH.with_values(fans="heat", trim_rise_k=10.0, min_flow_frac=0.3)


def test_fans_carry_what_the_heat_needs_and_not_all_of_the_air() -> None:
    """A unit behind rear doors: 100 kW at 10 K are 10 kW/K of the loop's 23."""
    asked = duty(100.0, 36.0)
    service = TRIM.serve(asked)
    share = 10.0 / AIR_KW_PER_K
    assert service.traces["flow_frac"] == pytest.approx(share, rel=1e-12)
    full = CRAH.serve(asked).power_kw["crah_fan"]
    assert service.power_kw["crah_fan"] == pytest.approx(full * share**3, rel=1e-12)
    # By hand: the coil at that air flow, its air and water entering as asked.
    ua = 27.8 / (0.6 * share**-0.8 + 0.4)
    ntu, cr = ua / 10.0, 10.0 / 38.1
    reach = (1 - np.exp(-ntu * (1 - cr))) / (1 - cr * np.exp(-ntu * (1 - cr)))
    assert service.heat_kw == pytest.approx(
        min(100.0, reach * 10.0 * 18.0 - service.power_kw["crah_fan"]), rel=1e-9
    )


def test_fans_that_follow_the_heat_keep_a_least_flow_and_never_exceed_the_loop() -> None:
    assert TRIM.serve(duty(1.0, 36.0)).traces["flow_frac"] == pytest.approx(0.3)
    assert TRIM.serve(duty(1e4, 36.0)).traces["flow_frac"] == pytest.approx(1.0)
    assert TRIM.serve(duty(1.0, 36.0, frac=0.1)).traces["flow_frac"] == pytest.approx(0.1)


@pytest.mark.parametrize("heat_kw", [5.0, 60.0, 150.0])
def test_reach_is_where_serving_ends_with_either_fans(heat_kw: float) -> None:
    reach_c = TRIM.reach_c(duty(heat_kw, 0.0))
    at = TRIM.serve(duty(heat_kw, reach_c + heat_kw / AIR_KW_PER_K))
    assert at.heat_kw == pytest.approx(heat_kw, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "capacity_kw", "return_c", "sink_c", "water_kw_per_k", "fan_kw"),
    [
        ("in-row-40kw", 40.0, 36.0, 15.0, 6.67, 0.9),
        ("fan-wall-500kw", 500.0, 36.5, 18.0, 50.0, 11.4),
    ],
)
def test_in_row_and_fan_wall_meet_their_capacity(
    name: str, capacity_kw: float, return_c: float, sink_c: float, water_kw_per_k: float,
    fan_kw: float,
) -> None:  # fmt: skip
    crah = load_equipment(name).component
    flow = crah.design_flow_m3_s  # type: ignore[attr-defined]
    wide_open = Duty(1e5, return_c, flow * 1.2072, flow, AIR, sink_c, water_kw_per_k)
    service = crah.serve(wide_open)  # type: ignore[attr-defined]
    assert service.reject_kw == pytest.approx(capacity_kw, rel=0.02)
    assert service.power_kw["crah_fan"] == pytest.approx(fan_kw, rel=0.02)
