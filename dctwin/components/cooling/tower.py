"""Open cooling tower after Merkel with a variable-speed fan, free convection and a bypass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from dctwin.components.component import Air, Duty, Service, Stage, Water, param, ratio
from dctwin.components.media import Medium
from dctwin.physics import evaporation, moist_air
from dctwin.physics.arrays import Array, in_places, known, namespace, where_needed
from dctwin.physics.evaporation import EnteringAir, polynomial
from dctwin.units import SECONDS_PER_HOUR

# Heat capacity of water at 30 °C (IAPWS-95): 995.65 kg/m³ · 4.1798 kJ/kg/K.
_WATER_KJ_PER_M3_K = 4161.6
# Air flow below which natural draught is not followed further (its evaporation hangs on the heat).
_LEAST_AIR_FRAC = 0.005
# Stands for a stopped flow where it would divide by zero; the heat is then zero anyway.
_NO_FLOW_KW_PER_K = 1e-9
# A tower that misses its target by less is not short of capacity.
_SETTLED_K = 1e-5
# One whose water leaves colder than its target by less runs at full speed.
_FULL_K = 1e-8
_CAPACITY_STEPS = 4
# Capacity is searched in the steps that miss alone where those are fewer than this share; and the
# air flow, which takes more of a step than it takes to pick it out.
_FEW_FRAC, _FEW_SLOWED_FRAC = 0.6, 0.85
# Most transfer units, UA over the air's capacity rate, at the rating. Assumed, as the dry cooler's:
# more than any fill has (the bundled towers 1.8 and 4.2). The search of the air flow holds to 30.
MAX_NTU = 10.0
# Where the UA modifier for water flow holds; EnergyPlus keeps it there (and above one half).
_WATER_FRAC_RANGE = (0.3, 1.0)


class Tower(Stage):
    """Counterflow open tower: air and water exchange heat and vapour over a fill.

    Merkel's method with an equivalent specific heat; UA = UA_rated · f_air · f_water · f_wet_bulb
    (physics/evaporation.py has equations and source: EnergyPlus 25.2 Engineering Reference,
    "Variable Speed Cooling Towers Merkel"). The fan takes the speed at which the water leaves at
    its target. Below the least speed it cycles against natural draught: with r the mean air flow
    that the heat needs, it runs for (r - r_free)/(r_min - r_free) of the time, and not at all
    below r_free; then a bypass holds the target. f_air is taken to hold down there, which makes
    natural draught a part of the same law: for EnergyPlus's usual tenth of the air flow it takes
    12 % of the rated heat at rated temperatures, where EnergyPlus is told 10 %.
    An idle tower's basin is drained, or a heater holds it: basin_kw_per_k for each kelvin of
    outdoor air below basin_c (EnergyPlus's basin heater, which works while the fan is off and no
    water flows). Idle is a tower without heat, and one that staging has switched off; where all of
    a bank share the heat, none is. fan_kw is at the site's air, as in EnergyPlus.
    Balance: heat_kw + fan and heater power = reject_kw. Water: evaporation by the first law on the
    entering air, drift with air flow, blowdown for `cycles` of concentration.

    Valid: entering wet bulb 10.6-35.6 °C for f_wet_bulb (held outside, as in EnergyPlus; -40 °C
    for the rest), water flow 0.3-1 of design (held outside), air flow 0.2-1 of design, ratings of
    up to 10 transfer units.
    """

    kind: ClassVar[str] = "tower"
    media: ClassVar[frozenset[Medium]] = frozenset({"water"})
    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"rated_kw", "design_water_m3_s", "design_air_m3_s", "fan_kw", "basin_kw_per_k"}
    )
    reports: ClassVar[frozenset[str]] = frozenset(
        {
            "leaving_c",
            "approach_k",
            "wet_bulb_c",
            "air_frac",
            "water_frac",
            "leaving_air_c",
            "evaporation_kg_per_kwh",
        }
    )

    rated_kw: float = param("kW", 1, 200_000, "heat at the rating point, at full air flow")
    rated_water_in_c: float = param("°C", 20, 60, "water entering at the rating point", 35.0)
    rated_wet_bulb_c: float = param("°C", 0, 35, "wet bulb at the rating point", 25.6)
    rated_dry_bulb_c: float = param("°C", 0, 50, "dry bulb at the rating point", 35.0)
    design_water_m3_s: float = param("m³/s", 1e-4, 20, "water flow at the rating point")
    design_air_m3_s: float = param("m³/s", 0.01, 20_000, "full air flow, at the inlet")
    fan_kw: float = param("kW", 0, 5_000, "fan electricity at full air flow, drive included")
    fan_curve: tuple[float, float, float, float] = Field(
        (0.02, 0.0, 0.0, 0.98), description="fan power over full: a + b r + c r² + d r³ of air flow"
    )
    min_air_frac: float = param("-", 0.05, 1, "least air flow of the running fan", 0.2)
    free_air_frac: float = param("-", 0, 0.5, "air flow by natural draught", 0.1)
    ua_air: tuple[float, float, float] = Field(
        evaporation.UA_AIR_RATIO, description="UA modifier of air flow: a + b r + c r²"
    )
    ua_water: tuple[float, float, float] = Field(
        evaporation.UA_WATER_RATIO, description="UA modifier of water flow: a + b r + c r²"
    )
    ua_wet_bulb: tuple[float, float] = Field(
        evaporation.UA_WET_BULB, description="UA modifier of 25.56 °C less wet bulb: a + b ΔT"
    )
    basin_kw_per_k: float = param(
        "kW/K", 0, 100, "basin heater of an idle tower, per kelvin of frost; 0 = drained basin", 0.0
    )
    basin_c: float = param("°C", 0, 15, "basin temperature that the heater holds", 2.0)
    drift_frac: float = param("-", 0, 0.01, "droplets lost, share of water flow", 8e-5)
    cycles: float = param("-", 1.1, 20, "cycles of concentration held by blowdown", 3.0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self._in_order("free_air_frac", "min_air_frac")
        self._in_order("rated_wet_bulb_c", "rated_dry_bulb_c", equal=True)
        with np.errstate(all="ignore"):
            ua_kw_per_k = float(self.rated_ua_kw_per_k)
        if not 0.0 < ua_kw_per_k < float("inf"):
            raise ValueError(
                "impossible rating: water would leave below the wet bulb, or air above the water"
            )
        units = ua_kw_per_k / self._rated_air_kw_per_k()
        if units > MAX_NTU:
            raise ValueError(
                f"this rating asks for a fill of {units:.3g} transfer units, more than the "
                f"{MAX_NTU:g} that the model holds for: lower rated_kw, or raise design_air_m3_s "
                "or rated_water_in_c"
            )
        return self

    def _rated_air(self) -> EnteringAir:
        """Entering air at the rating point, at sea level."""
        pressure_pa = moist_air.STANDARD_PRESSURE_PA
        saturated = moist_air.saturated_humidity_kg_per_kg(self.rated_wet_bulb_c, pressure_pa)
        # ASHRAE Fundamentals 2021, ch. 1, eq. 33: humidity from wet and dry bulb.
        vapour = moist_air.LATENT_0C_KJ_PER_KG + (
            moist_air.CP_VAPOUR_KJ_PER_KG_K * self.rated_dry_bulb_c
        )
        liquid = moist_air.CP_LIQUID_KJ_PER_KG_K * self.rated_wet_bulb_c
        latent = (
            moist_air.LATENT_0C_KJ_PER_KG
            + moist_air.CP_VAPOUR_KJ_PER_KG_K * self.rated_wet_bulb_c
            - liquid
        )
        drier_k = self.rated_dry_bulb_c - self.rated_wet_bulb_c
        humidity = (saturated * latent - moist_air.CP_AIR_KJ_PER_KG_K * drier_k) / (vapour - liquid)
        return evaporation.entering_air(
            self.rated_dry_bulb_c, humidity, pressure_pa, self.rated_wet_bulb_c
        )

    def _rated_air_kw_per_k(self) -> Array:
        """Capacity rate of the air at the rating point."""
        air = self._rated_air()
        return self.design_air_m3_s * air.density_kg_per_m3 * air.heat_capacity_kj_per_kg_k

    @cached_property
    def rated_ua_kw_per_k(self) -> Array:
        """UA of the fill at the rating point, at sea level."""
        air = self._rated_air()
        return evaporation.ua_from_rating(
            self.rated_kw,
            self.rated_water_in_c,
            air,
            self.design_water_m3_s * _WATER_KJ_PER_M3_K,
            self.design_air_m3_s * air.density_kg_per_m3,
        )

    def _fill(self, duty: Duty) -> tuple[EnteringAir, Array, Array, Array]:
        """Entering air, full air flow [kg/s], UA before f_air and water capacity rate [kW/K]."""
        air = entering_of(duty.air)
        xp = namespace(duty.flow_m3_s, duty.flow_kw_per_k, self.design_water_m3_s)
        water_frac = xp.clip(duty.flow_m3_s / self.design_water_m3_s, *_WATER_FRAC_RANGE)
        by_wet_bulb, _ = evaporation.wet_bulb_factor(air.wet_bulb_c, self.ua_wet_bulb)
        modifiers = polynomial(self.ua_water, water_frac) * by_wet_bulb
        ua_kw_per_k = self.rated_ua_kw_per_k * modifiers
        water_kw_per_k = xp.maximum(duty.flow_kw_per_k, _NO_FLOW_KW_PER_K)
        return air, self.design_air_m3_s * air.density_kg_per_m3, ua_kw_per_k, water_kw_per_k

    def reach_c(self, duty: Duty) -> Array:
        air, full_kg_s, ua_kw_per_k, water_kw_per_k = self._fill(duty)
        ua_kw_per_k = ua_kw_per_k * polynomial(self.ua_air, 1.0)
        leaving_air_c = evaporation.leaving_air_c(duty.heat_kw, full_kg_s, air)
        return evaporation.coldest_water_c(
            duty.heat_kw, air, leaving_air_c, water_kw_per_k, full_kg_s, ua_kw_per_k
        )

    def serve(self, duty: Duty) -> Service:
        xp = namespace(duty.heat_kw, duty.return_c, duty.flow_kw_per_k, duty.air.wet_bulb_c)
        air, full_kg_s, ua_kw_per_k, water_kw_per_k = self._fill(duty)
        asked_kw = xp.where(duty.flow_kw_per_k > 0, duty.heat_kw, 0.0)
        target_c = duty.return_c - asked_kw / water_kw_per_k
        full_ua_kw_per_k = ua_kw_per_k * polynomial(self.ua_air, 1.0)
        leaving_air_c = evaporation.leaving_air_c(asked_kw, full_kg_s, air)
        coldest_c = evaporation.coldest_water_c(
            asked_kw, air, leaving_air_c, water_kw_per_k, full_kg_s, full_ua_kw_per_k
        )
        state = asked_kw, target_c, water_kw_per_k, full_kg_s, ua_kw_per_k, *air
        slowed = coldest_c < target_c - _FULL_K
        air_frac, leaving_air_c = in_places(
            slowed, _FEW_SLOWED_FRAC, self._slowed, state, (1.0, leaving_air_c)
        )
        heat_kw = asked_kw
        missed = coldest_c > target_c + _SETTLED_K
        # A loop whose only stage this is has floated to what it can do, so this is rare: NumPy
        # looks first, a JAX trace computes it always.
        if xp is not np or np.any(missed):
            taking = duty.return_c, water_kw_per_k, full_kg_s, full_ua_kw_per_k, *air
            (able_kw,) = where_needed(missed, _FEW_FRAC, _able_kw, taking) or _able_kw(*taking)
            short = missed & (able_kw < asked_kw)
            heat_kw = xp.where(short, able_kw, asked_kw)
            leaving_air_c = evaporation.leaving_air_c(heat_kw, air_frac * full_kg_s, air)
        return self._service(duty, air, heat_kw, air_frac, air_frac * full_kg_s, leaving_air_c)

    def _slowed(
        self,
        heat_kw: Array,
        target_c: Array,
        water_kw_per_k: Array,
        full_kg_s: Array,
        ua_kw_per_k: Array,
        *entering: Array,
    ) -> tuple[Array, Array]:
        """Share of full air flow at which water leaves at the target, and how warm air leaves."""
        air = EnteringAir(*entering)
        air_frac, rise_k = evaporation.required_air_ratio(
            heat_kw,
            target_c,
            air,
            water_kw_per_k,
            full_kg_s,
            ua_kw_per_k,
            _LEAST_AIR_FRAC,
            self.ua_air,
        )

        def held(heat_kw: Array, full_kg_s: Array, *entering: Array) -> tuple[Array]:
            air = EnteringAir(*entering)
            return (evaporation.leaving_air_c(heat_kw, _LEAST_AIR_FRAC * full_kg_s, air),)

        state = heat_kw, full_kg_s, *entering
        least = air_frac <= _LEAST_AIR_FRAC
        (leaving_air_c,) = in_places(least, _FEW_FRAC, held, state, (air.wet_bulb_c + rise_k,))
        return air_frac, leaving_air_c

    def _service(
        self,
        duty: Duty,
        air: EnteringAir,
        heat_kw: Array,
        air_frac: Array,
        air_kg_s: Array,
        leaving_air_c: Array,
    ) -> Service:
        xp = namespace(heat_kw, air_frac)
        runs = heat_kw > 0
        loss = evaporation.water_loss(heat_kw, air, leaving_air_c, air_kg_s)
        # An idle tower is drained or covered: no washer's evaporation without heat.
        evaporated_kg_s = xp.where(runs, loss.evaporation_kg_s, 0.0)
        air_frac = xp.where(runs, air_frac, 0.0)
        water_kg_s = duty.flow_kw_per_k / moist_air.CP_LIQUID_KJ_PER_KG_K
        drift_kg_s = evaporation.drift_kg_s(water_kg_s, self.drift_frac, air_frac)
        power_kw = {"tower_fan": self.fan_kw * self._fan_frac(air_frac)}
        if self.works_idle():
            idle_kw = self.idle_power_kw(duty.air)["basin_heater"]
            power_kw["basin_heater"] = xp.where(runs, 0.0, idle_kw)
        flows = Service(
            heat_kw=heat_kw,
            power_kw=power_kw,
            reject_kw=heat_kw + sum(power_kw.values()),
            water=Water(
                evaporated_kg_s,
                drift_kg_s,
                evaporation.blowdown_kg_s(evaporated_kg_s, drift_kg_s, self.cycles),
            ),
        )
        if not duty.watched:
            return flows
        leaving_c = duty.return_c - ratio(heat_kw, duty.flow_kw_per_k)
        return replace(
            flows,
            traces={
                "leaving_c": leaving_c,
                "approach_k": leaving_c - air.wet_bulb_c,
                "wet_bulb_c": air.wet_bulb_c,
                "air_frac": air_frac,
                "water_frac": duty.flow_m3_s / self.design_water_m3_s,
                "leaving_air_c": leaving_air_c,
                "evaporation_kg_per_kwh": ratio(evaporated_kg_s * SECONDS_PER_HOUR, heat_kw),
            },
        )

    def works_idle(self) -> bool:
        # Traced, it may.
        return not known(self.basin_kw_per_k) or bool(np.any(np.asarray(self.basin_kw_per_k) > 0))

    def idle_power_kw(self, air: Air) -> Mapping[str, Array]:
        """Electricity that keeps the basin from freezing."""
        if not self.works_idle():
            return {}
        xp = namespace(air.dry_bulb_c, self.basin_c)
        frost_k = xp.maximum(self.basin_c - air.dry_bulb_c, 0.0)
        return {"basin_heater": self.basin_kw_per_k * frost_k}

    def _fan_frac(self, air_frac: Array) -> Array:
        """Fan power over full power: the curve, or cycling at least speed, or natural draught."""
        xp = namespace(air_frac, self.min_air_frac)
        spare = (air_frac - self.free_air_frac) / (self.min_air_frac - self.free_air_frac)
        running = xp.maximum(air_frac, self.min_air_frac)
        return xp.clip(spare, 0.0, 1.0) * polynomial(self.fan_curve, running)


def entering_of(air: Air) -> EnteringAir:
    """Merkel's view of the outdoor air; what is known of it already is not computed again."""
    at_wet_bulb = air.wet_bulb_enthalpy_kj_per_kg
    if at_wet_bulb is None:
        at_wet_bulb, _ = moist_air.saturated_enthalpy_kj_per_kg(
            air.wet_bulb_c, air.pressure_pa, over_water=True
        )
    return EnteringAir(
        air.dry_bulb_c,
        air.humidity_kg_per_kg,
        air.pressure_pa,
        air.wet_bulb_c,
        air.enthalpy_kj_per_kg,
        at_wet_bulb,
        moist_air.CP_AIR_KJ_PER_KG_K + moist_air.CP_VAPOUR_KJ_PER_KG_K * air.humidity_kg_per_kg,
        air.density_kg_per_m3 / (1.0 + air.humidity_kg_per_kg),
    )


