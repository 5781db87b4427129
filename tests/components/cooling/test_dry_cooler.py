"""Dry cooler: its rating, its fan speed by an independent solver, air side against water side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Air, Duty
from dctwin.components.cooling.dry_cooler import DryCooler, _Coil, _fans, _transfer
from dctwin.equipment import load_equipment
from dctwin.physics.heat_exchange import effectiveness_crossflow_unmixed

RATING: dict[str, Any] = {
    "rated_heat_kw": 1000.0,
    "rated_approach_k": 10.0,
    "rated_range_k": 10.0,
    "rated_air_m3_s": 72.0,
    "fan_kw": 12.0,
}
COOLER = DryCooler(**RATING)
PADS = DryCooler(**RATING, pad_efficiency_frac=0.8, wet_above_c=22.0, cycles=3.0)
# Standard air of ratings: dry, 20 °C, 1.2 kg/m³.
RATED_AIR = Air(20.0, 20.0, 0.0, 20.1, 101_000.0, 1.2)
AIR_KW_PER_K = 72.0 * 1.2 * 1.006


def water_duty(heat_kw: Any, return_c: Any, flow_kw_per_k: Any, air: Air) -> Duty:
    return Duty(heat_kw, return_c, flow_kw_per_k, flow_kw_per_k / 4150.0, air)


def oracle_kw_per_k(ua: Any, air_kw_per_k: Any, water_kw_per_k: Any) -> Any:
    """eff · Cmin by physics/heat_exchange.py, which is tested against the exact series."""
    least = np.minimum(air_kw_per_k, water_kw_per_k)
    most = np.maximum(air_kw_per_k, water_kw_per_k)
    return least * effectiveness_crossflow_unmixed(ua / least, least / most)


def rated_ua_kw_per_k() -> float:
    """UA with which heat_exchange.py's coil has the rating's effectiveness, by bisection."""
    low, high = 1.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        if oracle_kw_per_k(middle, AIR_KW_PER_K, 100.0) * 20.0 < 1000.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def test_rating_takes_the_whole_fan() -> None:
    service = COOLER.serve(water_duty(1000.0, 40.0, 100.0, RATED_AIR))
    assert service.heat_kw == pytest.approx(1000.0, rel=1e-9)
    assert service.traces["fan_speed_frac"] == pytest.approx(1.0, abs=1e-9)
    assert service.power_kw["dry_cooler_fan"] == pytest.approx(12.0, rel=1e-8)
    assert COOLER.reach_c(water_duty(1000.0, 0.0, 100.0, RATED_AIR)) == pytest.approx(
        30.0, abs=1e-9
    )


def test_air_side_equals_water_side() -> None:
    """The coil worked out again from the reported fan speed alone, over weather and load."""
    rng = np.random.default_rng(3)
    n = 3000
    air = outdoor(rng.uniform(-20, 38, n), rng.uniform(0.1, 1, n), rng.uniform(85e3, 103e3, n))
    flow = 100.0 * np.exp(rng.uniform(np.log(0.1), np.log(2.0), n))
    duty = water_duty(rng.uniform(1, 1200, n), rng.uniform(25, 60, n), flow, air)
    service = COOLER.serve(duty)
    speed = service.traces["fan_speed_frac"]
    moist = (1.006 + 1.86 * air.humidity_kg_per_kg) / (1.0 + air.humidity_kg_per_kg)
    turning = np.maximum(speed, 0.2)  # where it stands nothing is compared
    air_kw_per_k = 72.0 * turning * air.density_kg_per_m3 * moist
    resistance = (turning * air.density_kg_per_m3 / 1.2) ** -0.8 * 2 / 3 + (
        flow / 100.0
    ) ** -0.85 / 3
    running = oracle_kw_per_k(rated_ua_kw_per_k() / resistance, air_kw_per_k, flow)
    drive_k = duty.return_c - air.dry_bulb_c
    # Above the lowest speed the fans run always; at it they cycle, never to do more than running.
    free = (speed > 0.2) & (service.heat_kw > 0)
    water_side_kw = flow * (duty.return_c - service.traces["leaving_c"])
    np.testing.assert_allclose((running * drive_k)[free], water_side_kw[free], rtol=1e-8)
    held = (speed > 0) & ~free
    assert np.all(water_side_kw[held] <= (running * drive_k)[held] * (1 + 1e-9))
    rise_k = service.traces["leaving_air_c"] - air.dry_bulb_c
    np.testing.assert_allclose((air_kw_per_k * rise_k)[free], water_side_kw[free], rtol=1e-8)
    assert free.sum() > 1000
    assert held.sum() > 300


def test_cycling_fans_run_their_share_of_the_time() -> None:
    """Between none and the lowest speed, heat and fan energy go with the time."""
    heat_kw = np.array([10.0, 20.0, 40.0])
    service = COOLER.serve(water_duty(heat_kw, 40.0, 100.0, outdoor(np.zeros(3))))
    np.testing.assert_allclose(service.traces["fan_speed_frac"], 0.2)
    fan_kw = service.power_kw["dry_cooler_fan"]
    np.testing.assert_allclose(fan_kw / fan_kw[0], [1.0, 2.0, 4.0], rtol=1e-9)
    # All the time at the lowest speed would be 0.02 + 0.98 · 0.2³ of 12 kW at 1.29 kg/m³.
    density = outdoor(0.0).density_kg_per_m3
    assert np.all(fan_kw < 12.0 * density / 1.2 * (0.02 + 0.98 * 0.008))


def test_floats_where_the_air_is_too_warm() -> None:
    service = COOLER.serve(water_duty(1000.0, 40.0, 100.0, outdoor(35.0)))
    assert 0 < service.heat_kw < 1000.0
    assert service.traces["fan_speed_frac"] == pytest.approx(1.0)
    assert COOLER.serve(water_duty(1000.0, 30.0, 100.0, outdoor(35.0))).reject_kw == 0.0


def test_thin_air_carries_less() -> None:
    """At 80 kPa the same fans move a fifth less mass."""
    low = COOLER.reach_c(water_duty(1000.0, 0.0, 100.0, outdoor(20.0, 0.5, 101_325.0)))
    high = COOLER.reach_c(water_duty(1000.0, 0.0, 100.0, outdoor(20.0, 0.5, 80_000.0)))
    assert 1.5 < high - low < 5.0


def test_pads_bring_the_air_along_its_wet_bulb() -> None:
    """38 °C, 20 %: CoolProp 8.0 wet bulb 20.76 °C, so pads of 0.8 give 24.21 °C."""
    air = outdoor(38.0, 0.2)
    service = PADS.serve(water_duty(1000.0, 45.0, 100.0, air))
    assert service.traces["coil_air_c"] == pytest.approx(38.0 - 0.8 * (38.0 - air.wet_bulb_c))
    assert service.water is not None
    assert service.water.evaporation_kg_s > 0
    assert service.water.blowdown_kg_s == pytest.approx(service.water.evaporation_kg_s / 2)


def test_pad_water_by_first_law() -> None:
    """Sensible heat given up by the air is the latent heat of what evaporates from the wet bulb."""
    air = outdoor(35.0, 0.3)
    service = PADS.serve(water_duty(1000.0, 45.0, 100.0, air))
    assert service.water is not None
    dry_air_kg_s = (
        72.0
        * service.traces["fan_speed_frac"]
        * air.density_kg_per_m3
        / (1.0 + air.humidity_kg_per_kg)
    )
    fall_k = 35.0 - service.traces["coil_air_c"]
    sensible_kw = dry_air_kg_s * (1.006 + 1.86 * air.humidity_kg_per_kg) * fall_k
    latent = 2501.0 + 1.86 * service.traces["coil_air_c"] - 4.186 * air.wet_bulb_c
    assert service.water.evaporation_kg_s * latent == pytest.approx(sensible_kw, rel=1e-12)


def test_pads_are_dry_below_their_threshold() -> None:
    service = PADS.serve(water_duty(500.0, 40.0, 100.0, outdoor(21.9, 0.3)))
    assert service.water is not None
    assert service.water.evaporation_kg_s == 0.0
    assert service.traces["coil_air_c"] == 21.9


def test_impossible_ratings_are_refused() -> None:
    """25 m³/s would have to leave warmer than the water came."""
    with pytest.raises(ValidationError, match="raise rated_air_m3_s"):
        DryCooler(**RATING | {"rated_air_m3_s": 25.0})


@pytest.mark.parametrize("name", ["dry-cooler-1mw", "dry-cooler-1mw-close", "adiabatic-cooler-1mw"])
def test_machines_meet_their_rated_approach(name: str) -> None:
    cooler: Any = load_equipment(name).component
    reach_c = cooler.reach_c(water_duty(1000.0, 0.0, 100.0, RATED_AIR))
    assert reach_c - 20.0 == pytest.approx(cooler.rated_approach_k, abs=1e-9)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_water_that_stands_takes_no_heat_and_warns_of_nothing() -> None:
    """A pump that fails: by itself, and in one of twenty hours whose fans are looked for."""
    assert COOLER.serve(water_duty(500.0, 40.0, 0.0, RATED_AIR)).heat_kw == 0.0
    flow = np.full(20, 100.0)
    flow[3] = 0.0
    service = COOLER.serve(water_duty(700.0, 40.0, flow, RATED_AIR))
    np.testing.assert_allclose(service.heat_kw, np.where(flow > 0, 700.0, 0.0), rtol=1e-12)


def test_compiled_fans_have_a_slope_beside_water_that_stands() -> None:
    jax = pytest.importorskip("jax")
    flow = np.array([100.0, 0.0, 80.0, 100.0])

    def fans_kw(return_c: Any) -> Any:
        duty = water_duty(700.0 + 0.0 * return_c, return_c + 0.0 * flow, flow, RATED_AIR)
        return COOLER.serve(duty).power_kw["dry_cooler_fan"].sum()

    with jax.enable_x64(True):  # as sweeps compile
        slope = jax.grad(fans_kw)(40.0)
    assert slope == pytest.approx((fans_kw(40.001) - fans_kw(39.999)) / 0.002, rel=1e-5)


def test_the_search_finds_the_speed_that_a_share_came_from() -> None:
    """Random coils, far wider than any that is built, against the share at a known speed."""
    rng, n = np.random.default_rng(1), 100_000
    air = 10.0 ** rng.uniform(0.5, 2.5, n)
    water = air * 10.0 ** rng.uniform(-1.2, 1.2, n)
    resistance = 1.0 / (np.minimum(air, water) * 10.0 ** rng.uniform(-0.7, 1.0, n))
    coil = _Coil(air, water, resistance * 2 / 3, resistance / 3 * 10.0 ** rng.uniform(0, 0.85, n))
    least = rng.choice([0.1, 0.2, 0.3, 0.5], n)
    speed = least ** rng.uniform(0.0, 1.0, n)
    share = _transfer(coil, speed, np.log(speed)).share
    found, on_frac, taken_frac = _fans(coil, share, least)
    wrong = np.abs(found / speed - 1.0)
    assert wrong.max() < 2e-6
    assert np.quantile(wrong, 0.99) < 1e-9
    np.testing.assert_array_equal(on_frac, 1.0)
    np.testing.assert_array_equal(taken_frac, 1.0)
