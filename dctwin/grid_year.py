"""A site's grid on the time axis of a run: carbon, prices, mix, curtailment, outages."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dctwin.accounting.factors import grid_water_l_per_kwh
from dctwin.climate.weather import Weather
from dctwin.errors import InputError
from dctwin.grid import (
    TimedValues,
    in_year,
    read_carbon,
    read_extra,
    read_month_hour,
    read_price,
    zone,
)
from dctwin.jepx import is_jepx, read_jepx
from dctwin.metrics import GridYear
from dctwin.physics.overlap import covered_frac
from dctwin.site import Site
from dctwin.supply import Curtailment, Outage, price_of
from dctwin.units import SECONDS_PER_HOUR

PathLike = str | os.PathLike[str]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = 3  # 1 January 1970
_EPOCH = 1970


def make_grid_year(
    site: Site,
    weather: Weather,
    grid_file: PathLike | None = None,
    price_file: PathLike | None = None,
) -> GridYear:
    """The site's grid over the run; files given replace what the site says."""
    file, entry = site.file, site.file.grid
    clock = local_times(weather, file.timezone)
    hour = _hour(clock)
    carbon = _by_hour(entry.carbon_kg_per_kwh, entry.carbon_by_hour_kg_per_kwh, hour)
    low_carbon = _by_hour(entry.low_carbon_frac, entry.low_carbon_by_hour_frac, hour)
    extras: dict[str, Any] = {}
    if grid_file is not None:
        path, offset = os.fspath(grid_file), weather.utc_offset_h
        carbon = _onto(read_carbon(path, "direct", offset, file.timezone), weather)
        names = ("marginal_carbon_kg_per_kwh", "low_carbon_frac", "renewable_frac", "surplus_kw",
                 "outage_frac")  # fmt: skip
        for name in names:
            series = read_extra(path, name, offset, file.timezone)
            if series is not None:
                extras[name] = _onto(series, weather)
    price, currency = _price(site, weather, clock, price_file)
    water = entry.water_l_per_kwh
    if water is None and entry.mix_frac is not None:
        water = grid_water_l_per_kwh(entry.mix_frac, entry.water_cooling)
    curtailing = None
    if "surplus_kw" in extras:
        curtailing = (extras["surplus_kw"] > 0) * 1.0
    elif file.curtailment is not None and weather.has_solar:
        curtailing = curtailing_frac(file.curtailment, weather)
    outage = extras.get("outage_frac", outage_frac(file.outages, weather))
    return GridYear(
        carbon_kg_per_kwh=carbon,
        currency=currency,
        market_carbon_kg_per_kwh=entry.market_carbon_kg_per_kwh,
        price_per_kwh=price,
        water_l_per_kwh=water,
        carbon_free_frac=extras.get("low_carbon_frac", low_carbon),
        renewable_frac=extras.get("renewable_frac", entry.renewable_frac),
        marginal_carbon_kg_per_kwh=extras.get(
            "marginal_carbon_kg_per_kwh", entry.marginal_carbon_kg_per_kwh
        ),
        curtailing_frac=curtailing,
        available_frac=1.0 - outage,
        local_month=clock.astype("datetime64[M]").astype(int) % 12,
    )


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
) -> tuple[Any, str]:
    """Energy price a step and its currency."""
    tariff = site.file.tariff
    if price_file is not None:
        if is_jepx(price_file):
            if not site.file.jepx_area:
                raise InputError(f"{price_file}: site {site.name} says no jepx_area to read it for")
            series = read_jepx(price_file, site.file.jepx_area)
        else:
            # Columns that do not say UTC are read by the site's clock.
            series = read_price(os.fspath(price_file), weather.utc_offset_h, site.file.timezone)
        return _onto(series, weather), series.unit
    if tariff is None:
        return None, ""
    return energy_price(tariff, clock, Path(site.document.file).parent), tariff.currency


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
    """Share of each step without grid; an outage of another year keeps its month, day and time,
    29 February the 28th where the year has none."""
    if not outages:
        return 0.0
    begin = weather.times_utc[0].astype("datetime64[s]")
    years = np.unique(weather.times_utc.astype("datetime64[Y]").astype(int)) + _EPOCH
    intervals: list[tuple[float, float]] = []
    for outage in outages:
        moment = outage.start_utc
        naive = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
        for year in years:
            start = in_year(np.array([naive], dtype="datetime64[s]"), int(year))[0]
            start_h = float((start - begin) / np.timedelta64(1, "s")) / SECONDS_PER_HOUR
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
