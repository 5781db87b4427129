"""Hourly results of chosen points: run again one by one, as `dctwin run` would, and saved whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dctwin.api import simulate_batch
from dctwin.sweeps.analyse import by_money, rank
from dctwin.sweeps.job import Job

if TYPE_CHECKING:
    import pandas as pd


def chosen_points(job: Job, table: pd.DataFrame) -> list[int]:
    """Points that the spec wants traces of: those it names, and the best by its metric."""
    wanted = job.spec.file.traces
    best: list[int] = []
    if wanted.top:
        for rows in by_money(table, [wanted.by]).values():
            ranked = rank(rows, [wanted.by], job.spec.file.constraints, wanted.top)
            best += map(int, ranked["point"])
    return list(dict.fromkeys([*wanted.points, *best]))


def save_traces(job: Job, out: str | os.PathLike[str], points: Sequence[int]) -> list[Path]:
    """Save the run of each point in `traces/point-N`; one that is there already is kept."""
    saved = []
    for point in points:
        home = Path(out) / "traces" / f"point-{point:06d}"
        saved.append(home)
        if (home / "run.json").exists():  # written last
            continue
        world = job.space.world(point)
        facility = job.facilities[world.design].replace(job.space.changes(point))
        around = job.surroundings[world.site, world.weather, world.scenario]
        simulate_batch([facility], around)[0].save(home)
    return saved
