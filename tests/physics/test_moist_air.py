"""Moist air against CoolProp's HAPropsSI and psychrolib, and against itself."""

from __future__ import annotations

import numpy as np
import psychrolib
import pytest
from CoolProp.CoolProp import HAPropsSI
from hypothesis import given
from hypothesis import strategies as st

from dctwin.physics import moist_air as air

# dry bulb °C, relative humidity, Pa, wet bulb °C, dew point °C, kg/kg, kJ/kg, m³/kg:
# CoolProp 8.0 HAPropsSI, computed apart from this code.
REFERENCE = [
    (35, 0.4, 101325, 23.93, 19.391, 0.0142, 71.638, 0.8926),
    (20, 0.5, 101325, 13.776, 9.274, 0.007294, 38.623, 0.8399),
    (30, 0.8, 101325, 27.091, 26.17, 0.021676, 85.565, 0.8884),
    (40, 0.1, 84000, 17.221, 2.643, 0.00554, 54.549, 1.0794),
    (-5, 0.7, 101325, -6.34, -9.109, 0.001738, -0.698, 0.7612),
]

GRID = np.meshgrid(
    np.r_[np.linspace(-40.0, 55.0, 20), -0.5, 0.2, 1.0, 2.0],
    [0.02, 0.1, 0.3, 0.6, 0.9, 1.0],
    [60e3, 84e3, 101325.0, 105e3],
    indexing="ij",
)

temperatures = st.floats(-40.0, 55.0)
humidities = st.floats(0.02, 1.0)
pressures = st.floats(60e3, 105e3)


def coolprop(output: str, dry_bulb_c: float, humidity_frac: float, pressure_pa: float) -> float:
    kelvin = dry_bulb_c + 273.15
    return float(HAPropsSI(output, "T", kelvin, "R", humidity_frac, "P", pressure_pa))


def balance_at_triple_point(dry_bulb_c, humidity, pressure_pa, ice: bool):
    """ASHRAE's wet-bulb equation at 0.01 °C, written out again: positive if the bulb is colder."""
    saturated = air.saturated_humidity_kg_per_kg(0.01, pressure_pa)
    water = -333.4 + 2.1 * 0.01 if ice else 4.186 * 0.01
    return (
        air.enthalpy_kj_per_kg(0.01, saturated)
        - (saturated - humidity) * water
        - air.enthalpy_kj_per_kg(dry_bulb_c, humidity)
    )


@pytest.mark.parametrize("row", REFERENCE)
def test_reference_states(row):
    dry_bulb, rh, pressure, wet_bulb, dew_point, humidity, enthalpy, volume = row
    w = air.humidity_kg_per_kg(dry_bulb, rh, pressure)
    assert w == pytest.approx(humidity, rel=5e-3)
    assert air.wet_bulb_c(dry_bulb, w, pressure) == pytest.approx(wet_bulb, abs=0.05)
    assert air.dew_point_c(w, pressure) == pytest.approx(dew_point, abs=0.05)
    assert air.enthalpy_kj_per_kg(dry_bulb, w) == pytest.approx(enthalpy, abs=0.1)
    assert air.specific_volume_m3_per_kg(dry_bulb, w, pressure) == pytest.approx(volume, rel=2e-3)


def test_grid_against_coolprop():
    dry_bulb, rh, pressure = GRID
    truth = {name: np.vectorize(coolprop)(name, *GRID) for name in "WBDVH"}
    w = air.humidity_kg_per_kg(dry_bulb, rh, pressure)
    assert np.abs(w / truth["W"] - 1.0).max() < 5e-4
    assert np.abs(air.dew_point_c(w, pressure) - (truth["D"] - 273.15)).max() < 0.01
    volume = air.specific_volume_m3_per_kg(dry_bulb, w, pressure)
    assert np.abs(volume / truth["V"] - 1.0).max() < 2e-3
    enthalpy_error = np.abs(air.enthalpy_kj_per_kg(dry_bulb, w) - truth["H"] / 1e3)
    assert enthalpy_error.max() < 0.6
    assert enthalpy_error[dry_bulb <= 35.0].max() < 0.2
    both = (balance_at_triple_point(dry_bulb, w, pressure, ice=True) > 0.0) & (
        balance_at_triple_point(dry_bulb, w, pressure, ice=False) < 0.0
    )
    error = np.abs(air.wet_bulb_c(dry_bulb, w, pressure) - (truth["B"] - 273.15))
    assert error[~both].max() < 0.05
    assert both.mean() < 0.05


