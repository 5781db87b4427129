"""Merkel tower against EnergyPlus points, an ε-NTU iteration written apart, and conservation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dctwin.physics import evaporation as tower
from dctwin.physics import moist_air

# Minute points of EnergyPlus 9.2's CoolingTower_VariableSpeed_Merkel example, as shipped with
# Modelica Buildings (CoolingTowers.Validation.MerkelEnergyPlus, modelica.csv): dry bulb, wet bulb,
# water in, water out (°C), heat (W), air-flow ratio. Water 1.089 kg/s.
POINTS = np.array(
    [
        (21.11, 19.20, 32.63, 30.00, 11970.0, 0.3218),
        (21.26, 19.19, 31.58, 30.00, 7187.0, 0.2120),
        (22.13, 19.02, 31.39, 29.91, 6717.0, 0.2000),
        (22.93, 18.72, 30.57, 29.19, 6270.0, 0.2000),
        (23.30, 18.56, 31.13, 29.65, 6712.0, 0.2000),
        (23.36, 18.57, 32.05, 30.00, 9345.0, 0.2554),
        (25.32, 18.72, 33.57, 30.00, 16240.0, 0.3969),
        (28.87, 18.39, 33.89, 30.00, 17730.0, 0.4184),
        (27.19, 18.95, 33.62, 30.00, 16480.0, 0.4080),
        (26.70, 18.29, 33.70, 30.00, 16860.0, 0.3998),
        (26.13, 18.47, 33.48, 30.00, 15860.0, 0.3857),
        (24.72, 19.09, 33.12, 30.00, 14180.0, 0.3666),
    ]
).T
# Autosized in that run: 20,286 W, UA 2,011.29 W/K, 1.09181 L/s; air 2.76316e-5 m³/s per W
# (EnergyPlus Input Output Reference, "Design Air Flow Rate").
POINT_UA_KW_PER_K = 2.01128668
POINT_AIR_M3_S = 20286.37 * 2.76316e-5
POINT_WATER_RATIO = 1.089 / 1.0918
POINT_WATER_KW_PER_K = 1.089 * 4.182

REF1_WATER_KW_PER_K = 0.05047 * 999.9 * 4.19
REF1_UA_KW_PER_K = 157.048


def humidity_from_wet_bulb(dry_bulb_c, wet_bulb_c, pressure_pa):
    """ASHRAE Fundamentals 2021, ch. 1, eq. 33."""
    saturated = moist_air.saturated_humidity_kg_per_kg(wet_bulb_c, pressure_pa)
    latent = 2501.0 + 1.86 * wet_bulb_c - 4.186 * wet_bulb_c
    dry = 1.006 * (dry_bulb_c - wet_bulb_c)
    return (saturated * latent - dry) / (2501.0 + 1.86 * dry_bulb_c - 4.186 * wet_bulb_c)


def air_at(dry_bulb_c, wet_bulb_c, pressure_pa=101325.0):
    w = humidity_from_wet_bulb(dry_bulb_c, wet_bulb_c, pressure_pa)
    return tower.entering_air(dry_bulb_c, w, pressure_pa, wet_bulb_c)


def moist_air_state(dry_bulb_c, rh_frac, pressure_pa):
    w = moist_air.humidity_kg_per_kg(dry_bulb_c, rh_frac, pressure_pa)
    wet_bulb_c = moist_air.wet_bulb_c(dry_bulb_c, w, pressure_pa)
    return tower.entering_air(dry_bulb_c, w, pressure_pa, wet_bulb_c)


def effectiveness_ntu_water_out_c(water_in_c, air, water_kw_per_k, air_kg_s, ua_kw_per_k):
    """EnergyPlus's iteration (calculateSimpleTowerOutletTemp), from the entering water."""
    out_c = air.wet_bulb_c + 6.0
    for _ in range(300):
        enthalpy, _ = moist_air.saturated_enthalpy_kj_per_kg(out_c, air.pressure_pa, True)
        gain = float(enthalpy - air.wet_bulb_enthalpy_kj_per_kg)
        equivalent = gain / (out_c - air.wet_bulb_c)
        smaller, larger = sorted((air_kg_s * equivalent, water_kw_per_k))
        ratio = smaller / larger
        units = ua_kw_per_k * equivalent / air.heat_capacity_kj_per_kg_k / smaller
        decay = math.exp(-units * (1.0 - ratio))
        heat_kw = (1.0 - decay) / (1.0 - ratio * decay) * smaller * (water_in_c - air.wet_bulb_c)
        out_c = 0.5 * out_c + 0.5 * (air.wet_bulb_c + heat_kw / (air_kg_s * equivalent))
    return water_in_c - heat_kw / water_kw_per_k


