"""Repeating a pass until nothing moves: a loop in NumPy, a `while_loop` where JAX compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dctwin.physics.arrays import Array, namespace

# state -> (next state, where it still moves, what was found on the way)
Pass = Callable[[Any], tuple[Any, Array, Any]]


def settle_state(once: Pass, state: Any, most_steps: int) -> tuple[Any, Any]:
    """Repeat a pass until nothing moves or `most_steps` are done; (state, what was found at it).

    The state is a tuple of numbers, arrays and mappings of them.
    """
    found, moving, detail = once(state)
    if namespace(moving) is not np:
        state = _compiled(once, state, most_steps)
        return state, once(state)[2]
    for _ in range(most_steps - 1):
        if not np.any(moving):
            return state, detail
        state = found
        found, moving, detail = once(state)
    return (found, once(found)[2]) if np.any(moving) else (state, detail)


def _compiled(once: Pass, state: Any, most_steps: int) -> Any:
    import jax
    import jax.numpy as jnp
    from jax import lax

    def spread(values: Any, like: Any) -> Any:
        """The state in the shapes that passes give it: a loop's state must keep its own."""
        return jax.tree.map(
            lambda value, shape: jnp.broadcast_to(
                jnp.asarray(value, shape.dtype), jnp.broadcast_shapes(jnp.shape(value), shape.shape)
            ),
            values,
            like,
        )

    for _ in range(4):  # a shape goes round the loops of a plant in as many passes at most
        state = spread(state, jax.eval_shape(lambda values: once(values)[0], state))

    def body(held: Any) -> Any:
        number, values, _ = held
        after, moving, _ = once(values)
        return number + 1, after, jnp.any(moving)

    def unfinished(held: Any) -> Any:
        return (held[0] < most_steps) & held[2]

    return lax.while_loop(unfinished, body, (0, state, True))[1]
