"""Terminal units: a fan or pump that drives a loop's fluid through an exchanger to a sink loop.

Air handler, coolant distribution unit and immersion tank are this with different machinery:

    heat to the sink = heat of the load + electricity of the mover, all of it in the fluid
    heat to the sink <= eff(NTU, Cr) · Cmin · (T_return - T_sink)

The mover stands after the exchanger (draw-through), so that the fluid enters the exchanger at the
temperature at which it returns and is supplied at T_return - heat/flow.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from dctwin.components.component import Duty, Service, Stage, param, ratio
from dctwin.components.cooling.exchanger import exchange_kw_per_k
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.hydraulics import mover_power_kw


class TerminalUnit(Stage):
    """A terminal unit. Abstract: its machinery is open."""

    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"
    reports: ClassVar[frozenset[str]] = frozenset({"flow_frac", "leaving_c"})
    # The last word of the account of its mover's electricity.
    mover: ClassVar[str]

    @abstractmethod
    def _work(self, duty: Duty) -> tuple[Array, Array, Array]:
        """(flow over design flow, eff · Cmin [kW/K], power of the mover [kW])."""

    def reach_c(self, duty: Duty) -> Array:
        _, conductance_kw_per_k, mover_kw = self._work(duty)
        return terminal_reach_c(duty, conductance_kw_per_k, mover_kw)

    def serve(self, duty: Duty) -> Service:
        flow_frac, conductance_kw_per_k, mover_kw = self._work(duty)
        traces = {"flow_frac": flow_frac}
        return terminal_service(duty, conductance_kw_per_k, mover_kw, self.mover, traces)


class PumpedUnit(TerminalUnit):
    """Exchanger to the sink's water and a pump: electricity = flow · head / efficiencies. Abstract.

    The exchanger is counterflow plates of constant conductance where a unit does not say otherwise.
    """

    ua_kw_per_k: float = param("kW/K", 0.1, 100_000, "conductance of the exchanger")
    design_flow_m3_s: float = param("m³/s", 1e-5, 10, "flow at the design point")
    design_head_pa: float = param("Pa", 1_000, 2_000_000, "head at design flow")
    static_frac: float = param("-", 0, 0.9, "share of head held at any flow", 0.2)
    pump_efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, fluid to shaft")
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.88)

    def _exchange_kw_per_k(self, duty: Duty) -> Array:
        """eff · Cmin of the exchanger."""
        return exchange_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k, duty.sink_kw_per_k)

    def _work(self, duty: Duty) -> tuple[Array, Array, Array]:
        flow_frac = duty.flow_m3_s / self.design_flow_m3_s
        pump_kw = mover_power_kw(
            flow_frac,
            self.design_flow_m3_s,
            self.design_head_pa,
            self.static_frac,
            self.pump_efficiency_frac,
            self.motor_efficiency_frac,
        )
        return flow_frac, self._exchange_kw_per_k(duty), pump_kw


def terminal_reach_c(duty: Duty, conductance_kw_per_k: Array, mover_kw: Array) -> Array:
    """Coldest supply temperature at which heat and mover's electricity both reach the sink."""
    drive_k = ratio(duty.heat_kw + mover_kw, conductance_kw_per_k)
    return duty.sink_c + drive_k - ratio(duty.heat_kw, duty.flow_kw_per_k)


def terminal_service(
    duty: Duty,
    conductance_kw_per_k: Array,
    mover_kw: Array,
    account: str,
    traces: Mapping[str, Array],
) -> Service:
    """The service of a terminal unit; a valve turns it down to the setpoint.

    The unit stops when there is nothing to remove, and when it could not even carry off the heat
    of its own mover: running would only warm the loop.
    """
    xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, conductance_kw_per_k, mover_kw)
    able_kw = conductance_kw_per_k * (duty.return_c - duty.sink_c) - mover_kw
    heat_kw = xp.clip(able_kw, 0.0, duty.heat_kw)
    power_kw = xp.where(heat_kw > 0, mover_kw, 0.0)
    leaving_c = duty.return_c - ratio(heat_kw, duty.flow_kw_per_k)
    return Service(
        heat_kw=heat_kw,
        power_kw={account: power_kw},
        reject_kw=heat_kw + power_kw,
        traces={"leaving_c": leaving_c, **traces},
    )
