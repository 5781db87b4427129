"""Banks of equal units, in a loop or in a power path: what they serve, draw and lose together.

Both clocks use these functions, so a device has one equation whichever engine asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dctwin.components.component import Air, Duty, Limit, Service, inside
from dctwin.design import Device
from dctwin.physics.arrays import Array, namespace, put_steps
from dctwin.physics.trees import is_number, put_together, taken_apart
from dctwin.steps import device_at, duty_at
from dctwin.units import unit_of

# Losses that differ by less, relatively, are equal but for rounding.
_TIE = 1e-12
# A bank that leaves less of its duty than this is not short of units.
_SERVED = 1e-9
# Steps that are short are served again by themselves where they are fewer than this share.
_FEW_FRAC = 0.6


def serve(device: Device, duty: Duty, units_count: Array | None = None) -> Service:
    """The service of a bank of equal units that share the duty.

    `units_count` of a staged bank run; all of them in the steps in which those cannot do it. The
    others draw what they draw idle.
    """
    count = device.count
    if units_count is None:
        shared = _shared(device, duty)
        service: Service = device.component.serve(shared)
        return service if shared is duty else service.scaled(count)
    service = device.component.serve(duty.scaled(1.0 / units_count))
    short = duty.heat_kw - service.heat_kw * units_count > _SERVED * duty.heat_kw
    xp = namespace(short)
    if xp is not np or np.any(short):
        units_count = xp.where(short, count, units_count)
        service = _served_again(device, duty.scaled(1.0 / units_count), service, short)
    service = service.scaled(units_count)
    service = replace(service, traces={**service.traces, "units_count": units_count})
    return _with_idle(service, device, duty.air, count - units_count)


def _served_again(device: Device, duty: Duty, service: Service, short: Array) -> Service:
    """The service with that of this duty in the steps in which any design is short."""
    component = device.component
    whole = namespace(short) is not np or not np.ndim(short) or hasattr(component, "start_kwh")
    none = np.empty(0, dtype=int)
    steps = none if whole else np.flatnonzero(np.atleast_2d(short).any(axis=0))
    hours = np.shape(short)[-1] if np.ndim(short) else 1
    if whole or len(steps) > _FEW_FRAC * hours:
        served: Service = component.serve(duty)
        return served
    again = device_at(device, steps, hours).component.serve(duty_at(duty, steps, hours))
    after, empty = taken_apart(again, is_number)
    before, _ = taken_apart(service, is_number)
    both = zip(after, before, strict=True)
    found: Service = put_together([put_steps(*pair, steps, hours) for pair in both], empty)
    return found


def _shared(device: Device, duty: Duty) -> Duty:
    """The duty of one unit of a bank of which all share it."""
    alone = isinstance(device.count, int) and device.count == 1
    return duty if alone else duty.scaled(1.0 / device.count)


def _with_idle(service: Service, device: Device, air: Air, idle_count: Array) -> Service:
    """The service with what so many idle units draw besides."""
    idle_kw = device.component.idle_power_kw(air)
    if not idle_kw:
        return service
    power_kw = dict(service.power_kw)
    for name, kw in idle_kw.items():
        power_kw[name] = power_kw.get(name, 0.0) + kw * idle_count
    reject_kw = service.reject_kw + sum(idle_kw.values()) * idle_count
    return replace(service, power_kw=power_kw, reject_kw=reject_kw)


def turned_down(device: Device, service: Service, air: Air, factor: Array) -> Service:
    """The service with its heat, and what goes with it, times `factor`.

    What its idle units draw stays: the basin heater of a tower does not ask for the heat.
    """
    xp = namespace(service.heat_kw, device.count)
    on_count = service.traces.get("units_count", device.count)
    idle_count = xp.where(service.heat_kw > 0, device.count - on_count, device.count)
    return _with_idle(service.scaled(factor), device, air, idle_count * (1.0 - factor))


def reach_c(device: Device, duty: Duty) -> Array:
    """The coldest supply temperature that a bank reaches with this duty, all of its units on."""
    return device.component.reach_c(_shared(device, duty))


def range_limits(
    device: Device, traces: Mapping[str, Array], works: Array = True
) -> tuple[Limit, ...]:
    """Distances outside the validity range of the device's equipment file, where it works."""

    def beyond(name: str, bounds: tuple[float, float]) -> Array:
        found = inside(traces[name], *bounds)
        nowhere = isinstance(found, float) and found == 0.0
        return found if nowhere else works * device.component.watches(name, traces) * found

    return tuple(
        # A distance between two temperatures is in kelvin.
        Limit(name, beyond(name, bounds), "K" if name.endswith("_c") else _unit(name))
        for name, bounds in device.valid.items()
        if name in traces
    )


def _unit(name: str) -> str:
    return unit_of(name) or "-"


@dataclass(frozen=True)
class PathStep:
    """One device of a power path at work: output_kw + loss_kw = input_kw.

    on_count  units that are on and share output_kw
    """

    device: Device
    input_kw: Array
    output_kw: Array
    loss_kw: Array
    on_count: Array


def share(device: Device, load_kw: Array) -> tuple[Array, Array]:
    """Units of a bank that are on to carry `load_kw`, and what they lose together.

    equal   all of them
    staged  of the whole numbers that do not overload a unit, the one that loses least in each bus;
            what is off takes nothing, and at least one unit of each bus stays on.

    A bus loses n · loss(P/n), so the best n is the one whose load per unit is most efficient. From
    any n, going towards the nearest maximum of efficiency gains until it is reached: only the two
    whole numbers around a maximum can be best.
    """
    unit = device.component
    if device.sharing == "equal":
        return device.count, unit.loss_kw(load_kw / device.count) * device.count
    xp = namespace(load_kw, device.count, unit.rated_kw)
    bus_kw = load_kw / device.bus_count
    most = device.count / device.bus_count
    # A load of a whole number of ratings, give or take its rounding, needs no further unit.
    least = xp.clip(xp.ceil(bus_kw / unit.rated_kw * (1.0 - 1e-12)), 1.0, most)
    tried = []
    for peak in unit.peak_load_fracs():
        fewer = xp.floor(bus_kw / (peak * unit.rated_kw))
        for count in (xp.clip(fewer, least, most), xp.clip(fewer + 1.0, least, most)):
            tried.append((count, unit.loss_kw(bus_kw / count) * count))
    best, best_kw = tried[0]
    for count, loss_kw in tried[1:]:
        # Of numbers that lose the same but for rounding, the first one tried.
        better = loss_kw < best_kw * (1.0 - _TIE)
        best, best_kw = xp.where(better, count, best), xp.where(better, loss_kw, best_kw)
    return best * device.bus_count, best_kw * device.bus_count


def carry(path: tuple[Device, ...], load_kw: Array) -> tuple[Array, list[PathStep]]:
    """What a path draws to deliver `load_kw`, and its steps from the source to the load."""
    steps: list[PathStep] = []
    for device in reversed(path):
        on_count, loss_kw = share(device, load_kw)
        if device.standby_count is not None:
            loss_kw = loss_kw + device.component.loss_kw(0.0 * load_kw) * device.standby_count
        steps.append(PathStep(device, load_kw + loss_kw, load_kw, loss_kw, on_count))
        load_kw = load_kw + loss_kw
    return load_kw, steps[::-1]
