"""Reading a design: entries of devices become checked components, one fault a line.

What the trades share; each trade reads its own part of the file beside it (it, cooling, power,
onsite), and facility.py puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dctwin.components.component import Component, Stage
from dctwin.components.cooling.control import Control
from dctwin.components.registry import device_class, kinds
from dctwin.document import Document, Path_
from dctwin.equipment import Name, Range, build_component, equipment_fault, load_equipment
from dctwin.errors import Fault, InputError, nearest

Redundancy = Literal["N", "N+1", "N+2", "2N", "2(N+1)", "3N/2", "4N/3", "block"]
OUTDOORS = "outdoors"


def installed(count: float, redundancy: Redundancy) -> float:
    """Units that share the load when `count` units could carry it.

    N+1, N+2           one path with spare units in parallel
    2N, 2(N+1)         two paths, each of which could carry all
    3N/2, 4N/3         distributed redundant: three (four) paths, any two (three) could carry all
    block              isolated redundant: each unit has its own load and one more stands by without
                       any, to catch the load of a unit that is lost
    Source: Schneider Electric White Paper 75, rev. 4, Comparing UPS System Design Configurations.

    >>> installed(4, "N+1"), installed(4, "2N"), installed(4, "3N/2"), installed(4, "block")
    (5, 8, 6.0, 4)
    """
    return {
        "N": count,
        "N+1": count + 1,
        "N+2": count + 2,
        "2N": 2 * count,
        "2(N+1)": 2 * (count + 1),
        "3N/2": 1.5 * count,
        "4N/3": 4.0 * count / 3.0,
        "block": count,
    }[redundancy]


def surviving(count: float, redundancy: Redundancy) -> float | None:
    """Units that carry the load when one path is lost; None where no other path is there.

    One path is one unit of N+1, N+2 and block, one of two halves of 2N and 2(N+1), one of three
    (four) parts of 3N/2 (4N/3).

    >>> surviving(4, "N+1"), surviving(4, "2(N+1)"), surviving(4, "3N/2"), surviving(4, "N")
    (4, 5, 4, None)
    """
    if redundancy == "N":
        return None
    return count + 1 if redundancy in ("N+2", "2(N+1)") else count


class Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviceEntry(BaseModel):
    """A device: a name from the catalogue, or a kind with all its parameters.

    Any other key is a parameter of the device and overrides the catalogue's value.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Name | None = Field(None, description="name in this design; default the kind")
    equipment: str | None = Field(None, description="catalogue name")
    kind: str | None = Field(None, description="kind of device, when it is not from the catalogue")
    count: Annotated[int, Field(ge=1, le=100_000, strict=True)] = Field(
        1, description="units that carry the load together"
    )
    redundancy: Redundancy = Field("N", description="spare units that share the load or stand by")
    sink: Name | None = Field(None, description="loop that takes the heat of this stage")
    cools: Name | None = Field(None, description="loop that this stage makes cold for")
    heat_to: Name = Field(OUTDOORS, description="loop that the losses warm, or outdoors")


@dataclass(frozen=True)
class Device:
    """A component at its place: how many, where its heat goes, the range it is valid in.

    count      units that share the load
    survivors_count  units that share it when one path is lost; None where no other path is there
    redundancy       by its name, as the design gives it
    standby_count    units that idle beside them, without load; None where there are none
    sharing, bus_count  how the units of a power device share its load: see `PowerEntry`
    """

    name: str
    component: Any
    count: float = 1
    survivors_count: float | None = None
    standby_count: float | None = None
    equipment: str = ""
    sink: str = ""
    heat_to: str = ""
    cools: str = ""
    valid: Mapping[str, Range] = field(default_factory=dict)
    sharing: str = "equal"
    bus_count: float = 1
    redundancy: str = "N"
    control: Control = field(default_factory=Control)


