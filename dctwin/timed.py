"""A series over time in UTC, and how it comes onto the steps of a run.

* Where the series covers the whole run its own hours are used. Otherwise each moment of the run
  takes the value at the same month, day and time (UTC) in the newest year that has it, so a typical
  year can carry one actual year's grid. 29 February of a run takes the 28th where the series' year
  has none; 29 February of a series is left out where the run has none. Days of the week are not
  matched.
* A run's step finer than the series' takes the value of its interval; a coarser one takes
  the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dctwin.errors import Fault, InputError

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class TimedValues:
    """One column of a file on a regular axis in UTC, without holes."""

    file: str
    column: str
    unit: str
    """`kg/kWh` for carbon, the currency's three letters for a price (per kWh)."""
    start: np.datetime64
    step_h: float
    values: Floats
    notes: tuple[str, ...] = field(default=())

    @property
    def end(self) -> np.datetime64:
        """End of the last interval."""
        return self.start + self._step * self.values.size

    @property
    def _step(self) -> np.timedelta64:
        return np.timedelta64(round(self.step_h * 3600.0), "s")

    def onto(self, start_utc: np.datetime64, steps: int, step_h: float) -> Floats:
        """The values on a run's steps, by the rules at the head of this module."""
        run_s = round(step_h * 3600.0)
        file_s = round(self.step_h * 3600.0)
        parts = max(1, run_s // file_s)
        begin = start_utc.astype("datetime64[s]") + np.arange(steps) * np.timedelta64(run_s, "s")
        at = begin[:, None] + np.arange(parts) * np.timedelta64(run_s // parts, "s")
        if not (self.start <= at.min() and at.max() < self.end):
            at = self._same_day_of_year(at)
        index = (at - self.start) // self._step
        return np.asarray(self.values[index].mean(axis=1))

    def _same_day_of_year(self, at: Times) -> Times:
        """Each time moved to the newest year in which the file has that month, day and time."""
        moved = np.full(at.shape, np.datetime64("NaT"), dtype="datetime64[s]")
        for year in range(_year(self.end), _year(self.start) - 1, -1):
            candidate = _in_year(at, year)
            fits = (candidate >= self.start) & (candidate < self.end) & np.isnat(moved)
            moved = np.where(fits, candidate, moved)
        if np.isnat(moved).any():
            missing = at[np.isnat(moved)][0]
            why = (
                f"covers {self.start} to {self.end} UTC; the run also needs {str(missing)[5:16]} "
                "(month-day, time): give a whole year, or a file that covers the run"
            )
            raise InputError(Fault(self.file, 0, self.column, why))
        return moved


def _year(time: np.datetime64) -> int:
    return int(time.astype("datetime64[Y]").astype(int)) + 1970


def _in_year(at: Times, year: int) -> Times:
    """The same month, day and time in another year; 29 February falls back to the 28th."""
    month = at.astype("datetime64[M]")
    in_month = at - month.astype("datetime64[s]")
    new_month = np.datetime64(f"{year}-01", "M") + (month - at.astype("datetime64[Y]"))
    day = np.timedelta64(1, "D")
    length = (new_month + 1).astype("datetime64[D]") - new_month.astype("datetime64[D]")
    excess = np.maximum(in_month // day - length // day + 1, 0)
    return np.asarray(new_month.astype("datetime64[s]") + in_month - excess * day)
