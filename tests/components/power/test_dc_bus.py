"""DC bus: a source that is not there stays silent."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.components.power.dc_bus import DcBus


def test_priority_by_voltage() -> None:
    bus = DcBus(utility_v=340, utility_limit_kw=1000, pv_v=380, battery_v=264)
    load_kw = np.array([100.0, 400.0, 1250.0])
    done = bus.share(load_kw, 200.0, np.array([150.0, 150.0, 150.0]), 300.0)
    pv, utility, battery = done.power_kw
    assert pv == pytest.approx([100, 150, 150])
    assert utility == pytest.approx([0, 250, 1000])
    assert battery == pytest.approx([0, 0, 100])


def test_with_the_utility_alone() -> None:
    done = DcBus(utility_v=380, utility_limit_kw=500).share(np.array([0.0, 600.0]), 0.0, 0.0, 0.0)
    assert done.power_kw[1] == pytest.approx([0, 500])
    assert done.short_kw == pytest.approx([0, 100])
    assert done.bus_v == pytest.approx([380, 380 * 0.98])
