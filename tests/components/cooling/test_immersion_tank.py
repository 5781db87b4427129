"""Immersion tank: what the bath holds, its exchanger, its pump, unknown oils."""

from __future__ import annotations

import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Duty
from dctwin.components.cooling.immersion_tank import ImmersionTank
from dctwin.equipment import load_equipment

AIR = outdoor(20.0)
TANK = ImmersionTank(oil_m3=1.0, ua_kw_per_k=7.5, design_flow_m3_s=0.0044, design_head_pa=60_000)


def test_bath_holds_the_heat_of_its_oil() -> None:
    """Paratherm NF at 45 °C, CoolProp 8.0 INCOMP::PNF at 3 bar: 867.6 kg/m³, 1.966 kJ/kg/K."""
    assert TANK.mass_kwh_per_k() == pytest.approx(867.56 * 1.96624 / 3600, rel=5e-4)


@pytest.mark.parametrize(
    ("name", "heat_kw"), [("single-phase-60kw", 60), ("grc-iceraq-368kw", 368)]
)
def test_machines_meet_their_capacity(name: str, heat_kw: float) -> None:
    """Oil 8 K above water at an oil rise of 8 K and equal capacity rates; the pump adds 1 %."""
    tank = load_equipment(name).component
    rate = heat_kw / 8.0
    flow_m3_s = tank.design_flow_m3_s  # type: ignore[attr-defined]
    duty = Duty(heat_kw, 40.0, rate, flow_m3_s, AIR, 30.0, rate)
    assert tank.reach_c(duty) - 30.0 == pytest.approx(8.0, rel=0.03)  # type: ignore[attr-defined]
    service = tank.serve(Duty(heat_kw, 46.5, rate, flow_m3_s, AIR, 30.0, rate))  # type: ignore[attr-defined]
    assert service.power_kw["tank_pump"] == pytest.approx(0.009 * heat_kw, rel=0.2)
    assert service.reject_kw == service.heat_kw + service.power_kw["tank_pump"]


def test_unknown_oil_is_refused() -> None:
    with pytest.raises(ValidationError, match="did you mean 'mineral-oil'"):
        ImmersionTank(
            oil="minreal-oil",
            oil_m3=1.0,
            ua_kw_per_k=7.5,
            design_flow_m3_s=0.0044,
            design_head_pa=60_000,
        )
