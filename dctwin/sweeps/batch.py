"""One chunk of a sweep: its points through a kernel in batches, a table of metrics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dctwin.api import accounts_of
from dctwin.errors import InputError
from dctwin.labels import LABELS, is_money
from dctwin.sweeps.bind import faults, put
from dctwin.sweeps.job import Job
from dctwin.sweeps.kernel import POINT_FAULTS, Bench, Found, Numbers, numpy_totals, reason
from dctwin.sweeps.space import World
from dctwin.sweeps.spec import FLAG_COLUMNS, WORST_FLAG
from dctwin.totals import FLAGGED, Totals

if TYPE_CHECKING:
    import pyarrow as pa

Backend = Literal["numpy", "jax"]
OK, FAILED = "ok", "failed"
_ALWAYS = ("backend", "status", "error", *FLAG_COLUMNS)
# Column of a table -> its values: numbers, NaN where undefined, or text.
Columns = dict[str, np.ndarray]


def run_chunk(job: Job, chunk: int, backend: Backend = "numpy") -> pa.Table:
    """The rows of one chunk, in the order of its points."""
    points = job.chunks[chunk]
    world = job.space.world(int(points[0]))
    rows = points % job.space.samples
    values = {path: [column[row] for row in rows] for path, column in job.space.columns.items()}
    found = evaluate(job, world, values, len(points), backend)
    return table_of(job, world, points, values, found)


def evaluate(
    job: Job,
    world: World,
    values: Mapping[str, Sequence[Any]],
    count: int,
    backend: Backend = "numpy",
) -> Columns:
    """Metrics of points of one topology; `values` holds each path's value at every point.

    What cannot be run, the whole topology or world too, has the status `failed` and says why.
    """
    try:
        return _evaluate(job, world, values, count, backend)
    except POINT_FAULTS as problem:
        found = Found(count, errors=dict.fromkeys(range(count), reason(problem)))
        return _columns(job, None, {}, found, backend)


def _evaluate(
    job: Job, world: World, values: Mapping[str, Sequence[Any]], count: int, backend: Backend
) -> Columns:
    try:
        topology = job.topology(world, {path: column[0] for path, column in values.items()})
    except InputError as problem:
        # A row tells what cannot be, not where the sweep file stands.
        raise InputError(problem.faults[0].why) from None
    numbers, refused = topology.numbers(values, count)
    bench = job.bench(topology, world)
    found = Found(count, errors={**faults(topology.facility, numbers, count), **refused})
    rows = np.array([row for row in range(count) if row not in found.errors], dtype=int)
    if backend == "jax":
        from dctwin.sweeps.compiled import jax_totals

        jax_totals(bench, numbers, rows, found)
    else:
        numpy_totals(bench, numbers, rows, found)
    return _columns(job, bench, numbers, found, backend)


def _columns(
    job: Job, bench: Bench | None, numbers: Numbers, found: Found, backend: Backend
) -> Columns:
    """Metrics of all designs at once, from their totals; the same columns when none has any."""
    good = np.array([row for row in range(found.count) if row not in found.errors], dtype=int)
    names = [*LABELS, "price_year", "pue_category", *([FLAGGED] if job.watched else [])]
    columns: Columns = {name: np.full(found.count, np.nan) for name in names}
    for name in ("currency", *([WORST_FLAG] if job.watched else [])):
        columns[name] = np.full(found.count, None, dtype=object)
    if bench is not None and len(good):
        stacked = put(bench.facility, {p: v[good][:, None] for p, v in numbers.items()})
        totals = {name: value[good] for name, value in found.totals.items()}
        metrics, _ = accounts_of(stacked, totals, bench.surroundings)
        for name, value in metrics.by_name.items():
            if isinstance(value, str):
                columns[name] = np.full(found.count, None, dtype=object)
                columns[name][good] = value
            else:
                columns[name] = np.full(found.count, np.nan)
                columns[name][good] = np.ravel(value) if np.ndim(value) else value
        if job.watched:
            _put_flags(columns, totals, good)
    columns["backend"] = np.full(found.count, backend, dtype=object)
    columns["backend"][found.again] = "numpy"
    columns["status"] = np.full(found.count, OK, dtype=object)
    columns["error"] = np.full(found.count, "", dtype=object)
    for row, why in found.errors.items():
        columns["status"][row], columns["error"][row] = FAILED, why
    return columns


def _put_flags(columns: Columns, totals: Totals, good: np.ndarray) -> None:
    """Hours in which any limit is passed, and the limit that is passed in most of them."""
    each = {
        name.partition(":")[2]: np.ravel(hours)
        for name, hours in totals.items()
        if name.startswith(f"{FLAGGED}:")
    }
    names = np.array(["", *each], dtype=object)
    hours_h = np.stack([np.zeros(len(good)), *each.values()])
    columns[FLAGGED][good] = np.ravel(totals[FLAGGED])
    columns[WORST_FLAG][good] = names[hours_h.argmax(axis=0)]


def table_of(
    job: Job,
    world: World,
    points: np.ndarray,
    values: Mapping[str, Sequence[Any]],
    found: Columns,
) -> pa.Table:
    """Rows as a table: point, world, varied values, metrics, backend, status."""
    import pyarrow as pa

    columns: dict[str, Any] = {"point": pa.array(points, pa.int64())}
    for name in World._fields:
        columns[name] = pa.array([getattr(world, name)] * len(points), pa.string())
    for path in job.spec.file.vary:
        columns[path] = _array(values[path], job.space.numeric(path))
    kept = job.spec.file.metrics
    always = {*_ALWAYS, *(("currency", "price_year") if any(map(is_money, kept)) else ())}
    for name, column in found.items():
        if kept and name not in kept and name not in always:
            continue
        if column.dtype == object:
            columns[name] = pa.array(column, pa.string())
        else:
            columns[name] = pa.array(column, pa.float64(), mask=np.isnan(column))
    return pa.table(columns)


def _array(values: Sequence[Any], numeric: bool) -> pa.Array:
    """Numbers as floats, all else as text; None stays empty. Every part of a sweep has the same
    type, whatever values it holds."""
    import pyarrow as pa

    if numeric:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    texts = [v if isinstance(v, str) or v is None else repr(v) for v in values]
    return pa.array(texts, pa.string())
