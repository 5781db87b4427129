"""Carbon intensity and price of grid electricity over time, from the files people have.

Files: Electricity Maps exports (`Carbon Intensity gCO₂eq/kWh (direct)`, also the life-cycle
column and the low-carbon and renewable percentages), market prices (`Price (JPY/MWh)`), and plain
CSV with `time_utc` and `carbon_kg_per_kwh`, `price_usd_per_kwh` or a column of EXTRAS. The spot
file of JEPX is read by dctwin/jepx.py. Rules:

* A time column whose name says UTC is UTC; a time with an offset keeps it; any other is the site's
  clock: with summer time where the site names its zone (its days have 23, 24 or 25 hours; of two
  equal times the second is the later; 24 rows on a day of 23 or 25 hours are refused), else local
  standard time. Rows must be in order, each time once. A time names the start of its interval.
* Holes up to 3 h, missing rows or empty cells, are filled along a straight line; longer ones are
  refused with their rows.
* Onto a run: by the rules of dctwin/timed.py.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dctwin.clock import Clock
from dctwin.errors import Fault, InputError
from dctwin.timed import Floats, TimedValues

LONGEST_FILLED_GAP_H = 3.0
ROW_LIMIT = 527_040  # a leap year of minutes; the same limit as for weather
STEPS_MIN = (5, 10, 15, 30, 60)
# Above this a column is in grams, not kilograms: the dirtiest lignite plants emit 1.3 kg/kWh.
CARBON_LIMIT_KG_PER_KWH = 3.0
_FAULTS_SHOWN = 10
_GRAM_KG, _MWH_KWH, _PER_CENT = 1e-3, 1e3, 1e-2

_CARBON_G = re.compile(r"carbon intensity g\s*co.*?/\s*kwh\s*\((.+?)\)", re.IGNORECASE)
_PRICE = re.compile(r"price \(([a-z]{3})/(mwh|kwh)\)", re.IGNORECASE)
_PRICE_PLAIN = re.compile(r"(?:\w+_)?price_([a-z]{3})_per_kwh", re.IGNORECASE)
_TIME = re.compile(r"(datetime|time|timestamp|date)([ _]\(?utc\)?)?", re.IGNORECASE)


def read_carbon(
    path: str | Path,
    basis: str = "direct",
    utc_offset_h: float = 0.0,
    timezone: str | None = None,
) -> TimedValues:
    """Carbon intensity, kg/kWh; `basis` picks the Electricity Maps column, "direct" or "lca"."""
    rows = _rows(path)
    name, scale = _carbon_column(str(path), rows[0], basis)
    series = _timed(str(path), rows, name, scale, "kg/kWh", Clock(utc_offset_h, timezone))
    _inside(series, 0.0, CARBON_LIMIT_KG_PER_KWH)
    return series


def read_price(
    path: str | Path, utc_offset_h: float = 0.0, timezone: str | None = None
) -> TimedValues:
    """Energy price per kWh in the file's own currency; negative prices are kept."""
    rows, clock = _rows(path), Clock(utc_offset_h, timezone)
    for name in rows[0]:
        if found := _PRICE.fullmatch(name):
            scale = 1.0 / _MWH_KWH if found.group(2).lower() == "mwh" else 1.0
            return _timed(str(path), rows, name, scale, found.group(1).upper(), clock)
        if found := _PRICE_PLAIN.fullmatch(name):
            return _timed(str(path), rows, name, 1.0, found.group(1).upper(), clock)
    raise InputError(
        Fault(
            str(path),
            1,
            "price",
            "no column 'Price (JPY/MWh)' or 'price_usd_per_kwh' (any currency) among "
            + ", ".join(rows[0]),
        )
    )


# Columns of a grid file beside carbon and price, all optional: name -> (unit, highest value).
EXTRAS = {
    "marginal_carbon_kg_per_kwh": ("kg/kWh", CARBON_LIMIT_KG_PER_KWH),
    "low_carbon_frac": ("-", 1.0),
    "renewable_frac": ("-", 1.0),
    "surplus_kw": ("kW", 1e9),
    "outage_frac": ("-", 1.0),
    "output_frac": ("-", 1.5),
}
# How Electricity Maps calls two of them, in per cent.
_SHARES = {
    "low_carbon_frac": ("low carbon percentage", "carbon-free energy percentage (cfe%)"),
    "renewable_frac": ("renewable percentage", "renewable energy percentage (re%)"),
}


