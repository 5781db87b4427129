"""What idle units of a staged bank draw: towers that heat their basins, in every engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from strategies import outdoor_air

import dctwin
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.engines.transient import Transient, run_transient, steady_state
from dctwin.scenario import ScenarioEvent
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import evaluate

DESIGN = "chilled-water-controls-ac"
TOWER = "cooling.loops.cw.stages.tower."
BASIN_KW_PER_K, BASIN_C = 3.0, 2.0
HEATER = "cooling.basin_heater"


def facility(**changes: Any) -> dctwin.Design:
    return dctwin.load_design(DESIGN).replace({TOWER + "basin_kw_per_k": BASIN_KW_PER_K} | changes)


def weather(dry_c: Any, step_h: float = 1.0) -> Boundary:
    dry_c = np.atleast_1d(np.asarray(dry_c, dtype=float))
    air = outdoor_air(dry_c, np.full(dry_c.shape, 0.6), np.full(dry_c.shape, 101_325.0))
    return Boundary(air, np.full(dry_c.shape, 12), step_h)


def unit_kw(dry_c: Any) -> Any:
    return BASIN_KW_PER_K * np.maximum(BASIN_C - dry_c, 0.0)


def heater_kw(run: Transient) -> Any:
    return np.asarray(run.year.ledger.accounts()[HEATER])


def test_a_year_heats_the_basins_of_the_towers_that_are_off() -> None:
    dry_c = np.linspace(-20.0, 10.0, 31)
    year = run_year(facility(), weather(dry_c))
    off_count = 3 - np.asarray(year.traces["cw.tower.units_count"])
    assert np.all(off_count[dry_c < BASIN_C] > 0)
    np.testing.assert_allclose(year.ledger.accounts()[HEATER], off_count * unit_kw(dry_c))
    assert all(gap <= 1e-9 for gap in year.closure.values())


def test_towers_that_share_the_heat_do_not_idle() -> None:
    year = run_year(facility(**{TOWER + "staging": None}), weather([-15.0]))
    assert np.all(np.asarray(year.ledger.accounts()[HEATER]) == 0.0)


def test_a_transient_heats_them_too_and_all_of_them_where_nothing_flows() -> None:
    """Basins do not ask what the loops' inventories give: the same power in every step."""
    plant, boundary = facility(), weather([-10.0], 1.0 / 3600)
    year = run_year(plant, boundary)
    steady = run_transient(plant, boundary, [], 60, 1)
    np.testing.assert_allclose(heater_kw(steady), year.ledger.accounts()[HEATER][0], rtol=1e-12)
    before = steady_state(plant, boundary)
    warmer = {n: replace(s, supply_c=s.supply_c + 1.5) for n, s in before.loops.items()}
    moved = run_transient(plant, boundary, [], 60, 1, replace(before, loops=warmer))
    off_count = 3 - np.asarray(moved.year.traces["cw.tower.units_count"])
    np.testing.assert_allclose(heater_kw(moved), off_count * unit_kw(-10.0), rtol=1e-12)
    stopped = run_transient(plant, boundary, [ScenarioEvent(at_s=0, pump="cw", do="stop")], 30, 1)
    np.testing.assert_allclose(heater_kw(stopped), 3 * unit_kw(-10.0), rtol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_a_sweep_heats_them_as_a_year_does(backend: str) -> None:
    if backend == "jax":
        pytest.importorskip("jax")
    basins = [0.0, BASIN_KW_PER_K]
    vary = {TOWER + "basin_kw_per_k": basins}
    job = prepare_sweep({"name": "t", "designs": [DESIGN], "sites": ["ishikari"], "vary": vary})
    world, count = job.space.worlds[0], job.space.samples
    swept = evaluate(job, world, job.space.columns, count, backend)["facility_kwh"]
    for basin, kwh in zip(basins, swept, strict=True):
        run = dctwin.simulate(DESIGN, site="ishikari", set={TOWER + "basin_kw_per_k": basin})
        assert kwh == pytest.approx(run.metrics["facility_kwh"], rel=1e-9)
    assert run.energy_kwh()[HEATER] > 10_000.0
    assert swept[1] - swept[0] >= run.energy_kwh()[HEATER]
