"""Skipping what has nothing to do, where only flows are asked for and not the traces of idle hours.

A stage without heat takes and gives nothing (a test over every device says so). A sweep leaves it
out in a batch, or in a block of hours, that gives it no heat at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from dctwin.components.component import Duty, Service
from dctwin.design import Device
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.trees import changed, put_together, taken_apart
from dctwin.plant import serve

Found = TypeVar("Found")


def unless_idle(busy: Array, work: Callable[[], Found], one_step: Callable[[], Found]) -> Found:
    """`work()`, or its flows of no heat where `busy` is false in every step of every design.

    one_step   the same work for a single step, whose structure stands in for the others
    """
    if namespace(busy) is np:
        return work() if np.any(busy) else one_step()
    return compiled_apart(namespace(busy).any(busy), work)


def compiled_apart(wanted: Array, work: Callable[[], Found]) -> Found:
    """Work that JAX compiles by itself, or zeros where it is not wanted.

    A loop of one turn or none: XLA otherwise fuses a stage into every one of its users, and
    computes it again in each.
    """
    import jax
    import jax.numpy as jnp

    held: dict[str, Any] = {}

    def arrays() -> list[Array]:
        found, held["empty"] = taken_apart(work(), lambda value: isinstance(value, jax.Array))
        return found

    zeros = [jnp.zeros(shape.shape, shape.dtype) for shape in jax.eval_shape(arrays)]
    turns = jnp.where(wanted, 1, 0)
    found = jax.lax.while_loop(
        lambda state: state[0] < turns,
        lambda state: (state[0] + 1, arrays()),
        (0, zeros),
    )[1]
    whole: Found = put_together(found, held["empty"])
    return whole


def first_step(item: Any, steps: int) -> Any:
    """The first step of everything in a structure that has steps."""

    def first(value: Any) -> Any:
        shape = np.shape(value) if hasattr(value, "shape") else ()
        return value[..., :1] if shape and shape[-1] == steps else value

    return changed(item, first)


def serve_busy(device: Device, duty: Duty, units_count: Array | None = None) -> Service:
    """The service of a bank of units; where there is no heat, no more than that it does nothing."""
    # A store works without heat too; a staged bank has its units on.
    if units_count is not None or hasattr(device.component, "start_kwh"):
        return serve(device, duty, units_count)
    steps = int(np.shape(duty.heat_kw)[-1]) if np.ndim(duty.heat_kw) else 1
    return unless_idle(
        duty.heat_kw > 0,
        lambda: serve(device, duty),
        lambda: serve(device, first_step(duty, steps)),
    )
