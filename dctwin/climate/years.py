"""Civil time in a file to a line of time: nominal years, leap days, order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dctwin.climate.table import Faults, Floats, Ints, shown

# A typical year has no year of its own. 1 January 2023 is a Sunday, which is what nearly all EPW
# headers name as the first day; 2024 is for files with a 29 February.
NOMINAL_YEAR = 2023
NOMINAL_LEAP_YEAR = 2024
FIRST_YEAR, LAST_YEAR = 1800, 2200
# Rows of several years with this share of the hours between first and last are a real series with
# gaps; with fewer they are months of different years in a wrong order. (Assumed.)
_SERIES_SHARE = 0.9

Flags = NDArray[np.bool_]


def is_leap(year: Ints) -> Flags:
    return (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))


def whole(values: Floats, lines: Ints, label: str, low: int, high: int, faults: Faults) -> Ints:
    """Whole numbers in a range, or a fault for each row that is not."""
    with np.errstate(invalid="ignore"):
        good = (values >= low) & (values <= high) & (np.floor(values) == values)
    for row in np.flatnonzero(~good):
        faults.add(
            lines[row],
            label,
            f"must be a whole number, allowed {low} to {high} (got {shown(_plain(values[row]))})",
        )
    return np.where(good, values, low).astype(np.int64)


def _plain(value: float) -> str:
    return "nothing" if np.isnan(value) else f"{value:g}"


def days_since_1970(year: Ints, month: Ints, day: Ints) -> Ints:
    """Day number; days past the end of a month run over into the next."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64) + day - 1


def days_in_month(year: Ints, month: Ints) -> Ints:
    ones = np.ones_like(year)
    return days_since_1970(year, month + 1, ones) - days_since_1970(year, month, ones)


def settle_years(
    year: Ints, month: Ints, day: Ints, lines: Ints, rows_per_day: int, faults: Faults
) -> tuple[Ints, list[str]]:
    """The year of each row on one line of time, and notes on what was done.

    - One year in the file: kept. If it is a leap year whose 29 February was left out, or a common
      year with a 29 February, the nominal year of that length is used.
    - Several years and months that never go back: a typical year, put on the nominal year.
    - Several years and months that do go back: a series over the years as they are, if it covers
      the time between its ends; otherwise the months are out of order, which is refused.
    """
    leap_day = (month == 2) & (day == 29)
    nominal = NOMINAL_LEAP_YEAR if leap_day.any() else NOMINAL_YEAR
    names = np.unique(year)
    notes: list[str] = []
    if names.size == 1:
        only = int(names[0])
        leap = bool(is_leap(names)[0])
        spans_leap_day = bool((month <= 2).any() and (month >= 3).any())
        if leap and not leap_day.any() and spans_leap_day:
            notes.append(f"{only} without its 29 February: put on the nominal year {nominal}")
            return np.full_like(year, nominal), notes
        if not leap and leap_day.any():
            notes.append(f"{only} with a 29 February: put on the nominal year {nominal}")
            return np.full_like(year, nominal), notes
        return year, notes
    back = np.flatnonzero(np.diff(month) < 0)
    if not back.size:
        listed = ", ".join(map(str, names[:12])) + (", …" if names.size > 12 else "")
        notes.append(f"typical year from {listed}: put on the nominal year {nominal}")
        return np.full_like(year, nominal), notes
    dates = days_since_1970(year, month, day)
    covered = (int(dates.max()) - int(dates.min()) + 1) * rows_per_day
    if year.size < _SERIES_SHARE * covered:
        row = int(back[0]) + 1
        raise faults.stop(
            lines[row],
            "month",
            "the months of a typical year must come in order, allowed 1 to 12 once each "
            f"(got {month[row]} after {month[row - 1]})",
        )
    return year, notes


def start_seconds(
    year: Ints,
    month: Ints,
    day: Ints,
    minute_of_day: Ints,
    lines: Ints,
    rows_per_day: int,
    faults: Faults,
) -> tuple[Ints, list[str]]:
    """Local seconds since 1970 of the start of each row's interval, and notes."""
    settled, notes = settle_years(year, month, day, lines, rows_per_day, faults)
    longest = days_in_month(settled, month)
    for row in np.flatnonzero(day > longest):
        faults.add(lines[row], "day", f"allowed 1 to {longest[row]} in that month (got {day[row]})")
    return days_since_1970(settled, month, day) * 86_400 + minute_of_day * 60, notes


def whole_year_s(starts_s: Ints) -> tuple[int, int]:
    """Start and end of the calendar year of the first row, in the rows' own seconds."""
    year = np.datetime64(int(starts_s.min()), "s").astype("datetime64[Y]")
    begin, end = (edge.astype("datetime64[s]").astype(np.int64) for edge in (year, year + 1))
    return int(begin), int(end)
