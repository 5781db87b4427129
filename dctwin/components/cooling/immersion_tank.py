"""Single-phase immersion tank: a bath of dielectric oil, its pump and an oil-to-water exchanger."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from dctwin.components.component import param
from dctwin.components.cooling.terminal import PumpedUnit
from dctwin.components.media import Medium
from dctwin.errors import InputError
from dctwin.physics.fluids import fluid
from dctwin.units import SECONDS_PER_HOUR

# Temperature at which the oil's heat capacity is taken; it changes by 2 % over 10 K.
_OIL_C = 45.0


class ImmersionTank(PumpedUnit):
    """One single-phase tank; a stage of the oil loop (which needs no pump and no volume).

    Exchanger: counterflow plates of constant conductance, given at the bath's working temperature
    (oil thickens when cold: below 25 °C the conductance is less). Pump: electricity = flow · head /
    (pump efficiency · motor efficiency), all of it heat in the oil.
    Balance: reject_kw = heat_kw + tank_pump. The bath holds oil volume · density · specific heat.
    Valid for liquid oil at 25-65 °C and 0.3-1.1 of design flow.
    Source: Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., table 11.3; oil from
    physics/fluids.py.
    """

    kind: ClassVar[str] = "immersion-tank"
    media: ClassVar[frozenset[Medium]] = frozenset({"dielectric"})
    mover: ClassVar[str] = "tank_pump"
    extensive: ClassVar[frozenset[str]] = frozenset({"ua_kw_per_k", "design_flow_m3_s", "oil_m3"})

    oil: str = Field("mineral-oil", description="dielectric fluid: mineral-oil, silicone-oil, …")
    oil_m3: float = param("m³", 0, 1_000, "oil in the tank and its pipes")
    ua_kw_per_k: float = param("kW/K", 0.1, 10_000, "conductance of the exchanger")
    design_flow_m3_s: float = param("m³/s", 1e-5, 10, "oil flow at the design point")
    design_head_pa: float = param("Pa", 1_000, 1_000_000, "head at design flow")
    static_frac: float = param("-", 0, 0.9, "share of head that does not fall with flow", 0.0)
    pump_efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, fluid to shaft", 0.6)

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            fluid(self.oil)
        except InputError as problem:
            raise ValueError(str(problem)) from None
        return self

    def mass_kwh_per_k(self) -> float:
        kj_per_m3_k = fluid(self.oil).heat_capacity_kj_per_m3_k(_OIL_C)
        return float(self.oil_m3 * kj_per_m3_k / SECONDS_PER_HOUR)
