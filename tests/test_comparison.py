"""Comparing: order, baseline, and that no run is kept longer than it is needed."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import numpy as np
import pandas as pd
import pytest
from compared import compared_runs, without
from sample_designs import DESIGN, SITE

import dctwin
from dctwin.comparison import (
    Comparison,
    by_pue,
    each_run,
    metrics_table,
    rows_by_pue,
    savings_frac,
    undefined_by_reason,
    worst_design,
)
from dctwin.design import parse_design
from dctwin.document import load_document
from dctwin.result import Outcome, Run
from dctwin.site import parse_site


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return compared_runs()


def test_an_outcome_is_the_run_without_its_hours(runs: list[Run]) -> None:
    run = runs[0]
    found = run.outcome()
    for field in dataclasses.fields(Outcome):
        value = getattr(found, field.name)
        assert value == getattr(run, field.name)
        assert not isinstance(value, np.ndarray)
    assert found.hours_h == len(run.times_utc) * run.ledger.step_h
    assert found.step_h == run.ledger.step_h


def test_runs_are_let_go_once_the_next_is_done() -> None:
    """What makes the memory of a comparison independent of its size."""
    design = parse_design(load_document("d.yaml", DESIGN))
    site = parse_site(load_document("s.yaml", SITE))
    twins = [design, *(design.replace({"name": f"hall-{k}"}) for k in range(3))]
    alive: list[weakref.ref[Run]] = []
    found = Comparison()
    for run in each_run(twins, [site]):
        found.add(run)
        alive.append(weakref.ref(run))
    del run
    gc.collect()
    assert len(found.outcomes) == 4
    # Only the best of the site is kept in full.
    assert [ref() for ref in alive if ref() is not None] == found.best_runs()


def test_the_table_is_that_of_the_runs(runs: list[Run]) -> None:
    outcomes = Comparison.of(runs).outcomes
    table = metrics_table(runs)
    pd.testing.assert_frame_equal(metrics_table(outcomes), table)
    assert rows_by_pue(outcomes) == rows_by_pue(runs)
    design = parse_design(load_document("d.yaml", DESIGN))
    site = parse_site(load_document("s.yaml", SITE))
    pd.testing.assert_frame_equal(dctwin.compare([design], [site]), table.head(1))


def test_lowest_pue_first_and_undefined_last(runs: list[Run]) -> None:
    changed = [without(runs[0], "pue"), *runs[1:]]
    ordered = by_pue(changed)
    pues = [run.metrics["pue"] for run in ordered]
    assert pues[-1] is None
    assert pues[:-1] == sorted(pues[:-1])
    assert list(rows_by_pue(runs)[0]) == ["design", "site", *runs[0].metrics, "assumed"]


def test_best_and_worst(runs: list[Run]) -> None:
    assert worst_design(runs) == "small-hall"
    assert [run.design for run in Comparison.of(runs).best_runs()] == ["warm-hall", "warm-hall"]
    assert [run.site for run in Comparison.of(runs).best_runs()] == ["somewhere", "elsewhere"]
    # a design that does not cool is not the best
    unmet = [
        dataclasses.replace(run, metrics={**run.metrics, "unmet_cooling_h": 5.0})
        if run.design == "warm-hall"
        else run
        for run in runs
    ]
    assert {run.design for run in Comparison.of(unmet).best_runs()} == {"small-hall"}


def test_change_against_the_baseline_is_by_site(runs: list[Run]) -> None:
    changes = savings_frac(runs, "small-hall")
    pue = {(run.design, run.site): run.metrics["pue"] for run in runs}
    for (design, site), change in changes.items():
        assert change == pytest.approx(pue[design, site] / pue["small-hall", site] - 1)
    assert savings_frac([without(run, "pue") for run in runs], "small-hall") == dict.fromkeys(pue)


def test_reasons_are_joined(runs: list[Run]) -> None:
    reasons = undefined_by_reason([without(run, "pue") for run in runs])
    assert reasons["no IT energy"] == ["pue"]
