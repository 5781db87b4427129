"""What a sweep will take, told by running a few of its points: nothing is written."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import product
from statistics import mean, median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dctwin.errors import InputError
from dctwin.sweeps.batch import evaluate, table_of
from dctwin.sweeps.bind import faults
from dctwin.sweeps.execute import cores
from dctwin.sweeps.job import Job
from dctwin.sweeps.optimise import POPULATION
from dctwin.sweeps.space import World
from dctwin.sweeps.store import encode

if TYPE_CHECKING:
    import pyarrow as pa

# Topologies that are timed, evenly chosen, and points of each: enough to share what a batch costs.
_TIMED_TOPOLOGIES, _TIMED_POINTS = 8, 8
# Topologies and samples whose numbers are put together: some seconds, if there are so many.
_TRACED, _LOOKED_AT = 64, 20_000
# Reasons that are kept: they name the numbers, so that nearly every point has its own.
_MOST_REASONS = 100


@dataclass(frozen=True)
class Plan:
    """What a sweep holds and takes.

    impossible  points whose values cannot stand together: rows that say `failed`
    looked_at   points that were looked at for it: all, unless they are very many
    tried       points that were run, of which `failed` failed
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
    looked_at: int
    timed: int
    tried: int
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
    standing, reasons, impossible, looked_at = _standing(job, trials is None)
    chosen = np.linspace(0, len(standing) - 1, min(len(standing), _TIMED_TOPOLOGIES))
    timed = [_time(job, *standing[round(k)]) for k in chosen]
    failed = [why for one in timed for why in one.rows["error"].to_pylist() if why]
    count = sum(one.rows.num_rows for one in timed)
    rate_per_s = time_s = disk_mb = None
    if timed:
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
        why_impossible=tuple(dict.fromkeys(reasons))[:_MOST_REASONS],
        looked_at=looked_at,
        timed=len(timed),
        tried=count,
        failed=len(failed),
        why_failed=failed[0] if failed else "",
        rate_per_s=rate_per_s,
        workers=used,
        time_s=time_s,
        disk_mb=disk_mb,
    )


def _standing(
    job: Job, numbers_too: bool
) -> tuple[list[tuple[World, np.ndarray]], list[str], int, int]:
    """A world and samples of each topology that can be; why others cannot, and their points; the
    points that were looked at.

    numbers_too   put the numbers of the samples together too, which may refuse each other
    """
    standing: list[tuple[World, np.ndarray]] = []
    reasons: list[str] = []
    impossible = looked_at = 0
    parts = len(job.bases) * len(job.groups)
    traced = {round(k) for k in np.linspace(0, parts - 1, min(parts, _TRACED))}
    each = max(1, _LOOKED_AT // len(traced))
    for number, ((design, scenario), (values, rows)) in enumerate(product(job.bases, job.groups)):
        worlds = [w for w in job.space.worlds if (w.design, w.scenario) == (design, scenario)]
        some, bad = rows, {}
        try:
            job.facility(worlds[0], values)
            if numbers_too and len(job.structural) < len(job.spec.file.vary):
                some = _evenly(rows, each if number in traced else 0)
                bad = _refused(job, worlds[0], some) if len(some) else {}
        except InputError as problem:
            bad = dict.fromkeys(range(len(some)), problem.faults[0].why)
        reasons += bad.values()
        impossible += len(worlds) * len(bad)
        looked_at += len(worlds) * len(some)
        good = np.setdiff1d(rows, some[list(bad)])
        if len(good):
            standing.append((worlds[0], good))
    return standing, reasons, impossible, looked_at


def _evenly(rows: np.ndarray, most: int) -> np.ndarray:
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)]


def _refused(job: Job, world: World, rows: np.ndarray) -> dict[int, str]:
    """Which of these samples of a topology cannot be, as their run would find, and why."""
    values = _values(job, rows)
    topology = job.topology(world, {path: column[0] for path, column in values.items()})
    numbers, refused = topology.numbers(values, len(rows))
    return {**faults(topology.facility, numbers, len(rows)), **refused}


def _values(job: Job, rows: np.ndarray) -> dict[str, list[Any]]:
    return {path: [column[row] for row in rows] for path, column in job.space.columns.items()}


def _time(job: Job, world: World, rows: np.ndarray) -> _Timed:
    """The time of some points of a topology, when its world is made ready and again."""
    some = _evenly(rows, _TIMED_POINTS)
    values = _values(job, some)
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
