"""Logarithms for compiled code against NumPy's, and their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dctwin.sweeps.compiled import jax_module

LEAST = np.finfo(float).tiny


@pytest.fixture(scope="module")
def xp() -> Any:
    jax_module()
    from dctwin.physics import compiled_math

    return compiled_math


def _ulp(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.max(np.abs(found - true) / np.spacing(np.abs(true))))


def test_logarithm_within_an_ulp(xp: Any) -> None:
    rng = np.random.default_rng(7)
    wide = 10.0 ** rng.uniform(-300, 300, 100_000)
    near_one = 1.0 + rng.uniform(-0.5, 0.5, 100_000) * 10.0 ** rng.uniform(-15, 0, 100_000)
    for x in (wide, near_one):
        assert _ulp(np.asarray(xp.log(x)), np.log(x)) <= 1.0


def test_logarithm_at_the_edges(xp: Any) -> None:
    x = np.array([0.0, 1.0, np.inf, -1.0, np.nan, LEAST])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(np.asarray(xp.log(x)), np.log(x))


def test_log1p_of_small_and_large_numbers(xp: Any) -> None:
    rng = np.random.default_rng(8)
    x = rng.choice([-1.0, 1.0], 100_000) * 10.0 ** rng.uniform(-300, -0.01, 100_000)
    assert _ulp(np.asarray(xp.log1p(x)), np.log1p(x)) <= 2.0
    edges = np.array([0.0, -1.0, np.inf, -2.0, np.nan, 1e300])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(np.asarray(xp.log1p(edges)), np.log1p(edges), rtol=1e-15)


def test_slopes(xp: Any) -> None:
    jax = jax_module()
    assert jax.grad(xp.log)(4.0) == 0.25
    assert jax.grad(xp.log1p)(3.0) == 0.25


def test_all_else_is_that_of_jax(xp: Any) -> None:
    assert xp.exp is jax_module().numpy.exp
    assert xp.float64 is jax_module().numpy.float64


def test_single_precision_stays_single(xp: Any) -> None:
    x = np.float32([0.5, 2.0])
    for function in (xp.log, xp.log1p):
        assert function(x).dtype == np.float32
