"""Rack: heat balance, load line, fans against inlet, thermal mass in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.it.rack import LEAST_SPEED_FRAC, Rack, RackState

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


@pytest.mark.parametrize("thin", [0.6, 0.804, 1.02])
def test_servers_want_the_same_mass_of_thin_air(thin: float) -> None:
    """Speed goes with 1/density and power with density · speed³: 1/density² at the same cooling."""
    rack = Rack(design_kw=10.0)
    inlet_c = np.array([20.0, 25.0, 30.0, 37.0, 45.0])
    here, there = rack.power(0.9, inlet_c), rack.power(0.9, inlet_c, thin)
    np.testing.assert_allclose(there.fans_kw, here.fans_kw / thin**2, rtol=1e-12)
    assert there.compute_kw == here.compute_kw
    np.testing.assert_allclose(there.air_kw, there.compute_kw + there.fans_kw, rtol=1e-12)
    # Lowest speed is a speed: there a fan takes the density, until the mass asks for more.
    least_kw = rack.power(0.0, 15.0).fans_kw
    idle = Rack(design_kw=10.0, idle_frac=0.0)
    assert idle.power(0.0, 15.0, thin).fans_kw == pytest.approx(least_kw * thin)
    # Nothing but liquid: fans keep their speed.
    wet = Rack(design_kw=10.0, liquid_frac=1.0)
    assert wet.power(1.0, 25.0, thin).fans_kw == pytest.approx(0.8 * thin)


@given(racks(), fractions, st.floats(-10, 60))
def test_electricity_in_is_heat_out(rack: Rack, load: float, inlet_c: float) -> None:
    power = rack.power(load, inlet_c)
    assert power.compute_kw + power.fans_kw == pytest.approx(
        power.air_kw + power.liquid_kw, rel=1e-12
    )
    assert min(power) >= -1e-12 * rack.design_kw
    # Liquid takes its share of the compute heat and none of the fans'.
    assert rack.liquid_idle_drop_frac == 0.0
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
    """Dell PowerEdge R410, power over inlet temperature relative to 27 °C."""
    measured_w = np.array([137.7, 139.4, 141.5, 144.0, 148.4, 154.0])
    rack = Rack(design_kw=10.0, fan_frac=0.08)
    power = rack.power(1.0, np.array([27.0, 29.0, 31.0, 33.0, 35.0, 37.0]))
    assert np.ptp(power.compute_kw) == 0.0
    total_kw = power.compute_kw + power.fans_kw
    found, known = total_kw / total_kw[0], measured_w / measured_w[0]
    np.testing.assert_allclose(found[:4], known[:4], atol=1e-3)
    np.testing.assert_allclose(found[4:], known[4:], atol=0.026)


@given(racks(), st.floats(10, 45), fractions, fractions)
def test_fans_never_draw_more_for_less_load(
    rack: Rack, inlet_c: float, one: float, other: float
) -> None:
    less, more = (rack.power(load, inlet_c).fans_kw for load in sorted((one, other)))
    assert less <= more + 1e-12


def test_fans_follow_heat_and_inlet_between_their_lowest_and_full_speed() -> None:
    """Cube of speed; the second route finds the speed that holds the case at its limit."""
    rack = Rack(design_kw=10.0, idle_frac=0.0, fan_frac=0.08, air_class="A3", case_limit_c=80.0)
    full_kw, rated_k = rack.compute_kw(1.0), 80.0 - 25.0
    for load, inlet_c in [(0.9, 18.0), (0.8, 30.0), (1.0, 38.0)]:
        speed = np.cbrt(rack.power(load, inlet_c).fans_kw / 0.8)
        k_per_kw = rated_k / full_kw * speed**-0.8
        assert inlet_c + rack.compute_kw(load) * k_per_kw == pytest.approx(80.0, rel=1e-12)
    # Full speed is reached at the highest inlet of the class and kept while the rack throttles.
    full = rack.power(1.0, 40.0).fans_kw
    for hotter_c in (45.0, 60.0, 79.0):
        load = rack.allowed_load(1.0, hotter_c, np.inf)
        assert rack.power(load, hotter_c).fans_kw == pytest.approx(full, rel=1e-9)
    assert rack.power(0.0, 15.0).fans_kw == pytest.approx(LEAST_SPEED_FRAC**3 * full)


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


# --- liquid share, cold plates ----------------------------------------------------------------


def test_liquid_share_may_rise_with_load() -> None:
    rack = Rack(design_kw=100.0, fan_frac=0.0, liquid_frac=0.8, liquid_idle_drop_frac=0.2)
    shares = [rack.liquid_kw(x) / rack.compute_kw(x) for x in (0.0, 0.5, 1.0)]
    assert shares == pytest.approx([0.6, 0.7, 0.8])
    with pytest.raises(ValidationError, match="liquid_idle_drop_frac must not be above"):
        Rack(design_kw=100.0, liquid_frac=0.5, liquid_idle_drop_frac=0.6)


LIQUID = Rack(design_kw=100.0, fan_frac=0.0, idle_frac=0.2, liquid_frac=1.0, case_lift_k=40.0,
              case_rise_k=10.0, case_flow_frac=0.5, case_flow_exponent=1.0 / 3.0,
              case_limit_c=85.0)  # fmt: skip


def test_cold_plates_follow_the_power_law_of_flow() -> None:
    """Rated flow 10 kW/K: 0.4 K/kW there; at an eighth of it the coolant's half doubles."""
    assert LIQUID.plate_k_per_kw(10.0) == pytest.approx(0.4)
    assert LIQUID.plate_k_per_kw(10.0 / 8) == pytest.approx(0.4 * (0.5 + 0.5 * 2.0))
    assert Rack(design_kw=100.0, liquid_frac=1.0, fan_frac=0.0).plate_k_per_kw(1.0) == (
        pytest.approx(0.3)
    )


