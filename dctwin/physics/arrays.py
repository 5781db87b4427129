"""The array namespace of the inputs: NumPy by default, JAX when a JAX array comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

# An array of NumPy or JAX, or a plain number: every physics function broadcasts over these.
Array = Any
State = TypeVar("State", bound=tuple[Any, ...])
# Types that are surely not JAX's: most arguments, known without looking at their module's name.
_PLAIN = frozenset({np.ndarray, np.float64, float, int, bool})


def namespace(*arrays: Array) -> ModuleType:
    """`jax.numpy` (with faster logarithms) if any input is JAX's, otherwise `numpy`."""
    for array in arrays:
        if type(array) in _PLAIN:
            continue
        if type(array).__module__.startswith(("jax", "jaxlib")):
            from dctwin.physics import compiled_math

            return compiled_math
    return np


def rough(*values: Array) -> list[Array]:
    """Values in single precision, at half the cost: for all steps of a search but its last, which
    corrects what they leave (1e-6 and its square)."""
    xp = namespace(*values)
    return [xp.asarray(value, dtype=xp.float32) for value in values]


def precise(value: Array) -> Array:
    """The same in double precision."""
    return namespace(value).asarray(value, dtype=float)


def known(*values: Array) -> bool:
    """Whether the values can be looked at: not while JAX traces a function to compile it."""
    return not any(
        type(value) not in _PLAIN and "Tracer" in type(value).__name__ for value in values
    )


def steady(value: Array) -> Array:
    """A value that is the same in all steps as one number (a design): what hangs on it alone need
    not be computed every hour. Of JAX, or NaN anywhere, it stays as it is."""
    if not isinstance(value, np.ndarray) or not value.ndim or value.shape[-1] < 2:
        return value
    # Most values differ there already.
    if not (value[..., 0] == value[..., -1]).all() or not (value == value[..., :1]).all():
        return value
    return value[..., :1] if value.ndim > 1 else value[0]


def added(values: Iterable[Array]) -> Array:
    """The sum of values, 0 of none: first of those that are the same in all steps, so that they are
    not added in every step."""
    once: Array = 0.0
    hourly: list[Array] = []
    for value in values:
        if np.ndim(value) and np.shape(value)[-1] > 1:
            hourly.append(value)
        else:
            once = once + value
    if not hourly:
        return once
    total = hourly.pop()
    if isinstance(once, float) and once == 0.0:
        if not hourly:
            return total
        once = hourly.pop()
    total = total + once
    for value in hourly:
        if isinstance(total, np.ndarray) and np.shape(value) == total.shape:
            total += value  # an array of our own
        else:
            total = total + value
    return total


def at_steps(value: Any, where: Any, hours: int) -> Any:
    """Some steps of a value of shape (), (hours,), (designs, 1) or (designs, hours)."""
    here = np.ndim(value) and np.shape(value)[-1] == hours
    return value.take(where, axis=-1) if here else value  # a third of the time of an index


def put_steps(new: Any, old: Any, where: Any, hours: int) -> Array:
    """The old values with the new ones at some steps."""
    if len(where) == hours:
        return new
    shape = np.broadcast_shapes(np.shape(old), (*np.shape(new)[:-1], hours))
    out = np.array(np.broadcast_to(old, shape), dtype=np.result_type(old, new))
    out[where if out.ndim == 1 else (..., where)] = new
    return namespace(new).asarray(out)


Found = TypeVar("Found", bound=tuple[Any, ...])


