"""The power paths of a design: a tree from the grid to the racks and to the machinery.

`shared` carries everything, at the grid. From the place where it ends, `bus.main`, leave the path
to the machinery, the path `it` and any further feeds by name. A feed may hang from another one,
and may have sources of its own where it ends: a direct-current bus.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.fuel_cell import FuelCell
from dctwin.components.onsite.pv import PvArray
from dctwin.components.power.dc_bus import DcBus
from dctwin.design.bank import PowerEntry, power_devices
from dctwin.design.it import RackGroup
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure
from dctwin.equipment import Name
from dctwin.errors import nearest

MAIN, IT = "main", "it"
# Second words of the ledger's other places: a feed of that name would merge with them.
_RESERVED = frozenset(
    {MAIN, IT, "mechanical", "shared", "facility", "battery", "battery-auxiliary", "hydrogen"}
)

Volts = Annotated[float, Field(ge=12, le=2_000, strict=True)]


class BusEntry(Structure):
    """Sources at the end of a feed, by their voltage: the highest gives first."""

    utility_v: Volts = Field(description="no-load voltage of the rectified feed [V]")
    utility_limit_kw: Annotated[float, Field(gt=0, le=1_000_000, strict=True)] = Field(
        description="what the rectified feed gives at most [kW]"
    )
    pv: DeviceEntry | None = Field(None, description="its inverter is the MPPT converter")
    pv_v: Volts | None = Field(None, description="no-load voltage of the PV's converter [V]")
    fuel_cell: DeviceEntry | None = Field(None, description="fed from outside, no tank")
    fuel_cell_v: Volts | None = Field(None, description="no-load voltage of the fuel cell [V]")
    battery: DeviceEntry | None = Field(
        None, description="charged by the sources whose voltage is above its own"
    )
    battery_v: Volts | None = Field(None, description="no-load voltage of the battery [V]")
    droop_frac: Annotated[float, Field(ge=1e-4, le=0.5, strict=True)] = Field(
        0.02, description="fall of a source's voltage from no load to its limit"
    )


class FeedEntry(Structure):
    fed_from: Name = Field(MAIN, description="main, it, or another feed that it hangs from")
    stages: list[PowerEntry] = Field(default_factory=list, description="from source to load")
    sources: BusEntry | None = Field(None, description="more sources where it ends")


class Power(Structure):
    it: list[PowerEntry] = Field(default_factory=list, description="from the grid to the racks")
    mechanical: list[PowerEntry] = Field(default_factory=list, description="to pumps and chillers")
    shared: list[PowerEntry] = Field(default_factory=list, description="carries both, at the grid")
    feeds: dict[Name, FeedEntry] = Field(
        default_factory=dict, description="further paths to racks; a rack group names its own"
    )


@dataclass(frozen=True)
class BusSources:
    """What else feeds the end of a feed: the bus with its voltages, and what stands on it."""

    bus: DcBus
    pv: Device | None
    battery: Device | None
    fuel_cell: Device | None = None

    def devices(self) -> tuple[Device, ...]:
        """What stands on the bus."""
        every = (self.pv, self.battery, self.fuel_cell)
        return tuple(device for device in every if device is not None)


@dataclass(frozen=True)
class Feed:
    """A path to racks: from `fed_from` through its stages to the bus of its name."""

    name: str
    fed_from: str
    path: tuple[Device, ...]
    sources: BusSources | None = None


def read_paths(reader: Reader, power: Power) -> dict[str, tuple[Device, ...]]:
    """The three paths that every facility has, from the source to the load."""
    return {
        path: power_devices(reader, getattr(power, path), ("power", path))
        for path in (IT, "mechanical", "shared")
    }


def read_feeds(
    reader: Reader, power: Power, it_path: tuple[Device, ...], racks: Iterable[RackGroup]
) -> tuple[Feed, ...]:
    """All feeds of racks, `it` among them, each before the one that it hangs from."""
    known = {MAIN, IT, *power.feeds}
    feeds = [Feed(IT, MAIN, it_path)]
    for name, entry in power.feeds.items():
        where = ("power", "feeds", name)
        if name in _RESERVED:
            reader.fault(where, f"a feed cannot be called {name!r}: the ledger has that place")
        if entry.fed_from not in known:
            near = nearest(entry.fed_from, known)
            reader.fault((*where, "fed_from"), f"no such feed, {near} (got {entry.fed_from!r})")
        stages = power_devices(reader, entry.stages, (*where, "stages"))
        sources = None if entry.sources is None else _sources(reader, name, entry.sources)
        feeds.append(Feed(name, entry.fed_from, stages, sources))
    for group in racks:
        if group.feed not in known - {MAIN}:
            near = nearest(group.feed, known - {MAIN})
            at = ("it", "racks", group.name, "feed")
            reader.fault(at, f"no such feed, {near} (got {group.feed!r})")
    return _outwards_first(reader, feeds)


def _sources(reader: Reader, name: str, entry: BusEntry) -> BusSources | None:
    where = ("power", "feeds", name, "sources")
    pv = reader.optional(entry.pv, (*where, "pv"), PvArray)
    battery = reader.optional(entry.battery, (*where, "battery"), Battery)
    cell = reader.optional(entry.fuel_cell, (*where, "fuel_cell"), FuelCell)
    for source in ("pv", "battery", "fuel_cell"):
        if (getattr(entry, source) is None) != (getattr(entry, f"{source}_v") is None):
            reader.fault(where, f"give {source} and {source}_v together, or neither")
    values = {
        "utility_v": entry.utility_v,
        "utility_limit_kw": entry.utility_limit_kw,
        "droop_frac": entry.droop_frac,
        "pv_v": entry.pv_v or 0.0,
        "battery_v": entry.battery_v or 0.0,
        "fuel_cell_v": entry.fuel_cell_v or 0.0,
    }
    bus = reader.component("dc-bus", values, where, BusEntry.model_fields)
    return BusSources(bus, pv, battery, cell) if isinstance(bus, DcBus) else None


def _outwards_first(reader: Reader, feeds: list[Feed]) -> tuple[Feed, ...]:
    """Feeds sorted so that each stands before the one that it hangs from; a ring is a fault."""
    ordered: list[Feed] = []
    waiting = list(feeds)
    while waiting:
        ready = [f for f in waiting if not any(other.fed_from == f.name for other in waiting)]
        if not ready:
            ring = ", ".join(feed.name for feed in waiting)
            reader.fault(("power", "feeds"), f"feeds hang from each other in a ring: {ring}")
            return ()
        ordered.extend(ready)
        waiting = [feed for feed in waiting if feed not in ready]
    return tuple(ordered)
