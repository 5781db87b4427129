"""Busway or cable: a conductor with a length, a section, a material and a voltage."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from dctwin.components.component import Limit, inside, param
from dctwin.components.power.conductor import Conductor
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.electrical import (
    conductor_resistance_ohm,
    feeder_current_a,
    feeder_loss_kw,
    feeder_margin_frac,
    feeder_voltage_v,
    line_resistance_ohm,
)


class Busway(Conductor):
    """One feeder of busway or cable to a constant-power load at its end.

    The end voltage is V = (Vs + sqrt(Vs² - 4PR))/2, loss = I²R of all current-carrying conductors.
    Past the maximum power Vs²/4R there is no solution: the loss is not a number there and the
    ledger refuses it; the margin is flagged. Reactance is left out; what skin and proximity effect
    add to the resistance is `skin_frac`. Current above `rated_a` and a voltage drop beyond
    `drop_limit_frac` are flagged.
    Source: IEC 60228 and IEC 60287-1-1 (resistance at conductor temperature, skin effect); drop of
    5 % to loads other than lighting: IEC 60364-5-52, Table G.52.1.
    """

    kind: ClassVar[str] = "busway"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "section_mm2"})

    rated_kw: float = param("kW", 0.1, 100_000, "rated power at the load")
    length_m: float = param("m", 0.1, 5_000, "length, one way")
    section_mm2: float = param("mm²", 1, 100_000, "section of one conductor")
    skin_frac: float = param("-", 0, 1, "resistance above that of DC (0 for dc)", 0.0)
    rated_a: float | None = param("A", 0.1, 1_000_000, "current limit; none: rated_kw alone", None)
    drop_limit_frac: float = param("-", 0.001, 0.5, "voltage drop that loads accept", 0.05)

    @model_validator(mode="after")
    def _skin(self) -> Self:
        if self.system == "dc" and self.skin_frac > 0:
            raise ValueError(f"skin_frac must be 0 for dc (got {self.skin_frac:g})")
        return self

    @property
    def resistance_ohm(self) -> Array:
        """Resistance of the line: out and back for dc, one phase for ac3."""
        one_way = conductor_resistance_ohm(
            self.length_m, self.section_mm2, self.material, self.conductor_c
        )
        return line_resistance_ohm(one_way, self.system) * (1.0 + self.skin_frac)

    @property
    def metal_kg(self) -> Array:
        return self.laid_kg(self.length_m, self.section_mm2)

    def loss_kw(self, output_kw: Array) -> Array:
        return feeder_loss_kw(self.source_v, output_kw, self.resistance_ohm, self.power_factor)

    def current_a(self, output_kw: Array) -> Array:
        """Current in one conductor when it delivers `output_kw` at its end."""
        return feeder_current_a(
            self.source_v, output_kw, self.resistance_ohm, self.power_factor, self.system
        )

    def end_v(self, output_kw: Array) -> Array:
        return feeder_voltage_v(self.source_v, output_kw, self.resistance_ohm, self.power_factor)

    def voltage_drop_v(self, output_kw: Array) -> Array:
        """Source voltage minus voltage at the end, when it delivers `output_kw` there."""
        return self.source_v - self.end_v(output_kw)

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload, current, voltage drop, and power beyond what the feeder can carry at all."""
        margin = feeder_margin_frac(
            self.source_v, output_kw, self.resistance_ohm, self.power_factor
        )
        drop_frac = self.voltage_drop_v(output_kw) / self.source_v
        xp = namespace(drop_frac, self.drop_limit_frac, self.rated_a)
        found = (
            Limit("load_frac", inside(self.load_frac(output_kw), 0.0, 1.0), "-"),
            Limit("power_margin_frac", inside(margin, 0.0, 1.0), "-"),
            Limit("voltage_drop_frac", xp.maximum(drop_frac - self.drop_limit_frac, 0.0), "-"),
        )
        if self.rated_a is None:
            return found
        over_a = xp.maximum(self.current_a(output_kw) - self.rated_a, 0.0)
        return (*found, Limit("current_a", over_a, "A"))
