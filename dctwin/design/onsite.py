"""On-site sources and stores of a design."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.pv import PvArray
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure


class Onsite(Structure):
    pv: DeviceEntry | None = None
    battery: DeviceEntry | None = None
    export: bool = Field(True, description="surplus may flow to the grid; otherwise curtailed")


@dataclass(frozen=True)
class OnsitePlant:
    """Sources and stores at the facility bus; None where there is none."""

    pv: Device | None
    battery: Device | None
    export: bool

    def devices(self) -> Iterator[Device]:
        """Every device of it."""
        yield from (device for device in (self.pv, self.battery) if device is not None)


def read_onsite(reader: Reader, onsite: Onsite) -> OnsitePlant:
    """The on-site plant with its devices checked."""
    return OnsitePlant(
        pv=reader.optional(onsite.pv, ("onsite", "pv"), PvArray),
        battery=reader.optional(onsite.battery, ("onsite", "battery"), Battery),
        export=onsite.export,
    )
