"""Moisture of a room: ventilation, coils below the dew point, humidifiers.

Outdoor air of ventilation and leaks brings its enthalpy and its moisture; the same mass of room air
leaves. The room adds no moisture. With w the humidity of outdoor (o) and room (r) air, m the dry
air, and recirculated air many times the ventilation:

    w_r = min(w_o, w_coil), at least w_min where there is a humidifier
    condensate  m · (w_o - w_r) where positive; humidifier water  m · (w_r - w_o) where positive
    heat to the room  m · (h_o - h_r) + electricity of the humidifier

w_coil is saturation at the water that enters the coil: a coil of which that is below the dew point
is wet and dries the room to it (no bypass; true within some K of dew point, as each kilogram passes
the coil tens of times). A coil too cold for w_min is not fought by the humidifier: the dew point is
then below its limit and flagged. h_r is that of the return air at design rise. Latent heat counts
as heat of the loop, so that flow follows it too; the enthalpy of liquid water is left out (3 % of
its latent heat). Negative heat (winter) is at most what the room's other sources give.
Sources: ASHRAE Handbook Fundamentals 2021, ch. 1 (psychrometrics); limits, ASHRAE TC 9.9 Thermal
Guidelines, 5th ed. 2021: dew point -9 to 15 °C recommended.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from dctwin.components.component import Air
from dctwin.physics import moist_air
from dctwin.physics.arrays import Array, namespace

Humidifier = Literal["none", "steam", "adiabatic"]

# Steam at 100 °C from water at 15 °C: 2676 - 63 kJ/kg (IAPWS-97), in an electrode or element boiler
# whose casing loses 5 % (assumed, 3-8 %); a tenth is drained for its salts (assumed, 5-20 %).
_STEAM_KJ_PER_KG = (2676.0 - 63.0) / 0.95
_STEAM_DRAIN_FRAC = 0.1
# High-pressure nozzles or ultrasound: 5 W per litre an hour (assumed, 4-10 for nozzles; ultrasound
# takes ten times as much), on desalted water, so that nothing is drained.
_SPRAY_KJ_PER_KG = 0.005 * 3600.0


class Moistening(NamedTuple):
    """A humidifier at work: electricity, evaporated and drained water."""

    electric_kw: Array
    evaporation_kg_s: Array
    drained_kg_s: Array


class RoomAir(NamedTuple):
    """Ventilation and moisture of a room: gain_kw - loss_kw is the heat that outdoor air brings."""

    gain_kw: Array
    loss_kw: Array
    humidifier: Moistening
    condensate_kg_s: Array
    humidity_kg_per_kg: Array
    pressure_pa: Array

    def dew_point_c(self) -> Array:
        """Dew point of the room."""
        return moist_air.dew_point_c(self.humidity_kg_per_kg, self.pressure_pa)


def moisten(humidifier: Humidifier, water_kg_s: Array) -> Moistening:
    """A humidifier that evaporates this much."""
    if humidifier == "steam":
        drained_kg_s = water_kg_s * (_STEAM_DRAIN_FRAC / (1.0 - _STEAM_DRAIN_FRAC))
        return Moistening(water_kg_s * _STEAM_KJ_PER_KG, water_kg_s, drained_kg_s)
    return Moistening(water_kg_s * _SPRAY_KJ_PER_KG, water_kg_s, 0.0 * water_kg_s)


def room_air(
    ventilation_m3_s: Array,
    humidifier: Humidifier,
    dew_point_min_c: Array,
    air: Air,
    return_c: Array,
    coil_water_c: Array | None,
    other_kw: Array,
) -> RoomAir:
    """Heat and moisture that ventilation brings; see the module text.

    coil_water_c  water that enters the coil; None: no coil
    other_kw      heat of the room's other sources
    """
    xp = namespace(ventilation_m3_s, air.humidity_kg_per_kg, return_c, other_kw)
    outdoor = air.humidity_kg_per_kg
    dry_air_kg_s = ventilation_m3_s * air.density_kg_per_m3 / (1.0 + outdoor)
    least = moist_air.saturated_humidity_kg_per_kg(dew_point_min_c, air.pressure_pa)
    room = outdoor
    if coil_water_c is not None:
        wet = moist_air.saturated_humidity_kg_per_kg(coil_water_c, air.pressure_pa)
        room, least = xp.minimum(outdoor, wet), xp.minimum(least, wet)
    condensate_kg_s = dry_air_kg_s * (outdoor - room)
    moistened = Moistening(0.0, 0.0, 0.0)
    if humidifier != "none":
        lack = xp.maximum(least - room, 0.0)
        moistened = moisten(humidifier, dry_air_kg_s * lack)
        room = room + lack
    out_kj_per_kg = moist_air.enthalpy_kj_per_kg(return_c, room)
    brought_kw = dry_air_kg_s * (air.enthalpy_kj_per_kg - out_kj_per_kg)
    spare_kw = other_kw + moistened.electric_kw
    return RoomAir(
        xp.maximum(brought_kw, 0.0),
        xp.clip(-brought_kw, 0.0, spare_kw),
        moistened,
        condensate_kg_s,
        room,
        air.pressure_pa,
    )
