"""A loop's pump: head that falls with flow, efficiency, motor and drive losses."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.hydraulics import driven_mover_power_kw, head_pa, hydraulic_power_kw


class PumpPower(NamedTuple):
    """electric_kw = shaft_kw (heat in the fluid) + loss_kw (heat of motor and drive)."""

    electric_kw: Array
    shaft_kw: Array
    loss_kw: Array


class Pump(Component):
    """Variable-speed pump on a system curve with a static share of head.

    Head = design head · (s + (1 - s) r²), r the flow of the system over its design flow: the share
    s is the differential pressure that control holds (or height), the rest is friction.
    Below min_flow_frac of its own design flow the pump holds that flow; a bypass takes the rest.
    Shaft power = flow · head / efficiency, all of it heat in the fluid; motor and drive lose on top
    of that to the ventilated plant room, with a constant part that stays at low flow.
    Source: affinity laws, ASHRAE Handbook HVAC Systems and Equipment 2020, ch. 44.
    """

    kind: ClassVar[str] = "pump"
    extensive: ClassVar[frozenset[str]] = frozenset({"design_flow_m3_s"})
    reports: ClassVar[frozenset[str]] = frozenset({"flow_frac"})

    design_flow_m3_s: float = param("m³/s", 1e-5, 50, "flow at the design point")
    design_head_pa: float = param("Pa", 1_000, 2_000_000, "head at the design point")
    static_frac: float = param("-", 0, 0.9, "share of head that does not fall with flow", 0.2)
    efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, water to shaft", 0.75)
    motor_efficiency_frac: float = param(
        "-", 0.5, 0.98, "motor efficiency at its rating, drive apart", 0.93
    )

    min_flow_frac: float = param(
        "-", 0, 1, "least flow of a running pump, held by a bypass, share of design flow", 0.0
    )

    def power(self, flow_m3_s: Array, system_frac: Array | None = None) -> PumpPower:
        """Electricity and heat [kW] of one pump at this flow.

        system_frac   flow of the whole bank over that of all its pumps, where only some run
        """
        xp = namespace(flow_m3_s, self.design_flow_m3_s, self.min_flow_frac)
        flow_frac = flow_m3_s / self.design_flow_m3_s
        held = xp.maximum(flow_frac, self.min_flow_frac)
        flow_frac = xp.where(flow_frac > 0, held, 0.0)
        system_frac = flow_frac if system_frac is None else system_frac
        head_frac = head_pa(system_frac, 1.0, self.static_frac)
        electric_kw = driven_mover_power_kw(
            flow_frac,
            self.design_flow_m3_s,
            self.design_head_pa,
            self.static_frac,
            self.efficiency_frac,
            self.motor_efficiency_frac,
            head_frac,
        )
        head = self.design_head_pa * head_frac
        shaft_kw = (
            hydraulic_power_kw(flow_frac * self.design_flow_m3_s, head) / self.efficiency_frac
        )
        return PumpPower(electric_kw, shaft_kw, electric_kw - shaft_kw)
