"""A sweep that is stopped, mixed up, short of disk or of workers loses nothing and repeats nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dctwin.errors import ComputationError, InputError
from dctwin.sweeps import execute, identity, job, store, sweep, sweep_status
from dctwin.sweeps.store import Store

SPEC: dict[str, Any] = {
    "name": "trial",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari"],
    "sampling": {"method": "sobol", "points": 12},
    "vary": {
        "cooling.loops.chw.supply_c": {"uniform": [8, 14]},
        "it.racks.servers.load_frac": {"uniform": [0.3, 0.9]},
    },
    "metrics": ["pue", "it_kwh"],
}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "CHUNK_POINTS", 3)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("undisturbed") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "CHUNK_POINTS", 3)
        sweep(SPEC, home, workers=1)
    return home


def same_bytes(one: Path, other: Path) -> bool:
    return (one / "summary.parquet").read_bytes() == (other / "summary.parquet").read_bytes()


def test_a_sweep_is_whole_and_says_so(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "summary.parquet")
    assert list(table["point"]) == list(range(12))
    assert {"design", "site", "pue", "it_kwh", "status"} <= set(table.columns)
    assert (table["status"] == "ok").all()
    assert table["pue"].between(1.0, 2.0).all()
    status = sweep_status(undisturbed)
    assert (status.done, status.points, status.complete) == (12, 12, True)
    parts = pd.read_parquet(undisturbed / "parts")  # as other tools read the folder
    assert len(parts) == 12


def test_what_a_killed_start_leaves_is_no_other_sweep(tmp_path: Path, undisturbed: Path) -> None:
    home = tmp_path / "out"
    for folder in ("parts", "progress"):
        (home / folder).mkdir(parents=True)
    (home / ".manifest.json.17.tmp").write_text("{")
    sweep(SPEC, home, workers=1)
    assert same_bytes(home, undisturbed)
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty and holds no sweep"):
        sweep(SPEC, other, workers=1)


def test_only_what_is_missing_runs_again(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "out"
    ran: list[int] = []
    real = execute.run_chunk

    def some(one: Any, chunk: int, *rest: Any) -> Any:
        ran.append(chunk)
        if len(ran) == 3:
            raise KeyboardInterrupt
        return real(one, chunk, *rest)

    monkeypatch.setattr(execute, "run_chunk", some)
    with pytest.raises(KeyboardInterrupt):
        sweep(SPEC, home, workers=1)
    assert sweep_status(home).done == 6
    assert not (home / "summary.parquet").exists()
    sweep(SPEC, home, workers=1)
    assert ran == [0, 1, 2, 2, 3]
    assert same_bytes(home, undisturbed)


def test_shards_meet_in_one_folder(undisturbed: Path, tmp_path: Path) -> None:
    home = tmp_path / "out"
    sweep(SPEC, home, workers=1, shard=(2, 2))
    assert sweep_status(home).done == 6
    sweep(SPEC, home, workers=1, shard=(1, 2))
    assert same_bytes(home, undisturbed)


def test_another_sweep_is_not_mixed_in(undisturbed: Path) -> None:
    before = (undisturbed / "manifest.json").read_bytes()
    for other, said in (
        ({**SPEC, "seed": 5}, "spec"),
        ({**SPEC, "metrics": ["pue"]}, "spec"),
        ({**SPEC, "sites": ["inzai"]}, "site inzai"),
    ):
        with pytest.raises(InputError, match=said):
            sweep(other, undisturbed, workers=1)
    assert (undisturbed / "manifest.json").read_bytes() == before


def test_another_version_is_not_mixed_in(
    undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "package_version", lambda: "99.0")
    with pytest.raises(InputError, match=r"version .*99\.0 now"):
        sweep(SPEC, undisturbed, workers=1)


def test_other_code_is_not_mixed_in(undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "source_digest", lambda: "0" * 64)
    with pytest.raises(InputError, match="Different: the code of dctwin"):
        sweep(SPEC, undisturbed, workers=1)


def test_what_changes_no_result_may_change(undisturbed: Path, tmp_path: Path) -> None:
    home = tmp_path / "out"
    sweep(SPEC, home, workers=1, shard=(1, 2))
    bound = {"metric": "pue", "max": 1.5}
    sweep({**SPEC, "title": "Another", "constraints": [bound]}, home, workers=1)
    assert same_bytes(home, undisturbed)
    assert Store(home).read_manifest()["spec"]["title"] == "Another"


def test_flags_of_every_point_are_kept_or_refused(undisturbed: Path, tmp_path: Path) -> None:
    bounded = {**SPEC, "constraints": [{"metric": "flagged_h", "max": 0}]}
    with pytest.raises(InputError, match="flags"):
        sweep(bounded, undisturbed, workers=1)
    home = tmp_path / "out"
    sweep(bounded, home, workers=1, shard=(1, 2))
    table = sweep(SPEC, home, workers=1)  # goes on as it was begun
    assert table["flagged_h"].notna().all()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="not empty"):
        sweep(SPEC, tmp_path, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_full_disk_keeps_what_is_finished(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "out"
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 7:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(ComputationError, match="No space left"):
        sweep(SPEC, home, workers=1)
    monkeypatch.setattr(store.os, "fsync", real)
    kept = sweep_status(home).done
    assert 0 < kept < 12
    assert not list(home.rglob("*.tmp"))
    sweep(SPEC, home, workers=1)
    assert same_bytes(home, undisturbed)


@pytest.mark.parametrize("workers", [2, 4])
def test_any_number_of_workers_gives_the_same_bytes(
    undisturbed: Path, tmp_path: Path, workers: int
) -> None:
    # Workers are new processes with parts of the usual size; compare the tables they make.
    sweep(SPEC, tmp_path / "out", workers=workers)
    assert same_bytes(tmp_path / "out", undisturbed)
