"""The JSON that PVGIS gives for a typical year (European Commission JRC, tool `tmy`, 5.1 to 5.3).

Times are UTC. A row holds values read at its hour plus `irradiance_time_offset` (satellite time,
about ten minutes); it is taken as the interval that starts at its hour, whose middle is then within
half an hour of the reading.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from dctwin.climate import series, years
from dctwin.climate.noon import DEGREES_PER_HOUR
from dctwin.climate.table import Column, Faults, Floats, Ints, Limits, Table, shown
from dctwin.climate.weather import Weather

COLUMNS = (
    Column("dry_bulb_c", 0, "T2m (°C)"),
    Column("relative_humidity_frac", 0, "RH (%)", 0.01),
    Column("pressure_pa", 0, "SP (Pa)"),
    Column("wind_m_s", 0, "WS10m (m/s)"),
    Column("ghi_w_m2", 0, "G(h) (W/m²)"),
    Column("dni_w_m2", 0, "Gb(n) (W/m²)"),
    Column("dhi_w_m2", 0, "Gd(h) (W/m²)"),
)
TIME = "time(UTC)"
_STAMP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2}):([0-9]{2})00")


def read_pvgis(text: str, faults: Faults, limits: Limits) -> Weather:
    """The weather in a PVGIS `tmy` JSON text."""
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else "nested too deep"
        raise faults.stop(getattr(error, "lineno", 0), "JSON", shown(reason)) from None
    rows = _get(root, "outputs", "tmy_hourly")
    location = _get(root, "inputs", "location")
    if not isinstance(rows, list) or not rows or not isinstance(location, dict):
        raise faults.stop(
            0,
            "outputs.tmy_hourly",
            "not found: the JSON of PVGIS's tool 'tmy' with inputs.location is needed "
            f"(got {shown(_kind(root))})",
        )
    if len(rows) > limits.rows:
        raise faults.stop(
            0, "outputs.tmy_hourly", f"too many rows, allowed {limits.rows:,} (got {len(rows):,})"
        )
    place = _place(root, location, faults)
    table, civil = _rows(rows, faults)
    notes: list[str] = []
    table = series.checked(table, COLUMNS, faults, notes)
    faults.raise_any()
    year, month, day, hour = civil.T
    starts_s, said = years.start_seconds(year, month, day, hour * 60, table.lines, 24, faults)
    faults.raise_any()
    notes.extend(said)
    notes.append(f"PVGIS gives no UTC offset: {place.utc_offset_h:g} h from the longitude")
    return series.assemble(
        place, table, COLUMNS, starts_s, 60, years.whole_year_s(starts_s), faults, limits, notes
    )


def _get(root: Any, *path: str) -> Any:
    for key in path:
        root = root.get(key) if isinstance(root, dict) else None
    return root


def _kind(root: Any) -> str:
    return "keys " + ", ".join(map(str, root)) if isinstance(root, dict) else type(root).__name__


def _place(root: Any, location: dict[str, Any], faults: Faults) -> series.Place:
    texts: dict[str, object] = {
        "latitude_deg": location.get("latitude"),
        "longitude_deg": location.get("longitude"),
        "altitude_m": location.get("elevation"),
        "utc_offset_h": 0,
    }
    at = series.head_place("PVGIS typical year", "", texts, 0, faults)
    databases = [
        str(value)
        for key in ("radiation_db", "meteo_db")
        if isinstance(value := _get(root, "inputs", "meteo_data", key), str)
    ]
    return series.Place(
        f"PVGIS {at.latitude_deg:g}, {at.longitude_deg:g}",
        shown(" ".join(["PVGIS TMY", *databases])).strip("'"),
        at.latitude_deg,
        at.longitude_deg,
        at.altitude_m,
        float(round(at.longitude_deg / DEGREES_PER_HOUR)),
    )


def _rows(rows: list[Any], faults: Faults) -> tuple[Table, Ints]:
    """The table (its line is the number of the row in the list) and year, month, day, hour."""
    keys = {column.name: column.label.split(" ")[0] for column in COLUMNS}
    values: dict[str, Floats] = {name: np.full(len(rows), np.nan) for name in keys}
    civil = np.zeros((len(rows), 4), dtype=np.int64)
    for at, row in enumerate(rows):
        stamp = _STAMP.fullmatch(str(_get(row, TIME)))
        if stamp is None:
            faults.add(at + 1, TIME, f"must be YYYYMMDD:HH00 (got {shown(_get(row, TIME))})")
            continue
        year, month, day, hour = map(int, stamp.groups())
        if not (
            years.FIRST_YEAR <= year <= years.LAST_YEAR
            and 1 <= month <= 12
            and 1 <= day <= 31
            and hour <= 23
        ):
            faults.add(at + 1, TIME, f"is no date (got {shown(stamp.group())})")
            continue
        civil[at] = year, month, day, hour
        for name, key in keys.items():
            value = row.get(key)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                faults.add(at + 1, key, f"must be a number (got {shown(value)})")
                continue
            try:
                values[name][at] = value
            except OverflowError:
                faults.add(at + 1, key, f"must be a number (got {shown(value)})")
    return Table(np.arange(1, len(rows) + 1), values, {}), civil
