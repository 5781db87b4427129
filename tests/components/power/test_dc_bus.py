"""DC bus: a source that is not there stays silent."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.components.power.dc_bus import DcBus


def test_priority_by_voltage() -> None:
    bus = DcBus(utility_v=340, utility_limit_kw=1000, pv_v=380, battery_v=264, fuel_cell_v=300)
    load_kw = np.array([100.0, 400.0, 1200.0, 1450.0])
    limit_kw = (np.full(4, 150.0), 1000.0, 200.0, 300.0)
    done = bus.share(load_kw, (200.0, 1000.0, 200.0, 300.0), limit_kw)
    pv, utility, cell, battery = done.power_kw
    assert pv == pytest.approx([100, 150, 150, 150])
    assert utility == pytest.approx([0, 250, 1000, 1000])
    assert cell == pytest.approx([0, 0, 50, 200])
    assert battery == pytest.approx([0, 0, 0, 100])
    assert bus.charges() == [True, True, True, False]


def test_with_the_utility_alone() -> None:
    limit_kw = (0.0, 500.0, 0.0, 0.0)
    bus = DcBus(utility_v=380, utility_limit_kw=500)
    done = bus.share(np.array([0.0, 600.0]), limit_kw, limit_kw)
    assert done.power_kw[1] == pytest.approx([0, 500])
    assert done.short_kw == pytest.approx([0, 100])
    assert done.bus_v == pytest.approx([380, 380 * 0.98])
