"""A synthetic year of hours that reproduces a site's monthly normals.

Not measured weather: a typical year made from twelve numbers a quantity, for sites without a file.
By construction each month keeps its mean, mean daily maximum and mean daily minimum temperature
(within 0.02 K), relative humidity, wind and global irradiation (within 0.1 %). Between those the
day-to-day and hour-to-hour behaviour is stochastic with published statistics:

* daily maximum, minimum and clearness: trivariate first-order process of Richardson (1981, Water
  Resour. Res. 17:182) with the mean correlations of 31 US stations of Richardson (1982, Trans.
  ASAE 25:735), used by WGEN and SWAT for every place;
* distribution of daily clearness: exponential between limits, Bendt, Collares-Pereira & Rabl
  (1981, Solar Energy 27:1), upper limit of Herzog (1985) as in Duffie & Beckman (2013), sec. 2.9;
* hourly clearness within a day: TAG model, Aguiar & Collares-Pereira (1992, Solar Energy 49:167);
* beam and diffuse: Erbs et al. (1982);
* hours between daily extremes: sine by day, exponential by night, Parton & Logan (1981, Agric.
  Meteorol. 23:205) with its 1.5 m coefficients, raised to a monthly power that sets the mean;
* dew point: a daily depression below the mean temperature, wider on clear and on hot days, never
  above the dry bulb; wind: Rayleigh distributed, persistent, strongest in the afternoon.

Valid between the polar circles and, with days held between 4 and 20 h in the temperature shape,
beyond. Extremes beyond a typical year (records, heat waves of weeks) are not represented.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dctwin.cache import cache_key, cached_arrays
from dctwin.climate.monthly import (
    MONTH_DAYS,
    MONTH_OF_DAY,
    YEAR_DAYS,
    MonthlyNormals,
    month_means,
    smooth_days,
)
from dctwin.climate.weather import Weather
from dctwin.errors import Fault, InputError
from dctwin.physics import solar

Floats = NDArray[np.float64]

YEAR_HOURS = 8760
# The nominal calendar year that typical years carry (see climate.weather).
NOMINAL_YEAR = 2023

# Richardson (1982): correlation of today's (M0) and of today's with yesterday's (M1) residuals of
# daily maximum, daily minimum temperature and solar radiation, mean of 31 US stations.
_SAME_DAY = np.array([[1.0, 0.633, 0.186], [0.633, 1.0, -0.193], [0.186, -0.193, 1.0]])
_NEXT_DAY = np.array([[0.621, 0.445, 0.087], [0.563, 0.674, -0.100], [0.015, -0.091, 0.251]])
_SETTLING_DAYS = 30
# Narrowest day kept when maximum and minimum are drawn (assumed; 0.5 to 2 K changes nothing much).
_LEAST_RANGE_K = 1.0

# Parton & Logan (1981), air at 1.5 m: lag of the maximum behind noon (h), decay of the night (-),
# lag of the minimum behind sunrise (h).
_MAX_LAG_H, _NIGHT_DECAY, _MIN_LAG_H = 1.86, 2.20, -0.17
_SHORTEST_DAY_H, _LONGEST_DAY_H = 4.0, 20.0

_LEAST_CLEARNESS = 0.05  # Bendt et al. (1981)
_CLEAR_HOUR = 0.82  # highest hourly clearness drawn; observed hours rarely pass it (assumed)
_DARKEST_HOUR = 0.2  # lowest share of the day's mean course (assumed, 0.1 to 0.3)

# Depression of the daily dew point: log-standard deviation, correlation with clearness, lag-1
# correlation of the rest. Means over 13 typical-year files (0.32 to 0.63, 0.38 to 0.77, 0.28 to
# 0.75); own reading, applied everywhere.
_DEPRESSION_SPREAD, _DEPRESSION_WITH_SUN, _DEPRESSION_LAG = 0.44, 0.6, 0.45
# In the same files the dew point follows a day's temperature anomaly one to one in cool months, but
# by 0.65 in the warm months of the nine humid places (0.36 to 1.01): a hot spell is drier. Full
# from 25 °C of monthly mean, none below 10 °C (assumed).
_WARM_LAG_FRAC, _WARM_FROM_C, _WARM_FULL_C = 0.35, 10.0, 25.0

# Wind components hour to hour, and the afternoon's rise of the speed: lag-1 correlation of speed
# 0.68 to 0.97 (mean 0.81), hourly means 0.7 to 1.45 of the day's in the same 13 files.
_WIND_LAG, _WIND_AFTERNOON, _WIND_PEAK_H = 0.92, 0.35, 14.0


def synthetic_weather(
    name: str,
    normals: MonthlyNormals,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float,
    utc_offset_h: float,
    seed: int = 0,
    stream: str = "",
) -> Weather:
    """The synthetic year as `Weather`, marked synthetic.

    It is the same for the same normals, place, seed and stream, whatever the name. `stream` names
    the random numbers that are drawn; where it is empty they are those of the place. Its arrays are
    kept in the cache on disk.
    """
    place = (latitude_deg, longitude_deg, altitude_m, utc_offset_h)
    drawn = stream or stream_of(latitude_deg, longitude_deg)
    key = cache_key("synthetic-year", repr(normals), *place, seed, drawn)
    columns: dict[str, Any] = {
        **cached_arrays(key, lambda: synthetic_year(normals, *place, seed, drawn))
    }
    offset_min = round(utc_offset_h * 60.0)
    return Weather(
        name=f"{name} (synthetic)",
        source=f"synthetic year from monthly normals of {name}, seed {seed}",
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        altitude_m=altitude_m,
        utc_offset_h=utc_offset_h,
        step_h=1.0,
        start=np.datetime64(f"{NOMINAL_YEAR}-01-01T00:00") - np.timedelta64(offset_min, "m"),
        notes=(
            "synthetic year: monthly means are the site's normals, days and hours are drawn",
            "pressure is that of the standard atmosphere at the site's altitude",
        ),
        synthetic=True,
        **columns,
    )


def synthetic_year(
    normals: MonthlyNormals,
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: float,
    utc_offset_h: float,
    seed: int = 0,
    stream: str = "",
) -> dict[str, Floats]:
    """8760 hours from 1 January 00:00 local standard time, as the columns of `Weather`."""
    month = normals.arrays()
    residuals = _daily_residuals(_stream(seed, stream, "days"))
    ghi, dni, dhi = _radiation(
        month["ghi_kwh_per_m2"],
        latitude_deg,
        longitude_deg - 15.0 * utc_offset_h,
        residuals[1:-1, 2],
        _stream(seed, stream, "sky"),
    )
    dry_bulb_c = _temperature(month, latitude_deg, longitude_deg - 15.0 * utc_offset_h, residuals)
    return {
        "dry_bulb_c": dry_bulb_c,
        "relative_humidity_frac": _relative_humidity(
            month["relative_humidity_frac"],
            dry_bulb_c,
            residuals[1:-1, 2],
            _stream(seed, stream, "humidity"),
        ),
        "pressure_pa": np.full(YEAR_HOURS, standard_pressure_pa(altitude_m)),
        "wind_m_s": _wind(month["wind_m_s"], _stream(seed, stream, "wind")),
        "ghi_w_m2": ghi,
        "dni_w_m2": dni,
        "dhi_w_m2": dhi,
    }


def standard_pressure_pa(altitude_m: float) -> float:
    """Pressure of the standard atmosphere, -5..11 km (ASHRAE Fundamentals 2021, ch. 1, eq. 3)."""
    return float(101_325.0 * (1.0 - 2.25577e-5 * altitude_m) ** 5.2559)


def stream_of(latitude_deg: float, longitude_deg: float) -> str:
    """The random stream of a place, to a hundredth of a degree (1 km).

    >>> stream_of(35.69, 139.75)
    '35.69,139.75'
    """
    return f"{latitude_deg:.2f},{longitude_deg:.2f}"


def _stream(seed: int, stream: str, what: str) -> np.random.Generator:
    """Random numbers of their own for each quantity of each stream."""
    key = hashlib.sha256(f"{seed}/{stream}/{what}".encode()).digest()
    return np.random.default_rng(int.from_bytes(key[:16], "big"))


def _daily_residuals(stream: np.random.Generator) -> Floats:
    """(367, 3) standard residuals of daily maximum, minimum, clearness; a day more at each end."""
    carry = _NEXT_DAY @ np.linalg.inv(_SAME_DAY)
    fresh = np.linalg.cholesky(_SAME_DAY - carry @ _NEXT_DAY.T)
    draws = stream.standard_normal((_SETTLING_DAYS + YEAR_DAYS + 2, 3)) @ fresh.T
    for day in range(1, len(draws)):
        draws[day] += carry @ draws[day - 1]
    draws = draws[_SETTLING_DAYS:]
    return draws / _own_spread(draws[1:-1])


def _own_spread(days: Floats) -> Floats:
    """(367, 3) standard deviation about the month's mean, on lines between the mid-months.

    Dividing by it gives every year the site's day-to-day spread: without it one drawn month in ten
    is a fifth too lively, and the hottest hours of the year with it.
    """
    mean = np.array([month_means(column) for column in days.T])[:, MONTH_OF_DAY].T
    spread = np.sqrt([month_means(column) for column in ((days - mean) ** 2).T])
    middle = np.cumsum(MONTH_DAYS) - MONTH_DAYS / 2.0
    at = np.arange(-1, YEAR_DAYS + 1) + 0.5
    return np.column_stack([np.interp(at, middle, row, period=YEAR_DAYS) for row in spread])


def _persistent(stream: np.random.Generator, count: int, lag: float) -> Floats:
    """A standard first-order process."""
    draws = stream.standard_normal(count)
    value, out, fresh = draws[0], [], math.sqrt(1.0 - lag * lag)
    for draw in draws.tolist():
        value = lag * value + fresh * draw
        out.append(value)
    return np.array(out)


def _normal_share(values: Floats) -> Floats:
    """Standard normal distribution function."""
    return np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in values.tolist()])


# --- temperature ---------------------------------------------------------------------------------


def _temperature(month: dict[str, Floats], latitude: float, east_deg: float, z: Floats) -> Floats:
    """Hourly dry bulb; `east_deg` is the longitude less the time zone's meridian."""
    shape = _DiurnalShape(latitude, east_deg)
    sd = [_padded(smooth_days(month[f"daily_{end}_sd_k"])) for end in ("max", "min")]
    draw_max, draw_min = sd[0] * z[:, 0], sd[1] * z[:, 1]
    targets = np.array([month["daily_max_c"], month["daily_min_c"], month["mean_c"]])
    aim_max, aim_min, log_power = targets[0].copy(), targets[1].copy(), np.zeros(12)
    hours = np.empty(0)
    # Each pass moves the monthly aims by what the hours still miss: 0.005 K after twelve passes.
    for _ in range(12):
        high = _padded(smooth_days(aim_max)) + draw_max
        low = _padded(smooth_days(aim_min)) + draw_min
        range_k = np.maximum(high - low, _LEAST_RANGE_K)
        middle = 0.5 * (high + low)
        power = np.exp(smooth_days(log_power))
        hours = shape.hours(middle + 0.5 * range_k, middle - 0.5 * range_k, power)
        days = hours.reshape(YEAR_DAYS, 24)
        now = [month_means(x) for x in (days.max(axis=1), days.min(axis=1), hours)]
        miss = targets - np.array(now)
        aim_max += miss[0]
        aim_min += miss[1]
        # The mean moves with the extremes too; what is left is the power's to correct. For a
        # rectified sine d(mean)/d(log power) is near -0.2 of the range.
        log_power -= (miss[2] - 0.5 * (miss[0] + miss[1])) / (0.2 * (targets[0] - targets[1]))
    return hours + np.repeat(smooth_days(miss[2]), 24)


