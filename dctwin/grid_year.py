"""A site's grid on the time axis of a run: carbon, prices, mix, curtailment, outages."""

from __future__ import annotations

import os
from calendar import isleap
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dctwin.accounting.factors import Factor, grid_water_l_per_kwh
from dctwin.climate.weather import Weather
from dctwin.clock import zone
from dctwin.errors import InputError
from dctwin.grid import read_carbon, read_extra, read_month_hour, read_price
from dctwin.jepx import is_jepx, read_jepx
from dctwin.metrics import GridYear
from dctwin.physics.overlap import covered_frac
from dctwin.site import Site
from dctwin.supply import NOT_SOURCED, Curtailment, Outage, note_of, price_of
from dctwin.timed import TimedValues
from dctwin.units import SECONDS_PER_HOUR

PathLike = str | os.PathLike[str]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = 3  # 1 January 1970
# Technologies of a mix that burn fossil carbon; what is unknown counts as if it did.
_FOSSIL = frozenset({"coal", "gas", "oil", "unknown"})
# Columns of a grid file beside carbon -> their series in GridYear.
_COLUMNS = {
    "marginal_carbon_kg_per_kwh": "marginal_carbon_kg_per_kwh",
    "low_carbon_frac": "carbon_free_frac",
    "renewable_frac": "renewable_frac",
    "surplus_kw": "surplus_kw",
    "outage_frac": "outage_frac",
}


def make_grid_year(
    site: Site,
    weather: Weather,
    grid_file: PathLike | None = None,
    price_file: PathLike | None = None,
) -> tuple[GridYear, dict[str, Factor]]:
    """The site's grid over the run, and by the name of each series the source of its values.

    Files given replace what the site says, and take the place of its sources.
    """
    file, entry = site.file, site.file.grid
    clock = local_times(weather, file.timezone)
    hour = _hour(clock)
    found: dict[str, Any] = {}
    notes: dict[str, tuple[str, str]] = {}

    def put(name: str, value: Any, status: str, source: str) -> None:
        if value is not None:
            found[name], notes[name] = value, (status, source or NOT_SOURCED)

    carbon = _by_hour(entry.carbon_kg_per_kwh, entry.carbon_by_hour_kg_per_kwh, hour)
    put("carbon_kg_per_kwh", carbon, entry.carbon_status, entry.carbon_source)
    for name in ("marginal_carbon", "market_carbon"):
        value, status, source = (getattr(entry, f"{name}_{x}") for x in _PARTS)
        put(f"{name}_kg_per_kwh", value, status, source)
    shares = {} if entry.mix_frac is None else shares_of(entry.mix_frac)
    low_carbon = _given(entry.low_carbon_frac, shares.get("low_carbon_frac"))
    low_carbon = _by_hour(low_carbon, entry.low_carbon_by_hour_frac, hour)
    put("carbon_free_frac", low_carbon, entry.mix_status, entry.mix_source)
    renewable = _given(entry.renewable_frac, shares.get("renewable_frac"))
    put("renewable_frac", renewable, entry.mix_status, entry.mix_source)
    put("water_l_per_kwh", entry.water_l_per_kwh, entry.water_status, entry.water_source)
    if entry.water_l_per_kwh is None and entry.mix_frac is not None:
        litres = grid_water_l_per_kwh(entry.mix_frac, entry.water_cooling)
        text = f"Macknick et al. (2012), {entry.water_cooling} cooling, mix: {entry.mix_source}"
        put("water_l_per_kwh", litres, "computed", text)
    region = file.curtailment
    if region is not None and weather.has_solar:
        when = curtailing_frac(region, weather)
        put("curtailing_frac", when, region.status, region.source)
        put("surplus_kw", region.surplus_kw(), region.status, region.source)
    found["available_frac"] = 1.0 - outage_frac(file.outages, weather)
    if grid_file is not None:
        for name, (series, source) in _of_file(grid_file, weather, file.timezone).items():
            put(name, series, "read", source)
    priced = _price(site, weather, clock, price_file)
    price, found["currency"], found["price_year"], status, source = priced
    put("price_per_kwh", price, status, source)
    found["local_month"] = clock.astype("datetime64[M]").astype(int) % 12
    sources = {
        name: factor_of(name, found[name], found["currency"], *note) for name, note in notes.items()
    }
    return GridYear(**found), sources


