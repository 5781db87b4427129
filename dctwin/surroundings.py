"""What surrounds a facility, made ready once for any number of designs: air, clock, grid, sun."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dctwin import cache
from dctwin.accounting.cost import grid_prices
from dctwin.accounting.factors import Factor
from dctwin.climate.files import read_weather
from dctwin.climate.weather import Weather
from dctwin.components.component import Air, Place
from dctwin.components.onsite.pv import PvArray
from dctwin.components.onsite.wind import WindTurbine
from dctwin.design import Device, Facility, source_key
from dctwin.engines.flows import Boundary
from dctwin.errors import Fault, InputError
from dctwin.grid import read_extra, read_water
from dctwin.grid_year import local_times, make_grid_year
from dctwin.metrics import GridYear
from dctwin.physics import moist_air
from dctwin.physics.arrays import steady
from dctwin.physics.seasons import over_year
from dctwin.physics.solar import pv_yield_frac, townsend_snow_loss_frac
from dctwin.scenario import Scenario
from dctwin.site import Site, Snow

PathLike = str | os.PathLike[str]
# Depth of one snowfall: turns a month's snow into snowfalls (assumed, 0.04 to 0.15 m).
SNOWFALL_M = 0.08


@dataclass(frozen=True)
class Surroundings:
    """A site made ready: weather at the step asked for, and the grid on its time axis.

    given   the weather as it came, at its own intervals
    """

    site: Site
    given: Weather
    weather: Weather
    air: Air
    local_hour: np.ndarray
    grid: GridYear
    place: Place
    inputs: Mapping[str, str]  # what else went in, by name -> digest
    sources: Mapping[str, Factor]  # of the grid's series, by their names in GridYear


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
    given = found
    found = given.resample(step)
    air = Air(
        found.dry_bulb_c,
        found.wet_bulb_c,
        found.humidity_kg_per_kg,
        found.enthalpy_kj_per_kg,
        found.pressure_pa,
        found.density_kg_per_m3,
        moist_air.saturated_enthalpy_kj_per_kg(
            found.wet_bulb_c, found.pressure_pa, over_water=True
        )[0],
    )
    local = found.times_utc + np.timedelta64(round(found.utc_offset_h * 3600), "s")
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    inputs = {}
    for name, file in (("grid", grid_file), ("price", price_file)):
        if file is not None:
            inputs[name] = digest_of(file)
    home = Path(site.document.file).parent
    if site.file.tariff is not None and site.file.tariff.price_table is not None:
        inputs["price_table"] = digest_of(home / site.file.tariff.price_table)
    for name, body in site.file.waters.items():
        if body.file is not None:
            inputs[f"water {name}"] = digest_of(home / body.file)
    year, sources = make_grid_year(site, found, grid_file, price_file)
    place = _place(site, found, year)
    return Surroundings(site, given, found, air, hour, year, place, inputs, sources)


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
    fall, fallen_m = None, None
    if site.file.snow is not None:
        month = middle.astype("datetime64[M]")
        length_h = ((month + 1).astype("datetime64[h]") - month.astype("datetime64[h]")).astype(
            float
        )
        of_month = np.asarray(site.file.snow.monthly_fall_m)[month.astype(int) % 12]
        fall = of_month / length_h
        fallen_m = sum(site.file.snow.monthly_fall_m)
    return Place(
        site=site.name,
        year_frac=year_frac,
        waters=waters,
        snowfall_m_per_h=fall,
        snowfall_m_per_year=fallen_m,
        lng=site.file.lng is not None,
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


def digest_of(file: PathLike) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as problem:
        raise InputError(
            Fault(os.fspath(file), 0, "", f"cannot be read: {problem.strerror}")
        ) from None


def boundary_of(facilities: list[Facility], surroundings: Surroundings) -> Boundary:
    """What designs of one topology meet at a site, ready for the engines."""
    link = surroundings.site.file.connection
    limits = {
        f"{way}_limit_kw": value
        for way in ("import", "export")
        if link is not None and (value := getattr(link, f"{way}_limit_kw")) is not None
    }
    air, available = surroundings.air, surroundings.grid.available_frac
    return Boundary(
        # In an array, so that what JAX compiles for a site serves another.
        air=replace(air, pressure_pa=np.asarray(steady(air.pressure_pa))),
        local_hour=surroundings.local_hour,
        step_h=surroundings.weather.step_h,
        onsite_frac=onsite_frac(facilities, surroundings),
        feed_pv_yield_frac=feed_pv_yield_frac(facilities, surroundings),
        **grid_prices(surroundings.site.file.tariff, surroundings.grid),
        carbon_kg_per_kwh=surroundings.grid.carbon_kg_per_kwh,
        place=surroundings.place,
        makeup_kg_per_m3=makeup_of(surroundings.site),
        grid_available=None if np.all(available == 1.0) else available,
        **limits,
    )


def makeup_of(site: Site) -> dict[str, float]:
    """What is known of the content of the site's make-up water."""
    return {} if site.file.water is None else site.file.water.makeup_kg_per_m3()