def water_out_c(heat_kw, air, water_kw_per_k, air_kg_s, ua_kw_per_k):
    leaving = tower.leaving_air_c(heat_kw, air_kg_s, air)
    return tower.coldest_water_c(heat_kw, air, leaving, water_kw_per_k, air_kg_s, ua_kw_per_k)


def point_tower():
    dry_bulb, wet_bulb, _, _, heat_w, ratio = POINTS
    air = air_at(dry_bulb, wet_bulb)
    factor, outside_k = tower.wet_bulb_factor(wet_bulb)
    assert (outside_k == 0.0).all()
    ua = POINT_UA_KW_PER_K * factor * tower.polynomial(tower.UA_WATER_RATIO, POINT_WATER_RATIO)
    return air, heat_w / 1e3, ratio, POINT_AIR_M3_S * air.density_kg_per_m3, ua


def test_energyplus_points_leaving_water():
    air, heat_kw, ratio, full_air, ua = point_tower()
    ua = ua * tower.polynomial(tower.UA_AIR_RATIO, ratio)
    out = water_out_c(heat_kw, air, POINT_WATER_KW_PER_K, ratio * full_air, ua)
    assert np.abs(out - POINTS[3]).max() < 0.2


def test_energyplus_points_heat_at_their_air_flow():
    """The heat rejected from their entering water at their air flow: 4 %."""
    air, heat_kw, ratio, full_air, ua = point_tower()
    ua = ua * tower.polynomial(tower.UA_AIR_RATIO, ratio)
    for i, water_in in enumerate(POINTS[2]):
        one = tower.EnteringAir(*(float(np.broadcast_to(v, ratio.shape)[i]) for v in air))
        out = effectiveness_ntu_water_out_c(
            water_in, one, POINT_WATER_KW_PER_K, ratio[i] * full_air[i], ua[i]
        )
        heat = POINT_WATER_KW_PER_K * (water_in - out)
        assert heat == pytest.approx(heat_kw[i], rel=0.04)


def test_energyplus_points_air_ratio():
    air, heat_kw, ratio, full_air, ua = point_tower()
    ours, _ = tower.required_air_ratio(
        heat_kw, POINTS[3], air, POINT_WATER_KW_PER_K, full_air, ua, min_ratio=0.2
    )
    assert np.abs(ours - ratio).max() < 0.004


def test_modelica_merkel_nominal():
    """Modelica Buildings CoolingTowers.Validation.MerkelNominal: 0.5 kg/s, 35.0 -> 29.43 °C."""
    air = air_at(35.0, 25.55)
    water, flow = 0.5 * 4.184, 0.5 / 1.2  # water over air 1.2, the model's default
    ua = tower.ua_from_rating(water * 5.56, 35.0, air, water, flow)
    assert effectiveness_ntu_water_out_c(35.0, air, water, flow, ua) == pytest.approx(
        29.43, abs=0.2
    )
    assert water_out_c(water * 5.56, air, water, flow, ua) == pytest.approx(29.43, abs=0.2)


def test_ref1_rating():
    """REF-1 (EnergyPlus 25.2): 1.25 x 1,200 kW from 35.0 °C water at 25.6 °C wet bulb, 33 m³/s."""
    air = air_at(35.0, 25.6)
    ua = tower.ua_from_rating(
        1.25 * 1200.0, 35.0, air, REF1_WATER_KW_PER_K, 33.0 * air.density_kg_per_m3
    )
    assert ua == pytest.approx(REF1_UA_KW_PER_K, rel=0.02)


