"""What a site's file says of its supply: grid, tariff, connection, curtailment and outages.

Each group of numbers carries a status (read, computed, assumed) and a source. Money stands in the
tariff's currency; the key of each price names it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

Months = Annotated[list[float], Field(min_length=12, max_length=12)]
Hours = Annotated[list[float], Field(min_length=24, max_length=24)]
Status = Literal["read", "computed", "assumed"]
Currency = Literal["JPY", "USD"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# The dearest unit price that is taken for one, in yen; in dollars a hundredth.
_MOST_JPY = {
    "kwh": 1000.0,
    "kw_month": 20_000.0,
    "kw_year": 200_000.0,
    "kg": 1000.0,
    "m3": 10_000.0,
}
_USD_OF_JPY = 0.01


class Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def number(low: float, high: float, text: str, default: Any = ...) -> Any:
    """A number of a site file: allowed range, meaning, default."""
    return Field(default, ge=low, le=high, strict=True, description=text)


def _prices(**items: tuple[str, str]) -> Any:
    """A field in yen and one in dollars for each item: name -> (per what, meaning)."""
    fields: dict[str, Any] = {}
    for item, (per, text) in items.items():
        for currency, scale in (("jpy", 1.0), ("usd", _USD_OF_JPY)):
            most = _MOST_JPY[per] * scale
            fields[f"{item}_{currency}_per_{per}"] = (
                float | None,
                number(-most if per == "kwh" else 0.0, most, text, None),
            )
    return fields


class Grid(Structure):
    """The grid that feeds the site, with a status and a source for each group of numbers."""

    supplier: str = ""
    carbon_kg_per_kwh: float = number(0, 3, "location-based carbon intensity")
    carbon_by_hour_kg_per_kwh: Hours | None = Field(
        None, description="the same for each local hour of the day"
    )
    carbon_status: Status
    carbon_source: str
    marginal_carbon_kg_per_kwh: float | None = number(
        0, 3, "carbon intensity of the plant that answers a change of load", None
    )
    marginal_carbon_status: Status = "assumed"
    marginal_carbon_source: str = ""
    market_carbon_kg_per_kwh: float | None = number(
        0, 3, "carbon intensity of the supply contract", None
    )
    market_carbon_status: Status = "assumed"
    market_carbon_source: str = ""
    renewable_frac: float | None = number(0, 1, "renewable share of the grid mix", None)
    low_carbon_frac: float | None = number(0, 1, "carbon-free share of the grid mix", None)
    low_carbon_by_hour_frac: Hours | None = Field(
        None, description="the same for each local hour of the day"
    )
    mix_status: Status = "assumed"
    mix_source: str = ""
    mix_frac: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = Field(
        None, description="share of each technology: water_l_per_kwh follows from it when left out"
    )
    water_cooling: Literal["tower", "once_through"] = Field(
        "tower", description="cooling of the thermal plants in mix_frac"
    )
    water_l_per_kwh: float | None = number(0, 50, "fresh water used by generation", None)
    water_status: Status = "assumed"
    water_source: str = ""


class _Period(Structure):
    name: str = ""
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(
        default_factory=lambda: [*range(1, 13)]
    )
    weekdays: list[Weekday] = Field(default_factory=lambda: list(get_args(Weekday)))
    hours: list[Annotated[int, Field(ge=0, le=23)]] = Field(description="hours of the site's clock")


Period: Any = create_model(
    "Period", __base__=_Period, **_prices(energy_price=("kwh", "energy price in these hours"))
)


class _Tariff(Structure):
    currency: Currency
    year: int = number(1990, 2100, "year of the prices", 2024)
    price_table: str | None = Field(
        None, description="CSV of mean energy prices by month and local hour, relative to this file"
    )
    time_of_use: list[Period] = Field(
        default_factory=list, description="first that fits wins; else the flat energy price"
    )
    demand_basis: Literal["month", "year"] = Field(
        "month", description="demand is billed on the peak of each month, or of the year (Japan)"
    )
    wheeling_loss_frac: float = number(0, 0.3, "lost in the network, bought on top", 0.0)
    status: Status = "assumed"
    source: str = Field("", description="of the energy price, its table and its periods")
    network_status: Status = "assumed"
    network_source: str = Field("", description="of wheeling, its losses, and demand charges")
    margin_status: Status = "assumed"
    margin_source: str = ""
    surcharge_status: Status = "assumed"
    surcharge_source: str = ""
    capacity_status: Status = "assumed"
    capacity_source: str = ""
    carbon_status: Status = "assumed"
    carbon_source: str = ""
    export_price_status: Status = "assumed"
    export_price_source: str = ""
    water_status: Status = "assumed"
    water_source: str = ""
    fuel_status: Status = "assumed"
    fuel_source: str = Field("", description="of the prices of diesel and gas")


Tariff: Any = create_model(
    "Tariff",
    __base__=_Tariff,
    __doc__="Prices of electricity, water and carbon; each key says its currency.",
    **_prices(
        energy_price=("kwh", "energy price, mean of the year"),
        margin=("kwh", "what the retailer takes on top of the energy price"),
        demand=("kw_month", "demand charge of the retailer"),
        wheeling=("kwh", "use of the network, energy part"),
        wheeling_demand=("kw_month", "use of the network, demand part"),
        surcharge=("kwh", "renewable energy surcharge"),
        capacity=("kw_year", "capacity charge on the year's peak"),
        carbon=("kg", "carbon price passed on with grid energy"),
        export_price=("kwh", "paid for energy fed in; below 0 own sources are curtailed instead"),
        water=("m3", "potable water and sewer"),
        reclaimed_water=("m3", "reclaimed water and sewer"),
        sea_water=("m3", "sea water at the tower: intake, screens, chlorine"),
        diesel=("kwh", "diesel by its lower heating value (9.94 kWh/L)"),
        gas=("kwh", "gas by its lower heating value"),
    ),
)


class Connection(Structure):
    """The connection to the grid: what it carries, and when it can be had."""

    import_limit_kw: float | None = number(0, 1e8, "most that may be drawn", None)
    export_limit_kw: float | None = number(0, 1e8, "most that may be fed in", None)
    available_from: str = Field(
        "",
        pattern=r"^(\d{4}(-(0[1-9]|1[0-2]))?)?$",
        description="when the queue gives a new one, YYYY or YYYY-MM: said beside every result",
    )
    status: Status = "assumed"
    source: str = ""


class Curtailment(Structure):
    """When the region throws renewable energy away: on its sunniest days, around noon."""

    energy_kwh_per_year: float | None = number(
        0, 1e12, "energy curtailed in the region: no more of it can be used", None
    )
    days_count: Months = Field(description="days of each month with curtailment, January first")
    first_hour_h: int = number(0, 23, "first local hour", 9)
    last_hour_h: int = number(0, 23, "last local hour", 15)
    status: Status = "assumed"
    source: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Curtailment:
        if self.first_hour_h > self.last_hour_h:
            raise ValueError(
                f"last_hour_h must not be before first_hour_h, {self.first_hour_h} "
                f"(got {self.last_hour_h})"
            )
        return self

    def surplus_kw(self) -> float | None:
        """What the region throws away while it does, spread evenly over the year's hours of it."""
        hours_h = sum(self.days_count) * (self.last_hour_h - self.first_hour_h + 1)
        if self.energy_kwh_per_year is None or hours_h == 0:
            return None
        return self.energy_kwh_per_year / hours_h


class Outage(Structure):
    """A time without grid."""

    start_utc: datetime = Field(description="its start; UTC where it names no offset")
    length_h: float = number(0, 8784, "length of the outage")


# Items of a tariff whose status and source are called otherwise than they are.
_NOTES = {"energy_price": "", "diesel": "fuel_", "gas": "fuel_"}
_NOTES |= dict.fromkeys(("wheeling", "wheeling_demand", "demand"), "network_")
_NOTES |= dict.fromkeys(("reclaimed_water", "sea_water"), "water_")
NOT_SOURCED = "site file, which names no source"


def note_of(tariff: Any, item: str) -> tuple[Status, str]:
    """Status and source of an item of a tariff."""
    prefix = _NOTES.get(item, f"{item}_")
    source = getattr(tariff, f"{prefix}source")
    return getattr(tariff, f"{prefix}status"), source or NOT_SOURCED


def price_of(owner: Any, item: str, currency: str, per: str, default: Any = 0.0) -> Any:
    """`item` of a tariff or a period in its currency; `default` where it is not given."""
    value = getattr(owner, f"{item}_{currency.lower()}_per_{per}", None)
    return default if value is None else value
