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

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dctwin.document import Document, faults_of, load_document
from dctwin.equipment import Name
from dctwin.errors import InputError

Method = Literal["grid", "sobol", "latin-hypercube", "random", "saltelli", "morris"]
# Methods whose rows SALib lays out for its own analysis.
SENSITIVITY: frozenset[str] = frozenset({"saltelli", "morris"})


class _Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Span(_Structure):
    """Evenly spaced values: from, to, and either their step or their count."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: float = Field(alias="from", description="first value")
    stop: float = Field(alias="to", description="last value")
    step: float | None = Field(None, gt=0, description="distance of two values")
    count: int | None = Field(None, ge=2, le=100_000, description="number of values")

    @model_validator(mode="after")
    def _one_way(self) -> Span:
        if (self.step is None) == (self.count is None):
            raise ValueError("give either step or count")
        if not self.start < self.stop:
            raise ValueError("from must be below to")
        return self

    def values(self) -> list[float]:
        """All values; `to` is among them when steps lead there."""
        if self.count is not None:
            step = (self.stop - self.start) / (self.count - 1)
            return [self.start + step * index for index in range(self.count)]
        step = self.step or 1.0
        steps = math.floor((self.stop - self.start) / step * (1 + 1e-12) + 1e-9)
        return [round(self.start + step * index, 12) for index in range(steps + 1)]


class Normal(_Structure):
    """A normal distribution, cut off at `low` and `high`."""

    mean: float
    sd: float = Field(gt=0)
    low: float
    high: float

    @model_validator(mode="after")
    def _holds_something(self) -> Normal:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self


class Spread(_Structure):
    """A distribution: exactly one of its kinds."""

    uniform: tuple[float, float] | None = Field(None, description="lowest and highest")
    log_uniform: tuple[float, float] | None = Field(
        None, description="lowest and highest, both > 0"
    )
    triangular: tuple[float, float, float] | None = Field(None, description="lowest, mode, highest")
    normal: Normal | None = None

    @model_validator(mode="after")
    def _possible(self) -> Spread:
        kinds = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError("give one of uniform, log_uniform, triangular, normal")
        ends = self.ends()
        if not ends[0] < ends[1]:
            raise ValueError("the lowest value must be below the highest")
        if self.log_uniform is not None and ends[0] <= 0:
            raise ValueError("log_uniform needs values above 0")
        if self.triangular is not None and not ends[0] <= self.triangular[1] <= ends[1]:
            raise ValueError("the mode must lie between lowest and highest")
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


Vary = list[Any] | Span | Spread | Choices


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
    min: float | None = None
    max: float | None = None
    penalty_per_unit: float | None = Field(
        None, ge=0, description="added to every objective per unit beyond; without it, dropped"
    )

    @model_validator(mode="after")
    def _bounds_something(self) -> Constraint:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self


class Traces(_Structure):
    """Points whose hourly results are saved too."""

    points: list[Annotated[int, Field(ge=0)]] = Field(default_factory=list)
    top: int = Field(0, ge=0, le=1000, description="this many of the best by the metric `by`")
    by: str = "pue"


class SweepFile(_Structure):
    """A design sweep."""

    name: Name
    title: str = ""
    description: str = ""
    designs: list[str] = Field(min_length=1)
    sites: list[str] = Field(min_length=1)
    weather: list[str] = Field(
        default_factory=list, description="weather files tried at every site in place of its own"
    )
    step: Literal["5min", "15min", "30min", "1h"] = "1h"
    seed: int = Field(0, ge=0, le=2**31 - 1)
    sampling: Sampling = Field(default_factory=lambda: Sampling.model_validate({}))
    vary: dict[str, Vary] = Field(default_factory=dict)
    scenarios: dict[Name, Scenario] = Field(default_factory=dict)
    constraints: list[Constraint] = Field(default_factory=list)
    metrics: list[str] = Field(default_factory=list, description="what to keep; default all")
    traces: Traces = Field(default_factory=lambda: Traces.model_validate({}))


@dataclass(frozen=True)
class Spec:
    """A checked sweep file and where it stands."""

    file: SweepFile
    document: Document = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.file.name


SpecLike = str | os.PathLike[str] | Mapping[str, Any] | Spec


def load_spec(spec: SpecLike) -> Spec:
    """A sweep from a file, or from the same structure as a mapping. Raises InputError."""
    if isinstance(spec, Spec):
        return spec
    if isinstance(spec, Mapping):
        document = Document("sweep", dict(spec), {(): 0})
    else:
        document = load_document(spec)
    try:
        file = SweepFile.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), SweepFile)) from None
    _check(file, document)
    return Spec(file, document)


def _check(file: SweepFile, document: Document) -> None:
    faults = []
    method = file.sampling.method
    if method == "grid" and file.sampling.points is not None:
        faults.append(document.fault(("sampling", "points"), "a grid has no number of points"))
    if method != "grid" and file.sampling.points is None:
        faults.append(document.fault(("sampling",), f"points is missing: {method} needs a number"))
    for path, how in file.vary.items():
        place = ("vary", path)
        if isinstance(how, list) and not how:
            faults.append(document.fault(place, "needs at least one value"))
        if method == "grid" and isinstance(how, Spread):
            faults.append(
                document.fault(place, "a distribution cannot be laid on a grid: choose a method")
            )
        if method in SENSITIVITY and isinstance(how, Choices):
            faults.append(
                document.fault(place, f"{method} needs numbers, not choices between parts")
            )
    if method in SENSITIVITY and len(file.vary) < 2:
        faults.append(document.fault(("vary",), f"{method} compares at least two varied paths"))
    if faults:
        raise InputError(*faults)
