"""What surrounds a facility, made ready once for any number of designs: air, clock, grid, sun."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dctwin import cache
from dctwin.climate.files import read_weather
from dctwin.climate.weather import Weather
from dctwin.components.component import Air, Place
from dctwin.design import Facility
from dctwin.errors import Fault, InputError
from dctwin.grid import read_carbon, read_price, read_water
from dctwin.metrics import GridYear
from dctwin.physics import moist_air
from dctwin.physics.seasons import over_year
from dctwin.physics.solar import pv_yield_frac
from dctwin.scenario import Scenario
from dctwin.site import Site

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Surroundings:
    """A site made ready: weather at the step asked for, and the grid on its time axis."""

    site: Site
    weather: Weather
    air: Air
    local_hour: np.ndarray
    grid: GridYear
    place: Place
    inputs: Mapping[str, str]  # what else went in, by name -> digest


def prepare(
    site: Site,
    weather: PathLike | Weather | None = None,
    step: str = "1h",
    grid_file: PathLike | None = None,
    price_file: PathLike | None = None,
) -> Surroundings:
    """Everything that depends on the site alone, computed once for any number of designs."""
    if weather is None:
        found = site.weather()
    else:
        found = weather if isinstance(weather, Weather) else read_weather(weather)
    found = found.resample(step)
    air = Air(
        found.dry_bulb_c,
        found.wet_bulb_c,
        found.humidity_kg_per_kg,
        found.enthalpy_kj_per_kg,
        found.pressure_pa,
        found.density_kg_per_m3,
    )
    local = found.times_utc + np.timedelta64(round(found.utc_offset_h * 3600), "s")
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    inputs = {}
    for name, file in (("grid", grid_file), ("price", price_file)):
        if file is not None:
            inputs[name] = _digest(file)
    year = _grid_year(site, found, hour, grid_file, price_file)
    return Surroundings(site, found, air, hour, year, _place(site, found, year), inputs)


def _place(site: Site, weather: Weather, grid: GridYear) -> Place:
    """What the site offers besides its air, on the weather's steps."""
    local = weather.times_utc + np.timedelta64(round(weather.utc_offset_h * 3600), "s")
    middle = local + np.timedelta64(round(weather.step_h * 1800), "s")
    year = middle.astype("datetime64[Y]")
    year_s = ((year + 1).astype("datetime64[s]") - year.astype("datetime64[s]")).astype(float)
    year_frac = (middle - year.astype("datetime64[s]")).astype(float) / year_s
    waters = {}
    for name, body in site.file.waters.items():
        if body.monthly_c is not None:
            waters[name] = over_year(body.monthly_c, year_frac)
        else:
            path = Path(site.document.file).parent / str(body.file)
            series = read_water(path, weather.utc_offset_h)
            waters[name] = series.onto(weather.times_utc[0], weather.rows, weather.step_h)
    fall = None
    if site.file.snow is not None:
        month = middle.astype("datetime64[M]")
        length_h = ((month + 1).astype("datetime64[h]") - month.astype("datetime64[h]")).astype(
            float
        )
        of_month = np.asarray(site.file.snow.monthly_fall_m)[month.astype(int) % 12]
        fall = of_month / length_h
    return Place(
        site=site.name,
        year_frac=year_frac,
        waters=waters,
        snowfall_m_per_h=fall,
        price_frac=_price_over_day(grid.price_per_kwh, local),
    )


def _price_over_day(price: Any, local: np.ndarray) -> np.ndarray | None:
    """Each price over the mean of its local day; None where it does not change with the hour."""
    if not isinstance(price, np.ndarray):
        return None
    days = local.astype("datetime64[D]").astype(int)
    days = days - days[0]
    mean = np.bincount(days, price) / np.bincount(days)
    return np.asarray(price / np.where(mean[days] == 0.0, 1.0, mean[days]))


def held_place(place: Place, index: int) -> Place:
    """What the site offers at one moment."""

    def at(value: Any) -> Any:
        return None if value is None else float(value[index])

    return replace(
        place,
        year_frac=at(place.year_frac),
        waters={name: at(series) for name, series in place.waters.items()},
        snowfall_m_per_h=at(place.snowfall_m_per_h),
        price_frac=at(place.price_frac),
    )


def _digest(file: PathLike) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as problem:
        raise InputError(
            Fault(os.fspath(file), 0, "", f"cannot be read: {problem.strerror}")
        ) from None


