"""What every device is: a frozen declaration with pure equations, and the contract it keeps.

A parameter is one line, `param("kW/K", 0.1, 10_000, "exchanger conductance")`; that line feeds
validation, error text, JSON Schema, the docs table and the dashboard's form. A device is one unit;
how many stand in parallel is the plant's business (`Bank` in plant.py scales duty and service).

Contract of a cooling stage (tested over every device in tests/components/test_contract.py):

* `serve(duty)` removes `min(duty.heat_kw, what it can)` from the loop's fluid and reports where
  every watt and litre went: `heat_kw + sum(power_kw) = reject_kw`, flows never negative.
* `reach_c(duty)` is the coldest supply temperature at which it removes all of `duty.heat_kw`.
* No clock, no file, no random numbers, no other component; arrays in, arrays out, any namespace.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from dctwin.components.media import AQUEOUS, Medium
from dctwin.errors import InputError
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K, STANDARD_PRESSURE_PA

_REQUIRED: Any = ...
# Air at which fans and coils are rated: standard air of ISO 5801 and AHRI, 20 °C at sea level.
RATED_AIR_KG_PER_M3 = 1.2
# A supply temperature below any possible one: the device is limited by capacity, not temperature.
NO_TEMPERATURE_LIMIT_C = -273.15


def param(unit: str, low: float, high: float, text: str, default: float | None = _REQUIRED) -> Any:
    """A numeric parameter: unit, allowed range, what it means, and a default if there is one (None:
    not told)."""
    return Field(
        default,
        ge=low,
        le=high,
        strict=True,
        allow_inf_nan=False,
        description=text,
        json_schema_extra={"unit": unit},
    )


class Component(BaseModel):
    """Base of all devices: frozen, no unknown keys, no NaN. Abstract; one level of inheritance."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
    )

    kind: ClassVar[str]
    # Parameters that grow with the machine (the plant never needs to know which; tests do).
    extensive: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """One row a parameter: name, unit, low, high, default, text. Feeds docs, show and forms."""
        rows = []
        for name, info in cls.model_fields.items():
            low = next((m.ge for m in info.metadata if hasattr(m, "ge")), None)
            high = next((m.le for m in info.metadata if hasattr(m, "le")), None)
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            rows.append(
                {
                    "name": name,
                    "unit": extra.get("unit", ""),
                    "low": low,
                    "high": high,
                    "default": None if info.is_required() else info.default,
                    "required": info.is_required(),
                    "text": info.description or "",
                }
            )
        return rows

    def _in_order(self, low: str, high: str, equal: bool = False) -> None:
        """ValueError unless the one parameter is below the other, or equal where it may."""
        one, other = getattr(self, low), getattr(self, high)
        if one > other or (one == other and not equal):
            raise ValueError(f"{low} must {'not be above' if equal else 'be below'} {high}")

    def within(self, valid: Mapping[str, tuple[float, float]]) -> Self:
        """The component told the range that its equipment file is valid in (name -> low, high).

        Most do not read it, the engine flags what is outside; a fitted curve is held at its ends.
        """
        return self

    def watches(self, name: str, traces: Mapping[str, Array]) -> Array:
        """Where the range of this name says anything: in a device of two modes, in one of them."""
        return True

    def __iter__(self) -> Iterator[tuple[str, Any]]:  # type: ignore[override]
        """Parameters by name, for `dict(component)`: not what properties keep beside them."""
        return ((name, getattr(self, name)) for name in type(self).model_fields)

    def with_values(self, **values: Array) -> Self:
        """A copy with parameters replaced unchecked, e.g. by arrays of shape (designs, 1)."""
        return self.model_construct(**{**dict(self), **values})


@dataclass(frozen=True, slots=True)
class Air:
    """Outdoor air as the devices see it; arrays of shape (hours,) or numbers.

    dry_bulb_c, wet_bulb_c [°C]; humidity_kg_per_kg of dry air; enthalpy_kj_per_kg of dry air;
    pressure_pa; density_kg_per_m3 of moist air; wet_bulb_enthalpy_kj_per_kg of air saturated over
    water at the wet bulb, which drives wet coolers: they compute it where it is None.
    """

    dry_bulb_c: Array
    wet_bulb_c: Array
    humidity_kg_per_kg: Array
    enthalpy_kj_per_kg: Array
    pressure_pa: Array
    density_kg_per_m3: Array
    wet_bulb_enthalpy_kj_per_kg: Array | None = None


def altitude_density_frac(air: Air) -> Array:
    """Density of the outdoor air over that of equally warm air at sea level."""
    return air.pressure_pa / STANDARD_PRESSURE_PA