def _padded(days: Floats) -> Floats:
    """A day more at each end, taken from the other end of the year."""
    return np.concatenate([days[-1:], days, days[:1]])


class _DiurnalShape:
    """When the minima, maxima and sunsets fall, and the course between them (Parton & Logan)."""

    def __init__(self, latitude: float, east_deg: float) -> None:
        number = np.arange(-1, YEAR_DAYS + 1)
        sun = solar.sun_of_day(number % YEAR_DAYS + 1.0)
        noon = 24.0 * number + solar.solar_noon_h(east_deg, 0.0, sun.equation_of_time_h)
        daylight = solar.sunset_angle_deg(latitude, sun.declination_deg) / 7.5
        daylight = np.clip(daylight, _SHORTEST_DAY_H, _LONGEST_DAY_H)
        self.minimum_h = noon - daylight / 2.0 + _MIN_LAG_H
        sunset_h = noon + daylight / 2.0
        rise = sunset_h - self.minimum_h
        self.maximum_h = self.minimum_h + rise / 2.0 + _MAX_LAG_H
        self.at = np.arange(YEAR_HOURS) + 0.5
        day = np.searchsorted(self.minimum_h, self.at) - 1
        since = self.at - self.minimum_h[day]
        quarter = np.pi / (rise + 2.0 * _MAX_LAG_H)
        night_h = np.append(np.diff(self.minimum_h), 24.0) - rise
        late = (self.at - sunset_h[day]) / night_h[day]
        decay = (np.exp(-_NIGHT_DECAY * late) - math.exp(-_NIGHT_DECAY)) / (
            1.0 - math.exp(-_NIGHT_DECAY)
        )
        dusk = np.sin(quarter * rise)
        by_day = np.sin(np.minimum(since, rise[day]) * quarter[day])
        # The night's exponential is shifted to reach the minimum exactly, so days join.
        share = np.where(late < 0.0, by_day, dusk[day] * decay)
        self.log_share = np.log(np.clip(share, 1e-9, 1.0))

    def hours(self, high: Floats, low: Floats, power: Floats) -> Floats:
        """Between lines through the minima and maxima of 367 days: low + (high-low) share^power."""
        base = np.interp(self.at, self.minimum_h, low)
        top = np.interp(self.at, self.maximum_h, high)
        return base + (top - base) * np.exp(np.repeat(power, 24) * self.log_share)


