"""Running the chunks of a sweep: here, in a pool of processes, or on a Dask cluster.

Workers compute, this process writes. A worker that dies loses only the chunk it was at; that chunk
is tried again, and a chunk that kills its worker three times is given up with the rest kept.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dctwin.errors import ComputationError, InputError
from dctwin.sweeps.batch import run_chunk
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
    progress: Progress | None = None,
) -> None:
    """Run these chunks and write their parts. Raises ComputationError when some cannot be run."""
    meter = _Meter(job, store, chunks, progress)
    try:
        if scheduler is not None:
            finished = _on_dask(job, chunks, scheduler)
        elif workers == 1 or len(chunks) < 2:
            finished = ((chunk, encode(run_chunk(job, chunk))) for chunk in chunks)
        else:
            finished = _in_pool(job, chunks, workers)
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

_JOB: Job | None = None


def _begin_worker(job: Job, parent: int) -> None:
    """A worker's first step: keep the job, use one core, and end when the parent is gone."""
    global _JOB
    _JOB = job

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(chunk: int) -> bytes:
    assert _JOB is not None
    return encode(run_chunk(_JOB, chunk))


def _pool(job: Job, workers: int) -> Executor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(job, os.getpid())
    )


def _in_pool(job: Job, chunks: list[int], workers: int) -> Iterator[tuple[int, bytes]]:
    """Chunks by a pool of processes, as they finish; a pool that broke is made anew."""
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool

    tries = dict.fromkeys(chunks, 0)
    waiting = list(reversed(chunks))
    lost: list[int] = []
    while waiting:
        pool = _pool(job, min(workers, len(waiting)))
        running: dict[Future[bytes], int] = {}
        try:
            while waiting or running:
                while waiting and len(running) < workers * _AHEAD:
                    chunk = waiting.pop()
                    running[pool.submit(_work, chunk)] = chunk
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running[future], future.result()
                    del running[future]
        except BrokenProcessPool:
            for chunk in running.values():
                tries[chunk] += 1
                (lost if tries[chunk] >= MAX_TRIES * _AHEAD else waiting).append(chunk)
        finally:
            for future in running:
                future.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
    if lost:
        raise ComputationError(
            f"{len(lost)} chunks ended their worker process {MAX_TRIES} times, out of memory "
            "perhaps: what is finished stays. Run again with fewer --workers"
        )


# --- Dask -------------------------------------------------------------------------------------


def _on_dask(job: Job, chunks: list[int], scheduler: str) -> Iterator[tuple[int, bytes]]:
    """Chunks by the workers of a Dask cluster, as they finish."""
    dask: Any
    try:
        from dask import distributed as dask
    except ImportError:
        raise InputError("--scheduler needs Dask: pip install 'dctwin[cluster]'") from None
    try:
        client: Any = dask.Client(scheduler, timeout="20s", set_as_default=False)
    except OSError as problem:
        raise InputError(f"--scheduler {scheduler}: cannot be reached: {problem}") from None
    with contextlib.closing(client):
        shared = client.scatter(job, broadcast=True)
        futures = client.map(
            _dask_work, [shared] * len(chunks), chunks, retries=MAX_TRIES, pure=False
        )
        for future, result in dask.as_completed(futures, with_results=True):
            chunk, data = result
            future.release()
            yield chunk, data


def _dask_work(job: Any, chunk: int) -> tuple[int, bytes]:
    return chunk, encode(run_chunk(job, chunk))
