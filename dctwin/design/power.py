"""The power paths of a design: to the racks, to the machinery, and what both share."""

from __future__ import annotations

from pydantic import Field

from dctwin.components.power.stage import PowerStage
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure


class Power(Structure):
    it: list[DeviceEntry] = Field(default_factory=list, description="from the grid to the racks")
    mechanical: list[DeviceEntry] = Field(default_factory=list, description="to pumps and chillers")
    shared: list[DeviceEntry] = Field(default_factory=list, description="carries both, at the grid")


def read_paths(reader: Reader, power: Power) -> dict[str, tuple[Device, ...]]:
    """The three paths, from the source to the load."""
    return {
        path: reader.devices(getattr(power, path), ("power", path), PowerStage)
        for path in ("it", "mechanical", "shared")
    }