def _grid_year(
    site: Site,
    weather: Weather,
    local_hour: np.ndarray,
    grid_file: PathLike | None,
    price_file: PathLike | None,
) -> GridYear:
    entry, tariff = site.file.grid, site.file.tariff
    axis = (weather.times_utc[0], weather.rows, weather.step_h)
    carbon: Any = entry.carbon_kg_per_kwh
    if entry.carbon_by_hour_kg_per_kwh is not None:
        carbon = np.asarray(entry.carbon_by_hour_kg_per_kwh)[local_hour]
    if grid_file is not None:
        carbon = read_carbon(os.fspath(grid_file)).onto(*axis)
    price: Any = None
    currency: str = tariff.currency if tariff else ""
    if tariff is not None:
        price = getattr(tariff, f"energy_price_{tariff.currency.lower()}_per_kwh")
    if price_file is not None:
        # Columns that do not say UTC are read as the site's local standard time.
        series = read_price(os.fspath(price_file), weather.utc_offset_h)
        price, currency = series.onto(*axis), series.unit
    return GridYear(
        carbon_kg_per_kwh=carbon,
        currency=currency,
        market_carbon_kg_per_kwh=entry.market_carbon_kg_per_kwh,
        price_per_kwh=price,
        water_l_per_kwh=entry.water_l_per_kwh,
        carbon_free_frac=entry.low_carbon_frac,
    )


def pv_yield(facility: Facility, weather: Weather) -> Any:
    """AC yield per rated kilowatt: from the cache, or by pvlib once per site and array."""
    if facility.onsite.pv is None:
        return 0.0
    pv = facility.onsite.pv.component
    if not weather.has_solar:
        raise InputError(
            f"weather {weather.name}: has no irradiance, which the design's PV array needs"
        )
    angles = {
        "tilt_deg": pv.tilt_deg,
        "azimuth_deg": pv.azimuth_deg,
        "dc_ac_ratio": pv.dc_ac_frac,
        "losses_frac": pv.losses_frac,
        "inverter_efficiency_frac": pv.inverter_efficiency_frac,
    }
    if any(np.ndim(value) for value in angles.values()):
        raise InputError("onsite.pv: designs of one batch must share tilt, azimuth and inverter")

    def make() -> dict[str, np.ndarray]:
        frac = pv_yield_frac(
            weather.times_utc[0],
            weather.step_h,
            weather.latitude_deg,
            weather.longitude_deg,
            weather.altitude_m,
            weather.dry_bulb_c,
            weather.wind_m_s,
            weather.dni_w_m2,
            weather.dhi_w_m2,
            weather.ghi_w_m2,
            **angles,
        )
        return {"yield_frac": np.asarray(frac)}

    key = cache.cache_key("pv", weather.digest, json.dumps(angles, sort_keys=True))
    return cache.cached_arrays(key, make)["yield_frac"]


def held_air(plan: Scenario, surroundings: Surroundings) -> tuple[int, Air]:
    """The hour whose clock, grid and pressure hold, and the air that is held."""
    weather = surroundings.weather
    index = int(np.argmax(weather.dry_bulb_c))
    given = plan.file.weather
    if given == "hottest":
        held = {f.name: float(getattr(surroundings.air, f.name)[index]) for f in fields(Air)}
        return index, Air(**held)
    pressure_pa = float(weather.pressure_pa[index])
    dry_c = given.dry_bulb_c
    humidity = moist_air.humidity_kg_per_kg(dry_c, given.relative_humidity_frac, pressure_pa)
    return index, Air(
        dry_bulb_c=dry_c,
        wet_bulb_c=float(moist_air.wet_bulb_c(dry_c, humidity, pressure_pa)),
        humidity_kg_per_kg=float(humidity),
        enthalpy_kj_per_kg=float(moist_air.enthalpy_kj_per_kg(dry_c, humidity)),
        pressure_pa=pressure_pa,
        density_kg_per_m3=float(moist_air.density_kg_per_m3(dry_c, humidity, pressure_pa)),
    )


def held_grid(year: GridYear, index: int) -> GridYear:
    """The grid of one moment."""
    at = {
        f.name: value[index] if isinstance(value, np.ndarray) else value
        for f in fields(year)
        for value in (getattr(year, f.name),)
    }
    return GridYear(**at)
