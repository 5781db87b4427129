"""JAX gives the numbers of NumPy, and what it cannot do is run in NumPy and said so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.engines.annual import run_year
from dctwin.engines.passes import hours_alone
from dctwin.surroundings import boundary_of, prepare
from dctwin.sweeps import compiled as compiled_module
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import Columns, evaluate
from dctwin.sweeps.kernel import some_steps
from dctwin.totals import joined, totals_of

pytest.importorskip("jax")


def both(design: str, **vary: Any) -> tuple[Columns, Columns]:
    job = prepare_sweep({"name": "trial", "designs": [design], "sites": ["inzai"], "vary": vary})
    world, count = job.space.worlds[0], job.space.samples
    numpy = evaluate(job, world, job.space.columns, count)
    return numpy, evaluate(job, world, job.space.columns, count, "jax")


def agree(one: Columns, other: Columns) -> None:
    assert one.keys() == other.keys()
    for name, values in one.items():
        if name == "backend":
            continue
        if values.dtype == object:
            assert list(values) == list(other[name]), name
        else:
            assert other[name] == pytest.approx(values, rel=1e-9, abs=1e-6, nan_ok=True), name


def test_jax_agrees_with_numpy() -> None:
    numpy, jax = both(
        "air-cooled-chiller-ac",
        **{
            "cooling.loops.chw.supply_c": [9, 12],
            "it.racks.servers.load_frac": [0.4, 0.8],
        },
    )
    assert set(jax["backend"]) == {"jax"}
    agree(numpy, jax)


def test_what_jax_leaves_is_run_in_numpy_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_module, "_function", lambda *_: None)
    numpy, jax = both("air-cooled-chiller-ac", **{"it.racks.servers.load_frac": [0.4, 0.8]})
    assert set(jax["backend"]) == {"numpy"}
    agree(numpy, jax)


def test_the_hours_in_which_loops_fall_short_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    added = []

    def noted(bench: Any, numbers: Any, rows: Any, kept: np.ndarray) -> Any:
        added.extend(kept.sum(axis=1))
        return some_steps(bench, numbers, rows, kept)

    monkeypatch.setattr(compiled_module, "some_steps", noted)
    numpy, jax = both(
        "dtc-warm-water-800vdc",
        **{
            "cooling.loops.fws.supply_c": [33.2, 36.0, 39.8],
            "it.racks.gpu.load_frac": [0.6, 0.95],
        },
    )
    agree(numpy, jax)
    # At 39.8 °C the coolant of full racks is short of cold in all hours: a year for NumPy.
    assert list(jax["backend"]) == ["jax", "jax", "jax", "jax", "jax", "numpy"]
    assert added
    assert all(0 < hours < 100 for hours in added)


def test_a_year_is_its_parts() -> None:
    facility = dctwin.load_design("air-cooled-chiller-ac")
    around = prepare(dctwin.load_site("inzai"))
    year = run_year(facility, boundary_of([facility], around))
    kept = (np.arange(8760) % 7 == 0) * 1.0
    given = year.ledger, year.traces, around.grid, None
    whole = totals_of(*given)
    parts = joined(totals_of(*given, kept), totals_of(*given, 1.0 - kept))
    assert parts.keys() == whole.keys()
    for name, value in whole.items():
        assert parts[name] == pytest.approx(value, rel=1e-12), name


def test_designs_whose_hours_hang_together_are_run_whole() -> None:
    alone = {
        name: hours_alone(dctwin.load_design(name))
        for name in ("dtc-warm-water-800vdc", "dtc-warm-water-pv-battery-ac",
                     "chilled-water-controls-ac", "snow-store-ac", "island-hydrogen-ac",
                     "standby-diesel-outage-ac")
    }  # fmt: skip
    assert [name for name, value in alone.items() if value] == ["dtc-warm-water-800vdc"]
