"""Wet coils and the humidifiers that put back what they wring out of a room's air.

A room has no source of moisture of its own. A coil below its dew point dries it, and a humidifier
in the unit that holds the humidity evaporates as much again: the two fight. In the steady state

    water  w = (1 - s) · Q / r,   s the sensible share of the coil's heat Q, r the latent heat

and Q grows by the humidifier's electricity, Q = (heat + fans) / (1 - m), m = electricity / Q:
little for spray, which takes its heat from the air that the coil then need not cool, and all of the
latent heat for steam. The water ends as condensate in the drain.
Valid for a coil colder than the room's dew point; the enthalpy of liquid water is left out.
Source: ASHRAE Handbook Fundamentals 2021, ch. 1; sensible shares of 0.85-0.99 are makers' and
practitioners' figures (Evans, Humidification strategies for data centers, Schneider WP 58).
"""

from __future__ import annotations

from dctwin.components.component import Water
from dctwin.components.cooling.room_air import Humidifier, Moistening, moisten
from dctwin.physics.arrays import Array
from dctwin.physics.moist_air import LATENT_0C_KJ_PER_KG


def needs_humidifier(humidifier: Humidifier, sensible_frac: float) -> None:
    """Raise ValueError where a coil is said to stay wet in a room that nothing moistens."""
    if humidifier == "none" and sensible_frac < 1:
        raise ValueError(
            "sensible_frac below 1 needs a humidifier: without one the room dries until the coil "
            "is dry"
        )


def moistening(humidifier: Humidifier, sensible_frac: Array, coil_kw: Array) -> Moistening:
    """The humidifier that evaporates what a coil of this heat condenses."""
    return moisten(humidifier, (1.0 - sensible_frac) / LATENT_0C_KJ_PER_KG * coil_kw)


def electric_frac(humidifier: Humidifier, sensible_frac: Array) -> Array:
    """Electricity of the humidifier per heat of the coil."""
    return moistening(humidifier, sensible_frac, 1.0).electric_kw


def to_drain(moistened: Moistening) -> Water:
    """Its water: condensed in the coil, or drained for its salts."""
    return Water(blowdown_kg_s=moistened.evaporation_kg_s + moistened.drained_kg_s)
