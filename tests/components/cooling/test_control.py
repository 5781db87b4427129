"""Staging and changeover: the numbers of units, and what hysteresis remembers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import outdoor_air

from dctwin.components.cooling.control import Changeover, Staging, open_frac, units_on

STAGING = Staging(high=900.0, low=700.0, min_count=1.0)


def test_units_start_by_load_and_stop_later() -> None:
    load = np.array([100.0, 890.0, 950.0, 1500.0, 1390.0, 1410.0, 700.0, 2800.0, 9000.0, 0.0])
    units = units_on(STAGING, 4, load)
    # 1390 kW on one unit would be above 700: two stay on until 700 kW.
    np.testing.assert_array_equal(units, [1, 1, 2, 2, 2, 2, 1, 4, 4, 1])


@given(st.lists(st.floats(0.0, 5000.0), min_size=1, max_size=50), st.floats(0.3, 1.0))
def test_load_per_unit_stays_within_its_bounds(loads: list[float], share: float) -> None:
    staging = Staging(900.0, 900.0 * share, 1.0)
    load = np.array(loads)
    units = units_on(staging, 6, load)
    assert ((units >= 1) & (units <= 6) & (units == np.round(units))).all()
    assert (load <= 900.0 * units * (1 + 1e-6))[units < 6].all()
    # One unit fewer would carry more than the stopping load each (the last hour it could stop).
    fewer = np.maximum(units - 1, 1)
    assert (load >= 900.0 * share * fewer * (1 - 1e-6))[(units > 1)].all()


def test_a_single_step_remembers_what_it_is_told() -> None:
    assert units_on(STAGING, 4, 1000.0) == 2
    assert units_on(STAGING, 4, 1000.0, before_count=1.0) == 2
    assert units_on(STAGING, 4, 1500.0, before_count=3.0) == 3
    assert units_on(STAGING, 4, 1300.0, before_count=4.0) == 2


def test_designs_of_a_batch_are_staged_one_by_one() -> None:
    load = np.array([[500.0, 1000.0, 800.0], [1900.0, 100.0, 100.0]])
    staging = Staging(np.array([[900.0], [600.0]]), np.array([[700.0], [500.0]]), 1.0)  # type: ignore[arg-type]
    np.testing.assert_array_equal(units_on(staging, 4, load), [[1, 2, 2], [4, 1, 1]])


def test_changeover_opens_below_and_closes_above_its_band() -> None:
    dry_c = np.array([12.0, 9.0, 11.0, 11.9, 12.5, 11.0, 9.9])
    air = outdoor_air(dry_c, 0.5 + 0.0 * dry_c, 101_325.0)
    changeover = Changeover("dry_bulb", 10.0, 2.0, exclusive=True)
    np.testing.assert_array_equal(open_frac(changeover, air), [0, 1, 1, 1, 0, 0, 1])
    assert open_frac(changeover, outdoor_air(5.0, 0.5, 101_325.0)) == 1.0
    wet = Changeover("wet_bulb", 7.0, 0.0, exclusive=False)
    np.testing.assert_array_equal(open_frac(wet, air), air.wet_bulb_c < 7.0)
