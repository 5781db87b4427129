"""Twelve monthly means as a smooth series over the year.

Equation: straight lines between the middles of the months, December joined to January, months of
equal length. Valid for quantities that change little from week to week (water temperatures, heat
demand, send-out of a terminal): the mean of the year is kept exactly, a month's own mean within
an eighth of its difference from the mean of its two neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import Array, namespace

MONTHS = 12
# Middles of the months, with one more on either side.
_MIDDLES_FRAC = (np.arange(-1, MONTHS + 1) + 0.5) / MONTHS


def over_year(monthly: Sequence[float], year_frac: Array) -> Array:
    """The value at a share of the calendar year (0 = 1 January, 1 = 31 December)."""
    xp = namespace(year_frac)
    around = (monthly[-1], *monthly, monthly[0])
    return xp.interp(year_frac, xp.asarray(_MIDDLES_FRAC), xp.asarray(around))
