"""A loop: the fluid that carries heat from its sources to its stages, at a supply setpoint.

Every circuit is one: the air of a room, the coolant of a rack loop, the oil of an immersion tank,
facility water, chilled water, condenser water. Loops hand heat on through stages, from the racks
down to the outdoor air; temperatures are found in the opposite order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import NO_TEMPERATURE_LIMIT_C, Air, Component, param, ratio
from dctwin.components.cooling.room_air import Humidifier
from dctwin.components.media import Medium, medium_of
from dctwin.errors import InputError
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.boiling import boiling_fluid
from dctwin.physics.fluids import FROST_PROOF, fluid
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K
from dctwin.units import KELVIN_AT_0_C, SECONDS_PER_HOUR

# Gas constant of dry air, ASHRAE Handbook Fundamentals 2021, ch. 1, eq. 1.
R_DRY_AIR_KJ_PER_KG_K = 0.287042


def air_kj_per_m3_k(at_c: Array, pressure_pa: Array) -> Array:
    """Heat capacity of a cubic metre of dry air [kJ/m³/K]."""
    kelvin = at_c + KELVIN_AT_0_C
    return pressure_pa / 1000.0 / (R_DRY_AIR_KJ_PER_KG_K * kelvin) * CP_AIR_KJ_PER_KG_K


@dataclass(frozen=True)
class LoopState:
    """What a loop remembers: the temperature of its inventory, seen as its supply."""

    supply_c: Array


class Loop(Component):
    """One circuit of air, water, coolant, oil or boiling fluid.

    Flow: `variable` keeps the design rise (flow = heat / rise, not below the minimum flow);
    `constant` keeps the design flow and lets the rise follow the load. Without heat a loop runs on
    at its least flow, or stops (`idle: stops`) unless outdoor air is below frost_run_c.
    Air that goes astray: of the air that the movers supply, the bypass b returns without passing a
    rack; of the air that the racks draw, the recirculation r is their own exhaust. Then the movers
    carry (1 - r)/(1 - b) of the racks' air, and the racks draw it in at
    T_inlet = T_supply + r/(1 - b) · heat/flow (r is the supply heat index of Sharma et al.). A
    setpoint measured at the inlet asks for a supply colder by r/(1 - r) · rise, which holds the
    inlet where the flow keeps the design rise.
    Two phases: liquid comes from the condenser `rise_k` below saturation, boils at saturation and
    leaves with the exit quality x; a kilogram carries cp·rise + x·h_fg, per kelvin of rise
    cp + x·h_fg/rise. With less rise it carries, and evaporates, in proportion less.
    Setpoint: fixed; following the outdoor wet or dry bulb by an offset within two bounds; or reset
    on a line, supply_c at or below the one end of a scale (outdoor temperature, or heat over design
    heat) and reset_supply_c at or above the other.
    Inventory: one mixed volume at supply temperature, M dT/dt = heat_in - heat_out(T), exact over a
    step for a linear heat_out. Balance: heat_in_kw = heat_out_kw + stored_kw, on every step.
    Source: Sharma, Bash, Patel (2002), AIAA 2002-3091 (supply heat index); Tozer, Kurkjian, Salim
    (2009), ASHRAE Trans. 115(1) (bypass, recirculation); boiling fluids from physics/boiling.py.
    """

    kind: ClassVar[str] = "loop"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"design_heat_kw", "volume_m3", "mass_kwh_per_k"}
    )

    fluid: str = Field(
        description="air, water, propylene-glycol-25, mineral-oil, R1233zd(E), …; "
        "propylene-glycol-auto and ethylene-glycol-auto take the share that the site's coldest "
        "hour asks for"
    )
    design_heat_kw: float = param("kW", 0.001, 2_000_000, "heat that the loop is sized for")
    supply_c: float = param("°C", -20, 70, "supply setpoint (where nothing is followed)", 20.0)
    rise_k: float = param("K", 1, 40, "temperature rise at design heat")
    follow: Literal["nothing", "wet_bulb", "dry_bulb", "boiling"] = Field(
        "nothing",
        description="outdoor temperature that the setpoint follows, or the boiling point at "
        "outdoor pressure (open two-phase bath)",
    )
    offset_k: float = param("K", 0, 40, "setpoint above the followed temperature", 4.0)
    follow_min_c: float = param("°C", -20, 70, "lowest setpoint when following", 18.0)
    follow_max_c: float = param("°C", -20, 70, "highest setpoint when following", 32.0)
    reset: Literal["nothing", "wet_bulb", "dry_bulb", "load"] = Field(
        "nothing", description="what moves the setpoint from supply_c to reset_supply_c"
    )
    reset_supply_c: float = param("°C", -20, 70, "setpoint at the far end of the scale", 20.0)
    reset_from_c: float = param("°C", -40, 60, "outdoor temperature where the line begins", 10.0)
    reset_to_c: float = param("°C", -40, 60, "outdoor temperature where it ends", 25.0)
    reset_from_frac: float = param("-", 0, 1, "share of design heat where the line begins", 0.5)
    reset_to_frac: float = param("-", 0, 2, "share of design heat where it ends", 1.0)
    flow: Literal["variable", "constant"] = Field("variable", description="flow law")
    min_flow_frac: float = param("-", 0.05, 1, "lowest flow, share of design flow", 0.3)
    bypass_frac: float = param(
        "-", 0, 0.9, "share of the supplied air that returns without passing a rack", 0.0
    )
    recirculation_frac: float = param(
        "-", 0, 0.6, "share of the racks' inlet air that is their own exhaust", 0.0
    )
    sensor: Literal["supply", "inlet"] = Field(
        "supply",
        description="where setpoints are measured: in the supply, or where racks draw the air in",
    )
    phase: Literal["single", "two"] = Field(
        "single", description="two: the fluid boils at the racks and condenses in its stage"
    )
    exit_quality_frac: float = param(
        "-", 0.05, 0.95, "vapour share that leaves the racks at the design rise (two phases)", 0.5
    )
    # Assumed for low-pressure refrigerants in cold plates, 0.6 to 0.9.
    dry_out_quality_frac: float = param(
        "-", 0.1, 1, "vapour share above which cold plates run dry; 1 in a bath", 0.8
    )
    idle: Literal["runs", "stops"] = Field(
        "runs", description="whether the fluid moves when there is no heat"
    )
    frost_run_c: float = param(
        "°C", -60, 20, "outdoor dry bulb below which it moves all the same", 3.0
    )
    supply_limit_c: float = param(
        "°C", -20, 80, "warmest supply that what it serves accepts; above it is unmet", 80.0
    )
    ventilation_m3_s: float = param(
        "m³/s", 0, 10_000, "outdoor air that enters a room by ventilation and leaks", 0.0
    )
    humidifier: Humidifier = Field("none", description="what holds dew_point_min_c in a room")
    # ASHRAE TC 9.9 Thermal Guidelines, 5th ed. 2021, recommended envelope.
    dew_point_min_c: float = param("°C", -30, 20, "driest room air", -9.0)
    dew_point_max_c: float = param("°C", -30, 30, "most humid room air", 15.0)
    volume_m3: float = param("m³", 0, 1_000_000, "fluid in the circuit", 0.0)
    mass_kwh_per_k: float = param(
        "kWh/K", 0, 1_000_000, "heat held by metal and structure at fluid temperature", 0.0
    )

    @property
    def medium(self) -> Medium:
        """The kind of its fluid."""
        return medium_of(self.fluid, self.phase)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        self._in_order("follow_min_c", "follow_max_c", equal=True)
        self._in_order("dew_point_min_c", "dew_point_max_c")
        if self.reset != "nothing" and self.follow != "nothing":
            raise ValueError("a setpoint is reset or follows the outdoor air, not both")
        self._in_order("reset_from_c", "reset_to_c")
        self._in_order("reset_from_frac", "reset_to_frac")
        try:
            if self.phase == "two":
                boils = boiling_fluid(self.fluid)
                if not boils.min_c <= self.supply_c + self.rise_k <= boils.max_c:
                    raise ValueError(
                        f"{self.fluid} must boil (supply_c + rise_k) within {boils.min_c:g} to "
                        f"{boils.max_c:g} °C"
                    )
            elif self.fluid != "air" and self.fluid not in FROST_PROOF:
                fluid(self.fluid)
        except InputError as problem:
            raise ValueError(str(problem)) from None
        if self.follow == "boiling" and self.phase != "two":
            raise ValueError("only a fluid of two phases has a boiling point to follow")
        if self.fluid != "air":
            if self.bypass_frac > 0 or self.recirculation_frac > 0:
                raise ValueError(
                    f"bypass_frac and recirculation_frac belong to air (got {self.fluid})"
                )
            if self.sensor != "supply":
                raise ValueError(f"sensor: inlet belongs to air (got {self.fluid})")
            if self.ventilation_m3_s or self.humidifier != "none":
                raise ValueError("ventilation and humidifier belong to a loop of air")
        return self

    def load_frac(self, heat_kw: Array) -> Array:
        """Heat of the sources over design heat."""
        return heat_kw / self.design_heat_kw

    def setpoint_c(self, air: Air, load_frac: Array = 1.0) -> Array:
        """Supply setpoint at this outdoor air and load [°C]."""
        at_c = self._measured_c(air, load_frac)
        if self.sensor == "supply":
            return at_c
        return at_c - self.recirculation_frac / (1.0 - self.recirculation_frac) * self.rise_k

    def _measured_c(self, air: Air, load_frac: Array) -> Array:
        """The setpoint where it is measured."""
        if self.reset != "nothing":
            along = self._reset_frac(air, load_frac)
            return self.supply_c + along * (self.reset_supply_c - self.supply_c)
        if self.follow == "nothing":
            return self.supply_c
        if self.follow == "boiling":
            return boiling_fluid(self.fluid).boiling_c(air.pressure_pa) - self.rise_k
        followed = air.wet_bulb_c if self.follow == "wet_bulb" else air.dry_bulb_c
        xp = namespace(followed, self.offset_k)
        return xp.clip(followed + self.offset_k, self.follow_min_c, self.follow_max_c)

    def coldest_setpoint_c(self) -> float:
        """No supply is set colder than this, whatever the weather."""
        if self.reset != "nothing":
            return min(self.supply_c, self.reset_supply_c)
        if self.follow == "boiling":  # at any outdoor pressure
            return NO_TEMPERATURE_LIMIT_C
        return self.supply_c if self.follow == "nothing" else self.follow_min_c

    def _reset_frac(self, air: Air, load_frac: Array) -> Array:
        """Where the reset stands on its line, 0 to 1."""
        if self.reset == "load":
            value, start, end = load_frac, self.reset_from_frac, self.reset_to_frac
        else:
            value = air.wet_bulb_c if self.reset == "wet_bulb" else air.dry_bulb_c
            start, end = self.reset_from_c, self.reset_to_c
        xp = namespace(value, start, end)
        return xp.clip((value - start) / (end - start), 0.0, 1.0)

    def design_kw_per_k(self) -> Array:
        """Capacity rate at design flow [kW/K]."""
        return self.design_heat_kw / self.rise_k * self._moved_frac()

    def _moved_frac(self) -> Array:
        """Air that the movers carry over air that the racks draw; 1 for any other fluid."""
        return (1.0 - self.recirculation_frac) / (1.0 - self.bypass_frac)

    def flow_kw_per_k(self, heat_kw: Array, dry_bulb_c: Array) -> Array:
        """Capacity rate of the fluid for this heat [kW/K]; dry_bulb_c is outdoors."""
        design = self.design_kw_per_k()
        xp = namespace(heat_kw, design, self.min_flow_frac, dry_bulb_c, self.frost_run_c)
        if self.flow == "constant":
            flow = design + 0.0 * heat_kw
        else:
            moved = heat_kw * (self._moved_frac() / self.rise_k)
            flow = xp.maximum(moved, self.min_flow_frac * design)
        if self.idle == "runs":
            return flow
        # Against freezing the least flow is enough.
        frost = self.min_flow_frac * design * (dry_bulb_c < self.frost_run_c)
        return xp.where(heat_kw > 0, flow, frost)

    def inlet_c(self, supply_c: Array, heat_kw: Array, flow_kw_per_k: Array) -> Array:
        """Temperature at which the racks draw the air in: warmer by what recirculates."""
        astray = self.recirculation_frac / (1.0 - self.bypass_frac)
        return supply_c + astray * ratio(heat_kw, flow_kw_per_k)

    def plate_c(self, supply_c: Array) -> Array:
        """Temperature that the cold plates see: of the liquid coming in, or of boiling."""
        return supply_c + self.rise_k if self.phase == "two" else supply_c

    def exit_quality(self, heat_kw: Array, flow_kw_per_k: Array) -> Array:
        """Vapour share with which a boiling fluid leaves the racks."""
        return self.exit_quality_frac / self.rise_k * ratio(heat_kw, flow_kw_per_k)

    def _at_c(self) -> Array:
        """Temperature at which properties are taken: of the setpoint, mid-way in a reset."""
        if self.follow in ("wet_bulb", "dry_bulb"):
            return self.follow_max_c
        if self.reset != "nothing":
            return 0.5 * (self.supply_c + self.reset_supply_c)
        return self.supply_c

    def volume_kj_per_m3_k(self, pressure_pa: Array) -> Array:
        """What a cubic metre of the fluid carries per kelvin of rise, at its setpoint [kJ/m³/K]."""
        at_c = self._at_c()
        if self.phase == "two":
            boils = boiling_fluid(self.fluid)
            latent = self.exit_quality_frac * boils.latent_kj_per_kg(at_c) / self.rise_k
            carried = boils.specific_heat_kj_per_kg_k(at_c) + latent
            return boils.density_kg_per_m3(at_c) * carried
        return self._held_kj_per_m3_k(pressure_pa)

    def _held_kj_per_m3_k(self, pressure_pa: Array) -> Array:
        """What a cubic metre of the circuit holds per kelvin: no latent heat [kJ/m³/K]."""
        at_c = self._at_c()
        if self.fluid == "air":
            return air_kj_per_m3_k(at_c, pressure_pa)
        liquid = boiling_fluid(self.fluid) if self.phase == "two" else fluid(self.fluid)
        return liquid.density_kg_per_m3(at_c) * liquid.specific_heat_kj_per_kg_k(at_c)

    def held_kwh_per_k(self, pressure_pa: float) -> float:
        """Heat that fluid, metal and structure hold per kelvin [kWh/K]."""
        fluid_kj_per_k = self.volume_m3 * self._held_kj_per_m3_k(pressure_pa)
        return float(fluid_kj_per_k / SECONDS_PER_HOUR + self.mass_kwh_per_k)

    def advance(
        self,
        state: LoopState,
        heat_in_kw: float,
        removed_kw: float,
        slope_kw_per_k: float,
        held_kwh_per_k: float,
        dt_s: float,
    ) -> tuple[LoopState, float, float]:
        """One step with constant inputs: (state, heat_out_kw, stored_kw).

        The stages remove `removed_kw` at the state's temperature and `slope_kw_per_k` more for
        every kelvin above it; the step is the exact exponential of that linear law.
        heat_in_kw = heat_out_kw + stored_kw.
        """
        rate = slope_kw_per_k * dt_s / (held_kwh_per_k * SECONDS_PER_HOUR)
        # Share of the step's unhindered change that happens: (1 - exp(-rate)) / rate.
        share = -math.expm1(-rate) / rate if rate > 1e-9 else 1.0 - rate / 2
        stored_kw = (heat_in_kw - removed_kw) * share
        heat_out_kw = removed_kw + (heat_in_kw - removed_kw) * (1.0 - share)
        change_k = stored_kw * dt_s / (held_kwh_per_k * SECONDS_PER_HOUR)
        return LoopState(state.supply_c + change_k), heat_out_kw, stored_kw

    def return_c(self, supply_c: Array, heat_kw: Array, flow_kw_per_k: Array) -> Array:
        """Temperature at which the fluid comes back from its sources."""
        return supply_c + ratio(heat_kw, flow_kw_per_k)
