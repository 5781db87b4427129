"""Hourly results of chosen points are the runs of these points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dctwin
from dctwin.sweeps import prepare_sweep, sweep

SPEC: dict[str, Any] = {
    "name": "traced",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["ishikari"],
    "vary": {"it.racks.servers.load_frac": [0.4, 0.6, 0.8]},
    "traces": {"points": [0], "top": 1},
}


def test_named_and_best_points_are_saved_whole(tmp_path: Path) -> None:
    table = sweep(SPEC, tmp_path / "out", workers=1)
    best = int(table.sort_values("pue")["point"].iloc[0])
    saved = sorted(path.name for path in (tmp_path / "out" / "traces").iterdir())
    assert saved == sorted({"point-000000", f"point-{best:06d}"})
    run = dctwin.load_run(tmp_path / "out" / "traces" / "point-000000")
    changes = prepare_sweep(SPEC).space.changes(0)
    assert run == dctwin.simulate("air-cooled-chiller-ac", "ishikari", set=changes)
