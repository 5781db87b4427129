"""A sweep on a real Dask cluster, one of whose workers is killed on the way."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dctwin.sweeps import job, sweep

distributed = pytest.importorskip("dask.distributed")

SPEC: dict[str, Any] = {
    "name": "clustered",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari"],
    "sampling": {"method": "sobol", "points": 24},
    "vary": {"it.racks.servers.load_frac": {"uniform": [0.3, 0.9]}},
}


def test_a_killed_worker_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "CHUNK_POINTS", 2)
    sweep(SPEC, tmp_path / "alone", workers=1)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killed = threading.Event()

        def kill(done: int, *_: Any) -> None:
            if done and not killed.is_set():
                killed.set()
                os.kill(victim, signal.SIGKILL)

        began = time.monotonic()
        sweep(SPEC, tmp_path / "cluster", scheduler=cluster.scheduler_address, progress=kill)
        assert killed.is_set()
        assert time.monotonic() - began < 120
    one, other = (tmp_path / name / "summary.parquet" for name in ("alone", "cluster"))
    assert one.read_bytes() == other.read_bytes()
