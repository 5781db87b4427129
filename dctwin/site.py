"""A site file becomes a `Site`: the boundary of a facility - climate, grid, tariff, water."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from dctwin.climate.files import read_weather
from dctwin.climate.hottest import hottest_year
from dctwin.climate.monthly import MonthlyNormals
from dctwin.climate.synthetic import synthetic_weather
from dctwin.climate.weather import Weather
from dctwin.clock import standard_offsets_h, zone
from dctwin.document import Document, Path_, dotted, faults_of, load_document
from dctwin.equipment import Name
from dctwin.errors import Fault, InputError
from dctwin.library import find
from dctwin.supply import (
    Connection,
    Currency,
    Curtailment,
    Grid,
    Months,
    Outage,
    Status,
    Structure,
    Tariff,
    number,
    price_of,
)


class Monthly(Structure):
    """Monthly normals, January first."""

    mean_c: Months
    daily_max_c: Months
    daily_min_c: Months
    relative_humidity_frac: Months
    wind_m_s: Months
    ghi_kwh_per_m2: Months = Field(description="global irradiation of a mean day [kWh/m²]")
    daily_max_sd_k: Months | None = Field(None, description="day-to-day spread of the maximum")
    daily_min_sd_k: Months | None = Field(None, description="day-to-day spread of the minimum")

    def normals(self) -> MonthlyNormals:
        """The same, checked for what a climate can be."""
        return MonthlyNormals(**{name: v and tuple(v) for name, v in self})


class Climate(Structure):
    """What the synthetic year is made from."""

    station: str = ""
    period: str = ""
    source: str
    status: dict[str, Status] = Field(default_factory=dict, description="status of each quantity")
    seed: int = number(0, 1_000_000, "seed of the synthetic year", 0)
    stream: str = Field(
        "", description="names the random numbers of the year; empty: those of the place"
    )
    hottest_c: float | None = number(
        -20, 60, "hottest hour: the hottest tenth of the year is scaled to end at this", None
    )
    monthly: Monthly


class Snow(Structure):
    """Fresh snow that falls in each month, January first."""

    monthly_fall_m: Months = Field(description="sum of fresh snow depths of each month [m]")
    status: Status = "assumed"
    source: str = Field(min_length=8)

    @model_validator(mode="after")
    def _credible(self) -> Self:
        for value in self.monthly_fall_m:
            if not 0.0 <= value <= 20.0:
                raise ValueError(f"monthly_fall_m must lie in 0 to 20 m (got {value:g})")
        return self


class LngTerminal(Structure):
    """A terminal that regasifies liquefied natural gas close enough to give its cold away."""

    title: str = Field("", description="which terminal")
    status: Status = "assumed"
    source: str = Field(min_length=8)


class WaterSource(Structure):
    """Where the water comes from, and how scarce it is."""

    stress: str = ""
    hardness_kg_per_m3: float | None = number(0, 10, "total hardness as CaCO3", None)
    calcium_hardness_kg_per_m3: float | None = number(0, 10, "calcium hardness as CaCO3", None)
    silica_kg_per_m3: float | None = number(0, 1, "silica, SiO2", None)
    chloride_kg_per_m3: float | None = number(0, 30, "chloride", None)
    quality_status: Status = "assumed"
    quality_source: str = ""
    status: Status = "assumed"
    source: str = ""

    def makeup_kg_per_m3(self) -> dict[str, float]:
        """What is known of the make-up water's content."""
        names = ("hardness", "calcium_hardness", "silica", "chloride")
        found = {f"{n}_kg_per_m3": getattr(self, f"{n}_kg_per_m3") for n in names}
        return {name: value for name, value in found.items() if value is not None}


class NaturalWaterBody(Structure):
    """A sea, river, lake or ground water at hand: its temperature over the year."""

    title: str = Field("", description="which water, and where it was measured")
    monthly_c: Months | None = Field(None, description="mean temperature of each month")
    file: str | None = Field(None, description="CSV with time_utc and water_c, beside this file")
    status: Status = "assumed"
    source: str = Field(min_length=8)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.monthly_c is None) == (self.file is None):
            raise ValueError("give either monthly_c (twelve means) or file (a CSV)")
        for value in self.monthly_c or ():
            if not -2.0 <= value <= 60.0:
                raise ValueError(f"monthly_c must lie in -2 to 60 °C (got {value:g})")
        return self


class SiteFile(Structure):
    """A site: where it is, its climate or weather file, grid, tariff and water."""

    name: Name
    title: str
    country: str
    latitude_deg: float = number(-90, 90, "latitude, north positive")
    longitude_deg: float = number(-180, 180, "longitude, east positive")
    altitude_m: float = number(-430, 6000, "altitude")
    utc_offset_h: float = number(-12, 14, "local standard time from UTC")
    timezone: str | None = Field(
        None, description="name of the clock's zone (Europe/Berlin): summer time in price files"
    )
    jepx_area: str | None = Field(None, description="price area of the exchange's spot file")
    weather: str | None = Field(None, description="weather file, relative to this file")
    climate: Climate | None = None
    grid: Grid
    tariff: Tariff | None = None
    water: WaterSource | None = None
    waters: dict[Name, NaturalWaterBody] = Field(
        default_factory=dict, description="natural waters: sea, river, lake, ground, …"
    )
    snow: Snow | None = None
    lng: LngTerminal | None = Field(None, description="LNG terminal next door; none: flagged")
    connection: Connection | None = None
    curtailment: Curtailment | None = None
    outages: list[Outage] = Field(default_factory=list, description="times without grid")

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else zone(name).key
        except InputError:
            raise ValueError("must be a zone of the IANA database, as Europe/Berlin") from None


