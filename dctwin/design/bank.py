"""Devices of a power path: banks of units that share their load equally or in stages."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from dctwin.components.power.stage import PowerStage
from dctwin.design.reader import Device, DeviceEntry, Reader
from dctwin.document import Path_


class PowerEntry(DeviceEntry):
    """A device of a power path: its units share the load, equally or in stages."""

    sharing: Literal["equal", "staged"] = Field(
        "equal", description="equal: all units on; staged: as many on as lose least"
    )
    bus_count: Annotated[int, Field(ge=1, le=100_000, strict=True)] = Field(
        1, description="equal buses that the bank is split into; units share within their bus"
    )


def power_devices(reader: Reader, entries: list[PowerEntry], where: Path_) -> tuple[Device, ...]:
    """The devices of a path with how their units share the load."""
    found = reader.devices(list(entries), where, PowerStage)
    if len(found) < len(entries):  # faults are noted; which entry a device came from is not
        return found
    devices = []
    for index, (device, entry) in enumerate(zip(found, entries, strict=True)):
        if entry.sharing == "staged":
            _check_stages(reader, device, entry, (*where, index))
        elif entry.bus_count > 1:
            reader.fault(
                (*where, index, "bus_count"),
                f"has a meaning for sharing: staged only (got {entry.bus_count})",
            )
        devices.append(replace(device, sharing=entry.sharing, bus_count=entry.bus_count))
    return tuple(devices)


def _check_stages(reader: Reader, device: Device, entry: PowerEntry, where: Path_) -> None:
    """Whether a bank can be staged: its kind, and whole numbers of units on each bus."""
    if not device.component.peak_load_fracs():
        why = f"this {device.component.kind} has no one best load to stage for, allowed equal"
        reader.fault((*where, "sharing"), f"{why} (got 'staged')")
    if device.count % entry.bus_count:
        reader.fault(
            (*where, "bus_count"),
            f"must give each bus a whole number of the {device.count:g} units "
            f"(got {entry.bus_count})",
        )
