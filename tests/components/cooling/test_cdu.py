"""Coolant distribution unit: catalogue points, the exchanger by mean temperature difference."""

from __future__ import annotations

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.cdu import Cdu
from dctwin.equipment import load_equipment
from dctwin.physics.fluids import fluid

AIR = outdoor(20.0)
COOLANT_KJ_PER_M3_K = fluid("propylene-glycol-25").heat_capacity_kj_per_m3_k(40.0)


@pytest.mark.parametrize(
    ("name", "heat_kw", "flow_l_min", "approach_k", "pump_kw"),
    [
        # Capacity, flow, approach (XDU1350: assumed) and electricity (CHx2000: assumed).
        ("vertiv-xdu1350-1368kw", 1368.0, 1200.0, 4.0, 13.7),
        ("vertiv-cdu121-121kw", 121.0, 120.0, 4.0, 0.875),
        ("coolit-chx2000-2mw", 2000.0, 2125.0, 5.0, 20.0),
    ],
)
def test_machines_meet_their_rated_points(
    name: str, heat_kw: float, flow_l_min: float, approach_k: float, pump_kw: float
) -> None:
    """Supply above facility water is the approach, but for the pump's heat (1 %)."""
    cdu = load_equipment(name).component
    flow_m3_s = flow_l_min / 60_000
    rate = flow_m3_s * COOLANT_KJ_PER_M3_K
    duty = Duty(heat_kw, 0.0, rate, flow_m3_s, AIR, 30.0, rate)
    reach_c = cdu.reach_c(duty)  # type: ignore[attr-defined]
    assert reach_c - 30.0 == pytest.approx(approach_k, rel=0.06)
    at_reach = Duty(heat_kw, reach_c + heat_kw / rate, rate, flow_m3_s, AIR, 30.0, rate)
    service = cdu.serve(at_reach)  # type: ignore[attr-defined]
    assert service.power_kw["cdu_pump"] == pytest.approx(pump_kw, rel=0.005)
    assert service.reject_kw == pytest.approx(heat_kw + pump_kw, rel=1e-3)


def test_exchanger_by_mean_temperature_difference() -> None:
    cdu = Cdu(ua_kw_per_k=342, design_flow_m3_s=0.02, design_head_pa=244_000, held_kwh_per_k=0.11)
    service = cdu.serve(Duty(1e5, 50.0, 80.0, 0.02, AIR, 30.0, 60.0))
    leaving_c = 50.0 - service.reject_kw / 80.0  # of the plates, before the pump
    sink_leaving_c = 30.0 + service.reject_kw / 60.0
    ends = 50.0 - sink_leaving_c, leaving_c - 30.0
    mean_k = (ends[0] - ends[1]) / np.log(ends[0] / ends[1])
    assert service.reject_kw == pytest.approx(342 * mean_k, rel=1e-10)
    assert cdu.mass_kwh_per_k() == 0.11


def test_pump_with_a_held_pressure() -> None:
    """At half flow: half the flow against 0.2 + 0.8/4 of the head."""
    cdu = Cdu(ua_kw_per_k=342, design_flow_m3_s=0.02, design_head_pa=244_000, static_frac=0.2)
    full, half = (
        cdu.serve(Duty(100.0, 50.0, 80.0 * r, 0.02 * r, AIR, 30.0, 80.0)).power_kw["cdu_pump"]
        for r in (1.0, 0.5)
    )
    assert half / full == pytest.approx(0.5 * 0.4, rel=1e-12)
