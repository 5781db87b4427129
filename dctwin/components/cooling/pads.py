"""Wet pads in an air stream: what a direct evaporative cooler adds to the air."""

from __future__ import annotations

from dctwin.components.component import Air
from dctwin.physics.arrays import Array
from dctwin.physics.moist_air import (
    CP_AIR_KJ_PER_KG_K,
    CP_LIQUID_KJ_PER_KG_K,
    CP_VAPOUR_KJ_PER_KG_K,
    LATENT_0C_KJ_PER_KG,
)


def humidity_gain_kg_per_kg(air: Air, leaving_c: Array) -> Array:
    """Rise of humidity that brings outdoor air to `leaving_c` along its wet bulb, per kg dry air.

    The air takes up water of its wet-bulb temperature (pads without make-up heat): h_out - h_in =
    gain · h_water, solved for the gain. Valid above 0 °C; exact at saturation efficiency 0 and 1.
    Source: ASHRAE Handbook Fundamentals 2021, ch. 1, eq. 33.
    """
    water_kj_per_kg = CP_LIQUID_KJ_PER_KG_K * air.wet_bulb_c
    latent = LATENT_0C_KJ_PER_KG + CP_VAPOUR_KJ_PER_KG_K * leaving_c - water_kj_per_kg
    moist = CP_AIR_KJ_PER_KG_K + CP_VAPOUR_KJ_PER_KG_K * air.humidity_kg_per_kg
    return moist * (air.dry_bulb_c - leaving_c) / latent
