"""Snow store: a pile filled in winter, kept under insulation, melted by warm water in summer."""

from __future__ import annotations

from typing import ClassVar, Literal

from dctwin.components.component import Duty, Limit, Service, Stage, Stored, param, ratio
from dctwin.components.cooling.store import coil_kw_per_k, cold_flows
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.fluids import fluid
from dctwin.units import SECONDS_PER_HOUR

# Heat of fusion of ice at 0 °C: IAPWS R10-06 (2009), as CoolProp and the 334 kJ/kg of handbooks.
FUSION_KJ_PER_KG = 333.6


class SnowStore(Stage):
    """Snow cleared from an area around the site, piled, insulated, and melted by the loop's water.

    Filling   snowfall · catchment · fresh density, as it falls, until the pile is full
    Cold      333.6 kJ/kg + cp · drain_c: snow at 0 °C melts and drains as water at drain_c (what
              snow below 0 °C holds besides, 2.1 kJ/kg/K, is left out)
    Use       where the outdoor air is warmer than use_above_c:
              heat <= C (1 - exp(-UA/C)) · (return - 0 °C), discharge_kw, what is left
    Leak      leak_kw_per_m2_k · area · max(dry bulb - 0 °C, 0) while snow is left; area constant
    Pump      electricity per cold moved; its heat melts snow too
    The year counts as one of many alike: it starts with what such a year, begun at start_frac,
    leaves behind.
    Snow that falls comes in as heat given to the winter's air (reject_kw), so
    heat_kw + gained_kw + snow_pump = reject_kw + stored_kw. Hauling by loaders burns fuel, which is
    no electricity of the facility and left out.
    Valid: insulated piles. Sun on the cover, rain and ground heat are within the leak coefficient:
    0.2-0.4 m of wood chips at 0.3-0.4 W/m/K are 1-2 W/m²/K; 20-30 % of the volume melts by itself
    in a summer under 0.2 m of them (Sundsvall, 40,000 t: Skogsberg, Luleå University of
    Technology, doctoral thesis 2005:30).
    Sources: as above; fresh snow 50-150 kg/m³ (assumed mean 100).
    """

    kind: ClassVar[str] = "snow-store"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"capacity_kg", "catchment_m2", "area_m2", "ua_kw_per_k", "discharge_kw"}
    )

    capacity_kg: float = param("kg", 1, 1e11, "snow of a full pile")
    catchment_m2: float = param("m²", 0, 1e9, "ground that snow is cleared from")
    fresh_kg_per_m3: float = param("kg/m³", 30, 500, "density of snow as it falls", 100.0)
    area_m2: float = param("m²", 0.1, 1e8, "surface of the pile and its floor")
    leak_kw_per_m2_k: float = param("kW/(m²·K)", 0, 0.05, "through insulation and ground", 0.0015)
    drain_c: float = param("°C", 0, 20, "melt water leaves at", 5.0)
    ua_kw_per_k: float = param("kW/K", 0.1, 1_000_000, "from the loop's fluid to the snow")
    discharge_kw: float = param("kW", 0, 10_000_000, "most cold given")
    use_above_c: float = param("°C", -50, 60, "is used in air warmer than this", 10.0)
    pump_kw_per_kw: float = param("kW/kW", 0, 0.2, "melt-water pumps per cold moved", 0.02)
    start_frac: float = param(
        "-", 0, 1, "share of a full pile at the start of the year before", 0.4
    )

    reports: ClassVar[frozenset[str]] = frozenset({"leaving_c", "filled_frac"})

    def cold_kwh_per_kg(self) -> Array:
        """Cold that a kilogram of snow gives."""
        water_kj_per_kg_k = fluid("water").specific_heat_kj_per_kg_k(self.drain_c)
        return (FUSION_KJ_PER_KG + water_kj_per_kg_k * self.drain_c) / SECONDS_PER_HOUR

    def start_kwh(self) -> Array:
        """Cold at the start of the year."""
        return self.start_frac * self.capacity_kg * self.cold_kwh_per_kg()

    def works_idle(self) -> bool:
        return True

    def reach_c(self, duty: Duty) -> Array:
        drive_k = ratio(duty.heat_kw, coil_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k))
        return drive_k - ratio(duty.heat_kw, duty.flow_kw_per_k)

    def _missing(self, duty: Duty) -> tuple[Limit, ...]:
        """How much of a full pile a year's snow on the catchment leaves empty."""
        fall_m = duty.place.snowfall_m_per_year
        if fall_m is None:
            return ()
        xp = namespace(self.capacity_kg, self.catchment_m2, self.fresh_kg_per_m3)
        fallen_kg = fall_m * self.catchment_m2 * self.fresh_kg_per_m3
        missing = xp.maximum(1.0 - fallen_kg / self.capacity_kg, 0.0) + 0.0 * duty.heat_kw
        note = f"{fall_m:.3g} m of snow a year do not fill the pile"
        return (Limit("snow_missing_frac", missing, "-", note),)

    def serve(self, duty: Duty) -> Service:
        dry_c = duty.air.dry_bulb_c
        xp = namespace(duty.heat_kw, duty.return_c, dry_c, self.capacity_kg)
        kwh_per_kg = self.cold_kwh_per_kg()
        fall_kg_per_h = duty.place.snowfall() * self.catchment_m2 * self.fresh_kg_per_m3
        able_kw = coil_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k) * xp.maximum(
            duty.return_c, 0.0
        )
        want_kw = xp.minimum(xp.minimum(duty.heat_kw, able_kw), self.discharge_kw)
        want_kw = xp.where(dry_c > self.use_above_c, want_kw, 0.0)
        pumped = 1.0 + self.pump_kw_per_kw
        powers_kw = (
            fall_kg_per_h * kwh_per_kg + 0.0 * want_kw,
            want_kw * pumped,
            self.leak_kw_per_m2_k * self.area_m2 * xp.maximum(dry_c, 0.0),
        )
        full_kwh, step_h = self.capacity_kg * kwh_per_kg, duty.place.step_h
        start_kwh = self.start_kwh() if duty.charge_kwh is None else duty.charge_kwh
        if duty.charge_kwh is None and xp.ndim(want_kw) > 0:
            before = cold_flows(*powers_kw, start_kwh, full_kwh, step_h)
            start_kwh = before.charge_kwh[..., -1:]
        flows = cold_flows(*powers_kw, start_kwh, full_kwh, step_h)
        heat_kw = flows.discharge_kw / pumped
        return Service(
            heat_kw=heat_kw,
            power_kw={"snow_pump": flows.discharge_kw - heat_kw},
            reject_kw=flows.charge_kw,
            limits=self._missing(duty),
            traces={
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
                "filled_frac": flows.charge_kwh / full_kwh,
            },
            store=Stored(
                returned_kw=0.0 * heat_kw,
                gained_kw=flows.leak_kw,
                stored_kw=flows.discharge_kw + flows.leak_kw - flows.charge_kw,
                charge_kwh=flows.charge_kwh,
            ),
        )
