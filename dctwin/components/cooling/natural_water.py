"""Once-through cooling: sea, river, lake or ground water lifted to an exchanger and given back."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dctwin.components.component import Duty, Limit, Service, Stage, Water, param, ratio
from dctwin.components.cooling.exchanger import exchange_kw_per_k, float_supply_c
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.heat_exchange import rate_for_conductance_kw_per_k
from dctwin.physics.hydraulics import driven_mover_power_kw

GRAVITY_M_S2 = 9.80665


class NaturalWater(Stage):
    """Plate exchanger between the loop and a natural water, with its intake pumps.

    Exchange   counterflow, eff(NTU, Cr) · Cmin · (return - water), UA constant (clean surfaces)
    Flow       the least that removes the heat and keeps both discharge limits, between the least
               and the design flow of the intake; at design flow heat is limited instead:
               heat + pump <= volume flow · rho cp · min(max_rise_k, max_discharge_c - water)
    Pump       static lift and friction that goes with the square of flow; motor and drive at part
               load (physics/hydraulics.py). All of it warms the water that is given back.
    The water is withdrawn and returned; none is consumed (evaporation downstream of a warm
    discharge, some 1 % of the flow at most, is outside the fence).
    Valid: water that does not freeze (it is not asked to give below its temperature), limits of the
    permit given by the user: 7 K of rise is usual in Japan for sea water (power-plant practice,
    7 K or less since the 1970s), 3 K and 28 °C in rivers of cyprinids (EU 2006/44/EC).
    Source: Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., table 11.3; rho cp of
    sea water 4,090 kJ/m³/K at 35 g/kg (Sharqawy, Lienhard, Zubair, Desalination 2010), of fresh
    water 4,180.
    """

    kind: ClassVar[str] = "natural-water"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset({"ua_kw_per_k", "design_flow_m3_s"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {"water_c", "discharge_c", "flow_frac", "leaving_c"}
    )

    water: str = Field("sea", description="natural water of the site: sea, river, lake, ground, …")
    instead: tuple[str, ...] = Field(
        (), description="waters drawn, in this order, where the site has no such water"
    )
    ua_kw_per_k: float = param("kW/K", 0.1, 1_000_000, "conductance of the exchanger")
    design_flow_m3_s: float = param("m³/s", 1e-5, 500, "largest flow of the intake")
    min_flow_frac: float = param("-", 0.01, 1, "least flow while it runs, share of design", 0.2)
    lift_m: float = param("m", 0, 200, "static lift that is not won back")
    friction_m: float = param("m", 0.1, 200, "head of screens, pipes, exchanger at design flow")
    efficiency_frac: float = param("-", 0.2, 0.92, "pump efficiency, water to shaft", 0.75)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "motor efficiency at its rating", 0.93)
    max_rise_k: float = param("K", 0.5, 40, "warmest that it may be given back above intake", 7.0)
    max_discharge_c: float = param("°C", 0, 60, "warmest that it may be given back", 60.0)
    water_kj_per_m3_k: float = param("kJ/(m³·K)", 3_900, 4_250, "heat capacity", 4_090.0)
    water_kg_per_m3: float = param("kg/m³", 950, 1_050, "density", 1_025.0)

    def _water_c(self, duty: Duty) -> Array:
        return duty.place.water_c(self.water, *self.instead)

    def _other_water(self, duty: Duty, runs: Array) -> tuple[Limit, ...]:
        """A limit passed while it draws another water than the one it is meant for."""
        drawn = duty.place.water_drawn(self.water, *self.instead)
        note = f"the site has no {self.water}, {drawn} water is drawn in its place"
        return () if drawn == self.water else (Limit("other_water_frac", 1.0 * runs, "-", note),)

    def _design_kw_per_k(self) -> Array:
        return self.design_flow_m3_s * self.water_kj_per_m3_k

    def _pump_kw(self, flow_frac: Array) -> Array:
        head_m = self.lift_m + self.friction_m
        power_kw = driven_mover_power_kw(
            flow_frac,
            self.design_flow_m3_s,
            head_m * self.water_kg_per_m3 * GRAVITY_M_S2,
            self.lift_m / head_m,
            self.efficiency_frac,
            self.motor_efficiency_frac,
        )
        return power_kw * (flow_frac > 0)

    def _allowed_k(self, water_c: Array) -> Array:
        """Rise that heat may cause: the limits less what the pump warms.

        Pump power per flow is convex in flow, so it is largest at one of the ends.
        """
        xp = namespace(water_c, self.max_rise_k)
        ends_kw = xp.maximum(
            self._pump_kw(1.0), self._pump_kw(self.min_flow_frac) / self.min_flow_frac
        )
        pump_k = ends_kw / self._design_kw_per_k()
        limit_k = xp.minimum(self.max_rise_k, self.max_discharge_c - water_c)
        return xp.maximum(limit_k - pump_k, 0.0)

    def reach_c(self, duty: Duty) -> Array:
        conductance = exchange_kw_per_k(
            self.ua_kw_per_k, duty.flow_kw_per_k, self._design_kw_per_k()
        )
        return float_supply_c(duty, conductance, self._water_c(duty))

    def serve(self, duty: Duty) -> Service:
        water_c = self._water_c(duty)
        xp = namespace(duty.heat_kw, duty.return_c, water_c, self.ua_kw_per_k)
        design = self._design_kw_per_k()
        allowed_k = self._allowed_k(water_c)
        drive_k = xp.maximum(duty.return_c - water_c, 0.0)
        most = exchange_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k, design) * drive_k
        most = xp.minimum(most, design * allowed_k)
        heat_kw = xp.minimum(duty.heat_kw, most)
        least = xp.clip(ratio(heat_kw, allowed_k), self.min_flow_frac * design, design)
        rate = rate_for_conductance_kw_per_k(
            self.ua_kw_per_k, duty.flow_kw_per_k, ratio(heat_kw, drive_k), design
        )
        rate = xp.maximum(rate, least)
        flow_frac = xp.where(heat_kw > 0, rate / design, 0.0)
        pump_kw = self._pump_kw(flow_frac)
        reject_kw = heat_kw + pump_kw
        withdrawn = flow_frac * self.design_flow_m3_s * self.water_kg_per_m3
        return Service(
            heat_kw=heat_kw,
            power_kw={"intake_pump": pump_kw},
            reject_kw=reject_kw,
            water=Water(withdrawn_kg_s=withdrawn),
            limits=self._other_water(duty, runs=flow_frac > 0),
            traces={
                "water_c": water_c + 0.0 * heat_kw,
                "discharge_c": water_c + ratio(reject_kw, flow_frac * design),
                "flow_frac": flow_frac,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )
