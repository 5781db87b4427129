"""Designs of one topology through the annual engine: what each of their years adds up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from dctwin.accounting.contracts import contracted_kw
from dctwin.api import made_frac_of
from dctwin.components.component import Component
from dctwin.design import Facility
from dctwin.engines.annual import loops_held, year_of, years_of
from dctwin.engines.fit import fit
from dctwin.engines.flows import Boundary
from dctwin.errors import DctwinError
from dctwin.memory import keep_heap
from dctwin.metrics import GridYear
from dctwin.physics.trees import changed
from dctwin.surroundings import Surroundings, boundary_of
from dctwin.sweeps.bind import Place, at, put
from dctwin.totals import Totals, flagged, joined, totals_of

# Designs in one array operation: enough to share its overhead, few enough to stay in cache; and
# designs whose short hours are settled at once, as those are few.
BATCH_DESIGNS, GROUP_DESIGNS = 12, 64
# What a point may fail of by itself; want of memory or disk is no fault of a point.
POINT_FAULTS = (
    DctwinError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

Numbers = Mapping[Place, np.ndarray]  # place in the facility -> its number in each design


class Around(NamedTuple):
    """What designs meet in each step."""

    boundary: Boundary
    grid: GridYear
    made_frac: Mapping[str, Sequence[np.ndarray]]  # contract -> output of its plants over rating

    def at(self, steps: np.ndarray) -> Around:
        """The same in some of the steps."""
        hours = len(self.boundary.local_hour)

        def of(value: Any) -> Any:
            return value[steps] if np.shape(value) == (hours,) else value

        return changed(self, of)


@dataclass(frozen=True)
class Bench:
    """A facility at a site, to be run with other numbers in some of its places."""

    facility: Facility
    surroundings: Surroundings
    places: tuple[Place, ...]
    watched: bool = False  # count the hours in which limits are passed

    @cached_property
    def yields_vary(self) -> bool:
        """Whether designs differ in what a source gives of its rating (a PV array's tilt)."""
        return any(_shapes_yield(self.facility, place) for place in self.places)

    @cached_property
    def boundary(self) -> Boundary:
        return boundary_of([self.facility], self.surroundings)

    @cached_property
    def loops_held(self) -> frozenset[str]:
        return loops_held(fit(self.facility, self.boundary), self.boundary)

    @cached_property
    def around(self) -> Around:
        made_frac = made_frac_of(self.facility, self.surroundings)
        return Around(self.boundary, self.surroundings.grid, made_frac)


def _shapes_yield(facility: Facility, place: Place) -> bool:
    device = at(facility, place[:-1])
    return (
        isinstance(device, Component)
        and hasattr(device, "source")
        and place[-1] not in type(device).extensive
    )


@dataclass
class Found:
    """Totals of some designs, arrays of shape (designs, 1), NaN where one could not be run."""

    count: int
    totals: Totals = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)  # those that JAX left to NumPy

    def put(self, rows: Any, totals: Totals) -> None:
        """Note the totals of the designs `rows`."""
        for name, value in totals.items():
            if name not in self.totals:
                self.totals[name] = np.full((self.count, 1), np.nan)
            self.totals[name][rows] = np.asarray(value, dtype=float)

    def add(self, rows: Any, totals: Totals) -> None:
        """Note the totals of further steps of the designs `rows`."""
        noted = {name: value[rows] for name, value in self.totals.items() if name in totals}
        self.put(rows, joined(noted, totals))


def numpy_totals(bench: Bench, numbers: Numbers, rows: np.ndarray, found: Found) -> None:
    """Run these of the designs in NumPy, some at a time."""
    keep_heap()
    size = 1 if bench.yields_vary else GROUP_DESIGNS
    for start in range(0, len(rows), size):
        _some(bench, numbers, rows[start : start + size], found)


def _some(bench: Bench, numbers: Numbers, rows: np.ndarray, found: Found) -> None:
    """Some designs together; each alone when together they cannot be run."""
    try:
        for some, totals in _run(bench, numbers, rows):
            found.put(some, totals)
    except POINT_FAULTS as problem:
        if len(rows) == 1:
            found.errors[int(rows[0])] = reason(problem)
            return
        for row in rows:
            _some(bench, numbers, np.array([row]), found)


def reason(problem: Exception) -> str:
    """Why a point failed, in one line; what no check foresaw keeps the name of its kind."""
    first = next(iter(str(problem).splitlines()), "")
    return first if isinstance(problem, DctwinError) else f"{type(problem).__name__}: {first}"


def _run(bench: Bench, numbers: Numbers, rows: np.ndarray) -> Iterator[tuple[np.ndarray, Totals]]:
    """Batches of these designs, and what their years add up to."""
    batches = [rows[k : k + BATCH_DESIGNS] for k in range(0, len(rows), BATCH_DESIGNS)]
    stacks = [stacked(bench, numbers, some) for some in batches]
    boundary, grid, made_frac = bench.around
    if bench.yields_vary:
        boundary = boundary_of(stacks, bench.surroundings)
        made_frac = made_frac_of(stacks[0], bench.surroundings)
    fitted = [fit(facility, boundary) for facility in stacks]
    whole = fitted[0] if len(fitted) == 1 else fit(stacked(bench, numbers, rows), boundary)
    years = years_of(fitted, whole, boundary, lean=not bench.watched)
    for some, facility, year in zip(batches, stacks, years, strict=True):
        if not np.all(year.ledger.closes()):
            year.ledger.check()
        made_kw = contracted_kw(facility, made_frac)
        totals = totals_of(year.ledger, year.traces, grid, made_kw)
        if bench.watched:
            totals |= flagged(year.ledger, year.passed())
        yield some, totals


def some_steps(bench: Bench, numbers: Numbers, rows: np.ndarray, kept: np.ndarray) -> Totals:
    """Totals of these designs in the steps in which they are kept, shape (len(rows), hours).

    For designs of which no step hangs on another.
    """
    steps = np.flatnonzero(kept.any(axis=0))
    boundary, grid, made_frac = bench.around.at(steps)
    facility = fit(stacked(bench, numbers, rows), bench.boundary)
    year = year_of(facility, boundary, lean=True)
    if not np.all(year.ledger.closes()):
        year.ledger.check()
    made_kw = contracted_kw(facility, made_frac)
    return totals_of(year.ledger, year.traces, grid, made_kw, 1.0 * kept[:, steps])


def stacked(bench: Bench, numbers: Numbers, rows: np.ndarray) -> Facility:
    """The facility with the numbers of these designs, of shape (designs, 1)."""
    one = len(rows) == 1
    return put(
        bench.facility,
        {place: float(v[rows[0]]) if one else v[rows][:, None] for place, v in numbers.items()},
    )
