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
_LEAST_SLOPE = 1e-3
# Three steps leave 1.1e-6 of the speed at most over 800,000 random coils and duties, 4e-10 in 99
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
        most = _transfer(coil, 1.0, 0.0).share
        initial_k = duty.return_c - air_c
        heat_kw = xp.clip(duty.flow_kw_per_k * most * initial_k, 0.0, duty.heat_kw)
        share = ratio(heat_kw, initial_k) / coil.water_kw_per_k
        speed, on_frac = _fan_speed(coil, share, most, self.min_speed_frac)
        density_frac = duty.air.density_kg_per_m3 / RATED_AIR_KG_PER_M3
        cube = speed * speed * speed
        fan_kw = (
            (self.fan_kw * (1.0 + self.pad_fan_frac))
            * density_frac
            * on_frac
            * (FAN_FLOOR_FRAC + (1.0 - FAN_FLOOR_FRAC) * cube)
        )
        air_frac = on_frac * speed
        flows = Service(
            heat_kw=heat_kw,
            power_kw={"dry_cooler_fan": fan_kw},
            reject_kw=heat_kw + fan_kw,
            water=self._water(duty, air_c, air_frac),
        )
        if not duty.watched:
            return flows
        return replace(
            flows,
            traces={
                "fan_speed_frac": xp.where(on_frac > 0, speed, 0.0),
                "coil_air_c": air_c,
                "leaving_air_c": air_c + ratio(heat_kw, coil.air_kw_per_k * air_frac),
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )

    def _water(self, duty: Duty, air_c: Array, air_frac: Array) -> Water:
        """Water of the pads: flow of dry air times the rise of its humidity, and the bleed."""
        if not self._has_pads():
            return Water(evaporation_kg_s=0.0, blowdown_kg_s=0.0)
        air = duty.air
        gain = humidity_gain_kg_per_kg(air, air_c)
        dry_air = air.density_kg_per_m3 / (1.0 + air.humidity_kg_per_kg) * self.rated_air_m3_s
        evaporation = dry_air * air_frac * gain
        return Water(evaporation_kg_s=evaporation, blowdown_kg_s=evaporation / (self.cycles - 1.0))


class _Transfer(NamedTuple):
    """The coil at a fan speed: its share, and what the slope of its units comes from."""

    share: Array  # K/C_water; K is heat per kelvin between the entering streams
    air_least: Array
    capacity_ratio: Array
    air_share: Array  # of the air side in all resistance
    kept: Array  # e^-z - 1, z = C NTU^0.78
    mean: Array  # φ(z)
    cross_units: Array  # NTU φ(z)
    effectiveness: Array


def _transfer(coil: _Coil, speed: Array, log_speed: Array) -> _Transfer:
    """Share of the coil: K = eff · Cmin. Powers are written as exp(log): half the time."""
    xp = namespace(coil.air_kw_per_k, speed)
    air_part = coil.air_resistance * xp.exp(-AIR_EXPONENT * log_speed)
    air = coil.air_kw_per_k * speed
    air_least = air <= coil.water_kw_per_k
    least = xp.minimum(air, coil.water_kw_per_k)
    capacity_ratio = least / xp.maximum(air, coil.water_kw_per_k)
    ntu = 1.0 / ((air_part + coil.water_resistance) * least)
    z = capacity_ratio * xp.exp(_CROSS_EXPONENT * xp.log(ntu))
    kept = xp.expm1(-z)
    mean = -kept / z
    cross_units = ntu * mean
    effectiveness = -xp.expm1(-cross_units)
    share = xp.where(air_least, effectiveness * capacity_ratio, effectiveness)
    air_share = air_part * least * ntu
    return _Transfer(
        xp.minimum(share, _MOST_SHARE),
        air_least,
        capacity_ratio,
        air_share,
        kept,
        mean,
        cross_units,
        effectiveness,
    )


def _units(share: Array) -> Array:
    """Units G = -ln(1 - K/C_water) of a share of the coil.

    G runs with nearly one power of speed from a coil short of air (G ~ C_air/C_water) to one short
    of water (G ~ UA/C_water): made for Newton.
    """
    return -namespace(share).log1p(-share)


def _slope(at: _Transfer, share: Array, units: Array) -> Array:
    """d ln G / d ln speed; made of the slopes of NTU and of NTU φ. `share` counts short of air."""
    xp = namespace(units)
    bent = (1.0 + at.kept) / at.mean - 1.0  # d ln mean / d ln z
    ntu_slope = AIR_EXPONENT * at.air_share - at.air_least
    ratio_slope = 2.0 * at.air_least - 1.0
    cross_slope = ntu_slope + bent * (ratio_slope + _CROSS_EXPONENT * ntu_slope)
    air_slope = at.capacity_ratio * (
        at.effectiveness + at.cross_units * (1.0 - at.effectiveness) * cross_slope
    )
    slope = xp.where(at.air_least, air_slope / ((1.0 - share) * units), cross_slope)
    return xp.maximum(slope, _LEAST_SLOPE)


def _fan_speed(
    coil: _Coil, share: Array, most: Array, min_speed_frac: Array
) -> tuple[Array, Array]:
    """Fan speed at which the coil has this share, and how much of the time it is on.

    `most` is the share at full speed, at which they run for that or more. What the lowest speed
    transfers more than needed, fans cycle for.
    """
    xp = namespace(share, most, min_speed_frac)
    lowest = xp.log(min_speed_frac)
    least = _transfer(coil, min_speed_frac, lowest).share
    cycles = share < least
    between = xp.logical_not(cycles | (share >= most))
    values = share, least, most, lowest, *coil
    speed = in_places(between, _FEW_FRAC, _speed_between, values)
    speed = xp.where(between, speed, xp.where(cycles, min_speed_frac, 1.0))
    on_frac = xp.where(cycles, share / least, 1.0)
    return speed, on_frac * (share > 0)


def _speed_between(share: Array, least: Array, most: Array, lowest: Array, *coil: Array) -> Array:
    """Fan speed by Newton's steps on ln G (ln speed), from the line between both ends: the share
    is `least` at the logarithm `lowest` of the speed, and `most` at 0."""
    xp = namespace(share, least, most, *coil)
    needed, low, full = (
        _units(xp.clip(share, _LEAST_SHARE, _MOST_SHARE)),
        _units(least),
        _units(most),
    )
    along = xp.log(full / needed) / xp.maximum(xp.log(full / low), _LEAST_SHARE)
    log_speed = xp.clip(lowest * along, lowest, 0.0)
    # All steps but the last in single precision: the last corrects what they leave.
    log_speed, needed_, lowest_, *coil_ = rough(log_speed, needed, lowest, *coil)

    def early(state: tuple[Array]) -> tuple[Array]:
        return (xp.clip(_step(state[0], needed_, _Coil(*coil_)), lowest_, 0.0),)

    (log_speed,) = repeat(_NEWTON_STEPS - 1, early, (log_speed,))
    log_speed = xp.clip(precise(log_speed), lowest, 0.0)
    return xp.exp(xp.clip(_step(log_speed, needed, _Coil(*coil)), lowest, 0.0))


def _step(log_speed: Array, needed: Array, coil: _Coil) -> Array:
    """The next ln speed of a Newton's step."""
    xp = namespace(log_speed, needed)
    at = _transfer(coil, xp.exp(log_speed), log_speed)
    # Short of water G is NTU φ: more exact where next to nothing of the difference is left.
    share = xp.where(at.air_least, at.share, 0.5)
    units = xp.where(at.air_least, _units(share), at.cross_units)
    return log_speed + xp.log(needed / units) / _slope(at, share, units)
