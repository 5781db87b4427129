"""On-site sources and stores of a design, and the policy by which the stores are used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import Discriminator, Field, Tag

from dctwin.components.component import Component
from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.electrolyser import Electrolyser
from dctwin.components.onsite.fuel_cell import FuelCell
from dctwin.components.onsite.generator import Generator
from dctwin.components.onsite.genset import Genset
from dctwin.components.onsite.hydrogen_tank import HydrogenTank
from dctwin.components.onsite.pv import PvArray
from dctwin.components.onsite.series import GenerationSeries
from dctwin.components.onsite.wind import WindTurbine
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure
from dctwin.dispatch.gensets import Bank, Mode
from dctwin.dispatch.hours import Stores, as_one
from dctwin.dispatch.planned import Optimum, RollingHorizon
from dctwin.dispatch.policies import (
    Carbon,
    Islanded,
    Matching,
    PeakShaving,
    Policy,
    Price,
    SelfConsumption,
)
from dctwin.document import Path_

# Tags in brackets are no keys of a file: document.faults_of leaves them out of a field's name.
Entries = Annotated[
    Annotated[DeviceEntry, Tag("<one>")] | Annotated[list[DeviceEntry], Tag("<several>")],
    Discriminator(lambda value: "<several>" if isinstance(value, list | tuple) else "<one>"),
]


class GensetEntry(DeviceEntry):
    """Engine generators of one kind, and when they run."""

    mode: Mode = Field(description="standby: covers what nothing else does; base-load: runs")
    load_frac: Annotated[float, Field(gt=0, le=1, strict=True)] | None = Field(
        None, description="base-load: output over the rating of all; left out: follows the load"
    )


Gensets = Annotated[
    Annotated[GensetEntry, Tag("<one>")] | Annotated[list[GensetEntry], Tag("<several>")],
    Discriminator(lambda value: "<several>" if isinstance(value, list | tuple) else "<one>"),
]
AnyPolicy = (
    SelfConsumption | PeakShaving | Price | Carbon | Matching | Islanded | Optimum | RollingHorizon
)


def policy_keys(name: Any) -> frozenset[str]:
    """The keys of the policy of a name; none where there is no such policy."""
    for kind in get_args(AnyPolicy):
        if name in get_args(kind.model_fields["name"].annotation):
            return frozenset(kind.model_fields)
    return frozenset()


Monthly = Annotated[
    tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=12, max_length=12)
]


class Hydrogen(Structure):
    """A tank with what fills it and what empties it."""

    electrolyser: DeviceEntry | None = None
    tank: DeviceEntry
    fuel_cell: DeviceEntry | None = None


class Onsite(Structure):
    pv: Entries | None = Field(None, description="PV array, or a list of them")
    wind: Entries | None = Field(None, description="wind turbines, or a list of them")
    series: Entries | None = Field(
        None, description="small hydro, geothermal or other known output, or a list of them"
    )
    battery: DeviceEntry | None = None
    hydrogen: Hydrogen | None = None
    gensets: Gensets | None = Field(
        None, description="engines and fuel cells fed from outside, or a list of them"
    )
    heat_demand_kw: Annotated[float, Field(ge=0, le=10_000_000, strict=True)] = Field(
        0.0, description="hot water that a heat network takes from engines and fuel cells"
    )
    heat_monthly_frac: Monthly = Field(
        (1.0,) * 12, description="its demand of each month over heat_demand_kw, January first"
    )
    policy: AnyPolicy = Field(
        default_factory=SelfConsumption,
        discriminator="name",
        description="what the stores do, by its name and parameters",
    )
    export: bool = Field(True, description="surplus may flow to the grid; otherwise curtailed")
    connection_kw: Annotated[float, Field(ge=0, le=10_000_000, strict=True)] | None = Field(
        None, description="what the grid connection carries, both ways; none: any power"
    )


@dataclass(frozen=True)
class GensetBank:
    """Engine generators of one entry, and when they run."""

    device: Device
    mode: Mode
    load_frac: float | None


@dataclass(frozen=True)
class OnsitePlant:
    """Sources and stores at the facility bus; empty where there are none."""

    pv: tuple[Device, ...]
    wind: tuple[Device, ...]
    series: tuple[Device, ...]
    battery: Device | None
    electrolyser: Device | None
    tank: Device | None
    fuel_cell: Device | None
    policy: Policy
    export: bool
    connection_kw: float | None
    gensets: tuple[GensetBank, ...] = ()
    heat_demand_kw: float = 0.0
    heat_monthly_frac: tuple[float, ...] = (1.0,) * 12

    def sources(self) -> tuple[Device, ...]:
        """Every device that generates from sun, wind, water or the earth's heat."""
        return (*self.pv, *self.wind, *self.series)

    def devices(self) -> Iterator[Device]:
        """Every device of it."""
        yield from self.sources()
        every = (self.battery, self.electrolyser, self.tank, self.fuel_cell)
        yield from (device for device in every if device is not None)
        yield from (bank.device for bank in self.gensets)

    def bridges_outages(self) -> bool:
        """Whether something at the facility bus can take the grid's place in an outage."""
        stored = (self.battery, self.fuel_cell)
        return bool(self.gensets) or any(device is not None for device in stored)

    def banks(self) -> tuple[Bank, ...]:
        """The engine generators as dispatch sees them."""
        return tuple(
            Bank(bank.device.name, bank.device.component, bank.device.count, bank.mode,
                 bank.load_frac)
            for bank in self.gensets
        )  # fmt: skip

    def stores(self) -> Stores:
        """The stores as dispatch sees them."""
        return Stores(
            battery=_bank(self.battery),
            electrolyser=None if self.electrolyser is None else self.electrolyser.component,
            electrolysers_count=self.electrolyser.count if self.electrolyser else 1,
            tank=_bank(self.tank),
            fuel_cell=None if self.fuel_cell is None else self.fuel_cell.component,
            fuel_cells_count=self.fuel_cell.count if self.fuel_cell else 1,
        )


