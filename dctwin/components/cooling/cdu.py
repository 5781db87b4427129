"""Coolant distribution unit: plate exchanger and pumps between a rack loop and facility water."""

from __future__ import annotations

from typing import ClassVar, Literal

from dctwin.components.component import Duty, Service, Stage, param
from dctwin.components.cooling.exchanger import exchange_kw_per_k
from dctwin.components.cooling.terminal import terminal_reach_c, terminal_service
from dctwin.physics.arrays import Array
from dctwin.physics.hydraulics import mover_power_kw


class Cdu(Stage):
    """Liquid-to-liquid coolant distribution unit; a stage of the rack loop (which needs no pump).

    Exchanger: counterflow plates of constant conductance. Pumps: electricity = flow · head /
    (pump efficiency · motor efficiency); pumps, motors and drives stand inside the cabinet and
    are cooled by the coolant, so all of it is heat in the rack loop.
    Balance: reject_kw = heat_kw + cdu_pump.
    Valid for single-phase water or glycol and 0.3-1.1 of design flow.
    Source: Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., table 11.3; affinity
    laws, ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44.
    """

    kind: ClassVar[str] = "cdu"
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"ua_kw_per_k", "design_flow_m3_s", "held_kwh_per_k"}
    )
    reports: ClassVar[frozenset[str]] = frozenset({"flow_frac", "leaving_c"})

    ua_kw_per_k: float = param("kW/K", 0.1, 100_000, "conductance of the exchanger")
    design_flow_m3_s: float = param("m³/s", 1e-5, 10, "coolant flow at the design point")
    design_head_pa: float = param(
        "Pa", 1_000, 2_000_000, "head at design flow: racks, hoses and the unit itself"
    )
    static_frac: float = param(
        "-", 0, 0.9, "share of head held at any flow (differential pressure control)", 0.2
    )
    pump_efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, fluid to shaft", 0.65)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.88)
    held_kwh_per_k: float = param(
        "kWh/K", 0, 1_000, "heat held by the unit's own coolant and metal", 0.0
    )

    def mass_kwh_per_k(self) -> float:
        return self.held_kwh_per_k

    def _flow_frac(self, duty: Duty) -> Array:
        return duty.flow_m3_s / self.design_flow_m3_s

    def _conductance_kw_per_k(self, duty: Duty) -> Array:
        return exchange_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k, duty.sink_kw_per_k)

    def _pump_kw(self, duty: Duty) -> Array:
        return mover_power_kw(
            self._flow_frac(duty),
            self.design_flow_m3_s,
            self.design_head_pa,
            self.static_frac,
            self.pump_efficiency_frac,
            self.motor_efficiency_frac,
        )

    def reach_c(self, duty: Duty) -> Array:
        return terminal_reach_c(duty, self._conductance_kw_per_k(duty), self._pump_kw(duty))

    def serve(self, duty: Duty) -> Service:
        conductance_kw_per_k = self._conductance_kw_per_k(duty)
        traces = {"flow_frac": self._flow_frac(duty)}
        return terminal_service(duty, conductance_kw_per_k, self._pump_kw(duty), "cdu_pump", traces)