# --- limits -----------------------------------------------------------------------------------


def laws(rise_k: float, least_kw_per_k: float) -> list[Callable[[Any], Any]]:
    """Coolant of a loop that keeps its rise, and of one that keeps its flow."""
    return [lambda kw: np.maximum(kw / rise_k, least_kw_per_k), lambda kw: 10.0 + 0.0 * kw]


@given(
    st.floats(20, 84), fractions, st.floats(5, 15), st.floats(0.5, 4), fractions, st.floats(0, 0.9),
    fractions, fractions,
)  # fmt: skip
def test_throttled_racks_keep_their_case_limit(
    coolant_c: float, load: float, rise_k: float, least: float, flow_frac: float, power: float,
    share: float, drop: float,
) -> None:  # fmt: skip
    rack = LIQUID.with_values(case_flow_frac=flow_frac, case_flow_exponent=power,
                              liquid_frac=0.2 + 0.8 * share,
                              liquid_idle_drop_frac=drop * (0.2 + 0.8 * share))  # fmt: skip
    for coolant in laws(rise_k, least):
        most_kw = rack.most_liquid_kw(load, coolant_c, coolant)
        allowed = float(rack.allowed_load(load, 20.0, most_kw))
        liquid_kw = rack.liquid_kw(allowed)
        case_c = coolant_c + liquid_kw * float(rack.plate_k_per_kw(coolant(liquid_kw)))
        assert 0.0 <= allowed <= load
        if allowed > 0:
            assert case_c <= 85.0 + 1e-5
        if 0 < allowed < load * (1 - 1e-9):  # what the limit allows, and no less
            assert case_c == pytest.approx(85.0, abs=1e-5)


