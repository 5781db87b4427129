"""Running the chunks of a sweep: here, in a pool of processes, or on a Dask cluster.

Workers compute, this process writes. A worker that dies loses only the chunk it was at; that chunk
is tried again, and a chunk that kills its worker three times is given up with the rest kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dctwin.api import source_digest
from dctwin.errors import ComputationError, InputError
from dctwin.sweeps.batch import Backend, run_chunk
from dctwin.sweeps.job import Job
from dctwin.sweeps.progress import Meter, Progress
from dctwin.sweeps.store import Store, encode

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

MAX_TRIES = 3
_REACH_S = 20.0
# Chunks handed out ahead of the one being worked at, so that no worker waits.
_AHEAD = 2


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def run_chunks(
    job: Job,
    store: Store,
    chunks: list[int],
    workers: int = 1,
    scheduler: str | None = None,
    backend: Backend = "numpy",
    progress: Progress | None = None,
    before: int = 0,
) -> None:
    """Run these chunks and write their parts. Raises ComputationError when some cannot be run.

    before   points of this share that are done already
    """
    if backend == "jax" and scheduler is None:
        from dctwin.sweeps.compiled import jax_module

        workers = workers if jax_module().default_backend() == "cpu" else 1  # they share one GPU
    sizes = {chunk: len(job.chunks[chunk]) for chunk in chunks}
    with Meter(store, sizes, before, progress) as meter:
        if scheduler is not None:
            finished = _on_dask(job, chunks, scheduler, backend)
        elif workers == 1 or len(chunks) < 2:
            finished = ((chunk, encode(run_chunk(job, chunk, backend))) for chunk in chunks)
        else:
            finished = _in_pool(job, chunks, workers, backend)
        try:
            for chunk, data in finished:
                store.write_part(chunk, data)
                meter.add(chunk)
        except MemoryError:
            raise ComputationError(
                "out of memory: what is finished stays. Run again with fewer --workers"
            ) from None


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
    try:
        data = Path(file).read_bytes()
    except FileNotFoundError:  # the sweep stopped while this worker started
        os._exit(1)
    _JOB = _loaded(data)


def _loaded(data: bytes) -> tuple[Job, Backend]:
    """A job, in the process of a worker that is to run it."""
    job, backend = pickle.loads(data)
    if backend == "jax":
        # XLA's threads, read when JAX starts: one a worker, as workers share the cores already.
        # More wait for each other and take half as much CPU time again.
        os.environ.setdefault("NPROC", "1")
    return job, backend


def _work(chunk: int) -> bytes:
    assert _JOB is not None
    job, backend = _JOB
    return encode(run_chunk(job, chunk, backend))


# One worker is started at a time, so that each finds the caller's script to put back.
_STARTING = threading.Lock()


class _Worker(SpawnProcess):
    """A new process that leaves the caller's script alone.

    multiprocessing runs the script again in each of its processes, as what they call may be defined
    there; a script that does not guard its lines by `__main__` would begin the sweep anew in each,
    and one that is piped to Python has no file to run. What workers call is defined in dctwin.
    """

    def start(self) -> None:
        with _STARTING:
            main = sys.modules["__main__"]
            # Without the name and the file by which it would be found; other threads miss nothing.
            nameless = ModuleType("__main__")
            nameless.__dict__.update({**vars(main), "__spec__": None, "__file__": None})
            sys.modules["__main__"] = nameless
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main


class _Spawn(SpawnContext):
    Process = _Worker


def _pool(file: str, workers: int) -> Executor:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(
        workers, mp_context=_Spawn(), initializer=_begin_worker, initargs=(file, os.getpid())
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
        _reach(scheduler)
        client: Any = dask.Client(scheduler, timeout="20s", set_as_default=False)
    except (OSError, ValueError) as problem:
        raise InputError(
            f"--scheduler: {scheduler!r} cannot be reached, {problem}; an address is "
            "tcp://HOST:PORT"
        ) from None

    class Courier(dask.WorkerPlugin):  # type: ignore[misc]
        def __init__(self, name: str, data: bytes) -> None:
            self.name, self.data = name, data

    data, code = pickle.dumps((job, backend)), source_digest()
    name = f"dctwin-{hashlib.sha256(data).hexdigest()[:16]}"
    with contextlib.closing(client), client.as_current():
        client.register_plugin(Courier(name, data), name=name)
        futures = client.map(
            _dask_work,
            chunks,
            name=name,
            code=code,
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


def _reach(scheduler: str) -> None:
    """Raise OSError or ValueError where nothing answers: a client of Dask that was never connected
    prints a traceback when it is thrown away."""
    from distributed.comm.addressing import get_address_host_port

    host, port = get_address_host_port(scheduler)
    socket.create_connection((host, port), _REACH_S).close()


# The job that a worker of a cluster is at, by its plugin's name.
_HELD: dict[str, tuple[Job, Backend]] = {}


def _dask_work(chunk: int, name: str, code: str) -> tuple[int, bytes]:
    from dask.distributed import get_worker

    if source_digest() != code:
        raise InputError(
            f"a worker on {socket.gethostname()} has other code of dctwin than the client: "
            "results are not mixed, install the same"
        )
    if name not in _HELD:
        plugin: Any = get_worker().plugins[name]
        _HELD.clear()
        _HELD[name] = _loaded(plugin.data)
    job, backend = _HELD[name]
    return chunk, encode(run_chunk(job, chunk, backend))