def read_extra(
    path: str | Path, name: str, utc_offset_h: float = 0.0, timezone: str | None = None
) -> TimedValues | None:
    """A column of EXTRAS by its plain name; None where the file has none."""
    unit, most = EXTRAS[name]
    rows = _rows(path)
    column, scale = None, 1.0
    for cell in rows[0]:
        if cell.lower() == name:
            column = cell
        elif cell.lower() in _SHARES.get(name, ()):
            column, scale = cell, _PER_CENT
    if column is None:
        return None
    series = _timed(str(path), rows, column, scale, unit, Clock(utc_offset_h, timezone))
    _inside(series, 0.0, most * (1.0 + 1e-9))
    return series


def _inside(series: TimedValues, low: float, high: float) -> None:
    """Refuse a series with a value outside its range, naming the worst."""
    worst = int(np.argmax(np.abs(series.values - 0.5 * (low + high))))
    if not low <= series.values[worst] <= high:
        why = f"must lie in {low:g}..{high:g} {series.unit} (got {series.values[worst]:g})"
        raise InputError(Fault(series.file, 0, series.column, why))


def read_month_hour(path: str | Path) -> Floats:
    """A table of twelve months by twenty-four local hours: columns month, h00 to h23."""
    rows = [row for row in _rows(path) if row]
    wanted = ["month", *(f"h{hour:02d}" for hour in range(24))]
    if [cell.lower() for cell in rows[0]] != wanted:
        raise InputError(Fault(str(path), 1, "", "columns must be month, h00 to h23"))
    if [row[0] for row in rows[1:]] != [str(month) for month in range(1, 13)]:
        raise InputError(Fault(str(path), 2, "month", "must be 1 to 12, one row each"))
    try:
        return np.array([[float(cell) for cell in row[1:]] for row in rows[1:]])
    except ValueError as problem:
        raise InputError(Fault(str(path), 0, "", f"must hold numbers: {problem}")) from None


def read_water(path: str | Path, utc_offset_h: float = 0.0) -> TimedValues:
    """Temperature of a natural water, °C, from the column `water_c`."""
    rows = _rows(path)
    if "water_c" not in rows[0]:
        raise InputError(
            Fault(str(path), 1, "water_c", "no column 'water_c' among " + ", ".join(rows[0]))
        )
    return _timed(str(path), rows, "water_c", 1.0, "°C", Clock(utc_offset_h, None))