_PARTS = ("kg_per_kwh", "status", "source")
_UNITS = {"curtailing_frac": "-", "surplus_kw": "kW", "water_l_per_kwh": "L/kWh"}


def factor_of(name: str, values: Any, currency: str, status: str, source: str) -> Factor:
    """The mean of a series of the grid with its source, as a run's provenance shows it."""
    mean = float(np.mean(values))
    unit = f"{currency}/kWh" if name == "price_per_kwh" else _UNITS.get(name, "-")
    unit = "kg/kWh" if name.endswith("carbon_kg_per_kwh") else unit
    return Factor(f"site.{name}", mean, mean, mean, unit, status, " ".join(source.split()))


def shares_of(mix_frac: Mapping[str, float]) -> dict[str, float]:
    """Carbon-free and renewable share of a generation mix by technology.

    >>> shares_of({"coal": 0.5, "nuclear": 0.2, "solar": 0.3})
    {'low_carbon_frac': 0.5, 'renewable_frac': 0.3}
    """
    fossil = sum(share for name, share in mix_frac.items() if name in _FOSSIL)
    free = sum(mix_frac.values()) - fossil
    return {"low_carbon_frac": free, "renewable_frac": free - mix_frac.get("nuclear", 0.0)}


def _given(value: float | None, default: float | None) -> float | None:
    return default if value is None else value


def _of_file(
    grid_file: PathLike, weather: Weather, timezone: str | None
) -> dict[str, tuple[Any, str]]:
    """The series that a grid file holds on the run's steps, and where each is from, by their names
    in GridYear."""
    path, offset = os.fspath(grid_file), weather.utc_offset_h

    def of(series: TimedValues) -> tuple[Any, str]:
        return _onto(series, weather), "; ".join((f"--grid {path}", *series.notes))

    found = {"carbon_kg_per_kwh": of(read_carbon(path, "direct", offset, timezone))}
    for column, name in _COLUMNS.items():
        series = read_extra(path, column, offset, timezone)
        if series is not None:
            found[name] = of(series)
    if "surplus_kw" in found:
        surplus_kw, source = found["surplus_kw"]
        found["curtailing_frac"] = (surplus_kw > 0) * 1.0, source
    if "outage_frac" in found:
        out_frac, source = found.pop("outage_frac")
        found["available_frac"] = 1.0 - out_frac, source
    return found


def local_times(weather: Weather, timezone: str | None) -> np.ndarray:
    """The start of each step by the site's clock: standard time, or a zone with summer time."""
    times = weather.times_utc
    if timezone is None:
        return times + np.timedelta64(round(weather.utc_offset_h * 3600), "s")
    place = zone(timezone)
    offsets = [
        datetime.fromtimestamp(int(second), UTC).astimezone(place).utcoffset()
        for second in times.astype("datetime64[s]").astype(np.int64)
    ]
    seconds = np.array([0 if o is None else round(o.total_seconds()) for o in offsets])
    return times + seconds.astype("timedelta64[s]")


def _hour(clock: np.ndarray) -> np.ndarray:
    return (clock - clock.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)


def _by_hour(mean: Any, profile: list[float] | None, hour: np.ndarray) -> Any:
    return mean if profile is None else np.asarray(profile)[hour]


def _onto(series: TimedValues, weather: Weather) -> np.ndarray:
    return series.onto(weather.times_utc[0], weather.rows, weather.step_h)


