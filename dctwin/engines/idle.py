"""Skipping what has nothing to do, where only flows are asked for and not the traces of idle hours.

A stage without heat takes and gives nothing, unless it says so (a test over every device). A sweep
leaves it out in the hours, or in a compiled batch, that give it no heat at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from dctwin.banks import serve
from dctwin.components.component import Duty, Service
from dctwin.design import Device
from dctwin.physics.arrays import Array, namespace, put_steps
from dctwin.physics.trees import changed, put_together, taken_apart
from dctwin.steps import device_at, duty_at

Found = TypeVar("Found")

# A stage is served in its busy hours alone where those are fewer than this share.
_FEW_FRAC = 0.7


def serve_busy(device: Device, duty: Duty, units_count: Array | None = None) -> Service:
    """The flows of a bank of units; where there is no heat, no more than that it does nothing."""
    duty = replace(duty, watched=False)
    # A staged bank has its units on.
    if units_count is not None or device.component.works_idle():
        return _flows(serve(device, duty, units_count))
    busy = duty.heat_kw > 0
    if namespace(busy) is not np:
        return compiled_apart(namespace(busy).any(busy), lambda: _flows(serve(device, duty)))
    if not np.ndim(busy):
        return _flows(serve(device, duty))
    hours = np.shape(busy)[-1]
    steps = np.flatnonzero(busy.any(axis=0) if np.ndim(busy) == 2 else busy)
    if len(steps) >= _FEW_FRAC * hours:
        return _flows(serve(device, duty))
    steps = steps if len(steps) else np.arange(1)  # one stands in for the structure
    found = _flows(serve(device_at(device, steps, hours), duty_at(duty, steps, hours)))

    def back(value: Any) -> Any:
        if not isinstance(value, (np.ndarray, float)):
            return value
        return put_steps(value, 0.0, steps, hours) if np.any(value) else 0.0

    return changed(found, back)


def _flows(service: Service) -> Service:
    """A service without what is only watched; how many units run is needed downstream."""
    traces = {name: v for name, v in service.traces.items() if name == "units_count"}
    return replace(service, limits=(), traces=traces)


def compiled_apart(wanted: Array, work: Callable[[], Found]) -> Found:
    """Work that JAX compiles by itself, or zeros where it is not wanted: XLA otherwise fuses a
    stage into every one of its users, and computes it again in each.

    A branch where designs go one after another, as on a CPU; side by side, on an accelerator, the
    work is done for all of them.
    """
    import jax
    import jax.numpy as jnp

    held: dict[str, Any] = {}

    def arrays() -> list[Array]:
        found, held["empty"] = taken_apart(work(), lambda value: isinstance(value, jax.Array))
        return found

    zeros = [jnp.zeros(shape.shape, shape.dtype) for shape in jax.eval_shape(arrays)]
    found = jax.lax.cond(wanted, arrays, lambda: zeros)
    whole: Found = put_together(found, held["empty"])
    return whole
