"""Thermosyphon cooler: refrigerant boils in the water's shell, condenses in air, falls back."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from dctwin.components.component import (
    Duty,
    Service,
    Stage,
    altitude_density_frac,
    param,
    ratio,
)
from dctwin.components.cooling.exchanger import float_supply_c
from dctwin.components.cooling.refrigerant_coil import (
    air_side_kw_per_k,
    fan_power_frac,
    in_series_kw_per_k,
    mass_frac_for,
    saturated_kw_per_k,
    ua_kw_per_k,
)
from dctwin.physics.arrays import Array, namespace


class ThermosyphonCooler(Stage):
    """Passive dry cooler: no pump, no water in the outdoor coil, so nothing there can freeze.

    Q = (T_return - T_air)/(1/G_e + 1/G_c), evaporator and condenser on one saturation temperature
    (refrigerant_coil.py), UA of both from the rating. Fans run at the speed that the heat needs;
    below the least speed they cycle. Balance: reject_kw = heat_kw + thermosyphon_fan.
    Valid: condenser above the evaporator, liquid head of a few kilopascal (0.1-0.3 K of saturation
    temperature, left out), heat up to 1.2 of its rating.
    Source: as refrigerant_coil.py. Placed before a tower it saved half of the water of the ESIF
    data center in Golden in its first year (NREL, 2018).
    """

    kind: ClassVar[str] = "thermosyphon-cooler"
    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_heat_kw", "fan_kw"})
    reports: ClassVar[frozenset[str]] = frozenset({"fan_speed_frac", "saturated_c", "leaving_c"})

    rated_heat_kw: float = param("kW", 0.1, 100_000, "heat rejected at rating, fans at full speed")
    rated_approach_k: float = param("K", 2, 40, "leaving water above entering air at rating", 12.0)
    rated_range_k: float = param("K", 1, 40, "water cooled by this at rating", 10.0)
    evaporator_approach_k: float = param(
        "K", 0.3, 10, "leaving water above the refrigerant at rating", 2.0
    )
    air_rise_k: float = param("K", 1, 35, "rise of the air at rating", 7.5)
    fan_kw: float = param("kW", 0.001, 10_000, "electricity of all fans at full speed")
    min_speed_frac: float = param("-", 0.05, 1, "lowest fan speed, share of full", 0.2)

    @model_validator(mode="after")
    def _downhill(self) -> Self:
        if self.air_rise_k >= self.rated_approach_k - self.evaporator_approach_k:
            raise ValueError("air_rise_k must be below rated_approach_k - evaporator_approach_k")
        return self

    def _rated_air_kw_per_k(self) -> Array:
        return self.rated_heat_kw / self.air_rise_k

    def _condenser_ua_kw_per_k(self) -> Array:
        refrigerant_k = self.rated_approach_k - self.evaporator_approach_k
        left_k = refrigerant_k - self.air_rise_k
        return ua_kw_per_k(self._rated_air_kw_per_k(), self.air_rise_k, left_k)

    def _condenser_kw_per_k(self, mass_frac: Array) -> Array:
        ua = self._condenser_ua_kw_per_k()
        return air_side_kw_per_k(ua, self._rated_air_kw_per_k(), mass_frac)

    def _link_kw_per_k(self, duty: Duty) -> tuple[Array, Array]:
        """Conductance of the evaporator, and of both with the fans at full speed."""
        ua = ua_kw_per_k(
            self.rated_heat_kw / self.rated_range_k, self.rated_range_k, self.evaporator_approach_k
        )
        evaporator = saturated_kw_per_k(ua, duty.flow_kw_per_k)
        condenser = self._condenser_kw_per_k(altitude_density_frac(duty.air))
        return evaporator, in_series_kw_per_k(evaporator, condenser)

    def reach_c(self, duty: Duty) -> Array:
        _, link = self._link_kw_per_k(duty)
        return float_supply_c(duty, link, duty.air.dry_bulb_c)

    def serve(self, duty: Duty) -> Service:
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c, self.rated_heat_kw)
        evaporator, link = self._link_kw_per_k(duty)
        drive_k = xp.maximum(duty.return_c - duty.air.dry_bulb_c, 0.0)
        heat_kw = xp.clip(link * drive_k, 0.0, duty.heat_kw)
        needed = xp.minimum(ratio(heat_kw, drive_k), link)
        condenser = ratio(needed * evaporator, evaporator - needed)
        density_frac = altitude_density_frac(duty.air)
        mass = mass_frac_for(
            condenser, self._condenser_ua_kw_per_k(), self._rated_air_kw_per_k(), density_frac
        )
        speed = xp.clip(mass / density_frac, self.min_speed_frac, 1.0)
        at_speed = in_series_kw_per_k(evaporator, self._condenser_kw_per_k(speed * density_frac))
        on_frac = xp.minimum(ratio(needed, at_speed), 1.0)
        runs = heat_kw > 0
        power = density_frac * on_frac * fan_power_frac(speed)
        fan_kw = xp.where(runs, self.fan_kw * power, 0.0)
        return Service(
            heat_kw=heat_kw,
            power_kw={"thermosyphon_fan": fan_kw},
            reject_kw=heat_kw + fan_kw,
            traces={
                "fan_speed_frac": xp.where(runs, speed, 0.0),
                "saturated_c": duty.return_c - ratio(heat_kw, evaporator),
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )
