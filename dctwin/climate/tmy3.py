"""TMY3 CSV files of the NSRDB (Wilcox and Marion 2008, "Users Manual for TMY3 Data Sets",
NREL/TP-581-43156, tables 1-1 to 1-3).

The time of a row is the END of its interval, 01:00 to 24:00 local standard time. Missing is -9900.
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
    short_names,
    shown,
    split_line,
)
from dctwin.climate.weather import Weather
from dctwin.errors import nearest

MISSING = (-9900.0, -9999.0)
# Name in the second line -> ours, and the factor to our unit.
NAMES = {
    "Dry-bulb (C)": ("dry_bulb_c", 1.0),
    "Dew-point (C)": ("dew_point_c", 1.0),
    "RHum (%)": ("relative_humidity_frac", 0.01),
    "Pressure (mbar)": ("pressure_pa", 100.0),
    "Wspd (m/s)": ("wind_m_s", 1.0),
    "GHI (W/m^2)": ("ghi_w_m2", 1.0),
    "DNI (W/m^2)": ("dni_w_m2", 1.0),
    "DHI (W/m^2)": ("dhi_w_m2", 1.0),
}
DATE, TIME = "Date (MM/DD/YYYY)", "Time (HH:MM)"
HEAD_LINES = 2
_DATE = re.compile(r"\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\s*")
_TIME = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*")


def read_tmy3(lines: list[str], faults: Faults, limits: Limits) -> Weather:
    """The weather in the lines of a TMY3 CSV file."""
    head = split_line(lines[0])
    if len(head) < 7:
        raise faults.stop(1, "station", f"needs 7 fields (got {len(head)})")
    texts: dict[str, object] = {
        "utc_offset_h": head[3],
        "latitude_deg": head[4],
        "longitude_deg": head[5],
        "altitude_m": head[6],
    }
    name = ", ".join(part.strip() for part in head[1:3] if part.strip())
    place = series.head_place(name, f"TMY3 {head[0].strip()}", texts, 1, faults)
    columns, dates = _columns(split_line(lines[1]), faults)
    faults.raise_any()
    table = read_table(lines[HEAD_LINES:], HEAD_LINES + 1, columns, dates, faults, limits)
    notes: list[str] = []
    table = series.checked(table, columns, faults, notes)
    civil = _civil(table, faults)
    faults.raise_any()
    month, day, year, hour = civil.T
    # The end of the interval less its hour: 24:00 belongs to the day that it ends.
    starts_s, said = years.start_seconds(year, month, day, (hour - 1) * 60, table.lines, 24, faults)
    faults.raise_any()
    notes.extend(said)
    offset_s = round(place.utc_offset_h * 3600.0)
    begin, end = years.whole_year_s(starts_s)
    return series.assemble(
        place,
        table,
        columns,
        starts_s - offset_s,
        60,
        (begin - offset_s, end - offset_s),
        faults,
        limits,
        notes,
    )


def _columns(head: list[str], faults: Faults) -> tuple[list[Column], list[Column]]:
    at = {name.strip(): index for index, name in enumerate(head)}
    wanted = []
    for label, (name, scale) in NAMES.items():
        if label in at:
            wanted.append(Column(name, at[label], label, scale, missing=MISSING))
        elif name == "dry_bulb_c":
            faults.add(2, label, f"column not found, {nearest(label, short_names(at))}")
    dates = []
    for label in (DATE, TIME):
        if label in at:
            dates.append(Column(label, at[label], label))
        else:
            faults.add(2, label, f"column not found, {nearest(label, short_names(at))}")
    return wanted, dates


def _civil(table: Table, faults: Faults) -> Ints:
    """Month, day, year and hour 1-24 of each row."""
    rows = []
    for line, date, time in zip(table.lines, table.text[DATE], table.text[TIME], strict=True):
        found, clock = _DATE.fullmatch(date), _TIME.fullmatch(time)
        month, day, year = map(int, found.groups()) if found else (0, 0, 0)
        hour, minute = map(int, clock.groups()) if clock else (0, 0)
        if not (1 <= month <= 12 and 1 <= day <= 31):
            faults.add(line, DATE, f"must be month/day/year (got {shown(date)})")
        elif not years.FIRST_YEAR <= year <= years.LAST_YEAR:
            faults.add(
                line, DATE, f"year: allowed {years.FIRST_YEAR} to {years.LAST_YEAR} (got {year})"
            )
        elif not 1 <= hour <= 24 or minute:
            faults.add(
                line, TIME, f"must be a full hour, allowed 01:00 to 24:00 (got {shown(time)})"
            )
        rows.append((month, day, year, hour))
    return np.array(rows, dtype=np.int64)
