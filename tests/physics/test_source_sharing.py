"""Sources on a direct-current bus: the voltages decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from dctwin.physics.source_sharing import _order, _shared, _shared_in_turn, shared_by_droop

# Sakura Internet, Ishikari: PV 380 V, rectified utility 340 V, battery 264 V.
ISHIKARI_V = (380.0, 340.0, 264.0)


def test_the_highest_voltage_gives_first() -> None:
    load_kw = np.array([0.0, 100.0, 200.0, 500.0, 1200.0, 1300.0])
    done = shared_by_droop(
        load_kw, ISHIKARI_V, (200.0, 1000.0, 100.0), (200.0, 1000.0, 100.0), 0.02
    )
    pv, utility, battery = done.power_kw
    assert pv == pytest.approx([0, 100, 200, 200, 200, 200], abs=1e-9)
    assert utility == pytest.approx([0, 0, 0, 300, 1000, 1000], abs=1e-9)
    assert battery == pytest.approx([0, 0, 0, 0, 0, 100], abs=1e-9)
    assert done.short_kw == pytest.approx(0.0, abs=1e-9)
    # Half of the PV's droop at half of its power.
    assert done.bus_v[1] == pytest.approx(380.0 * 0.99)
    assert 340.0 * 0.98 <= done.bus_v[3] <= 340.0
    assert np.all(np.diff(done.bus_v) <= 1e-9)


def test_at_night_the_utility_gives_all_and_an_outage_leaves_the_battery() -> None:
    night = shared_by_droop(300.0, ISHIKARI_V, (200.0, 1000.0, 900.0), (0.0, 1000.0, 900.0), 0.02)
    assert night.power_kw == pytest.approx((0.0, 300.0, 0.0))
    outage = shared_by_droop(300.0, ISHIKARI_V, (200.0, 1000.0, 900.0), (0.0, 0.0, 900.0), 0.02)
    assert outage.power_kw == pytest.approx((0.0, 0.0, 300.0))
    assert outage.bus_v < 264.0


def test_more_than_all_can_give_is_short() -> None:
    done = shared_by_droop(2000.0, ISHIKARI_V, (200.0, 1000.0, 100.0), (50.0, 1000.0, 100.0), 0.02)
    assert sum(done.power_kw) == pytest.approx(1150.0)
    assert done.short_kw == pytest.approx(850.0)


@given(data=st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_against_a_root_finder_over_any_voltages(data: st.DataObject) -> None:
    """Bands may overlap: then sources share."""
    count = data.draw(st.integers(1, 4))
    volts = [data.draw(st.floats(200.0, 400.0)) for _ in range(count)]
    rated = [data.draw(st.floats(1.0, 1000.0)) for _ in range(count)]
    limit = [r * data.draw(st.floats(0.0, 1.0)) for r in rated]
    droop = data.draw(st.floats(0.005, 0.2))
    load_kw = data.draw(st.floats(0.0, 1.0)) * sum(limit)
    done = shared_by_droop(load_kw, volts, rated, limit, droop)
    assert sum(done.power_kw) + done.short_kw == pytest.approx(load_kw, rel=1e-9, abs=1e-9)

    def gap(at_v: float) -> float:
        given_kw = (
            np.clip(r * (v - at_v) / (droop * v), 0.0, most)
            for v, r, most in zip(volts, rated, limit, strict=True)
        )
        return float(sum(given_kw)) - load_kw

    if gap(0.0) > 1e-6 and load_kw > 1e-6:
        expected = brentq(gap, 0.0, max(volts), xtol=1e-10)
        # Where the sum is flat, any voltage between two sources is a solution.
        assert gap(float(done.bus_v)) == pytest.approx(gap(expected), abs=1e-6)


@given(data=st.data())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_bands_apart_are_filled_in_turn_as_the_search_fills_them(data: st.DataObject) -> None:
    droop = data.draw(st.floats(0.005, 0.1))
    volts = [400.0]
    for _ in range(data.draw(st.integers(0, 3))):
        volts.append(volts[-1] * (1.0 - droop) * data.draw(st.floats(0.7, 1.0)))
    volts = data.draw(st.permutations(volts))
    rated = [data.draw(st.floats(1.0, 1000.0)) for _ in volts]
    limit = [r * data.draw(st.floats(0.01, 1.0)) for r in rated]
    load_kw = np.linspace(0.0, 1.2 * sum(limit), 23)
    order = _order(volts, rated, droop)
    assert [volts[k] for k in order] == sorted(volts, reverse=True)
    found = _shared_in_turn(order, load_kw, volts, rated, limit, droop)
    expected = _shared(load_kw, volts, rated, limit, droop)
    np.testing.assert_allclose(found.power_kw, expected.power_kw, atol=1e-8 * sum(limit))
    np.testing.assert_allclose(found.short_kw, expected.short_kw, atol=1e-8)
    # No load, and a source just full, leave the voltage anywhere between two bands.
    inner = found.short_kw == 0.0
    np.testing.assert_allclose(found.bus_v[inner][1:], expected.bus_v[inner][1:], rtol=1e-9)


def test_bands_that_overlap_have_no_order() -> None:
    assert _order((380.0, 375.0), (100.0, 100.0), 0.05) == []
    assert _order((380.0, 340.0), (100.0, 0.0), 0.05) == []
    assert _order((np.array([[380.0], [350.0]]), 340.0), (100.0, 100.0), 0.05) == []
