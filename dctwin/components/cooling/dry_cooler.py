"""Dry cooler: a finned coil and speed-controlled fans in outdoor air, with optional wet pads."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from dctwin.components.component import (
    RATED_AIR_KG_PER_M3,
    Duty,
    Service,
    Stage,
    Water,
    param,
    ratio,
)
from dctwin.components.cooling.pads import humidity_gain_kg_per_kg
from dctwin.components.media import LIQUIDS, Medium
from dctwin.physics.arrays import Array, in_places, known, namespace, precise, repeat, rough
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K, CP_VAPOUR_KJ_PER_KG_K

# Modelica Buildings, CoolingTowers.Data.DryCooler.BaseClasses.UACorrection: coefficients with the
# 0.8 power of air flow and the 0.85 power of water flow, air side over water side 0.5, so that the
# air side is 1/(1 + 0.5) = 2/3 of the resistance at rating.
AIR_EXPONENT, WATER_EXPONENT = 0.8, 0.85
AIR_RESISTANCE_FRAC = 2.0 / 3.0
# Cross-flow effectiveness (heat_exchange.py, Incropera 11.32) with its stated limit of NTU.
_CROSS_EXPONENT = 0.78
MAX_NTU = 10.0
# Fan power = floor + (1 - floor) r³, the floor for motors and drives: EnergyPlus 25.2 example
# CoolingTower:VariableSpeed:Merkel, 0.02 + 0.98 r³.
FAN_FLOOR_FRAC = 0.02

# Numerical floors: a stopped stream, K/C_water next to 0 and to 1, the least slope of a step.
_NO_FLOW_KW_PER_K = 1e-9
_LEAST_SHARE, _MOST_SHARE = 1e-12, 1.0 - 1e-15
_LEAST_LEFT = 1e-30
# The same next to 1 and 0 in single precision, for the start of a search.
_MOST_ROUGH, _LEAST_ROUGH = 1.0 - 2.0**-20, 1e-6
_LEAST_SLOPE = 1e-3
# Three steps leave 1.4e-6 of the speed at most over 800,000 random coils and duties, 4e-10 in 99
# of 100; the worst lie next to where air and water have equal capacity rates.
_NEWTON_STEPS, _RATING_STEPS = 3, 7
# A search goes on by itself where it is for fewer than this share of all.
_FEW_FRAC = 0.8


class _Coil(NamedTuple):
    """The coil in this hour's air and water: what it does at an air-flow ratio."""

    air_kw_per_k: Array  # capacity rate of the air at full fan speed
    water_kw_per_k: Array
    air_resistance: Array  # 1/UA = air_resistance · r^-0.8 + water_resistance [K/kW]
    water_resistance: Array