class Reader:
    """Builds devices one by one and collects every fault instead of stopping at the first."""

    def __init__(self, document: Document, loops: set[str]) -> None:
        self.document = document
        self.loops = loops  # names of the design's loops
        self.faults: list[Fault] = []

    def fault(self, path: Path_, why: str) -> None:
        self.faults.append(self.document.fault(path, why))

    def devices(
        self, entries: list[DeviceEntry], where: Path_, base: type[Component]
    ) -> tuple[Device, ...]:
        found = [self.device(entry, (*where, index), base) for index, entry in enumerate(entries)]
        devices = tuple(device for device in found if device is not None)
        names = [device.name for device in devices]
        for index, name in enumerate(names):
            if name in names[:index]:
                self.fault((*where, index), f"a second {name!r} here: give it another name")
        return devices

    def optional(
        self, entry: DeviceEntry | None, where: Path_, base: type[Component]
    ) -> Device | None:
        return None if entry is None else self.device(entry, where, base)

    def device(
        self,
        entry: DeviceEntry,
        where: Path_,
        base: type[Component],
        name: str = "",
    ) -> Device | None:
        values = dict(entry.model_extra or {})
        valid: Mapping[str, Range] = {}
        if (entry.equipment is None) == (entry.kind is None):
            got = "neither" if entry.kind is None else "both"
            self.fault(where, f"give either equipment (a catalogue name) or kind (got {got})")
            return None
        kind = entry.kind or ""
        if entry.equipment is not None:
            try:
                equipment = load_equipment(entry.equipment)
            except InputError as problem:
                at = (*where, "equipment")
                known = problem.faults[0].file != ""
                self.faults.extend(
                    problem.faults
                    if known
                    else [equipment_fault(self.document, at, entry.equipment)]
                )
                return None
            kind, valid = equipment.file.kind, equipment.file.valid
            values = {**equipment.file.params, **values}
        if kind in kinds() and not issubclass(device_class(kind), base):
            key = "kind" if entry.kind else "equipment"
            fitting = [known for known in kinds() if issubclass(device_class(known), base)]
            self.fault(
                (*where, key),
                f"cannot stand here, allowed kinds {', '.join(fitting)} (got {kind!r})",
            )
            return None
        component = self.component(kind, values, where, type(entry).model_fields)
        if component is None:
            return None
        if entry.sink is not None and not issubclass(base, Stage):
            self.fault((*where, "sink"), f"only a cooling stage has a sink (got {entry.sink!r})")
        elif entry.sink is not None and entry.sink not in self.loops:
            near = nearest(entry.sink, self.loops)
            self.fault((*where, "sink"), f"no such loop, {near} (got {entry.sink!r})")
        if entry.cools is not None and entry.cools not in self.loops:
            near = nearest(entry.cools, self.loops)
            self.fault((*where, "cools"), f"no such loop, {near} (got {entry.cools!r})")
        elif entry.cools is not None and not getattr(component, "makes_cold", False):
            self.fault(
                (*where, "cools"), f"a {kind} makes no cold for another loop (got {entry.cools!r})"
            )
        if entry.heat_to != OUTDOORS and where[0] != "power":
            why = "only a device of a power path gives its loss to a loop"
            self.fault((*where, "heat_to"), f"{why} (got {entry.heat_to!r})")
        self.loop_exists(entry.heat_to, (*where, "heat_to"))
        return Device(
            name=entry.name or name or kind,
            component=component.within(valid),
            count=installed(entry.count, entry.redundancy),
            survivors_count=surviving(entry.count, entry.redundancy),
            standby_count=1.0 if entry.redundancy == "block" else None,
            redundancy=entry.redundancy,
            equipment=entry.equipment or "",
            sink=entry.sink or "",
            heat_to=place_of(entry.heat_to),
            cools=entry.cools or "",
            valid=valid,
        )

    def component(
        self, kind: str, values: dict[str, Any], where: Path_, also: Iterable[str]
    ) -> Component | None:
        try:
            return build_component(kind, values, self.document, where, also)
        except InputError as problem:
            self.faults.extend(problem.faults)
            return None

    def loop_exists(self, name: str, where: Path_) -> None:
        if name != OUTDOORS and name not in self.loops:
            near = nearest(name, self.loops | {OUTDOORS})
            self.fault(where, f"no such loop, {near} (got {name!r})")


def place_of(heat_to: str) -> str:
    return "" if heat_to == OUTDOORS else heat_to
