"""Envelope of air-side economisers: outdoor air that may be let into a room as it is."""

from __future__ import annotations

from dctwin.components.component import Air
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.moist_air import relative_humidity_frac, saturated_humidity_kg_per_kg


def admitted(
    air: Air,
    supply_c: Array,
    max_dry_bulb_c: Array,
    dew_point_c: tuple[Array, Array],
    rh_frac: tuple[Array, Array],
) -> Array:
    """Whether outdoor air is within the limits: 1.0 or 0.0.

    Dry bulb is the outdoor air's. Dew point and relative humidity are those that the outdoor air's
    moisture has in the supply: fixed dry bulb and dew point are economiser limits of ASHRAE 90.1.
    """
    xp = namespace(air.dry_bulb_c, supply_c, max_dry_bulb_c)
    driest, dampest = (
        saturated_humidity_kg_per_kg(limit_c, air.pressure_pa) for limit_c in dew_point_c
    )
    rh = relative_humidity_frac(supply_c, air.humidity_kg_per_kg, air.pressure_pa)
    within = (
        (air.dry_bulb_c <= max_dry_bulb_c)
        & (air.humidity_kg_per_kg >= driest)
        & (air.humidity_kg_per_kg <= dampest)
        & (rh >= rh_frac[0])
        & (rh <= rh_frac[1])
    )
    return xp.where(within, 1.0, 0.0)
