"""The array namespace follows the inputs."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.physics.arrays import in_places, namespace, repeat, where_needed


@pytest.mark.parametrize(
    "values", [(), (1,), (1.5, np.ones(3)), (np.float64(2),), (np.ones((2, 1)),)]
)
def test_numpy_unless_told_otherwise(values: tuple[object, ...]) -> None:
    assert namespace(*values) is np


def test_one_jax_array_is_enough() -> None:
    jax = pytest.importorskip("jax")
    assert namespace(1.0, np.ones(2), jax.numpy.ones(2)).sum is jax.numpy.sum


def test_a_tracer_is_jax_too() -> None:
    jax = pytest.importorskip("jax")
    seen = []
    jax.jit(lambda x: (seen.append(namespace(x).sum), x)[1])(jax.numpy.ones(2))
    assert seen == [jax.numpy.sum]


def test_work_is_done_where_it_is_needed() -> None:
    values = np.arange(12.0).reshape(2, 6)
    needed = np.array([[False, True, False, False, False, False], [False] * 5 + [True]])
    asked = []

    def work(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        asked.append(x.shape)
        return (x + y,)

    found = where_needed(needed, 0.6, work, (values, np.array([[1.0], [2.0]])))
    assert found is not None
    assert asked == [(2, 2)]
    np.testing.assert_array_equal(found[0], [[0, 2, 0, 0, 0, 6], [0, 9, 0, 0, 0, 13]])
    (other,) = where_needed(needed, 0.6, work, (values, 0.0), lambda: (values * 0 - 1.0,)) or ((),)
    np.testing.assert_array_equal(other, [[-1, 1, -1, -1, -1, 5], [-1, 7, -1, -1, -1, 11]])
    # Nothing to save: most steps need it, or there is but one.
    assert where_needed(values >= 0, 0.6, work, (values, 0.0)) is None
    assert where_needed(np.array([True]), 0.6, work, (np.ones(1), 0.0)) is None
    assert where_needed(True, 0.6, work, (1.0, 0.0)) is None


def test_a_repeated_step_is_the_same_compiled() -> None:
    jax = pytest.importorskip("jax")
    offset = np.arange(3.0)

    def step(state: tuple[object, object]) -> tuple[object, object]:
        guess, _ = state
        return 0.5 * guess + offset, guess

    plain = repeat(4, step, (1.0, 0.0))
    compiled = jax.jit(lambda x: repeat(4, step, (x, 0.0)))(1.0)
    np.testing.assert_allclose(compiled[0], plain[0])
    np.testing.assert_allclose(compiled[1], plain[1])


def test_work_is_done_in_the_places_that_want_it() -> None:
    seen = []

    def work(x: np.ndarray, y: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray]:
        seen.append(np.size(x))
        return x + 10.0 * y + z, x * y

    rng = np.random.default_rng(4)
    x, hourly, each = rng.random((3, 50)), rng.random(50), rng.random((3, 1))
    wanted = x > 0.6
    for y in (hourly, each, rng.random((3, 50))):
        for few_frac in (0.8, 0.1):  # 0.1: done for all, as more than a few want it
            found, other = in_places(wanted, few_frac, work, (x, y, 2.0), (-1.0, hourly))
            np.testing.assert_array_equal(found, np.where(wanted, x + 10.0 * y + 2.0, -1.0))
            np.testing.assert_array_equal(other, np.where(wanted, x * y, hourly))
    assert seen == [wanted.sum(), wanted.size] * 3
    one_design = in_places(wanted[0], 0.8, work, (x[0], hourly, 2.0), (0.0, 0.0))[0]
    np.testing.assert_array_equal(one_design, np.where(wanted[0], x[0] + 10.0 * hourly + 2.0, 0.0))
    none, _ = in_places(np.zeros(4, bool), 0.8, work, (np.ones(4), 1.0, 0.0), (3.0, 0.0))
    np.testing.assert_array_equal(none, 3.0 * np.ones(4))
    assert in_places(np.True_, 0.8, work, (1.0, 1.0, 0.0), (7.0, 8.0)) == (11.0, 1.0)
    assert in_places(np.False_, 0.8, work, (1.0, 1.0, 0.0), (7.0, 8.0)) == (7.0, 8.0)


def test_compiled_work_in_places_is_done_for_all_or_none() -> None:
    jax = pytest.importorskip("jax")
    wanted, x = jax.numpy.array([True, False]), jax.numpy.array([1.0, 2.0])
    work = jax.jit(lambda wanted: in_places(wanted, 0.8, lambda x: (2.0 * x,), (x,), (5.0,))[0])
    np.testing.assert_array_equal(work(wanted), [2.0, 5.0])
    np.testing.assert_array_equal(work(wanted & False), [5.0, 5.0])
