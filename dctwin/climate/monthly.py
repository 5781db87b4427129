"""Monthly climate normals: what a national service publishes and a synthetic year reproduces."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from dctwin.errors import Fault, InputError

MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
YEAR_DAYS = 365
# Month 0..11 of each day of a common year.
MONTH_OF_DAY = np.repeat(np.arange(12), MONTH_DAYS)

# Lowest and highest value that a monthly normal on Earth can take.
_RANGES: dict[str, tuple[float, float]] = {
    "mean_c": (-60.0, 45.0),
    "daily_max_c": (-55.0, 55.0),
    "daily_min_c": (-65.0, 40.0),
    "relative_humidity_frac": (0.05, 1.0),
    "wind_m_s": (0.0, 30.0),
    "ghi_kwh_per_m2": (0.0, 10.0),
    "daily_max_sd_k": (0.1, 15.0),
    "daily_min_sd_k": (0.1, 15.0),
}
_OPTIONAL = ("daily_max_sd_k", "daily_min_sd_k")


@dataclass(frozen=True)
class MonthlyNormals:
    """Twelve values a quantity, January first. `ghi_kwh_per_m2` is a mean day's irradiation.

    The two standard deviations are those of daily maximum and minimum about their seasonal course;
    left out, they come from `day_to_day_sd_k`.
    """

    mean_c: tuple[float, ...]
    daily_max_c: tuple[float, ...]
    daily_min_c: tuple[float, ...]
    relative_humidity_frac: tuple[float, ...]
    wind_m_s: tuple[float, ...]
    ghi_kwh_per_m2: tuple[float, ...]
    daily_max_sd_k: tuple[float, ...] | None = None
    daily_min_sd_k: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        faults = []
        for field in fields(self):
            values = getattr(self, field.name)
            if values is None and field.name in _OPTIONAL:
                continue
            object.__setattr__(self, field.name, tuple(float(v) for v in values))
            faults += _faults(field.name, getattr(self, field.name))
        if not faults:
            for month, low, mean, high in zip(
                range(1, 13), self.daily_min_c, self.mean_c, self.daily_max_c, strict=True
            ):
                if not low < mean < high:
                    why = (
                        f"daily_min_c < mean_c < daily_max_c must hold (got {low}, {mean}, {high})"
                    )
                    faults.append(Fault("", 0, f"month {month}", why))
        if faults:
            raise InputError(*faults)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Every quantity as an array of 12, standard deviations filled in."""
        out = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _OPTIONAL}
        given = {name: getattr(self, name) for name in _OPTIONAL}
        arrays = {name: np.array(values) for name, values in out.items()}
        derived = dict(zip(_OPTIONAL, day_to_day_sd_k(arrays), strict=True))
        for name in _OPTIONAL:
            arrays[name] = derived[name] if given[name] is None else np.array(given[name])
        return arrays


def _faults(name: str, values: tuple[float, ...]) -> list[Fault]:
    if len(values) != 12:
        return [Fault("", 0, name, f"needs 12 values, January first (got {len(values)})")]
    low, high = _RANGES[name]
    return [
        Fault("", 0, f"{name}, month {month}", f"must lie in {low:g}..{high:g} (got {value:g})")
        for month, value in enumerate(values, start=1)
        if not low <= value <= high
    ]


def day_to_day_sd_k(
    normals: dict[str, NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard deviation of daily maximum and minimum temperature, by month, from the normals.

    Own least-squares fit to 13 typical-year files (Singapore, Tampa, Tucson, Tokyo to Stockholm,
    156 site-months): standard error 1.1 K for the maximum and 0.9 K for the minimum. It reads high
    for maritime East Asian winters (4.7 K against 2.3 K at Hyakuri); a site file with values of
    its own overrides it.
    """
    mean_c = normals["mean_c"]
    range_k = normals["daily_max_c"] - normals["daily_min_c"]
    seasonal_k = mean_c.std()
    below_k = mean_c.max() - mean_c
    return (
        0.58 + 0.164 * seasonal_k + 0.136 * range_k + 0.072 * below_k,
        0.42 + 0.162 * seasonal_k + 0.063 * range_k + 0.092 * below_k,
    )


def _seasonal_basis() -> NDArray[np.float64]:
    """Twelve smooth periodic functions of the day: constant, five harmonics, half the sixth.

    Of the sixth only the sine is kept: the cosine vanishes in the middle of every month.
    """
    angle = 2.0 * np.pi * (np.arange(YEAR_DAYS) + 0.5) / YEAR_DAYS
    columns = [np.ones(YEAR_DAYS)]
    for harmonic in range(1, 6):
        columns += [np.cos(harmonic * angle), np.sin(harmonic * angle)]
    return np.column_stack([*columns, np.sin(6 * angle)])


def month_means(daily: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each month of 365 daily (or 8760 hourly) values."""
    days = daily.reshape(YEAR_DAYS, -1).mean(axis=1)
    return np.bincount(MONTH_OF_DAY, days, minlength=12) / MONTH_DAYS


_BASIS = _seasonal_basis()
# Days from month means: the basis through the inverse of its own month means.
_SMOOTH = _BASIS @ np.linalg.inv(
    np.array([np.bincount(MONTH_OF_DAY, c, minlength=12) / MONTH_DAYS for c in _BASIS.T]).T
)


def smooth_days(monthly: NDArray[np.float64]) -> NDArray[np.float64]:
    """365 daily values, smooth over month and year ends, whose month means are exactly `monthly`.

    Epstein (1991), J. Climate 4:365: harmonics fitted to month means, not to mid-month points.
    """
    return np.asarray(_SMOOTH @ monthly)
