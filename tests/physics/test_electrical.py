"""Conversion losses, conductors and feeders against hand calculations and published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.errors import InputError
from dctwin.physics.electrical import (
    conductor_mass_kg,
    conductor_resistance_ohm,
    feeder_loss_kw,
    feeder_margin_frac,
    feeder_voltage_v,
    line_resistance_ohm,
    loss_from_curve_kw,
    loss_kw,
    loss_points_from_efficiency,
)

# 80 PLUS Titanium, 230 V internal redundant: efficiency at 10, 20, 50, 100 % of rating.
TITANIUM = ((0.1, 0.2, 0.5, 1.0), (0.90, 0.94, 0.96, 0.91))


def test_three_term_loss_of_a_transformer():
    # 2500 kVA, EU 548/2014 Tier 2: 1575 W no-load, 18.5 kW full load; half load by hand.
    loss = loss_kw(1250.0, 2500.0, 1.575 / 2500, 0.0, 18.5 / 2500)
    assert loss == pytest.approx(1.575 + 18.5 / 4)


def test_curve_returns_the_measured_efficiency():
    loads, losses = loss_points_from_efficiency(*TITANIUM)
    output = np.array(TITANIUM[0]) * 3.0
    loss = loss_from_curve_kw(output, 3.0, loads, losses)
    assert output / (output + loss) == pytest.approx(np.array(TITANIUM[1]), rel=1e-12)


def test_no_load_loss_is_carried_on_within_bounds():
    loads, losses = loss_points_from_efficiency(*TITANIUM)
    first, second = 0.1 * (1 / 0.9 - 1), 0.2 * (1 / 0.94 - 1)
    assert loads[0] == 0.0
    assert losses[0] == pytest.approx(2 * first - second)
    # Losses that would extrapolate below zero stop at zero; falling ones at the first.
    assert loss_points_from_efficiency([0.1, 0.2], [0.99, 0.96])[1][0] == 0.0
    falling = loss_points_from_efficiency([0.1, 0.2], [0.80, 0.99])[1]
    assert falling[0] == falling[1]
    assert loss_points_from_efficiency([0.5], [0.95])[1] == (0.5 / 0.95 - 0.5,) * 2


def test_above_the_last_point_the_last_slope_runs_on():
    loads, losses = loss_points_from_efficiency(*TITANIUM)
    at = loss_from_curve_kw(np.array([0.5, 1.0, 1.2]), 1.0, loads, losses)
    assert at[2] - at[1] == pytest.approx((at[1] - at[0]) * 0.2 / 0.5)


@given(st.lists(st.floats(0.3, 1.0), min_size=1, max_size=8), st.floats(0, 1.5))
def test_curve_loss_is_never_negative_within_its_points(efficiencies, load):
    points = np.linspace(0.1, 1.0, len(efficiencies)) if len(efficiencies) > 1 else [1.0]
    loads, losses = loss_points_from_efficiency(points, efficiencies)
    assert min(losses) >= 0
    if load <= 1:
        assert loss_from_curve_kw(load * 7.0, 7.0, loads, losses) >= 0


@pytest.mark.parametrize(
    ("loads", "efficiencies"),
    [((), ()), ((0.5,), (0.9, 0.9)), ((0.0, 0.5), (0.5, 0.9)), ((0.5, 0.4), (0.9, 0.9)),
     ((0.5,), (0.0,)), ((0.5,), (1.1,)), ((float("nan"),), (0.9,)), ((0.5,), (float("nan"),))],
)  # fmt: skip
def test_impossible_curves_are_refused(loads, efficiencies):
    with pytest.raises(InputError):
        loss_points_from_efficiency(loads, efficiencies)


def test_resistance_of_1000_mm2_at_70_c():
    # Published busbar figures, µΩ per metre.
    assert conductor_resistance_ohm(1.0, 1000.0, "copper") == pytest.approx(20.6e-6, rel=0.003)
    assert conductor_resistance_ohm(1.0, 1000.0, "aluminium") == pytest.approx(33.9e-6, rel=0.003)
    assert conductor_resistance_ohm(1.0, 1.0, "copper", 20.0) == pytest.approx(0.017241)
    with pytest.raises(InputError, match="did you mean 'aluminium'"):
        conductor_resistance_ohm(1.0, 1.0, "aluminum")


@pytest.mark.parametrize(("volts", "watts_per_m"), [(54.0, 1222.0), (800.0, 82.0)])
def test_busbar_of_a_1_mw_rack(volts, watts_per_m):
    # Published: 1.6 A/mm², copper at 70 °C, two conductors.
    section_mm2 = 1e6 / volts / 1.6
    line = line_resistance_ohm(conductor_resistance_ohm(1.0, section_mm2, "copper"), "dc")
    amps = 1e6 / volts
    assert amps**2 * line == pytest.approx(watts_per_m, rel=0.02)
    # The feeder function: the load end is held at `volts`, the source stands a little higher.
    source_v = volts + amps * line
    assert feeder_voltage_v(source_v, 1000.0, line) == pytest.approx(volts)
    assert 1000 * feeder_loss_kw(source_v, 1000.0, line) == pytest.approx(watts_per_m, rel=0.02)


def test_copper_of_a_1_mw_rack_at_54_v():
    # 207 kg per metre of two-conductor run at 1.6 A/mm² (published: 200 kg).
    section_mm2 = 1e6 / 54 / 1.6
    assert conductor_mass_kg(1.0, section_mm2, "copper", 2) == pytest.approx(207, rel=0.01)


@given(st.floats(40, 1000), st.floats(0, 0.999), st.floats(0.5, 1.0), st.floats(1e-5, 1.0))
def test_feeder_closes_its_energy_and_phasor_balance(source_v, share, power_factor, line_ohm):
    greatest_kw = source_v**2 * power_factor / (2000 * line_ohm * (1 + power_factor))
    power_kw = share * greatest_kw
    margin = feeder_margin_frac(source_v, power_kw, line_ohm, power_factor)
    assert margin == pytest.approx(1 - share, abs=1e-9)
    volts = feeder_voltage_v(source_v, power_kw, line_ohm, power_factor)
    # Phasors, per phase referred to line voltage: source = load + I R at the load's angle.
    drop = 1000 * power_kw / power_factor / volts * line_ohm
    sine = np.sqrt(1 - power_factor**2)
    source = np.hypot(volts + drop * power_factor, drop * sine)
    assert source == pytest.approx(source_v, rel=1e-9)
    # Energy: what the source gives is what the load takes and the line loses.
    loss = feeder_loss_kw(source_v, power_kw, line_ohm, power_factor)
    current = drop / line_ohm
    given_kw = current * (volts + drop * power_factor) * power_factor / 1000
    given_kw += current * drop * sine * sine / 1000
    assert given_kw == pytest.approx(power_kw + loss, rel=1e-9)


def test_dc_feeder_is_the_published_closed_form():
    source_v, power_w, line = 800.0, 1e6, 0.05
    expected = (source_v + np.sqrt(source_v**2 - 4 * power_w * line)) / 2
    assert feeder_voltage_v(source_v, 1000.0, line) == pytest.approx(expected, rel=1e-12)


def test_beyond_the_greatest_power_the_margin_is_negative():
    assert feeder_margin_frac(100.0, 10.0, 0.25) == pytest.approx(0.0)
    assert feeder_margin_frac(100.0, 20.0, 0.25) == pytest.approx(-1.0)
    with np.errstate(invalid="ignore"):
        assert np.isnan(feeder_voltage_v(100.0, np.array(20.0), 0.25))


def test_three_phase_loss_is_three_times_i_squared_r():
    volts, power_kw, phase_ohm = 415.0, 300.0, 0.01
    loss = feeder_loss_kw(volts, power_kw, line_resistance_ohm(phase_ohm, "ac3"), 0.95)
    load_v = feeder_voltage_v(volts, power_kw, phase_ohm, 0.95)
    amps = power_kw * 1000 / (np.sqrt(3) * load_v * 0.95)
    assert loss == pytest.approx(3 * amps**2 * phase_ohm / 1000)
    with pytest.raises(InputError, match="'ac3'"):
        line_resistance_ohm(phase_ohm, "ac")


def test_jax_agrees():
    jax = pytest.importorskip("jax")
    loads, losses = loss_points_from_efficiency(*TITANIUM)
    with jax.enable_x64(True):
        load = np.linspace(0, 1.3, 14)
        there = jax.numpy.asarray(load)
        ours = loss_from_curve_kw(there, 1.0, loads, losses)
        assert np.asarray(ours) == pytest.approx(loss_from_curve_kw(load, 1.0, loads, losses))
        ours = feeder_loss_kw(54.0, there, 1e-4)
        assert np.asarray(ours) == pytest.approx(feeder_loss_kw(54.0, load, 1e-4))