class DryCooler(Stage):
    """Finned coil with variable-speed fans that draw outdoor air through it.

    Coil: cross-flow effectiveness-NTU, both streams unmixed. Its UA follows from the rating and
    falls with the mass flows of air m and water w: UA_rated/UA = 2/3 m^-0.8 + 1/3 w^-0.85.
    Fans run at the speed r that removes the heat; air flow goes with r and outdoor density.
    Power = fan_kw · (0.02 + 0.98 r³) · density/1.2. Below the lowest speed they cycle: on for the
    share of the time that the heat takes (no heat is lost by free convection meanwhile).
    Pads (optional, above a dry-bulb threshold) bring the air along its wet bulb towards
    saturation; what evaporates is air flow · change of humidity, bleed keeps the concentration.
    Balance: reject_kw = heat_kw + dry_cooler_fan; the fans warm the air after the coil.
    Valid for NTU up to 10 and water that does not freeze.
    Source: Incropera et al., 7th ed., eq. 11.32; Modelica Buildings (UA correction of its dry
    cooler); EnergyPlus 25.2 (fan power). Rated approach: 10 K to dry bulb is the median of 6,730
    heat-rejection units, Energies 2023, 16(9), 3661.
    """

    kind: ClassVar[str] = "dry-cooler"
    media: ClassVar[frozenset[Medium]] = LIQUIDS
    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    fluid_outdoors: ClassVar[bool] = True
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_heat_kw", "rated_air_m3_s", "fan_kw"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {"fan_speed_frac", "coil_air_c", "leaving_air_c", "leaving_c"}
    )

    rated_heat_kw: float = param("kW", 0.1, 100_000, "heat rejected at rating, fans at full speed")
    rated_approach_k: float = param("K", 1, 40, "leaving fluid above entering air at rating", 10.0)
    rated_range_k: float = param("K", 1, 40, "fluid cooled by this at rating")
    rated_air_m3_s: float = param("m³/s", 0.01, 10_000, "air flow at full speed (1.2 kg/m³)")
    fan_kw: float = param("kW", 0.001, 10_000, "electricity of all fans at full speed (1.2 kg/m³)")
    min_speed_frac: float = param("-", 0.05, 1, "lowest fan speed, share of full", 0.2)
    pad_efficiency_frac: float = param("-", 0, 0.95, "saturation efficiency of pads, 0 = none", 0.0)
    wet_above_c: float = param("°C", -10, 60, "dry bulb above which the pads are wetted", 20.0)
    pad_fan_frac: float = param("-", 0, 1, "extra fan power for the pads' pressure drop", 0.0)
    cycles: float = param("-", 1.1, 20, "concentration of pad water over make-up", 3.0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        capacity = self._rated_air_kw_per_k(), self.rated_heat_kw / self.rated_range_k
        share = self.rated_heat_kw / (min(capacity) * (self.rated_approach_k + self.rated_range_k))
        if share >= 1 or self._rated_ua_kw_per_k() > MAX_NTU * min(capacity):
            raise ValueError(
                f"this rating asks for an effectiveness of {100 * share:.0f} %, more than a coil "
                "of 10 transfer units has: raise rated_air_m3_s or rated_approach_k"
            )
        return self

    def _rated_air_kw_per_k(self) -> Array:
        return self.rated_air_m3_s * RATED_AIR_KG_PER_M3 * CP_AIR_KJ_PER_KG_K

    def _rated_ua_kw_per_k(self) -> Array:
        """UA with which the coil meets its rating: Newton's steps on ln(NTU φ) = ln(-ln(1 - ε))."""
        air = self._rated_air_kw_per_k()
        water = self.rated_heat_kw / self.rated_range_k
        xp = namespace(air, water, self.rated_approach_k)
        least, most = xp.minimum(air, water), xp.maximum(air, water)
        initial_k = self.rated_approach_k + self.rated_range_k
        reach = -xp.log1p(-xp.minimum(self.rated_heat_kw / (least * initial_k), 1.0 - 1e-9))
        ntu = reach
        for _ in range(_RATING_STEPS):
            z = least / most * ntu**_CROSS_EXPONENT
            mean = -xp.expm1(-z) / z
            slope = 1.0 + _CROSS_EXPONENT * (xp.exp(-z) / mean - 1.0)
            ntu = ntu * xp.exp(xp.log(reach / (ntu * mean)) / slope)
        return ntu * least

    def _coil(self, duty: Duty) -> _Coil:
        air = duty.air
        xp = namespace(duty.flow_kw_per_k, air.density_kg_per_m3, self.rated_heat_kw)
        w = air.humidity_kg_per_kg
        heat_capacity = (CP_AIR_KJ_PER_KG_K + CP_VAPOUR_KJ_PER_KG_K * w) / (1.0 + w)
        water = xp.maximum(duty.flow_kw_per_k, _NO_FLOW_KW_PER_K)
        rated_resistance = 1.0 / self._rated_ua_kw_per_k()
        density_frac = air.density_kg_per_m3 / RATED_AIR_KG_PER_M3
        water_frac = water * (self.rated_range_k / self.rated_heat_kw)
        return _Coil(
            self.rated_air_m3_s * air.density_kg_per_m3 * heat_capacity,
            water,
            rated_resistance * AIR_RESISTANCE_FRAC * xp.exp(-AIR_EXPONENT * xp.log(density_frac)),
            rated_resistance
            * (1.0 - AIR_RESISTANCE_FRAC)
            * xp.exp(-WATER_EXPONENT * xp.log(water_frac)),
        )

    def _coil_air_c(self, duty: Duty) -> Array:
        """Temperature of the air that meets the coil, after the pads where they are wet."""
        air = duty.air
        if not self._has_pads():
            return air.dry_bulb_c
        xp = namespace(air.dry_bulb_c, self.pad_efficiency_frac)
        wet = xp.where(air.dry_bulb_c > self.wet_above_c, self.pad_efficiency_frac, 0.0)
        return air.dry_bulb_c - wet * (air.dry_bulb_c - air.wet_bulb_c)

    def _has_pads(self) -> bool:
        # Traced, it may.
        some = self.pad_efficiency_frac
        return not known(some) or bool(np.any(np.asarray(some) > 0))

    def reach_c(self, duty: Duty) -> Array:
        coil = self._coil(duty)
        conductance = coil.water_kw_per_k * _transfer(coil, 1.0, 0.0).share
        drop_k = ratio(duty.heat_kw, duty.flow_kw_per_k)
        return self._coil_air_c(duty) + duty.heat_kw / conductance - drop_k

    def serve(self, duty: Duty) -> Service:
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c, self.rated_heat_kw)
        coil = self._coil(duty)
        air_c = self._coil_air_c(duty)
        initial_k = duty.return_c - air_c
        asked_kw = duty.heat_kw
        # Air as warm as the water takes nothing, nor does water that stands.
        works = xp.logical_and(initial_k > 0, duty.flow_kw_per_k > 0)
        if xp is not np or not np.all(works):
            asked_kw, initial_k = xp.where(works, asked_kw, 0.0), xp.where(works, initial_k, 1.0)
        needed = asked_kw / (initial_k * coil.water_kw_per_k)
        speed, on_frac, taken_frac = _fans(coil, needed, self.min_speed_frac)
        heat_kw = asked_kw * taken_frac
        density_frac = duty.air.density_kg_per_m3 / RATED_AIR_KG_PER_M3
        cube = speed * speed * speed
        fan_kw = (
            (self.fan_kw * (1.0 + self.pad_fan_frac) * density_frac)
            * on_frac
            * (FAN_FLOOR_FRAC + (1.0 - FAN_FLOOR_FRAC) * cube)
        )
        flows = Service(
            heat_kw=heat_kw,
            power_kw={"dry_cooler_fan": fan_kw},
            reject_kw=heat_kw + fan_kw,
            water=self._water(duty, air_c, speed, on_frac),
        )
        if not duty.watched:
            return flows
        leaving_c = air_c + ratio(heat_kw, coil.air_kw_per_k * (on_frac * speed))
        return replace(
            flows,
            traces={
                "fan_speed_frac": xp.where(on_frac > 0, speed, 0.0),
                "coil_air_c": air_c,
                "leaving_air_c": leaving_c,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )

    def _water(self, duty: Duty, air_c: Array, speed: Array, on_frac: Array) -> Water:
        """Water of the pads: flow of dry air times the rise of its humidity, and the bleed."""
        if not self._has_pads():
            return Water(evaporation_kg_s=0.0, blowdown_kg_s=0.0)
        air = duty.air
        gain = humidity_gain_kg_per_kg(air, air_c)
        dry_air = air.density_kg_per_m3 / (1.0 + air.humidity_kg_per_kg) * self.rated_air_m3_s
        evaporation = dry_air * (on_frac * speed) * gain
        return Water(evaporation_kg_s=evaporation, blowdown_kg_s=evaporation / (self.cycles - 1.0))


class _Transfer(NamedTuple):
    """The coil at a fan speed, and what the slope of its units comes from.

    Without a choice between two formulas anywhere: of two arrays NumPy chooses slowly.
    """

    share: Array  # K/C_water; K is heat per kelvin between the entering streams
    air_least: Array  # 1 where air has the smaller capacity rate, else 0
    water_frac: Array  # the smaller capacity rate over that of the water
    air_part: Array  # resistance of the air side
    resistance: Array
    z: Array  # C NTU^0.78
    lost: Array  # 1 - e^-z
    cross_units: Array  # NTU φ(z), φ(z) = (1 - e^-z)/z
    kept: Array  # e^(-NTU φ), one less the effectiveness


def _transfer(coil: _Coil, speed: Array, log_speed: Array) -> _Transfer:
    """Share of the coil: K = eff · Cmin. Powers are written as exp(log): half the time."""
    xp = namespace(coil.air_kw_per_k, speed)
    air, water = coil.air_kw_per_k * speed, coil.water_kw_per_k
    air_part = coil.air_resistance * xp.exp(-AIR_EXPONENT * log_speed)
    resistance = air_part + coil.water_resistance
    air_least = xp.asarray(air <= water, dtype=getattr(air, "dtype", float))
    least = xp.minimum(air, water)
    capacity_ratio = least / xp.maximum(air, water)
    inverse_ntu = resistance * least
    z = capacity_ratio * xp.exp(-_CROSS_EXPONENT * xp.log(inverse_ntu))
    lost = -xp.expm1(-z)
    cross_units = lost / (z * inverse_ntu)
    kept = xp.exp(-cross_units)
    water_frac = least / water
    share = water_frac * (1.0 - kept)
    return _Transfer(share, air_least, water_frac, air_part, resistance, z, lost, cross_units, kept)


def _units(share: Array) -> Array:
    """Units G = -ln(1 - K/C_water) of a share of the coil.

    G runs with nearly one power of speed from a coil short of air (G ~ C_air/C_water) to one short
    of water (G ~ UA/C_water): made for Newton.
    """
    return -namespace(share).log1p(-share)


def _units_and_slope(at: _Transfer) -> tuple[Array, Array]:
    """G, and d ln G / d ln speed, made of the slopes of NTU and of NTU φ."""
    xp = namespace(at.share)
    # d ln NTU = air_slope - air_least, d ln C = 2 air_least - 1, d ln z = d ln C + 0.78 d ln NTU;
    # d ln NTU φ = d ln NTU + (weight - 1) d ln z.
    air_slope = AIR_EXPONENT * at.air_part / at.resistance
    weight = at.z * (1.0 - at.lost) / at.lost
    z_slope = (2.0 - _CROSS_EXPONENT) * at.air_least - 1.0 + _CROSS_EXPONENT * air_slope
    cross_slope = air_slope - at.air_least + (weight - 1.0) * z_slope
    # 1 - share, exact also where next to nothing of the difference is left.
    left = xp.maximum(1.0 - at.water_frac + at.water_frac * at.kept, _LEAST_LEFT)
    units = -xp.log(left)
    share_slope = at.air_least * (1.0 - at.kept) + at.kept * at.cross_units * cross_slope
    return units, xp.maximum(at.water_frac * share_slope / (left * units), _LEAST_SLOPE)


def _fans(coil: _Coil, needed: Array, min_speed_frac: Array) -> tuple[Array, Array, Array]:
    """Fan speed at which the coil has the share that is needed, how much of the time fans are on,
    and how much of the heat they take.

    What the lowest speed transfers more than needed, fans cycle for; at full speed the coil has
    less than needed.
    """
    xp = namespace(needed, min_speed_frac, *coil)
    lowest = xp.log(min_speed_frac)
    least = _transfer(coil, min_speed_frac, lowest).share
    values = needed, least, lowest, *coil
    others = min_speed_frac, 1.0
    speed, taken_frac = in_places(needed >= least, _FEW_FRAC, _running, values, others)
    return speed, xp.minimum(needed / least, 1.0), taken_frac


def _running(needed: Array, least: Array, lowest: Array, *coil: Array) -> tuple[Array, Array]:
    """Speed of fans that run all the time, and how much of the heat they take."""
    xp = namespace(needed, least, *coil)
    most = _transfer(_Coil(*coil), 1.0, 0.0).share
    values = needed, least, most, lowest, *coil
    (speed,) = in_places(needed < most, _FEW_FRAC, _speed_between, values, (1.0,))
    return speed, xp.minimum(most / xp.maximum(needed, _LEAST_SHARE), 1.0)


def _speed_between(
    share: Array, least: Array, most: Array, lowest: Array, *coil: Array
) -> tuple[Array]:
    """Fan speed by Newton's steps on ln G (ln speed), from the line between both ends: the share
    is `least` at the logarithm `lowest` of the speed, and `most` at 0."""
    xp = namespace(share, least, most, *coil)
    needed = _units(xp.clip(share, _LEAST_SHARE, _MOST_SHARE))
    # All steps but the last in single precision: the last corrects what they leave.
    needed_, lowest_, *ends = rough(needed, lowest, least, most)
    low, full = (_units(xp.minimum(end, _MOST_ROUGH)) for end in ends)
    along = xp.log(full / needed_) / xp.maximum(xp.log(full / low), _LEAST_ROUGH)
    rough_coil = _Coil(*rough(*coil))

    def early(state: tuple[Array]) -> tuple[Array]:
        return (xp.clip(_step(state[0], needed_, rough_coil), lowest_, 0.0),)

    start = xp.clip(lowest_ * along, lowest_, 0.0)
    (log_speed,) = repeat(_NEWTON_STEPS - 1, early, (start,))
    log_speed = xp.clip(precise(log_speed), lowest, 0.0)
    return (xp.exp(xp.clip(_step(log_speed, needed, _Coil(*coil)), lowest, 0.0)),)


def _step(log_speed: Array, needed: Array, coil: _Coil) -> Array:
    """The next ln speed of a Newton's step."""
    xp = namespace(log_speed, needed)
    units, slope = _units_and_slope(_transfer(coil, xp.exp(log_speed), log_speed))
    return log_speed + xp.log(needed / units) / slope
