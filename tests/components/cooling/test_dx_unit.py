"""DX unit: rating, maker's figures, modes of the pumped refrigerant, second routes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.dx_unit import DxUnit
from dctwin.components.cooling.refrigerant_coil import air_side_kw_per_k, saturated_kw_per_k
from dctwin.equipment import load_equipment

VOLUME_KJ = 1.2 * 1.006


def machine(name: str) -> DxUnit:
    component = load_equipment(name).component
    assert isinstance(component, DxUnit)
    return component


PLAIN, PUMPED = machine("dx-air-100kw"), machine("pumped-refrigerant-89kw")


def room(unit: DxUnit, heat_kw: Any, outdoor_c: Any, return_c: float | None = None) -> Duty:
    rate = unit.reference_kw / unit.rated_rise_k
    back_c = return_c or unit.rated_leaving_c + unit.rated_rise_k
    return Duty(heat_kw, back_c, rate, rate / VOLUME_KJ, outdoor(outdoor_c))


def used_kw(service: Any) -> Any:
    return sum(service.power_kw.values())


def test_rating_is_met_by_the_circuit() -> None:
    """At its rated evaporator load (heat and fan) compressor and condenser take reference_cop."""
    for unit in (PLAIN, PUMPED):
        fan_kw = float(unit.serve(room(unit, 1.0, 35.0)).power_kw["dx_fan"])
        service = unit.serve(room(unit, unit.reference_kw - fan_kw, 35.0))
        circuit_kw = service.power_kw["chiller"] + service.power_kw["condenser_fan"]
        assert unit.reference_kw / circuit_kw == pytest.approx(unit.reference_cop, rel=1e-3)


def test_cooling_pue_of_the_makers_unit() -> None:
    """SL-28170: 1.28 at 35 °C with both compressors; 1.17 at 18 °C with one circuit pumped."""
    hot = PUMPED.serve(room(PUMPED, 85.8, 35.0))
    assert 1.0 + used_kw(hot) / hot.heat_kw == pytest.approx(1.28, abs=0.02)
    mild = PUMPED.serve(room(PUMPED, 85.8, 18.3))
    assert 1.0 + used_kw(mild) / mild.heat_kw == pytest.approx(1.17, abs=0.03)


def test_modes_follow_the_outdoor_air() -> None:
    air_c = np.linspace(-20.0, 40.0, 121)
    service = PUMPED.serve(room(PUMPED, 70.0, air_c))
    share = service.traces["pumped_frac"]
    assert share[0] == 1.0
    assert share[-1] == 0.0
    assert np.any((share > 0.2) & (share < 0.9))
    assert np.all(np.diff(share) <= 1e-12)
    assert np.all(np.diff(used_kw(service)) >= -1e-9)
    pumped = share == 1.0
    assert np.all(service.power_kw["chiller"][pumped] == 0.0)
    assert np.all(service.power_kw["refrigerant_pump"][pumped] == PUMPED.refrigerant_pump_kw)
    plain = PUMPED.with_values(economiser="none").serve(room(PUMPED, 70.0, air_c))
    assert np.all(used_kw(service) <= used_kw(plain) * (1 + 1e-12))


def test_pumped_heat_by_a_second_route() -> None:
    """Room to refrigerant and refrigerant to outdoor air carry the same heat."""
    duty = room(PUMPED, 70.0, -10.0)
    service = PUMPED.serve(duty)
    heat_kw = 70.0 + service.power_kw["dx_fan"]
    saturated_c = service.traces["evaporating_c"]
    evaporator = saturated_kw_per_k(PUMPED._evaporator_ua_kw_per_k, duty.flow_kw_per_k)
    assert evaporator * (duty.return_c - saturated_c) == pytest.approx(heat_kw, rel=1e-9)
    fans = service.power_kw["condenser_fan"] / PUMPED.fan_kw
    speed = ((fans - 0.02) / 0.98) ** (1 / 3)
    condenser = air_side_kw_per_k(
        PUMPED._condenser_ua_kw_per_k(), PUMPED._rated_air_kw_per_k(), speed
    )
    # The fans do not go below their least speed; then a valve throttles.
    able_kw = condenser * (saturated_c + 10.0)
    assert able_kw == pytest.approx(heat_kw, rel=1e-6) or speed == pytest.approx(
        PUMPED.least_fan_frac
    )


def test_a_unit_that_cannot_carry_its_own_fan_stands() -> None:
    service = PLAIN.serve(room(PLAIN, 1.0, 60.0, return_c=-30.0))
    assert used_kw(service) >= 0.0
    idle = PLAIN.serve(room(PLAIN, 0.0, 30.0))
    assert used_kw(idle) == idle.reject_kw == 0.0
