"""Whole halls with published energy: a week or a year of a plant and its rooms."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .harness import DATA
from .ref1 import us_weather

if TYPE_CHECKING:
    from dctwin.result import Run

# A run needs a site for its grid only; its weather comes from the file.
_SITE = "inzai"
HOURS_PER_DAY = 24


@cache
def hall_year(design: str, weather: str) -> Run:
    """A year of a design file of data/ under a US TMY3 year."""
    from dctwin.api import simulate

    return simulate(DATA / design, _SITE, weather=us_weather(weather))


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
