"""Condensers: constant hot side, limits at little and at much water, no liquid below the water."""

from __future__ import annotations

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.condenser import condense_kw_per_k

AIR = outdoor(20.0)


def conductance(ua: float, water: float, flow: float = 1e6) -> float:
    return float(condense_kw_per_k(ua, Duty(1.0, 45.0, flow, 1.0, AIR, 30.0, water)))


def test_by_mean_temperature_difference() -> None:
    """Second route: UA times the mean difference between 45 °C and water that warms from 30 °C."""
    heat_kw = conductance(30.0, 25.0) * 15.0
    ends = 15.0, 15.0 - heat_kw / 25.0
    mean_k = (ends[0] - ends[1]) / np.log(ends[0] / ends[1])
    assert heat_kw == pytest.approx(30.0 * mean_k, rel=1e-12)


def test_limits() -> None:
    assert conductance(30.0, 1e9) == pytest.approx(30.0, rel=1e-6)
    assert conductance(1e9, 25.0) == pytest.approx(25.0)
    assert conductance(30.0, 0.0) == 0.0
    # The liquid cannot be cooled below the water that comes.
    assert conductance(30.0, 25.0, flow=5.0) == 5.0
    assert conductance(30.0, 25.0, flow=0.0) == 0.0
