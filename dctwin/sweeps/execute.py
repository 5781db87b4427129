"""Running the chunks of a sweep: here, in a pool of processes, or on a Dask cluster.

Workers compute, this process writes. A worker that dies loses only the chunk it was at; that chunk
is tried again, and a chunk that kills its worker three times is given up with the rest kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dctwin.errors import ComputationError, InputError
from dctwin.sweeps.batch import Backend, run_chunk
from dctwin.sweeps.job import Job
from dctwin.sweeps.store import Store, encode

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

MAX_TRIES = 3
_NOTE_EVERY_S = 0.5
# Chunks handed out ahead of the one being worked at, so that no worker waits.
_AHEAD = 2

Progress = Callable[[int, int, float | None], None]  # done, of, rate per second


def run_chunks(
    job: Job,
    store: Store,
    chunks: list[int],
    workers: int = 1,
    scheduler: str | None = None,
    backend: Backend = "numpy",
    progress: Progress | None = None,
) -> None:
    """Run these chunks and write their parts. Raises ComputationError when some cannot be run."""
    meter = _Meter(job, store, chunks, progress)
    if backend == "jax" and scheduler is None:
        from dctwin.sweeps.compiled import jax_module

        workers = workers if jax_module().default_backend() == "cpu" else 1  # they share one GPU
    try:
        if scheduler is not None:
            finished = _on_dask(job, chunks, scheduler, backend)
        elif workers == 1 or len(chunks) < 2:
            finished = ((chunk, encode(run_chunk(job, chunk, backend))) for chunk in chunks)
        else:
            finished = _in_pool(job, chunks, workers, backend)
        for chunk, data in finished:
            store.write_part(chunk, data)
            meter.add(chunk)
    except BaseException:
        meter.note("stopped")
        raise
    meter.note("done")


class _Meter:
    """Counts finished points, tells who asked, and writes it down for others to read."""

    def __init__(
        self, job: Job, store: Store, chunks: list[int], progress: Progress | None
    ) -> None:
        self.sizes = [len(chunk) for chunk in job.chunks]
        self.store, self.progress = store, progress
        self.total = sum(self.sizes)
        waiting = set(chunks)
        self.before = sum(size for k, size in enumerate(self.sizes) if k not in waiting)
        self.done, self.began, self.noted = 0, time.monotonic(), 0.0
        self.note("running")

    @property
    def rate_per_s(self) -> float | None:
        elapsed = time.monotonic() - self.began
        return self.done / elapsed if self.done and elapsed > 0 else None

    def add(self, chunk: int) -> None:
        self.done += self.sizes[chunk]
        if self.progress is not None:
            self.progress(self.before + self.done, self.total, self.rate_per_s)
        if time.monotonic() - self.noted > _NOTE_EVERY_S:
            self.note("running")

    def note(self, state: str) -> None:
        self.noted = time.monotonic()
        self.store.note_progress(
            state=state,
            done=self.before + self.done,
            points=self.total,
            rate_per_s=self.rate_per_s,
        )


# --- processes --------------------------------------------------------------------------------

_JOB: tuple[Job, Backend] | None = None


def _begin_worker(file: str, parent: int) -> None:
    """A worker's first step: read the job, and end when the parent is gone."""
    global _JOB

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    # One thread a worker: they share the cores already.
    one = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("XLA_FLAGS", one)
    _JOB = pickle.loads(Path(file).read_bytes())


def _work(chunk: int) -> bytes:
    assert _JOB is not None
    job, backend = _JOB
    return encode(run_chunk(job, chunk, backend))


def _pool(file: str, workers: int) -> Executor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(file, os.getpid())
    )


def _in_pool(
    job: Job, chunks: list[int], workers: int, backend: Backend
) -> Iterator[tuple[int, bytes]]:
    """Chunks by a pool of processes, as they finish; a pool that broke is made anew.

    Workers read the job from a file: through a pipe, one that is killed while it starts would keep
    the parent waiting for ever.
    """
    from concurrent.futures.process import BrokenProcessPool

    tries = dict.fromkeys(chunks, 0)
    waiting = list(reversed(chunks))
    lost: list[int] = []
    with tempfile.NamedTemporaryFile(prefix="dctwin-sweep-") as file:
        file.write(pickle.dumps((job, backend)))
        file.flush()
        while waiting:
            running: dict[Future[bytes], int] = {}
            pool = _pool(file.name, min(workers, len(waiting)))
            try:
                yield from _through(pool, waiting, running, workers * _AHEAD)
            except BrokenProcessPool:
                for chunk in running.values():
                    tries[chunk] += 1
                    (lost if tries[chunk] >= MAX_TRIES * _AHEAD else waiting).append(chunk)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    if lost:
        raise ComputationError(
            f"{len(lost)} chunks ended their worker process {MAX_TRIES} times, out of memory "
            "perhaps: what is finished stays. Run again with fewer --workers"
        )


def _through(
    pool: Executor, waiting: list[int], running: dict[Future[bytes], int], ahead: int
) -> Iterator[tuple[int, bytes]]:
    """Pass the waiting chunks through a pool; when it breaks, `running` holds what was not done."""
    from concurrent.futures import FIRST_COMPLETED, wait

    while waiting or running:
        while waiting and len(running) < ahead:
            running[pool.submit(_work, waiting[-1])] = waiting[-1]
            waiting.pop()
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            data = future.result()
            yield running.pop(future), data


# --- Dask -------------------------------------------------------------------------------------


def _on_dask(
    job: Job, chunks: list[int], scheduler: str, backend: Backend
) -> Iterator[tuple[int, bytes]]:
    """Chunks by the workers of a Dask cluster, as they finish; those of a lost worker go to others.

    The job comes to each worker as a plugin, so that one that joins later has it too: data that is
    scattered is lost with the workers that hold it.
    """
    dask: Any
    try:
        from dask import distributed as dask
    except ImportError:
        raise InputError("--scheduler needs Dask: pip install 'dctwin[cluster]'") from None
    try:
        client: Any = dask.Client(scheduler, timeout="20s", set_as_default=False)
    except OSError as problem:
        raise InputError(f"--scheduler {scheduler}: cannot be reached: {problem}") from None

    class Courier(dask.WorkerPlugin):  # type: ignore[misc]
        def __init__(self, name: str, data: bytes) -> None:
            self.name, self.data = name, data

    data = pickle.dumps((job, backend))
    name = f"dctwin-{hashlib.sha256(data).hexdigest()[:16]}"
    with contextlib.closing(client), client.as_current():
        client.register_plugin(Courier(name, data), name=name)
        futures = client.map(
            _dask_work,
            chunks,
            name=name,
            retries=MAX_TRIES,
            pure=False,
            key=f"{name}-{os.getpid()}",
        )
        try:
            for _, result in dask.as_completed(futures, with_results=True):
                yield result
        except dask.KilledWorker as problem:
            raise ComputationError(
                f"a chunk ended its worker again and again: {problem}. What is finished stays"
            ) from None
        finally:
            client.cancel(futures)
            with contextlib.suppress(Exception):
                client.unregister_worker_plugin(name)


# The job that a worker of a cluster is at, by its plugin's name.
_HELD: dict[str, tuple[Job, Backend]] = {}


def _dask_work(chunk: int, name: str) -> tuple[int, bytes]:
    from dask.distributed import get_worker

    if name not in _HELD:
        plugin: Any = get_worker().plugins[name]
        _HELD.clear()
        _HELD[name] = pickle.loads(plugin.data)
    job, backend = _HELD[name]
    return chunk, encode(run_chunk(job, chunk, backend))
