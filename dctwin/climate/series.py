"""From a table in a file's units to `Weather`: ranges, gaps, humidity, and what is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dctwin.climate import gaps, noon
from dctwin.climate.table import Column, Faults, Floats, Ints, Limits, Table, number, shown
from dctwin.climate.weather import Weather
from dctwin.physics import moist_air

# Plausible values; outside is refused. Temperature: the records of the World Meteorological
# Organization are -89.2 and 56.7 °C. Humidity and pressure: limits of the EPW data dictionary
# (EnergyPlus Auxiliary Programs, "EPW Data Dictionary"). Irradiance: the solar constant at
# perihelion is 1407 W/m² and clouds can add to the clear sky. Wind: above the strongest hourly
# means known, about 80 m/s (assumed).
PLAUSIBLE: dict[str, tuple[float, float]] = {
    "dry_bulb_c": (-90.0, 70.0),
    "dew_point_c": (-100.0, 50.0),
    "wet_bulb_c": (-90.0, 50.0),
    "relative_humidity_frac": (0.0, 1.1),
    "pressure_pa": (31_000.0, 120_000.0),
    "wind_m_s": (0.0, 90.0),
    "ghi_w_m2": (0.0, 1500.0),
    "dni_w_m2": (0.0, 1500.0),
    "dhi_w_m2": (0.0, 1500.0),
}
SOLAR = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2")
# Pyranometers read slightly below zero at night; ISO 9060:2018 allows a class B instrument a
# thermal offset of 15 W/m². Down to that is read as 0, and noted.
NIGHT_OFFSET_W_M2 = 15.0
# Dew point or wet bulb above dry bulb by no more than this is a rounding in the file.
ABOVE_DRY_BULB_K = 0.5
# Yearly mean pressure further than this from the standard atmosphere at the stated altitude says
# that altitude or pressure is of another place. (Assumed; yearly means are within about 1.5 %.)
PRESSURE_SHARE = 0.03
SHORTEST_H = 24.0
_BISECTIONS = 40


@dataclass(frozen=True)
class Place:
    """What the head of a file says about where it is."""

    name: str
    source: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    utc_offset_h: float


def head_number(
    text: object, label: str, low: float, high: float, line: int, faults: Faults
) -> float:
    """A number of the file's head, or a fault; 0 stands in so that reading can go on."""
    try:
        value = number(str(text))
    except ValueError:
        value = np.nan
    if not low <= value <= high:
        faults.add(
            line, label, f"must be a number, allowed {low:g} to {high:g} (got {shown(text)})"
        )
        return 0.0
    return value


def head_place(
    name: str, source: str, texts: dict[str, object], line: int, faults: Faults
) -> Place:
    """Latitude, longitude, altitude and UTC offset checked."""
    ranges = {
        "latitude_deg": (-90.0, 90.0),
        "longitude_deg": (-180.0, 180.0),
        "altitude_m": (-500.0, 9000.0),
        "utc_offset_h": (-12.0, 14.0),
    }
    values = {
        label: head_number(texts[label], label, low, high, line, faults)
        for label, (low, high) in ranges.items()
    }
    return Place(name.strip() or "unnamed", source, **values)


def checked(table: Table, columns: Sequence[Column], faults: Faults, notes: list[str]) -> Table:
    """The table in our units; a fault for each value that is not plausible."""
    values = {
        column.name: _in_range(
            table.columns[column.name] * column.scale, table.lines, column, faults, notes
        )
        for column in columns
    }
    return replace(table, columns={**table.columns, **values})


def assemble(
    place: Place,
    table: Table,
    columns: Sequence[Column],
    starts_utc_s: Ints,
    step_min: int,
    span_utc_s: tuple[int, int] | None,
    faults: Faults,
    limits: Limits,
    notes: list[str],
    synthetic: bool = False,
) -> Weather:
    """Order, fill and complete the columns of a `checked` table."""
    labels = {column.name: column.label for column in columns}
    # A column without any value is a column that the file does not have.
    values = {
        name: column
        for name, column in table.columns.items()
        if name in labels and not np.isnan(column).all()
    }
    placed = gaps.place(starts_utc_s, table.lines, values, step_min * 60, span_utc_s, faults, notes)
    step_h = step_min / 60.0
    rows = placed.lines.size
    if rows * step_h < SHORTEST_H:
        raise faults.stop(
            0, "rows", f"too short, allowed from {SHORTEST_H:g} h (got {rows * step_h:g} h)"
        )
    if rows > limits.rows:
        raise faults.stop(0, "rows", f"too many, allowed {limits.rows:,} (got {rows:,})")
    weather = _complete(place, placed, labels, step_h, faults, notes, synthetic)
    if round(weather.hours) not in (8760, 8784):
        notes.append(f"covers {weather.hours:g} h, not one whole year")
    _cross_check(weather, notes)
    return _with_notes(weather, notes)


