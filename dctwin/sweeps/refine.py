"""The last steps downhill: continuous paths of one point moved along the gradient of a metric.

NSGA-II finds the region of an optimum, its last digits cost it many trials. JAX gives the exact
derivative of any metric by the numbers of a design (forward mode, through the fixed point too), and
scipy's L-BFGS-B goes down within the ranges of the sweep file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.accounting.contracts import certificate_kwh
from dctwin.api import design_loss_frac
from dctwin.errors import InputError, nearest
from dctwin.metrics import metric_values
from dctwin.sweeps.analyse import split_sign
from dctwin.sweeps.bind import put
from dctwin.sweeps.compiled import jax_module, one_design, site_arrays
from dctwin.sweeps.job import Job
from dctwin.sweeps.kernel import Bench
from dctwin.sweeps.space import World
from dctwin.sweeps.spec import Span, Spread

MOST_STEPS = 50


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
    Raises InputError where a metric is unknown, needs the machines' prices, or nothing can move.
    """
    from scipy.optimize import minimize

    topology = job.topology(world, dict(start))
    ends = {
        path: _ends(how)
        for path, how in job.spec.file.vary.items()
        if isinstance(how, (Span, Spread)) and path in topology.followers
    }
    if not ends:
        raise InputError(job.spec.document.fault(("vary",), "names no range that could be refined"))
    bench = job.bench(topology, world)
    fixed = {
        follower.place: float(follower.at([start[path]])[0])
        for path, followers in topology.followers.items()
        for follower in followers
    }
    low, high = (np.array(side) for side in zip(*ends.values(), strict=True))
    cost = _cost(bench, fixed, list(ends), topology, weights)

    def scaled(share: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = cost(low + share * (high - low))
        return float(value), np.asarray(slope) * (high - low)

    first = (np.array([float(start[path]) for path in ends]) - low) / (high - low)
    before, _ = scaled(first)
    found = minimize(
        scaled,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * len(ends),
        options={"maxiter": MOST_STEPS},
    )
    better = found.x if found.fun <= before else first
    moved = dict(zip(ends, map(float, low + better * (high - low)), strict=True))
    return Refined({**start, **moved}, before, min(float(found.fun), before), int(found.nfev))


def _ends(how: Span | Spread) -> tuple[float, float]:
    return how.ends() if isinstance(how, Spread) else (how.start, how.stop)


def _cost(
    bench: Bench,
    fixed: Mapping[Any, float],
    paths: list[str],
    topology: Any,
    weights: Mapping[str, float],
) -> Callable[[np.ndarray], tuple[Any, Any]]:
    """(values of the paths) -> (weighted metrics, their gradient), compiled."""
    jax = jax_module()
    site, empty = site_arrays(bench)
    work = one_design(bench, empty)

    def weighted(values: Any) -> Any:
        numbers: dict[Any, Any] = dict(fixed)
        for k, path in enumerate(paths):
            for follower in topology.followers[path]:
                if follower.table is None:
                    numbers[follower.place] = follower.scale * values[k] + follower.offset
        totals, _ = work([numbers[place] for place in bench.places], site)
        facility = put(bench.facility, numbers)
        grid = bench.surroundings.grid
        certificates = certificate_kwh(facility, totals)
        metrics = metric_values(totals, grid, design_loss_frac(bench.facility), certificates)
        total = 0.0
        for name, weight in weights.items():
            sign, bare = split_sign(name)
            if bare not in metrics.by_name:
                raise InputError(f"{bare}: {nearest(bare, metrics.by_name)}")
            total = total + sign * weight * jax.numpy.ravel(metrics[bare])[0]
        return total

    def twice(values: Any) -> tuple[Any, Any]:
        found = weighted(values)
        return found, found

    # Forward mode: it goes through the loops of the fixed point, and paths are few.
    slope = jax.jit(jax.jacfwd(twice, has_aux=True))

    def both(values: np.ndarray) -> tuple[Any, Any]:
        gradient, value = slope(values)
        return value, gradient

    return both
