"""Plain CSV weather: the format to write one's own measurements in.

    # name: Rack yard, Nagoya
    # latitude_deg: 35.17
    # longitude_deg: 136.97
    # altitude_m: 15
    # utc_offset_h: 9
    time,dry_bulb_c,relative_humidity_frac,pressure_pa,wind_m_s,ghi_w_m2,dni_w_m2,dhi_w_m2
    2025-01-01T00:00+09:00,4.1,0.62,101800,2.1,0,0,0

- Lines `# key: value` before the header row. Needed: latitude_deg, longitude_deg, altitude_m.
  Optional: name, source, utc_offset_h (else the offset of `time`, else from the longitude),
  time_label (`start`, the default, or `end` of the interval), synthetic (`true`).
- `time_utc` (ISO 8601 in UTC) or `time` (ISO 8601 with its offset). Even steps of 1 to 60 minutes
  that divide the hour.
- `dry_bulb_c` and one of `relative_humidity_frac`, `dew_point_c`, `wet_bulb_c`. Optional:
  `pressure_pa` (else the standard atmosphere at altitude_m), `wind_m_s`, and all three of
  `ghi_w_m2`, `dni_w_m2`, `dhi_w_m2`. Other columns are left unread.
- An empty field, `nan`, `NA`, -999 or -9999 is missing.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dctwin.climate import series, years
from dctwin.climate.noon import DEGREES_PER_HOUR
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
from dctwin.climate.weather import COLUMNS, Weather
from dctwin.errors import nearest

MISSING = (-999.0, -9999.0)
TIMES = ("time_utc", "time")
HUMIDITY = ("relative_humidity_frac", "dew_point_c", "wet_bulb_c")
KEYS = (
    "name",
    "source",
    "latitude_deg",
    "longitude_deg",
    "altitude_m",
    "utc_offset_h",
    "time_label",
    "synthetic",
)
STEPS_MIN = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def looks_like_csv(lines: list[str]) -> bool:
    """Whether a header row of this format comes after comment lines."""
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            names = [name.strip() for name in split_line(line)]
            return any(name in names for name in (*TIMES, "dry_bulb_c"))
    return False


def read_csv(lines: list[str], faults: Faults, limits: Limits) -> Weather:
    """The weather in the lines of a CSV file."""
    head: dict[str, str] = {}
    at = 0
    while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
        key, colon, value = lines[at].lstrip(" #\t").partition(":")
        if colon and key.strip() in KEYS:
            head[key.strip()] = value.strip()
        at += 1
    names = [name.strip() for name in split_line(lines[at])] if at < len(lines) else []
    columns, time = _columns(names, at + 1, faults)
    for key in ("latitude_deg", "longitude_deg", "altitude_m"):
        if key not in head:
            faults.add(0, key, f"not found: write a line '# {key}: …' before the header row")
    label = head.get("time_label", "start").lower()
    if label not in ("start", "end"):
        faults.add(0, "time_label", f"allowed start, end (got {shown(label)})")
    faults.raise_any()
    table = read_table(lines[at + 1 :], at + 2, columns, [time], faults, limits)
    notes: list[str] = []
    table = series.checked(table, columns, faults, notes)
    stamps_s, offsets_s = _stamps(table, time.name, faults)
    faults.raise_any()
    place = _place(head, offsets_s if time.name == "time" else None, faults, notes)
    step_min = _step_min(stamps_s, table.lines, faults)
    faults.raise_any()
    starts_s = stamps_s - step_min * 60 * (label == "end")
    synthetic = head.get("synthetic", "").lower() == "true"
    return series.assemble(
        place, table, columns, starts_s, step_min, None, faults, limits, notes, synthetic
    )


def _columns(names: list[str], line: int, faults: Faults) -> tuple[list[Column], Column]:
    for name in (*TIMES, *series.PLAUSIBLE):
        if names.count(name) > 1:
            faults.add(line, name, "column appears more than once")
    wanted = [
        Column(name, names.index(name), name, missing=MISSING)
        for name in series.PLAUSIBLE
        if name in names
    ]
    given = {column.name for column in wanted}
    if "dry_bulb_c" not in given:
        faults.add(
            line, "dry_bulb_c", f"column not found, {nearest('dry_bulb_c', short_names(names))}"
        )
    if not given & set(HUMIDITY):
        faults.add(line, HUMIDITY[0], f"one column of {', '.join(HUMIDITY)} is needed")
    times = [name for name in TIMES if name in names]
    if not times:
        faults.add(
            line,
            "time_utc",
            f"column time_utc or time not found (got {shown(', '.join(short_names(names)))})",
        )
        return wanted, Column("time", 0, "time")
    return wanted, Column(times[0], names.index(times[0]), times[0])


def _stamps(table: Table, name: str, faults: Faults) -> tuple[Ints, Ints]:
    """UTC seconds since 1970 of each row, and the UTC offset that it was written with."""
    seconds, offsets = [], []
    for line, text in zip(table.lines, table.text[name], strict=True):
        second = offset = 0
        try:
            stamp = datetime.fromisoformat(text.strip())
            if stamp.tzinfo is None:
                if name == "time":
                    faults.add(
                        line,
                        name,
                        f"needs its UTC offset, as 2025-01-01T00:00+09:00 (got {shown(text)})",
                    )
                stamp = stamp.replace(tzinfo=UTC)
            since, zone = stamp - _EPOCH, stamp.utcoffset()
            second = since.days * 86_400 + since.seconds
            offset = 0 if zone is None else zone.days * 86_400 + zone.seconds
            if not years.FIRST_YEAR <= stamp.year <= years.LAST_YEAR:
                faults.add(
                    line,
                    name,
                    f"year: allowed {years.FIRST_YEAR} to {years.LAST_YEAR} (got {stamp.year})",
                )
        except (ValueError, OverflowError):
            faults.add(
                line, name, f"must be an ISO 8601 time as 2025-01-01T00:00 (got {shown(text)})"
            )
        seconds.append(second)
        offsets.append(offset)
    return np.array(seconds, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _place(
    head: dict[str, str], offsets_s: Ints | None, faults: Faults, notes: list[str]
) -> series.Place:
    texts: dict[str, object] = dict(head)
    if "utc_offset_h" not in head:
        if offsets_s is not None:
            texts["utc_offset_h"] = Counter(offsets_s.tolist()).most_common(1)[0][0] / 3600.0
        else:
            longitude = series.head_number(
                head["longitude_deg"], "longitude_deg", -180.0, 180.0, 0, faults
            )
            faults.raise_any()
            texts["utc_offset_h"] = round(longitude / DEGREES_PER_HOUR)
            notes.append(f"no utc_offset_h: {texts['utc_offset_h']} h from the longitude")
    return series.head_place(head.get("name", ""), head.get("source", "CSV"), texts, 0, faults)


def _step_min(stamps_s: Ints, lines: Ints, faults: Faults) -> int:
    """The step that occurs most; that the rows keep to it is checked where they are placed."""
    steps = np.diff(np.sort(stamps_s))
    steps = steps[steps > 0]
    if not steps.size:
        raise faults.stop(lines[0], "time", "two rows with different times are needed")
    values, counts = np.unique(steps, return_counts=True)
    step_s = int(values[np.argmax(counts)])
    if step_s % 60 or step_s // 60 not in STEPS_MIN:
        raise faults.stop(
            lines[min(1, lines.size - 1)],
            "time",
            f"the step must divide the hour, allowed {', '.join(map(str, STEPS_MIN))} min "
            f"(got {step_s / 60.0:g} min)",
        )
    return step_s // 60


def write_csv(weather: Weather, path: str | Path) -> None:
    """Write the weather so that `read_csv` gives the same arrays back."""
    head = {
        "name": weather.name,
        "source": weather.source,
        "latitude_deg": weather.latitude_deg,
        "longitude_deg": weather.longitude_deg,
        "altitude_m": weather.altitude_m,
        "utc_offset_h": weather.utc_offset_h,
        "synthetic": str(weather.synthetic).lower(),
    }
    absent = set() if weather.has_solar else set(series.SOLAR)
    absent |= set() if weather.has_wind else {"wind_m_s"}
    names = [name for name in COLUMNS if name not in absent]
    stamps = np.datetime_as_string(weather.times_utc, unit="s").tolist()
    columns = [getattr(weather, name).tolist() for name in names]
    lines = [f"# {key}: {' '.join(str(value).split())}" for key, value in head.items()]
    lines.append(",".join(["time_utc", *names]))
    lines.extend(
        ",".join([stamp, *map(repr, row)]) for stamp, *row in zip(stamps, *columns, strict=True)
    )
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
