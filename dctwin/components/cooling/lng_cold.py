"""Cold of liquefied natural gas that a terminal regasifies next door."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dctwin.components.component import Duty, Limit, Service, Stage, param
from dctwin.components.cooling.exchanger import float_supply_c
from dctwin.components.cooling.store import coil_kw_per_k
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.seasons import over_year

Monthly = Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]


class LngCold(Stage):
    """Exchanger on the intermediate fluid (glycol, propane) that the terminal warms its LNG with.

    Available  regasified kg/s of the month · cold_kj_per_kg · usable_frac
    Exchange   heat <= C (1 - exp(-UA/C)) · (return - fluid_c), the fluid held at fluid_c
    The heat ends in the gas (reject_kw, to the ambient: without the data center sea water or
    burners would give it). The pump of the intermediate fluid takes pump_kw_per_kw; its heat goes
    the same way, within what is available.
    Valid: base-load terminals (send-out that changes over days, not minutes); the usable share is
    what the terminal lets go at a temperature the loop can use and after its own cold use.
    Source: 0.83-0.86 MJ/kg from -162 °C to ambient as pure methane at 60-70 bar (CoolProp, checked
    in the tests); 240 kWh/t of electricity-equivalent, Osaka Gas.
    """

    kind: ClassVar[str] = "lng-cold"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kg_s", "ua_kw_per_k"})
    reports: ClassVar[frozenset[str]] = frozenset({"send_out_frac", "leaving_c"})

    rated_kg_s: float = param("kg/s", 0.01, 5_000, "LNG regasified for this stage in a full month")
    monthly_frac: Monthly = Field(
        (1.0,) * 12, description="send-out of each month over rated_kg_s, January first"
    )
    cold_kj_per_kg: float = param("kJ/kg", 100, 930, "cold from storage to ambient", 830.0)
    usable_frac: float = param("-", 0, 1, "share of it that reaches the intermediate fluid", 0.5)
    fluid_c: float = param("°C", -60, 30, "intermediate fluid entering the exchanger", 2.0)
    ua_kw_per_k: float = param("kW/K", 0.1, 1_000_000, "from the loop to the intermediate fluid")
    pump_kw_per_kw: float = param("kW/kW", 0, 0.1, "intermediate fluid's pump per heat", 0.01)

    def available_kw(self, year_frac: Array) -> Array:
        """Cold that the send-out of the season gives."""
        sent_kg_s = self.rated_kg_s * over_year(self.monthly_frac, year_frac)
        return sent_kg_s * self.cold_kj_per_kg * self.usable_frac

    def reach_c(self, duty: Duty) -> Array:
        conductance = coil_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k)
        return float_supply_c(duty, conductance, self.fluid_c)

    def serve(self, duty: Duty) -> Service:
        available_kw = self.available_kw(duty.place.year_frac)
        conductance = coil_kw_per_k(self.ua_kw_per_k, duty.flow_kw_per_k)
        able_kw = conductance * (duty.return_c - self.fluid_c)
        xp = namespace(duty.heat_kw, duty.return_c, able_kw, available_kw, self.pump_kw_per_kw)
        able_kw = xp.minimum(able_kw, available_kw / (1.0 + self.pump_kw_per_kw))
        heat_kw = xp.clip(able_kw, 0.0, duty.heat_kw)
        pump_kw = self.pump_kw_per_kw * heat_kw
        flow = xp.maximum(duty.flow_kw_per_k, 1e-30)
        note = "the site names no LNG terminal"
        missing = Limit("lng_missing_frac", 1.0 * (heat_kw > 0), "-", note)
        return Service(
            heat_kw=heat_kw,
            power_kw={"lng_pump": pump_kw},
            reject_kw=heat_kw + pump_kw,
            limits=() if duty.place.lng else (missing,),
            traces={
                "send_out_frac": over_year(self.monthly_frac, duty.place.year_frac) + 0.0 * heat_kw,
                "leaving_c": duty.return_c - heat_kw / flow,
            },
        )
