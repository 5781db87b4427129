"""Logarithms and exponentials for compiled code against NumPy's, and their slopes."""

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


def test_exponential_within_an_ulp(xp: Any) -> None:
    rng = np.random.default_rng(9)
    small = rng.choice([-1.0, 1.0], 100_000) * 10.0 ** rng.uniform(-300, 0, 100_000)
    for x in (rng.uniform(-700, 700, 100_000), rng.uniform(-2, 2, 100_000), small):
        # NumPy's own is up to an ulp off; long double is not everywhere longer.
        exact = np.exp(x.astype(np.longdouble)), np.expm1(x.astype(np.longdouble))
        exp, expm1 = (np.asarray(f(x)) for f in (jax_module().jit(xp.exp), xp.expm1))
        assert _ulp(exp, exact[0].astype(float)) <= 1.0
        assert _ulp(expm1, exact[1].astype(float)) <= 2.0


def test_exponential_at_the_edges(xp: Any) -> None:
    x = np.array([0.0, np.inf, -np.inf, np.nan, 710.0, -750.0, 709.0, -708.0])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(np.asarray(xp.exp(x)), np.exp(x), rtol=3e-16)
        np.testing.assert_allclose(np.asarray(xp.expm1(x)), np.expm1(x), rtol=3e-16)


def test_slopes(xp: Any) -> None:
    jax = jax_module()
    assert jax.grad(xp.log)(4.0) == 0.25
    assert jax.grad(xp.log1p)(3.0) == 0.25
    assert jax.grad(xp.exp)(0.0) == 1.0
    assert jax.grad(xp.expm1)(1.0) == pytest.approx(np.e, rel=1e-15)


def test_all_else_is_that_of_jax(xp: Any) -> None:
    assert xp.sqrt is jax_module().numpy.sqrt
    assert xp.float64 is jax_module().numpy.float64


def test_single_precision_stays_single(xp: Any) -> None:
    x = np.float32([0.5, 2.0])
    for function in (xp.log, xp.log1p, xp.exp, xp.expm1):
        assert function(x).dtype == np.float32
