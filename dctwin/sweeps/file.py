"""A sweep file: which designs, sites, years and values to try, and what to keep of each.

    name: warm-water
    title: Supply temperature and load of a liquid-cooled hall
    designs: [dtc-warm-water-ac]
    sites: [inzai, ishikari]
    vary:
      cooling.loops.fws.supply_c: {from: 30, to: 42, step: 2}
      it.racks.gpu.load_frac: [0.5, 0.7, 0.9]

`vary` names paths of the design file, as `dctwin run --set` does, or choices between whole parts.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from dctwin.equipment import Name

Method = Literal["grid", "sobol", "latin-hypercube", "random", "saltelli", "morris"]
# Methods whose rows SALib lays out for its own analysis.
SENSITIVITY: frozenset[str] = frozenset({"saltelli", "morris"})
MAX_LEVELS = 100_000
MAX_TRACES = 1000
Number = Annotated[float, Field(strict=True)]


class _Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Span(_Structure):
    """Evenly spaced values: from, to, and either their step or their count.

    They are whole numbers when start and step are, so that a count of devices can be varied too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: Number = Field(alias="from", description="first value")
    stop: Number = Field(alias="to", description="last value")
    step: float | None = Field(None, gt=0, strict=True, description="distance of two values")
    count: int | None = Field(
        None, ge=2, le=MAX_LEVELS, strict=True, description="number of values"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Span:
        if (self.step is None) == (self.count is None):
            raise ValueError("give either step or count")
        if not self.start < self.stop:
            raise ValueError(f"from must be below to, {self.stop:g}")
        if self.step is not None and (self.stop - self.start) / self.step >= MAX_LEVELS:
            raise ValueError(f"step is too small: at most {MAX_LEVELS} values")
        return self

    def ends(self) -> tuple[float, float]:
        """First and last value."""
        return self.start, self.stop

    def values(self) -> list[float]:
        """All values; `to` is among them when steps lead there."""
        if self.count is not None:
            step = (self.stop - self.start) / (self.count - 1)
            found = [self.start + step * index for index in range(self.count)]
        else:
            step = self.step or 1.0
            steps = math.floor((self.stop - self.start) / step * (1 + 1e-12) + 1e-9)
            found = [round(self.start + step * index, 12) for index in range(steps + 1)]
        return [int(v) for v in found] if self.start.is_integer() and step.is_integer() else found


class Normal(_Structure):
    """A normal distribution, cut off at `low` and `high`."""

    mean: Number
    sd: Annotated[float, Field(gt=0, strict=True)]
    low: Number
    high: Number

    @model_validator(mode="after")
    def _holds_something(self) -> Normal:
        if not self.low < self.high:
            raise ValueError(f"low must be below high, {self.high:g}")
        return self


class Spread(_Structure):
    """A distribution: exactly one of its kinds.

    Where a design takes whole numbers alone, it gives these: `{uniform: [2, 4]}` is 2, 3 or 4.
    """

    uniform: tuple[Number, Number] | None = Field(None, description="lowest and highest")
    log_uniform: tuple[Number, Number] | None = Field(
        None, description="lowest and highest, both > 0"
    )
    triangular: tuple[Number, Number, Number] | None = Field(
        None, description="lowest, mode, highest"
    )
    normal: Normal | None = None

    @model_validator(mode="after")
    def _possible(self) -> Spread:
        kinds = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError("give one of uniform, log_uniform, triangular, normal")
        low, high = self.ends()
        if not low < high:
            raise ValueError(f"the lowest value of {kinds[0]} must be below its highest")
        if self.log_uniform is not None and low <= 0:
            raise ValueError("values of log_uniform must be above 0")
        if self.triangular is not None and not low <= self.triangular[1] <= high:
            raise ValueError("the mode of triangular must lie between its ends")
        return self

    def ends(self) -> tuple[float, float]:
        """Lowest and highest value."""
        if self.normal is not None:
            return self.normal.low, self.normal.high
        found = self.uniform or self.log_uniform or self.triangular
        assert found is not None
        return found[0], found[-1]


class Choices(_Structure):
    """Whole parts of the design to choose between: label -> {path: value}."""

    choices: dict[Name, dict[str, Any]] = Field(min_length=1)


def _kind_of(how: Any) -> str | None:
    """Which way of varying is meant: by its keys, misspelt ones too."""
    if isinstance(how, list):
        return "<list>"
    if not isinstance(how, Mapping):
        return None
    keys = {
        "from": "<range>",
        "to": "<range>",
        "step": "<range>",
        "count": "<range>",
        "choices": "<choices>",
        **dict.fromkeys(Spread.model_fields, "<distribution>"),
    }
    for key in map(str, how):
        if near := difflib.get_close_matches(key, keys, 1, _LIKE):
            return keys[near[0]]
    return None


# Share of letters in common from which a key is meant to be another.
_LIKE = 0.6
Vary = Annotated[
    Annotated[list[Any], Tag("<list>")]
    | Annotated[Span, Tag("<range>")]
    | Annotated[Spread, Tag("<distribution>")]
    | Annotated[Choices, Tag("<choices>")],
    Discriminator(
        _kind_of,
        custom_error_type="vary",
        custom_error_message="must be a list of values, a range (from, to, and step or count), a "
        "distribution (uniform, log_uniform, triangular or normal) or choices",
    ),
]


class Sampling(_Structure):
    """How the varied values are combined."""

    method: Method = "grid"
    points: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] | None = Field(
        None,
        description="samples of every method but grid; base samples of saltelli, paths of morris",
    )
    second_order: bool = Field(False, description="saltelli: indices of pairs too")


