"""Fuel cell: hydrogen becomes electricity and heat."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import param
from dctwin.components.onsite.electrolyser import Curve, at_load, check_curve
from dctwin.components.onsite.generator import Generator
from dctwin.physics.arrays import Array


class FuelCell(Generator):
    """PEM or solid-oxide fuel cell by its net efficiency (lower heating value) over load.

    Fuel is piecewise linear over output; below `min_load_frac` it stands still. What is not
    electricity is heat; `heat_frac` of it leaves in the cooling water and could be used. Fed with
    natural gas (reformed inside a solid-oxide cell) its carbon is that of the gas.
    Source: the equipment file that gives the curve. Holds up to a load fraction of 1.
    """

    kind: ClassVar[str] = "fuel-cell"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "heater_kw"})

    fuel: Literal["hydrogen", "gas"] = Field("hydrogen", description="what it is fed with")
    rated_kw: float = param("kW", 0.1, 10_000_000, "net output at full load")
    min_load_frac: float = param("-", 0, 1, "least load at which it runs", 0.1)
    heat_frac: float = param("-", 0, 1, "share of the heat that could be used", 0.6)
    load_frac_points: Curve = Field(description="output over rating, rising to 1")
    efficiency_points: Curve = Field(description="net efficiency at these loads, LHV")

    @model_validator(mode="after")
    def _curve(self) -> Self:
        check_curve(self.load_frac_points, self.efficiency_points, "efficiency_points")
        if not all(0.05 <= value <= 0.9 for value in self.efficiency_points):
            raise ValueError("efficiency_points must stay within 0.05 to 0.9")
        if self.min_load_frac < self.load_frac_points[0]:
            raise ValueError("min_load_frac must not be below the first of load_frac_points")
        return self

    def fuel_kw(self, output_kw: Array) -> Array:
        """Fuel of one unit [kW of lower heating value]."""
        points = zip(self.load_frac_points, self.efficiency_points, strict=True)
        burnt = [load / efficiency for load, efficiency in points]
        return at_load(output_kw, self.rated_kw, self.load_frac_points, burnt)

    def heat_recovered_kw(self, output_kw: Array) -> Array:
        """Heat that leaves in the cooling water."""
        return self.heat_frac * (self.fuel_kw(output_kw) - output_kw)
