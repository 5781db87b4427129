"""What flows through a loop, and what a device is built for."""

from __future__ import annotations

from typing import Literal

# `boiling` is the vapour of a fluid of two phases.
Medium = Literal["air", "water", "glycol", "dielectric", "boiling"]
AQUEOUS: frozenset[Medium] = frozenset({"water", "glycol"})
LIQUIDS: frozenset[Medium] = AQUEOUS | {"dielectric"}
AIR: frozenset[Medium] = frozenset({"air"})


def medium_of(fluid: str, phase: str = "single") -> Medium:
    """The kind of a loop's fluid.

    >>> medium_of("propylene-glycol-25"), medium_of("mineral-oil"), medium_of("R515B", "two")
    ('glycol', 'dielectric', 'boiling')
    """
    if phase == "two":
        return "boiling"
    if fluid == "air":
        return "air"
    if fluid == "water":
        return "water"
    return "glycol" if "-glycol-" in fluid else "dielectric"
