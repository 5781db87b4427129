"""A feeder that is asked for more than any voltage can carry: which one, and how much it could."""

from __future__ import annotations

import numpy as np

from dctwin.components.power.conductor import Conductor
from dctwin.physics.arrays import Array

_HALVINGS = 50


def collapse_text(place: str, conductor: Conductor, output_kw: Array) -> str:
    """What is wrong with one unit of a feeder that is to deliver `output_kw`; empty if nothing."""
    with np.errstate(invalid="ignore"):
        fails = np.isfinite(output_kw) & ~np.isfinite(conductor.loss_kw(output_kw))
        if not np.any(fails):
            return ""
        asked_kw = float(np.max(np.where(fails, output_kw, 0.0)))
        most_kw = _greatest_kw(conductor, asked_kw)
    count = "all" if np.all(fails) else str(np.count_nonzero(fails))
    steps = f" in {count} steps" if np.ndim(fails) else ""
    return (
        f"{place}: cannot deliver {asked_kw:,.0f} kW{steps}, it is past its greatest power: from "
        f"{float(np.max(conductor.source_v)):g} V no voltage at its end carries more than "
        f"{most_kw:,.0f} kW; shorten it, thicken it (length_m, section_mm2), lay more of them "
        "(count) or raise source_v"
    )


def _greatest_kw(conductor: Conductor, beyond_kw: float) -> float:
    """The most that it can deliver, below what it cannot."""
    low, high = 0.0, beyond_kw
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if np.all(np.isfinite(conductor.loss_kw(np.float64(middle)))):
            low = middle
        else:
            high = middle
    return low