# Chicago TMY3 hours of REF-1's EnergyPlus run: dry bulb, wet bulb (°C), Pa, water out (°C), heat,
# fan power (kW), evaporation (m³ in the hour).
REF1_HOURS = np.array(
    [
        (3.94167, 2.58118, 97900, 18, 1101.43, 1.77095, 0.993809),
        (5.6, 1.98182, 98958.3, 18, 1101.43, 1.68442, 1.04949),
        (18.55, 12.0653, 99200, 18, 1101.43, 8.01637, 1.33964),
        (20, 17.4098, 98400, 21.4098, 1112.26, 9.74443, 1.23619),
        (29.1917, 18.8772, 99841.7, 22.8772, 1117.29, 8.68166, 1.62622),
        (22.8, 18.1024, 99100, 22.1024, 1114.69, 9.14597, 1.34875),
        (31.0583, 25.1416, 99200, 29.1416, 1144.47, 4.25308, 1.44425),
        (18.3, 18.3, 99141.7, 22.3, 1115.4, 8.70116, 1.11693),
        (28.0917, 19.2238, 99841.7, 23.2238, 1118.11, 8.28451, 1.55563),
        (19.65, 17.8133, 99258.3, 21.8133, 1114.34, 9.28615, 1.20225),
        (25.35, 15.6986, 99300, 19.6986, 1106.04, 12.2361, 1.60052),
        (16.35, 14.5854, 99000, 18.6782, 1102.79, 12.6, 1.15078),
        (15, 14.3034, 98541.7, 18.451, 1102.77, 12.6, 1.08741),
        (1.7, 1.7, 98341.7, 18, 1101.43, 1.6086, 0.945158),
    ]
).T


def test_ref1_hours():
    dry_bulb, wet_bulb, pressure, water_out, heat_kw, fan_kw, evaporation_m3 = REF1_HOURS
    air = air_at(dry_bulb, wet_bulb, pressure)
    factor, _ = tower.wet_bulb_factor(wet_bulb)
    ua = REF1_UA_KW_PER_K * factor * tower.polynomial(tower.UA_WATER_RATIO, 1.0)
    full_air = 33.0 * air.density_kg_per_m3
    target = np.clip(wet_bulb + 4.0, 18.0, 32.0)
    ratio, _ = tower.required_air_ratio(heat_kw, target, air, 210.4, full_air, ua, 0.2)
    flow = ratio * full_air
    leaving = tower.leaving_air_c(heat_kw, flow, air)
    out = tower.coldest_water_c(
        heat_kw, air, leaving, 210.4, flow, ua * tower.polynomial(tower.UA_AIR_RATIO, ratio)
    )
    assert np.abs(out - water_out).max() < 0.2
    fan = 12.6 * tower.polynomial((0.02, 0.0, 0.0, 0.98), ratio)
    assert np.abs(fan / fan_kw - 1.0).max() < 0.1
    loss = tower.water_loss(heat_kw, air, leaving, flow)
    assert np.abs(3.6 * loss.evaporation_kg_s / evaporation_m3 - 1.0).max() < 0.07
    # Their specific humidities (kg per kg of moist air) explain the difference.
    w_in, w_out = air.humidity_kg_per_kg, loss.leaving_humidity_kg_per_kg
    theirs = 3.6 * flow * (w_out / (1.0 + w_out) - w_in / (1.0 + w_in))
    assert np.abs(theirs / evaporation_m3 - 1.0).max() < 0.02


states = st.tuples(st.floats(-25.0, 45.0), st.floats(0.05, 1.0), st.floats(70e3, 105e3))