def _in_range(
    values: Floats, lines: Ints, column: Column, faults: Faults, notes: list[str]
) -> Floats:
    low, high = PLAUSIBLE[column.name]
    if column.name in SOLAR:
        offset = (values < 0.0) & (values >= -NIGHT_OFFSET_W_M2)
        if offset.any():
            notes.append(
                f"{column.label}: {int(offset.sum())} values a little below 0 (night offset of the "
                "instrument): read as 0"
            )
            values = np.where(offset, 0.0, values)
    for row in np.flatnonzero(~((values >= low) & (values <= high)) & ~np.isnan(values)):
        scale = column.scale
        faults.add(
            lines[row],
            column.label,
            f"not plausible, allowed {low / scale:g} to {high / scale:g} "
            f"(got {values[row] / scale:g})",
        )
    return values


def _complete(
    place: Place,
    placed: gaps.Placed,
    labels: dict[str, str],
    step_h: float,
    faults: Faults,
    notes: list[str],
    synthetic: bool,
) -> Weather:
    """Gaps filled and the columns that the file lacks made, each with a note."""
    given, lines = placed.columns, placed.lines

    def filled(name: str, values: Floats, longest_h: float = gaps.LONGEST_GAP_H) -> Floats:
        label = labels.get(name, name)
        return gaps.fill(values, lines, label, step_h, longest_h, faults, notes)

    if "dry_bulb_c" not in given:
        raise faults.stop(0, labels.get("dry_bulb_c", "dry_bulb_c"), "has no value in any row")
    dry_bulb_c = filled("dry_bulb_c", given["dry_bulb_c"])
    if "pressure_pa" in given:
        pressure_pa = filled("pressure_pa", given["pressure_pa"])
    else:
        standard = float(moist_air.pressure_at_altitude_pa(place.altitude_m))
        pressure_pa = np.full_like(dry_bulb_c, standard)
        notes.append(
            f"no pressure: standard atmosphere at {place.altitude_m:g} m, {standard:.0f} Pa"
        )
    humidity_frac = _relative_humidity(given, dry_bulb_c, pressure_pa, lines, faults, notes)
    humidity_frac = filled("relative_humidity_frac", humidity_frac)
    above = humidity_frac > 1.0
    if above.any():
        notes.append(
            f"relative humidity: {int(above.sum())} values above 100 % (up to "
            f"{100.0 * humidity_frac.max():.4g} %): set to 100 %"
        )
        humidity_frac = np.where(above, 1.0, humidity_frac)

    has_wind = "wind_m_s" in given
    wind_m_s = filled("wind_m_s", given["wind_m_s"]) if has_wind else np.zeros_like(dry_bulb_c)
    if not has_wind:
        notes.append("no wind: 0 m/s throughout")
    absent = [labels.get(name, name) for name in SOLAR if name not in given]
    if absent:
        notes.append(f"no {', '.join(absent)}: the weather counts as without sun")
        solar = {name: np.zeros_like(dry_bulb_c) for name in SOLAR}
    else:
        solar = _dark_hours(given, place, placed.start_s, step_h, notes)
        solar = {
            name: filled(name, values, gaps.LONGEST_SOLAR_GAP_H) for name, values in solar.items()
        }
    faults.raise_any()
    return Weather(
        name=place.name,
        source=place.source,
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        altitude_m=place.altitude_m,
        utc_offset_h=place.utc_offset_h,
        step_h=step_h,
        start=np.datetime64(placed.start_s, "s"),
        dry_bulb_c=dry_bulb_c,
        relative_humidity_frac=humidity_frac,
        pressure_pa=pressure_pa,
        wind_m_s=wind_m_s,
        ghi_w_m2=solar["ghi_w_m2"],
        dni_w_m2=solar["dni_w_m2"],
        dhi_w_m2=solar["dhi_w_m2"],
        has_solar=not absent,
        has_wind=has_wind,
        synthetic=synthetic,
    )


