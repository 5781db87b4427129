"""One chunk of a sweep: its points in batches through the annual engine, a table of metrics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.api import design_loss_frac
from dctwin.design import Facility
from dctwin.engines.annual import run_year
from dctwin.engines.heat import Boundary
from dctwin.errors import DctwinError
from dctwin.ledger import pick
from dctwin.memory import keep_heap
from dctwin.metrics import compute_metrics
from dctwin.surroundings import Surroundings, pv_yield
from dctwin.sweeps.bind import Place, broken, put
from dctwin.sweeps.job import Job
from dctwin.sweeps.space import World

if TYPE_CHECKING:
    import pyarrow as pa

# Designs in one array operation: enough to share its overhead, few enough to stay in cache.
BATCH_DESIGNS = 4
OK, FAILED = "ok", "failed"


def run_chunk(job: Job, chunk: int) -> pa.Table:
    """The rows of one chunk, in the order of its points."""
    points = job.chunks[chunk]
    world = job.space.world(int(points[0]))
    rows = points % job.space.samples
    values = {path: [column[row] for row in rows] for path, column in job.space.columns.items()}
    return table_of(job, world, points, values, evaluate(job, world, values, len(points)))


def evaluate(
    job: Job, world: World, values: Mapping[str, Sequence[Any]], count: int
) -> list[dict[str, Any]]:
    """Metrics of points of one topology; `values` holds each path's value at every point."""
    topology = job.topology(world, {path: column[0] for path, column in values.items()})
    surroundings = job.world_surroundings(world)
    numbers = {
        follower.place: follower.at(values[path])
        for path, followers in topology.followers.items()
        for follower in followers
    }
    results: list[dict[str, Any]] = []
    for start in range(0, count, BATCH_DESIGNS):
        part = {place: column[start : start + BATCH_DESIGNS] for place, column in numbers.items()}
        some = min(BATCH_DESIGNS, count - start)
        results.extend(_batch(topology.facility, part, some, surroundings))
    return results


def _batch(
    facility: Facility,
    numbers: Mapping[Place, np.ndarray],
    count: int,
    surroundings: Surroundings,
) -> list[dict[str, Any]]:
    """Metrics of some designs together; of each alone when together they cannot be run."""
    faults = [
        broken(facility, {place: float(values[i]) for place, values in numbers.items()})
        for i in range(count)
    ]
    if not any(faults):
        try:
            return _run(facility, numbers, count, surroundings)
        except DctwinError as problem:
            if count == 1:
                return [{"status": FAILED, "error": str(problem).splitlines()[0]}]
    elif count == 1:
        return [{"status": FAILED, "error": faults[0]}]
    found = []
    for i in range(count):
        one = {place: values[i : i + 1] for place, values in numbers.items()}
        found.extend(_batch(facility, one, 1, surroundings))
    return found


def _run(
    facility: Facility,
    numbers: Mapping[Place, np.ndarray],
    count: int,
    surroundings: Surroundings,
) -> list[dict[str, Any]]:
    keep_heap()
    stacked = put(facility, {place: values[:, None] for place, values in numbers.items()})
    boundary = Boundary(
        air=surroundings.air,
        local_hour=surroundings.local_hour,
        step_h=surroundings.weather.step_h,
        pv_yield_frac=pv_yield(stacked, surroundings.weather),
    )
    year = run_year(stacked, boundary)
    hours = surroundings.weather.rows
    rows = []
    for index in range(count):
        ledger = year.ledger.pick(index, count, hours)
        traces = {name: pick(value, index, count, hours) for name, value in year.traces.items()}
        one = put(facility, {place: float(values[index]) for place, values in numbers.items()})
        metrics = compute_metrics(ledger, traces, surroundings.grid, design_loss_frac(one))
        rows.append({"status": OK, "error": "", **metrics.values})
    return rows


def table_of(
    job: Job,
    world: World,
    points: np.ndarray,
    values: Mapping[str, Sequence[Any]],
    results: list[dict[str, Any]],
) -> pa.Table:
    """Rows as a table: point, world, varied values, metrics, status."""
    import pyarrow as pa

    columns: dict[str, Any] = {"point": pa.array(points, pa.int64())}
    for name in World._fields:
        columns[name] = pa.array([getattr(world, name)] * len(points), pa.string())
    for path in job.spec.file.vary:
        columns[path] = _array(list(values[path]))
    kept = job.spec.file.metrics
    known = [name for row in results for name in row if name not in ("status", "error")]
    for name in dict.fromkeys(known):
        if not kept or name in kept:
            columns[name] = _array([row.get(name) for row in results])
    columns["status"] = pa.array([row["status"] for row in results], pa.string())
    columns["error"] = pa.array([row["error"] for row in results], pa.string())
    return pa.table(columns)


def _array(values: list[Any]) -> pa.Array:
    """Numbers as floats, all else as text; None stays empty."""
    import pyarrow as pa

    if all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
        for value in values
    ):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    texts = [v if isinstance(v, str) or v is None else repr(v) for v in values]
    return pa.array(texts, pa.string())