def test_grid_against_psychrolib():
    """psychrolib leaves out the enhancement factor, which adds 0.2..0.8 % to the humidity.

    At the same relative humidity the factor nearly cancels from the wet bulb.
    """
    psychrolib.SetUnitSystem(psychrolib.SI)
    dry_bulb, rh, pressure = GRID
    theirs = np.vectorize(psychrolib.GetHumRatioFromRelHum)(*GRID)
    ratio = air.humidity_kg_per_kg(dry_bulb, rh, pressure) / theirs
    assert ratio.min() > 1.001
    assert ratio.max() < 1.008
    bulbs = np.vectorize(psychrolib.GetTWetBulbFromRelHum)(*GRID)
    error = np.abs(air.wet_bulb_c(dry_bulb, ratio * theirs, pressure) - bulbs)
    away_from_freezing = (bulbs > 1.0) | (dry_bulb < 0.0)
    assert error[away_from_freezing].max() < 0.06


def test_ice_bulb_is_taken_where_both_exist():
    """At 15 °C, 5 %, 60 kPa both an ice bulb (-0.22 °C) and a water bulb (+0.58 °C) exist."""
    w = air.humidity_kg_per_kg(15.0, 0.05, 60e3)
    assert balance_at_triple_point(15.0, w, 60e3, ice=True) > 0.0
    assert balance_at_triple_point(15.0, w, 60e3, ice=False) < 0.0
    assert air.wet_bulb_c(15.0, w, 60e3) == pytest.approx(-0.22, abs=0.02)
    # A state of the same kind where CoolProp also lands on the ice bulb.
    state = (6.27469622, 0.247330259, 94596.9595)
    bulb = air.wet_bulb_c(state[0], air.humidity_kg_per_kg(*state), state[2])
    assert bulb == pytest.approx(coolprop("B", *state) - 273.15, abs=0.01)
    # Just outside the band on either side there is one bulb, and both codes agree on it.
    for dry_bulb, rh in ((5.0, 0.25), (5.0, 0.55)):
        w = air.humidity_kg_per_kg(dry_bulb, rh, 101325.0)
        truth = coolprop("B", dry_bulb, rh, 101325.0) - 273.15
        assert air.wet_bulb_c(dry_bulb, w, 101325.0) == pytest.approx(truth, abs=0.05)


@given(temperatures, humidities, pressures)
def test_inverses(dry_bulb, rh, pressure):
    w = air.humidity_kg_per_kg(dry_bulb, rh, pressure)
    assert air.relative_humidity_frac(dry_bulb, w, pressure) == pytest.approx(rh, rel=1e-12)
    dew_point = air.dew_point_c(w, pressure)
    assert air.saturated_humidity_kg_per_kg(dew_point, pressure) == pytest.approx(w, rel=1e-6)
    enthalpy = air.enthalpy_kj_per_kg(dry_bulb, w)
    saturated = air.saturated_c(enthalpy, pressure)
    back = air.enthalpy_kj_per_kg(saturated, air.saturated_humidity_kg_per_kg(saturated, pressure))
    assert back == pytest.approx(enthalpy, abs=1e-7)


@given(temperatures, humidities, pressures)
def test_dew_point_wet_bulb_dry_bulb_are_ordered(dry_bulb, rh, pressure):
    w = air.humidity_kg_per_kg(dry_bulb, rh, pressure)
    wet_bulb = air.wet_bulb_c(dry_bulb, w, pressure)
    assert air.dew_point_c(w, pressure) <= wet_bulb + 1e-3
    assert wet_bulb <= dry_bulb + 1e-3


@given(st.floats(-60.0, 75.0), st.floats(55e3, 107e3))
def test_saturated_temperature_inverts_saturated_enthalpy(temperature, pressure):
    w = air.saturated_humidity_kg_per_kg(temperature, pressure)
    enthalpy = air.enthalpy_kj_per_kg(temperature, w)
    assert air.saturated_c(enthalpy, pressure) == pytest.approx(temperature, abs=1e-8)


@given(temperatures, temperatures)
def test_saturation_pressure_rises(one, other):
    low, high = sorted((one, other))
    assert air.saturation_pressure_pa(low) <= air.saturation_pressure_pa(high)


def test_density_is_mass_of_air_and_vapour():
    volume = air.specific_volume_m3_per_kg(25.0, 0.01, 1e5)
    assert air.density_kg_per_m3(25.0, 0.01, 1e5) * volume == pytest.approx(1.01, rel=1e-14)


def test_pressure_at_altitude():
    """ASHRAE Fundamentals 2021, ch. 1, table 1."""
    assert air.pressure_at_altitude_pa(0.0) == pytest.approx(101325.0)
    assert air.pressure_at_altitude_pa(1500.0) == pytest.approx(84556.0, abs=5.0)


def test_jax_agrees_with_numpy():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        t = np.linspace(-20.0, 40.0, 25)
        w = air.humidity_kg_per_kg(t, 0.5, 9e4)
        for name, arguments in (
            ("wet_bulb_c", (t, w, 9e4)),
            ("dew_point_c", (w, 9e4)),
            ("saturated_c", (air.enthalpy_kj_per_kg(t, w), 9e4)),
        ):
            function = getattr(air, name)
            traced = jax.jit(function)(*(jax.numpy.asarray(value) for value in arguments))
            assert np.allclose(traced, function(*arguments), rtol=0.0, atol=1e-10)
