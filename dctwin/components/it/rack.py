"""An IT rack: electricity in, heat out to air and to liquid, and the limits that throttle it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from dctwin.components.component import Component, param, ratio
from dctwin.components.it.classes import AIR_CLASS_C, LIQUID_CLASS_C, AirClass, LiquidClass
from dctwin.physics.arrays import Array, known, namespace
from dctwin.units import SECONDS_PER_HOUR

# Inlets between which the fan law meets a measured server: Dell PowerEdge R410, 137.7, 139.4,
# 141.5, 144.0, 148.4, 154.0 W at 27, 29, ... 37 °C (Green Revolution Cooling, 2016), and down to
# 15 °C the slope of 0.35 %/K of Coroama et al., arXiv 2509.26163. With 8 % of fans it errs by less
# than 0.1 % of the server's power up to 33 °C and by 2.3 % at 37 °C, where leakage grows.
INLET_RANGE_C = (15.0, 37.0)
RATED_INLET_C = 25.0
# Lowest over highest speed. Assumed, 0.2 to 0.4: at 30 % duty a fan of Intel's 4-wire
# specification (2005) runs at its least.
LEAST_SPEED_FRAC = 0.3
# Coolant flow over rated flow within which the law of the cold plates stands.
PLATE_FLOW_FRAC = (0.2, 1.5)

# Numerical floors, and the steps that find the liquid heat at a limit to 1e-9 (tested).
_LEAST_FLOW_FRAC, _TINY = 1e-3, 1e-12
_SECANT_STEPS, _NEWTON_STEPS = 7, 6


class RackPower(NamedTuple):
    """Electricity of one rack [kW] and the heat it makes: compute + fans = air + liquid."""

    compute_kw: Array
    fans_kw: Array
    air_kw: Array
    liquid_kw: Array


@dataclass(frozen=True)
class RackState:
    """What a rack remembers: the temperature of its cold plates and silicon cases."""

    case_c: float


class Rack(Component):
    """One rack of servers or accelerators.

    Compute power is linear in load between idle and full. The liquid share of it goes into the
    coolant (at idle it may be less), the rest and the fans into the air.
    Fans: their speed n holds the hottest cases at T_limit, a resistance that falls with the 0.8
    power of turbulent flow, n^0.8 = Q/Q_full · (T_limit - 25)/(T_limit - T_inlet), Q the compute
    heat in the air; power goes with n³. Full speed is that of full heat at the air class's highest
    inlet (37 °C without a class), the lowest 0.3 of it. Fans of a rack wholly in liquid keep their
    speed. Altitude: the resistance goes with the mass of air, so that in air of density d over that
    at sea level the speed is n/d, the power of a fan goes with d · speed³, and the same cooling
    costs 1/d² (fan laws); fans at their lowest speed take d. Servers are taken to have the speed
    that this asks, and their class to allow the same inlets (ASHRAE lowers them above some 900 m,
    1 K per 300 m in A1 and A2, as recalled): throttling knows no altitude.
    Cases: T_case = T_coolant + Q_liquid · R, R/R_rated = (1 - s) + s · r^-n with coolant flow r
    over the flow of the rated rise; R_rated = case_lift_k over the full liquid heat, s is the share
    of the resistance that lies in the coolant.
    n = 1/3 in thermally developing laminar flow, 0.8 in turbulent flow.
    Throttling: compute power falls to what its limits allow, not below idle. Liquid: the cases keep
    their limit. Air: full power is allowed up to the class's highest inlet; above it power falls
    with what remains to the case limit, (T_limit - T_inlet)/(T_limit - T_allowable): a case at its
    limit over a constant resistance, the fans being at full speed already. Water above a liquid
    class: the liquid heat falls by the same law, as the class is what full power was tested with.
    Balance: compute_kw + fans_kw = air_kw + liquid_kw (+ stored_kw in transients).
    Valid for inlets of 15-37 °C and 0.2-1.5 of rated coolant flow; flagged outside.
    Source: fans that hold a case and draw the cube of their speed, ASHRAE TC 9.9, IT Equipment
    Thermal Management and Controls (2012), measured see INLET_RANGE_C; exponents, Incropera et al.,
    Fundamentals of Heat and Mass Transfer, 7th ed., eq. 8.57 (Sieder and Tate) and 8.60 (Dittus
    and Boelter); classes.py.
    """

    kind: ClassVar[str] = "rack"
    extensive: ClassVar[frozenset[str]] = frozenset({"design_kw", "mass_kwh_per_k"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {"inlet_c", "coolant_c", "case_c", "coolant_flow_frac"}
    )

    design_kw: float = param("kW", 0.1, 2_000, "power at full load, 25 °C inlet, without supplies")
    idle_frac: float = param("-", 0, 1, "power at no load, share of full", 0.3)
    liquid_frac: float = param("-", 0, 1, "share of the compute heat taken by liquid", 0.0)
    liquid_idle_drop_frac: float = param(
        "-", 0, 1, "how much less than liquid_frac it is at no load (linear in load)", 0.0
    )
    fan_frac: float = param("-", 0, 0.4, "server fans, share of full power at 25 °C inlet", 0.08)
    air_class: AirClass = Field("none", description="ASHRAE air class; none: no limit of inlet air")
    liquid_class: LiquidClass = Field(
        "none", description="ASHRAE class of facility water (W) or of the racks' coolant (S)"
    )
    case_lift_k: float = param(
        "K", 0, 90, "case above coolant at full liquid heat and rated flow", 30.0
    )
    case_rise_k: float = param(
        "K", 1, 40, "coolant rise at full liquid heat that the rated flow gives", 10.0
    )
    case_flow_frac: float = param(
        "-", 0, 1, "share of case_lift_k that falls with coolant flow", 0.0
    )
    case_flow_exponent: float = param("-", 0, 0.9, "power of flow with which it falls", 1.0 / 3.0)
    case_limit_c: float = param("°C", 50, 110, "case temperature at which it throttles", 85.0)
    mass_kwh_per_k: float = param("kWh/K", 0.0001, 10, "heat held by plates and servers", 0.05)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.liquid_idle_drop_frac > self.liquid_frac:
            raise ValueError("liquid_idle_drop_frac must not be above liquid_frac")
        if self.case_limit_c <= LIQUID_CLASS_C.get(self.liquid_class, -np.inf):
            raise ValueError(f"case_limit_c must be above the water of class {self.liquid_class}")
        return self

    # --- power -----------------------------------------------------------------------------

    def compute_kw(self, load_frac: Array) -> Array:
        """Compute power at a load of 0-1."""
        full_kw = self.design_kw * (1.0 - self.fan_frac)
        return full_kw * (self.idle_frac + (1.0 - self.idle_frac) * load_frac)

    def liquid_kw(self, load_frac: Array) -> Array:
        """Heat into the coolant at a load of 0-1."""
        share = self.liquid_frac - self.liquid_idle_drop_frac * (1.0 - load_frac)
        return share * self.compute_kw(load_frac)

    def power(self, load_frac: Array, inlet_c: Array, density_frac: Array = 1.0) -> RackPower:
        """Electricity and heat at a load of 0-1 and an air inlet temperature [°C].

        `density_frac` is the density of the air over that of equally warm air at sea level.
        """
        compute_kw = self.compute_kw(load_frac)
        liquid_kw = self.liquid_kw(load_frac)
        fans_kw: Array = 0.0  # without fans the inlet changes nothing, hour by hour
        if not known(self.fan_frac) or np.any(np.asarray(self.fan_frac) > 0):
            fans = self._fan_power_frac(compute_kw - liquid_kw, inlet_c, density_frac)
            fans_kw = self.design_kw * self.fan_frac * fans
        return RackPower(compute_kw, fans_kw, compute_kw - liquid_kw + fans_kw, liquid_kw)

    def _fan_power_frac(self, air_kw: Array, inlet_c: Array, density_frac: Array) -> Array:
        """Power of the fans over that at full load and 25 °C, for a heat in the air.

        Cubes of the speed at sea level, which is the mass flow everywhere; the speed is that over
        the density, the power density · speed³.
        """
        full_kw = (1.0 - self.liquid_frac) * self.compute_kw(1.0)
        xp = namespace(air_kw, inlet_c, full_kw, self.case_limit_c, density_frac)
        most = _cube_of_speed(xp, self._lift(xp, self._highest_inlet_c()))
        needed = _cube_of_speed(xp, ratio(air_kw, full_kw) * self._lift(xp, inlet_c))
        least = LEAST_SPEED_FRAC**3 * most
        flowing = xp.minimum(needed, most) / (density_frac * density_frac)
        return xp.where(full_kw > 0, xp.maximum(flowing, least * density_frac), density_frac)

    def _lift(self, xp: Any, inlet_c: Array) -> Array:
        """What inlet air at 25 °C leaves to the case limit over what this inlet leaves."""
        return (self.case_limit_c - RATED_INLET_C) / xp.maximum(self.case_limit_c - inlet_c, _TINY)

    def _highest_inlet_c(self) -> float:
        """The inlet up to which the fans hold the cases at full load."""
        return AIR_CLASS_C[self.air_class][1] if self.air_class != "none" else INLET_RANGE_C[1]

    # --- limits ----------------------------------------------------------------------------

    def coolant_flow_frac(self, coolant_kw_per_k: Array) -> Array:
        """Coolant flow of the rack over its rated flow."""
        return ratio(coolant_kw_per_k * self.case_rise_k, self.liquid_kw(1.0))

    def plate_k_per_kw(self, coolant_kw_per_k: Array) -> Array:
        """Case above coolant per kilowatt at this coolant flow."""
        flow_frac = self.coolant_flow_frac(coolant_kw_per_k)
        xp = namespace(flow_frac, self.case_flow_frac)
        slow = xp.maximum(flow_frac, _LEAST_FLOW_FRAC) ** -self.case_flow_exponent
        lift_k = self.case_lift_k * (1.0 + self.case_flow_frac * (slow - 1.0))
        return ratio(lift_k, self.liquid_kw(1.0))

    def most_liquid_kw(
        self, load_frac: Array, coolant_c: Array, coolant: Callable[[Array], Array]
    ) -> Array:
        """Heat that the coolant takes with the cases at their limit, or all that the load makes.

        `coolant` gives the rack's capacity rate for a heat. Secant steps on
        ln(Q R(Q)) = ln(limit - coolant), whose slope over ln Q lies between 1 - n and 1.
        """
        liquid_kw = self.liquid_kw(load_frac)
        drive_k = self.case_limit_c - coolant_c
        hot = liquid_kw * self.plate_k_per_kw(coolant(liquid_kw)) > drive_k
        xp = namespace(hot, liquid_kw, drive_k)
        if xp is np and not np.any(hot):
            return liquid_kw
        target = xp.log(xp.maximum(drive_k, _TINY))

        def gap(log_kw: Array) -> Array:
            kw = xp.exp(log_kw)
            lift_k = xp.maximum(kw * self.plate_k_per_kw(coolant(kw)), _TINY)
            return xp.log(lift_k) - target

        asked = xp.log(xp.maximum(liquid_kw, _TINY))
        before, gap_before = asked, gap(asked)
        at = xp.minimum(before - gap_before, asked)
        for _ in range(_SECANT_STEPS):
            gap_at = gap(at)
            step = at - before
            moved = xp.abs(step) > _TINY
            slope = xp.where(moved, (gap_at - gap_before) / xp.where(moved, step, 1.0), 1.0)
            before, gap_before = at, gap_at
            at = xp.minimum(at - gap_at / xp.clip(slope, 0.1, 1.0), asked)
        most_kw = xp.where(drive_k > 0, xp.exp(at), 0.0)
        return xp.where(hot, xp.minimum(most_kw, liquid_kw), liquid_kw)

    def allowed_load(self, load_frac: Array, inlet_c: Array, most_liquid_kw: Array) -> Array:
        """The load at which inlet air and coolant keep the cases within their limit."""
        load_frac = self._breathed_load(load_frac, inlet_c)
        liquid_kw = self.liquid_kw(load_frac)
        over = liquid_kw > most_liquid_kw
        xp = namespace(over, load_frac, most_liquid_kw)
        if xp is np and not np.any(over):
            return load_frac
        at = load_frac
        compute_slope = self.design_kw * (1.0 - self.fan_frac) * (1.0 - self.idle_frac)
        # Liquid heat is a quadratic that rises with load, so that these steps come from above.
        for _ in range(_NEWTON_STEPS):
            share = self.liquid_frac - self.liquid_idle_drop_frac * (1.0 - at)
            slope = self.liquid_idle_drop_frac * self.compute_kw(at) + share * compute_slope
            at = at - (share * self.compute_kw(at) - most_liquid_kw) / xp.maximum(slope, _TINY)
            at = xp.clip(at, 0.0, load_frac)
        return xp.where(over, at, load_frac)

    def classed_liquid_kw(self, water_c: Array) -> Array:
        """Heat that the coolant may take while the water of the liquid class is this warm."""
        most_c = LIQUID_CLASS_C.get(self.liquid_class, np.inf)
        xp = namespace(water_c, self.case_limit_c, self.liquid_frac)
        warmer = water_c > most_c
        spare = (self.case_limit_c - water_c) / xp.maximum(self.case_limit_c - most_c, _TINY)
        return xp.where(warmer, self.liquid_kw(1.0) * xp.maximum(spare, 0.0), np.inf)

    def _breathed_load(self, load_frac: Array, inlet_c: Array) -> Array:
        """The load that the inlet air allows by the rack's air class."""
        if self.air_class == "none":
            return load_frac
        xp = namespace(load_frac, inlet_c, self.case_limit_c, self.idle_frac, self.liquid_frac)
        highest_c = self._highest_inlet_c()
        allowed = (self.case_limit_c - inlet_c) / (self.case_limit_c - highest_c)
        most = (allowed - self.idle_frac) / xp.maximum(1.0 - self.idle_frac, _TINY)
        # What stands wholly in liquid does not breathe.
        free = (self.liquid_frac >= 1.0) | (allowed >= 1.0)
        return xp.where(free, load_frac, xp.clip(most, 0.0, load_frac))

    # --- time ------------------------------------------------------------------------------

    def held_liquid_kw(
        self, state: RackState, coolant_c: float, k_per_kw: float, flowing: bool, dt_s: float
    ) -> float:
        """Liquid heat with which the cases end a step of dt_s at their limit (`advance` solved)."""
        mass_kj_per_k = self.mass_kwh_per_k * SECONDS_PER_HOUR
        spare_k = self.case_limit_c - state.case_c
        if not flowing:
            return max(mass_kj_per_k * spare_k / dt_s, 0.0)
        if k_per_kw == 0:
            return math.inf if coolant_c <= self.case_limit_c else 0.0
        decay = -math.expm1(-dt_s / (mass_kj_per_k * k_per_kw))
        return max((state.case_c + spare_k / decay - coolant_c) / k_per_kw, 0.0)

    def advance(
        self,
        state: RackState,
        liquid_kw: float,
        coolant_c: float,
        k_per_kw: float,
        flowing: bool,
        dt_s: float,
    ) -> tuple[RackState, float, float]:
        """One step: (state, heat_out_kw to the coolant, stored_kw), exact exponential.

        The cases relax to coolant + power x resistance; without flow the heat stays in the mass.
        """
        mass_kj_per_k = self.mass_kwh_per_k * SECONDS_PER_HOUR
        if not flowing or k_per_kw == 0:
            stored_kw = 0.0 if flowing else liquid_kw
            case_c = coolant_c if flowing else state.case_c + liquid_kw * dt_s / mass_kj_per_k
            return RackState(case_c), liquid_kw - stored_kw, stored_kw
        settled_c = coolant_c + liquid_kw * k_per_kw
        decay = -math.expm1(-dt_s / (mass_kj_per_k * k_per_kw))
        change_k = (settled_c - state.case_c) * decay
        stored_kw = mass_kj_per_k * change_k / dt_s
        return RackState(state.case_c + change_k), liquid_kw - stored_kw, stored_kw


def _cube_of_speed(xp: Any, resistance: Array) -> Array:
    """Cube of the speed that brings a resistance down by this factor: its power of 3/0.8."""
    root = xp.sqrt(xp.maximum(resistance, _TINY))
    return resistance * resistance * resistance * root * xp.sqrt(root)
