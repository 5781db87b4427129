"""The racks of a design: what they draw, which loops take their heat, their own power supplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from dctwin.components.it.rack import Rack
from dctwin.design.bank import PowerEntry, power_devices
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure
from dctwin.equipment import Name
from dctwin.errors import nearest

MAX_RACKS = 100_000


class RackEntry(DeviceEntry):
    load_frac: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        description="mean load, share of full load"
    )
    daily_profile_frac: Annotated[list[float], Field(min_length=24, max_length=24)] | None = Field(
        None, description="load of each local hour over the mean, 24 numbers"
    )
    count: Annotated[int, Field(ge=1, le=MAX_RACKS, strict=True)] = Field(1, description="racks")
    air: Name = Field(description="loop that takes the heat in the air")
    liquid: Name | None = Field(None, description="loop that takes the heat in the liquid")
    feed: Name = Field("it", description="power path that feeds it: it, or one of power.feeds")
    supply_heat: Literal["air", "liquid"] = Field(
        "air", description="what takes the losses of the supplies inside the rack"
    )
    supply: list[PowerEntry] = Field(
        default_factory=list, description="power supplies inside the rack, from feed to servers"
    )


class It(Structure):
    racks: dict[Name, RackEntry] = Field(min_length=1)


@dataclass(frozen=True)
class RackGroup:
    name: str
    device: Device
    load_frac: float
    daily_profile_frac: tuple[float, ...]
    air: str
    liquid: str
    supply: tuple[Device, ...]
    feed: str = "it"
    supply_loop: str = ""  # loop that takes the losses of the supplies


def read_rack(reader: Reader, name: str, entry: RackEntry) -> RackGroup | None:
    """A group of racks with its supplies; None where it has faults."""
    where = ("it", "racks", name)
    supply = power_devices(reader, entry.supply, (*where, "supply"))
    device = reader.device(entry, where, Rack, name)
    for medium in ("air", "liquid"):
        loop = getattr(entry, medium)
        if loop is not None and loop not in reader.loops:
            near = nearest(loop, reader.loops)
            reader.fault((*where, medium), f"no such loop, {near} (got {loop!r})")
    if device is None:
        return None
    if device.component.liquid_frac > 0 and entry.liquid is None:
        reader.fault(where, "liquid is missing: the rack gives heat to liquid, name its loop")
    profile = tuple(entry.daily_profile_frac or (1.0,) * 24)
    if not all(0 <= entry.load_frac * share <= 1 for share in profile):
        reader.fault(
            (*where, "daily_profile_frac"),
            "load_frac times each value must stay within 0 to 1 "
            f"(got {entry.load_frac * min(profile):g} to {entry.load_frac * max(profile):g})",
        )
    if entry.supply_heat == "liquid" and entry.liquid is None:
        reader.fault((*where, "supply_heat"), "liquid is missing: name the loop that takes it")
    liquid = entry.liquid or ""
    return RackGroup(
        name,
        device,
        entry.load_frac,
        profile,
        entry.air,
        liquid,
        supply,
        entry.feed,
        liquid if entry.supply_heat == "liquid" else entry.air,
    )