def by_hour_of_day(
    values: Sequence[float],
    utc_offset_h: float,
    start_utc: np.datetime64,
    steps: int,
    step_h: float,
) -> Floats:
    """Twenty-four values of the local standard hour, on a run's steps of at most an hour."""
    if len(values) != 24:
        raise InputError(f"an hour-of-day profile needs 24 values (got {len(values)})")
    start = start_utc.astype("datetime64[s]")
    first_s = int((start - start.astype("datetime64[D]")) / np.timedelta64(1, "s"))
    seconds = first_s + utc_offset_h * 3600.0 + np.arange(steps) * (step_h * 3600.0)
    return np.asarray(values, dtype=np.float64)[(seconds // 3600.0).astype(int) % 24]


# --- reading -------------------------------------------------------------------------------------


def _rows(path: str | Path) -> list[list[str]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise InputError(Fault(str(path), 0, "", f"cannot be read: {reason}")) from error
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = [
        [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)
    ]
    if len(rows) < 3:
        raise InputError(Fault(str(path), 0, "", "needs a header and at least two rows"))
    if len(rows) > ROW_LIMIT + 1:
        why = f"at most {ROW_LIMIT:,} rows (got {len(rows) - 1:,}); average it to hours first"
        raise InputError(Fault(str(path), 0, "", why))
    return rows


def _carbon_column(file: str, header: list[str], basis: str) -> tuple[str, float]:
    """Name of the carbon column and the factor that makes it kg/kWh."""
    kinds = {"direct": ("direct",), "lca": ("lca", "life cycle", "life-cycle", "lifecycle")}
    if basis not in kinds:
        raise InputError(f"basis: must be 'direct' or 'lca' (got '{basis}')")
    for name in header:
        if name.lower() == "carbon_kg_per_kwh":
            return name, 1.0
        found = _CARBON_G.match(name)
        if found and found.group(1).lower() in kinds[basis]:
            return name, _GRAM_KG
    why = (
        f"no column 'Carbon Intensity gCO₂eq/kWh ({basis})' or 'carbon_kg_per_kwh' among "
        + ", ".join(header)
    )
    raise InputError(Fault(file, 1, "carbon", why))


def _timed(
    file: str, rows: list[list[str]], name: str, scale: float, unit: str, clock: Clock
) -> TimedValues:
    header = rows[0]
    time_name = next((cell for cell in header if _TIME.fullmatch(cell)), None)
    if time_name is None:
        why = "no time column: 'Datetime (UTC)', 'Datetime' or 'time_utc' among " + ", ".join(
            header
        )
        raise InputError(Fault(file, 1, "time", why))
    if "utc" in time_name.lower():
        clock = Clock(0.0)
    at, column = header.index(time_name), header.index(name)
    times, values, lines = _parse(file, rows, (time_name, at), (name, column), clock)
    step_min, slots = _axis(file, time_name, times, lines)
    _refuse(
        Fault(file, lines[i], time_name, why)
        for i in np.flatnonzero(np.diff(slots) > 1)
        if (why := clock.told_once(int(times[i]), int(times[i + 1]), 60 * step_min))
    )
    filled = np.full(int(slots[-1]) + 1, np.nan)
    filled[slots] = values * scale
    filled, first, notes = _fill(file, name, filled, step_min, slots, lines)
    start = np.datetime64(int(times[0]), "s") + np.timedelta64(first * step_min, "m")
    return TimedValues(file, name, unit, start, step_min / 60.0, filled, notes)


def _parse(
    file: str,
    rows: list[list[str]],
    time: tuple[str, int],
    value: tuple[str, int],
    clock: Clock,
) -> tuple[NDArray[np.int64], Floats, list[int]]:
    """Seconds since 1970 UTC, values with NaN for empty cells, and the line of each row."""
    times: list[int] = []
    values, lines, faults = [], [], []
    for line, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) <= max(time[1], value[1]):
            faults.append(Fault(file, line, "", f"has {len(row)} cells, the header {len(rows[0])}"))
            continue
        cell, text = row[time[1]], row[value[1]]
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            faults.append(
                Fault(file, line, time[0], f"must be a time like 2024-01-31 13:00 (got '{cell}')")
            )
            continue
        try:
            number = float(text) if text else np.nan
        except ValueError:
            number = np.inf
        if np.isinf(number):
            faults.append(Fault(file, line, value[0], f"must be a number or empty (got '{text}')"))
            continue
        try:
            times.append(clock.utc_s(moment, times[-1] if times else None))
        except InputError as problem:
            faults.append(Fault(file, line, time[0], str(problem)))
            continue
        values.append(number)
        lines.append(line)
    _refuse(faults)
    if len(times) < 2:
        raise InputError(Fault(file, 0, "", "needs at least two rows of data"))
    return np.array(times), np.array(values), lines


def _axis(
    file: str, name: str, times: NDArray[np.int64], lines: list[int]
) -> tuple[int, NDArray[np.int64]]:
    """Step in minutes, and the place of each row on the regular axis from the first one."""
    steps = np.diff(times)
    _refuse(
        Fault(file, lines[i + 1], name, "must be later than the row before (times once, in order)")
        for i in np.flatnonzero(steps <= 0)
    )
    step_s = int(steps.min())
    if step_s not in [60 * m for m in STEPS_MIN]:
        allowed = ", ".join(map(str, STEPS_MIN))
        why = f"rows must be {allowed} min apart (got {step_s / 60:g} min)"
        raise InputError(Fault(file, lines[int(steps.argmin()) + 1], name, why))
    since = times - times[0]
    _refuse(
        Fault(file, lines[i], name, f"is off the {step_s // 60} min raster of the rows before")
        for i in np.flatnonzero(since % step_s)
    )
    return step_s // 60, since // step_s


def _fill(
    file: str,
    name: str,
    values: Floats,
    step_min: int,
    slots: NDArray[np.int64],
    lines: list[int],
) -> tuple[Floats, int, tuple[str, ...]]:
    """Values without holes, the slots cut off at the front, and a note on what was filled."""
    known = np.flatnonzero(~np.isnan(values))
    if known.size < 2:
        raise InputError(Fault(file, 0, name, "has no values"))
    first, last = int(known[0]), int(known[-1])
    missing = np.diff(known) - 1
    longest = round(LONGEST_FILLED_GAP_H * 60 / step_min)
    _refuse(
        Fault(
            file,
            lines[int(np.searchsorted(slots, known[i + 1]))],
            name,
            f"ends a hole of {missing[i] * step_min / 60:g} h; at most "
            f"{LONGEST_FILLED_GAP_H:g} h is filled",
        )
        for i in np.flatnonzero(missing > longest)
    )
    filled = np.interp(np.arange(first, last + 1), known, values[known])
    count = int(missing.sum())
    notes = (f"{Path(file).name}: {count} missing values of {name} interpolated",) if count else ()
    return filled, first, notes


def _refuse(faults: Iterable[Fault]) -> None:
    """Raise with the first faults, and say how many more there are."""
    every = list(faults)
    if every:
        shown: list[Fault | str] = [*every[:_FAULTS_SHOWN]]
        if len(every) > _FAULTS_SHOWN:
            shown.append(Fault(every[0].file, 0, "", f"and {len(every) - _FAULTS_SHOWN} more"))
        raise InputError(*shown)
