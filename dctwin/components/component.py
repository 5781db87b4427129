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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from dctwin.physics.arrays import Array, namespace
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K

_REQUIRED: Any = ...
# Air at which fans and coils are rated: standard air of ISO 5801 and AHRI, 20 °C at sea level.
RATED_AIR_KG_PER_M3 = 1.2
# A supply temperature below any possible one: the device is limited by capacity, not temperature.
NO_TEMPERATURE_LIMIT_C = -273.15


def param(unit: str, low: float, high: float, text: str, default: float = _REQUIRED) -> Any:
    """A numeric parameter: unit, allowed range, what it means, and a default if there is one."""
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

    def with_values(self, **values: Array) -> Self:
        """A copy with parameters replaced unchecked, e.g. by arrays of shape (designs, 1)."""
        return self.model_construct(**{**dict(self), **values})


@dataclass(frozen=True, slots=True)
class Air:
    """Outdoor air as the devices see it; arrays of shape (hours,) or numbers.

    dry_bulb_c, wet_bulb_c [°C]; humidity_kg_per_kg of dry air; enthalpy_kj_per_kg of dry air;
    pressure_pa; density_kg_per_m3 of moist air.
    """

    dry_bulb_c: Array
    wet_bulb_c: Array
    humidity_kg_per_kg: Array
    enthalpy_kj_per_kg: Array
    pressure_pa: Array
    density_kg_per_m3: Array


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
    humidifier       what moistens the air of a room: "none", "steam", "adiabatic"
    dew_point_min_c  dew point that it holds
    """

    heat_kw: Array
    return_c: Array
    flow_kw_per_k: Array
    flow_m3_s: Array
    air: Air
    sink_c: Array = 0.0
    sink_kw_per_k: Array = 0.0
    humidifier: Literal["none", "steam", "adiabatic"] = "none"
    dew_point_min_c: Array = 0.0

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
        )


@dataclass(frozen=True, slots=True)
class Water:
    """Water that a device consumes, kg/s; make-up is their sum."""

    evaporation_kg_s: Array = 0.0
    drift_kg_s: Array = 0.0
    blowdown_kg_s: Array = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How far outside its valid range a device was used; zero or less is inside."""

    name: str
    beyond: Array
    unit: str


@dataclass(frozen=True, slots=True)
class Service:
    """What a stage did: heat_kw + sum(power_kw.values()) = reject_kw + stored_kw, all >= 0.

    power_kw maps the last word of the account (`chiller`, `tower_fan`) to electricity. All of it
    leaves with reject_kw, to the sink loop or to the outdoor air.
    """

    heat_kw: Array
    power_kw: Mapping[str, Array]
    reject_kw: Array
    water: Water | None = None
    limits: tuple[Limit, ...] = ()
    traces: Mapping[str, Array] = field(default_factory=dict)

    def scaled(self, factor: Array) -> Service:
        """The service of `factor` equal units; traces and limits are per unit and stay."""
        water = self.water and Water(
            self.water.evaporation_kg_s * factor,
            self.water.drift_kg_s * factor,
            self.water.blowdown_kg_s * factor,
        )
        return replace(
            self,
            heat_kw=self.heat_kw * factor,
            power_kw={k: v * factor for k, v in self.power_kw.items()},
            reject_kw=self.reject_kw * factor,
            water=water,
        )


class Stage(Component):
    """A device in a loop's ordered list of stages. Abstract."""

    rejects_to: ClassVar[Literal["loop", "air"]]
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

    def mass_kwh_per_k(self) -> float:
        """Heat capacity that this device adds to its loop [kWh/K]."""
        return 0.0


# Stands in for a denominator of zero; the quotient is then multiplied by zero.
_TINY = 1e-30


def ratio(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator, and 0 where the denominator is 0 (no flow carries no heat)."""
    xp = namespace(numerator, denominator)
    return numerator / xp.maximum(denominator, _TINY) * (denominator > 0)


def inside(value: Array, low: Array, high: Array) -> Array:
    """How far `value` lies outside [low, high]: 0 inside, positive outside, same unit."""
    xp = namespace(value, low, high)
    return xp.abs(value - xp.clip(value, low, high))
