"""Rack: heat balance, load line, fans against inlet, thermal mass in time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.components.it.rack import INLET_C, INLET_POWER_FRAC, Rack, RackState

fractions = st.floats(0, 1)


@st.composite
def racks(draw: st.DrawFn) -> Rack:
    return Rack(
        design_kw=draw(st.floats(0.1, 500)),
        idle_frac=draw(fractions),
        liquid_frac=draw(fractions),
        fan_frac=draw(st.floats(0, 0.4)),
        case_lift_k=draw(st.floats(0.1, 60)),
        mass_kwh_per_k=draw(st.floats(0.001, 1)),
    )


@given(racks(), fractions, st.floats(-10, 60))
def test_electricity_in_is_heat_out(rack: Rack, load: float, inlet_c: float) -> None:
    power = rack.power(load, inlet_c)
    assert power.compute_kw + power.fans_kw == pytest.approx(
        power.air_kw + power.liquid_kw, rel=1e-12
    )
    assert min(power) >= -1e-12 * rack.design_kw
    # Liquid takes its share of the compute heat and none of the fans'.
    assert power.liquid_kw == pytest.approx(rack.liquid_frac * power.compute_kw, rel=1e-12)


@given(racks())
def test_full_load_at_the_reference_inlet_is_the_design_power(rack: Rack) -> None:
    full, idle = rack.power(1.0, 25.0), rack.power(0.0, 25.0)
    assert full.compute_kw + full.fans_kw == pytest.approx(rack.design_kw, rel=1e-12)
    assert idle.compute_kw == pytest.approx(rack.idle_frac * full.compute_kw, rel=1e-12, abs=1e-12)


@given(racks(), fractions, fractions)
def test_power_is_linear_in_load(rack: Rack, one: float, other: float) -> None:
    middle = rack.power(0.5 * (one + other), 25.0).compute_kw
    ends = rack.power(one, 25.0).compute_kw + rack.power(other, 25.0).compute_kw
    assert middle == pytest.approx(0.5 * ends, rel=1e-12, abs=1e-12)


def test_air_cooled_server_follows_the_measured_curve() -> None:
    """Dell PowerEdge R410 over inlet temperature: all of the rise goes to the fans' account."""
    rack = Rack(design_kw=10.0, fan_frac=0.08)
    powers = rack.power(1.0, np.array(INLET_C))
    at_27 = rack.power(1.0, 27.0)
    compute = powers.compute_kw
    assert np.ptp(compute) == 0.0
    # 137.7 W at 27 °C and 154.0 W at 37 °C, measured: what the servers without fans draw rises so.
    rise = (powers.fans_kw[-1] - at_27.fans_kw) / compute
    reference = float(np.interp(25.0, INLET_C, INLET_POWER_FRAC))
    assert rise == pytest.approx((154.0 / 137.7 - 1.0) / reference, rel=2e-4)


@given(racks(), fractions, st.floats(10, 45), st.floats(0, 10))
def test_warmer_inlet_never_needs_less(
    rack: Rack, load: float, inlet_c: float, warmer_k: float
) -> None:
    cool, warm = rack.power(load, inlet_c), rack.power(load, inlet_c + warmer_k)
    assert warm.fans_kw >= cool.fans_kw - 1e-12
    assert warm.compute_kw == cool.compute_kw


def test_a_rack_all_in_liquid_does_not_feel_the_air() -> None:
    rack = Rack(design_kw=100.0, liquid_frac=1.0, fan_frac=0.0)
    assert rack.power(1.0, 45.0) == rack.power(1.0, 18.0)


def test_arrays_and_batches_broadcast() -> None:
    rack = Rack(design_kw=10.0).with_values(design_kw=np.array([[10.0], [20.0]]))
    power = rack.power(np.array([0.2, 0.5, 1.0]), 25.0)
    assert power.compute_kw.shape == (2, 3)
    np.testing.assert_allclose(power.compute_kw[1], 2 * power.compute_kw[0])


@given(racks(), st.floats(0, 100), st.floats(10, 50), st.floats(0.001, 1e4), st.booleans())
def test_a_step_in_time_keeps_the_energy(
    rack: Rack, liquid_kw: float, coolant_c: float, dt_s: float, flowing: bool
) -> None:
    before = RackState(40.0)
    after, out_kw, stored_kw = rack.advance(before, liquid_kw, coolant_c, 0.2, flowing, dt_s)
    assert out_kw + stored_kw == pytest.approx(liquid_kw, rel=1e-12, abs=1e-9)
    held_kj = rack.mass_kwh_per_k * 3600.0 * (after.case_c - before.case_c)
    assert held_kj == pytest.approx(stored_kw * dt_s, rel=1e-9, abs=1e-6)


@given(racks(), st.floats(0, 100), st.floats(10, 50), st.floats(0.1, 1e4))
def test_two_half_steps_are_one_step(
    rack: Rack, liquid_kw: float, coolant_c: float, dt_s: float
) -> None:
    whole, *_ = rack.advance(RackState(40.0), liquid_kw, coolant_c, 0.2, True, dt_s)
    half, *_ = rack.advance(RackState(40.0), liquid_kw, coolant_c, 0.2, True, dt_s / 2)
    again, *_ = rack.advance(half, liquid_kw, coolant_c, 0.2, True, dt_s / 2)
    assert again.case_c == pytest.approx(whole.case_c, rel=1e-10)


def test_time_constant_is_mass_times_resistance() -> None:
    rack = Rack(design_kw=100.0, mass_kwh_per_k=0.05)
    tau_s = 0.2 * 0.05 * 3600.0
    state, *_ = rack.advance(RackState(30.0), 50.0, 30.0, 0.2, True, tau_s)
    assert state.case_c == pytest.approx(30.0 + 50.0 * 0.2 * (1 - math.exp(-1)), rel=1e-12)


def test_without_flow_the_cases_take_all_of_the_heat() -> None:
    rack = Rack(design_kw=100.0, mass_kwh_per_k=0.05)
    state, out_kw, stored_kw = rack.advance(RackState(50.0), 90.0, 30.0, 0.2, False, 10.0)
    assert (out_kw, stored_kw) == (0.0, 90.0)
    assert state.case_c == pytest.approx(50.0 + 90.0 * 10.0 / (0.05 * 3600.0))
