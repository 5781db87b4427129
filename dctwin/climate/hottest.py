"""A year with a given hottest hour: a record year, or a typical one held to what is observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dctwin.climate.weather import Weather
from dctwin.errors import InputError
from dctwin.physics import moist_air

# Hours below this quantile of the year stay as they are (assumed, 0.8 to 0.95: a record year is
# hot in its hottest weeks, its winter tells nothing of it).
QUANTILE_FRAC = 0.9


def hottest_year(weather: Weather, hottest_c: float) -> Weather:
    """The year with its hottest tenth stretched in proportion, so that its maximum is `hottest_c`.

    T' = T_q + (T - T_q) · (T_hottest - T_q)/(T_max - T_q) above the quantile T_q; less than T_max
    draws the tail in, where a drawn year is more extreme than the place. The humidity ratio of
    each hour stays, so a hotter hour is drier in relative humidity. Monthly means of the hot season
    leave the normals by about a tenth of the change of the maximum.
    Raises InputError for a temperature below the quantile.
    """
    dry_c = weather.dry_bulb_c
    start_c, most_c = float(np.quantile(dry_c, QUANTILE_FRAC)), float(dry_c.max())
    if hottest_c <= start_c:
        raise InputError(
            f"climate.hottest_c: must be above {start_c:.1f}, which a tenth of the hours pass "
            f"(got {hottest_c:g})"
        )
    stretch = (hottest_c - start_c) / max(most_c - start_c, 1e-9)
    changed_c = np.where(dry_c > start_c, start_c + (dry_c - start_c) * stretch, dry_c)
    humid = moist_air.relative_humidity_frac(
        changed_c, weather.humidity_kg_per_kg, weather.pressure_pa
    )
    return replace(
        weather,
        dry_bulb_c=changed_c,
        relative_humidity_frac=np.minimum(humid, 1.0),
        notes=(*weather.notes, f"the hottest tenth is scaled so that it ends at {hottest_c:g} °C"),
    )
