"""On-site sources and stores of a design: one or several of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from dctwin.components.component import Component
from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.pv import PvArray
from dctwin.components.onsite.series import GenerationSeries
from dctwin.components.onsite.wind import WindTurbine
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure
from dctwin.document import Path_

# Tags in brackets are no keys of a file: document.faults_of leaves them out of a field's name.
Entries = Annotated[
    Annotated[DeviceEntry, Tag("<one>")] | Annotated[list[DeviceEntry], Tag("<several>")],
    Discriminator(lambda value: "<several>" if isinstance(value, list | tuple) else "<one>"),
]


class Onsite(Structure):
    pv: Entries | None = Field(None, description="PV array, or a list of them")
    wind: Entries | None = Field(None, description="wind turbines, or a list of them")
    series: Entries | None = Field(
        None, description="small hydro, geothermal or other known output, or a list of them"
    )
    battery: DeviceEntry | None = None
    export: bool = Field(True, description="surplus may flow to the grid; otherwise curtailed")


@dataclass(frozen=True)
class OnsitePlant:
    """Sources and stores at the facility bus; empty where there are none."""

    pv: tuple[Device, ...]
    wind: tuple[Device, ...]
    series: tuple[Device, ...]
    battery: Device | None
    export: bool

    def sources(self) -> tuple[Device, ...]:
        """Every device that generates from sun, wind, water or the earth's heat."""
        return (*self.pv, *self.wind, *self.series)

    def devices(self) -> Iterator[Device]:
        """Every device of it."""
        yield from self.sources()
        if self.battery is not None:
            yield self.battery


def source_key(device: Device) -> str:
    """The name of a source among all of a facility: `pv.roof`, `wind.wind`."""
    return f"{device.component.kind}.{device.name}"


def read_sources(
    reader: Reader, entries: Entries | None, where: Path_, base: type[Component]
) -> tuple[Device, ...]:
    """The devices of one entry or of a list of entries."""
    if entries is None:
        return ()
    if isinstance(entries, list):
        return reader.devices(entries, where, base)
    device = reader.device(entries, where, base)
    return () if device is None else (device,)


def read_onsite(reader: Reader, onsite: Onsite) -> OnsitePlant:
    """The on-site plant with its devices checked."""
    return OnsitePlant(
        pv=read_sources(reader, onsite.pv, ("onsite", "pv"), PvArray),
        wind=read_sources(reader, onsite.wind, ("onsite", "wind"), WindTurbine),
        series=read_sources(reader, onsite.series, ("onsite", "series"), GenerationSeries),
        battery=reader.optional(onsite.battery, ("onsite", "battery"), Battery),
        export=onsite.export,
    )