def where_needed(
    needed: Any,
    few_frac: float,
    work: Callable[..., Found],
    values: tuple[Any, ...],
    elsewhere: Callable[[], Found] | None = None,
) -> Found | None:
    """What `work` makes of these values in the steps in which any design needs it.

    None where there is nothing to save: while JAX compiles, at a single step, with more than two
    axes, and where `few_frac` of the steps or more need it. Values have shape (), (hours,),
    (designs, 1) or (designs, hours).
    elsewhere   what stands in the other steps; zeros by default
    """
    if namespace(needed, *values) is not np or np.ndim(needed) not in (1, 2):
        return None
    hours = np.shape(needed)[-1]
    steps = np.flatnonzero(needed.any(axis=0) if np.ndim(needed) == 2 else needed)
    if hours == 1 or len(steps) >= few_frac * hours:
        return None
    found = work(*(at_steps(value, steps, hours) for value in values))
    others = elsewhere() if elsewhere is not None else (0.0,) * len(found)
    both = zip(found, others, strict=True)
    return type(found)(put_steps(new, old, steps, hours) for new, old in both)


def in_places(
    wanted: Any,
    few_frac: float,
    work: Callable[..., Found],
    values: tuple[Any, ...],
    elsewhere: tuple[Array, ...],
) -> Found:
    """What `work`, elementwise, makes of values where it is wanted, and what stands elsewhere.

    It is done for all where `few_frac` of all or more want it, and where JAX compiles, if any does.
    `wanted` has shape (), (hours,) or (designs, hours).
    """
    xp = namespace(wanted, *values)
    if xp is not np:
        import jax

        others = [xp.broadcast_to(xp.asarray(other, float), wanted.shape) for other in elsewhere]

        def all_of_them() -> list[Array]:
            found = work(*values)
            return [xp.where(wanted, *both) for both in zip(found, others, strict=True)]

        done: Found = tuple(jax.lax.cond(xp.any(wanted), all_of_them, lambda: others))  # type: ignore[assignment]
        return done
    if not np.ndim(wanted):
        return work(*values) if wanted else elsewhere  # type: ignore[return-value]
    places = np.flatnonzero(wanted)
    if len(places) < few_frac * wanted.size:
        return _put_in_places(wanted, places, work, values, elsewhere)
    both = zip(work(*values), elsewhere, strict=True)
    everywhere: Found = tuple(np.where(wanted, *pair) for pair in both)  # type: ignore[assignment]
    return everywhere


def _put_in_places(
    wanted: np.ndarray,
    places: np.ndarray,
    work: Callable[..., Found],
    values: tuple[Any, ...],
    elsewhere: tuple[Array, ...],
) -> Found:
    """What stands elsewhere, with what `work` makes of the values in these places of the flat
    array."""
    hours = wanted.shape[-1]
    counts = np.count_nonzero(np.atleast_2d(wanted), axis=-1)  # of each design

    def taken(value: Any) -> Any:
        shape = np.shape(value)
        if not shape:
            return value
        if shape == wanted.shape:
            return value.reshape(-1)[places]
        if len(wanted.shape) > 2:
            return np.broadcast_to(value, wanted.shape)[wanted]
        if shape[-1] == hours:
            return value.reshape(-1)[places - np.repeat(hours * np.arange(len(counts)), counts)]
        return np.repeat(np.broadcast_to(value, (len(counts), 1))[:, 0], counts)

    found = [np.full(wanted.shape, other, dtype=float) for other in elsewhere]
    if len(places):
        for out, new in zip(found, work(*map(taken, values)), strict=True):
            out.reshape(-1)[places] = new
    put: Found = tuple(found)  # type: ignore[assignment]
    return put


def repeat(count: int, step: Callable[[State], State], state: State) -> State:
    """The state (floats, elementwise) after so many steps.

    A loop also where JAX compiles: written out, every step would be compiled anew in each of the
    places that use its answer.
    """
    if namespace(*state) is np:
        for _ in range(count):
            state = step(state)
        return state
    import jax
    import jax.numpy as jnp

    # A loop's state keeps its shape and its precision.
    after = jax.eval_shape(step, state)
    shape = jnp.broadcast_shapes(*(value.shape for value in after))
    begun = tuple(
        jnp.broadcast_to(jnp.asarray(value, like.dtype), shape)
        for value, like in zip(state, after, strict=True)
    )
    found: State = jax.lax.fori_loop(0, count, lambda _, at: step(at), begun)
    return found
