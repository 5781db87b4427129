"""JAX gives the numbers of NumPy, and what it cannot do is run in NumPy and said so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dctwin.sweeps import compiled as compiled_module
from dctwin.sweeps import prepare_sweep
from dctwin.sweeps.batch import Columns, evaluate

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


def test_designs_that_fall_short_are_left_to_numpy() -> None:
    totals = {"shortfall_kwh": np.zeros((compiled_module.TILE_DESIGNS, 1))}
    totals["shortfall_kwh"][3] = 1.0
    closes = np.ones((compiled_module.TILE_DESIGNS, 1), bool)
    closes[5] = False
    good = compiled_module._good(totals, closes)
    assert list(np.flatnonzero(~good)) == [3, 5]
