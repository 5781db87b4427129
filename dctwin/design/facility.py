"""A design file becomes a `Facility`: checked devices, loops, racks and power paths.

Every fault of a design is one line `file:line: field: why`; all that can be found are listed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, ValidationError

from dctwin.components.cooling.water_quality import Treatment
from dctwin.design.contracts import Contract, ContractEntry, read_contracts
from dctwin.design.cooling import (
    Circuit,
    Cooling,
    check_media,
    check_sinks,
    heat_order,
    read_circuit,
)
from dctwin.design.it import MAX_RACKS, It, RackGroup, read_rack
from dctwin.design.onsite import Onsite, OnsitePlant, policy_keys, read_onsite
from dctwin.design.power import IT, Feed, Power, read_feeds, read_paths
from dctwin.design.reader import OUTDOORS, Device, Reader, Structure, place_of
from dctwin.document import Document, faults_of, load_document
from dctwin.equipment import Name
from dctwin.errors import InputError
from dctwin.library import find


class Building(Structure):
    lighting_kw: Annotated[float, Field(ge=0, le=100_000, strict=True)] = 0.0
    heat_to: Name = Field(OUTDOORS, description="loop that the lights warm, or outdoors")


class DesignFile(Structure):
    """A facility: racks, loops and stages, power paths, on-site sources."""

    name: Name
    title: str = Field(description="one line")
    description: str = ""
    it: It
    cooling: Cooling
    power: Power = Field(default_factory=Power)
    building: Building = Field(default_factory=lambda: Building.model_validate({}))
    onsite: Onsite = Field(default_factory=lambda: Onsite.model_validate({}))
    contracts: list[ContractEntry] = Field(default_factory=list)


@dataclass(frozen=True)
class Charge:
    """Boiling fluid of a bank of units at a place (loop.device), and what it loses in a year."""

    place: str
    fluid: str
    charge_kg: float
    loss_kg_per_year: float


@dataclass(frozen=True)
class Facility:
    """An immutable design. `replace` gives a changed one; nothing else changes it."""

    name: str
    title: str
    description: str
    racks: tuple[RackGroup, ...]
    circuits: tuple[Circuit, ...]  # in heat order: a loop stands before the loops it rejects to
    feeds: tuple[Feed, ...]  # of the racks: a feed stands before the one that it hangs from
    mechanical_path: tuple[Device, ...]
    shared_path: tuple[Device, ...]
    lighting_kw: float
    lighting_heat_to: str
    water_source: str
    water_cycles: str
    water_treatment: Treatment
    onsite: OnsitePlant
    document: Document = field(repr=False, compare=False)
    contracts: tuple[Contract, ...] = ()

    def replace(self, changes: Mapping[str, Any]) -> Facility:
        """A facility with values set by dotted path, checked anew.

        >>> warm = facility.replace({"cooling.loops.fws.supply_c": 40})  # doctest: +SKIP
        """
        return parse_design(self.document.replaced({**self._defaults(changes), **changes}))

    def _defaults(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Blocks that a design leaves out, where a key of them is set."""
        return {**self._water_defaults(changes), **self._policy_defaults(changes)}

    def _water_defaults(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        cooling = self.document.data.get("cooling")
        asked = any(path.startswith("cooling.water.") for path in changes)
        return {"cooling.water": {}} if asked and cooling and "water" not in cooling else {}

    def _policy_defaults(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """What stands before keys of a policy are set: the default one in a design that names none;
        under a new name of the old policy only what the new one knows."""
        if not any(path.startswith("onsite.policy.") for path in changes):
            return {}
        onsite = self.document.data.get("onsite")
        policy = onsite.get("policy") if isinstance(onsite, dict) else None
        if isinstance(policy, dict):
            known = policy_keys(changes.get("onsite.policy.name", policy.get("name")))
            kept = {key: value for key, value in policy.items() if key in known}
            return {"onsite.policy": kept} if known and kept != policy else {}
        found: dict[str, Any] = {} if isinstance(onsite, dict) else {"onsite": {}}
        return {**found, "onsite.policy": {"name": "self-consumption"}}

    @cached_property
    def design_it_kw(self) -> Any:
        """IT power at full load [kW], supplies inside the racks left out."""
        return sum(g.device.component.design_kw * g.device.count for g in self.racks)

    @property
    def it_path(self) -> tuple[Device, ...]:
        """The path `it`, which feeds every group of racks that names no other."""
        return next(feed.path for feed in self.feeds if feed.name == IT)

    @cached_property
    def charges(self) -> tuple[Charge, ...]:
        """Boiling fluids of two-phase loops and tanks, for refill and leak carbon."""
        return tuple(
            Charge(
                f"{circuit.name}.{stage.name}",
                circuit.loop.fluid,
                charge_kg := stage.component.charge_kg * stage.count,
                charge_kg * stage.component.loss_frac_per_year,
            )
            for circuit in self.circuits
            for stage in circuit.stages
            if "boiling" in stage.component.media
        )

    def devices(self) -> Iterator[Device]:
        """Every device, from the racks to the grid."""
        for group in self.racks:
            yield group.device
            yield from group.supply
        for circuit in self.circuits:
            if circuit.pump is not None:
                yield circuit.pump
            yield from circuit.stages
        for feed in self.feeds:
            yield from feed.path
            if feed.sources is not None:
                yield from feed.sources.devices()
        yield from (*self.mechanical_path, *self.shared_path)
        yield from self.onsite.devices()

    def contracted(self) -> Iterator[Device]:
        """Plants elsewhere that contracts stand on."""
        for contract in self.contracts:
            yield from contract.plants

    def equipment(self) -> set[str]:
        """Catalogue names of the equipment in it."""
        devices = (*self.devices(), *self.contracted())
        return {device.equipment for device in devices if device.equipment}

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
    reader = Reader(document, set(spec.cooling.loops))
    facility = _facility(reader, spec)
    if reader.faults or facility is None:
        raise InputError(*sorted(reader.faults, key=lambda fault: (fault.file, fault.line)))
    return facility


def _facility(reader: Reader, spec: DesignFile) -> Facility | None:
    racks = tuple(
        group
        for name, entry in spec.it.racks.items()
        if (group := read_rack(reader, name, entry)) is not None
    )
    circuits = [
        circuit
        for name, entry in spec.cooling.loops.items()
        if (circuit := read_circuit(reader, name, entry)) is not None
    ]
    paths = read_paths(reader, spec.power)
    feeds = read_feeds(reader, spec.power, paths["it"], racks)
    reader.loop_exists(spec.building.heat_to, ("building", "heat_to"))
    onsite = read_onsite(reader, spec.onsite)
    contracts = read_contracts(reader, spec.contracts)
    ordered = heat_order(reader, circuits)
    check_media(reader, circuits)
    total_racks = sum(entry.count for entry in spec.it.racks.values())
    if total_racks > MAX_RACKS:
        reader.fault(("it", "racks"), f"at most {MAX_RACKS} racks in all (got {total_racks})")
    if reader.faults:
        return None
    check_sinks(reader, circuits)
    return Facility(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        racks=racks,
        circuits=ordered,
        feeds=feeds,
        mechanical_path=paths["mechanical"],
        shared_path=paths["shared"],
        lighting_kw=spec.building.lighting_kw,
        lighting_heat_to=place_of(spec.building.heat_to),
        water_source=spec.cooling.water.source,
        water_cycles=spec.cooling.water.cycles,
        water_treatment=spec.cooling.water.treatment,
        onsite=onsite,
        document=reader.document,
        contracts=contracts,
    )
