"""What surrounds a facility, made ready once for any number of designs: air, clock, grid, sun."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from dctwin import cache
from dctwin.climate.files import read_weather
from dctwin.climate.weather import Weather
from dctwin.components.component import Air
from dctwin.design import Facility
from dctwin.errors import Fault, InputError
from dctwin.grid import read_carbon, read_price
from dctwin.metrics import GridYear
from dctwin.physics import moist_air
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
    return Surroundings(site, found, air, hour, year, inputs)


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
    """AC yield per rated kilowatt of the array at the facility bus; 0 where there is none."""
    pv = facility.onsite.pv
    return 0.0 if pv is None else array_yield(pv.component, weather)


def feed_pv_yield(facility: Facility, weather: Weather) -> dict[str, Any]:
    """Feed -> yield per rated kilowatt of the array on its bus."""
    return {
        feed.name: array_yield(feed.sources.pv.component, weather)
        for feed in facility.feeds
        if feed.sources is not None and feed.sources.pv is not None
    }


def array_yield(pv: Any, weather: Weather) -> Any:
    """Yield of an array behind its converter: from the cache, or by pvlib once per site."""
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
        raise InputError("pv: designs of one batch must share tilt, azimuth and inverter")

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
