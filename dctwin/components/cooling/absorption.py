"""Absorption chiller: warm return water drives it, another loop gets its cold."""

from __future__ import annotations

from typing import ClassVar, Literal

from dctwin.components.component import Duty, Service, Stage, param, ratio
from dctwin.physics.arrays import Array, namespace

# Passes between driving heat and the temperatures it causes; each leaves about a fifth.
_PASSES = 6


class AbsorptionChiller(Stage):
    """Single-effect water/lithium-bromide chiller by its characteristic equation.

    ddt = t_G - a t_AC + e t_E      mean temperatures of driving, cooling and chilled water
    cold_kw = scale · (s_E ddt + r_E),   driving heat_kw = scale · (s_G ddt + r_G)
    t_G is the mean of the loop's return and what leaves; t_AC the mean of entering and leaving
    cooling water (sink loop); t_E chilled supply + half chilled_rise_k. Capacity falls with colder
    driving water, warmer cooling water and colder chilled water. It runs down to the cold that the
    cooled loop wants at the COP it has then (its valve throttles the driving heat), and not at all
    below least_frac of its rating.
    The stage stands in the warm loop: heat_kw drives it, cold_kw is taken from the loop it
    `cools`, heat_kw + cold_kw + absorber_pump = reject_kw goes to the sink loop.
    Valid: the equipment file's ranges of driving and cooling water; chilled water above 5 °C.
    Source: Kühn and Ziegler, "Operational results of a 10 kW absorption chiller and adaptation of
    the characteristic equation", Solar Air-Conditioning, Tarragona 2005; Puig-Arnavat et al.,
    "Analysis and parameter identification for characteristic equations of single- and double-
    effect absorption chillers", Int. J. Refrigeration 33 (2010) 70-78.
    """

    kind: ClassVar[str] = "absorption-chiller"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "loop"
    makes_cold: ClassVar[bool] = True
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "pump_kw"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {"driving_c", "cooling_c", "chilled_c", "cop", "leaving_c"}
    )

    rated_kw: float = param("kW", 0.1, 50_000, "cold at the rating of the coefficients")
    coefficient_kw: float = param("kW", 0.1, 50_000, "cold of the machine they were fitted to")
    cooling_weight_frac: float = param("-", 1, 5, "a: weight of the cooling water")
    chilled_weight_frac: float = param("-", 0.5, 5, "e: weight of the chilled water")
    cold_slope_kw_per_k: float = param("kW/K", 0.001, 1_000, "s_E")
    cold_offset_kw: float = param("kW", -10_000, 1_000, "r_E")
    driving_slope_kw_per_k: float = param("kW/K", 0.001, 1_000, "s_G")
    driving_offset_kw: float = param("kW", -10_000, 1_000, "r_G")
    chilled_rise_k: float = param("K", 1, 20, "range of the chilled water", 6.0)
    least_frac: float = param("-", 0, 1, "least cold, share of rating, below which it stops", 0.1)
    pump_kw: float = param("kW", 0, 1_000, "solution and refrigerant pumps while it runs")

    def reach_c(self, duty: Duty) -> Array:
        """As cold as its driving heat may leave: where the characteristic equation gives no cold.

        Mean driving temperature at which cold_kw is zero, with cooling water as it enters.
        """
        none_k = -self.cold_offset_kw / self.cold_slope_kw_per_k
        mean_c = none_k + self.cooling_weight_frac * duty.sink_c
        mean_c = mean_c - self.chilled_weight_frac * self._chilled_c(duty)
        return mean_c - 0.5 * ratio(duty.heat_kw, duty.flow_kw_per_k)

    def _chilled_c(self, duty: Duty) -> Array:
        return duty.cold_c + 0.5 * self.chilled_rise_k

    def serve(self, duty: Duty) -> Service:
        ends = (duty.flow_kw_per_k, duty.sink_kw_per_k, duty.sink_c, duty.cold_kw)
        xp = namespace(duty.heat_kw, duty.return_c, *ends, *vars(self).values())
        scale = self.rated_kw / self.coefficient_kw
        chilled_c = self._chilled_c(duty)
        # Whatever the equation says, driving water leaves no colder than cooling water enters.
        offered_kw = duty.flow_kw_per_k * xp.maximum(duty.return_c - duty.sink_c, 0.0)
        offered_kw = xp.minimum(offered_kw, duty.heat_kw)
        flowing = (duty.flow_kw_per_k > 0) & (duty.sink_kw_per_k > 0)
        driving_kw = cold_kw = 0.0 * (duty.heat_kw + duty.sink_c + self.rated_kw)
        for _ in range(_PASSES):
            driving_c = duty.return_c - 0.5 * ratio(driving_kw, duty.flow_kw_per_k)
            cooling_c = duty.sink_c + 0.5 * ratio(driving_kw + cold_kw, duty.sink_kw_per_k)
            ddt_k = driving_c - self.cooling_weight_frac * cooling_c
            ddt_k = ddt_k + self.chilled_weight_frac * chilled_c
            able_kw = scale * (self.cold_slope_kw_per_k * ddt_k + self.cold_offset_kw)
            needs_kw = scale * (self.driving_slope_kw_per_k * ddt_k + self.driving_offset_kw)
            able_kw, needs_kw = xp.maximum(able_kw, 0.0), xp.maximum(needs_kw, 0.0)
            cop = ratio(able_kw, needs_kw)
            most_kw = xp.minimum(able_kw, cop * offered_kw)
            wanted_kw = xp.clip(duty.cold_kw, 0.0, most_kw) * flowing
            # Half a step each pass, as more heat cools its own drive and warms its own cooling.
            cold_kw = 0.5 * (cold_kw + wanted_kw)
            driving_kw = ratio(cold_kw, cop)
        runs = (cold_kw > self.least_frac * self.rated_kw) & (cold_kw > 0)
        cold_kw = xp.where(runs, cold_kw, 0.0)
        heat_kw = xp.where(runs, xp.minimum(driving_kw, offered_kw), 0.0)
        pump_kw = xp.where(runs, self.pump_kw, 0.0)
        return Service(
            heat_kw=heat_kw,
            power_kw={"absorber_pump": pump_kw},
            reject_kw=heat_kw + cold_kw + pump_kw,
            cold_kw=cold_kw,
            traces={
                "driving_c": driving_c,
                "cooling_c": cooling_c,
                "chilled_c": chilled_c + 0.0 * cold_kw,
                "cop": ratio(cold_kw, heat_kw),
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )
