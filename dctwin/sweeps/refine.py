"""The last steps downhill: continuous paths of one point moved along the gradient of a metric.

NSGA-II finds the region of an optimum, its last digits cost it many trials. JAX gives the exact
derivative of any metric by the numbers of a design (forward mode, through the fixed point too), and
scipy's SLSQP (Kraft 1988, DFVLR-FB 88-28) goes down within the ranges and the constraints of the
sweep file. Constraints on what has no slope, such as hours of unmet cooling, are kept by going back
towards the start. What is told of a point, before and after, are the numbers of a sweep: NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.api import accounts_of
from dctwin.errors import DctwinError, InputError, nearest
from dctwin.sweeps.analyse import feasible, split_sign
from dctwin.sweeps.batch import OK, Columns, evaluate
from dctwin.sweeps.bind import put
from dctwin.sweeps.compiled import jax_module, one_design, site_arrays
from dctwin.sweeps.file import Constraint, Span, Spread
from dctwin.sweeps.job import Job
from dctwin.sweeps.kernel import Bench
from dctwin.sweeps.space import World
from dctwin.sweeps.spec import NUMBERS
from dctwin.totals import FLAGGED

MOST_STEPS = 50
_TOLERANCE = 1e-12  # of the objective, in parts of it
# Metrics without a slope: hours are counted one by one, and no design changes the others.
FLAT = frozenset(
    {
        "unmet_cooling_h",
        "free_cooling_h_frac",
        "grid_outage_h",
        "curtailing_h",
        "pue_category",
        FLAGGED,
    }
)
# Points on the way from the start to the end that are looked at; again around the last good one.
_STEPS_BACK, _LOOKS = 24, 2
# A step of a size where the metrics of NumPy and JAX differ by their rounding only.
_CLOSE = 1e-6

# (values of the paths) -> (metrics, their derivatives by the paths)
Slopes = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Refined:
    """A point moved downhill: values of its paths, and the objective before and after.

    before, after   the weighted metrics and what constraints with a penalty add to them
    feasible        whether the point keeps all constraints that have no penalty
    """

    values: Mapping[str, Any]
    before: float
    after: float
    feasible: bool
    evaluations: int


def refine(
    job: Job, world: World, start: Mapping[str, Any], weights: Mapping[str, float]
) -> Refined:
    """Lower the weighted sum of metrics from a point, within the constraints of the sweep; only
    paths with a range move.

    start     path -> value, as a row of a sweep's table has them
    weights   metric -> weight; `-metric` is asked for more of, as in --optimize
    The point stays where it is when no better one that keeps all constraints is found.
    Raises InputError where a metric is unknown, undefined or has no slope, where nothing can move,
    or where JAX cannot trace the design.
    """
    signed = _signed(weights)
    at_start = evaluate(job, world, {p: [v] for p, v in start.items()}, 1)
    able = _able(at_start, signed)
    ends = _ranges(job)
    low, high = (np.array(side) for side in zip(*ends.values(), strict=True))
    first = np.array([float(start[path]) for path in ends])
    bounds = [b for b in job.spec.file.constraints if b.metric in able]
    names = list(dict.fromkeys([*signed, *(bound.metric for bound in bounds)]))
    problem = _Problem(
        slopes(job, world, start, list(ends), names), names, signed, bounds, low, high, first
    )
    last = problem.solve()

    def look(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Objective and feasibility of points on the way from the start to the end."""
        way = first + shares[:, None] * (last - first)
        columns = {path: [value] * len(shares) for path, value in start.items()}
        columns |= {path: list(map(float, way[:, k])) for k, path in enumerate(ends)}
        return _judged(job, signed, columns, evaluate(job, world, columns, len(shares)))

    (before,), (stands,) = look(np.array([0.0]))
    share, after, feasible = _best_on_the_way(look, float(before), bool(stands))
    moved = first + share * (last - first)
    values = {**start, **dict(zip(ends, map(float, moved), strict=True))} if share else dict(start)
    return Refined(values, float(before), after, feasible, problem.evaluations)


def _best_on_the_way(
    look: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], before: float, stands: bool
) -> tuple[float, float, bool]:
    """Share of the way, objective and feasibility of the best point that keeps the constraints."""
    best = (0.0, before, stands)
    low, high = 0.0, 1.0
    for _ in range(_LOOKS):
        steps = np.linspace(low, high, _STEPS_BACK + 1)[1:]
        shares = np.append(steps, high - _CLOSE * (high - low))
        objective, feasible = look(shares)
        allowed = np.where(feasible & np.isfinite(objective), objective, np.inf)
        k = int(np.argmin(allowed))
        if np.isfinite(allowed[k]) and (not best[2] or allowed[k] < best[1]):
            best = (float(shares[k]), float(allowed[k]), True)
        width = (high - low) / _STEPS_BACK
        low, high = max(0.0, best[0] - width), min(1.0, best[0] + width)
    return best


