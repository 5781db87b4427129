"""The last steps downhill: continuous paths of one point moved along the gradient of a metric.

NSGA-II finds the region of an optimum, its last digits cost it many trials. JAX gives the exact
derivative of any metric by the numbers of a design (forward mode, through the fixed point too), and
scipy's L-BFGS-B goes down within the ranges of the sweep file. What is told of a point, before and
after, are the numbers of a sweep: NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.api import accounts_of
from dctwin.errors import DctwinError, InputError, nearest
from dctwin.sweeps.analyse import split_sign
from dctwin.sweeps.batch import OK, Columns, evaluate
from dctwin.sweeps.bind import put
from dctwin.sweeps.compiled import jax_module, one_design, site_arrays
from dctwin.sweeps.file import Span, Spread
from dctwin.sweeps.job import Job
from dctwin.sweeps.kernel import Bench
from dctwin.sweeps.space import World

MOST_STEPS = 50
# Metrics without a slope: hours are counted one by one, and no design changes the others.
FLAT = frozenset(
    {"unmet_cooling_h", "free_cooling_h_frac", "grid_outage_h", "curtailing_h", "pue_category"}
)

# (values of the paths) -> (metrics, their derivatives by the paths)
Slopes = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Refined:
    """A point moved downhill: values of its paths, and the weighted metrics before and after."""

    values: Mapping[str, Any]
    before: float
    after: float
    evaluations: int


def refine(
    job: Job, world: World, start: Mapping[str, Any], weights: Mapping[str, float]
) -> Refined:
    """Lower the weighted sum of metrics from a point; only paths with a range move.

    start     path -> value, as a row of a sweep's table has them
    weights   metric -> weight; `-metric` is asked for more of, as in --optimize
    Raises InputError where a metric is unknown, undefined or has no slope, where nothing can move,
    or where JAX cannot trace the design.
    """
    from scipy.optimize import minimize

    signed = _signed(weights)
    before = _checked(evaluate(job, world, {p: [v] for p, v in start.items()}, 1), signed)
    topology = job.topology(world, dict(start))
    ends = {
        path: how.ends()
        for path, how in job.spec.file.vary.items()
        if isinstance(how, (Span, Spread))
        and path in topology.followers
        and path not in job.space.whole
    }
    if not ends:
        raise InputError(job.spec.document.fault(("vary",), "names no range that could be refined"))
    cost = slopes(job, world, start, list(ends), list(signed))
    low, high = (np.array(side) for side in zip(*ends.values(), strict=True))
    weight = np.array(list(signed.values()))

    def scaled(share: np.ndarray) -> tuple[float, np.ndarray]:
        values, by_path = cost(low + share * (high - low))
        return float(weight @ values), (weight @ by_path) * (high - low)

    first = (np.array([float(start[path]) for path in ends]) - low) / (high - low)
    found = minimize(
        scaled,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * len(ends),
        options={"maxiter": MOST_STEPS},
    )
    moved = dict(zip(ends, map(float, low + found.x * (high - low)), strict=True))
    end = {**start, **moved}
    columns = evaluate(job, world, {path: [value] for path, value in end.items()}, 1)
    after = _weighted(columns, signed)
    if columns["status"][0] == OK and after < before:
        return Refined(end, before, after, int(found.nfev))
    return Refined(dict(start), before, before, int(found.nfev))


def _signed(weights: Mapping[str, float]) -> dict[str, float]:
    """Metric -> its weight, negative where more of it is asked for."""
    found: dict[str, float] = {}
    for name, weight in weights.items():
        sign, bare = split_sign(name)
        found[bare] = found.get(bare, 0.0) + sign * weight
    return found


def _checked(columns: Columns, signed: Mapping[str, float]) -> float:
    """The weighted metrics of the start. Raises InputError where they cannot be refined."""
    if columns["status"][0] != OK:
        raise InputError(f"--refine: its start cannot be run: {columns['error'][0]}")
    able = [name for name, v in columns.items() if v.dtype != object and name not in FLAT]
    for name in signed:
        if name not in columns:
            raise InputError(f"{name}: {nearest(name, able)}")
        if name not in able:
            raise InputError(
                f"--refine: {name} has no slope to follow, it counts hours or is the same for all "
                f"designs; it goes down any other metric that is a number, such as pue"
            )
        if np.isnan(columns[name][0]):
            raise InputError(f"--refine: {name} is undefined at the start (`dctwin run` says why)")
    return _weighted(columns, signed)


def _weighted(columns: Columns, signed: Mapping[str, float]) -> float:
    return float(sum(weight * columns[name][0] for name, weight in signed.items()))


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
        totals, _ = work([numbers[place] for place in bench.places], site)
        found, _ = accounts_of(put(bench.facility, numbers), totals, bench.surroundings)
        return jnp.stack([jnp.ravel(jnp.asarray(found[name], dtype=float))[0] for name in names])

    return metrics
