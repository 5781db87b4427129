"""The power paths of a design: to the racks, to the machinery, and what both share."""

from __future__ import annotations

from pydantic import Field

from dctwin.design.bank import PowerEntry, power_devices
from dctwin.design.reader import OUTDOORS, Device, Reader, Structure


class Power(Structure):
    it: list[PowerEntry] = Field(default_factory=list, description="from the grid to the racks")
    mechanical: list[PowerEntry] = Field(default_factory=list, description="to pumps and chillers")
    shared: list[PowerEntry] = Field(default_factory=list, description="carries both, at the grid")


def read_paths(reader: Reader, power: Power) -> dict[str, tuple[Device, ...]]:
    """The three paths, from the source to the load."""
    paths = {
        path: power_devices(reader, getattr(power, path), ("power", path))
        for path in ("it", "mechanical", "shared")
    }
    for path in ("mechanical", "shared"):
        for index, entry in enumerate(getattr(power, path)):
            if entry.heat_to != OUTDOORS:
                reader.fault(
                    ("power", path, index, "heat_to"),
                    "losses of this path go outdoors, its rooms are ventilated "
                    f"(got {entry.heat_to!r})",
                )
    return paths