def _relative_humidity(
    given: dict[str, Floats],
    dry_bulb_c: Floats,
    pressure_pa: Floats,
    lines: Ints,
    faults: Faults,
    notes: list[str],
) -> Floats:
    """Relative humidity as given; where it is missing from dew point, then from wet bulb."""
    humidity_frac = given.get("relative_humidity_frac", np.full_like(dry_bulb_c, np.nan))
    for name, rule in (("dew_point_c", _from_dew_point), ("wet_bulb_c", _from_wet_bulb)):
        use = np.isnan(humidity_frac)
        if name not in given or not use.any():
            continue
        bulb_c = given[name]
        use &= ~np.isnan(bulb_c)
        wrong = use & (bulb_c > dry_bulb_c + ABOVE_DRY_BULB_K)
        for row in np.flatnonzero(wrong):
            faults.add(
                lines[row],
                name,
                "cannot be above dry bulb, allowed up to "
                f"{dry_bulb_c[row]:g} (got {bulb_c[row]:g})",
            )
        if use.any():
            notes.append(f"relative humidity of {int(use.sum())} rows made from {name}")
            made = rule(dry_bulb_c[use], np.minimum(bulb_c, dry_bulb_c)[use], pressure_pa[use])
            humidity_frac = humidity_frac.copy()
            humidity_frac[use] = made
    if np.isnan(humidity_frac).all():
        faults.raise_any()
        raise faults.stop(
            0,
            "relative humidity",
            "has no value in any row, and neither dew point nor wet bulb has",
        )
    return humidity_frac


def _from_dew_point(dry_bulb_c: Floats, dew_point_c: Floats, pressure_pa: Floats) -> Floats:
    at_dew = moist_air.saturated_vapour_pressure_pa(dew_point_c, pressure_pa)
    return np.asarray(at_dew / moist_air.saturated_vapour_pressure_pa(dry_bulb_c, pressure_pa))


def _from_wet_bulb(dry_bulb_c: Floats, wet_bulb_c: Floats, pressure_pa: Floats) -> Floats:
    """The inverse of `moist_air.wet_bulb_c` by bisection: it rises with relative humidity."""
    low, high = np.zeros_like(dry_bulb_c), np.ones_like(dry_bulb_c)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        humidity = moist_air.humidity_kg_per_kg(dry_bulb_c, middle, pressure_pa)
        too_dry = moist_air.wet_bulb_c(dry_bulb_c, humidity, pressure_pa) < wet_bulb_c
        low, high = np.where(too_dry, middle, low), np.where(too_dry, high, middle)
    return 0.5 * (low + high)


def _dark_hours(
    given: dict[str, Floats], place: Place, start_s: int, step_h: float, notes: list[str]
) -> dict[str, Floats]:
    """Irradiance 0 where it is missing and the sun is down from start to end of the interval."""
    solar = {name: given[name] for name in SOLAR}
    missing = np.logical_or.reduce([np.isnan(values) for values in solar.values()])
    if not missing.any():
        return solar
    edges_s = start_s + np.rint(np.arange(missing.size + 1) * step_h * 3600.0).astype(np.int64)
    edges = edges_s.astype("datetime64[s]")
    down = noon.sine_of_elevation(edges, place.latitude_deg, place.longitude_deg) < 0.0
    dark = missing & down[:-1] & down[1:]
    if dark.any():
        notes.append(f"irradiance of {int(dark.sum())} rows without sun was missing: 0")
        solar = {name: np.where(dark & np.isnan(v), 0.0, v) for name, v in solar.items()}
    return solar


def _cross_check(weather: Weather, notes: list[str]) -> None:
    """Notes on what does not fit together; the data are left as they are."""
    standard = float(moist_air.pressure_at_altitude_pa(weather.altitude_m))
    off = float(weather.pressure_pa.mean()) / standard - 1.0
    if abs(off) > PRESSURE_SHARE:
        notes.append(
            f"mean pressure {weather.pressure_pa.mean():.0f} Pa is {100.0 * off:+.1f} % from the "
            f"standard atmosphere at {weather.altitude_m:g} m: pressure or altitude may be of "
            "another place"
        )
    offset = weather.noon_offset_min()
    if offset is not None and abs(offset) > noon.NOON_TOLERANCE_MIN:
        notes.append(
            f"solar noon in the data is {offset:+.0f} min from the computed one: check longitude, "
            "UTC offset and whether rows name the start or the end of their hour"
        )


def _with_notes(weather: Weather, notes: list[str]) -> Weather:
    object.__setattr__(weather, "notes", tuple(notes))
    return weather