# --- radiation -----------------------------------------------------------------------------------


def _radiation(
    ghi_kwh_per_m2: Floats,
    latitude: float,
    east_deg: float,
    z: Floats,
    stream: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Hourly global, beam normal and diffuse radiation; closure holds on the hour's mean zenith."""
    day = np.repeat(np.arange(1.0, YEAR_DAYS + 1), 24)
    sun = solar.sun_of_day(day)
    noon = solar.solar_noon_h(east_deg, 0.0, sun.equation_of_time_h)
    clock = np.tile(np.arange(24.0), YEAR_DAYS)
    cos_zenith = solar.mean_cos_zenith(sun, latitude, noon, clock, 1.0)
    outside = solar.SOLAR_CONSTANT_W_M2 * sun.distance_frac * cos_zenith
    daily_outside = outside.reshape(YEAR_DAYS, 24).sum(axis=1) / 1000.0
    month_outside = month_means(daily_outside)
    clearness = np.divide(
        ghi_kwh_per_m2, month_outside, out=np.zeros(12), where=month_outside > 1e-3
    )
    _check_clearness(clearness)
    daily = _daily_clearness(clearness, z, daily_outside)
    hourly = _hourly_clearness(daily, cos_zenith, outside, stream)
    ghi = hourly * outside
    dhi = ghi * solar.erbs_diffuse_frac(hourly)
    dni = np.divide(ghi - dhi, cos_zenith, out=np.zeros(YEAR_HOURS), where=cos_zenith > 0.0)
    return ghi, dni, dhi


def _check_clearness(clearness: Floats) -> None:
    """Monthly irradiation must be possible: at most 0.8 of that outside the atmosphere."""
    faults = [
        Fault(
            "",
            0,
            f"ghi_kwh_per_m2, month {month}",
            f"must be at most 0.8 of the radiation outside the atmosphere (got {value:.2f} of it)",
        )
        for month, value in enumerate(clearness.tolist(), start=1)
        if value > 0.8
    ]
    if faults:
        raise InputError(*faults)


def _daily_clearness(mean: Floats, z: Floats, outside: Floats) -> Floats:
    """Daily clearness of each month's mean: density ~ exp(g K) between limits (Bendt et al. 1981).

    g is solved so that the distribution's mean is the month's, not taken from an approximation;
    then z is shifted by month until the days drawn have that mean, weighted by the radiation
    outside, so that no day leaves the limits.
    """
    from_limit = mean - 0.75
    eighth = (from_limit * from_limit) ** 4
    high = np.maximum(0.6313 + 0.267 * mean - 11.9 * eighth, mean + 0.02)
    low = np.minimum(_LEAST_CLEARNESS, 0.5 * mean)
    width = high - low

    def average(g: Floats) -> Floats:  # of exp(g x) on 0..1
        return low + width * (1.0 / (1.0 - np.exp(-g)) - 1.0 / g)

    g = _bisect(average, mean, 60.0)[MONTH_OF_DAY]
    weight = np.maximum(outside, 1e-9)
    total = np.bincount(MONTH_OF_DAY, weight, minlength=12)

    def days(shift: Floats) -> Floats:
        share = np.log1p(_normal_share(z + shift[MONTH_OF_DAY]) * np.expm1(g)) / g
        return low[MONTH_OF_DAY] + width[MONTH_OF_DAY] * share

    def drawn(shift: Floats) -> Floats:
        return np.bincount(MONTH_OF_DAY, weight * days(shift), minlength=12) / total

    return days(_bisect(drawn, mean, 6.0))


def _bisect(rising: Callable[[Floats], Floats], target: Floats, bound: float) -> Floats:
    """Where twelve rising functions meet their targets, sought in -bound..bound (to 1e-10)."""
    below, above = np.full(12, -bound), np.full(12, bound)
    for _ in range(40):
        middle = 0.5 * (below + above) + 1e-12  # never exactly 0, where the average divides by it
        short = rising(middle) < target
        below, above = np.where(short, middle, below), np.where(short, above, middle)
    return 0.5 * (below + above) + 1e-12


def _hourly_clearness(
    daily: Floats, cos_zenith: Floats, outside: Floats, stream: np.random.Generator
) -> Floats:
    """Hourly clearness (Aguiar & Collares-Pereira 1992), scaled to keep each day's sum."""
    k = np.repeat(daily, 24)
    height = np.maximum(cos_zenith, 0.02)
    level = -0.19 + 1.12 * k + 0.24 * np.exp(-8.0 * k)
    swing = 0.32 - 1.6 * (k - 0.5) ** 2
    course = level + swing * np.exp(-(0.19 + 2.27 * k**2 - 2.51 * k**3) / height)
    course = np.maximum(course, 0.05)
    spread = 0.14 * np.exp(-20.0 * (k - 0.35) ** 2)
    spread = spread * np.exp((3.0 * (k - 0.45) ** 2 + 16.0 * k**5) * (1.0 - height))
    lag = np.repeat(0.38 + 0.06 * np.cos(7.4 * daily - 2.5), 24).tolist()
    value, noise = 0.0, []
    for draw, today in zip(stream.standard_normal(YEAR_HOURS).tolist(), lag, strict=True):
        value = today * value + math.sqrt(1.0 - today * today) * draw
        noise.append(value)
    hourly = np.clip(course + spread * np.array(noise), _DARKEST_HOUR * course, _CLEAR_HOUR)
    wanted = daily * outside.reshape(YEAR_DAYS, 24).sum(axis=1)
    for limit in (*[_CLEAR_HOUR] * 4, np.inf):  # the last scaling is exact
        got = (hourly * outside).reshape(YEAR_DAYS, 24).sum(axis=1)
        factor = np.divide(wanted, got, out=np.zeros(YEAR_DAYS), where=got > 0.0)
        hourly = np.minimum(hourly * np.repeat(factor, 24), limit)
    return np.where(outside > 0.0, hourly, 0.0)


# --- humidity and wind ---------------------------------------------------------------------------


def _vapour_pressure_ratio(dew_c: Floats, dry_bulb_c: Floats) -> Floats:
    """Saturation pressure at the dew point over that at the dry bulb, both over water.

    Magnus form of WMO-No. 8 (2018), annex 4.B; relative humidity of normals is over water.
    """
    return np.exp(17.62 * dew_c / (243.12 + dew_c) - 17.62 * dry_bulb_c / (243.12 + dry_bulb_c))


def _relative_humidity(
    target: Floats, dry_bulb_c: Floats, z: Floats, stream: np.random.Generator
) -> Floats:
    """Hourly relative humidity from a daily dew point that never passes the dry bulb."""
    rest = _persistent(stream, YEAR_DAYS, _DEPRESSION_LAG)
    mixed = _DEPRESSION_WITH_SUN * z + math.sqrt(1.0 - _DEPRESSION_WITH_SUN**2) * rest
    mean_c = dry_bulb_c.reshape(YEAR_DAYS, 24).mean(axis=1)
    course_c = smooth_days(month_means(dry_bulb_c))
    warm = np.clip((course_c - _WARM_FROM_C) / (_WARM_FULL_C - _WARM_FROM_C), 0.0, 1.0)
    followed_c = mean_c - _WARM_LAG_FRAC * warm * (mean_c - course_c)
    at, noons = np.arange(YEAR_HOURS) + 0.5, 24.0 * np.arange(-1, YEAR_DAYS + 1) + 12.0
    log_depression = np.log(np.maximum(-15.0 * np.log(target), 0.05))
    humidity = np.empty(0)
    for _ in range(12):  # monotone in the depression; 1e-5 after twelve passes
        depression_k = np.exp(smooth_days(log_depression) + _DEPRESSION_SPREAD * mixed)
        dew_c = np.interp(at, noons, _padded(followed_c - depression_k))
        humidity = _vapour_pressure_ratio(np.minimum(dew_c, dry_bulb_c), dry_bulb_c)
        now = month_means(humidity)
        log_depression += np.log(np.log(target) / np.log(now))
    return np.minimum(humidity, 1.0)


def _wind(target: Floats, stream: np.random.Generator) -> Floats:
    """Hourly wind speed: length of two persistent components, so Rayleigh distributed.

    Rayleigh is the reference distribution of IEC 61400-1; months keep their mean exactly.
    """
    east = _persistent(stream, YEAR_HOURS, _WIND_LAG)
    north = _persistent(stream, YEAR_HOURS, _WIND_LAG)
    hour = np.arange(YEAR_HOURS) % 24 + 0.5
    swing = 1.0 + _WIND_AFTERNOON * np.cos(np.pi * (hour - _WIND_PEAK_H) / 12.0)
    season = np.repeat(np.maximum(smooth_days(target), 0.0), 24)
    speed = np.sqrt(east * east + north * north) * swing * season
    now = month_means(speed)
    scale = np.divide(target, now, out=np.zeros(12), where=now > 0.0)
    return speed * np.repeat(scale[MONTH_OF_DAY], 24)
