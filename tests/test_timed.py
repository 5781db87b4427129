"""Series on the steps of a run: finer, coarser, of another year, and where they do not reach."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.errors import InputError
from dctwin.timed import TimedValues

NEW_YEAR = np.datetime64("2024-01-01T00:00", "s")


def series(hours: int, start: np.datetime64 = NEW_YEAR, step_h: float = 1.0) -> TimedValues:
    """One whose values count its steps."""
    return TimedValues("f.csv", "price", "JPY", start, step_h, np.arange(float(hours)))


def test_a_finer_run_holds_and_a_coarser_one_takes_the_mean() -> None:
    assert series(4).onto(NEW_YEAR, 8, 0.5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert series(8, step_h=0.5).onto(NEW_YEAR, 4, 1.0).tolist() == [0.5, 2.5, 4.5, 6.5]
    assert series(4).end == NEW_YEAR + np.timedelta64(4, "h")


def test_another_year_takes_the_same_day_and_time() -> None:
    leap = series(8784)
    found = leap.onto(np.datetime64("2023-01-01T00:00", "s"), 8760, 1.0)
    # 29 February of the file is left out; from 1 March on the run is a day ahead of it.
    assert found[[0, 1415, 1416, 8759]].tolist() == [0.0, 1415.0, 1440.0, 8783.0]


def test_the_newest_year_is_taken_and_29_february_takes_the_28th() -> None:
    two = series(2 * 8760, np.datetime64("2022-01-01T00:00", "s"))
    found = two.onto(NEW_YEAR, 8784, 1.0)
    assert found[0] == 8760.0
    assert (found[59 * 24 : 60 * 24] == found[58 * 24 : 59 * 24]).all()


def test_a_part_of_a_year_is_refused_with_what_is_missing() -> None:
    with pytest.raises(InputError, match=r"f.csv: price: covers .* the run also needs 01-02T00:00"):
        series(24).onto(np.datetime64("2023-01-01T00:00", "s"), 48, 1.0)