@dataclass(frozen=True, slots=True)
class Place:
    """The clock, and what a site offers besides its outdoor air; arrays of shape (hours,).

    Most devices never look. What a site does not give is an error of the one that asks for it.
    local_hour        hour of the day 0-23, local standard time
    year_frac         share of the calendar year that has passed, 0-1
    step_h            length of a step
    waters            name of a natural water -> its temperature [°C]
    snowfall_m_per_h  fresh snow that falls, depth an hour
    snowfall_m_per_year  what falls in a year; None where nothing is said
    lng               whether a terminal that regasifies stands next door
    price_frac        price of energy over the mean of its day
    """

    site: str = "here"
    local_hour: Array = 0.0
    year_frac: Array = 0.0
    step_h: float = 1.0
    waters: Mapping[str, Array] = field(default_factory=dict)
    snowfall_m_per_h: Array | None = None
    snowfall_m_per_year: float | None = None
    lng: bool = True
    price_frac: Array | None = None

    def water_c(self, *names: str) -> Array:
        """Temperature of the first of these natural waters that the site has [°C]."""
        name = self.water_drawn(*names)
        if name:
            return self.waters[name]
        known = f"it has {', '.join(sorted(self.waters))}" if self.waters else "it has none"
        raise InputError(
            f"site {self.site}: no water {' or '.join(map(repr, names))}, which the design draws: "
            f"{known} (`waters` of the site file)"
        )

    def water_drawn(self, *names: str) -> str:
        """The first of these natural waters that the site has; empty where it has none."""
        return next((name for name in names if name in self.waters), "")

    def snowfall(self) -> Array:
        """Fresh snow [m/h]."""
        if self.snowfall_m_per_h is None:
            raise InputError(
                f"site {self.site}: no snowfall, which the design's snow store is filled from "
                "(`snow` of the site file)"
            )
        return self.snowfall_m_per_h

    def price_over_day(self) -> Array:
        """Price of energy over the mean of its day [-]."""
        if self.price_frac is None:
            raise InputError(
                f"site {self.site}: its price does not change with the hour, and the design has a "
                "store that follows it: give hourly prices (--price FILE)"
            )
        return self.price_frac


@dataclass(frozen=True, slots=True)
class Duty:
    """What a stage is asked to do for its loop.

    heat_kw          heat to remove from the loop's fluid
    return_c         temperature at which the fluid enters the stage
    flow_kw_per_k    capacity rate of the fluid (flow x specific heat)
    flow_m3_s        volume flow of the fluid
    air              outdoor air
    sink_c           temperature of the water that the sink loop supplies (stages with a sink)
    sink_kw_per_k    capacity rate of that water through this stage
    place            clock, natural waters, snow, price
    charge_kwh       what a store holds as the first step begins; None: what it starts the year with
    cold_kw          heat of the loop that this stage makes cold for, and that loop's supply
    humidifier       what moistens the air of a room: "none", "steam", "adiabatic"
    dew_point_min_c  dew point that it holds
    watched          whether limits and traces are wanted; a sweep asks for flows only
    """

    heat_kw: Array
    return_c: Array
    flow_kw_per_k: Array
    flow_m3_s: Array
    air: Air
    sink_c: Array = 0.0
    sink_kw_per_k: Array = 0.0
    place: Place = field(default_factory=Place)
    charge_kwh: Array | None = None
    cold_kw: Array = 0.0
    cold_c: Array = 0.0
    humidifier: Literal["none", "steam", "adiabatic"] = "none"
    dew_point_min_c: Array = 0.0
    watched: bool = True

    @property
    def supply_c(self) -> Array:
        """Temperature at which the fluid leaves when all of the heat is removed."""
        return self.return_c - ratio(self.heat_kw, self.flow_kw_per_k)

    @property
    def density_frac(self) -> Array:
        """Density of the fluid, where it is air, over the 1.2 kg/m³ at which fans are rated."""
        mass_kg_s = self.flow_kw_per_k / CP_AIR_KJ_PER_KG_K
        return ratio(mass_kg_s, self.flow_m3_s) / RATED_AIR_KG_PER_M3

    def scaled(self, factor: Array) -> Duty:
        """The duty of one of 1/factor equal units."""
        return replace(
            self,
            heat_kw=self.heat_kw * factor,
            flow_kw_per_k=self.flow_kw_per_k * factor,
            flow_m3_s=self.flow_m3_s * factor,
            sink_kw_per_k=self.sink_kw_per_k * factor,
            charge_kwh=None if self.charge_kwh is None else self.charge_kwh * factor,
            cold_kw=self.cold_kw * factor,
        )