def _bank(device: Device | None) -> Any:
    return None if device is None else as_one(device.component, device.count)


def source_key(device: Device) -> str:
    """The name of a source among all of a facility: `pv.roof`, `wind.wind`."""
    return f"{device.component.kind}.{device.name}"


def read_sources(
    reader: Reader, entries: Entries | Gensets | None, where: Path_, base: type[Component]
) -> tuple[Device, ...]:
    """The devices of one entry or of a list of entries."""
    if entries is None:
        return ()
    if isinstance(entries, list):
        return reader.devices(list(entries), where, base)
    device = reader.device(entries, where, base)
    return () if device is None else (device,)


def _read_gensets(reader: Reader, entries: Gensets | None) -> tuple[GensetBank, ...]:
    """Engine generators, each with its mode."""
    where: Path_ = ("onsite", "gensets")
    devices = read_sources(reader, entries, where, Generator)
    rows = entries if isinstance(entries, list) else [] if entries is None else [entries]
    for index, entry in enumerate(rows):
        if entry.mode == "standby" and entry.load_frac is not None:
            at = (*where, index) if isinstance(entries, list) else where
            reader.fault((*at, "load_frac"), "a standby set covers what is left, without a share")
    if len(devices) != len(rows):
        return ()  # a fault is noted
    for index, (device, entry) in enumerate(zip(devices, rows, strict=True)):
        if entry.mode == "standby" and not isinstance(device.component, Genset):
            at = (*where, index) if isinstance(entries, list) else where
            reader.fault(
                (*at, "mode"), "a fuel cell is not started for an outage, allowed base-load"
            )
    return tuple(
        GensetBank(device, entry.mode, entry.load_frac)
        for device, entry in zip(devices, rows, strict=True)
    )


def read_onsite(reader: Reader, onsite: Onsite) -> OnsitePlant:
    """The on-site plant with its devices checked."""
    hydrogen, where = onsite.hydrogen, ("onsite", "hydrogen")
    planned = isinstance(onsite.policy, Optimum | RollingHorizon)
    if planned and (onsite.battery is None or hydrogen is not None):
        why = f"{onsite.policy.name!r} plans a battery, without hydrogen beside it"
        reader.fault(("onsite", "policy"), why)

    def of_hydrogen(name: str, base: Any) -> Device | None:
        entry = None if hydrogen is None else getattr(hydrogen, name)
        return reader.optional(entry, (*where, name), base)

    fuel_cell = of_hydrogen("fuel_cell", FuelCell)
    if fuel_cell is not None and fuel_cell.component.fuel != "hydrogen":
        at = (*where, "fuel_cell")
        why = "a tank feeds hydrogen only; a cell on gas stands in onsite.gensets or on a bus"
        reader.fault(at, f"{why} (got {fuel_cell.component.fuel!r})")
    return OnsitePlant(
        pv=read_sources(reader, onsite.pv, ("onsite", "pv"), PvArray),
        wind=read_sources(reader, onsite.wind, ("onsite", "wind"), WindTurbine),
        series=read_sources(reader, onsite.series, ("onsite", "series"), GenerationSeries),
        battery=reader.optional(onsite.battery, ("onsite", "battery"), Battery),
        electrolyser=of_hydrogen("electrolyser", Electrolyser),
        tank=of_hydrogen("tank", HydrogenTank),
        fuel_cell=fuel_cell,
        policy=onsite.policy,
        export=onsite.export,
        connection_kw=onsite.connection_kw,
        gensets=_read_gensets(reader, onsite.gensets),
        heat_demand_kw=onsite.heat_demand_kw,
        heat_monthly_frac=onsite.heat_monthly_frac,
    )