@pytest.mark.parametrize(("name", "most_c"), [("W17", 17.0), ("W32", 32.0), ("S50", 50.0)])
def test_liquid_class_throttles_above_its_water(name: str, most_c: float) -> None:
    """Full liquid heat up to the class's water, none where the water is at the case limit."""
    rack = LIQUID.with_values(liquid_class=name)
    assert rack.classed_liquid_kw(most_c) == np.inf
    halfway_c = 0.5 * (most_c + rack.case_limit_c)
    half_kw = rack.classed_liquid_kw(halfway_c)
    assert half_kw == pytest.approx(0.5 * rack.liquid_kw(1.0))
    allowed = rack.allowed_load(1.0, 20.0, half_kw)
    assert rack.liquid_kw(allowed) == pytest.approx(half_kw)
    assert rack.classed_liquid_kw(rack.case_limit_c + 5.0) == 0.0
    for free in ("W+", "none"):
        assert LIQUID.with_values(liquid_class=free).classed_liquid_kw(80.0) == np.inf
    with pytest.raises(ValidationError, match="case_limit_c must be above the water of class S50"):
        Rack(design_kw=10.0, liquid_class="S50", case_limit_c=50.0)


def test_hotter_coolant_never_allows_more() -> None:
    coolant_c = np.linspace(20.0, 90.0, 60)
    for coolant in laws(10.0, 3.0):
        most_kw = LIQUID.most_liquid_kw(1.0, coolant_c, coolant)
        allowed = LIQUID.allowed_load(1.0, 20.0, most_kw)
        assert np.all(np.diff(allowed) <= 1e-12)
        assert allowed[0] == 1.0
        assert allowed[-1] == 0.0


def test_arrays_throttle_as_numbers_do() -> None:
    coolant_c = np.array([30.0, 50.0, 60.0, 86.0])
    for coolant in laws(10.0, 3.0):
        together = LIQUID.most_liquid_kw(0.9, coolant_c, coolant)
        alone = [LIQUID.most_liquid_kw(0.9, c, coolant) for c in coolant_c.tolist()]
        np.testing.assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize(("name", "highest_c"), [("A1", 32.0), ("A2", 35.0), ("A3", 40.0),
                                                 ("A4", 45.0), ("H1", 25.0)])  # fmt: skip
def test_air_class_throttles_above_its_allowable_inlet(name: str, highest_c: float) -> None:
    """Full power up to the class's limit, nothing left where the inlet is at the case limit."""
    rack = Rack(design_kw=10.0, idle_frac=0.2, air_class=name, case_limit_c=85.0)
    assert rack.allowed_load(1.0, highest_c, np.inf) == 1.0
    halfway_c = 0.5 * (highest_c + 85.0)
    allowed = rack.allowed_load(1.0, halfway_c, np.inf)
    full_kw = rack.compute_kw(1.0)
    assert rack.compute_kw(allowed) == pytest.approx(0.5 * full_kw)
    assert rack.allowed_load(1.0, 90.0, np.inf) == 0.0
    # What asks for less than is allowed is left alone.
    assert rack.allowed_load(0.1, halfway_c, np.inf) == 0.1
    assert Rack(design_kw=10.0).allowed_load(1.0, 60.0, np.inf) == 1.0
    wet = Rack(design_kw=10.0, liquid_frac=1.0, fan_frac=0.0, air_class=name)
    assert wet.allowed_load(1.0, 60.0, np.inf) == 1.0


@given(st.floats(40, 84.99), st.floats(20, 80), st.floats(0.05, 1), st.booleans(),
       st.floats(0.1, 600))  # fmt: skip
def test_held_heat_ends_a_step_at_the_case_limit(
    case_c: float, coolant_c: float, k_per_kw: float, flowing: bool, dt_s: float
) -> None:
    state = RackState(case_c)
    most_kw = LIQUID.held_liquid_kw(state, coolant_c, k_per_kw, flowing, dt_s)
    after, *_ = LIQUID.advance(state, most_kw, coolant_c, k_per_kw, flowing, dt_s)
    if most_kw > 0:
        assert after.case_c == pytest.approx(85.0, rel=1e-9)
    else:
        assert after.case_c >= 85.0
