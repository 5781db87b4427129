"""The prefix scan of clipped sums against the loop that it replaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dctwin.physics.scan import clipped_sums, filled, held


def by_loop(change: Any, start: float, low: float, high: float) -> tuple[list[float], list[float]]:
    before, after, level = [], [], start
    for step in change:
        before.append(level)
        level = min(max(level + step, low), high)
        after.append(level)
    return before, after


changes = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60)


@settings(max_examples=300)
@given(changes, st.floats(-100, 100), st.floats(0, 300), st.floats(0, 1))
def test_scan_equals_the_loop(
    change: list[float], low: float, width: float, start_frac: float
) -> None:
    high = low + width
    start = min(max(low + start_frac * width, low), high)
    before, after = clipped_sums(np.array(change), start, low, high)
    expected_before, expected_after = by_loop(change, start, low, high)
    # Rounding of a sum of up to 60 terms of up to 1e3.
    np.testing.assert_allclose(before, expected_before, rtol=0, atol=1e-10)
    np.testing.assert_allclose(after, expected_after, rtol=0, atol=1e-10)
    assert after.min() >= low
    assert after.max() <= high


@given(st.lists(changes, min_size=2, max_size=4), st.floats(0, 1))
def test_rows_do_not_know_each_other(rows: list[list[float]], start: float) -> None:
    hours = min(map(len, rows))
    table = np.array([row[:hours] for row in rows])
    high = np.linspace(1.0, 5.0, len(rows))[:, None]
    _, after = clipped_sums(table, start * high, 0.0, high)
    for row, most, got in zip(table, high, after, strict=True):
        np.testing.assert_array_equal(
            got, clipped_sums(row, start * float(most[0]), 0.0, float(most[0]))[1]
        )


def test_a_year_of_hours_stays_exact() -> None:
    rng = np.random.default_rng(1)
    change = rng.normal(0.0, 3.0, 8760)
    _, after = clipped_sums(change, 5.0, 0.0, 10.0)
    _, expected = by_loop(change, 5.0, 0.0, 10.0)
    np.testing.assert_allclose(after, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("hours", [1, 2, 3, 7, 8, 9])
def test_lengths_around_powers_of_two(hours: int) -> None:
    change = np.ones(hours)
    before, after = clipped_sums(change, 0.0, 0.0, 4.0)
    assert list(after) == [min(k + 1.0, 4.0) for k in range(hours)]
    assert list(before) == [min(float(k), 4.0) for k in range(hours)]


def test_bounds_that_meet_hold_the_state() -> None:
    _, after = clipped_sums(np.array([1.0, -2.0, 3.0]), 2.0, 2.0, 2.0)
    assert list(after) == [2.0, 2.0, 2.0]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=60))
def test_held_is_the_loop_over_hours(bounds: list[tuple[int, int]]) -> None:
    low = np.array([float(b) for b, _ in bounds])
    high = low + np.array([float(w) for _, w in bounds])
    value, expected = low[0], []
    for floor, ceiling in zip(low, high, strict=True):
        value = min(max(value, floor), ceiling)
        expected.append(value)
    np.testing.assert_array_equal(held(low, high, low[0]), expected)
    stacked = held(np.stack([low, low]), np.stack([high, high]), low[0])
    np.testing.assert_array_equal(stacked, [expected, expected])


def test_what_rounding_leaves_in_an_empty_store_is_not_given() -> None:
    rate_kw = np.array([-0.1, -0.1, -0.1, -0.1, 0.2, -0.1])
    share, energy_kwh = filled(rate_kw, 1.0, 0.1 + 0.2, 1.0)  # a little more than 0.3
    assert share[3] == 0.0
    np.testing.assert_allclose(share, [1.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    np.testing.assert_allclose(energy_kwh, [0.2, 0.1, 0.0, 0.0, 0.2, 0.1], atol=1e-15)