def onsite_frac(facilities: list[Facility], surroundings: Surroundings) -> dict[str, Any]:
    """Output over rating of each on-site source: (hours,), (designs, hours) where they differ."""
    files = [facility.document.file for facility in facilities]
    together = zip(*(facility.onsite.sources() for facility in facilities), strict=True)
    return {source_key(devices[0]): _rows_of(devices, files, surroundings) for devices in together}


def feed_pv_yield_frac(facilities: list[Facility], surroundings: Surroundings) -> dict[str, Any]:
    """Feed -> output over rating of the array on its bus, shaped as onsite_frac."""
    files = [facility.document.file for facility in facilities]
    found = {}
    for feeds in zip(*(facility.feeds for facility in facilities), strict=True):
        arrays = [feed.sources.pv for feed in feeds if feed.sources is not None]
        devices = [device for device in arrays if device is not None]
        if devices:
            found[feeds[0].name] = _rows_of(devices, files, surroundings)
    return found


def _rows_of(devices: Sequence[Device], files: list[str], surroundings: Surroundings) -> Any:
    """A source of each design: one row where they agree, else one a design."""
    rows = [
        source_frac(device, surroundings, file) for device, file in zip(devices, files, strict=True)
    ]
    same = all(row is rows[0] or np.array_equal(row, rows[0]) for row in rows[1:])
    return rows[0] if same else np.stack(rows)


def source_frac(device: Device, surroundings: Surroundings, design_file: str) -> np.ndarray:
    """Output over rating of one source at this site, one value a step, before its own losses.

    Sun and wind give what the weather says at its own intervals, held within them: a finer step
    would invent gradients that no file knows, and surplus and deficit would depend on it.
    """
    component, weather, given = device.component, surroundings.weather, surroundings.given
    if isinstance(component, PvArray):
        return _held(_pv_frac(component, surroundings), given, weather)
    if isinstance(component, WindTurbine):
        if not given.has_wind:
            raise InputError(
                f"weather {given.name}: has no wind, which {device.name} of the design needs"
            )
        frac = component.yield_frac(given.wind_m_s, given.dry_bulb_c, given.density_kg_per_m3)
        return _held(np.asarray(frac), given, weather)
    if component.file:
        path = Path(design_file).parent / component.file
        series = read_extra(path, "output_frac", weather.utc_offset_h)
        if series is None:
            raise InputError(Fault(os.fspath(path), 1, "output_frac", "no such column"))
        return series.onto(weather.times_utc[0], weather.rows, weather.step_h)
    clock = local_times(weather, None)
    return np.asarray(component.monthly_frac)[clock.astype("datetime64[M]").astype(int) % 12]


def _held(values: np.ndarray, given: Weather, weather: Weather) -> np.ndarray:
    """Values of the given weather's intervals on a run's steps: held in finer, mean of coarser."""
    if weather.step_h <= given.step_h:
        return np.repeat(values, weather.rows // given.rows)
    joined = round(weather.step_h / given.step_h)
    return np.asarray(values[: weather.rows * joined].reshape(-1, joined).mean(axis=1))


# The last yields of arrays, by what they were made from: a few megabytes.
_yields: dict[str, np.ndarray] = {}
_MOST_HELD = 64


def _pv_frac(pv: PvArray, surroundings: Surroundings) -> np.ndarray:
    """AC yield per rated kilowatt at the weather's own intervals: from the cache, or by pvlib once
    per site and array."""
    weather, snow = surroundings.given, surroundings.site.file.snow
    if not weather.has_solar:
        raise InputError(
            f"weather {weather.name}: has no irradiance, which the design's PV array needs"
        )
    setup = pv.setup()
    normals = None if snow is None else tuple(snow.monthly_fall_m)
    on_snow = (pv.snow_tilt_deg, pv.slant_height_m, pv.lower_edge_m, normals)

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
            snow_loss=None if snow is None else _snow_loss(pv, weather, snow),
            **setup,
        )
        return {"yield_frac": np.asarray(frac)}

    # Snow matters only where there is some: its numbers are part of the key then.
    key = cache.cache_key(
        "pv", weather.digest, json.dumps(setup, sort_keys=True), on_snow if snow else ()
    )
    if key not in _yields:
        if len(_yields) >= _MOST_HELD:
            _yields.pop(next(iter(_yields)))
        _yields[key] = cache.cached_arrays(key, make)["yield_frac"]
    return _yields[key]


def _snow_loss(pv: PvArray, weather: Weather, snow: Snow) -> Callable[[Any], np.ndarray]:
    """Loss of each step under the site's monthly snow, from the light on the array."""
    month = local_times(weather, None).astype("datetime64[M]").astype(int) % 12
    steps = np.maximum(np.bincount(month, minlength=12), 1)
    fall_m = np.asarray(snow.monthly_fall_m)

    def mean(values: Any) -> np.ndarray:
        return np.bincount(month, weights=values, minlength=12) / steps

    def loss(light_w_m2: Any) -> np.ndarray:
        monthly = townsend_snow_loss_frac(
            mean(light_w_m2) * 730.5 / 1000.0,  # hours of a mean month
            fall_m,
            np.ceil(fall_m / SNOWFALL_M),
            mean(weather.relative_humidity_frac),
            mean(weather.dry_bulb_c),
            pv.snow_tilt_deg,
            pv.slant_height_m,
            pv.lower_edge_m,
        )
        return monthly[month]

    return loss


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
