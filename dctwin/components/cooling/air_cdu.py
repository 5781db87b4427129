"""Liquid-to-air coolant distribution unit: a radiator and fans between a rack loop and the hall."""

from __future__ import annotations

from typing import ClassVar, Literal

from dctwin.components.component import (
    Duty,
    Service,
    Stage,
    altitude_density_frac,
    param,
    ratio,
)
from dctwin.components.cooling.crah import coil_kw_per_k
from dctwin.components.cooling.loop import air_kj_per_m3_k
from dctwin.components.cooling.terminal import terminal_reach_c
from dctwin.components.media import AIR, LIQUIDS, Medium
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.hydraulics import mover_power_kw


class AirCdu(Stage):
    """Cools a rack loop's coolant with the hall's cold-aisle air; a stage of the rack loop.

    Its sink is the hall's air loop, whose own stages then carry the heat away.
    Fans draw heat / air_rise_k of air, from min_flow_frac of their design flow up to all of it, and
    never more than the hall supplies for it. Radiator: counterflow effectiveness-NTU, air side
    with the 0.8 power of the mass flow of air (as in an air handler).
    Pumps and fans = flow · head / efficiencies. The fans' head and the mass go with the density of
    the altitude; the part that goes with temperature is left out. The pumps stand after the
    radiator and warm the coolant; the fans stand after it and warm the air.
    Balance: reject_kw = heat_kw + cdu_pump + cdu_fan.
    Valid for single-phase coolant and 0.3-1.1 of design flows.
    Source: as cdu.py and crah.py.
    """

    kind: ClassVar[str] = "air-cdu"
    media: ClassVar[frozenset[Medium]] = LIQUIDS
    sink_media: ClassVar[frozenset[Medium]] = AIR
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"ua_kw_per_k", "design_flow_m3_s", "design_air_m3_s", "held_kwh_per_k"}
    )
    reports: ClassVar[frozenset[str]] = frozenset({"flow_frac", "air_flow_frac", "leaving_c"})

    ua_kw_per_k: float = param("kW/K", 0.01, 10_000, "conductance of the radiator, full air flow")
    design_flow_m3_s: float = param("m³/s", 1e-5, 10, "coolant flow at the design point")
    design_head_pa: float = param("Pa", 1_000, 2_000_000, "head at design flow")
    static_frac: float = param("-", 0, 0.9, "share of head held at any flow", 0.2)
    pump_efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, fluid to shaft", 0.5)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motors and drives", 0.88)
    design_air_m3_s: float = param("m³/s", 0.01, 1_000, "air flow at full fan speed")
    air_rise_k: float = param("K", 2, 40, "rise of the air that the fans aim at", 12.0)
    min_flow_frac: float = param("-", 0.05, 1, "lowest air flow", 0.3)
    fan_rise_pa: float = param("Pa", 10, 2_000, "total pressure rise of the fans at full flow")
    fan_efficiency_frac: float = param("-", 0.2, 0.9, "fan efficiency, air to shaft", 0.55)
    held_kwh_per_k: float = param("kWh/K", 0, 1_000, "heat held by coolant and metal", 0.0)

    def mass_kwh_per_k(self) -> float:
        return self.held_kwh_per_k

    def _work(self, duty: Duty) -> tuple[Array, Array, Array, Array]:
        """(air flow over design, eff · Cmin, pump power, fan power)."""
        full = self.design_air_m3_s * air_kj_per_m3_k(duty.sink_c, duty.air.pressure_pa)
        density_frac = altitude_density_frac(duty.air)
        xp = namespace(duty.heat_kw, duty.sink_kw_per_k, full, self.air_rise_k, self.min_flow_frac)
        wanted = xp.clip(duty.heat_kw / (full * self.air_rise_k), self.min_flow_frac, 1.0)
        air = xp.minimum(wanted * full, duty.sink_kw_per_k)
        air_frac = air / full
        conductance = coil_kw_per_k(
            self.ua_kw_per_k, air_frac * density_frac, duty.flow_kw_per_k, air
        )
        pump_kw = mover_power_kw(
            duty.flow_m3_s / self.design_flow_m3_s,
            self.design_flow_m3_s,
            self.design_head_pa,
            self.static_frac,
            self.pump_efficiency_frac,
            self.motor_efficiency_frac,
        )
        fan_kw = mover_power_kw(
            air_frac,
            self.design_air_m3_s,
            self.fan_rise_pa,
            0.0,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            density_frac,
        )
        return air_frac, conductance, pump_kw, fan_kw

    def reach_c(self, duty: Duty) -> Array:
        _, conductance, pump_kw, _ = self._work(duty)
        return terminal_reach_c(duty, conductance, pump_kw)

    def serve(self, duty: Duty) -> Service:
        air_frac, conductance, pump_kw, fan_kw = self._work(duty)
        xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, conductance)
        able_kw = conductance * (duty.return_c - duty.sink_c) - pump_kw
        heat_kw = xp.clip(able_kw, 0.0, duty.heat_kw)
        works = heat_kw > 0
        power_kw = {
            "cdu_pump": xp.where(works, pump_kw, 0.0),
            "cdu_fan": xp.where(works, fan_kw, 0.0),
        }
        return Service(
            heat_kw=heat_kw,
            power_kw=power_kw,
            reject_kw=heat_kw + power_kw["cdu_pump"] + power_kw["cdu_fan"],
            traces={
                "flow_frac": duty.flow_m3_s / self.design_flow_m3_s,
                "air_flow_frac": air_frac,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )
