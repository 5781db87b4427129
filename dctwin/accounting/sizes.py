"""How much of each kind of machine a facility holds, in the unit that its factors count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dctwin.accounting.factors import table
from dctwin.design import Device, Facility


@dataclass(frozen=True)
class Installed:
    """All units of one machine."""

    name: str
    kind: str
    group: str
    amount: Any  # in the unit of its kind's factors
    metal: str = ""  # what it is made of, where its mass is counted by metal


def installed_parts(facility: Facility) -> tuple[list[Installed], list[str]]:
    """Every part that has factors, and the names of devices whose kind has none."""
    found = [Installed("building", "building", "building", facility.design_it_kw)]
    missing: list[str] = []
    for group, device in _devices(facility):
        kind = _kind(device.component)
        row = table("equipment").get(kind)
        if row is None or not all(hasattr(device.component, name) for name in row["size"]):
            missing.append(f"{device.name} ({kind})")
            continue
        size = _size(device.component) * device.count
        metal = "" if "embodied" in row else device.component.material
        found.append(Installed(device.name, kind, group, size, metal))
    return found, missing


def _devices(facility: Facility) -> Iterable[tuple[str, Device]]:
    for rack in facility.racks:
        yield "it", rack.device
        for supply in rack.supply:
            # As many as there are racks.
            many = Device(supply.name, supply.component, supply.count * rack.device.count)
            yield "it", many
    for circuit in facility.circuits:
        for device in (circuit.pump, *circuit.stages):
            if device is not None:
                yield "cooling", device
    for feed in facility.feeds:
        for device in feed.path:
            yield "power", device
        if feed.sources is not None:
            yield "power", Device(f"{feed.name}-bus", feed.sources.bus)
            for source in feed.sources.devices():
                yield "onsite", source
    for device in (*facility.mechanical_path, *facility.shared_path):
        yield "power", device
    for device in facility.onsite.devices():
        yield "onsite", device


def _kind(component: Any) -> str:
    """The kind by which factors are listed: a gas engine for long running is no standby diesel,
    and a device of a power path is what its role says, whatever law its losses follow."""
    gas = component.kind == "genset" and component.fuel == "gas"
    return "gas-engine" if gas else str(getattr(component, "role", component.kind))


def _size(component: Any) -> Any:
    """Of one unit, from the parameters that its kind's factors name."""
    row = table("equipment")[_kind(component)]
    size: Any = float(row["scale"])
    for name in row["size"]:
        size = size * getattr(component, name)
    return size
