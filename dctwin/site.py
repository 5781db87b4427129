"""A site file becomes a `Site`: the boundary of a facility - climate, grid, tariff, water."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dctwin.climate.files import read_weather
from dctwin.climate.hottest import hottest_year
from dctwin.climate.monthly import MonthlyNormals
from dctwin.climate.synthetic import synthetic_weather
from dctwin.climate.weather import Weather
from dctwin.document import Document, faults_of, load_document
from dctwin.equipment import Name
from dctwin.errors import InputError
from dctwin.library import find

Months = Annotated[list[float], Field(min_length=12, max_length=12)]
Hours = Annotated[list[float], Field(min_length=24, max_length=24)]
Status = Literal["read", "computed", "assumed"]


class _Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _number(low: float, high: float, text: str, default: Any = ...) -> Any:
    return Field(default, ge=low, le=high, strict=True, description=text)


class Monthly(_Structure):
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


class Climate(_Structure):
    """What the synthetic year is made from."""

    station: str = ""
    period: str = ""
    source: str
    status: dict[str, Status] = Field(default_factory=dict, description="status of each quantity")
    seed: int = _number(0, 1_000_000, "seed of the synthetic year", 0)
    hottest_c: float | None = _number(
        -20, 60, "hottest hour: the hottest tenth of the year is scaled to end at this", None
    )
    monthly: Monthly


class Grid(_Structure):
    """The grid that feeds the site, with a status and a source for each group of numbers."""

    supplier: str = ""
    carbon_kg_per_kwh: float = _number(0, 3, "location-based carbon intensity")
    carbon_by_hour_kg_per_kwh: Hours | None = Field(
        None, description="the same for each local hour of the day"
    )
    carbon_status: Status
    carbon_source: str
    market_carbon_kg_per_kwh: float | None = _number(
        0, 3, "carbon intensity of the supply contract", None
    )
    market_carbon_status: Status = "assumed"
    market_carbon_source: str = ""
    renewable_frac: float | None = _number(0, 1, "renewable share of the grid mix", None)
    low_carbon_frac: float | None = _number(0, 1, "carbon-free share of the grid mix", None)
    mix_status: Status = "assumed"
    mix_source: str = ""
    water_l_per_kwh: float | None = _number(0, 50, "fresh water used by generation", None)
    water_status: Status = "assumed"
    water_source: str = ""


class Tariff(_Structure):
    """Energy price; the key says the currency."""

    currency: Literal["JPY", "USD"]
    energy_price_jpy_per_kwh: float | None = _number(-100, 1000, "energy price", None)
    energy_price_usd_per_kwh: float | None = _number(-1, 10, "energy price", None)
    status: Status = "assumed"
    source: str = ""


class WaterSource(_Structure):
    """Where the water comes from, and how scarce it is."""

    stress: str = ""
    hardness_kg_per_m3: float | None = _number(0, 10, "total hardness as CaCO3", None)
    calcium_hardness_kg_per_m3: float | None = _number(0, 10, "calcium hardness as CaCO3", None)
    silica_kg_per_m3: float | None = _number(0, 1, "silica, SiO2", None)
    chloride_kg_per_m3: float | None = _number(0, 30, "chloride", None)
    quality_status: Status = "assumed"
    quality_source: str = ""
    status: Status = "assumed"
    source: str = ""

    def makeup_kg_per_m3(self) -> dict[str, float]:
        """What is known of the make-up water's content."""
        names = ("hardness", "calcium_hardness", "silica", "chloride")
        found = {f"{n}_kg_per_m3": getattr(self, f"{n}_kg_per_m3") for n in names}
        return {name: value for name, value in found.items() if value is not None}


class SiteFile(_Structure):
    """A site: where it is, its climate or weather file, grid, tariff and water."""

    name: Name
    title: str
    country: str
    latitude_deg: float = _number(-90, 90, "latitude, north positive")
    longitude_deg: float = _number(-180, 180, "longitude, east positive")
    altitude_m: float = _number(-430, 6000, "altitude")
    utc_offset_h: float = _number(-12, 14, "local standard time from UTC")
    weather: str | None = Field(None, description="weather file, relative to this file")
    climate: Climate | None = None
    grid: Grid
    tariff: Tariff | None = None
    water: WaterSource | None = None


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
    tariff = file.tariff
    if tariff and getattr(tariff, f"energy_price_{tariff.currency.lower()}_per_kwh") is None:
        key = f"energy_price_{tariff.currency.lower()}_per_kwh"
        raise InputError(
            document.fault(("tariff",), f"{key} is missing (currency {tariff.currency})")
        )
    if file.climate is not None:
        _check_normals(file.climate, document)
    return Site(file, document)


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