def _able_kw(
    water_in_c: Array, water_kw_per_k: Array, air_kg_s: Array, ua_kw_per_k: Array, *entering: Array
) -> tuple[Array]:
    """Heat that a tower takes at this air flow from water that enters at this temperature.

    Secant steps on the entering water that a heat needs, T_needed(Q) - T_wb, which rises from zero
    slightly less than in proportion to Q, started from proportion at the rating.
    """
    air = EnteringAir(*entering)
    xp = namespace(water_in_c, air.wet_bulb_c, air_kg_s)
    drive_k = xp.maximum(water_in_c - air.wet_bulb_c, 0.0)

    def needed_k(heat_kw: Array) -> Array:
        leaving_air_c = evaporation.leaving_air_c(heat_kw, air_kg_s, air)
        coldest_c = evaporation.coldest_water_c(
            heat_kw, air, leaving_air_c, water_kw_per_k, air_kg_s, ua_kw_per_k
        )
        return coldest_c + heat_kw / water_kw_per_k - air.wet_bulb_c

    before_kw = 0.5 * water_kw_per_k * drive_k
    before_k = needed_k(before_kw)
    heat_kw = before_kw * ratio(drive_k, before_k)
    for _ in range(_CAPACITY_STEPS):
        now_k = needed_k(heat_kw)
        slope = ratio(xp.abs(heat_kw - before_kw), xp.abs(now_k - before_k))
        before_kw, before_k = heat_kw, now_k
        heat_kw = xp.maximum(heat_kw + slope * (drive_k - now_k), 0.0)
    return (heat_kw,)
