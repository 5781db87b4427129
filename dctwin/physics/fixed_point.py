"""Repeating a pass until nothing moves: a loop in NumPy, a `while_loop` where JAX compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dctwin.physics.arrays import Array, known, namespace
from dctwin.physics.trees import is_number, put_together, taken_apart

# state -> (next state, where it still moves, what was found on the way)
Pass = Callable[[Any], tuple[Any, Array, Any]]
# (state, where it moves, what was found, steps left) -> what was found with those settled apart
Apart = Callable[[Any, Array, Any, int], Any]
# Steps of a pass are settled apart where they are less than this share, of enough to be worth it.
_FEW_FRAC, _ENOUGH = 0.45, 5000


def settle_state(
    once: Pass, state: Any, most_steps: int, early_steps: int = 0, apart: Apart | None = None
) -> tuple[Any, Any]:
    """Repeat a pass until nothing moves or `most_steps` are done; (state, what was found at it).

    What was found is None where something still moves at the end. The state holds numbers, arrays,
    mappings and dataclasses; `early_steps` is how many steps bring all of them in. While JAX
    compiles, whether something moves cannot be told: what the last pass found is given.
    apart   settles what moves by itself, once it is little and the early steps are done
    """
    found, moving, detail = once(state)
    if not known(moving):
        for _ in range(early_steps):
            state = once(state)[0]
        return _compiled(once, state, most_steps - early_steps)
    for number in range(1, most_steps):
        if not np.any(moving):
            return state, detail
        state = found
        many = apart is not None and number >= early_steps and np.size(moving) > _ENOUGH
        if apart is not None and many and namespace(moving) is np and moving.mean() < _FEW_FRAC:
            return state, apart(state, moving, detail, most_steps - number)
        found, moving, detail = once(state)
    return (found, None) if np.any(moving) else (state, detail)


def _compiled(once: Pass, state: Any, most_steps: int) -> tuple[Any, Any]:
    """(last state, what was found there), as a loop that carries both."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    arrays, empty = taken_apart(state, is_number)
    shell: Any = None

    def step(values: Any) -> tuple[Any, Array, Any]:
        nonlocal shell
        after, moving, found = once(put_together(values, empty))
        details, shell = taken_apart(found, lambda value: isinstance(value, jax.Array))
        return taken_apart(after, is_number)[0], jnp.any(moving), details

    for _ in range(4):  # a shape goes round the loops of a plant in as many passes at most
        shapes = jax.eval_shape(lambda values: step(values)[0], arrays)
        arrays = [
            jnp.broadcast_to(
                jnp.asarray(value, shape.dtype), jnp.broadcast_shapes(jnp.shape(value), shape.shape)
            )
            for value, shape in zip(arrays, shapes, strict=True)
        ]
    details = [jnp.zeros(shape.shape, shape.dtype) for shape in jax.eval_shape(step, arrays)[2]]

    def body(held: Any) -> Any:
        number, values, _, _ = held
        after, moving, details = step(values)
        # The state at which the flows were found, once nothing moves.
        kept = [jnp.where(moving, new, old) for new, old in zip(after, values, strict=True)]
        return number + 1, kept, moving, details

    def unfinished(held: Any) -> Any:
        return (held[0] < most_steps) & held[2]

    _, values, _, details = lax.while_loop(unfinished, body, (0, arrays, True, details))
    return put_together(values, empty), put_together(details, shell)
