"""A point, a topology or a world that cannot be run is a row that says why; the rest goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dctwin.errors import InputError
from dctwin.sweeps import kernel, prepare_sweep, sweep, sweep_status
from dctwin.sweeps.analyse import feasible, rank
from dctwin.sweeps.file import Constraint
from dctwin.sweeps.job import Job
from dctwin.sweeps.space import World

SPEC: dict[str, Any] = {
    "name": "trial",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari", "inzai"],
    "vary": {"it.racks.servers.load_frac": [0.4, 0.6]},
}


def test_a_topology_that_cannot_be_built_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Job.bench

    def odd(job: Job, topology: Any, world: World) -> Any:
        if world.scenario == "odd":
            raise InputError("cooling.loops: none of them is there")
        return real(job, topology, world)

    monkeypatch.setattr(Job, "bench", odd)
    table = sweep({**SPEC, "scenarios": {"odd": {}, "now": {}}}, tmp_path / "out", workers=1)
    assert set(table["status"][table["scenario"] == "now"]) == {"ok"}
    odd = table[table["scenario"] == "odd"]
    assert set(odd["status"]) == {"failed"}
    assert odd["error"].str.contains("none").all()
    assert sweep_status(tmp_path / "out").failed == len(odd) == 4
    assert len(rank(table, ["pue"])) == 4
    # Parts have the same columns, so that other tools read the folder whichever comes first.
    parts = [pd.read_parquet(path) for path in sorted((tmp_path / "out" / "parts").iterdir())]
    assert len({tuple(part.columns) for part in parts}) == 1


def test_what_no_check_foresaw_stays_with_its_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = kernel.Bench.boundary.func

    def broken(bench: kernel.Bench) -> Any:
        if bench.surroundings.site.name == "inzai":
            raise IndexError("index 3972 is out of bounds")
        return real(bench)

    monkeypatch.setattr(kernel.Bench, "boundary", property(broken))
    table = sweep(SPEC, tmp_path / "out", workers=1).set_index("site")
    assert set(table.loc["ishikari", "status"]) == {"ok"}
    assert set(table.loc["inzai", "error"]) == {"IndexError: index 3972 is out of bounds"}


@pytest.mark.parametrize("problem", [MemoryError(), OSError(28, "No space left on device")])
def test_want_of_memory_or_disk_is_no_fault_of_a_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def starved(_: kernel.Bench) -> Any:
        raise problem

    monkeypatch.setattr(kernel.Bench, "boundary", property(starved))
    with pytest.raises(Exception, match=r"memory|space"):
        sweep(SPEC, tmp_path / "out", workers=1)
    assert sweep_status(tmp_path / "out").done == 0


def test_a_table_without_a_good_point_has_no_best() -> None:
    table = pd.DataFrame({"point": [0], "status": ["failed"], "error": ["why"]})
    assert feasible(table, [Constraint(metric="pue", max=1.5)]).empty


def test_a_part_of_the_design_or_none_is_one_column_of_text(tmp_path: Path) -> None:
    battery = {"equipment": "lfp-4mwh", "count": 2}
    spec = {
        "name": "with-or-without",
        "designs": ["dtc-warm-water-pv-battery-ac"],
        "sites": ["inzai"],
        "vary": {
            "onsite.battery": [None, battery],
            "power.shared.transformer.redundancy": ["N", "2N"],
        },
        "metrics": ["pue"],
    }
    table = sweep(spec, tmp_path / "out", workers=1)
    assert set(table["status"]) == {"ok"}
    assert table["onsite.battery"].isna().tolist() == [True, True, False, False]
    assert table["onsite.battery"].iloc[-1] == repr(battery)
    space = prepare_sweep(spec).space
    shown = table["onsite.battery"].iloc[[0, -1]]
    assert [space.given("onsite.battery", value) for value in shown] == [None, battery]


def test_bundled_designs_run_at_sites_that_make_their_parts_idle(tmp_path: Path) -> None:
    """River water too warm for its first stage, and coolers that rest in the cold."""
    spec = {
        "name": "many",
        "designs": ["river-water-dtc", "hybrid-cooler-dtc-ac", "chilled-water-tower-ac"],
        "sites": ["ishikari", "phoenix"],
        "metrics": ["pue"],
    }
    table = sweep(spec, tmp_path / "out", workers=1)
    assert len(table) == 6
    assert list(table["error"].unique()) == [""]
    assert table["pue"].between(1.0, 2.5).all()


def test_a_worker_that_starts_after_its_sweep_stopped_says_nothing(tmp_path: Path) -> None:
    """A full disk ends a sweep of few parts before its second worker has begun."""
    code = (
        "import os\n"
        "from dctwin.sweeps.execute import _begin_worker\n"
        f"_begin_worker({str(tmp_path / 'gone')!r}, os.getppid())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
