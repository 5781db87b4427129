"""Rear-door heat exchanger: a water coil in a rack's back door, with or without fans of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from dctwin.components.component import Duty, Service, param
from dctwin.components.cooling.crah import coil_kw_per_k
from dctwin.components.cooling.terminal import TerminalUnit
from dctwin.components.media import AIR, Medium
from dctwin.physics.arrays import Array
from dctwin.physics.hydraulics import mover_power_kw


class RearDoor(TerminalUnit):
    """Coil behind a rack that cools its exhaust before it enters the room.

    The first stage of an air loop: it meets the racks' exhaust, all of the loop's air passes the
    doors, and what they leave goes on to the air handlers (`fans: heat` there). Coil as in an air
    handler: counterflow effectiveness-NTU, dry, UA/UA_design = 1/(0.6 r^-0.8 + 0.4), r the mass
    flow of air over design volume at 1.2 kg/m³.
    Passive (fan_rise_pa 0): the servers' fans push the air through, at their own expense (a few
    pascals, not counted). Active: fans = flow · rise / (fan · motor efficiency), heat in the air;
    the rise goes with density over 1.2 kg/m³.
    Balance: reject_kw = heat_kw + rear_door_fan.
    Valid for water above the dew point of the room (makers ask for 2 K), flagged where the loop has
    ventilation and so a dew point, and 0.3-1.1 of design flow.
    Source: as crah.py; passive 55-85 % of 20-32 kW at 18 or 22 °C water (IBM rear door), active
    to 75 kW with 0.5-2 kW of fans a door (HPE/Motivair QuickSpecs; trade guides).
    """

    kind: ClassVar[str] = "rear-door"
    media: ClassVar[frozenset[Medium]] = AIR
    reports: ClassVar[frozenset[str]] = TerminalUnit.reports | {"water_in_c"}
    mover: ClassVar[str] = "rear_door_fan"
    extensive: ClassVar[frozenset[str]] = frozenset({"ua_kw_per_k", "design_flow_m3_s"})

    ua_kw_per_k: float = param("kW/K", 0.01, 1_000, "conductance of the coil at design air flow")
    design_flow_m3_s: float = param("m³/s", 0.01, 100, "air flow of the rack at the design point")
    fan_rise_pa: float = param("Pa", 0, 500, "rise of the door's fans; 0 = passive", 0.0)
    fan_efficiency_frac: float = param("-", 0.1, 0.9, "fan efficiency, air to shaft", 0.5)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.85)

    def serve(self, duty: Duty) -> Service:
        service = super().serve(duty)
        return replace(service, traces={**service.traces, "water_in_c": duty.sink_c})

    def dry_coil_c(self, traces: Mapping[str, Array]) -> Array | None:
        return traces["water_in_c"]

    def _work(self, duty: Duty) -> tuple[Array, Array, Array]:
        """(flow over design flow, eff · Cmin, fan power)."""
        flow_frac = duty.flow_m3_s / self.design_flow_m3_s
        conductance_kw_per_k = coil_kw_per_k(
            self.ua_kw_per_k,
            flow_frac * duty.density_frac,
            duty.flow_kw_per_k,
            duty.sink_kw_per_k,
        )
        fan_kw = mover_power_kw(
            flow_frac,
            self.design_flow_m3_s,
            self.fan_rise_pa,
            0.0,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            duty.density_frac,
        )
        return flow_frac, conductance_kw_per_k, fan_kw
