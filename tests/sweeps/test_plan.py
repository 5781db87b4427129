"""A plan counts what there is and foretells the size of the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dctwin.sweeps import prepare_sweep, sweep
from dctwin.sweeps.plan import plan

SPEC: dict[str, Any] = {
    "name": "planned",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari", "inzai"],
    "sampling": {"method": "sobol", "points": 40},
    "vary": {
        "it.racks.servers.load_frac": {"uniform": [0.4, 0.9]},
        "cooling.loops.chw.fluid": ["water", "propylene-glycol-25"],
    },
}


def test_disk_and_parts_are_those_of_the_sweep(tmp_path: Path) -> None:
    found = plan(prepare_sweep(SPEC))
    sweep(SPEC, tmp_path / "out", workers=1)
    files = list((tmp_path / "out").rglob("*.parquet"))
    assert found.parts == len(files) - 1
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    assert found.disk_mb == pytest.approx(size_mb, rel=0.15)
    assert (found.points, found.worlds, found.topologies, found.timed) == (80, 2, 2, 2)
    assert found.rate_per_s is not None
    assert found.time_s is not None
    assert 0 < 80 / found.rate_per_s / found.workers <= found.time_s
    search = plan(prepare_sweep(SPEC), trials=40)
    assert (search.points, search.samples, search.parts, search.workers) == (80, 40, 2, 1)


def test_points_that_cannot_be_are_told() -> None:
    full = {"it.racks.servers.daily_profile_frac": [1.2] * 24}
    spec = {
        **SPEC,
        "sampling": {},
        "vary": {
            "day": {"choices": {"even": {}, "full": full}},
            "it.racks.servers.load_frac": [0.5, 0.9],
            "cooling.loops.chw.fluid": ["water", "propylene-glycol-25"],
        },
    }
    found = plan(prepare_sweep(spec))
    assert (found.impossible, found.looked_at) == (4, 16)  # the full day at 0.9, not at 0.5
    sink = {"power.it.0.heat_to": "attic"}
    attic = {"cooling.loops.attic": {**LOOP}}
    spec["vary"] = {
        "loop": {"choices": {"none": {}, "attic": attic}},
        "heat": {"choices": {"room": {}, "attic": sink}},
    }
    found = plan(prepare_sweep(spec))
    assert (found.points, found.impossible) == (8, 2)
    assert "loop='none', heat='attic'" in found.why_impossible[0]


COOLER = "cooling.loops.chw.stages.dry-cooler"


def test_numbers_that_refuse_each_other_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {
        "name": "planned",
        "designs": ["dtc-warm-water-800vdc"],
        "sites": ["inzai", "ishikari"],
        "vary": {
            f"{COOLER}.rated_approach_k": [5, 10],
            f"{COOLER}.rated_air_m3_s": {"from": 56, "to": 110, "count": 4},
        },
    }
    found = plan(prepare_sweep(spec))
    table = sweep(spec, tmp_path / "out", workers=1)
    assert found.impossible == (table["status"] == "failed").sum() == 2
    assert (found.looked_at, found.failed) == (16, 0)
    assert found.why_impossible[0] == table["error"][table["error"] != ""].iloc[0]
    # Of very many points some are looked at.
    monkeypatch.setattr("dctwin.sweeps.plan._LOOKED_AT", 4)
    assert plan(prepare_sweep(spec)).looked_at == 8


LOOP = {
    "fluid": "water",
    "design_heat_kw": 100,
    "supply_c": 30,
    "rise_k": 8,
    "volume_m3": 1,
    "stages": [{"equipment": "dry-cooler-1mw", "count": 1}],
}
