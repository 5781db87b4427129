"""Gradients go downhill and agree with finite differences."""

from __future__ import annotations

import pytest

from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import evaluate
from dctwin.sweeps.refine import refine

pytest.importorskip("jax")
PATH = "cooling.loops.chw.supply_c"


def test_a_point_moves_to_the_best_of_its_range() -> None:
    job = prepare_sweep(
        {
            "name": "trial",
            "designs": ["air-cooled-chiller-ac"],
            "sites": ["ishikari"],
            "sampling": {"method": "sobol", "points": 4},
            "vary": {PATH: {"uniform": [8, 14]}},
        }
    )
    world = job.space.worlds[0]
    found = refine(job, world, {PATH: 9.0}, {"pue": 1.0})
    assert found.after < found.before
    tried = evaluate(job, world, {PATH: [9.0, found.values[PATH]]}, 2)
    assert tried["pue"] == pytest.approx([found.before, found.after], rel=1e-9)
    grid = evaluate(job, world, {PATH: [8.0 + 0.25 * k for k in range(25)]}, 25)
    assert found.after <= grid["pue"].min() + 1e-7
