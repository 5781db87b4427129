"""Electrolyser: electricity and water become hydrogen, less at full load per kilowatt hour."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array, namespace

# Lower heating value 119.96 MJ/kg (ISO 14687 / CoolProp heat of formation of water vapour).
HYDROGEN_KWH_PER_KG = 33.32
# Water split per kilogram of hydrogen: molar masses 18.015 / 2.016.
WATER_KG_PER_KG = 8.936

Curve = Annotated[tuple[float, ...], Field(min_length=2, max_length=40)]


class Electrolyser(Component):
    """PEM electrolyser by its use of electricity over load, auxiliaries within.

    Hydrogen per hour is piecewise linear over input; below `min_load_frac` it stands still.
    Source: the equipment file that gives the curve. Holds up to a load fraction of 1.
    """

    kind: ClassVar[str] = "electrolyser"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    rated_kw: float = param("kW", 0.1, 10_000_000, "input at full load, auxiliaries within")
    min_load_frac: float = param("-", 0, 1, "least load at which it runs", 0.1)
    reject_frac: float = param("-", 0, 3, "water drained over water split", 0.4)
    load_frac_points: Curve = Field(description="input over rating, rising to 1")
    use_kwh_per_kg_points: Curve = Field(description="electricity per hydrogen at these loads")

    @model_validator(mode="after")
    def _curve(self) -> Self:
        check_curve(self.load_frac_points, self.use_kwh_per_kg_points, "use_kwh_per_kg_points")
        if not all(HYDROGEN_KWH_PER_KG <= use <= 200 for use in self.use_kwh_per_kg_points):
            raise ValueError(
                f"use_kwh_per_kg_points must stay within {HYDROGEN_KWH_PER_KG:g} to 200"
            )
        if self.min_load_frac < self.load_frac_points[0]:
            raise ValueError("min_load_frac must not be below the first of load_frac_points")
        return self

    @property
    def hydrogen_kwh_per_kwh(self) -> float:
        """Lower heating value made per electricity at full load."""
        return HYDROGEN_KWH_PER_KG / self.use_kwh_per_kg_points[-1]

    def hydrogen_kg_per_h(self, input_kw: Array) -> Array:
        """Hydrogen of one unit; none below its least load."""
        points = zip(self.load_frac_points, self.use_kwh_per_kg_points, strict=True)
        made = [load / use for load, use in points]
        return at_load(input_kw, self.rated_kw, self.load_frac_points, made)


def check_curve(loads: Curve, values: Curve, name: str) -> None:
    """Refuse a curve over load that does not rise to 1 or has other lengths."""
    if len(loads) != len(values):
        raise ValueError(f"load_frac_points and {name} must be equally long")
    if not all(a < b for a, b in pairwise(loads)) or loads[0] <= 0 or loads[-1] != 1:
        raise ValueError("load_frac_points must rise from above 0 to 1")


def at_load(power_kw: Array, rated_kw: Array, loads: Curve, values: list[float]) -> Array:
    """rated_kw times the curve of `values` at power_kw / rated_kw, straight to 0 below it."""
    xp = namespace(power_kw, rated_kw)
    return rated_kw * xp.interp(
        power_kw / rated_kw, xp.asarray((0.0, *loads)), xp.asarray((0.0, *values))
    )
