"""Plate exchanger: effectiveness against the mean temperature difference, limits, turn-down."""

from __future__ import annotations

import numpy as np
import pytest
from air_states import outdoor
from hypothesis import given
from hypothesis import strategies as st

from dctwin.components.component import Duty
from dctwin.components.cooling.exchanger import Exchanger

AIR = outdoor(20.0)
PLATES = Exchanger(ua_kw_per_k=600)


def duty(heat_kw: float, flow: float, sink_flow: float, return_c: float = 30.0) -> Duty:
    return Duty(heat_kw, return_c, flow, flow / 4150, AIR, 20.0, sink_flow)


@given(flow=st.floats(50, 2000), sink_flow=st.floats(50, 2000))
def test_heat_is_conductance_times_mean_difference(flow: float, sink_flow: float) -> None:
    heat_kw = PLATES.serve(duty(1e9, flow, sink_flow)).heat_kw
    warm_k, cold_k = 10.0 - heat_kw / sink_flow, 10.0 - heat_kw / flow
    x = warm_k / cold_k - 1.0
    mean_k = cold_k * (x / np.log1p(x) if abs(x) > 1e-6 else 1.0 + x / 2)
    assert heat_kw == pytest.approx(600 * mean_k, rel=1e-8)


def test_equal_streams_have_equal_differences() -> None:
    """C = 300 kW/K both sides, NTU 2: effectiveness 2/3."""
    assert PLATES.serve(duty(1e9, 300.0, 300.0)).heat_kw == pytest.approx(2000.0, rel=1e-12)


def test_valve_turns_down_to_what_is_asked() -> None:
    service = PLATES.serve(duty(700.0, 300.0, 300.0))
    assert (service.heat_kw, service.reject_kw, dict(service.power_kw)) == (700.0, 700.0, {})


@pytest.mark.parametrize(("flow", "sink_flow"), [(0.0, 300.0), (300.0, 0.0), (0.0, 0.0)])
def test_no_flow_no_heat(flow: float, sink_flow: float) -> None:
    assert PLATES.serve(duty(700.0, flow, sink_flow)).heat_kw == 0.0


def test_never_warms_its_loop() -> None:
    assert PLATES.serve(duty(700.0, 300.0, 300.0, return_c=15.0)).heat_kw == 0.0
