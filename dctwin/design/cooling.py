"""The loops of a design: a fluid, a pump, and stages in the order the fluid meets them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dctwin.components.component import Stage
from dctwin.components.cooling.loop import Loop
from dctwin.components.cooling.water_quality import Treatment
from dctwin.components.media import AQUEOUS
from dctwin.components.registry import device_class, kinds
from dctwin.design.control import PumpEntry, Source, StageEntry, pump_control, stage_control
from dctwin.design.reader import OUTDOORS, Device, Reader, Structure
from dctwin.equipment import Name

# First words of the ledger's other places: a loop of that name would merge its stages with them.
RESERVED = frozenset({"rack", "loop", "bus", "power", "storage", "water", "lighting", OUTDOORS})


class LoopEntry(BaseModel):
    """A loop: its own parameters (fluid, supply_c, rise_k, …), a pump, and stages in order."""

    model_config = ConfigDict(extra="allow", frozen=True)

    pump: PumpEntry | None = None
    stages: list[StageEntry] = Field(min_length=1, description="in the order the fluid meets them")


class CoolingWater(Structure):
    """Make-up water of the whole design."""

    source: Source = Field("potable", description="what stages draw that do not say otherwise")
    cycles: Literal["device", "site"] = Field(
        "device",
        description="cycles of concentration: each device's own, or what the site's water allows",
    )
    treatment: Treatment = Field("plain", description="limits of the circulating water")


class Cooling(Structure):
    loops: dict[Name, LoopEntry] = Field(min_length=1)
    water: CoolingWater = Field(default_factory=lambda: CoolingWater.model_validate({}))


@dataclass(frozen=True)
class Circuit:
    """A loop with its pump and its ordered stages."""

    name: str
    loop: Loop
    pump: Device | None
    stages: tuple[Device, ...]


def read_circuit(reader: Reader, name: str, entry: LoopEntry) -> Circuit | None:
    """A loop with its devices; None where it has faults."""
    where = ("cooling", "loops", name)
    before = len(reader.faults)
    loop = reader.component("loop", dict(entry.model_extra or {}), where, LoopEntry.model_fields)
    pump = reader.optional(entry.pump, (*where, "pump"), device_class("pump"))
    stages = reader.devices(list(entry.stages), (*where, "stages"), Stage)
    if name in RESERVED:
        reader.fault(
            where, f"a loop cannot be called {name!r}: the ledger has a place of that name"
        )
    if pump is not None and pump.name in {stage.name for stage in stages}:
        reader.fault((*where, "pump"), f"a second {pump.name!r} here: give it another name")
    if pump is not None and isinstance(loop, Loop) and loop.medium == "air":
        reader.fault(
            (*where, "pump"),
            f"a loop of air has no pump, the fans of its stages move it (got {pump.name!r})",
        )
    for index, device in enumerate(stages):
        place = (*where, "stages", index)
        if device.component.rejects_to == "loop" and not device.sink:
            reader.fault(
                place,
                f"sink is missing: name the loop that takes the heat of "
                f"{device.name}, known: {', '.join(sorted(reader.loops - {name}))}",
            )
        if isinstance(loop, Loop) and loop.medium not in device.component.media:
            reader.fault(place, _other_medium(loop, device))
        oil = (entry.stages[index].model_extra or {}).get("oil")
        if isinstance(loop, Loop) and oil not in (None, loop.fluid):
            reader.fault(
                (*place, "oil"),
                f"{device.name} is filled with {oil}, its loop with {loop.fluid}: one fluid",
            )
        if device.component.rejects_to != "loop" and device.sink:
            where_to = "the air" if device.component.rejects_to == "air" else "the heat network"
            reader.fault(
                (*place, "sink"),
                f"{device.name} rejects to {where_to}, it has no sink (got {device.sink!r})",
            )
        if device.component.makes_cold and not device.cools:
            reader.fault(
                place,
                f"cools is missing: name the loop that {device.name} makes cold for, "
                f"known: {', '.join(sorted(reader.loops - {name}))}",
            )
        if device.cools and device.cools in (name, device.sink):
            reader.fault((*place, "cools"), f"must be a third loop (got {device.cools!r})")
    if len(reader.faults) > before or not isinstance(loop, Loop):
        return None
    if pump is not None and entry.pump is not None:
        pump = replace(pump, control=pump_control(reader, entry.pump, pump, (*where, "pump")))
    last = len(stages) - 1
    stages = tuple(
        replace(
            _filled(device, loop),
            control=stage_control(
                reader, entry.stages[index], device, (*where, "stages", index), index == last
            ),
        )
        for index, device in enumerate(stages)
    )
    return Circuit(name, loop, pump, stages)


def check_sinks(reader: Reader, circuits: list[Circuit]) -> None:
    """A fault for each stage whose sink loop can never serve it, as both are declared."""
    coldest_c = {circuit.name: circuit.loop.coldest_setpoint_c() for circuit in circuits}
    for circuit in circuits:
        for index, device in enumerate(circuit.stages):
            why = device.component.useless_with(coldest_c[device.sink]) if device.sink else ""
            if why:
                place = ("cooling", "loops", circuit.name, "stages", index, "sink")
                reader.fault(place, f"{device.name} {why} (got {device.sink!r})")


def _filled(device: Device, loop: Loop) -> Device:
    """A tank with the oil of its loop; any other device as it is."""
    component: Any = device.component
    if getattr(component, "oil", loop.fluid) == loop.fluid:
        return device
    return replace(device, component=component.with_values(oil=loop.fluid))


def _other_medium(loop: Loop, device: Device) -> str:
    """Why a stage that is built for another fluid cannot stand in this loop."""
    classes = {kind: device_class(kind) for kind in kinds()}
    fitting = [
        kind for kind, of in classes.items() if issubclass(of, Stage) and loop.medium in of.media
    ]
    return (
        f"{device.name} is built for {_either(device.component.media)}, this loop carries "
        f"{loop.medium} (fluid: {loop.fluid}), allowed kinds {', '.join(fitting)} "
        f"(got {device.component.kind!r})"
    )


def _either(media: Iterable[str]) -> str:
    return " or ".join(sorted(media))


def check_media(reader: Reader, circuits: Iterable[Circuit]) -> None:
    """A fault for each stage that rejects to, or makes cold for, a fluid it is not built for.

    Racks may stand in any loop: a plant without its white space has its heat in the water.
    """
    media = {circuit.name: circuit.loop.medium for circuit in circuits}

    def wrong(place: tuple[Any, ...], loop: str, fitting: Iterable[str]) -> None:
        if loop in media and media[loop] not in fitting:
            reader.fault(
                place, f"must be a loop of {_either(fitting)}, {loop} carries {media[loop]}"
            )

    for circuit in circuits:
        for index, stage in enumerate(circuit.stages):
            device = "cooling", "loops", circuit.name, "stages", index
            wrong((*device, "sink"), stage.sink, stage.component.sink_media)
            wrong((*device, "cools"), stage.cools, AQUEOUS)


def heat_order(reader: Reader, circuits: list[Circuit]) -> tuple[Circuit, ...]:
    """Loops sorted so that each stands before those it rejects to; a ring is a fault."""
    sources = {c.name: {s.sink for s in c.stages if s.sink} for c in circuits}
    # A stage that makes cold must know how much is wanted: all that warms the loop it cools stands
    # before the loop it is driven by, and the cooled loop after it.
    for circuit in circuits:
        for cooled in {s.cools for s in circuit.stages if s.cools}:
            for other in circuits:
                if cooled in sources[other.name] and other is not circuit:
                    sources[other.name] = sources[other.name] | {circuit.name}
            sources[circuit.name] = sources[circuit.name] | {cooled}
    ordered: list[Circuit] = []
    waiting = list(circuits)
    while waiting:
        ready = [c for c in waiting if not any(c.name in sources[other.name] for other in waiting)]
        if not ready:
            ring = ", ".join(c.name for c in waiting)
            reader.fault(("cooling", "loops"), f"loops reject to each other in a ring: {ring}")
            return ()
        ordered.extend(ready)
        waiting = [c for c in waiting if c not in ready]
    return tuple(ordered)
