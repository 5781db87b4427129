"""Pump: design point by hand, system curve, where its electricity goes."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.components.cooling.pump import Pump
from dctwin.equipment import load_equipment

PUMP = Pump(
    design_flow_m3_s=0.05,
    design_head_pa=190_000,
    static_frac=0.15,
    efficiency_frac=0.68,
    motor_efficiency_frac=0.93,
)


def test_design_point() -> None:
    """0.05 m³/s at 190 kPa is 9.5 kW of water and 13.97 kW at the shaft.

    Motor 0.93: 15.02 kW. Drive: 0.0186 of that and 0.0133 of what the motor draws more.
    """
    power = PUMP.power(0.05)
    assert power.shaft_kw == pytest.approx(9.5 / 0.68, rel=1e-12)
    assert power.electric_kw == pytest.approx(9.5 / 0.68 / 0.93 * (1 + 0.0186 + 0.0133), rel=1e-12)


def test_condenser_pump_draws_19_w_per_gallon_a_minute() -> None:
    """LBNL DC Pro v3.0: 19 W/gpm; 0.05 m³/s is 792.5 gpm."""
    pump = load_equipment("condenser-50l-s").component
    electric_kw = pump.power(0.05).electric_kw  # type: ignore[attr-defined]
    assert electric_kw == pytest.approx(792.5 * 0.019, rel=0.005)


def test_static_head_stays_and_friction_falls_with_the_square() -> None:
    half = PUMP.power(0.025).shaft_kw / PUMP.power(0.05).shaft_kw
    assert half == pytest.approx(0.5 * (0.15 + 0.85 / 4), rel=1e-12)


def test_electricity_is_heat_of_fluid_and_motor_at_every_flow() -> None:
    power = PUMP.power(np.linspace(0.0, 0.055, 23))
    np.testing.assert_allclose(power.electric_kw, power.shaft_kw + power.loss_kw, rtol=1e-14)
    assert np.all(power.loss_kw >= 0)
    assert power.electric_kw[0] == 0.0
    assert np.all(np.diff(power.electric_kw) > 0)
