"""Rear door: rated points read in their sources, passive and active, no worse than the air handler
whose coil it shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.crah import Crah
from dctwin.components.cooling.rear_door import RearDoor
from dctwin.equipment import load_equipment

AIR = outdoor(24.0)
AIR_KJ_PER_M3_K = 1.2 * 1.006


def exhaust(heat_kw: float, flow_m3_s: float, water_c: float, water_l_s: float) -> Duty:
    """Air that comes back from a rack which draws it in at 24 °C."""
    rate = flow_m3_s * AIR_KJ_PER_M3_K
    return_c = 24.0 + heat_kw / rate
    return Duty(heat_kw, return_c, rate, flow_m3_s, AIR, water_c, water_l_s * 4.18)


@pytest.mark.parametrize(("rack_kw", "water_c"), [(20.0, 18.0), (20.0, 22.0), (32.0, 18.0)])
def test_passive_door_takes_the_share_that_was_read(rack_kw: float, water_c: float) -> None:
    """IBM: 55-85 % of 20-32 kW with water of 18 or 22 °C; the servers keep their rise of 13.8 K."""
    door: Any = load_equipment("passive-30kw").component
    service = door.serve(exhaust(rack_kw, rack_kw / 30 * 1.8, water_c, 0.63))
    assert 0.55 <= service.heat_kw / rack_kw <= 0.85
    assert sum(service.power_kw.values()) == 0.0
    assert service.reject_kw == service.heat_kw


def test_active_door_is_room_neutral_at_its_capacity() -> None:
    """60 kW back to the room's 24 °C on 18 °C water, fans of 0.5-2 kW."""
    door: Any = load_equipment("active-60kw").component
    service = door.serve(exhaust(60.0, 4.0, 18.0, 1.43))
    assert service.heat_kw == pytest.approx(60.0, rel=0.02)
    assert 0.5 <= service.power_kw["rear_door_fan"] <= 2.0


def test_warmer_water_takes_less() -> None:
    door: Any = load_equipment("passive-30kw").component
    duty = exhaust(30.0, 1.8, 18.0, 0.63)
    taken = [door.serve(replace(duty, sink_c=c)).heat_kw for c in (15.0, 20.0, 25.0, 30.0, 40.0)]
    assert taken == sorted(taken, reverse=True)
    assert taken[-1] == 0.0


def test_a_door_with_an_air_handlers_coil_and_fans_does_the_same() -> None:
    values: dict[str, Any] = {"ua_kw_per_k": 5.0, "design_flow_m3_s": 4.0, "fan_rise_pa": 100.0,
                              "fan_efficiency_frac": 0.5, "motor_efficiency_frac": 0.85}  # fmt: skip
    duty = exhaust(40.0, 3.0, 18.0, 1.0)
    door, crah = RearDoor(**values), Crah(static_frac=0.0, **values)
    assert door.serve(duty).reject_kw == pytest.approx(crah.serve(duty).reject_kw, rel=1e-12)
