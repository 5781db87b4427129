"""A design file becomes a `Facility`: checked devices, loops, racks and power paths.

Every fault of a design is one line `file:line: field: why`; all that can be found are listed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dctwin.components.component import Component, Stage
from dctwin.components.cooling.loop import Loop
from dctwin.components.it.rack import Rack
from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.pv import PvArray
from dctwin.components.power.stage import PowerStage
from dctwin.components.registry import device_class, kinds
from dctwin.document import Document, Path_, faults_of, load_document
from dctwin.equipment import Name, Range, build_component, equipment_fault, load_equipment
from dctwin.errors import Fault, InputError, nearest
from dctwin.library import find

Redundancy = Literal["N", "N+1", "N+2", "2N", "2(N+1)", "3N/2"]
MAX_RACKS = 100_000
OUTDOORS = "outdoors"
# First words of the ledger's other places: a loop of that name would merge its stages with them.
RESERVED = frozenset({"rack", "loop", "bus", "power", "storage", "water", "lighting", OUTDOORS})


def installed(count: float, redundancy: Redundancy) -> float:
    """Units that share the load when `count` units could carry it.

    >>> installed(4, "N+1"), installed(4, "2N"), installed(4, "3N/2")
    (5, 8, 6.0)
    """
    return {
        "N": count,
        "N+1": count + 1,
        "N+2": count + 2,
        "2N": 2 * count,
        "2(N+1)": 2 * (count + 1),
        "3N/2": 1.5 * count,
    }[redundancy]


# --- the file's structure -------------------------------------------------------------------


class _Structure(BaseModel):
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
    redundancy: Redundancy = Field("N", description="spare units that share the load")
    sink: Name | None = Field(None, description="loop that takes the heat of this stage")
    heat_to: Name = Field(OUTDOORS, description="loop that the losses warm, or outdoors")


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
    supply: list[DeviceEntry] = Field(
        default_factory=list, description="power supplies inside the rack, from feed to servers"
    )


class It(_Structure):
    racks: dict[Name, RackEntry] = Field(min_length=1)


class LoopEntry(BaseModel):
    """A loop: its own parameters (fluid, supply_c, rise_k, …), a pump, and stages in order."""

    model_config = ConfigDict(extra="allow", frozen=True)

    pump: DeviceEntry | None = None
    stages: list[DeviceEntry] = Field(min_length=1, description="in the order the fluid meets them")


class Cooling(_Structure):
    loops: dict[Name, LoopEntry] = Field(min_length=1)


class Power(_Structure):
    it: list[DeviceEntry] = Field(default_factory=list, description="from the grid to the racks")
    mechanical: list[DeviceEntry] = Field(default_factory=list, description="to pumps and chillers")
    shared: list[DeviceEntry] = Field(default_factory=list, description="carries both, at the grid")


class Building(_Structure):
    lighting_kw: Annotated[float, Field(ge=0, le=100_000, strict=True)] = 0.0
    heat_to: Name = Field(OUTDOORS, description="loop that the lights warm, or outdoors")


class Onsite(_Structure):
    pv: DeviceEntry | None = None
    battery: DeviceEntry | None = None
    export: bool = Field(True, description="surplus may flow to the grid; otherwise curtailed")


class DesignFile(_Structure):
    """A facility: racks, loops and stages, power paths, on-site sources."""

    name: Name
    title: str = Field(description="one line")
    description: str = ""
    it: It
    cooling: Cooling
    power: Power = Field(default_factory=Power)
    building: Building = Field(default_factory=lambda: Building.model_validate({}))
    onsite: Onsite = Field(default_factory=lambda: Onsite.model_validate({}))


# --- the checked facility -------------------------------------------------------------------


@dataclass(frozen=True)
class Device:
    """A component at its place: how many, where its heat goes, the range it is valid in."""

    name: str
    component: Any
    count: float = 1
    equipment: str = ""
    sink: str = ""
    heat_to: str = ""
    valid: Mapping[str, Range] = field(default_factory=dict)


@dataclass(frozen=True)
class RackGroup:
    name: str
    device: Device
    load_frac: float
    daily_profile_frac: tuple[float, ...]
    air: str
    liquid: str
    supply: tuple[Device, ...]


@dataclass(frozen=True)
class Circuit:
    """A loop with its pump and its ordered stages."""

    name: str
    loop: Loop
    pump: Device | None
    stages: tuple[Device, ...]


@dataclass(frozen=True)
class Facility:
    """An immutable design. `replace` gives a changed one; nothing else changes it."""

    name: str
    title: str
    description: str
    racks: tuple[RackGroup, ...]
    circuits: tuple[Circuit, ...]  # in heat order: a loop stands before the loops it rejects to
    it_path: tuple[Device, ...]
    mechanical_path: tuple[Device, ...]
    shared_path: tuple[Device, ...]
    lighting_kw: float
    lighting_heat_to: str
    pv: Device | None
    battery: Device | None
    export: bool
    document: Document = field(repr=False, compare=False)

    def replace(self, changes: Mapping[str, Any]) -> Facility:
        """A facility with values set by dotted path, checked anew.

        >>> warm = facility.replace({"cooling.loops.fws.supply_c": 40})  # doctest: +SKIP
        """
        return parse_design(self.document.replaced(changes))

    @cached_property
    def design_it_kw(self) -> float:
        """IT power at full load [kW], supplies inside the racks left out."""
        return float(sum(g.device.component.design_kw * g.device.count for g in self.racks))

    def devices(self) -> Iterator[Device]:
        """Every device, from the racks to the grid."""
        for group in self.racks:
            yield group.device
            yield from group.supply
        for circuit in self.circuits:
            if circuit.pump is not None:
                yield circuit.pump
            yield from circuit.stages
        yield from (*self.it_path, *self.mechanical_path, *self.shared_path)
        yield from (device for device in (self.pv, self.battery) if device is not None)

    def equipment(self) -> set[str]:
        """Catalogue names of the equipment in it."""
        return {device.equipment for device in self.devices() if device.equipment}

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{c.name}</td><td>{c.loop.fluid}</td><td>"
            + ", ".join(f"{s.name} ×{s.count:g}" for s in c.stages)
            + "</td></tr>"
            for c in self.circuits
        )
        return (
            f"<b>{self.name}</b>: {self.title}<br>{self.design_it_kw:,.0f} kW IT at full load"
            f"<table><tr><th>loop</th><th>fluid</th><th>stages</th></tr>{rows}</table>"
        )


def load_design(name_or_path: str | os.PathLike[str]) -> Facility:
    """A facility by catalogue name or path. Raises InputError, one line per fault."""
    return parse_design(load_document(find("designs", name_or_path)))


def parse_design(document: Document) -> Facility:
    """A facility from a document. Raises InputError, one line per fault."""
    try:
        spec = DesignFile.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), DesignFile)) from None
    reader = _Reader(document)
    facility = reader.facility(spec)
    if reader.faults or facility is None:
        raise InputError(*sorted(reader.faults, key=lambda fault: (fault.file, fault.line)))
    return facility


class _Reader:
    """Builds devices one by one and collects every fault instead of stopping at the first."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def facility(self, spec: DesignFile) -> Facility | None:
        loops = set(spec.cooling.loops)
        racks = tuple(
            group
            for name, entry in spec.it.racks.items()
            if (group := self._rack(name, entry, loops)) is not None
        )
        circuits = [
            circuit
            for name, entry in spec.cooling.loops.items()
            if (circuit := self._circuit(name, entry, loops)) is not None
        ]
        paths = {
            path: self._devices(getattr(spec.power, path), ("power", path), PowerStage, loops)
            for path in ("it", "mechanical", "shared")
        }
        for path in ("mechanical", "shared"):
            for index, entry in enumerate(getattr(spec.power, path)):
                if entry.heat_to != OUTDOORS:
                    self._fault(
                        ("power", path, index, "heat_to"),
                        "losses of this path go outdoors, its rooms are ventilated "
                        f"(got {entry.heat_to!r})",
                    )
        self._loop_exists(spec.building.heat_to, loops, ("building", "heat_to"))
        pv = self._optional(spec.onsite.pv, ("onsite", "pv"), PvArray, loops)
        battery = self._optional(spec.onsite.battery, ("onsite", "battery"), Battery, loops)
        ordered = self._heat_order(circuits)
        total_racks = sum(entry.count for entry in spec.it.racks.values())
        if total_racks > MAX_RACKS:
            self._fault(("it", "racks"), f"at most {MAX_RACKS} racks in all (got {total_racks})")
        if self.faults:
            return None
        return Facility(
            name=spec.name,
            title=spec.title,
            description=spec.description,
            racks=racks,
            circuits=ordered,
            it_path=paths["it"],
            mechanical_path=paths["mechanical"],
            shared_path=paths["shared"],
            lighting_kw=spec.building.lighting_kw,
            lighting_heat_to=_place(spec.building.heat_to),
            pv=pv,
            battery=battery,
            export=spec.onsite.export,
            document=self.document,
        )

    def _fault(self, path: Path_, why: str) -> None:
        self.faults.append(self.document.fault(path, why))

    def _rack(self, name: str, entry: RackEntry, loops: set[str]) -> RackGroup | None:
        where = ("it", "racks", name)
        supply = self._devices(entry.supply, (*where, "supply"), PowerStage, loops)
        device = self._device(entry, where, Rack, loops, name)
        for medium in ("air", "liquid"):
            loop = getattr(entry, medium)
            if loop is not None and loop not in loops:
                near = nearest(loop, loops)
                self._fault((*where, medium), f"no such loop, {near} (got {loop!r})")
        if device is None:
            return None
        if device.component.liquid_frac > 0 and entry.liquid is None:
            self._fault(where, "liquid is missing: the rack gives heat to liquid, name its loop")
        profile = tuple(entry.daily_profile_frac or (1.0,) * 24)
        if not all(0 <= entry.load_frac * share <= 1 for share in profile):
            self._fault(
                (*where, "daily_profile_frac"),
                "load_frac times each value must stay within 0 to 1 "
                f"(got {entry.load_frac * min(profile):g} to {entry.load_frac * max(profile):g})",
            )
        return RackGroup(
            name, device, entry.load_frac, profile, entry.air, entry.liquid or "", supply
        )

    def _circuit(self, name: str, entry: LoopEntry, loops: set[str]) -> Circuit | None:
        where = ("cooling", "loops", name)
        before = len(self.faults)
        loop = self._component("loop", dict(entry.model_extra or {}), where, LoopEntry.model_fields)
        pump = self._optional(entry.pump, (*where, "pump"), device_class("pump"), loops)
        stages = self._devices(entry.stages, (*where, "stages"), Stage, loops)
        if name in RESERVED:
            self._fault(
                where, f"a loop cannot be called {name!r}: the ledger has a place of that name"
            )
        if pump is not None and pump.name in {stage.name for stage in stages}:
            self._fault((*where, "pump"), f"a second {pump.name!r} here: give it another name")
        for index, device in enumerate(stages):
            place = (*where, "stages", index)
            if device.component.rejects_to == "loop" and not device.sink:
                self._fault(
                    place,
                    f"sink is missing: name the loop that takes the heat of "
                    f"{device.name}, known: {', '.join(sorted(loops - {name}))}",
                )
            if device.component.rejects_to == "air" and device.sink:
                self._fault(
                    (*place, "sink"),
                    f"{device.name} rejects to the air, it has no sink (got {device.sink!r})",
                )
        if len(self.faults) > before or not isinstance(loop, Loop):
            return None
        return Circuit(name, loop, pump, stages)

    def _devices(
        self, entries: list[DeviceEntry], where: Path_, base: type[Component], loops: set[str]
    ) -> tuple[Device, ...]:
        found = [
            self._device(entry, (*where, index), base, loops) for index, entry in enumerate(entries)
        ]
        devices = tuple(device for device in found if device is not None)
        names = [device.name for device in devices]
        for index, name in enumerate(names):
            if name in names[:index]:
                self._fault((*where, index), f"a second {name!r} here: give it another name")
        return devices

    def _optional(
        self, entry: DeviceEntry | None, where: Path_, base: type[Component], loops: set[str]
    ) -> Device | None:
        return None if entry is None else self._device(entry, where, base, loops)

    def _device(
        self,
        entry: DeviceEntry,
        where: Path_,
        base: type[Component],
        loops: set[str],
        name: str = "",
    ) -> Device | None:
        values = dict(entry.model_extra or {})
        valid: Mapping[str, Range] = {}
        if (entry.equipment is None) == (entry.kind is None):
            got = "neither" if entry.kind is None else "both"
            self._fault(where, f"give either equipment (a catalogue name) or kind (got {got})")
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
            self._fault(
                (*where, key),
                f"cannot stand here, allowed kinds {', '.join(fitting)} (got {kind!r})",
            )
            return None
        component = self._component(kind, values, where, type(entry).model_fields)
        if component is None:
            return None
        if entry.sink is not None and not issubclass(base, Stage):
            self._fault((*where, "sink"), f"only a cooling stage has a sink (got {entry.sink!r})")
        elif entry.sink is not None and entry.sink not in loops:
            near = nearest(entry.sink, loops)
            self._fault((*where, "sink"), f"no such loop, {near} (got {entry.sink!r})")
        if entry.heat_to != OUTDOORS and where[0] != "power":
            why = "only a device of a power path gives its loss to a loop"
            self._fault((*where, "heat_to"), f"{why} (got {entry.heat_to!r})")
        self._loop_exists(entry.heat_to, loops, (*where, "heat_to"))
        return Device(
            name=entry.name or name or kind,
            component=component,
            count=installed(entry.count, entry.redundancy),
            equipment=entry.equipment or "",
            sink=entry.sink or "",
            heat_to=_place(entry.heat_to),
            valid=valid,
        )

    def _component(
        self, kind: str, values: dict[str, Any], where: Path_, also: Iterable[str]
    ) -> Component | None:
        try:
            return build_component(kind, values, self.document, where, also)
        except InputError as problem:
            self.faults.extend(problem.faults)
            return None

    def _loop_exists(self, name: str, loops: set[str], where: Path_) -> None:
        if name != OUTDOORS and name not in loops:
            near = nearest(name, loops | {OUTDOORS})
            self._fault(where, f"no such loop, {near} (got {name!r})")

    def _heat_order(self, circuits: list[Circuit]) -> tuple[Circuit, ...]:
        """Loops sorted so that each stands before those it rejects to; a ring is a fault."""
        sources = {c.name: {s.sink for s in c.stages if s.sink} for c in circuits}
        ordered: list[Circuit] = []
        waiting = list(circuits)
        while waiting:
            ready = [
                c for c in waiting if not any(c.name in sources[other.name] for other in waiting)
            ]
            if not ready:
                ring = ", ".join(c.name for c in waiting)
                self._fault(("cooling", "loops"), f"loops reject to each other in a ring: {ring}")
                return ()
            ordered.extend(ready)
            waiting = [c for c in waiting if c not in ready]
        return tuple(ordered)


def _place(heat_to: str) -> str:
    return "" if heat_to == OUTDOORS else heat_to
