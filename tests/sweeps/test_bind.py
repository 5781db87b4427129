"""Batches built by putting numbers in places are the designs that parsing gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.errors import InputError
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import evaluate
from dctwin.sweeps.bind import put

DESIGN = "dtc-warm-water-ac"
VARY: dict[str, Any] = {
    "cooling.loops.fws.supply_c": {"uniform": [33, 40]},
    "it.racks.gpu.load_frac": {"uniform": [0.4, 1.0]},
    "cooling.loops.fws.stages.dry-cooler.count": [2, 3, 4],
    "power.it.ups.rated_kw": {"triangular": [450, 500, 700]},
}


def spec(**changes: Any) -> dict[str, Any]:
    return {
        "name": "trial",
        "designs": [DESIGN],
        "sites": ["inzai"],
        "sampling": {"method": "sobol", "points": 6},
        "vary": VARY,
        **changes,
    }


def test_a_point_is_the_run_with_its_values_set() -> None:
    job = prepare_sweep(spec())
    assert job.structural == ()
    world = job.space.worlds[0]
    found = evaluate(job, world, job.space.columns, 6)
    for point in (0, 3, 5):
        alone = dctwin.simulate(DESIGN, "inzai", set=job.space.changes(point))
        assert found["status"][point] == "ok"
        for name, value in alone.metrics.items():
            if value is None:
                assert np.isnan(found[name][point]), name
            elif isinstance(value, float):
                assert found[name][point] == pytest.approx(value, rel=1e-12, abs=1e-12), name
            else:
                assert found[name][point] == value


def test_a_count_with_redundancy_follows_its_path() -> None:
    job = prepare_sweep(spec())
    topology = job.topology(job.space.worlds[0], job.space.values(0))
    found = {
        follower.place[-1]: list(follower.at([2, 3, 4]))
        for follower in topology.followers["cooling.loops.fws.stages.dry-cooler.count"]
    }
    assert found == {"count": [3, 4, 5], "survivors_count": [2, 3, 4]}  # N+1


def test_choices_and_names_part_the_points_into_topologies() -> None:
    job = prepare_sweep(
        spec(
            sampling={"method": "grid"},
            vary={
                "it.racks.gpu.load_frac": [0.5, 0.9],
                "cooling.loops.fws.fluid": ["water", "propylene-glycol-40"],
                "trim": {
                    "choices": {
                        "none": {
                            "cooling.loops.fws.stages": [
                                {"equipment": "dry-cooler-1mw-close", "count": 3}
                            ]
                        },
                        "as-is": {},
                    }
                },
            },
        )
    )
    assert set(job.structural) == {"cooling.loops.fws.fluid", "trim"}
    assert job.topologies == 4
    assert sorted(p for chunk in job.chunks for p in chunk) == list(range(8))


def test_put_leaves_the_rest_alone() -> None:
    facility = dctwin.load_design(DESIGN)
    warm = put(facility, {("circuits", 2, "loop", "supply_c"): 36.0})
    assert warm.circuits[2].loop.supply_c == 36.0
    assert warm.circuits[2].stages is facility.circuits[2].stages
    assert warm.racks is facility.racks


def test_a_value_out_of_range_is_refused_before_anything_runs() -> None:
    with pytest.raises(InputError) as problem:
        prepare_sweep(spec(vary={"it.racks.gpu.load_frac": [0.5, 1.4]}, sampling={}))
    assert "vary.it.racks.gpu.load_frac" in str(problem.value)
    assert "1.4" in str(problem.value)


def test_two_values_that_do_not_go_together_fail_alone() -> None:
    job = prepare_sweep(
        {
            "name": "together",
            "designs": ["chilled-water-tower-ac"],
            "sites": ["inzai"],
            "vary": {
                "cooling.loops.cw.stages.tower.min_air_frac": [0.15, 0.5],
                "cooling.loops.cw.stages.tower.free_air_frac": [0.1, 0.18],
            },
        }
    )
    world = job.space.worlds[0]
    rows = evaluate(job, world, job.space.columns, 4)
    assert list(rows["status"]) == ["ok", "failed", "ok", "ok"]
    assert "free_air_frac" in rows["error"][1]


def test_an_unknown_design_or_site_is_told_where_it_stands() -> None:
    with pytest.raises(InputError, match="did you mean 'inzai'"):
        prepare_sweep(spec(sites=["inzay"]))
    with pytest.raises(InputError, match="designs"):
        prepare_sweep(spec(designs=["dtc-warm-water"]))


def test_more_points_than_allowed_are_refused() -> None:
    with pytest.raises(InputError, match="--max-runs"):
        prepare_sweep(spec(), max_runs=5)