@dataclass(frozen=True)
class Site:
    """An immutable site. `replace` gives a changed one."""

    file: SiteFile
    document: Document = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.file.name

    def replace(self, changes: Mapping[str, Any]) -> Site:
        """A site with values set by dotted path, checked anew."""
        return parse_site(self.document.replaced(changes))

    @cached_property
    def digest(self) -> str:
        text = json.dumps(self.document.data, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def weather(self) -> Weather:
        """The site's own weather: its file, or the synthetic year of its monthly normals."""
        if self.file.weather is not None:
            return read_weather(Path(self.document.file).parent / self.file.weather)
        file = self.file
        assert file.climate is not None
        year = synthetic_weather(
            file.name,
            file.climate.monthly.normals(),
            file.latitude_deg,
            file.longitude_deg,
            file.altitude_m,
            file.utc_offset_h,
            file.climate.seed,
            file.climate.stream,
        )
        hottest_c = file.climate.hottest_c
        return year if hottest_c is None else hottest_year(year, hottest_c)

    def _repr_html_(self) -> str:
        f = self.file
        return (
            f"<b>{f.name}</b>: {f.title}, {f.latitude_deg:.2f}°, {f.longitude_deg:.2f}°, "
            f"{f.altitude_m:.0f} m"
        )


def load_site(name_or_path: str | os.PathLike[str]) -> Site:
    """A site by catalogue name or path. Raises InputError, one line per fault."""
    return parse_site(load_document(find("sites", name_or_path)))


def parse_site(document: Document) -> Site:
    """A site from a document. Raises InputError, one line per fault."""
    try:
        file = SiteFile.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), SiteFile)) from None
    if (file.weather is None) == (file.climate is None):
        raise InputError(
            document.fault(
                (),
                "give either weather (a file) or climate (monthly normals) "
                f"(got {'neither' if file.weather is None else 'both'})",
            )
        )
    if file.timezone is not None:
        _check_clock(file.timezone, file.utc_offset_h, document)
    tariff = file.tariff
    if tariff and (faults := list(_other_money(tariff, document))):
        raise InputError(*faults)
    if tariff and (faults := list(_without_price(tariff, document))):
        raise InputError(*faults)
    if file.climate is not None:
        _check_normals(file.climate, document)
    return Site(file, document)


def _price_lists(tariff: Any) -> list[tuple[Path_, Any]]:
    """The tariff and its periods, each with its place in the file."""
    periods = enumerate(tariff.time_of_use)
    return [(("tariff",), tariff), *((("tariff", "time_of_use", k), one) for k, one in periods)]


def _without_price(tariff: Any, document: Document) -> Iterator[Fault]:
    """A tariff or a period without a price of energy: it would be free."""
    for place, owner in _price_lists(tariff):
        if price_of(owner, "energy_price", tariff.currency, "kwh", None) is None:
            key = f"energy_price_{tariff.currency.lower()}_per_kwh"
            yield document.fault(place, f"{key} is missing (currency {tariff.currency})")


def _other_money(tariff: Any, document: Document) -> Iterator[Fault]:
    """Prices in another currency than the tariff's, which nothing would read."""
    for place, owner in _price_lists(tariff):
        for name, value in owner:
            for other in get_args(Currency):
                key = f"_{other.lower()}_"
                if other != tariff.currency and key in name and value is not None:
                    own = name.replace(key, f"_{tariff.currency.lower()}_")
                    why = f"the site counts in {tariff.currency}: give {dotted((*place, own))}"
                    yield document.fault((*place, name), why)


def _check_clock(timezone: str, utc_offset_h: float, document: Document) -> None:
    """Weather follows the offset, prices the zone: they must be one clock."""
    standard_h = standard_offsets_h(timezone)
    if utc_offset_h not in standard_h:
        allowed = " or ".join(f"{hours:g}" for hours in standard_h)
        why = f"must be the standard time of timezone {timezone}, {allowed} h"
        raise InputError(document.fault(("utc_offset_h",), f"{why} (got {utc_offset_h:g})"))


def _check_normals(climate: Climate, document: Document) -> None:
    try:
        climate.monthly.normals()
    except InputError as problem:
        where = ("climate", "monthly")
        faults = []
        for fault in problem.faults:  # field: `mean_c, month 3`, or only `month 3` of several
            name, _, month = fault.field.rpartition(", ")
            place = (*where, name) if name else where
            faults.append(document.fault(place, f"{month}: {fault.why}"))
        raise InputError(*faults) from None
