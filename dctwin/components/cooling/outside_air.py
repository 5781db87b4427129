"""Outside-air cooling: supply fans, mixing dampers and optional evaporative pads for a room."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from dctwin.components.component import Duty, Service, Stage, Water, param, ratio
from dctwin.components.cooling.envelope import admitted
from dctwin.components.cooling.pads import humidity_gain_kg_per_kg
from dctwin.components.cooling.room_air import moisten
from dctwin.components.media import AIR, Medium
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.hydraulics import mover_power_kw
from dctwin.physics.moist_air import (
    CP_AIR_KJ_PER_KG_K,
    LATENT_0C_KJ_PER_KG,
    dew_point_c,
    relative_humidity_frac,
    saturated_humidity_kg_per_kg,
)

# Far below any difference that a damper could be set to.
_SMALLEST_K = 1e-9
# Stands for a reach where the dampers are shut: at no temperature would it carry the heat.
_NEVER_C = 1e3


class _Mixing(NamedTuple):
    """Where the dampers stand, and what passes them."""

    heat_kw: Array
    fan_kw: Array
    outdoor_frac: Array
    outdoor_c: Array  # outdoor air after the pads, as it enters the mixing box
    gain_kg_per_kg: Array  # humidity that it took up in the pads
    lack_kg_per_kg: Array  # humidity that it lacks of the room's least, per kg of outdoor air


class OutsideAir(Stage):
    """Air handler that replaces room air by outdoor air; a stage of an air loop.

    Dampers mix outdoor air with return air so that the fans deliver the setpoint:
        heat + fan = C · x · (T_return - T_outdoor), x <= 1.
    Outdoor air too warm for that is used alone (x = 1) and passes pads that bring it towards its
    wet bulb, T = T_db - efficiency · (T_db - T_wb), by-passed to hold the setpoint; beyond their
    reach the supply floats. With `limits: envelope` the dampers shut, and the unit stands still,
    for outdoor air that is too warm, dry or damp (envelope.py): a later stage cools return air.
    Fans (after the mixing box) heat the air by all their electricity.
    Water = flow of dry air · rise of humidity, at constant enthalpy but for the water's own; bleed
    keeps the concentration. The room adds no moisture, so that supply air has the humidity of the
    outdoor air plus the pads' (steady state).
    A room that holds a least dew point has what outdoor air lacks of it evaporated: by steam, whose
    electricity leaves with the exhaust, or adiabatically, which takes 2501 kJ/kg from the air, so
    that less outdoor air is mixed in.
    Fans: pressure rise goes with the density of the room's air over 1.2 kg/m³, but for its static
    share: at 1,800 m the same kilograms cost half as much again.
    Balance: reject_kw = heat_kw + outside_air_fan + humidifier, carried out by the exhaust.
    Valid for sensible loads; supply dew point and relative humidity are reported, to be held
    against ASHRAE TC 9.9. Heat capacity of dry air (moist air holds up to 2 % more).
    Source: ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 41 (direct evaporative coolers).
    """

    kind: ClassVar[str] = "outside-air"
    media: ClassVar[frozenset[Medium]] = AIR
    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset({"design_flow_m3_s"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {
            "flow_frac",
            "outdoor_air_frac",
            "outdoor_air_c",
            "leaving_c",
            "supply_humidity_kg_per_kg",
            "supply_dew_point_c",
            "supply_rh_frac",
        }
    )

    design_flow_m3_s: float = param("m³/s", 0.01, 10_000, "air flow at the design point")
    fan_rise_pa: float = param(
        "Pa", 10, 3_000, "total pressure rise at design flow: filters, pads, dampers, room"
    )
    static_frac: float = param(
        "-", 0, 0.9, "share of the rise that is held at any flow (room pressure)", 0.1
    )
    fan_efficiency_frac: float = param("-", 0.2, 0.9, "fan efficiency, air to shaft", 0.65)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.88)
    pad_efficiency_frac: float = param("-", 0, 0.95, "saturation efficiency of pads, 0 = none", 0.0)
    cycles: float = param("-", 1.1, 20, "concentration of pad water over make-up", 3.0)
    limits: Literal["none", "envelope"] = Field(
        "none", description="envelope: outdoor air outside the five limits below is not let in"
    )
    max_dry_bulb_c: float = param("°C", -20, 60, "warmest outdoor air, `limits: envelope`", 60.0)
    min_dew_point_c: float = param("°C", -60, 30, "driest, by dew point", -60.0)
    max_dew_point_c: float = param("°C", -30, 40, "dampest, by dew point", 40.0)
    min_rh_frac: float = param("-", 0, 1, "driest, by relative humidity in the supply", 0.0)
    max_rh_frac: float = param("-", 0, 2, "dampest, by relative humidity in the supply", 2.0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        self._in_order("min_dew_point_c", "max_dew_point_c")
        self._in_order("min_rh_frac", "max_rh_frac")
        return self

    def _open(self, duty: Duty) -> Array:
        """1 where outdoor air is let in, 0 where it is shut out."""
        if self.limits == "none":
            return 1.0
        return admitted(
            duty.air,
            duty.supply_c,
            self.max_dry_bulb_c,
            (self.min_dew_point_c, self.max_dew_point_c),
            (self.min_rh_frac, self.max_rh_frac),
        )

    def _flow_frac(self, duty: Duty) -> Array:
        return duty.flow_m3_s / self.design_flow_m3_s

    def _fan_kw(self, duty: Duty) -> Array:
        return mover_power_kw(
            self._flow_frac(duty),
            self.design_flow_m3_s,
            self.fan_rise_pa,
            self.static_frac,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            duty.density_frac,
        )

    def _coldest_c(self, duty: Duty) -> Array:
        """Outdoor air after pads that are fully wet."""
        air = duty.air
        return air.dry_bulb_c - self.pad_efficiency_frac * (air.dry_bulb_c - air.wet_bulb_c)

    def reach_c(self, duty: Duty) -> Array:
        # All outdoor air: what the fans blow is the pads' air, warmed by the fans.
        reach_c = self._coldest_c(duty) + ratio(self._fan_kw(duty), duty.flow_kw_per_k)
        if self.limits == "none":
            return reach_c
        return namespace(reach_c).where(self._open(duty) > 0, reach_c, _NEVER_C)

    def _mixing(self, duty: Duty) -> _Mixing:
        flow = duty.flow_kw_per_k
        dry_c, coldest_c = duty.air.dry_bulb_c, self._coldest_c(duty)
        xp = namespace(duty.heat_kw, duty.return_c, flow, dry_c, coldest_c)
        fan_kw = self._fan_kw(duty)
        heat_kw = xp.clip(
            flow * (duty.return_c - coldest_c) - fan_kw, 0.0, self._open(duty) * duty.heat_kw
        )
        # Off when nothing is asked, or when outdoor air cannot even carry off the fans' heat.
        fan_kw = xp.where(heat_kw > 0, fan_kw, 0.0)
        drop_k = ratio(heat_kw + fan_kw, flow)
        # Air of this temperature enters the fans. Pads bring all of the air there, dampers mix it.
        needed_c = duty.return_c - drop_k
        outdoor_c = xp.where(drop_k > 0, xp.clip(needed_c, coldest_c, dry_c), dry_c)
        spread_k = xp.maximum(duty.return_c - outdoor_c, _SMALLEST_K)
        gain = humidity_gain_kg_per_kg(duty.air, outdoor_c)
        lack = self._lack_kg_per_kg(duty, gain)
        if duty.humidifier == "adiabatic":
            spread_k = spread_k + lack * (LATENT_0C_KJ_PER_KG / CP_AIR_KJ_PER_KG_K)
        outdoor_frac = xp.clip(drop_k / spread_k, 0.0, 1.0)
        return _Mixing(heat_kw, fan_kw, outdoor_frac, outdoor_c, gain, lack)

    def _lack_kg_per_kg(self, duty: Duty, gain: Array) -> Array:
        """What outdoor air after the pads lacks of the room's least humidity."""
        if duty.humidifier == "none":
            return 0.0
        xp = namespace(gain, duty.dew_point_min_c)
        least = saturated_humidity_kg_per_kg(duty.dew_point_min_c, duty.air.pressure_pa)
        return xp.maximum(least - duty.air.humidity_kg_per_kg - gain, 0.0)

    def serve(self, duty: Duty) -> Service:
        air = duty.air
        mixing = self._mixing(duty)
        outdoor_kg_s = duty.flow_kw_per_k / CP_AIR_KJ_PER_KG_K * mixing.outdoor_frac
        evaporation = outdoor_kg_s * mixing.gain_kg_per_kg
        blowdown = evaporation / (self.cycles - 1.0)
        humidity = air.humidity_kg_per_kg + mixing.gain_kg_per_kg + mixing.lack_kg_per_kg
        power_kw = {"outside_air_fan": mixing.fan_kw}
        if duty.humidifier != "none":
            moistened = moisten(duty.humidifier, outdoor_kg_s * mixing.lack_kg_per_kg)
            power_kw["humidifier"] = moistened.electric_kw
            evaporation = evaporation + moistened.evaporation_kg_s
            blowdown = blowdown + moistened.drained_kg_s
        flows = Service(
            heat_kw=mixing.heat_kw,
            power_kw=power_kw,
            reject_kw=mixing.heat_kw + sum(power_kw.values()),
            water=Water(evaporation_kg_s=evaporation, blowdown_kg_s=blowdown),
        )
        if not duty.watched:
            return flows
        leaving_c = duty.return_c - ratio(mixing.heat_kw, duty.flow_kw_per_k)
        return replace(
            flows,
            traces={
                "flow_frac": self._flow_frac(duty),
                "outdoor_air_frac": mixing.outdoor_frac,
                "outdoor_air_c": mixing.outdoor_c,
                "leaving_c": leaving_c,
                "supply_humidity_kg_per_kg": humidity,
                "supply_dew_point_c": dew_point_c(humidity, air.pressure_pa),
                "supply_rh_frac": relative_humidity_frac(leaving_c, humidity, air.pressure_pa),
            },
        )
