"""What a sweep will take, told by running a few of its points: nothing is written."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dctwin.errors import InputError
from dctwin.sweeps.batch import evaluate, table_of
from dctwin.sweeps.execute import cores
from dctwin.sweeps.job import Job
from dctwin.sweeps.optimise import POPULATION
from dctwin.sweeps.space import World
from dctwin.sweeps.store import encode

if TYPE_CHECKING:
    import pyarrow as pa

# Topologies that are timed, evenly chosen, and points of each: enough to share what a batch costs.
_TIMED_TOPOLOGIES, _TIMED_POINTS = 8, 8


@dataclass(frozen=True)
class Plan:
    """What a sweep holds and takes.

    impossible  points whose values cannot stand together: rows that say `failed`
    timed       topologies that points were run of; the rates of the others are taken to be alike
    rate_per_s  design-years a second of one core, in NumPy
    """

    points: int
    worlds: int
    samples: int
    topologies: int
    structural: tuple[str, ...]
    parts: int
    impossible: int
    why_impossible: tuple[str, ...]
    timed: int
    failed: int
    why_failed: str
    rate_per_s: float | None
    workers: int
    time_s: float | None
    disk_mb: float | None


class _Timed(NamedTuple):
    first_s: float  # with what is made ready once for each world
    again_s: float
    rows: pa.Table


def plan(job: Job, workers: int | None = None, trials: int | None = None) -> Plan:
    """Count a sweep's points, topologies and parts, and time a batch of some of its topologies.

    workers   processes (default: one a core)
    trials    of a search, which runs them in every world, in one process
    """
    worlds = len(job.space.worlds)
    if trials is None:
        points, parts = len(job.space), len(job.chunks)
        used = min(workers or cores(), parts)
        # Workers each make ready what they get a part of.
        readied = sum(min(used, count) for count in _parts_of_benches(job))
    else:
        points, parts, used = trials * worlds, math.ceil(trials / POPULATION), 1
        readied = len(job.groups) * worlds
    standing, reasons, impossible = _standing(job)
    chosen = np.linspace(0, len(standing) - 1, min(len(standing), _TIMED_TOPOLOGIES))
    timed = [_time(job, *standing[round(k)]) for k in chosen]
    failed = [why for one in timed for why in one.rows["error"].to_pylist() if why]
    rate_per_s = time_s = disk_mb = None
    if timed:
        count = sum(one.rows.num_rows for one in timed)
        rate_per_s = count / sum(one.again_s for one in timed)
        ready_s = max(0.0, median(one.first_s - one.again_s for one in timed))
        time_s = (points / rate_per_s + readied * ready_s) / used
        disk_mb = _disk_mb([one.rows for one in timed], points, parts)
    return Plan(
        points=points,
        worlds=worlds,
        samples=points // worlds,
        topologies=job.topologies,
        structural=job.structural,
        parts=parts,
        impossible=impossible if trials is None else 0,
        why_impossible=tuple(reasons),
        timed=len(timed),
        failed=len(failed),
        why_failed=failed[0] if failed else "",
        rate_per_s=rate_per_s,
        workers=used,
        time_s=time_s,
        disk_mb=disk_mb,
    )


def _standing(job: Job) -> tuple[list[tuple[World, np.ndarray]], list[str], int]:
    """A world and samples of each topology that can be; why others cannot, and their points."""
    standing: list[tuple[World, np.ndarray]] = []
    reasons: list[str] = []
    impossible = 0
    for design, scenario in job.bases:
        worlds = [w for w in job.space.worlds if (w.design, w.scenario) == (design, scenario)]
        for values, rows in job.groups:
            try:
                job.facility(worlds[0], values)
            except InputError as problem:
                reasons.append(problem.faults[0].why)
                impossible += len(worlds) * len(rows)
            else:
                standing.append((worlds[0], rows))
    return standing, reasons, impossible


def _time(job: Job, world: World, rows: np.ndarray) -> _Timed:
    """The time of some points of a topology, when its world is made ready and again."""
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), _TIMED_POINTS)).astype(int)]
    values: Mapping[str, Sequence[Any]] = {
        path: [column[row] for row in some] for path, column in job.space.columns.items()
    }
    taken = []
    for _ in range(2):
        began = time.perf_counter()
        found = evaluate(job, world, values, len(some))
        taken.append(time.perf_counter() - began)
    points = job.space.worlds.index(world) * job.space.samples + some
    return _Timed(taken[0], taken[1], table_of(job, world, points, values, found))


def _parts_of_benches(job: Job) -> list[int]:
    """How many parts each topology has in each world."""
    size = max(map(len, job.chunks))
    return [-(-len(rows) // size) for _, rows in job.groups] * len(job.space.worlds)


def _disk_mb(tables: list[pa.Table], points: int, parts: int) -> float:
    """Size of all parts and the summary, by what a part takes without rows and for each row."""
    whole = mean(len(encode(table)) for table in tables)
    one = mean(len(encode(table.slice(0, 1))) for table in tables)
    more = mean(table.num_rows for table in tables) - 1.0
    row = (whole - one) / more if more else 8.0 * mean(table.num_columns for table in tables)
    return ((parts + 1) * (one - row) + 2 * points * row) / 1e6
