"""Hydrogen tank: holds what the electrolyser makes until the fuel cell asks for it."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import Component, param
from dctwin.components.onsite.electrolyser import HYDROGEN_KWH_PER_KG
from dctwin.physics.arrays import Array


class HydrogenTank(Component):
    """Pressure tank without loss; compression counts to the electrolyser's auxiliaries.

    Energy is the lower heating value, 33.32 kWh/kg.
    """

    kind: ClassVar[str] = "hydrogen-tank"
    extensive: ClassVar[frozenset[str]] = frozenset({"capacity_kg"})

    capacity_kg: float = param("kg", 0.001, 100_000_000, "usable hydrogen")
    start_frac: float = param("-", 0, 1, "filling at the start", 0.5)

    @property
    def capacity_kwh(self) -> Array:
        """Usable energy, lower heating value."""
        return self.capacity_kg * HYDROGEN_KWH_PER_KG
