"""The array namespace follows the inputs."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.physics.arrays import namespace


@pytest.mark.parametrize(
    "values", [(), (1,), (1.5, np.ones(3)), (np.float64(2),), (np.ones((2, 1)),)]
)
def test_numpy_unless_told_otherwise(values: tuple[object, ...]) -> None:
    assert namespace(*values) is np


def test_one_jax_array_is_enough() -> None:
    jax = pytest.importorskip("jax")
    assert namespace(1.0, np.ones(2), jax.numpy.ones(2)) is jax.numpy


def test_a_tracer_is_jax_too() -> None:
    jax = pytest.importorskip("jax")
    seen = []
    jax.jit(lambda x: (seen.append(namespace(x)), x)[1])(jax.numpy.ones(2))
    assert seen == [jax.numpy]
