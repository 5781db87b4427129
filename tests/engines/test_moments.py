"""Recorded moments: one value of each, over even steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import dctwin
from dctwin.engines.moments import number, numbers
from dctwin.scenario import load_scenario


def test_one_value_of_numbers_and_arrays() -> None:
    assert number(3) == 3.0
    assert numbers({"a": np.array([[2.0]]), "b": np.float64(1.5)}) == {"a": 2.0, "b": 1.5}


def test_moments_of_unequal_length_become_even_steps() -> None:
    """A step that an event cuts in two is repeated on the common step, and energy is kept."""
    plan = load_scenario("facility-water-pump-loss")
    first, *rest = plan.file.events
    moved = first.model_copy(update={"at_s": first.at_s + 0.5 * plan.file.step_s})
    plan = replace(plan, file=plan.file.model_copy(update={"events": [moved, *rest]}))
    run = dctwin.transient("dtc-warm-water-ac", "inzai", plan)
    hours = len(run.times_utc) * run.ledger.step_h
    assert hours * 3600.0 == pytest.approx(plan.file.duration_s)
    assert len(np.unique(np.diff(run.times_utc))) == 1
    assert max(run.closure.values()) < 1e-9
