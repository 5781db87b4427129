"""Hours beyond limits: at every point where they are asked for, else of the points that are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dctwin
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import run_chunk
from dctwin.sweeps.flagged import flag_points
from dctwin.sweeps.job import Job

SPEC: dict[str, Any] = {
    "name": "trial",
    "designs": ["air-cooled-chiller-ac"],
    "sites": ["phoenix"],
    "vary": {
        "cooling.loops.chw.supply_c": [8.0, 14.0],
        "it.racks.servers.count": [160, 161],
        "cooling.loops.chw.fluid": ["water", "propylene-glycol-40"],
        "it.racks.servers.load_frac": {"from": 0.5, "to": 0.9, "step": 0.4},
    },
}
BOUND = {"metric": "flagged_h", "max": 10}


def rows(job: Job) -> pd.DataFrame:
    return pd.concat([run_chunk(job, k).to_pandas() for k in range(len(job.chunks))]).sort_values(
        "point"
    )


def test_hours_are_those_of_the_whole_run() -> None:
    job = prepare_sweep({**SPEC, "constraints": [BOUND]})
    table = rows(job)
    assert table["flagged_h"].nunique() > 1
    around = dctwin.prepare(dctwin.load_site("phoenix"))
    for _, row in table.iloc[::3].iterrows():
        changes = job.space.changes(int(row["point"]))
        facility = dctwin.load_design("air-cooled-chiller-ac").replace(changes)
        run = dctwin.simulate_batch([facility], around)[0]
        hours = {f"{flag.place} {flag.limit}": flag.count_h for flag in run.flags}
        assert max(hours.values(), default=0) <= row["flagged_h"] <= sum(hours.values())
        assert hours.get(row["worst_flag"], 0) == max(hours.values(), default=0)


def test_points_can_be_flagged_afterwards() -> None:
    job = prepare_sweep(SPEC)
    plain = rows(job)
    assert "flagged_h" not in plain
    watched = rows(job.with_flags())
    shuffled = plain.sample(frac=1.0, random_state=1)
    flagged = flag_points(job, shuffled).sort_values("point")
    np.testing.assert_array_equal(flagged["flagged_h"].astype(float), watched["flagged_h"])
    assert flagged["worst_flag"].tolist() == watched["worst_flag"].tolist()
    assert flag_points(job, watched) is watched


@pytest.mark.parametrize(
    "asked", [{"constraints": [BOUND]}, {"metrics": ["pue", "flagged_h"]}, {}], ids=str
)
def test_they_are_counted_where_the_spec_asks(asked: dict[str, Any]) -> None:
    assert prepare_sweep({**SPEC, **asked}).watched == bool(asked)
