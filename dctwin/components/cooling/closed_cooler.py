"""Closed-circuit coolers: the fluid stays in a coil that is sprayed, always or when it is warm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, model_validator

from dctwin.components.component import Air, Duty, Limit, Service, Stage, Water, param
from dctwin.components.cooling.dry_cooler import DryCooler
from dctwin.components.cooling.tower import Tower
from dctwin.components.media import LIQUIDS, Medium
from dctwin.physics.arrays import Array, namespace

# Tower's own free_air_frac and fan_curve hold: EnergyPlus models both alike.
_SHARED = (
    "rated_kw",
    "rated_water_in_c",
    "rated_wet_bulb_c",
    "rated_dry_bulb_c",
    "design_water_m3_s",
    "design_air_m3_s",
    "fan_kw",
    "min_air_frac",
    "basin_kw_per_k",
    "basin_c",
    "drift_frac",
    "cycles",
)
# Water freezes.
_FREEZING_C = 0.0
_FROST_NOTE = "sprayed in frost from a basin without heater: basin_kw_per_k"

# Capacity rate of a cubic metre of water a second, as in tower.py.
_WATER_KJ_PER_M3_K = 4161.6


class _SprayedCooler(Stage):
    """Wet coil with fans and a spray pump. Abstract: it may also run dry.

    Wet: the tower's equations (Merkel, tower.py). Fluid, tube wall and spray film add to the
    film's resistance; they are within the UA that follows from the rating, as in EnergyPlus's
    evaporative fluid coolers. So the rating differs (approach to wet bulb 6.5 K in the median of
    6,730 catalogue models against 5 K of open towers; Energies 2023, 16(9), 3661), not the law.
    The spray pump runs at constant power while the coil is wet and rejects heat.
    A basin that is not sprayed from is drained, or heated in frost as the tower's. To spray in
    frost from one without a heater is flagged `freezing_c`, and so is the fluid in the coil below
    its own freezing point.
    Water: evaporation, blowdown as for the tower; drift in proportion to the fluid's flow.
    Source: EnergyPlus 25.2 Engineering Reference, "Evaporative Fluid Coolers"; tower.py.
    """

    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    media: ClassVar[frozenset[Medium]] = LIQUIDS
    fluid_outdoors: ClassVar[bool] = True
    extensive: ClassVar[frozenset[str]] = frozenset(
        {
            "rated_kw",
            "design_water_m3_s",
            "design_air_m3_s",
            "fan_kw",
            "spray_pump_kw",
            "basin_kw_per_k",
        }
    )

    rated_kw: float = param("kW", 1, 200_000, "heat at the wet rating point, at full air flow")
    rated_water_in_c: float = param("°C", 20, 60, "fluid entering at the rating point", 37.0)
    rated_wet_bulb_c: float = param("°C", 0, 35, "wet bulb at the rating point", 25.6)
    rated_dry_bulb_c: float = param("°C", 0, 50, "dry bulb at the rating point", 35.0)
    design_water_m3_s: float = param("m³/s", 1e-4, 20, "fluid flow at the rating point")
    design_air_m3_s: float = param("m³/s", 0.01, 20_000, "full air flow, at the inlet")
    fan_kw: float = param("kW", 0.001, 5_000, "fan electricity at full air flow, drive included")
    spray_pump_kw: float = param("kW", 0, 1_000, "electricity of the spray pump, on when wet")
    min_air_frac: float = param("-", 0.11, 1, "least air flow of the running fan", 0.2)
    basin_kw_per_k: float = param(
        "kW/K", 0, 100, "basin heater while not sprayed, per kelvin of frost; 0 = drained", 0.0
    )
    basin_c: float = param("°C", 0, 15, "basin temperature that the heater holds", 2.0)
    drift_frac: float = param("-", 0, 0.01, "droplets lost, share of fluid flow", 5e-5)
    cycles: float = param("-", 1.1, 20, "cycles of concentration held by blowdown", 3.0)

    def _wet(self) -> Tower:
        return Tower.model_construct(**_defaults(Tower), **{k: getattr(self, k) for k in _SHARED})

    @model_validator(mode="after")
    def _possible(self) -> Self:
        Tower.model_validate({name: getattr(self, name) for name in _SHARED})
        return self

    def _wet_service(self, duty: Duty) -> Service:
        tower = self._wet().serve(duty)
        xp = namespace(tower.heat_kw, self.spray_pump_kw)
        pump_kw = xp.where(tower.heat_kw > 0, self.spray_pump_kw, 0.0)
        powers = dict(tower.power_kw)
        powers = {"closed_cooler_fan": powers.pop("tower_fan"), "spray_pump": pump_kw, **powers}
        frost_k = xp.maximum(_FREEZING_C - duty.air.dry_bulb_c, 0.0)
        drained = (tower.heat_kw > 0) & (self.basin_kw_per_k == 0)
        return replace(
            tower,
            power_kw=powers,
            reject_kw=tower.heat_kw + sum(powers.values()),
            limits=(Limit("freezing_c", frost_k * drained, "K", _FROST_NOTE),),
        )

    def works_idle(self) -> bool:
        return self._wet().works_idle()

    def idle_power_kw(self, air: Air) -> Mapping[str, Array]:
        return self._wet().idle_power_kw(air)


class ClosedCooler(_SprayedCooler):
    """Closed-circuit evaporative fluid cooler, wet whenever it works.

    Equations, source: _SprayedCooler. Balance: reject_kw = heat_kw + closed_cooler_fan +
    spray_pump + basin_heater. Valid as the tower, in frost with a heated basin.
    """

    kind: ClassVar[str] = "closed-cooler"
    reports: ClassVar[frozenset[str]] = Tower.reports

    def reach_c(self, duty: Duty) -> Array:
        return self._wet().reach_c(duty)

    def serve(self, duty: Duty) -> Service:
        return self._wet_service(replace(duty, watched=True))


class HybridCooler(_SprayedCooler):
    """Hybrid dry/wet cooler: the same coil dry up to a dry bulb, sprayed above it.

    Dry: DryCooler's equations at the same air flow and fan power, with the approach that the
    unwetted coil has for rated_kw and the rated flow. Wet: _SprayedCooler, whose fan power is that
    of its curve at any density (tower.py), while dry it goes with the density as in a dry cooler.
    Balance: reject_kw = heat_kw + closed_cooler_fan + spray_pump + basin_heater.
    Valid as dry cooler, and as tower while it is sprayed. Wetting buys fan power and colder fluid
    with water, so the threshold is a choice: as high as the loop's setpoint allows saves the most
    water.
    """

    kind: ClassVar[str] = "hybrid-cooler"
    reports: ClassVar[frozenset[str]] = frozenset(
        {"leaving_c", "air_frac", "wet_frac", "wet_bulb_c", "water_frac"}
    )

    dry_approach_k: float = param(
        "K", 2, 40, "leaving fluid above dry bulb when dry, at rated heat and flow", 14.0
    )
    wet_above_c: float = param("°C", -10, 60, "dry bulb above which the coil is sprayed", 15.0)

    @model_validator(mode="after")
    def _possible_dry(self) -> Self:
        DryCooler.model_validate(self._dry_values())
        return self

    def _dry_values(self) -> dict[str, Array]:
        return {
            "rated_heat_kw": self.rated_kw,
            "rated_approach_k": self.dry_approach_k,
            "rated_range_k": self.rated_kw / (self.design_water_m3_s * _WATER_KJ_PER_M3_K),
            "rated_air_m3_s": self.design_air_m3_s,
            "fan_kw": self.fan_kw,
            "min_speed_frac": self.min_air_frac,
        }

    def _dry(self) -> DryCooler:
        return DryCooler.model_construct(**{**_defaults(DryCooler), **self._dry_values()})

    def _is_wet(self, duty: Duty) -> Array:
        return duty.air.dry_bulb_c > self.wet_above_c

    def reach_c(self, duty: Duty) -> Array:
        wet = self._is_wet(duty)
        xp = namespace(wet, duty.heat_kw, self.rated_kw)
        return xp.where(wet, self._wet().reach_c(duty), self._dry().reach_c(duty))

    def serve(self, duty: Duty) -> Service:
        duty = replace(duty, watched=True)  # its parts' traces are read
        is_wet = self._is_wet(duty)
        xp = namespace(is_wet, duty.heat_kw, duty.return_c, self.rated_kw)
        # Neither mode looks for its limits in hours that are the other's.
        wet = self._wet_service(replace(duty, heat_kw=xp.where(is_wet, duty.heat_kw, 0.0)))
        dry = self._dry().serve(replace(duty, heat_kw=xp.where(is_wet, 0.0, duty.heat_kw)))
        heat_kw = xp.where(is_wet, wet.heat_kw, dry.heat_kw)
        powers = {
            "closed_cooler_fan": xp.where(
                is_wet, wet.power_kw["closed_cooler_fan"], dry.power_kw["dry_cooler_fan"]
            ),
            "spray_pump": xp.where(is_wet, wet.power_kw["spray_pump"], 0.0),
        }
        if self.works_idle():
            powers["basin_heater"] = wet.power_kw["basin_heater"]
        assert wet.water is not None
        loss = wet.water
        return Service(
            heat_kw=heat_kw,
            power_kw=powers,
            reject_kw=heat_kw + sum(powers.values()),
            water=Water(
                xp.where(is_wet, loss.evaporation_kg_s, 0.0),
                xp.where(is_wet, loss.drift_kg_s, 0.0),
                xp.where(is_wet, loss.blowdown_kg_s, 0.0),
            ),
            traces={
                "leaving_c": xp.where(is_wet, wet.traces["leaving_c"], dry.traces["leaving_c"]),
                "air_frac": xp.where(is_wet, wet.traces["air_frac"], dry.traces["fan_speed_frac"]),
                "wet_frac": 1.0 * (is_wet & (heat_kw > 0)),
                "wet_bulb_c": wet.traces["wet_bulb_c"],
                "water_frac": wet.traces["water_frac"],
            },
            limits=wet.limits,
        )

    def watches(self, name: str, traces: Mapping[str, Array]) -> Array:
        # The dry coil feels no wet bulb, and its law of water flow has no bounds.
        return traces["wet_frac"] > 0 if name in ("wet_bulb_c", "water_frac") else True


def _defaults(device: type[BaseModel]) -> dict[str, Any]:
    """Values of the fields that have one and that the sprayed cooler does not set."""
    return {
        name: info.default
        for name, info in device.model_fields.items()
        if not info.is_required() and name not in _SHARED
    }
