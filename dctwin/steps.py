"""Some of the steps of a duty, and of a device whose numbers differ from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dctwin.components.component import Air, Place
from dctwin.design import Device
from dctwin.physics.arrays import at_steps


def duty_at(item: Any, steps: np.ndarray, hours: int) -> Any:
    """A duty, its air, its place or the waters there in some of the hours."""
    if isinstance(item, Mapping):
        return {name: at_steps(value, steps, hours) for name, value in item.items()}
    cut = {}
    for name in item.__slots__:
        value = getattr(item, name)
        if isinstance(value, np.ndarray):
            cut[name] = at_steps(value, steps, hours)
        elif isinstance(value, (Air, Place, Mapping)):
            cut[name] = duty_at(value, steps, hours)
    return replace(item, **cut)


def device_at(device: Device, steps: np.ndarray, hours: int) -> Device:
    """A bank whose numbers may have one value a step, as in a part of a batch, in some of them."""
    found = {
        name: at_steps(value, steps, hours)
        for name, value in device.component
        if type(value) is np.ndarray
    }
    component = device.component.with_values(**found) if found else device.component
    return replace(device, component=component, count=at_steps(device.count, steps, hours))
