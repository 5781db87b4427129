"""Two-phase tank: rated point, no electricity, a bath that boils colder where the air is thin."""

from __future__ import annotations

from typing import Any

import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.equipment import load_equipment

AIR = outdoor(20.0)
TANK: Any = load_equipment("two-phase-250kw-tank").component


def duty(heat_kw: float, water_c: float = 38.0) -> Duty:
    return Duty(heat_kw, 49.05, 125.0, 0.002, AIR, water_c, 31.25)


def test_tank_meets_its_capacity_without_electricity() -> None:
    """250 kW at 49 °C on water of 38 to 46 °C."""
    service = TANK.serve(duty(1e4))
    assert service.heat_kw == pytest.approx(250.0, rel=0.01)
    assert service.power_kw == {}
    assert service.reject_kw == service.heat_kw


def test_warm_water_condenses_less_and_water_at_the_boiling_point_nothing() -> None:
    heats = [TANK.serve(duty(1e4, c)).heat_kw for c in (20.0, 35.0, 45.0, 49.05, 55.0)]
    assert heats == sorted(heats, reverse=True)
    assert heats[3] == pytest.approx(0.0, abs=1e-9)
    assert heats[4] == 0.0


def test_bath_settles_where_the_coil_condenses_all_of_it() -> None:
    reach_c = TANK.reach_c(duty(250.0))
    drive_k = reach_c + 250.0 / 125.0 - 38.0
    assert TANK.serve(duty(1e4)).heat_kw / (49.05 - 38.0) == pytest.approx(250.0 / drive_k)
