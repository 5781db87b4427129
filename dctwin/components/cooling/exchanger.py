"""Liquid-to-liquid plate heat exchanger between two loops: water-side economiser, separator."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from dctwin.components.component import Duty, Service, Stage, param, ratio
from dctwin.components.media import LIQUIDS, Medium
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.heat_exchange import (
    effectiveness_counterflow,
    rate_for_effectiveness_kw_per_k,
)


class Exchanger(Stage):
    """Counterflow plate exchanger, e.g. a water-side economiser ahead of a chiller.

    Q = eff(NTU, Cr) · Cmin · (T_return - T_sink), never negative; a valve turns it down to the
    setpoint. Balance: heat_kw = reject_kw (no electricity of its own).
    Holds for single-phase liquid on both sides; conductance constant, which asks for flows near
    those of the rating: transfer units beyond what plates reach (trace `ntu`) are flagged.
    Source: Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., table 11.3.
    """

    kind: ClassVar[str] = "exchanger"
    media: ClassVar[frozenset[Medium]] = LIQUIDS
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"
    extensive: ClassVar[frozenset[str]] = frozenset({"ua_kw_per_k"})
    reports: ClassVar[frozenset[str]] = frozenset({"leaving_c", "ntu"})

    ua_kw_per_k: float = param("kW/K", 0.1, 100_000, "conductance of one exchanger")

    def _conductance_kw_per_k(self, duty: Duty) -> Array:
        """Heat per kelvin between the two entering streams: eff · Cmin."""
        return exchange_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k, duty.sink_kw_per_k)

    def reach_c(self, duty: Duty) -> Array:
        return float_supply_c(duty, self._conductance_kw_per_k(duty), duty.sink_c)

    def branch_frac(self, duty: Duty, most_frac: Array) -> Array:
        xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, duty.flow_kw_per_k)
        most_kw = duty.flow_kw_per_k * xp.maximum(duty.return_c - duty.sink_c, 0.0)
        rate = rate_for_effectiveness_kw_per_k(
            self.ua_kw_per_k,
            duty.sink_kw_per_k,
            ratio(duty.heat_kw, most_kw),
            duty.flow_kw_per_k * most_frac,
        )
        share = xp.minimum(ratio(rate, duty.flow_kw_per_k), most_frac)
        # Nothing is brought below where the sink enters.
        return xp.where(most_kw > duty.heat_kw, share, 0.0)

    def serve(self, duty: Duty) -> Service:
        able_kw = self._conductance_kw_per_k(duty) * (duty.return_c - duty.sink_c)
        xp = namespace(able_kw, duty.heat_kw, duty.flow_kw_per_k, duty.sink_kw_per_k)
        heat_kw = xp.clip(able_kw, 0.0, duty.heat_kw)
        found = Service(heat_kw=heat_kw, power_kw={}, reject_kw=heat_kw)
        if not duty.watched:
            return found
        least = xp.minimum(duty.flow_kw_per_k, duty.sink_kw_per_k)
        traces = {
            "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            "ntu": ratio(self.ua_kw_per_k, least) + 0.0 * heat_kw,
        }
        return replace(found, traces=traces)


def exchange_kw_per_k(ua_kw_per_k: Array, c1_kw_per_k: Array, c2_kw_per_k: Array) -> Array:
    """eff · Cmin [kW/K] of a counterflow exchanger; 0 when either side stands still."""
    xp = namespace(ua_kw_per_k, c1_kw_per_k, c2_kw_per_k)
    c_min = xp.minimum(c1_kw_per_k, c2_kw_per_k)
    c_max = xp.maximum(c1_kw_per_k, c2_kw_per_k)
    return c_min * effectiveness_counterflow(ratio(ua_kw_per_k, c_min), ratio(c_min, c_max))


def float_supply_c(duty: Duty, conductance_kw_per_k: Array, sink_c: Array) -> Array:
    """Supply temperature at which an exchanger of this conductance removes all of the heat."""
    drive_k = ratio(duty.heat_kw, conductance_kw_per_k)
    return sink_c + drive_k - ratio(duty.heat_kw, duty.flow_kw_per_k)
