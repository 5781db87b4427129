"""Design sweeps: a space of designs, sites and values, run in batches, crash-safe and elastic."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

from dctwin.errors import InputError, nearest
from dctwin.sweeps.batch import Backend
from dctwin.sweeps.execute import cores, run_chunks
from dctwin.sweeps.job import Job, make_job
from dctwin.sweeps.possible import check
from dctwin.sweeps.progress import Progress, Status, find_sweeps, status_of
from dctwin.sweeps.space import World
from dctwin.sweeps.spec import Spec, SpecLike, load_spec
from dctwin.sweeps.store import LAYOUT, Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Status",
    "find_sweeps",
    "prepare_sweep",
    "run_sweep",
    "sweep",
    "sweep_frame",
    "sweep_spec",
    "sweep_status",
]

DEFAULT_MAX_RUNS = 100_000


def prepare_sweep(spec: SpecLike, max_runs: int = DEFAULT_MAX_RUNS) -> Job:
    """A sweep made ready but not run: its points, topologies and chunks. Raises InputError."""
    job = make_job(load_spec(spec))
    points = job.space.points
    if points > max_runs:
        raise InputError(
            f"{job.spec.document.file}: {points:,} points are more than the limit of {max_runs:,} "
            "runs: raise it with --max-runs"
        )
    if points == 0:
        raise InputError(f"{job.spec.document.file}: holds no points")
    bounds = [bound.metric for bound in job.spec.file.constraints]
    job.refuse_mixed_money(bounds, ("constraints",))
    check(job)
    return job


def sweep(
    spec: SpecLike,
    out: str | os.PathLike[str],
    workers: int | None = None,
    scheduler: str | None = None,
    backend: Backend = "numpy",
    shard: tuple[int, int] = (1, 1),
    max_runs: int = DEFAULT_MAX_RUNS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run a sweep, or what is missing of it, and give its finished points, one row each.

    spec       path of a sweep file, or the same structure as a dict
    out        folder of the results; one that holds the same sweep is resumed
    workers    processes (default: one a core)      scheduler  address of a Dask cluster
    backend    "numpy", or "jax" to compile each topology once a process
    shard      (i, N): run every N-th chunk from the i-th, 1 <= i <= N
    Workers are new processes that do not run the calling script again: it needs no guard.
    Raises InputError (bad spec, folder of another sweep) or ComputationError (full disk).

    >>> table = sweep("warm-water.yaml", "results")                # doctest: +SKIP
    """
    return run_sweep(
        prepare_sweep(spec, max_runs), out, workers, scheduler, backend, shard, progress
    )


def run_sweep(
    job: Job,
    out: str | os.PathLike[str],
    workers: int | None = None,
    scheduler: str | None = None,
    backend: Backend = "numpy",
    shard: tuple[int, int] = (1, 1),
    progress: Progress | None = None,
) -> pd.DataFrame:
    """`sweep` of a job that is made ready."""
    checked_backend(backend)
    index, of = shard
    if not 1 <= index <= of:
        raise InputError(f"shard must be i/N with 1 <= i <= N (got {index}/{of})")
    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1 (got {workers})")
    store = Store(out)
    held = store.open(
        {
            "name": job.spec.name,
            "spec": job.spec.document.data,
            "identity": job.identity,
            "points": len(job.space),
            "chunks": [len(chunk) for chunk in job.chunks],
            "backend": backend,
            "flags": job.watched,
        }
    )
    if held["flags"]:
        job = job.with_flags()
    finished = store.finished()
    share = range(index - 1, len(job.chunks), of)
    missing = [chunk for chunk in share if chunk not in finished]
    if missing:
        before = sum(len(job.chunks[chunk]) for chunk in share if chunk in finished)
        run_chunks(job, store, missing, workers or cores(), scheduler, backend, progress, before)
    finished = store.finished()
    if finished.issuperset(range(len(job.chunks))) and not store.has_summary():
        store.finish(range(len(job.chunks)))
    if not finished:  # a share without a part, as there are more shares than parts
        return empty_table()
    table = store.frame()
    wanted = job.spec.file.traces
    if (wanted.points or wanted.top) and store.summary.exists():
        from dctwin.sweeps.traces import chosen_points, save_traces

        save_traces(job, out, chosen_points(job, table))
    return table


def empty_table() -> pd.DataFrame:
    """The table of no points."""
    import pandas as pd

    return pd.DataFrame(columns=["point", *World._fields, "status", "error"])


def checked_backend(name: str) -> Backend:
    """A backend by its name, ready to use. Raises InputError."""
    if name == "numpy":
        return "numpy"
    if name == "jax":
        from dctwin.sweeps.compiled import jax_module

        jax_module()
        return "jax"
    raise InputError(f"backend: {nearest(name, get_args(Backend))} (got {name!r})")


def sweep_status(out: str | os.PathLike[str]) -> Status:
    """How far a sweep is, readable while another process runs it.

    >>> print(sweep_status("results/warm-water"))                  # doctest: +SKIP
    warm-water: 1,024 of 4,096 points, 2 of 8 parts; running on host, process 4711, 31 design-years
    a second, 1 min 39 s left
    """
    return status_of(Store(out))


def sweep_spec(out: str | os.PathLike[str]) -> Spec:
    """What a folder sweeps: its spec, as its manifest has it.

    Raises InputError for folders of an earlier layout, which lost the order of the file.
    """
    store = Store(out)
    manifest = store.read_manifest()
    if manifest["layout"] != LAYOUT:
        raise InputError(
            f"{store.manifest}: is of another version of dctwin and has the spec in another order: "
            "use the sweep file itself"
        )
    return load_spec(manifest["spec"])


def sweep_frame(out: str | os.PathLike[str]) -> pd.DataFrame:
    """The finished points of a sweep, one row each."""
    return Store(out).frame()
