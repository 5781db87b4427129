"""EPW files (EnergyPlus Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary").

Row "hour 1" is the interval 00:00-01:00 local standard time; with several records an hour, their
order within the hour counts, and the minute column (0 and 60 both name the end of an hour) has to
agree. Missing values are the dictionary's: a value from the limit upward is missing. The design
header is never used; a note says when it does not fit the data.
"""

from __future__ import annotations

import re

import numpy as np

from dctwin.climate import series, years
from dctwin.climate.table import (
    Column,
    Faults,
    Ints,
    Limits,
    Table,
    read_table,
    shown,
    split_line,
)
from dctwin.climate.weather import Weather

HEAD_LINES = 8
# Field of the row, name, "missing from" of the data dictionary.
COLUMNS = (
    Column("dry_bulb_c", 6, "dry bulb (°C)", missing_from=99.9),
    Column("dew_point_c", 7, "dew point (°C)", missing_from=99.9),
    Column("relative_humidity_frac", 8, "relative humidity (%)", 0.01, missing_from=999.0),
    Column("pressure_pa", 9, "pressure (Pa)", missing_from=999_999.0),
    Column("ghi_w_m2", 13, "global horizontal irradiance (W/m²)", missing_from=9999.0),
    Column("dni_w_m2", 14, "direct normal irradiance (W/m²)", missing_from=9999.0),
    Column("dhi_w_m2", 15, "diffuse horizontal irradiance (W/m²)", missing_from=9999.0),
    Column("wind_m_s", 21, "wind speed (m/s)", missing_from=999.0),
)
DATE_COLUMNS = tuple(
    Column(name, index, name)
    for index, name in enumerate(("year", "month", "day", "hour", "minute"))
)
# A year of one place scatters by 2-3 K about its long-term 99.6 % and 0.4 % values; further away
# than this the design header belongs to another place. (Assumed.)
DESIGN_FIT_K = 6.0


def read_epw(lines: list[str], faults: Faults, limits: Limits) -> Weather:
    """The weather in the lines of an EPW file."""
    notes: list[str] = []
    head = [split_line(line) for line in lines[:HEAD_LINES]]
    for row, word in ((0, "LOCATION"), (7, "DATA PERIODS")):
        if row >= len(head) or head[row][0].strip().upper() != word:
            got = shown(lines[row]) if row < len(lines) else "the end of the file"
            faults.add(row + 1, word, f"must be the head of line {row + 1} (got {got})")
    faults.raise_any()
    place = _place(head[0], faults)
    per_hour = _records_per_hour(head[7], faults)
    faults.raise_any()
    table = read_table(
        lines[HEAD_LINES:], HEAD_LINES + 1, (*DATE_COLUMNS, *COLUMNS), (), faults, limits
    )
    table = series.checked(table, COLUMNS, faults, notes)
    step_min = 60 // per_hour
    starts_s, civil = _starts(table, per_hour, faults, notes)
    faults.raise_any()
    span_s = _promised(head[7], starts_s, notes)
    offset_s = round(place.utc_offset_h * 3600.0)
    utc_span = None if span_s is None else (span_s[0] - offset_s, span_s[1] - offset_s)
    _leap_header(head[4], civil, notes)
    _design_header(head[1], table, notes)
    return series.assemble(
        place,
        table,
        COLUMNS,
        starts_s - offset_s,
        step_min,
        utc_span,
        faults,
        limits,
        notes,
    )


def _place(head: list[str], faults: Faults) -> series.Place:
    if len(head) < 10:
        faults.add(1, "LOCATION", f"needs 10 fields (got {len(head)})")
        faults.raise_any()
    texts: dict[str, object] = {
        "latitude_deg": head[6],
        "longitude_deg": head[7],
        "utc_offset_h": head[8],
        "altitude_m": head[9],
    }
    parts = [part.strip() for part in head[1:4]]
    name = ", ".join(part for part in parts if part and part != "-")
    source = " ".join(part.strip() for part in ("EPW", head[4], head[5]) if part.strip())
    return series.head_place(name, source, texts, 1, faults)


def _records_per_hour(head: list[str], faults: Faults) -> int:
    fields = [cell.strip() for cell in head[1:3]]
    if fields[:1] != ["1"]:
        got = shown(fields[0] if fields else "")
        faults.add(8, "DATA PERIODS", f"one period can be read, allowed 1 (got {got})")
    text = fields[1] if len(fields) > 1 else ""
    if not text.isascii() or not text.isdigit() or len(text) > 2 or not 1 <= int(text) <= 60:
        faults.add(8, "records per hour", f"allowed 1 to 60 (got {shown(text)})")
        return 1
    if 60 % int(text):
        faults.add(8, "records per hour", f"must divide 60, allowed 1 to 60 (got {text})")
        return 1
    return int(text)


