"""Cold of LNG: how much there is, and how much of it the loop can use."""

from __future__ import annotations

from typing import Any

import air_states
import pytest

from dctwin.components.component import Duty, Place
from dctwin.components.cooling.lng_cold import LngCold

LNG = LngCold(rated_kg_s=5, ua_kw_per_k=400, monthly_frac=(1.0,) * 6 + (0.5,) * 6)


def duty(heat_kw: Any, return_c: float = 16.0, year_frac: float = 0.25) -> Duty:
    air = air_states.outdoor(20.0, 0.6, 101_325.0)
    return Duty(heat_kw, return_c, 300.0, 0.07, air, place=Place(year_frac=year_frac))


@pytest.mark.parametrize(("high_c", "expected"), [(5.0, 796.0), (17.0, 830.0), (25.0, 852.0)])
def test_cold_per_kilogram_is_that_of_methane(high_c: float, expected: float) -> None:
    """From saturated liquid at 1 atm to gas at 60 bar: 0.83-0.86 MJ/kg to ambient; 0.5 %."""
    from CoolProp.CoolProp import PropsSI

    liquid = PropsSI("H", "P", 101_325, "Q", 0, "Methane")
    gas = PropsSI("H", "T", high_c + 273.15, "P", 6e6, "Methane")
    assert (gas - liquid) / 1000 == pytest.approx(expected, rel=5e-3)


def test_what_is_sent_out_limits_the_cold() -> None:
    full = LNG.serve(duty(5000.0, return_c=40.0))
    assert full.heat_kw * 1.01 == pytest.approx(5 * 830 * 0.5)
    low = LNG.serve(duty(5000.0, return_c=40.0, year_frac=0.75))
    assert low.heat_kw == pytest.approx(0.5 * full.heat_kw)


def test_the_intermediate_fluid_limits_it_too() -> None:
    import math

    some = LNG.serve(duty(5000.0, return_c=6.0))
    assert some.heat_kw == pytest.approx(300 * (1 - math.exp(-400 / 300)) * 4.0)
    assert LNG.serve(duty(100.0, return_c=1.0)).heat_kw == 0
    assert LNG.serve(duty(1000.0)).reject_kw == pytest.approx(1010.0)
