"""Whole halls with published energy: a week or a year of a plant and its rooms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .harness import DATA, SkippedError
from .ref1 import us_weather

if TYPE_CHECKING:
    from dctwin.climate.weather import Weather
    from dctwin.result import Run

# A run needs a site for its grid only where its weather comes from a file.
_SITE = "inzai"
HOURS_PER_DAY = 24
# Names a folder with weather files that may not be redistributed.
WEATHER_FOLDER = "DCTWIN_WEATHER_DIR"


@cache
def weather_file(key: str) -> Weather:
    """A weather year by a part of its file's name: of the package that ships some, or one's own."""
    from dctwin.climate.files import read_weather

    try:
        return us_weather(key)
    except SkippedError as missing:
        folder = os.environ.get(WEATHER_FOLDER)
        for path in sorted(Path(folder).glob("*.epw")) if folder else ():
            if key in path.name:
                return read_weather(path)
        raise SkippedError(f"{missing}, nor does the folder that {WEATHER_FOLDER} names") from None


@cache
def hall_year(design: str, weather: str = "", site: str = _SITE) -> Run:
    """A year of a design at a site, or under a weather file. `*.yaml` are files of data/."""
    from dctwin.api import simulate

    given = weather_file(weather) if weather else None
    return simulate(of_data(design), of_data(site), weather=given)


def of_data(name: str) -> str | Path:
    """A file of data/, or a name of the catalogue."""
    return DATA / name if name.endswith(".yaml") else name


def year_metric(metric: str, design: str, weather: str = "", site: str = _SITE) -> float:
    """A metric of a design's year."""
    return float(hall_year(design, weather, site).metrics[metric])


def metric_difference(metric: str, design: str, site: str, less_site: str) -> float:
    """How much more a metric is at a site than at another."""
    one, other = (year_metric(metric, design, site=place) for place in (site, less_site))
    return one - other


def rank_correlation(metric: str, design: str, published: Mapping[str, float]) -> float:
    """Spearman's rank correlation of a metric with its published values, over sites."""
    from scipy.stats import spearmanr

    ours = [year_metric(metric, design, site=site) for site in published]
    return float(spearmanr(ours, list(published.values())).statistic)


def days_mean(design: str, weather: str, first_day: int, days: int, quantity: str) -> float:
    """Mean over days of a year (the first of January is 0).

    `quantity` is a trace, or `cooling_over_it`: one more than cooling power over IT power.
    """
    run = hall_year(design, weather)
    span = slice(first_day * HOURS_PER_DAY, (first_day + days) * HOURS_PER_DAY)
    if quantity != "cooling_over_it":
        return float(run.traces[quantity][span].mean())
    parts = {"cooling": 0.0, "it": 0.0}
    for account, power_kw in run.ledger.accounts().items():
        trade = account.split(".")[0]
        if trade in parts:
            parts[trade] += float(np.sum(power_kw[span]))
    return 1.0 + parts["cooling"] / parts["it"]
