"""Solar noon in weather data: catches files shifted by an hour or with a wrong longitude or zone.

The check needs only the equation of time, so it does without a solar position library.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Spencer (1971), "Fourier series representation of the position of the sun", Search 2(5):172; as
# printed in Iqbal, An Introduction to Solar Radiation (1983), eq. 1.3.1 and 1.4.1. Maximum error
# 0.0006 rad in declination, 35 s in the equation of time.
MINUTES_PER_RADIAN = 229.18
DEGREES_PER_HOUR = 15.0

# Days with at least this share of the brightest day of their month count as clear. (Assumed.)
CLEAR_DAY_SHARE = 0.8
# More than this between data and computed solar noon is a wrong hour, not a cloudy afternoon.
NOON_TOLERANCE_MIN = 30.0
_DAYS_PER_GROUP = 30


def day_angle_rad(times_utc: NDArray[Any]) -> Floats:
    """Angle of the year, 0 at the start of 1 January."""
    years = times_utc.astype("datetime64[Y]")
    days = (times_utc - years) / np.timedelta64(1, "D")
    return 2.0 * np.pi / 365.0 * days


def equation_of_time_min(times_utc: NDArray[Any]) -> Floats:
    """Apparent less mean solar time, in minutes (Spencer 1971)."""
    b = day_angle_rad(times_utc)
    return MINUTES_PER_RADIAN * (
        0.000075
        + 0.001868 * np.cos(b)
        - 0.032077 * np.sin(b)
        - 0.014615 * np.cos(2.0 * b)
        - 0.040849 * np.sin(2.0 * b)
    )


def declination_rad(times_utc: NDArray[Any]) -> Floats:
    """Declination of the sun (Spencer 1971)."""
    b = day_angle_rad(times_utc)
    return (
        0.006918
        - 0.399912 * np.cos(b)
        + 0.070257 * np.sin(b)
        - 0.006758 * np.cos(2.0 * b)
        + 0.000907 * np.sin(2.0 * b)
        - 0.002697 * np.cos(3.0 * b)
        + 0.00148 * np.sin(3.0 * b)
    )


def solar_time_h(times_utc: NDArray[Any], longitude_deg: float) -> Floats:
    """Apparent solar time in hours since midnight of the first day; noon is 12, 36, 60, …"""
    midnight = times_utc[0].astype("datetime64[D]")
    hours = (times_utc - midnight) / np.timedelta64(1, "h")
    return hours + longitude_deg / DEGREES_PER_HOUR + equation_of_time_min(times_utc) / 60.0


def sine_of_elevation(times_utc: NDArray[Any], latitude_deg: float, longitude_deg: float) -> Floats:
    """Sine of the sun's elevation without refraction (Iqbal 1983, eq. 1.5.1)."""
    declination = declination_rad(times_utc)
    latitude = np.radians(latitude_deg)
    hour_angle = np.pi / 12.0 * (solar_time_h(times_utc, longitude_deg) - 12.0)
    level = np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.sin(latitude) * np.sin(declination) + level


def noon_offset_min(
    middle_utc: NDArray[Any], ghi_w_m2: Floats, longitude_deg: float
) -> float | None:
    """How long after computed solar noon the centre of the day's irradiation lies, in minutes.

    The median over clear days of the energy centroid of global horizontal irradiance, taken at the
    middle of each interval. None where there is no sun in the data.
    """
    solar_h = solar_time_h(middle_utc, longitude_deg)
    day = np.floor(solar_h / 24.0).astype(np.int64)
    day -= day.min()
    energy = np.bincount(day, ghi_w_m2)
    moment = np.bincount(day, ghi_w_m2 * np.mod(solar_h, 24.0))
    rows = np.bincount(day)
    # A day cut off by the ends of the file has its centroid in the wrong place.
    whole = rows >= rows.max() - 1
    group = np.arange(energy.size) // _DAYS_PER_GROUP
    brightest = np.zeros(group[-1] + 1)
    np.maximum.at(brightest, group, energy)
    clear = whole & (energy > 0.0) & (energy >= CLEAR_DAY_SHARE * brightest[group])
    if not clear.any():
        return None
    return float(60.0 * np.median(moment[clear] / energy[clear] - 12.0))