class _Problem:
    """The objective and the constraints over the share of each path's range, with their slopes."""

    def __init__(
        self,
        cost: Slopes,
        names: list[str],
        signed: Mapping[str, float],
        bounds: list[Constraint],
        low: np.ndarray,
        high: np.ndarray,
        first: np.ndarray,
    ) -> None:
        self.cost, self.names, self.bounds = cost, names, bounds
        self.weight = np.array([signed.get(name, 0.0) for name in names])
        self.low, self.width, self.first = low, high - low, first
        self.evaluations = 0
        self._at: tuple[bytes, np.ndarray, np.ndarray] | None = None

    def solve(self) -> np.ndarray:
        """Values of the paths at the end of the way down."""
        from scipy import optimize

        minimize: Any = optimize.minimize  # its stubs know no constraints with a slope
        begin = np.clip((self.first - self.low) / self.width, 0.0, 1.0)
        size = abs(self._objective(begin)[0]) or 1.0  # objectives of any unit alike
        found = minimize(
            lambda share: self._objective(share)[0] / size,
            begin,
            jac=lambda share: self._objective(share)[1] / size,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * len(begin),
            constraints=self._rooms(),
            options={"maxiter": MOST_STEPS, "ftol": _TOLERANCE},
        )
        return np.asarray(self.low + np.clip(found.x, 0.0, 1.0) * self.width)

    def _rooms(self) -> list[Any]:
        """Constraints without a penalty, as scipy takes them: at least nothing of room is left."""
        return [
            {
                "type": "ineq",
                "fun": lambda share, b=bound, s=side: self._room(share, b, s)[0],
                "jac": lambda share, b=bound, s=side: self._room(share, b, s)[1],
            }
            for bound in self.bounds
            if bound.penalty_per_unit is None
            for side in ("min", "max")
            if getattr(bound, side) is not None
        ]

    def _metrics(self, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All metrics and their slopes over the share of each range."""
        key = np.asarray(share, dtype=float).tobytes()
        if self._at is None or self._at[0] != key:
            values, by_path = self.cost(self.low + share * self.width)
            self._at = key, values, by_path * self.width
            self.evaluations += 1
        return self._at[1], self._at[2]

    def _objective(self, share: np.ndarray) -> tuple[float, np.ndarray]:
        values, by_path = self._metrics(share)
        total, slope = float(self.weight @ values), self.weight @ by_path
        for bound in self.bounds:
            if bound.penalty_per_unit is not None:
                k = self.names.index(bound.metric)
                beyond = float(bound.beyond(values[k]))
                if beyond > 0:
                    up = 1.0 if bound.max is not None and values[k] > bound.max else -1.0
                    total += bound.penalty_per_unit * beyond
                    slope = slope + bound.penalty_per_unit * up * by_path[k]
        return total, slope

    def _room(self, share: np.ndarray, bound: Constraint, side: str) -> tuple[float, np.ndarray]:
        """How far a metric is within its bound, in parts of the bound."""
        values, by_path = self._metrics(share)
        k = self.names.index(bound.metric)
        limit: float = getattr(bound, side)
        size, up = abs(limit) or 1.0, 1.0 if side == "max" else -1.0
        return float(up * (limit - values[k]) / size), -up * by_path[k] / size


def check_refinable(job: Job, objective: str) -> None:
    """Raise InputError for what is known of a refinement before the sweep has run: a metric without
    a slope, nothing that could move, money that is not one, JAX that is not there."""
    bare = split_sign(objective)[1]
    if bare in FLAT or bare not in NUMBERS:
        raise InputError(_no_slope(bare))
    _ranges(job)
    job.refuse_mixed_money([bare], ("sites",))
    jax_module()


def _no_slope(metric: str) -> str:
    return (
        f"--refine: {metric} has no slope to follow, it counts hours or is the same for all "
        "designs; it goes down any other metric that is a number, such as pue"
    )


def _ranges(job: Job) -> dict[str, tuple[float, float]]:
    """Ends of the paths that can move: those of numbers between which others can stand."""
    ends = {
        path: _within(job, path, how.ends())
        for path, how in job.spec.file.vary.items()
        if isinstance(how, (Span, Spread))
        and path not in job.structural
        and path not in job.space.whole
    }
    if not ends:
        why = "names no range that --refine could move along: lists, choices and counts stay"
        raise InputError(job.spec.document.fault(("vary",), why))
    return ends


def _within(job: Job, path: str, ends: tuple[float, float]) -> tuple[float, float]:
    """The range of a path, as far as a constraint on the path itself leaves it."""
    low, high = ends
    for bound in job.spec.file.constraints:
        if bound.metric == path and bound.penalty_per_unit is None:
            low = low if bound.min is None else max(low, bound.min)
            high = high if bound.max is None else min(high, bound.max)
    if low >= high:
        raise InputError(f"--refine: constraints leave nothing of the range of {path}")
    return low, high


def _judged(
    job: Job, signed: Mapping[str, float], values: Mapping[str, Any], found: Columns
) -> tuple[np.ndarray, np.ndarray]:
    """Objective with penalties, and whether all constraints without one are kept, of each point."""
    import pandas as pd

    table = pd.DataFrame({**values, **found})
    good = table[table["status"] == OK]
    objective = np.full(len(table), np.inf)
    kept = feasible(good, job.spec.file.constraints)
    soft = [b for b in job.spec.file.constraints if b.penalty_per_unit is not None]
    penalty = feasible(good, soft)["penalty"]
    objective[good.index] = _weighted(good, signed) + penalty
    stands = np.zeros(len(table), dtype=bool)
    stands[kept.index] = True
    return objective, stands


def _signed(weights: Mapping[str, float]) -> dict[str, float]:
    """Metric -> its weight, negative where more of it is asked for."""
    found: dict[str, float] = {}
    for name, weight in weights.items():
        sign, bare = split_sign(name)
        found[bare] = found.get(bare, 0.0) + sign * weight
    return found


def _able(columns: Columns, signed: Mapping[str, float]) -> list[str]:
    """Metrics of the start that have a slope. Raises InputError where a weighted one has none."""
    if columns["status"][0] != OK:
        raise InputError(f"--refine: its start cannot be run: {columns['error'][0]}")
    able = [name for name, v in columns.items() if v.dtype != object and name not in FLAT]
    for name in signed:
        if name not in columns:
            raise InputError(f"{name}: {nearest(name, able)}")
        if name not in able:
            raise InputError(_no_slope(name))
        if np.isnan(columns[name][0]):
            raise InputError(f"--refine: {name} is undefined at the start (`dctwin run` says why)")
    return [name for name in able if not np.isnan(columns[name][0])]


def _weighted(table: Any, signed: Mapping[str, float]) -> Any:
    return sum(weight * table[name] for name, weight in signed.items())


def slopes(
    job: Job, world: World, start: Mapping[str, Any], paths: Sequence[str], names: Sequence[str]
) -> Slopes:
    """Metrics at values of the paths and their derivatives, compiled; the rest stays as in `start`.

    Raises InputError where JAX cannot trace the design.
    """
    topology = job.topology(world, dict(start))
    bench = job.bench(topology, world)
    if bench.yields_vary:
        raise InputError(
            "--refine: what a source gives of its rating is computed outside JAX: vary no tilt, "
            "azimuth or the like"
        )
    fixed = {
        follower.place: float(follower.at([start[path]])[0])
        for path, followers in topology.followers.items()
        for follower in followers
    }
    jax = jax_module()
    site, empty = site_arrays(bench)
    metrics = _metrics(bench, empty, fixed, paths, topology, names)

    def twice(values: Any, site: Any) -> tuple[Any, Any]:
        found = metrics(values, site)
        return found, found

    # Forward mode: it goes through the loops of the fixed point, and paths are few.
    example = jax.ShapeDtypeStruct((len(paths),), np.float64)
    try:
        compiled = jax.jit(jax.jacfwd(twice, has_aux=True)).lower(example, site).compile()
    except (jax.errors.JAXTypeError, TypeError, IndexError, ValueError, DctwinError) as problem:
        first = str(problem).splitlines()[0]
        raise InputError(
            f"--refine: JAX cannot trace {bench.facility.name} with these paths: {first}"
        ) from None

    def both(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        by_path, found = compiled(np.asarray(values, dtype=float), site)
        return np.asarray(found), np.asarray(by_path)

    return both


def _metrics(
    bench: Bench,
    empty: Any,
    fixed: Mapping[Any, float],
    paths: Sequence[str],
    topology: Any,
    names: Sequence[str],
) -> Callable[[Any, Any], Any]:
    """(values of the paths, arrays of the site) -> these metrics, as JAX traces it."""
    import jax.numpy as jnp

    work = one_design(bench, empty)

    def metrics(values: Any, site: Any) -> Any:
        numbers: dict[Any, Any] = dict(fixed)
        for k, path in enumerate(paths):
            for follower in topology.followers[path]:
                if follower.table is None:
                    numbers[follower.place] = follower.scale * values[k] + follower.offset
        totals, *_ = work([numbers[place] for place in bench.places], site)
        found, _ = accounts_of(put(bench.facility, numbers), totals, bench.surroundings)
        return jnp.stack([jnp.ravel(jnp.asarray(found[name], dtype=float))[0] for name in names])

    return metrics
