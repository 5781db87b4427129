"""What runs on fuel and gives electricity: engines and fuel cells."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from dctwin.components.component import Component, Limit, inside, param
from dctwin.physics.arrays import Array, namespace


class Generator(Component):
    """A machine that turns fuel into electricity and heat; at rest it may take power. Abstract.

    Balance: fuel_kw = output_kw + heat; what of the heat could be used, heat_recovered_kw says.
    """

    reports: ClassVar[frozenset[str]] = frozenset({"load_frac"})

    fuel: Literal["diesel", "gas", "hydrogen"]
    rated_kw: float
    min_load_frac: float
    heater_kw: float = param("kW", 0, 1_000, "keeping it warm while it stands", 0.0)

    @abstractmethod
    def fuel_kw(self, output_kw: Array) -> Array:
        """Fuel power of one unit, lower heating value; none at rest."""

    @abstractmethod
    def heat_recovered_kw(self, output_kw: Array) -> Array:
        """Heat that can be taken as hot water."""

    def load_frac(self, output_kw: Array) -> Array:
        """Output over rating of one unit."""
        return output_kw / self.rated_kw

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload, and too little load while it runs."""
        load = self.load_frac(output_kw)
        low = namespace(load, self.min_load_frac).where(load > 0, self.min_load_frac, 0.0)
        return (Limit("load_frac", inside(load, low, 1.0), "-"),)
