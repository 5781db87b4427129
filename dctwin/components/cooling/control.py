"""How a bank of equal units is run: staging by load with hysteresis, changeover by outdoor air.

Staging. One more unit starts where each would carry more than `high`; one stops where each of the
others would carry no more than `low` <= `high`:

    least = ceil(load/high)   most = ceil(load/low)   n(t) = clip(n(t-1), least, most)

within min_count and the units there are. A unit below its own least load cycles, as its equations
say.
Changeover. A stage is open from `below_c` down and closes again `hysteresis_k` above; in between it
stays as it was: the same law with bounds 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from dctwin.components.component import Air
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.scan import held

# A load this far above a whole number of units is that number (rounding of sums of loads).
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Staging:
    """Load per running unit (kW, or m³/s of pumps) above which one starts, at which one stops."""

    high: float
    low: float
    min_count: float


@dataclass(frozen=True)
class Changeover:
    """Open below an outdoor temperature; while it is open an exclusive one stops what follows."""

    of: str
    below_c: float
    hysteresis_k: float
    exclusive: bool


@dataclass(frozen=True)
class Control:
    """How a bank is run; the default is all units on, always open, in series.

    parallel_flow_frac  most of the loop's flow that its branch beside the next stage passes;
                        0: all of it, in series
    """

    staging: Staging | None = None
    changeover: Changeover | None = None
    parallel_flow_frac: float = 0.0
    water_source: str = ""


def units_on(
    staging: Staging, count: Array, load: Array, before_count: Array | None = None
) -> Array:
    """Units that run in each step; `before_count` is their number before a single step."""
    xp = namespace(load, count, staging.high, staging.low)

    def needed(unit: Array) -> Array:
        units = xp.ceil(load / unit - _ROUNDING)
        return xp.clip(units, xp.minimum(staging.min_count, count), count)

    least, most = needed(staging.high), needed(staging.low)
    if xp.ndim(least) == 0:
        return xp.clip(least if before_count is None else before_count, least, most)
    return held(least, most, least[..., :1])


def open_frac(changeover: Changeover, air: Air) -> Array:
    """1 in the steps in which the stage is open, else 0; the first step decides by `below_c`."""
    outdoor_c = air.wet_bulb_c if changeover.of == "wet_bulb" else air.dry_bulb_c
    xp = namespace(outdoor_c, changeover.below_c)
    cold = xp.where(outdoor_c < changeover.below_c, 1.0, 0.0)
    if xp.ndim(cold) == 0:
        return cold
    mild = xp.where(outdoor_c < changeover.below_c + changeover.hysteresis_k, 1.0, 0.0)
    return held(cold, mild, cold[..., :1])
