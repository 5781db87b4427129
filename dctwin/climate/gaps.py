"""Order and gaps: rows put on an even line of time, short gaps filled, long ones refused.

Rules (each use is noted)
- Rows out of order are sorted by their own time.
- A row that repeats a time with the same values is dropped; with other values it is refused.
- A missing row is a gap in every column.
- A gap is filled with a straight line between its neighbours, or the nearest value at the ends of
  the file, if it is not longer than `longest_gap_h`; a longer one is refused.
- Irradiance is 0 wherever the sun is below the horizon for the whole interval, however long the
  gap; by day at most 3 h are filled. A straight line over 3 missing hours of a clear noon misses
  the true value by at most 13 % of the peak (1 - cos of the 2 h = 30° to the nearest known value),
  over 6 missing hours by 39 %. Temperature, humidity, pressure and wind swing less over a day;
  6 h is a quarter of their daily cycle. (Both limits are choices, assumed.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dctwin.climate.table import Faults, Floats, Ints

LONGEST_GAP_H = 6.0
LONGEST_SOLAR_GAP_H = 3.0


@dataclass
class Placed:
    """Columns on an even line of time; `lines` is the line of the row, or of the one before it."""

    start_s: int
    lines: Ints
    columns: dict[str, Floats]


def in_order(
    starts_s: Ints, lines: Ints, columns: dict[str, Floats], faults: Faults, notes: list[str]
) -> tuple[Ints, Ints, dict[str, Floats]]:
    """Rows sorted by time, equal repeats dropped; unequal repeats are faults."""
    steps = np.diff(starts_s)
    if steps.size and steps.min() > 0:
        return starts_s, lines, columns
    if (steps < 0).any():
        row = int(np.flatnonzero(steps < 0)[0]) + 1
        notes.append(f"rows out of order (first at line {lines[row]}): sorted by their own time")
        order = np.argsort(starts_s, kind="stable")
        starts_s, lines = starts_s[order], lines[order]
        columns = {name: values[order] for name, values in columns.items()}
    repeats = np.flatnonzero(np.diff(starts_s) == 0) + 1
    if repeats.size:
        same = np.ones(repeats.size, dtype=bool)
        for values in columns.values():
            one, two = values[repeats], values[repeats - 1]
            same &= (one == two) | (np.isnan(one) & np.isnan(two))
        for row in repeats[~same]:
            faults.add(
                lines[row], "time", f"the same as in line {lines[row - 1]}, with other values"
            )
        faults.raise_any()
        notes.append(
            f"{repeats.size} rows that repeat another (first at line {lines[repeats[0]]}): dropped"
        )
        starts_s, lines = np.delete(starts_s, repeats), np.delete(lines, repeats)
        columns = {name: np.delete(values, repeats) for name, values in columns.items()}
    return starts_s, lines, columns


def place(
    starts_s: Ints,
    lines: Ints,
    columns: dict[str, Floats],
    step_s: int,
    span_s: tuple[int, int] | None,
    faults: Faults,
    notes: list[str],
) -> Placed:
    """Rows on the even line of time from first to last (or over `span_s`), NaN where there is none.

    `span_s` is what the file promises to cover: start of the first interval, end of the last.
    """
    starts_s, lines, columns = in_order(starts_s, lines, columns, faults, notes)
    steps = np.diff(starts_s)
    odd = np.flatnonzero(steps % step_s)
    for row in odd + 1:
        faults.add(
            lines[row],
            "time",
            f"must be a multiple of the step of {step_s // 60} min "
            f"after the row before (got {steps[row - 1] / 60.0:g} min)",
        )
    longest = LONGEST_GAP_H * 3600.0
    for row in np.flatnonzero(steps - step_s > longest) + 1:
        missing_h = (steps[row - 1] - step_s) / 3600.0
        faults.add(
            lines[row],
            "time",
            f"{missing_h:g} h of rows are missing before this one, "
            f"allowed at most {LONGEST_GAP_H:g} h",
        )
    first, last = int(starts_s[0]), int(starts_s[-1])
    if span_s is not None:
        begin, end = min(span_s[0], first), max(span_s[1], last + step_s)
        if first - begin > longest or (first - begin) % step_s:
            faults.add(
                lines[0],
                "time",
                f"the rows begin at {_clock(first)}, the file promises {_clock(begin)}",
            )
        if end - last - step_s > longest or (end - last) % step_s:
            faults.add(
                lines[-1],
                "time",
                "the rows end at "
                f"{_clock(last + step_s)}, the file promises {_clock(end)}: cut off?",
            )
        first, last = begin, end - step_s
    faults.raise_any()
    count = (last - first) // step_s + 1
    at = (starts_s - first) // step_s
    absent = count - starts_s.size
    if absent:
        notes.append(f"{absent} rows are missing in the file")
        before = np.zeros(count, dtype=np.int64)
        before[at] = lines
        lines = np.maximum.accumulate(before)
        spread = {}
        for name, values in columns.items():
            spread[name] = np.full(count, np.nan)
            spread[name][at] = values
        columns = spread
    return Placed(first, lines, columns)


def _clock(seconds: int) -> str:
    """Time of a message, to the minute."""
    return str(np.datetime64(int(seconds), "s")).replace("T", " ")[:16] + " UTC"


def runs(missing: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """First index and length of each run of True."""
    edges = np.diff(np.concatenate(([0], missing.astype(np.int8), [0])))
    starts = np.flatnonzero(edges == 1)
    return starts, np.flatnonzero(edges == -1) - starts


def fill(
    values: Floats,
    lines: Ints,
    label: str,
    step_h: float,
    longest_h: float,
    faults: Faults,
    notes: list[str],
) -> Floats:
    """Short runs of NaN filled in a straight line; a fault for each run that is too long."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    starts, lengths = runs(missing)
    for start, length in zip(starts, lengths, strict=True):
        if length * step_h > longest_h:
            faults.add(
                lines[start],
                label,
                f"missing for {length * step_h:g} h, lines "
                f"{lines[start]} to {lines[start + length - 1]}, "
                f"allowed at most {longest_h:g} h",
            )
    if (~missing).sum() == 0:
        return np.zeros_like(values)
    index = np.arange(values.size)
    notes.append(
        f"{label}: {int(missing.sum())} values missing in {starts.size} gaps of at most "
        f"{lengths.max() * step_h:g} h (first at line {lines[starts[0]]}): filled linearly"
    )
    return np.interp(index, index[~missing], values[~missing])
