"""Stores that smooth a power swing, by words: numbers, catalogue entries, or the design's own."""

from __future__ import annotations

from collections.abc import Sequence

from dctwin.components.power.ride_through import RideThrough
from dctwin.design import Facility, RackGroup
from dctwin.equipment import load_equipment
from dctwin.errors import InputError
from dctwin.physics.smoothing import Buffer
from dctwin.units import SECONDS_PER_HOUR

OWN = "own"
_HOW = (
    "kWh:kW:S[:EFF] with S the time constant in s, NAME:COUNT:S of a store of the catalogue, or "
    f"{OWN}:S for the stores in the racks"
)


def buffers_of(
    text: str, facility: Facility, groups: Sequence[RackGroup], option: str = "buffers"
) -> list[Buffer]:
    """What a word means: `2:1500:5`, `supercapacitor-48v-5kw:336:5` or `own:5`, nearest first.

    groups   the racks that swing, whose own stores are meant by `own`
    """
    name, *numbers = text.split(":")
    try:
        values = [float(number) for number in numbers]
        first = None if name[:1].isalpha() else float(name)
    except ValueError:
        raise InputError(f"{option}: must be {_HOW} (got {text!r})") from None
    if first is not None and len(values) in (2, 3):
        return [Buffer(first, *values)]
    if name == OWN and len(values) == 1:
        return _own(facility, groups, values[0], option)
    if first is None and name != OWN and len(values) == 2:
        return [_store(name, values[0], values[1], option)]
    raise InputError(f"{option}: must be {_HOW} (got {text!r})")


def of_store(store: RideThrough, count: float, time_constant_s: float) -> Buffer:
    """A bank of ride-through stores as a buffer: its energy at rated power, half of the losses of
    a round trip each way. Its standby stays where it stands in the path."""
    return Buffer(
        energy_kwh=store.rated_kw * store.runtime_s / SECONDS_PER_HOUR * count,
        power_kw=store.rated_kw * count,
        time_constant_s=time_constant_s,
        efficiency_frac=store.round_trip_frac**0.5,
    )


def _store(name: str, count: float, time_constant_s: float, option: str) -> Buffer:
    component = load_equipment(name).component
    if not isinstance(component, RideThrough):
        raise InputError(
            f"{option}: {name} is a {component.kind}, allowed a ride-through (battery, "
            "supercapacitor or flywheel)"
        )
    if not (count >= 1 and count == int(count)):
        raise InputError(f"{option}: the count must be a whole number from 1 (got {count:g})")
    return of_store(component, count, time_constant_s)


def _own(
    facility: Facility, groups: Sequence[RackGroup], time_constant_s: float, option: str
) -> list[Buffer]:
    """The stores in the racks that swing, nearest to the servers first."""
    found = [
        of_store(device.component, device.count * group.device.count, time_constant_s)
        for group in groups
        for device in reversed(group.supply)
        if isinstance(device.component, RideThrough)
    ]
    if not found:
        names = ", ".join(group.name for group in groups)
        raise InputError(
            f"{option}: {facility.name} has no battery, supercapacitor or flywheel in its racks "
            f"({names}): give a ride-through in their supply, or name one"
        )
    return found
