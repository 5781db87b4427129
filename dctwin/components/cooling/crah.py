"""Computer-room air handler: a chilled-water coil and the fans that draw the room's air through."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import Duty, Service, Stage, param, ratio
from dctwin.components.cooling.exchanger import exchange_kw_per_k
from dctwin.components.cooling.room_air import Humidifier
from dctwin.components.cooling.terminal import terminal_reach_c, terminal_service
from dctwin.components.cooling.wet_coil import (
    electric_frac,
    moistening,
    needs_humidifier,
    to_drain,
)
from dctwin.components.media import AIR, Medium
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.hydraulics import mover_power_kw

# Modelica Buildings, Fluid.HeatExchangers.BaseClasses.HADryCoil: air-side coefficient with the 0.8
# power of air flow, air-side over water-side conductance 2/3, which makes the air side
# 1/(1 + 2/3) = 0.6 of the resistance. Its water-side part is held at the design value here.
AIR_EXPONENT = 0.8
AIR_RESISTANCE_FRAC = 0.6
# Keeps the power finite where the air stands still; the heat there is zero all the same.
_SMALLEST_FLOW_FRAC = 1e-9


def coil_kw_per_k(
    ua_kw_per_k: Array, flow_frac: Array, air_kw_per_k: Array, water_kw_per_k: Array
) -> Array:
    """eff · Cmin [kW/K] of a coil whose air side goes with the 0.8 power of air flow."""
    xp = namespace(flow_frac)
    log_flow = xp.log(xp.maximum(flow_frac, _SMALLEST_FLOW_FRAC))
    air = AIR_RESISTANCE_FRAC * xp.exp(-AIR_EXPONENT * log_flow)
    ua_kw_per_k = ua_kw_per_k / (air + (1.0 - AIR_RESISTANCE_FRAC))
    return exchange_kw_per_k(ua_kw_per_k, air_kw_per_k, water_kw_per_k)


class Crah(Stage):
    """Chilled-water air handler with speed-controlled plug fans after the coil (draw-through).

    Coil: counterflow effectiveness-NTU, to which a cross-counterflow coil of four rows and more
    comes within a few per cent (Kays and London, Compact Heat Exchangers, 3rd ed., ch. 2). Dry; or
    wet with a given sensible share, the unit's humidifier putting back what condenses (wet_coil.py;
    its conductance stays that of the dry coil). UA falls with mass flow of air r:
    UA/UA_design = 1/(0.6 r^-0.8 + 0.4), of which 1 is design volume at 1.2 kg/m³.
    Fans: electricity = flow · rise / (fan efficiency · motor efficiency), all of it heat in the
    air, and its rise goes with density over 1.2 kg/m³, but for its static share. They carry all of
    the loop's air, or (`fans: heat`, behind rear doors or beside other units) only
    heat / trim_rise_k of it, from min_flow_frac of their design flow up; the rest passes by and
    mixes with what they cooled. Balance: reject_kw = heat_kw + crah_fan + humidifier.
    Perimeter units, in-row units and fan walls differ in size, rise of the fans and coil.
    Valid for 0.3-1.1 of design air flow, above and below the dew point of the room: what condenses
    of the air that ventilation brings is heat of the loop and goes to the drain (room_air.py), and
    a wet coil, which conducts better, is taken for a dry one.
    Source: Modelica Buildings HADryCoil; Incropera et al., 7th ed., table 11.3; fan laws, ASHRAE
    Handbook HVAC Systems and Equipment 2020, ch. 21.
    """

    kind: ClassVar[str] = "crah"
    media: ClassVar[frozenset[Medium]] = AIR
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"
    extensive: ClassVar[frozenset[str]] = frozenset({"ua_kw_per_k", "design_flow_m3_s"})
    reports: ClassVar[frozenset[str]] = frozenset({"flow_frac", "leaving_c"})

    ua_kw_per_k: float = param("kW/K", 0.01, 10_000, "conductance of the coil at design air flow")
    design_flow_m3_s: float = param("m³/s", 0.01, 1_000, "air flow at the design point")
    fan_rise_pa: float = param("Pa", 10, 3_000, "total pressure rise of the fans at design flow")
    static_frac: float = param(
        "-", 0, 0.9, "share of the rise that is held at any flow (underfloor pressure)", 0.1
    )
    fan_efficiency_frac: float = param("-", 0.2, 0.9, "fan efficiency, air to shaft", 0.65)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.88)
    fans: Literal["loop", "heat"] = Field(
        "loop", description="air they carry: all of the loop's, or what the heat left to them needs"
    )
    trim_rise_k: float = param("K", 2, 40, "fall of the air in the unit, `fans: heat`", 10.0)
    min_flow_frac: float = param("-", 0.05, 1, "lowest air flow, `fans: heat`", 0.3)
    sensible_frac: float = param("-", 0.5, 1, "sensible share of the coil's heat; 1 is dry", 1.0)
    humidifier: Humidifier = Field(
        "none", description="in the unit: evaporates again what its wet coil condenses"
    )

    @model_validator(mode="after")
    def _moistened(self) -> Self:
        needs_humidifier(self.humidifier, self.sensible_frac)
        return self

    def _carried(self, duty: Duty) -> Duty:
        """The duty with the air that the fans carry."""
        if self.fans == "loop":
            return duty
        xp = namespace(duty.heat_kw, duty.flow_kw_per_k, self.design_flow_m3_s)
        wanted = ratio(duty.heat_kw, duty.flow_kw_per_k * self.trim_rise_k)
        least = ratio(self.min_flow_frac * self.design_flow_m3_s, duty.flow_m3_s)
        share = xp.minimum(xp.maximum(wanted, least), 1.0)
        return replace(
            duty,
            flow_kw_per_k=duty.flow_kw_per_k * share,
            flow_m3_s=duty.flow_m3_s * share,
        )

    def _work(self, duty: Duty) -> tuple[Array, Array, Array]:
        """(flow over design flow, eff · Cmin, fan power) with the air that the fans carry."""
        carried = self._carried(duty)
        flow_frac = carried.flow_m3_s / self.design_flow_m3_s
        conductance_kw_per_k = coil_kw_per_k(
            self.ua_kw_per_k,
            flow_frac * carried.density_frac,
            carried.flow_kw_per_k,
            carried.sink_kw_per_k,
        )
        fan_kw = mover_power_kw(
            flow_frac,
            self.design_flow_m3_s,
            self.fan_rise_pa,
            self.static_frac,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            carried.density_frac,
        )
        return flow_frac, conductance_kw_per_k, fan_kw

    def _dry_frac(self) -> Array:
        """What the coil takes for the room and the fans, over all it takes."""
        return 1.0 - electric_frac(self.humidifier, self.sensible_frac)

    def reach_c(self, duty: Duty) -> Array:
        _, conductance_kw_per_k, fan_kw = self._work(duty)
        if self.humidifier != "none":
            conductance_kw_per_k = conductance_kw_per_k * self._dry_frac()
        return terminal_reach_c(duty, conductance_kw_per_k, fan_kw)

    def serve(self, duty: Duty) -> Service:
        flow_frac, conductance_kw_per_k, fan_kw = self._work(duty)
        traces = {"flow_frac": flow_frac}
        if self.humidifier == "none":
            return terminal_service(duty, conductance_kw_per_k, fan_kw, "crah_fan", traces)
        dry_frac = self._dry_frac()
        dry = terminal_service(duty, conductance_kw_per_k * dry_frac, fan_kw, "crah_fan", traces)
        coil_kw = dry.reject_kw / dry_frac
        moistened = moistening(self.humidifier, self.sensible_frac, coil_kw)
        return replace(
            dry,
            power_kw={**dry.power_kw, "humidifier": moistened.electric_kw},
            reject_kw=dry.reject_kw + moistened.electric_kw,
            water=to_drain(moistened),
        )