@dataclass(frozen=True, slots=True)
class Water:
    """Water that a device uses, kg/s.

    It consumes evaporation, drift and blowdown; make-up is their sum. What it withdraws from a
    natural water it gives back there.
    """

    evaporation_kg_s: Array = 0.0
    drift_kg_s: Array = 0.0
    blowdown_kg_s: Array = 0.0
    withdrawn_kg_s: Array = 0.0


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store did besides taking heat; its heat content falls while it is charged with cold.

    returned_kw  heat given back to the stage's own loop while charging, for the later stages
    gained_kw    heat that leaks in from outdoors
    stored_kw    change of its heat content, of either sign: positive when cold is used up
    charge_kwh   cold that is left at the end of each step
    """

    returned_kw: Array
    gained_kw: Array
    stored_kw: Array
    charge_kwh: Array


@dataclass(frozen=True, slots=True)
class Limit:
    """How far outside its valid range a device was used; zero or less is inside.

    note  what that means, where the name does not say it
    """

    name: str
    beyond: Array
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What a stage did, all >= 0 but stored_kw.

    heat_kw + cold_kw + gained_kw + sum(power_kw.values()) = reject_kw + returned_kw + stored_kw

    power_kw maps the last word of the account (`chiller`, `tower_fan`) to electricity. All of it
    leaves with reject_kw to where the stage rejects, but for what a store keeps or returns.
    cold_kw is heat taken from the loop that the stage makes cold for.
    """

    heat_kw: Array
    power_kw: Mapping[str, Array]
    reject_kw: Array
    water: Water | None = None
    limits: tuple[Limit, ...] = ()
    traces: Mapping[str, Array] = field(default_factory=dict)
    store: Stored | None = None
    cold_kw: Array = 0.0

    def scaled(self, factor: Array) -> Service:
        """The service of `factor` equal units; traces and limits are per unit and stay."""
        store = self.store and Stored(
            self.store.returned_kw * factor,
            self.store.gained_kw * factor,
            self.store.stored_kw * factor,
            self.store.charge_kwh * factor,
        )
        water = self.water and Water(
            self.water.evaporation_kg_s * factor,
            self.water.drift_kg_s * factor,
            self.water.blowdown_kg_s * factor,
            self.water.withdrawn_kg_s * factor,
        )
        return replace(
            self,
            heat_kw=self.heat_kw * factor,
            power_kw={k: v * factor for k, v in self.power_kw.items()},
            reject_kw=self.reject_kw * factor,
            water=water,
            store=store,
            cold_kw=self.cold_kw * factor,
        )

    def net_kw(self) -> Array:
        """Heat taken from the loop, less what a store gives back to it."""
        return self.heat_kw if self.store is None else self.heat_kw - self.store.returned_kw


class Stage(Component):
    """A device in a loop's ordered list of stages. Abstract."""

    rejects_to: ClassVar[Literal["loop", "air", "reuse"]]
    # Whether it takes heat from a second loop (`cools`), as an absorption chiller does.
    makes_cold: ClassVar[bool] = False
    # What may flow through it, and through the loop that it rejects to.
    media: ClassVar[frozenset[Medium]] = AQUEOUS
    sink_media: ClassVar[frozenset[Medium]] = AQUEOUS
    # The loop's fluid stands outdoors in it and may freeze there.
    fluid_outdoors: ClassVar[bool] = False

    @abstractmethod
    def reach_c(self, duty: Duty) -> Array:
        """Coldest supply temperature [°C] at which all of duty.heat_kw is removed.

        `duty.return_c` is not read: the answer says where the loop would settle.
        """

    @abstractmethod
    def serve(self, duty: Duty) -> Service:
        """Remove what it can of duty.heat_kw at duty.return_c."""

    def branch_frac(self, duty: Duty, most_frac: Array) -> Array | None:
        """In a pipe of its own, the share of the duty's flow, up to `most_frac`, that it brings to
        the setpoint; None where it has no closed form."""
        return None

    def dry_coil_c(self, traces: Mapping[str, Array]) -> Array | None:
        """Coldest temperature of a coil that must stay above the dew point of the loop's air.

        None where there is no such coil, or where what condenses on it is taken care of.
        """
        return None

    def useless_with(self, sink_coldest_c: float) -> str:
        """Why a sink loop that is never set colder than this cannot serve it; empty if it can."""
        return ""

    def works_idle(self) -> bool:
        """Whether it takes or gives anything without heat, as a store or a basin heater does."""
        return False

    def idle_power_kw(self, air: Air) -> Mapping[str, Array]:
        """Electricity of a unit that stands still, by the last word of its account: what it draws
        without heat, in a staged bank also while it is switched off. It leaves where the unit
        rejects."""
        return {}

    def mass_kwh_per_k(self) -> float:
        """Heat capacity that this device adds to its loop [kWh/K]."""
        return 0.0


# Stands in for a denominator of zero; the quotient is then multiplied by zero.
_TINY = 1e-30


def _least(value: Array) -> Array:
    """The least of a NumPy array (of none, infinity), or a plain number."""
    if not isinstance(value, np.ndarray):
        return value
    return value.min() if value.size else np.inf


def _greatest(value: Array) -> Array:
    if not isinstance(value, np.ndarray):
        return value
    return value.max() if value.size else -np.inf


def ratio(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator, and 0 where the denominator is 0 (no flow carries no heat)."""
    xp = namespace(numerator, denominator)
    if xp is np and _least(denominator) >= _TINY:
        return numerator / denominator
    return numerator / xp.maximum(denominator, _TINY) * (denominator > 0)


def inside(value: Array, low: Array, high: Array) -> Array:
    """How far `value` lies outside [low, high]: 0 inside, positive outside, same unit."""
    xp = namespace(value, low, high)
    if xp is np and _least(value) >= _greatest(low) and _greatest(value) <= _least(high):
        return 0.0  # most are; looking is cheaper than making arrays of zeros
    return xp.abs(value - xp.clip(value, low, high))
