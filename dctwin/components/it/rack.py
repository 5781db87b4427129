"""An IT rack: electricity in, heat out to air and to liquid, with fans that answer the inlet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array, namespace
from dctwin.units import SECONDS_PER_HOUR

# Power of an air-cooled server against inlet temperature, relative to 27 °C: Dell PowerEdge R410,
# measured 137.7, 139.4, 141.5, 144.0, 148.4, 154.0 W at 27…37 °C (Green Revolution Cooling, air
# test). Below 27 °C the slope of 0.35 %/K at 23-25 °C of Coroama et al., arXiv 2509.26163.
INLET_C = (15.0, 27.0, 29.0, 31.0, 33.0, 35.0, 37.0)
INLET_POWER_FRAC = (0.958, 1.0, 1.01235, 1.02760, 1.04575, 1.07771, 1.11837)


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

    Compute power is linear in load between idle and full; fans (and leakage) of the air-cooled
    part rise with inlet temperature along a measured curve. The liquid share of the compute power
    goes into the coolant, the rest and the fans into the air.
    Balance: compute_kw + fans_kw = air_kw + liquid_kw (+ stored_kw in transients).
    """

    kind: ClassVar[str] = "rack"
    extensive: ClassVar[frozenset[str]] = frozenset({"design_kw", "mass_kwh_per_k"})

    design_kw: float = param("kW", 0.1, 2_000, "power at full load, 25 °C inlet, without supplies")
    idle_frac: float = param("-", 0, 1, "power at no load, share of full", 0.3)
    liquid_frac: float = param("-", 0, 1, "share of the compute heat taken by liquid", 0.0)
    fan_frac: float = param("-", 0, 0.4, "server fans, share of full power at 25 °C inlet", 0.08)
    case_k_per_kw: float = param(
        "K/kW", 0, 10, "case above coolant at full liquid heat, whole rack in parallel", 0.2
    )
    case_limit_c: float = param("°C", 40, 110, "case temperature at which it throttles", 85.0)
    mass_kwh_per_k: float = param("kWh/K", 0.0001, 10, "heat held by plates and servers", 0.05)

    def power(self, load_frac: Array, inlet_c: Array) -> RackPower:
        """Electricity and heat at a load of 0-1 and an air inlet temperature [°C]."""
        xp = namespace(load_frac, inlet_c, self.design_kw)
        full_kw = self.design_kw * (1.0 - self.fan_frac)
        compute_kw = full_kw * (self.idle_frac + (1.0 - self.idle_frac) * load_frac)
        # The curve gives total server power; what it adds over 25 °C comes from fans and leakage
        # of the part that breathes air.
        reference = _interpolate(xp, 25.0)
        rise_frac = _interpolate(xp, inlet_c) / reference - 1.0
        air_share = 1.0 - self.liquid_frac
        fans_kw = xp.maximum(
            self.design_kw * self.fan_frac + rise_frac * air_share * compute_kw, 0.0
        )
        liquid_kw = self.liquid_frac * compute_kw
        return RackPower(compute_kw, fans_kw, compute_kw - liquid_kw + fans_kw, liquid_kw)

    def advance(
        self, state: RackState, liquid_kw: float, coolant_c: float, flowing: bool, dt_s: float
    ) -> tuple[RackState, float, float]:
        """One step: (state, heat_out_kw to the coolant, stored_kw), exact exponential.

        The cases relax to coolant + power x resistance; without flow the heat stays in the mass.
        """
        mass_kj_per_k = self.mass_kwh_per_k * SECONDS_PER_HOUR
        if not flowing or self.case_k_per_kw == 0:
            stored_kw = 0.0 if flowing else liquid_kw
            case_c = coolant_c if flowing else state.case_c + liquid_kw * dt_s / mass_kj_per_k
            return RackState(case_c), liquid_kw - stored_kw, stored_kw
        settled_c = coolant_c + liquid_kw * self.case_k_per_kw
        decay = -math.expm1(-dt_s / (mass_kj_per_k * self.case_k_per_kw))
        change_k = (settled_c - state.case_c) * decay
        stored_kw = mass_kj_per_k * change_k / dt_s
        return RackState(state.case_c + change_k), liquid_kw - stored_kw, stored_kw


def _interpolate(xp: object, inlet_c: Array) -> Array:
    """Relative server power; beyond the measured 15-37 °C the end value holds (flagged there)."""
    return xp.interp(inlet_c, xp.asarray(INLET_C), xp.asarray(INLET_POWER_FRAC))  # type: ignore[attr-defined]
