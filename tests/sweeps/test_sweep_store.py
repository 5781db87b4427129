"""A sweep that is stopped, mixed up, short of disk or of workers loses nothing and repeats nothing."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dctwin.errors import ComputationError, InputError
from dctwin.sweeps import (
    execute,
    identity,
    job,
    prepare_sweep,
    store,
    sweep,
    sweep_frame,
    sweep_spec,
    sweep_status,
)
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


@pytest.mark.parametrize("workers", [0, -1])
def test_there_is_at_least_one_worker(tmp_path: Path, workers: int) -> None:
    with pytest.raises(InputError, match="workers must be at least 1"):
        sweep(SPEC, tmp_path / "out", workers=workers)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("count", [32_768, 65_536])
def test_more_points_than_can_be_are_refused_by_their_number(count: int) -> None:
    paths = (*SPEC["vary"], "building.lighting_kw", "cooling.loops.chw.rise_k")
    vary = {path: {"from": 5, "to": 6, "count": count} for path in paths}
    vary["it.racks.servers.load_frac"] = {"from": 0.5, "to": 0.6, "count": count}
    spec = {**SPEC, "sampling": {}, "vary": vary, "sites": ["ishikari", "inzai"]}
    with pytest.raises(InputError, match=f"{2 * count**4:,} points are more"):
        prepare_sweep(spec)


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


@pytest.mark.parametrize("piped", [False, True])
def test_a_script_needs_no_guard(tmp_path: Path, piped: bool) -> None:
    """Workers do not run it again, and one that is piped to Python has no file."""
    spec = {**SPEC, "sites": ["ishikari", "inzai"], "vary": {}, "sampling": {}}
    text = (
        "import sys, dctwin\n"
        "print('begun')\n"
        f"table = dctwin.sweep({spec!r}, 'out', workers=2)\n"
        "print(len(table), sys.modules['__main__'].table is table)\n"
    )
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    words = [sys.executable, "-"] if piped else [sys.executable, "script.py"]
    ended = subprocess.run(
        words,
        input=text if piped else None,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ended.returncode, ended.stdout.split()) == (0, ["begun", "2", "True"]), ended.stderr
    assert "Traceback" not in ended.stderr


DAMAGE = {
    "a part cut short": ("parts/000001.parquet", lambda data: data[:200]),
    "an empty part": ("parts/000001.parquet", lambda _: b""),
    "junk in the summary": ("summary.parquet", lambda _: b"junk"),
    "an empty summary": ("summary.parquet", lambda _: b""),
    "a stray file": ("parts/1x.parquet", lambda _: b"mine"),
    "a part too many": ("parts/000009.parquet", lambda _: b"mine"),
    "a note": ("progress/here-17.json", lambda _: b"[]"),
}


@pytest.mark.parametrize("what", DAMAGE)
@pytest.mark.parametrize("complete", [True, False])
def test_a_damaged_folder_heals(
    undisturbed: Path,
    tmp_path: Path,
    what: str,
    complete: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    home = tmp_path / "out"
    shutil.copytree(undisturbed, home)
    name, change = DAMAGE[what]
    if not complete:
        (home / "summary.parquet").unlink()
        (home / "parts" / "000003.parquet").unlink()
    data = (home / name).read_bytes() if (home / name).exists() else b""
    (home / name).write_bytes(change(data))
    before = sweep_status(home)
    sweep(SPEC, home, workers=1)
    assert same_bytes(home, undisturbed)
    if name == "parts/000001.parquet":
        assert before.done == (9 if complete else 6)
        assert (home / name).read_bytes() == (undisturbed / name).read_bytes()
        assert "000001.parquet: cannot be read, its points are run again" in caplog.text


@pytest.mark.parametrize("text", ["[]", "{}", '{"layout": 3}', "", "{"])
def test_a_damaged_manifest_is_told_in_a_line(undisturbed: Path, tmp_path: Path, text: str) -> None:
    home = tmp_path / "out"
    shutil.copytree(undisturbed, home)
    (home / "manifest.json").write_text(text, encoding="utf-8")
    for look in (sweep_status, sweep_spec, lambda out: sweep(SPEC, out, workers=1)):
        with pytest.raises(InputError, match=r"manifest\.json: .*remove the folder"):
            look(home)


def test_what_is_damaged_within_is_named_with_what_to_do(undisturbed: Path, tmp_path: Path) -> None:
    home = tmp_path / "out"
    shutil.copytree(undisturbed, home)
    part = home / "parts" / "000002.parquet"
    data = part.read_bytes()
    end = len(data) - 8 - int.from_bytes(data[-8:-4], "little")  # where its contents stand
    part.write_bytes(data[:4] + b"\xff" * (end - 4) + data[end:])
    (home / "summary.parquet").unlink()
    with pytest.raises(InputError, match=r"000002\.parquet: cannot be read: .*Remove it"):
        sweep(SPEC, home, workers=1)
    assert sweep_status(home).done == 9
    part.unlink()
    sweep(SPEC, home, workers=1)
    assert same_bytes(home, undisturbed)
    (home / "summary.parquet").write_bytes(b"junk")
    with pytest.raises(InputError, match=r"summary\.parquet: cannot be read: .*Remove it"):
        sweep_frame(home)


MANIFEST = {"identity": {"x": "1"}, "points": 1, "chunks": [1], "backend": "numpy", "flags": False}


def test_starts_at_once_share_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another start is placed at each step of one: it is never refused, nor is its sweep lost."""
    for name in ("exists", "iterdir", "mkdir", "link"):
        for after in (False, True)[: 1 if name == "link" else 2]:
            for other in ({"x": "1"}, {"x": "2"}):
                home = tmp_path / f"{name}-{after}-{other['x']}"
                home.mkdir()
                owner = store.os if name == "link" else Path
                _start_beside(home, owner, name, after, other, monkeypatch)


def _start_beside(
    home: Path,
    owner: Any,
    name: str,
    after: bool,
    identity: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, begun = getattr(owner, name), []

    def beside(path: Any, *rest: Any, **more: Any) -> Any:
        found = real(path, *rest, **more) if after else None
        if not begun:
            begun.append(path)
            Store(home).open({**MANIFEST, "identity": identity})
            Store(home).part(0).write_bytes(b"")
        return found if after else real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, beside)
        if identity == MANIFEST["identity"]:
            Store(home).open(MANIFEST)
        else:
            with pytest.raises(InputError, match="Different: x"):
                Store(home).open(MANIFEST)
    assert begun
    assert Store(home).read_manifest()["identity"] == identity