class Scenario(_Structure):
    """A world in which every point is tried: changes of the design and of the site."""

    design: dict[str, Any] = Field(default_factory=dict, description="path -> value")
    site: dict[str, Any] = Field(default_factory=dict, description="path -> value")


class Constraint(_Structure):
    """A bound on a metric. Points beyond it are dropped from rankings, or penalised."""

    metric: str
    min: Number | None = None
    max: Number | None = None
    penalty_per_unit: float | None = Field(
        None,
        ge=0,
        strict=True,
        description="added to every objective per unit beyond; without it, dropped",
    )

    @model_validator(mode="after")
    def _bounds_something(self) -> Constraint:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min must not be above max, {self.max:g}")
        return self

    def beyond(self, values: np.ndarray) -> np.ndarray:
        """How far values of the metric are beyond the bound; infinite where it is undefined."""
        low = -np.inf if self.min is None else self.min
        high = np.inf if self.max is None else self.max
        outside = np.maximum(np.maximum(values - high, low - values), 0.0)
        return np.where(np.isnan(values), np.inf, outside)


class Traces(_Structure):
    """Points whose hourly results are saved too."""

    points: list[Annotated[int, Field(ge=0, strict=True)]] = Field(default_factory=list)
    top: int = Field(0, ge=0, le=MAX_TRACES, description="this many of the best by the metric `by`")
    by: str = "pue"


def _weather_kind(weather: Any) -> str:
    return "<by-site>" if isinstance(weather, Mapping) else "<files>"


class SweepFile(_Structure):
    """A design sweep."""

    name: Name
    title: str = ""
    description: str = ""
    designs: list[str] = Field(min_length=1)
    sites: list[str] = Field(min_length=1)
    weather: Annotated[
        Annotated[list[str], Tag("<files>")] | Annotated[dict[str, list[str]], Tag("<by-site>")],
        Discriminator(_weather_kind),
    ] = Field(
        default_factory=list,
        description="weather files tried in place of the site's own; of several sites, by site",
    )
    step: Literal["5min", "15min", "30min", "1h"] = "1h"
    seed: int = Field(0, ge=0, le=2**31 - 1)
    sampling: Sampling = Field(default_factory=lambda: Sampling.model_validate({}))
    vary: dict[str, Vary] = Field(default_factory=dict)
    scenarios: dict[Name, Scenario] = Field(default_factory=dict)
    constraints: list[Constraint] = Field(default_factory=list)
    metrics: list[str] = Field(default_factory=list, description="what to keep; default all")
    traces: Traces = Field(default_factory=lambda: Traces.model_validate({}))

    def weather_of(self, site: str) -> list[str]:
        """Weather files to try at a site; "" is its own."""
        files = self.weather.get(site, []) if isinstance(self.weather, dict) else self.weather
        return files or [""]