@given(states, st.floats(0.0, 2000.0), st.floats(5.0, 60.0))
def test_first_law(state, heat_kw, air_kg_s):
    """Evaporation carries Q and the sensible heat given up by the air, to rounding."""
    air = moist_air_state(*state)
    leaving = tower.leaving_air_c(heat_kw, air_kg_s, air)
    loss = tower.water_loss(heat_kw, air, leaving, air_kg_s)
    carried = loss.evaporation_kg_s * (2501.0 + 1.86 * leaving)
    sensible = air_kg_s * (1.006 + 1.86 * air.humidity_kg_per_kg) * (air.dry_bulb_c - leaving)
    assert carried == pytest.approx(heat_kw + sensible, abs=1e-12 * (heat_kw + air_kg_s * 150.0))


@given(
    states,
    st.floats(50.0, 1500.0),
    st.floats(1.0, 15.0),
    st.floats(80.0, 400.0),
    st.floats(1.0, 5.0),
)
def test_required_air_ratio_meets_the_target(state, heat_kw, approach_k, water, units):
    air = moist_air_state(*state)
    target = air.wet_bulb_c + approach_k
    ratio, rise_k = tower.required_air_ratio(heat_kw, target, air, water, 40.0, units * 40.0, 0.1)
    assert 0.1 <= ratio <= 1.0
    ua = units * 40.0 * tower.polynomial(tower.UA_AIR_RATIO, ratio)
    out = water_out_c(heat_kw, air, water, ratio * 40.0, ua)
    if 0.1 < ratio < 1.0:
        assert out == pytest.approx(target, abs=1e-4)
        leaving = tower.leaving_air_c(heat_kw, ratio * 40.0, air)
        assert air.wet_bulb_c + rise_k == pytest.approx(leaving, abs=1e-5)
    elif ratio == 1.0:
        assert out >= target - 1e-4
    else:
        assert out <= target + 1e-4


@given(states, st.floats(50.0, 1500.0), st.floats(10.0, 60.0), st.floats(80.0, 400.0))
def test_monotone(state, heat_kw, air_kg_s, water):
    """More heat needs warmer entering water; more air or area leaves colder; none below wet bulb.

    The leaving water may cool by 1e-5 K with more heat where air and water pinch, because the
    equivalent specific heat c_e rises with the air's temperature; the entering water never does.
    """
    air = moist_air_state(*state)
    out = water_out_c(heat_kw, air, water, air_kg_s, 150.0)
    assert out >= air.wet_bulb_c
    more = water_out_c(heat_kw * 1.1, air, water, air_kg_s, 150.0)
    assert more + 1.1 * heat_kw / water > out + heat_kw / water
    assert water_out_c(heat_kw, air, water, air_kg_s, 165.0) <= out + 1e-9
    assert water_out_c(heat_kw, air, water, air_kg_s * 1.1, 165.0) <= out + 1e-9


@given(states, st.floats(50.0, 1500.0), st.floats(1.0, 10.0))
def test_twice_the_tower_rejects_twice_the_heat(state, heat_kw, approach_k):
    air = moist_air_state(*state)
    target = air.wet_bulb_c + approach_k

    def run(size):
        ratio, _ = tower.required_air_ratio(
            size * heat_kw, target, air, size * 200.0, size * 40.0, size * 150.0, 0.2
        )
        leaving = tower.leaving_air_c(size * heat_kw, size * ratio * 40.0, air)
        loss = tower.water_loss(size * heat_kw, air, leaving, size * ratio * 40.0)
        return ratio, loss.evaporation_kg_s / size

    assert run(2.0) == pytest.approx(run(1.0), rel=1e-12)


@given(states, st.floats(100.0, 1200.0), st.floats(15.0, 60.0), st.floats(100.0, 400.0))
@settings(max_examples=50)
def test_rating_is_inverse_of_leaving_water(state, heat_kw, air_kg_s, water):
    air = moist_air_state(*state)
    out = water_out_c(heat_kw, air, water, air_kg_s, 120.0)
    ua = tower.ua_from_rating(heat_kw, out + heat_kw / water, air, water, air_kg_s)
    if out - air.wet_bulb_c > 0.1:
        assert ua == pytest.approx(120.0, rel=1e-4)


