"""Loop: setpoints, flow laws, held heat, and the exact step of its inventory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.cooling.loop import Loop, LoopState
from dctwin.physics.boiling import boiling_fluid

WATER = Loop(fluid="water", design_heat_kw=1000.0, rise_k=8.0, supply_c=20.0, min_flow_frac=0.3)


def test_setpoint_is_fixed_or_follows_the_weather_within_bounds() -> None:
    air = outdoor(np.array([-10.0, 15.0, 25.0, 40.0]))
    assert WATER.setpoint_c(air) == 20.0
    following = Loop(
        fluid="water",
        design_heat_kw=1000.0,
        rise_k=8.0,
        follow="dry_bulb",
        offset_k=8.0,
        follow_min_c=18.0,
        follow_max_c=40.0,
    )
    np.testing.assert_allclose(following.setpoint_c(air), [18.0, 23.0, 33.0, 40.0])


def test_flow_keeps_the_rise_or_the_flow() -> None:
    heat_kw = np.array([0.0, 100.0, 500.0, 1000.0])
    np.testing.assert_allclose(WATER.flow_kw_per_k(heat_kw, 20.0), [37.5, 37.5, 62.5, 125.0])
    constant = Loop(fluid="water", design_heat_kw=1000.0, rise_k=8.0, flow="constant")
    np.testing.assert_allclose(constant.flow_kw_per_k(heat_kw, 20.0), 125.0)


def test_held_heat() -> None:
    """Water at 20 °C: 998.2 kg/m³, 4.184 kJ/kg/K (IAPWS-95); air at 20 °C: 1.211 kJ/m³/K."""
    store = Loop(
        fluid="water", design_heat_kw=1000.0, rise_k=8.0, volume_m3=182.0, mass_kwh_per_k=3.0
    )
    assert store.held_kwh_per_k(101_325.0) == pytest.approx(
        182 * 998.2 * 4.184 / 3600 + 3, rel=1e-3
    )
    room = Loop(fluid="air", design_heat_kw=500.0, rise_k=12.0, supply_c=20.0, volume_m3=4500.0)
    assert room.held_kwh_per_k(101_325.0) == pytest.approx(4500 * 1.2041 * 1.006 / 3600, rel=1e-3)


def test_500_kw_into_4500_m3_of_air_without_cooling() -> None:
    """5.5 K/min at once (Khankari, ASHRAE Transactions 117(1), room air alone)."""
    room = Loop(fluid="air", design_heat_kw=500.0, rise_k=12.0, supply_c=20.0, volume_m3=4500.0)
    held = room.held_kwh_per_k(101_325.0)
    after, out_kw, stored_kw = room.advance(LoopState(20.0), 500.0, 0.0, 0.0, held, 60.0)
    assert after.supply_c - 20.0 == pytest.approx(5.5, rel=0.005)
    assert (out_kw, stored_kw) == (0.0, 500.0)


@given(
    heat_kw=st.floats(0, 2000),
    removed_kw=st.floats(0, 2000),
    slope_kw_per_k=st.floats(0, 500),
    held=st.floats(0.05, 300),
    dt_s=st.floats(1, 7200),
)
def test_step_closes_and_equals_many_small_ones(
    heat_kw: float, removed_kw: float, slope_kw_per_k: float, held: float, dt_s: float
) -> None:
    """Stages that remove `removed_kw` at 20 °C and a constant more for every kelvin above."""
    state, out_kw, stored_kw = WATER.advance(
        LoopState(20.0), heat_kw, removed_kw, slope_kw_per_k, held, dt_s
    )
    assert out_kw + stored_kw == pytest.approx(heat_kw, rel=1e-12, abs=1e-9)
    # What is stored is what the inventory's temperature says.
    assert stored_kw * dt_s / 3600 == pytest.approx(held * (state.supply_c - 20.0), abs=1e-8)
    parts, out_parts_kw = LoopState(20.0), 0.0
    for _ in range(10):
        now_kw = removed_kw + slope_kw_per_k * (parts.supply_c - 20.0)
        parts, part_kw, _ = WATER.advance(parts, heat_kw, now_kw, slope_kw_per_k, held, dt_s / 10)
        out_parts_kw += part_kw / 10
    # Both temperatures carry the rounding of a change of up to (heat · time / held) kelvin.
    rounding_k = 1e-12 * (heat_kw + removed_kw) * dt_s / 3600 / held
    assert parts.supply_c == pytest.approx(state.supply_c, rel=1e-11, abs=1e-9 + rounding_k)
    assert out_parts_kw == pytest.approx(out_kw, rel=1e-9, abs=1e-6)


def test_step_settles_where_the_stages_remove_the_heat() -> None:
    """600 kW in, 500 kW removed at 20 °C and 50 kW/K more: 22 °C in the end."""
    state, out_kw, stored_kw = WATER.advance(LoopState(20.0), 600.0, 500.0, 50.0, 2.0, 86_400.0)
    assert state.supply_c == pytest.approx(22.0, abs=1e-12)
    assert stored_kw == pytest.approx(2.0 * 2.0 / 24.0, rel=1e-12)
    assert out_kw == pytest.approx(600.0 - stored_kw, rel=1e-12)


def test_bad_loops_are_refused() -> None:
    with pytest.raises(ValidationError, match="must not be above follow_max_c"):
        Loop(fluid="water", design_heat_kw=1.0, rise_k=8.0, follow_min_c=30.0, follow_max_c=20.0)
    with pytest.raises(ValidationError, match="did you mean 'water'"):
        Loop(fluid="watr", design_heat_kw=1.0, rise_k=8.0)


# --- air that goes astray ---------------------------------------------------------------------

fractions = st.floats(0, 0.6)


@given(fractions, fractions, st.floats(1, 1500))
def test_containment_by_mixing_of_air_streams(bypass: float, recirc: float, heat_kw: float) -> None:
    """Second route: the four streams of a room, mixed by hand, at a server rise of 12 K."""
    room = Loop(fluid="air", design_heat_kw=1000.0, rise_k=12.0, supply_c=24.0,
                bypass_frac=bypass, recirculation_frac=recirc, min_flow_frac=0.05)  # fmt: skip
    flow = float(room.flow_kw_per_k(heat_kw, 20.0))
    past, through = bypass * flow, (1 - bypass) * flow
    racks = through / (1 - recirc)  # what the racks draw: supply and their own exhaust
    inlet_c = float(room.inlet_c(24.0, heat_kw, flow))
    exhaust_c = inlet_c + heat_kw / racks
    assert inlet_c == pytest.approx((1 - recirc) * 24.0 + recirc * exhaust_c, rel=1e-12)
    # What comes back: the exhaust that is not drawn in again, and what passed by.
    back_c = ((racks - recirc * racks) * exhaust_c + past * 24.0) / flow
    assert back_c == pytest.approx(room.return_c(24.0, heat_kw, flow), rel=1e-12)
    if heat_kw > 50.0:
        assert heat_kw / racks == pytest.approx(12.0, rel=1e-12)


def test_bypass_moves_more_air_and_recirculation_warms_the_inlet() -> None:
    tight, leaky, mixed = (
        Loop(fluid="air", design_heat_kw=1000.0, rise_k=12.0, bypass_frac=b, recirculation_frac=r)
        for b, r in ((0.0, 0.0), (0.3, 0.0), (0.0, 0.2))
    )
    assert leaky.flow_kw_per_k(800.0, 20.0) == pytest.approx(tight.flow_kw_per_k(800.0, 20.0) / 0.7)
    assert tight.inlet_c(24.0, 800.0, tight.flow_kw_per_k(800.0, 20.0)) == 24.0
    # Supply heat index of 0.2: a fifth of the way from supply to exhaust.
    inlet_c = mixed.inlet_c(24.0, 800.0, mixed.flow_kw_per_k(800.0, 20.0))
    assert (inlet_c - 24.0) / (inlet_c + 12.0 - 24.0) == pytest.approx(0.2)


# --- two phases -------------------------------------------------------------------------------

BOILING = Loop(fluid="R1233zd(E)", phase="two", exit_quality_frac=0.6, design_heat_kw=500.0,
               supply_c=42.0, rise_k=3.0, volume_m3=0.5)  # fmt: skip


@given(st.floats(1, 800))
def test_boiling_carries_latent_and_sensible_heat(heat_kw: float) -> None:
    """Second route, by kilograms: heat = m (cp dT + x h_fg), properties at supply temperature."""
    flow = float(BOILING.flow_kw_per_k(heat_kw, 20.0))
    fluid = boiling_fluid("R1233zd(E)")
    volume_m3_s = flow / float(BOILING.volume_kj_per_m3_k(101_325.0))
    kg_s = volume_m3_s * fluid.density_kg_per_m3(42.0)
    rise_k = float(BOILING.return_c(42.0, heat_kw, flow)) - 42.0
    quality = float(BOILING.exit_quality(heat_kw, flow))
    per_kg = fluid.specific_heat_kj_per_kg_k(42.0) * rise_k + quality * fluid.latent_kj_per_kg(42.0)
    assert kg_s * per_kg == pytest.approx(heat_kw, rel=1e-9)
    assert 0.0 <= quality <= 0.6 + 1e-12
    assert rise_k <= 3.0 + 1e-12


def test_inventory_holds_no_latent_heat() -> None:
    fluid = boiling_fluid("R1233zd(E)")
    sensible = fluid.density_kg_per_m3(42.0) * fluid.specific_heat_kj_per_kg_k(42.0)
    assert BOILING.held_kwh_per_k(101_325.0) == pytest.approx(0.5 * sensible / 3600)
    assert BOILING.plate_c(42.0) == 45.0
    assert WATER.plate_c(20.0) == 20.0


def test_an_open_bath_follows_the_boiling_point() -> None:
    bath = Loop(fluid="novec-649", phase="two", follow="boiling", design_heat_kw=500.0,
                supply_c=47.0, rise_k=2.0)  # fmt: skip
    sea, hill = (float(bath.setpoint_c(outdoor(20.0, 0.5, p))) for p in (101_325.0, 81_500.0))
    assert sea == pytest.approx(47.05, abs=0.01)
    assert 5.0 < sea - hill < 8.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"bypass_frac": 0.1}, "belong to air"),
        ({"phase": "two"}, "no boiling fluid"),
        ({"phase": "two", "fluid": "R134a", "supply_c": 70.0, "rise_k": 20.0}, "must boil"),
        ({"follow": "boiling"}, "two phases"),
    ],
)
def test_impossible_fluids_are_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Loop(**{"fluid": "water", "design_heat_kw": 100.0, "rise_k": 8.0} | changes)


@given(st.floats(0.0, 0.5), st.floats(0.0, 0.6), st.floats(300.0, 1000.0))
def test_a_setpoint_measured_at_the_inlet_holds_it(b: float, r: float, heat_kw: float) -> None:
    room = Loop(fluid="air", design_heat_kw=1000.0, rise_k=12.0, supply_c=24.0, min_flow_frac=0.1,
                bypass_frac=b, recirculation_frac=r, sensor="inlet")  # fmt: skip
    supply_c = room.setpoint_c(outdoor(np.array([20.0])))
    inlet_c = room.inlet_c(supply_c, heat_kw, room.flow_kw_per_k(heat_kw, 20.0))
    assert inlet_c == pytest.approx(24.0, abs=1e-9)


def test_only_air_is_measured_at_an_inlet() -> None:
    with pytest.raises(ValidationError, match="sensor: inlet belongs to air"):
        Loop(fluid="water", design_heat_kw=1000.0, rise_k=8.0, sensor="inlet")