def _starts(table: Table, per_hour: int, faults: Faults, notes: list[str]) -> tuple[Ints, Ints]:
    """Local seconds of the start of each row's interval; month*100+day of each row."""
    lines, raw = table.lines, table.columns
    ranges = {
        "year": (years.FIRST_YEAR, years.LAST_YEAR),
        "month": (1, 12),
        "day": (1, 31),
        "hour": (1, 24),
        "minute": (0, 60),
    }
    dates = {
        name: years.whole(raw[name], lines, name, low, high, faults)
        for name, (low, high) in ranges.items()
    }
    faults.raise_any()
    within = _place_in_hour(dates["minute"], lines, per_hour, faults)
    minute_of_day = (dates["hour"] - 1) * 60 + within * (60 // per_hour)
    starts_s, said = years.start_seconds(
        dates["year"], dates["month"], dates["day"], minute_of_day, lines, 24 * per_hour, faults
    )
    notes.extend(said)
    return starts_s, dates["month"] * 100 + dates["day"]


def _place_in_hour(minute: Ints, lines: Ints, per_hour: int, faults: Faults) -> Ints:
    """0 for the first record of an hour, 1 for the second, …

    With one record an hour the minute does not count (files write 0, 30 or 60). With several, the
    order in which the minutes first appear is their order in the hour, so a file may name the ends
    (15, 30, 45, 60 or 0) or the starts (0, 15, 30, 45).
    """
    if per_hour == 1:
        return np.zeros_like(minute)
    names, first = np.unique(minute, return_index=True)
    names = names[np.argsort(first)]
    if names.size != per_hour:
        row = int(np.sort(first)[min(names.size, per_hour) - 1])
        faults.add(
            lines[row],
            "minute",
            f"the header says {per_hour} records an hour, the rows name {names.size} minutes "
            f"(got {', '.join(map(str, names[:8]))})",
        )
        faults.raise_any()
    rank = np.zeros(61, dtype=np.int64)
    rank[names] = np.arange(per_hour)
    return rank[minute]


def _promised(head: list[str], starts_s: Ints, notes: list[str]) -> tuple[int, int] | None:
    """Local seconds of start and end of what DATA PERIODS promises; years are the rows' own.

    Some tools write years into these dates; only month and day count.
    """
    if len(head) < 7:
        notes.append("DATA PERIODS has no first and last day: not checked")
        return None
    day_s = 86_400
    first, last = int(starts_s.min()), int(starts_s.max())
    edges = []
    for text, at in ((head[5], first), (head[6], last)):
        numbers = [int(part) for part in re.findall(r"[0-9]{1,4}", text)[:4]]
        if len(numbers) == 3:
            numbers = numbers[1:] if numbers[0] > 31 else numbers[:2]
        if len(numbers) != 2 or not 1 <= numbers[0] <= 12 or not 1 <= numbers[1] <= 31:
            notes.append(f"DATA PERIODS {shown(text)} is no month/day: first and last not checked")
            return None
        year = np.datetime64(at, "s").astype("datetime64[Y]").astype(np.int64) + 1970
        month, day = np.array([numbers[0]]), np.array([numbers[1]])
        length = years.days_in_month(np.array([year]), month)
        edges.append(
            int(years.days_since_1970(np.array([year]), month, np.minimum(day, length))[0])
        )
    begin, end = edges[0] * day_s, (edges[1] + 1) * day_s
    return (begin, end) if begin < end else None


def _leap_header(head: list[str], month_day: Ints, notes: list[str]) -> None:
    said = head[1].strip().lower() if len(head) > 1 else ""
    if said == "no" and (month_day == 229).any():
        notes.append("the header says no leap year, the rows have a 29 February: kept")


def _design_header(head: list[str], table: Table, notes: list[str]) -> None:
    """A note when the header's 99.6 % heating or 0.4 % cooling dry bulb is far from the data's."""
    dry_bulb_c = table.columns["dry_bulb_c"]
    dry_bulb_c = dry_bulb_c[np.isfinite(dry_bulb_c)]
    if not dry_bulb_c.size:
        return
    words = [cell.strip().lower() for cell in head]
    for word, skip, percent, share in (
        ("heating", 2, "99.6 %", 0.4),
        ("cooling", 3, "0.4 %", 99.6),
    ):
        try:
            design_c = float(words[words.index(word) + skip])
        except (ValueError, IndexError):
            continue
        data_c = float(np.percentile(dry_bulb_c, share))
        if abs(design_c - data_c) > DESIGN_FIT_K:
            notes.append(
                f"design header is not of this place ({word} {percent} dry bulb {design_c:g} °C, "
                f"the data {data_c:.1f} °C): ignored"
            )
