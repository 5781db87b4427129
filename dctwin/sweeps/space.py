"""The points of a sweep: every design, site, weather year and scenario, times the samples.

A point has a number from 0 that depends on the spec alone, so that any worker can compute any of
them. Samples are rows of the unit cube, one column a varied path; each path turns its column into
values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from dctwin.errors import InputError
from dctwin.sweeps.file import Choices, Span, Spread, Vary
from dctwin.sweeps.spec import Spec

NO_SCENARIO = "base"


class World(NamedTuple):
    """What a block of samples shares."""

    design: str
    site: str
    weather: str  # file, or "" for the site's own
    scenario: str


@dataclass(frozen=True)
class Space:
    """All points of a spec, numbered world by world.

    whole   varied ranges and distributions that give whole numbers alone
    """

    spec: Spec
    whole: frozenset[str] = frozenset()

    @cached_property
    def worlds(self) -> list[World]:
        """Designs x sites x weather x scenarios, the last running fastest."""
        file = self.spec.file
        return [
            World(design, site, weather, scenario)
            for design in file.designs
            for site in file.sites
            for weather in file.weather_of(site)
            for scenario in file.scenarios or [NO_SCENARIO]
        ]

    @cached_property
    def samples(self) -> int:
        """Samples in each world."""
        file = self.spec.file
        if file.sampling.method == "grid":
            return math.prod(len(levels(how)) for how in file.vary.values())
        return (file.sampling.points or 0) * self._rows_a_point

    @property
    def _rows_a_point(self) -> int:
        """Rows that SALib lays out for each point asked for; counted, not laid out."""
        sampling, paths = self.spec.file.sampling, len(self.spec.file.vary)
        if sampling.method == "saltelli":
            return 2 * paths + 2 if sampling.second_order else paths + 2
        return paths + 1 if sampling.method == "morris" else 1

    @property
    def points(self) -> int:
        """How many points there are; `len` cannot tell of more than 2**63."""
        return len(self.worlds) * self.samples

    def __len__(self) -> int:
        return self.points

    @cached_property
    def cube(self) -> np.ndarray:
        """Samples as rows of the unit cube, shape (samples, varied paths)."""
        file = self.spec.file
        count, width = file.sampling.points or 0, len(file.vary)
        if width == 0:
            return np.zeros((count, 0))
        if file.sampling.method == "random":
            return np.random.default_rng(file.seed).random((count, width))
        if file.sampling.method in ("saltelli", "morris"):
            return _salib_rows(self.spec)
        from scipy.stats import qmc

        if file.sampling.method == "latin-hypercube":
            rows: np.ndarray = qmc.LatinHypercube(width, rng=file.seed).random(count)
            return rows
        rows = qmc.Sobol(width, rng=file.seed).random(1 << (count - 1).bit_length())
        return rows[:count]

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """Varied path -> its value in each sample of a world; a choice gives its label."""
        file = self.spec.file
        if file.sampling.method == "grid":
            lists = [levels(how) for how in file.vary.values()]
            index = np.unravel_index(np.arange(self.samples), [len(one) for one in lists] or [1])
            return {
                path: [lists[k][i] for i in index[k]] for k, path in enumerate(file.vary.keys())
            }
        return {
            path: quantiles(how, self.cube[:, k], path in self.whole)
            for k, (path, how) in enumerate(file.vary.items())
        }

    def extremes(self, path: str) -> list[Any]:
        """The values of a path that tell where it leads: all of a list, ends of a distribution."""
        how = self.spec.file.vary[path]
        if not isinstance(how, Spread):
            return levels(how)
        low, high = how.ends()
        if path in self.whole:
            return list(range(int(low), int(high) + 1))
        return [low, low + (high - low) / 3, high]

    def world(self, point: int) -> World:
        return self.worlds[point // self.samples]

    def values(self, point: int) -> dict[str, Any]:
        """Varied path -> value at a point."""
        row = point % self.samples
        return {path: column[row] for path, column in self.columns.items()}

    def numeric(self, path: str) -> bool:
        """Whether a path has numbers alone, and perhaps nothing: no text, parts or switches."""
        how = self.spec.file.vary[path]
        if isinstance(how, list):
            return all(isinstance(v, (int, float, type(None))) for v in how) and not any(
                isinstance(v, bool) for v in how
            )
        return not isinstance(how, Choices)

    def given(self, path: str, shown: Any) -> Any:
        """A value of a path by what the table shows of it: numbers as floats, others as text."""
        how = self.spec.file.vary[path]
        if isinstance(how, list):
            like = (
                v for v in how if v == shown or repr(v) == shown or (v is None and shown != shown)
            )
            return next(like, shown)
        if isinstance(how, Choices):
            return shown
        return int(shown) if path in self.whole else float(shown)

    def changes(self, point: int) -> dict[str, Any]:
        """All changes of the design at a point: path -> value, scenario and choices written out."""
        scenario = self.spec.file.scenarios.get(self.world(point).scenario)
        return {**(scenario.design if scenario else {}), **self.written_out(self.values(point))}

    def written_out(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Path of the design -> value, of these varied paths; a choice gives all that it sets."""
        found: dict[str, Any] = {}
        for path, value in values.items():
            how = self.spec.file.vary[path]
            found |= how.choices[value] if isinstance(how, Choices) else {path: value}
        return found


