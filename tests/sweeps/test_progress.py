"""How far a sweep is, told to who runs it and to anyone who looks: the same truth for all."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dctwin.errors import ComputationError
from dctwin.sweeps import execute, find_sweeps, job, progress, sweep, sweep_status
from dctwin.sweeps.progress import Meter, duration_text
from dctwin.sweeps.store import Store

SPEC: dict[str, Any] = {
    "name": "trial",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari"],
    "sampling": {"method": "sobol", "points": 12},
    "vary": {"it.racks.servers.load_frac": {"uniform": [0.3, 0.9]}},
    "metrics": ["pue"],
}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "CHUNK_POINTS", 3)


def begun(home: Path, parts: int = 4) -> Store:
    """A sweep of three points a part, nothing done."""
    store = Store(home)
    store.open(
        {
            "name": "trial",
            "identity": {},
            "points": 3 * parts,
            "chunks": [3] * parts,
            "backend": "numpy",
            "flags": False,
        }
    )
    return store


def note(store: Store, **entries: Any) -> None:
    now = time.time()
    whole = {"state": "running", "why": "", "host": socket.gethostname(), "pid": os.getpid()}
    whole |= {"time_s": now, "marked_s": now, "done": 3, "points": 12, "rate_per_s": 0.5, **entries}
    name = f"{whole['host']}-{whole['pid']}.json"
    (store.progress / name).write_text(json.dumps(whole), encoding="utf-8")


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_progress_is_told_with_its_rate_and_can_be_read_from_outside(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    home = tmp_path / "out"

    def step(done: int, of: int, rate_per_s: float | None) -> None:
        seen.append((done, of))
        assert rate_per_s is not None
        assert rate_per_s > 0
        status = sweep_status(home)
        assert (status.state, status.done, status.points) == ("running", done, of)
        assert f"process {os.getpid()}" in str(status)

    table = sweep(SPEC, home, workers=1, progress=step)
    assert seen == [(3, 12), (6, 12), (9, 12), (12, 12)]
    status = sweep_status(home)
    assert (status.state, status.complete, status.running, status.failed) == (
        "complete",
        True,
        False,
        0,
    )
    assert list((home / "progress").iterdir()) == []
    assert len(table) == status.done
    assert str(status) == "trial: 12 of 12 points, 4 of 4 parts; complete"
    assert status._repr_html_().startswith('<progress value="12" max="12">')


def test_a_share_counts_its_own_points_and_the_folder_all(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def step(done: int, of: int, _: float | None) -> None:
        seen.append((done, of))

    sweep(SPEC, tmp_path / "out", workers=1, shard=(2, 2), progress=step)
    assert seen == [(3, 6), (6, 6)]
    status = sweep_status(tmp_path / "out")
    assert (status.state, status.done, status.points) == ("idle", 6, 12)
    # More shares than parts: one of them has nothing to do.
    assert sweep(SPEC, tmp_path / "other", workers=1, shard=(5, 5)).empty
    assert sweep_status(tmp_path / "other").state == "idle"


def test_the_note_is_kept_fresh_while_a_part_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "BEAT_S", 0.02)
    store = begun(tmp_path / "out")
    with Meter(store, {0: 3}):
        first = progress._notes(store)[0]["time_s"]
        deadline = time.monotonic() + 10
        while progress._notes(store)[0]["time_s"] == first:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ({}, "running"),
        ({"pid": "gone"}, "interrupted"),
        ({"time_s": 0.0}, "interrupted"),
        ({"host": "elsewhere", "pid": 1}, "running"),
        ({"host": "elsewhere", "pid": 1, "time_s": 0.0}, "interrupted"),
        ({"state": "stopped", "why": "no space"}, "stopped"),
    ],
)
def test_a_process_that_is_gone_runs_nothing(
    tmp_path: Path, entries: dict[str, Any], state: str
) -> None:
    store = begun(tmp_path / "out")
    if entries.get("pid") == "gone":
        entries = {**entries, "pid": dead_pid()}
    note(store, **entries)
    status = sweep_status(tmp_path / "out")
    assert status.state == state
    assert (status.rate_per_s is not None) == (state == "running")
    assert (status.why == "no space") == (state == "stopped")


def test_rates_of_processes_add_up_and_the_slowest_decides_when_it_ends(tmp_path: Path) -> None:
    store = begun(tmp_path / "out")
    note(store, host="one", pid=1, points=6, rate_per_s=3.0)
    note(store, host="two", pid=2, points=6, rate_per_s=0.5)
    status = sweep_status(tmp_path / "out")
    assert status.rate_per_s == 3.5
    assert status.left_s == pytest.approx((6 - 3) / 0.5, abs=1.0)
    note(store, host="two", pid=2, points=6, rate_per_s=None)  # just begun
    assert sweep_status(tmp_path / "out").left_s is None


def test_a_kill_is_seen_at_once(tmp_path: Path) -> None:
    store = begun(tmp_path / "out")
    code = (
        "import sys, time\n"
        "from dctwin.sweeps.progress import Meter\n"
        "from dctwin.sweeps.store import Store\n"
        "with Meter(Store(sys.argv[1]), {0: 3}):\n"
        "    print('on', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(store.home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    assert sweep_status(store.home).state == "running"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert sweep_status(store.home).state == "interrupted"
    with Meter(store, {0: 3}):  # whoever goes on takes the note of the dead away
        assert len(list(store.progress.iterdir())) == 1


def test_what_stopped_a_sweep_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(execute, "run_chunk", full)
    with pytest.raises(ComputationError, match="fewer --workers"):
        sweep(SPEC, tmp_path / "out", workers=1)
    status = sweep_status(tmp_path / "out")
    assert status.state == "stopped"
    assert status.why.startswith("out of memory")


def test_sweeps_of_a_folder_are_found(tmp_path: Path) -> None:
    assert find_sweeps(tmp_path / "none") == []
    begun(tmp_path / "results" / "one")
    begun(tmp_path / "results" / "study" / "two")
    (tmp_path / "results" / "other").mkdir()
    assert {path.name for path in find_sweeps(tmp_path / "results")} == {"one", "two"}
    assert find_sweeps(tmp_path / "results" / "one") == [tmp_path / "results" / "one"]


def test_times_are_told_in_two_units() -> None:
    assert [duration_text(s) for s in (0.4, 59.4, 60, 3599, 90_000)] == [
        "0 s",
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "25 h 0 min",
    ]
