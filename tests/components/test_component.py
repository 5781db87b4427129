"""The quotient and the distance that devices share, at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.components.component import inside, ratio


def test_a_ratio_is_zero_where_nothing_flows() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 4.0]), np.array([0.0, 2.0])), [0.0, 2.0])
    assert ratio(3.0, 0.0) == 0.0
    assert ratio(3, np.array([2])) == pytest.approx(1.5)
    assert np.isnan(ratio(1.0, np.array([np.nan, 1.0]))[0])


def test_nothing_at_all_is_no_fault() -> None:
    """Steps that are picked out may be none."""
    nothing = np.empty(0)
    assert ratio(nothing, nothing).shape == (0,)
    assert np.size(inside(nothing, 0.0, 1.0)) <= 1


def test_a_distance_outside_a_range() -> None:
    assert inside(np.array([1.0, 2.0]), 1.0, 2.0) == 0.0
    np.testing.assert_array_equal(inside(np.array([0.0, 1.5, 4.0]), 1.0, 2.0), [1.0, 0.0, 2.0])
    found = inside(np.array([np.nan, 1.0]), 0.0, 2.0)
    assert np.isnan(found[0])
    assert found[1] == 0.0
