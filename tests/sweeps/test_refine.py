"""Gradients go downhill and agree with finite differences, for every metric that has a slope."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dctwin.errors import InputError
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import evaluate
from dctwin.sweeps.job import Job
from dctwin.sweeps.refine import FLAT, _best_on_the_way, refine, slopes

pytest.importorskip("jax")
PATH = "cooling.loops.chw.supply_c"
COOLERS = "cooling.loops.chw.stages.chiller.reference_kw"


def job_of(design: str, **vary: Any) -> Job:
    return prepare_sweep(
        {
            "name": "trial",
            "designs": [design],
            "sites": ["ishikari"],
            "sampling": {"method": "sobol", "points": 4},
            "vary": {path: {"uniform": ends} for path, ends in vary.items()},
        }
    )


def test_a_point_moves_to_the_best_of_its_range() -> None:
    job = job_of("air-cooled-chiller-ac", **{PATH: [8, 14]})
    world = job.space.worlds[0]
    found = refine(job, world, {PATH: 9.0}, {"pue": 1.0})
    assert found.after < found.before
    tried = evaluate(job, world, {PATH: [9.0, found.values[PATH]]}, 2)
    assert list(tried["pue"]) == [found.before, found.after]
    grid = evaluate(job, world, {PATH: [8.0 + 0.25 * k for k in range(25)]}, 25)
    assert found.after <= grid["pue"].min() + 1e-7


def test_the_way_down_keeps_its_bounds() -> None:
    """Warmer water and more chillers lower the PUE: the map of the chillers ends at 10 °C, which
    flags tell, and capital has a limit, which is reached."""
    design, cost = "air-cooled-chiller-ac", "cost_capital_per_year"
    ends, start = {PATH: [6, 14], COOLERS: [400, 600]}, {PATH: 7.0, COOLERS: 450.0}
    free = job_of(design, **ends)
    world = free.space.worlds[0]
    at = evaluate(free, world, {path: [value] for path, value in start.items()}, 1)
    limit = float(at[cost][0]) * 1.001
    spec = {
        **free.spec.document.data,
        "constraints": [{"metric": cost, "max": limit}, {"metric": "flagged_h", "max": 0}],
    }
    job = prepare_sweep(spec)
    found = refine(job, world, start, {"pue": 1.0})
    end = evaluate(job, world, {path: [value] for path, value in found.values.items()}, 1)
    assert found.feasible
    assert found.after == end["pue"][0] < found.before == at["pue"][0]
    assert end["flagged_h"][0] == 0
    assert 9.5 < found.values[PATH] <= 10.0
    assert end[cost][0] <= limit


def test_the_best_point_on_the_way_is_one_that_keeps_the_bounds() -> None:
    def until(edge: float) -> Any:
        return lambda share: (1.0 - share, share <= edge)

    share, after, feasible = _best_on_the_way(until(0.3), 1.0, True)
    assert feasible
    assert 0.295 < share <= 0.3
    assert after == 1.0 - share
    assert _best_on_the_way(until(1.0), 1.0, True) == (1.0, 0.0, True)
    assert _best_on_the_way(until(-1.0), 1.0, False) == (0.0, 1.0, False)
    back = _best_on_the_way(lambda s: (1.0 + s, s >= 0.5), 1.0, False)  # a start beyond its bounds
    assert back[2]
    assert 0.5 <= back[0] < 0.505


@pytest.mark.slow
def test_every_metric_has_its_slope() -> None:
    """Size and setpoint of chillers: energy, carbon built in, money. Central differences."""
    ends = {PATH: (8.0, 14.0), COOLERS: (400.0, 600.0)}
    job = job_of("air-cooled-chiller-ac", **{path: list(two) for path, two in ends.items()})
    world, start = job.space.worlds[0], {PATH: 9.0, COOLERS: 450.0}
    at = evaluate(job, world, {path: [value] for path, value in start.items()}, 1)
    names = [
        name
        for name, column in at.items()
        if column.dtype != object and name not in FLAT and not np.isnan(column[0])
    ]
    assert {"cost_total_per_year", "carbon_embodied_kg_per_year", "carbon_total_kg"} <= set(names)
    values, by_path = slopes(job, world, start, list(start), names)(np.array(list(start.values())))
    for k, (path, (low, high)) in enumerate(ends.items()):
        step = 1e-4 * (high - low)
        sides = [start[path] - step, start[path] + step]
        around = evaluate(job, world, {p: [v, v] for p, v in start.items()} | {path: sides}, 2)
        for i, name in enumerate(names):
            assert values[i] == pytest.approx(at[name][0], rel=1e-12)
            slope = (around[name][1] - around[name][0]) / (2.0 * step)
            small = 1e-9 * abs(at[name][0]) / (high - low)
            assert by_path[i, k] == pytest.approx(slope, rel=1e-6, abs=small), (name, path)
    assert by_path[names.index("carbon_embodied_kg_per_year"), 1] > 0
    assert by_path[names.index("cost_capital_per_year"), 1] > 0


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ("pui", "did you mean 'pue'"),
        ("unmet_cooling_h", "has no slope"),
        ("-currency", "has no slope"),
        ("fuel_kwh_per_year", "fuel_kwh"),
        ("pue_fuel_inside", "is undefined at the start"),
    ],
)
def test_what_cannot_be_refined_is_said_at_once(metric: str, why: str) -> None:
    job = job_of("air-cooled-chiller-ac", **{PATH: [8, 14]})
    with pytest.raises(InputError, match=why):
        refine(job, job.space.worlds[0], {PATH: 9.0}, {metric: 1.0})


def test_yields_of_sources_are_not_traced() -> None:
    path = "onsite.pv.field.tilt_deg"
    job = job_of("dtc-warm-water-renewables", **{path: [20, 50]})
    with pytest.raises(InputError, match="vary no tilt"):
        refine(job, job.space.worlds[0], {path: 30.0}, {"carbon_total_kg": 1.0})
