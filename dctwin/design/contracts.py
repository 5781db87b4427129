"""Contracts for power and its attributes: they move no energy on site, but money and carbon books.

A contract is sized for the facility, so it stands in the design; what its plants make follows from
the site's weather, as if they stood in the same region.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dctwin.components.onsite.pv import PvArray
from dctwin.components.onsite.series import GenerationSeries
from dctwin.components.onsite.wind import WindTurbine
from dctwin.design.onsite import Entries, read_sources
from dctwin.design.reader import Device, Reader, Structure
from dctwin.equipment import Name

Price = Annotated[float, Field(ge=-1000, le=1000, strict=True)]
Kind = Literal["physical-ppa", "virtual-ppa", "certificates"]


class ContractEntry(Structure):
    """A power purchase agreement with its plants, or certificates for a share of grid energy."""

    name: Name
    kind: Kind = Field(
        description="physical-ppa: power and attributes through the grid; virtual-ppa: a contract "
        "for difference with attributes; certificates: attributes alone"
    )
    pv: Entries | None = None
    wind: Entries | None = None
    series: Entries | None = None
    share_frac: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        1.0, description="certificates: share of the grid energy left uncovered by agreements"
    )
    price_jpy_per_kwh: Price | None = Field(None, description="price, strike or certificate price")
    price_usd_per_kwh: Price | None = Field(None, description="the same in dollars")
    status: Literal["read", "computed", "assumed"] = Field(
        "assumed", description="of the price: read in its source, computed from it, or assumed"
    )
    source: str = Field("", description="of the price")

    @model_validator(mode="after")
    def _complete(self) -> ContractEntry:
        if (self.price_jpy_per_kwh is None) == (self.price_usd_per_kwh is None):
            raise ValueError("give one of price_jpy_per_kwh and price_usd_per_kwh")
        plants = [self.pv, self.wind, self.series]
        if self.kind == "certificates" and any(p is not None for p in plants):
            raise ValueError(
                "kind certificates has no plants of its own: leave pv, wind, series out"
            )
        if self.kind != "certificates" and all(p is None for p in plants):
            raise ValueError(f"kind {self.kind} needs its plants: pv, wind or series")
        return self


@dataclass(frozen=True)
class Contract:
    """A contract with its plants checked; the price is in `currency` per kWh."""

    name: str
    kind: Kind
    plants: tuple[Device, ...]
    share_frac: float
    price_per_kwh: float
    currency: str
    status: str
    source: str


def read_contracts(reader: Reader, entries: list[ContractEntry]) -> tuple[Contract, ...]:
    """The contracts with their plants."""
    found: list[Contract] = []
    for index, entry in enumerate(entries):
        where = ("contracts", index)
        if entry.name in [contract.name for contract in found]:
            reader.fault((*where, "name"), f"a second {entry.name!r} here: give it another name")
        plants = (
            *read_sources(reader, entry.pv, (*where, "pv"), PvArray),
            *read_sources(reader, entry.wind, (*where, "wind"), WindTurbine),
            *read_sources(reader, entry.series, (*where, "series"), GenerationSeries),
        )
        yen = entry.price_jpy_per_kwh
        price = entry.price_usd_per_kwh if yen is None else yen
        assert price is not None
        currency = "USD" if yen is None else "JPY"
        source = entry.source or "design, which names no source"
        found.append(
            Contract(
                entry.name,
                entry.kind,
                plants,
                entry.share_frac,
                price,
                currency,
                entry.status,
                source,
            )
        )
    return tuple(found)