def _price(
    site: Site, weather: Weather, clock: np.ndarray, price_file: PathLike | None
) -> tuple[Any, str, int | None, str, str]:
    """Energy price a step, its currency and year, and the status and source of it."""
    tariff = site.file.tariff
    if price_file is not None:
        if is_jepx(price_file):
            if not site.file.jepx_area:
                raise InputError(f"{price_file}: site {site.name} says no jepx_area to read it for")
            series = read_jepx(price_file, site.file.jepx_area)
        else:
            # Columns that do not say UTC are read by the site's clock.
            series = read_price(os.fspath(price_file), weather.utc_offset_h, site.file.timezone)
        # A file from one summer to the next is called by the year it begins in, as JEPX does.
        year = int(str(series.start + np.timedelta64(round(weather.utc_offset_h), "h"))[:4])
        source = "; ".join((f"--price {os.fspath(price_file)}, {series.column}", *series.notes))
        return _onto(series, weather), series.unit, year, "read", source
    if tariff is None:
        return None, "", None, "assumed", ""
    price = energy_price(tariff, clock, Path(site.document.file).parent)
    return price, tariff.currency, tariff.year, *note_of(tariff, "energy_price")


def energy_price(tariff: Any, clock: np.ndarray, home: Path) -> Any:
    """Energy price of a tariff a step: flat, shaped by a table, or by the time of use.

    A table gives the shape over month and hour; it is scaled to the tariff's mean over the table.
    """
    price: Any = price_of(tariff, "energy_price", tariff.currency, "kwh")
    hour, month = _hour(clock), clock.astype("datetime64[M]").astype(int) % 12
    if tariff.price_table is not None:
        table = read_month_hour(home / tariff.price_table)
        price = price * (table / table.mean())[month, hour]
    weekday = (clock.astype("datetime64[D]").astype(int) + _THURSDAY) % 7
    for period in reversed(tariff.time_of_use):
        fits = (
            np.isin(month + 1, period.months)
            & np.isin(hour, period.hours)
            & np.isin(weekday, [_WEEKDAYS.index(day) for day in period.weekdays])
        )
        price = np.where(fits, price_of(period, "energy_price", tariff.currency, "kwh"), price)
    return price


def curtailing_frac(curtailment: Curtailment, weather: Weather) -> np.ndarray:
    """1 in the hours in which the region curtails: the sunniest days of each month, around noon.

    A part of a day in `days_count` counts the next sunniest day in part.
    """
    clock = local_times(weather, None)
    days = clock.astype("datetime64[D]")
    found, at = np.unique(days, return_inverse=True)
    light = np.bincount(at, weights=weather.ghi_w_m2)
    month = found.astype("datetime64[M]").astype(int) % 12
    share = np.zeros(found.size)
    for index, wanted in enumerate(curtailment.days_count):
        here = np.flatnonzero(month == index)
        ranked = here[np.argsort(-light[here], kind="stable")]
        share[ranked] = np.clip(wanted - np.arange(ranked.size), 0.0, 1.0)
    hour = _hour(clock)
    noon = (hour >= curtailment.first_hour_h) & (hour <= curtailment.last_hour_h)
    return share[at] * noon


def outage_frac(outages: list[Outage], weather: Weather) -> Any:
    """Share of each step without grid; an outage of another year keeps its month, day and time."""
    if not outages:
        return 0.0
    first, last = weather.times_utc[0], weather.times_utc[-1]
    intervals: list[tuple[float, float]] = []
    for outage in outages:
        moment = outage.start_utc
        naive = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
        for year in range(int(str(first)[:4]), int(str(last)[:4]) + 1):
            if (naive.month, naive.day) == (2, 29) and not isleap(year):
                continue  # as in grid.py, a day that the run has not is left out
            start = np.datetime64(naive.replace(year=year), "s")
            start_h = float((start - first) / np.timedelta64(1, "s")) / SECONDS_PER_HOUR
            intervals.append((start_h, start_h + outage.length_h))
    return covered_frac(*_apart(intervals), weather.rows, weather.step_h)


def _apart(intervals: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Starts and ends of the same intervals with those that overlap cut off."""
    starts: list[float] = []
    ends: list[float] = []
    for start_h, end_h in sorted(intervals):
        start_h = max(start_h, ends[-1]) if ends else start_h
        if end_h > start_h:
            starts.append(start_h)
            ends.append(end_h)
    return starts, ends