def test_idle_tower_and_starved_tower_stay_finite():
    air = air_at(20.0, 12.0)
    assert water_out_c(0.0, air, 200.0, 40.0, 150.0) == pytest.approx(12.0, abs=1e-9)
    assert 75.0 < tower.leaving_air_c(1e3, 0.1, air) < 105.0
    assert tower.required_air_ratio(0.0, 16.0, air, 200.0, 40.0, 150.0, 0.2)[0] == 0.2
    # A target below the wet bulb cannot be met: full air flow.
    assert tower.required_air_ratio(500.0, 10.0, air, 200.0, 40.0, 150.0, 0.2)[0] == 1.0


def test_a_fill_that_pinches_stays_finite_and_meets_its_target():
    """Thirty transfer units: rounding closes the pinch between leaving air and entering water."""
    heat_kw = np.array([0.0, 1e-3, 10.0, 300.0])
    air = air_at(10.0, 5.0)
    with np.errstate(divide="raise", invalid="raise"):
        ratio, _ = tower.required_air_ratio(heat_kw, 20.0, air, 200.0, 40.0, 30.0 * 40.0, 0.005)
        ua = 30.0 * 40.0 * tower.polynomial(tower.UA_AIR_RATIO, ratio)
        out = water_out_c(heat_kw, air, 200.0, ratio * 40.0, ua)
    assert np.all(np.isfinite(ratio))
    searched = ratio > 0.005
    assert searched[-1]
    np.testing.assert_allclose(out[searched], 20.0, atol=1e-4)


def test_leaving_air_is_near_saturation():
    """The bounds of `water_loss`: 0-2.5 % below it above 0 °C wet bulb, wider with a bulb of ice."""
    for pressure_pa in (75e3, 101_325.0):
        dry_bulb, humid, gain = np.meshgrid(
            np.arange(-40.0, 46.0), [0.05, 0.2, 0.5, 0.8, 1.0],
            [1e-3, 0.3, 1.0, 3.0, 8.0, 20.0, 40.0, 80.0, 120.0],
        )  # fmt: skip
        air = moist_air_state(dry_bulb, humid, pressure_pa)
        leaving = tower.leaving_air_c(gain, 1.0, air)
        humidity = tower.water_loss(gain, air, leaving, 1.0).leaving_humidity_kg_per_kg
        enthalpy, _ = moist_air.saturated_enthalpy_kj_per_kg(leaving, pressure_pa, True)
        saturated = (enthalpy - 1.006 * leaving) / (2501.0 + 1.86 * leaving)
        over = humidity / saturated - 1.0
        valid = (leaving < 75.0) & (air.wet_bulb_c >= -40.0) & (air.wet_bulb_c <= 35.0)
        water, ice = valid & (air.wet_bulb_c > 0.01), valid & (air.wet_bulb_c < 0.0)
        busy = ice & (gain >= 20.0)
        assert -0.025 < over[water].min() < -0.02
        assert over[water].max() < 1e-4
        assert -0.07 < over[busy].min() < -0.05
        assert 0.05 < over[busy].max() < 0.07
        assert -0.33 < over[ice].min() < -0.3
        assert 0.1 < over[ice].max() < 0.12


def test_blowdown_keeps_cycles():
    drift = tower.drift_kg_s(50.0, 8e-5, 0.5)
    blowdown = tower.blowdown_kg_s(0.6, drift, 4.0)
    make_up = 0.6 + drift + blowdown
    assert make_up / (drift + blowdown) == pytest.approx(4.0, rel=1e-12)
    assert tower.blowdown_kg_s(0.001, 0.01, 4.0) == 0.0


def test_jax_agrees_with_numpy():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        air, heat_kw, _, full_air, ua = point_tower()
        arguments = (heat_kw, POINTS[3], air, POINT_WATER_KW_PER_K, full_air, ua, 0.2)
        traced = jax.jit(tower.required_air_ratio)(*arguments)
        for found, ours in zip(traced, tower.required_air_ratio(*arguments), strict=True):
            assert np.allclose(found, ours, rtol=0.0, atol=1e-9)
