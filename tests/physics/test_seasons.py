"""Monthly means as a series over the year."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.physics.seasons import over_year

SEA = (10.4, 9.2, 10.0, 13.2, 17.6, 21.7, 25.4, 27.7, 26.4, 22.6, 18.0, 13.5)
HOURS = (np.arange(8760) + 0.5) / 8760


def test_middles_of_months_are_met_and_the_year_joins() -> None:
    for month, value in enumerate(SEA):
        assert over_year(SEA, (month + 0.5) / 12) == pytest.approx(value, abs=1e-12)
    assert over_year(SEA, 0.0) == pytest.approx(over_year(SEA, 1.0), abs=1e-12)
    assert over_year(SEA, 0.0) == pytest.approx((SEA[0] + SEA[-1]) / 2)


def test_mean_of_the_year_is_kept_and_months_nearly() -> None:
    series = over_year(SEA, HOURS)
    assert series.mean() == pytest.approx(np.mean(SEA), abs=1e-4)
    for month, value in enumerate(SEA):
        inside = series[int(month * 730) : int((month + 1) * 730)]
        neighbours = 0.5 * (SEA[month - 1] + SEA[(month + 1) % 12])
        assert abs(inside.mean() - value) <= abs(neighbours - value) / 8 + 0.4
