"""Converter: UPS, rectifier, power supply, DC-DC: a measured efficiency curve over load."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import loss_from_curve_kw, loss_points_from_efficiency

Curve = Annotated[tuple[float, ...], Field(min_length=2, max_length=40)]


class Converter(PowerStage):
    """A converter by its efficiency curve: loss per rating, piecewise linear over output load.

    Below the first point the loss goes straight to the no-load loss that the first two points
    point at, never below zero. Holds up to a load fraction of 1; more is flagged.
    Source: the equipment file that gives the curve.
    """

    kind: ClassVar[str] = "converter"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    role: Literal["ups", "rectifier", "psu", "dcdc", "sst", "pdu"] = Field(
        description="what it is in the path; names the account of its loss"
    )
    in_rack: bool = Field(False, description="its loss counts as IT (inside the IT meter)")
    rated_kw: float = param("kW", 0.05, 1_000_000, "rated output")
    load_frac_points: Curve = Field(description="output over rating, rising, within 0.01 to 1.5")
    efficiency_points: Curve = Field(description="efficiency at these loads, within 0.2 to 1")

    @model_validator(mode="after")
    def _curve(self) -> Self:
        loads, efficiencies = self.load_frac_points, self.efficiency_points
        if len(loads) != len(efficiencies):
            raise ValueError("load_frac_points and efficiency_points must be equally long")
        rising = all(a < b for a, b in pairwise(loads))
        if not rising or loads[0] < 0.01 or loads[-1] > 1.5:
            raise ValueError("load_frac_points must rise and stay within 0.01 to 1.5")
        if not all(0.2 <= value <= 1 for value in efficiencies):
            raise ValueError("efficiency_points must stay within 0.2 to 1")
        return self

    @property
    def account(self) -> str:
        return f"{'it' if self.in_rack else 'power'}.{self.role}_loss"

    def load_frac(self, output_kw: Array) -> Array:
        return output_kw / self.rated_kw

    def loss_kw(self, output_kw: Array) -> Array:
        loads, losses = loss_points_from_efficiency(self.load_frac_points, self.efficiency_points)
        return loss_from_curve_kw(output_kw, self.rated_kw, loads, losses)
