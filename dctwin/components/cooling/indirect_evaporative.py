"""Indirect evaporative air handler: room air against outdoor air, through dry or wetted plates."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from dctwin.components.component import (
    Duty,
    Service,
    Stage,
    Water,
    altitude_density_frac,
    param,
    ratio,
)
from dctwin.components.cooling.crah import AIR_EXPONENT
from dctwin.components.cooling.exchanger import exchange_kw_per_k
from dctwin.components.cooling.tower import entering_of
from dctwin.components.media import AIR, Medium
from dctwin.physics import evaporation, moist_air
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.evaporation import EnteringAir
from dctwin.physics.hydraulics import mover_power_kw
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K

# Numerical floors: flows next to none, heat, differences of temperature, the least enthalpy rise at
# which a heat capacity is taken, the warm end's least share of the drive, and |x| at which a log
# mean is 1. Then how far the search's ends stand apart at least and its steps: 2e-7 of the flow is
# left in 99.9 % of random duties, at worst 6e-6, and 2e-7 kW of the capacity.
_LEAST_FLOW_FRAC = 1e-6
_LEAST_KW = 1e-9
_LEAST_K = 1e-9
_LEAST_GAIN_KJ_PER_KG = 1e-3
_LEAST_WARM = 1e-9
_SMALL = 1e-7
_FIRST = 1e-3
_STEPS = 6
_CAPACITY_STEPS = 2


class IndirectEvaporative(Stage):
    """Air handler with a plate exchanger between room air and outdoor air; no outdoor air enters.

    Heat and the room fan's electricity pass the plates:
        Q = eff(NTU, Cr) · Cmin · (T_return - T_outdoor), 1/UA = (r^-0.8 + s^-0.8)/(2 UA_d)
    r, s the mass flows of room and outdoor air over those of the design volumes, UA_d the design
    conductance shared equally. The room's is design volume at 1.2 kg/m³; of outdoor air's density
    the part that goes with altitude counts, in the film and in the fan's rise, and the part that
    goes with temperature is left out.
    Wetted plates: outdoor air counts by its wet bulb, its heat capacity is c_e = Δh_sat/ΔT_wb
    between entering and leaving, and its film conducts c_e/c_p times as much on the share of it
    that evaporates freely (Merkel's method, as in tower.py; Maclaine-cross and Banks, ASME J. Heat
    Transfer 103, 1981). Real plates gain next to nothing by that: water films, dry spots and
    cross-flow leave 0.62-0.76 of the wet bulb (De Antonellis et al. 2025, hdl 11311/1304410;
    EnergyPlus's example 2ZoneDataCenterHVAC_wEconomizer), which a share of none gives and one of
    0.8 would make 0.9.
    The plates are wetted where dry plates at full outdoor flow cannot carry the heat. The outdoor
    fan takes the speed that the heat needs, and cycles below its least. Air leaves saturated when
    wetted; evaporation by the first law on the entering air (evaporation.water_loss).
    Balance: reject_kw = heat_kw + room_fan + scavenger_fan + spray_pump.

    Valid: no condensation on the room's side, flows 0.2-1.1 of design, counterflow plates (for
    cross-flow ones choose UA_d by the measured effectiveness). Wetting below 0 °C dry bulb would
    freeze; it is not asked for while dry plates suffice. Cell-by-cell integration of the wetted
    plates agrees to 3 % (tests).
    """

    kind: ClassVar[str] = "indirect-evaporative"
    media: ClassVar[frozenset[Medium]] = AIR
    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"ua_kw_per_k", "design_flow_m3_s", "outdoor_flow_m3_s", "spray_pump_kw"}
    )
    reports: ClassVar[frozenset[str]] = frozenset(
        {"flow_frac", "outdoor_flow_frac", "wet_frac", "leaving_c", "outdoor_leaving_c"}
    )

    ua_kw_per_k: float = param(
        "kW/K", 0.01, 10_000, "conductance of the dry plates at design flows"
    )
    design_flow_m3_s: float = param("m³/s", 0.01, 1_000, "room air flow at the design point")
    outdoor_flow_m3_s: float = param("m³/s", 0.01, 1_000, "outdoor air flow at full speed")
    fan_rise_pa: float = param("Pa", 10, 3_000, "total pressure rise of the room fans")
    outdoor_rise_pa: float = param("Pa", 10, 3_000, "total pressure rise of the outdoor fans")
    static_frac: float = param("-", 0, 0.9, "share of the room's rise held at any flow", 0.1)
    fan_efficiency_frac: float = param("-", 0.2, 0.9, "fan efficiency, air to shaft", 0.65)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.88)
    min_speed_frac: float = param("-", 0.05, 1, "lowest speed of the outdoor fans", 0.2)
    wetted_frac: float = param(
        "-", 0, 1, "share of the outdoor film that conducts as a freely evaporating one", 0.0
    )
    spray_pump_kw: float = param("kW", 0, 1_000, "electricity of the spray pump, on when wet")
    cycles: float = param("-", 1.1, 20, "concentration of spray water over make-up", 3.0)

    def _room_fan_kw(self, duty: Duty) -> Array:
        return mover_power_kw(
            duty.flow_m3_s / self.design_flow_m3_s,
            self.design_flow_m3_s,
            self.fan_rise_pa,
            self.static_frac,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            duty.density_frac,
        )

    def _outdoor_fan_kw(self, flow_frac: Array, duty: Duty) -> Array:
        """Fans that cycle below their least speed; the rise goes with the air's density."""
        xp = namespace(flow_frac, self.min_speed_frac)
        speed = xp.maximum(flow_frac, self.min_speed_frac)
        at_speed = mover_power_kw(
            speed,
            self.outdoor_flow_m3_s,
            self.outdoor_rise_pa,
            0.0,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            altitude_density_frac(duty.air),
        )
        return at_speed * (flow_frac / speed)

    def _ua_kw_per_k(
        self, room_film: Array, wet: Array, mass_frac: Array, capacity: Array
    ) -> Array:
        """UA of both films at this outdoor mass flow and heat capacity of its air."""
        xp = namespace(mass_frac, capacity, self.ua_kw_per_k)
        gain = 1.0 + wet * (self.wetted_frac * (capacity / CP_AIR_KJ_PER_KG_K - 1.0))
        flow = xp.exp(AIR_EXPONENT * xp.log(xp.maximum(mass_frac, _LEAST_FLOW_FRAC)))
        outdoor_film = 2.0 * self.ua_kw_per_k * gain * flow
        return room_film * outdoor_film / (room_film + outdoor_film)

    def _room_film_kw_per_k(self, duty: Duty) -> Array:
        mass_frac = duty.flow_m3_s / self.design_flow_m3_s * duty.density_frac
        xp = namespace(mass_frac, self.ua_kw_per_k)
        room = xp.maximum(mass_frac, _LEAST_FLOW_FRAC)
        return 2.0 * self.ua_kw_per_k * xp.exp(AIR_EXPONENT * xp.log(room))

    def _full_kw_per_k(self, duty: Duty, air: EnteringAir, wet: float, capacity: Array) -> Array:
        """eff · Cmin at full outdoor flow."""
        thin = altitude_density_frac(duty.air)
        ua = self._ua_kw_per_k(self._room_film_kw_per_k(duty), wet, thin, capacity)
        outdoor = self.outdoor_flow_m3_s * air.density_kg_per_m3 * capacity
        return exchange_kw_per_k(ua, duty.flow_kw_per_k, outdoor)

    def _dry_kw_per_k(self, duty: Duty, air: EnteringAir) -> Array:
        return self._full_kw_per_k(duty, air, 0.0, air.heat_capacity_kj_per_kg_k)

    def _wet_kw_per_k(self, duty: Duty, air: EnteringAir, heat_kw: Array) -> Array:
        """Conductance of wetted plates at full outdoor flow, when they carry this heat."""
        xp = namespace(heat_kw, air.density_kg_per_m3)
        full_kg_s = self.outdoor_flow_m3_s * air.density_kg_per_m3
        gain = xp.maximum(heat_kw, _LEAST_GAIN_KJ_PER_KG * full_kg_s) / full_kg_s
        leaving_c = evaporation.leaving_air_c(gain * full_kg_s, full_kg_s, air)
        return self._full_kw_per_k(duty, air, 1.0, gain / (leaving_c - air.wet_bulb_c))

    def reach_c(self, duty: Duty) -> Array:
        air = entering_of(duty.air)
        passed_kw = duty.heat_kw + self._room_fan_kw(duty)
        dry = self._dry_kw_per_k(duty, air)
        wet = self._wet_kw_per_k(duty, air, passed_kw)
        xp = namespace(dry, wet, passed_kw)
        return xp.minimum(
            air.dry_bulb_c + ratio(passed_kw, dry), air.wet_bulb_c + ratio(passed_kw, wet)
        ) - ratio(duty.heat_kw, duty.flow_kw_per_k)

    def serve(self, duty: Duty) -> Service:
        air = entering_of(duty.air)
        xp = namespace(duty.heat_kw, duty.return_c, air.wet_bulb_c, self.ua_kw_per_k)
        fan_kw = self._room_fan_kw(duty)
        asked = (duty.heat_kw > 0) & (duty.flow_kw_per_k > 0)
        passed_kw = xp.where(asked, duty.heat_kw + fan_kw, 0.0)
        dry_kw = self._dry_kw_per_k(duty, air) * (duty.return_c - air.dry_bulb_c)
        is_wet = dry_kw < passed_kw * (1.0 - 1e-12)
        able_kw = xp.where(is_wet, self._wet_able_kw(duty, air, passed_kw), passed_kw)
        passed_kw = xp.clip(able_kw, 0.0, passed_kw)
        heat_kw = xp.clip(passed_kw - fan_kw, 0.0, duty.heat_kw)
        runs = heat_kw > 0
        passed_kw = xp.where(runs, heat_kw + fan_kw, 0.0)
        outdoor_frac, leaving_c = self._outdoor(duty, air, is_wet, passed_kw)
        outdoor_frac = xp.where(runs, outdoor_frac, 0.0)
        is_wet = is_wet & runs
        return self._service(duty, air, heat_kw, fan_kw * runs, is_wet, outdoor_frac, leaving_c)

    def _wet_able_kw(self, duty: Duty, air: EnteringAir, asked_kw: Array) -> Array:
        """What wetted plates carry at this return: all that is asked, or the most they can.

        Secant steps on the drive that a heat needs, Q/G(Q), which is nearly a straight line.
        """
        drive_k = duty.return_c - air.wet_bulb_c
        xp = namespace(asked_kw, drive_k)
        before_kw, before_k = asked_kw, ratio(asked_kw, self._wet_kw_per_k(duty, air, asked_kw))
        enough = before_k <= drive_k * (1.0 + 1e-12)
        if xp is np and np.all(enough):
            return asked_kw
        heat_kw = xp.clip(asked_kw * ratio(drive_k, before_k), 0.0, asked_kw)
        for _ in range(_CAPACITY_STEPS):
            now_k = ratio(heat_kw, self._wet_kw_per_k(duty, air, heat_kw))
            slope = ratio(xp.abs(before_kw - heat_kw), xp.abs(before_k - now_k))
            before_kw, before_k = heat_kw, now_k
            heat_kw = xp.clip(heat_kw + slope * (drive_k - now_k), 0.0, asked_kw)
        return xp.where(enough, asked_kw, heat_kw)

    def _outdoor(
        self, duty: Duty, air: EnteringAir, is_wet: Array, passed_kw: Array
    ) -> tuple[Array, Array]:
        """Outdoor flow over full at which the heat passes, and where its dry or wet bulb ends.

        The unknown is the logarithm of the warm end's difference D; then the bulb's rise, the flow
        Q/(h(T + rise) - h(T)) and both UA, needed (heat over log mean) and there, are explicit.
        Their logarithmic ratio falls with D from where the UA needed is the room's whole film,
        which is more than is there, to full flow, where it is less: false position after Anderson
        and Bjorck (BIT 13, 1973).
        """
        xp = namespace(is_wet, passed_kw, self.ua_kw_per_k)
        full_kg_s = self.outdoor_flow_m3_s * air.density_kg_per_m3
        start_c = xp.where(is_wet, air.wet_bulb_c, air.dry_bulb_c)
        heat_kw = xp.maximum(passed_kw, _LEAST_KW)
        drive_k = xp.maximum(duty.return_c - start_c, _LEAST_K)
        cold_k = xp.maximum(drive_k - ratio(heat_kw, duty.flow_kw_per_k), _LEAST_K)
        dry_least_k = heat_kw / (full_kg_s * air.heat_capacity_kj_per_kg_k)
        wet_least_k = evaporation.leaving_air_c(heat_kw, full_kg_s, air) - air.wet_bulb_c
        least_k = xp.where(is_wet, wet_least_k, dry_least_k)
        film = self._room_film_kw_per_k(duty)
        thin = altitude_density_frac(duty.air)

        def miss(warm_k: Array) -> tuple[Array, Array, Array]:
            rise_k = drive_k - warm_k
            gain = self._gain_kj_per_kg(air, is_wet, rise_k)
            frac = heat_kw / (gain * full_kg_s)
            there = self._ua_kw_per_k(film, is_wet, frac * thin, gain / rise_k)
            x = warm_k / cold_k - 1.0
            x = xp.where(xp.abs(x) < _SMALL, _SMALL, x)
            return xp.log(heat_kw / cold_k * xp.log1p(x) / x / there), frac, rise_k

        widest_k = xp.maximum(drive_k - least_k, _LEAST_WARM * drive_k)
        high, low = xp.log(widest_k), xp.log(_LEAST_WARM * drive_k) - _FIRST
        other, now = high, xp.clip(xp.log(cold_k) - film * cold_k / heat_kw, low, high - _FIRST)
        other_miss, frac, rise_k = miss(widest_k)
        now_miss, frac, rise_k = miss(xp.exp(now))
        for _ in range(_STEPS):
            step = now_miss * ratio(xp.abs(now - other), xp.abs(now_miss - other_miss))
            before, before_miss = now, now_miss
            now = xp.clip(before + step, low, high)
            now_miss, frac, rise_k = miss(xp.exp(now))
            # The end that stays lets its weight go, so that the search closes from both sides.
            stays = now_miss * before_miss > 0
            left = 1.0 - ratio(xp.abs(now_miss), xp.abs(before_miss))
            weight = xp.where(left > 0, left, 0.5)
            other = xp.where(stays, other, before)
            other_miss = xp.where(stays, other_miss * weight, before_miss)
        return xp.clip(frac, 0.0, 1.0), start_c + rise_k

    def _gain_kj_per_kg(self, air: EnteringAir, is_wet: Array, rise_k: Array) -> Array:
        """Enthalpy that outdoor air takes up when its dry bulb, or wet bulb, rises by this."""
        xp = namespace(rise_k, is_wet)
        saturated, _ = moist_air.saturated_enthalpy_kj_per_kg(
            air.wet_bulb_c + rise_k, air.pressure_pa, over_water=True
        )
        wet = saturated - air.wet_bulb_enthalpy_kj_per_kg
        return xp.where(is_wet, wet, air.heat_capacity_kj_per_kg_k * rise_k)

    def _service(
        self,
        duty: Duty,
        air: EnteringAir,
        heat_kw: Array,
        fan_kw: Array,
        is_wet: Array,
        outdoor_frac: Array,
        outdoor_leaving_c: Array,
    ) -> Service:
        xp = namespace(heat_kw, outdoor_frac)
        powers = {
            "room_fan": fan_kw,
            "scavenger_fan": self._outdoor_fan_kw(outdoor_frac, duty),
            "spray_pump": self.spray_pump_kw * is_wet,
        }
        air_kg_s = xp.maximum(outdoor_frac * self.outdoor_flow_m3_s * air.density_kg_per_m3, 1e-9)
        loss = evaporation.water_loss(heat_kw + fan_kw, air, outdoor_leaving_c, air_kg_s)
        evaporated = xp.where(is_wet, xp.maximum(loss.evaporation_kg_s, 0.0), 0.0)
        return Service(
            heat_kw=heat_kw,
            power_kw=powers,
            reject_kw=heat_kw + sum(powers.values()),
            water=Water(
                evaporation_kg_s=evaporated, blowdown_kg_s=evaporated / (self.cycles - 1.0)
            ),
            traces={
                "flow_frac": duty.flow_m3_s / self.design_flow_m3_s,
                "outdoor_flow_frac": outdoor_frac,
                "wet_frac": 1.0 * is_wet,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
                "outdoor_leaving_c": xp.where(heat_kw > 0, outdoor_leaving_c, air.dry_bulb_c),
            },
        )
