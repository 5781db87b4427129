"""A stage in a branch beside the next one: how much of a loop's flow its valve lets through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dctwin.components.component import Duty, Service, ratio
from dctwin.design import Device
from dctwin.physics.arrays import Array, at_steps, namespace, put_steps
from dctwin.steps import device_at, duty_at

# What a branch may lack to the setpoint, as a share of the loop's heat, and the steps to it.
_LACKING_FRAC, _STEPS = 1e-9, 8
# Steps of a search go on by themselves where those are fewer than this share.
_FEW_FRAC = 0.7
# A change of what is lacking that is no more than rounding has no slope.
_NO_CHANGE = 1e-12

Serve = Callable[[Device, Duty], Service]


def branch(duty: Duty, share: Array) -> Duty:
    """The duty of a branch that has this share of the flow and of the heat."""
    return replace(
        duty,
        heat_kw=duty.heat_kw * share,
        flow_kw_per_k=duty.flow_kw_per_k * share,
        flow_m3_s=duty.flow_m3_s * share,
    )


def branch_frac(device: Device, duty: Duty, serve: Serve) -> Array:
    """The share of the duty's flow that a bank in a branch of its own brings to the setpoint.

    As much as it can, and no more than its pipe passes: the next stage has the rest, and need not
    make up for water that leaves this one too warm. Asked over taken heat is nearly straight in
    the share (straight for an exchanger of equal streams: 1/ε = 1 + C/UA), and bends upwards, so
    that secants come down on the share from above.
    """
    most = device.control.parallel_flow_frac
    if hasattr(device.component, "start_kwh"):  # a store's hours are a chain
        return most
    found = device.component.branch_frac(duty.scaled(1.0 / device.count), most)
    if found is not None:
        return found
    share = most + 0.0 * duty.heat_kw
    return _closed(device, replace(duty, watched=False), serve, share, None, _STEPS)


def _closed(
    device: Device,
    duty: Duty,
    serve: Serve,
    share: Array,
    before: tuple[Array, Array] | None,
    left: int,
) -> Array:
    """The share from one that is too large or right; `before`: a larger one and its
    asked over taken heat, less one."""
    taken = ratio(serve(device, branch(duty, share)).heat_kw, duty.heat_kw)
    # Once found, a share stays, however long other steps or designs still search.
    search = share - taken > _LACKING_FRAC
    xp = namespace(search)
    if left == 0 or (xp is np and not np.any(search)):
        return share
    gap = ratio(share, taken) - 1.0
    closer = taken
    if before is not None:
        fall, step = before[1] - gap, before[0] - share
        sloped = (fall > _NO_CHANGE) & (step > _NO_CHANGE) & (taken > 0)
        secant = share - gap * step / xp.where(sloped, fall, 1.0)
        closer = xp.where(sloped, xp.clip(secant, 0.0, taken), taken)
    closer = xp.where(search, closer, share)
    if xp is np and np.ndim(search):
        hours = np.shape(search)[-1]
        steps = np.flatnonzero(search.any(axis=0) if np.ndim(search) == 2 else search)
        if len(steps) < _FEW_FRAC * hours:
            now = at_steps(share, steps, hours), at_steps(gap, steps, hours)
            part = device_at(device, steps, hours), duty_at(duty, steps, hours), serve
            found = _closed(*part, at_steps(closer, steps, hours), now, left - 1)
            return put_steps(found, closer, steps, hours)
    return _closed(device, duty, serve, closer, (share, gap), left - 1)
