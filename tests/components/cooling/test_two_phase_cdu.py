"""Two-phase CDU: rated point, pump work against single phase, which the literature puts far below."""

from __future__ import annotations

from typing import Any

import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.loop import Loop
from dctwin.equipment import load_equipment

AIR = outdoor(20.0)
UNIT: Any = load_equipment("two-phase-250kw").component


def refrigerant(fluid: str = "R515B", quality: float = 0.5) -> Loop:
    return Loop(fluid=fluid, phase="two", exit_quality_frac=quality, design_heat_kw=250.0,
                supply_c=38.0, rise_k=2.0)  # fmt: skip


def duty_of(loop: Loop, heat_kw: float, return_c: float = 40.0) -> Duty:
    flow = float(loop.flow_kw_per_k(heat_kw, AIR.dry_bulb_c))
    return Duty(heat_kw, return_c, flow, flow / float(loop.volume_kj_per_m3_k(101_325.0)), AIR,
                26.0, 25.0)  # fmt: skip


def test_unit_meets_its_rated_point() -> None:
    """250 kW at 40 °C saturation with water from 26 to 36 °C, 2.8 L/s of liquid."""
    duty = duty_of(refrigerant(), 250.0)
    assert duty.flow_m3_s == pytest.approx(0.0028, rel=0.05)
    service = UNIT.serve(duty)
    assert service.reject_kw == pytest.approx(250.0, rel=0.01)
    assert UNIT.reach_c(duty) + 2.0 == pytest.approx(40.0, abs=0.1)


def test_liquid_flow_is_heat_over_latent_and_sensible_heat() -> None:
    """R134a at 40 °C: 163.0 kJ/kg, 1,147 kg/m³, 1.498 kJ/kg/K (CoolProp 8.0)."""
    loop = refrigerant("R134a").with_values(supply_c=40.0)
    kg_s = duty_of(loop, 250.0).flow_m3_s * 1146.74
    assert kg_s == pytest.approx(250.0 / (0.5 * 163.02 + 1.4984 * 2.0), rel=1e-3)


def test_pump_work_is_a_fraction_of_single_phase() -> None:
    """Boiling carries a kilowatt in half the volume of PG25 at 11 K, at a lower head."""
    service = UNIT.serve(duty_of(refrigerant(), 240.0))
    assert 0.002 < service.power_kw["cdu_pump"] / 240.0 < 0.010
    drier = UNIT.serve(duty_of(refrigerant(quality=0.8), 240.0))
    assert drier.power_kw["cdu_pump"] < service.power_kw["cdu_pump"]