def levels(how: Vary) -> list[Any]:
    """The values of a path that has a list of them."""
    if isinstance(how, Span):
        return how.values()
    if isinstance(how, Choices):
        return list(how.choices)
    if isinstance(how, Spread):
        raise InputError("a distribution has no list of values")
    return how


def quantiles(how: Vary, share: np.ndarray, whole: bool = False) -> list[Any]:
    """Values at these shares (0 to 1) of a path's distribution; lists count as equally likely.

    Of a distribution that gives whole numbers alone, those of a uniform one are equally likely; the
    others are rounded.
    """
    if not isinstance(how, Spread):
        items = levels(how)
        index = np.minimum((share * len(items)).astype(int), len(items) - 1)
        return [items[i] for i in index]
    low, high = how.ends()
    if how.uniform is not None and whole:
        values = np.floor(low + share * (high - low + 1.0))
    elif how.uniform is not None:
        values = low + share * (high - low)
    elif how.log_uniform is not None:
        values = low * (high / low) ** share
    elif how.triangular is not None:
        values = _triangular(share, *how.triangular)
    else:
        from scipy.stats import truncnorm

        assert how.normal is not None
        mean, sd = how.normal.mean, how.normal.sd
        values = truncnorm.ppf(share, (low - mean) / sd, (high - mean) / sd, mean, sd)
    values = np.clip(values, low, high)
    return [int(v) for v in np.rint(values)] if whole else [float(v) for v in values]


def _triangular(share: np.ndarray, low: float, mode: float, high: float) -> np.ndarray:
    """Inverse of the triangular distribution function."""
    bend = (mode - low) / (high - low)
    rising = low + np.sqrt(share * (high - low) * (mode - low))
    falling = high - np.sqrt((1.0 - share) * (high - low) * (high - mode))
    return np.where(share < bend, rising, falling)


def salib_problem(spec: Spec) -> dict[str, Any]:
    """SALib's description of the varied paths, in the unit cube."""
    names = list(spec.file.vary)
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _salib_rows(spec: Spec) -> np.ndarray:
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        raise InputError("saltelli and morris need SALib: pip install 'dctwin[optimize]'") from None
    sampling, problem = spec.file.sampling, salib_problem(spec)
    count = sampling.points or 0
    rows: np.ndarray
    if sampling.method == "morris":
        rows = morris.sample(problem, count, num_levels=4, seed=spec.file.seed)
    else:
        rows = sobol.sample(
            problem, count, calc_second_order=sampling.second_order, seed=spec.file.seed
        )
    return rows
