"""Converter: UPS, rectifier, power supply, DC-DC: a measured efficiency curve over load."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from dctwin.components.component import param
from dctwin.components.power.stage import RoledStage
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.electrical import (
    loss_from_curve_kw,
    loss_points_from_efficiency,
    peak_load_fracs,
)

Curve = Annotated[tuple[float, ...], Field(min_length=2, max_length=40)]


class Converter(RoledStage):
    """A converter by its efficiency curve: loss per rating, piecewise linear over output load.

    Below the first point the loss goes straight to the no-load loss that the first two points
    point at, never below zero. Holds up to a load fraction of 1; more is flagged.
    A UPS may have a second curve for eco mode (bypass with the inverter ready, IEC 62040-3 VFD): it
    holds for `eco_frac` of the time, when the mains are good enough, and only from
    `eco_min_load_frac` up. Every hour then bears the mean of both losses.
    Source: the equipment file that gives the curve.
    """

    kind: ClassVar[str] = "converter"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    load_frac_points: Curve = Field(description="output over rating, rising, within 0.01 to 1.5")
    efficiency_points: Curve = Field(description="efficiency at these loads, within 0.2 to 1")
    eco_efficiency_points: Curve | None = Field(
        None, description="efficiency in eco mode at the same loads (role ups only)"
    )
    eco_frac: float = param("-", 0, 1, "share of the time in eco mode (line quality)", 0.0)
    eco_min_load_frac: float = param("-", 0, 1, "no eco mode below this load", 0.0)

    @model_validator(mode="after")
    def _curve(self) -> Self:
        loads = self.load_frac_points
        rising = all(a < b for a, b in pairwise(loads))
        if not rising or loads[0] < 0.01 or loads[-1] > 1.5:
            raise ValueError("load_frac_points must rise and stay within 0.01 to 1.5")
        for name in ("efficiency_points", "eco_efficiency_points"):
            efficiencies = getattr(self, name)
            if efficiencies is None:
                continue
            if len(loads) != len(efficiencies):
                raise ValueError(f"load_frac_points and {name} must be equally long")
            if not all(0.2 <= value <= 1 for value in efficiencies):
                raise ValueError(f"{name} must stay within 0.2 to 1")
        if self.eco_efficiency_points is not None and self.role != "ups":
            raise ValueError(f"eco_efficiency_points are for role ups only (got {self.role!r})")
        if self.eco_efficiency_points is None and self.eco_frac > 0:
            raise ValueError("eco_frac above 0 needs eco_efficiency_points")
        return self

    def loss_kw(self, output_kw: Array) -> Array:
        on_line_kw = self._curve_loss_kw(output_kw, self.efficiency_points)
        if self.eco_efficiency_points is None:
            return on_line_kw
        eco_kw = self._curve_loss_kw(output_kw, self.eco_efficiency_points)
        xp = namespace(output_kw, self.rated_kw, self.eco_frac, self.eco_min_load_frac)
        allowed = xp.where(self.load_frac(output_kw) >= self.eco_min_load_frac, self.eco_frac, 0.0)
        return on_line_kw + allowed * (eco_kw - on_line_kw)

    def _curve_loss_kw(self, output_kw: Array, efficiency_points: tuple[float, ...]) -> Array:
        loads, losses = loss_points_from_efficiency(self.load_frac_points, efficiency_points)
        return loss_from_curve_kw(output_kw, self.rated_kw, loads, losses)

    def peak_load_fracs(self) -> tuple[Array, ...]:
        if self.eco_efficiency_points is not None:
            return ()  # the best load of two curves moves with the time spent in each
        return peak_load_fracs(
            *loss_points_from_efficiency(self.load_frac_points, self.efficiency_points)
        )
