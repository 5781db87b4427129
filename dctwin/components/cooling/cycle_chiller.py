"""Chillers without fitted curves, cooled by water or by air."""

from __future__ import annotations

from typing import ClassVar, Literal

from dctwin.components.component import Duty, Service, param
from dctwin.components.cooling.cycle_machine import AirCycleMachine, CycleMachine
from dctwin.components.cooling.refrigerant_coil import saturated_kw_per_k, ua_kw_per_k
from dctwin.physics.arrays import Array


class CycleChiller(CycleMachine):
    """Water-cooled machine from its rating: warm-water trim chillers, where no curve exists.

    Equations, sources and validity: CycleMachine. The condenser is cooled by the sink loop.
    """

    kind: ClassVar[str] = "cycle-chiller"
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"

    condenser_approach_k: float = param(
        "K", 0.3, 10, "condensing temperature less leaving condenser water, at rating", 1.5
    )
    condenser_rise_k: float = param("K", 1, 20, "range of the condenser water at rating", 5.5)

    def _rated_saturation_c(self) -> tuple[Array, Array]:
        rise_k = self.condenser_rise_k + self.condenser_approach_k
        return self.rated_leaving_c - self.evaporator_approach_k, self.rated_entering_c + rise_k

    def _rated_fan_kw(self) -> Array:
        return 0.0

    def _condenser(self, duty: Duty, load_frac: Array) -> tuple[Array, Array, dict[str, Array]]:
        rejected_kw = self.reference_kw + self._rated_compressor_kw
        flow_kw_per_k = rejected_kw / self.condenser_rise_k
        ua = ua_kw_per_k(flow_kw_per_k, self.condenser_rise_k, self.condenser_approach_k)
        return duty.sink_c, saturated_kw_per_k(ua, duty.sink_kw_per_k), {}

    def serve(self, duty: Duty) -> Service:
        return self.refrigerate(duty)


class AirCycleChiller(AirCycleMachine):
    """Air-cooled machine from its rating, with condenser fans.

    Equations, sources and validity: CycleMachine, AirCycleMachine.
    """

    kind: ClassVar[str] = "air-cycle-chiller"

    def serve(self, duty: Duty) -> Service:
        return self.refrigerate(duty)
