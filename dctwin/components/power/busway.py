"""Busway or cable: a conductor with a length, a section, a material and a voltage."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dctwin.components.component import Limit, inside, param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import (
    conductor_resistance_ohm,
    feeder_loss_kw,
    feeder_margin_frac,
    line_resistance_ohm,
)


class Busway(PowerStage):
    """One feeder of busway or cable to a constant-power load at its end.

    The end voltage is V = (Vs + sqrt(Vs² - 4PR))/2, loss = I²R of all current-carrying conductors.
    Past the maximum power Vs²/4R there is no solution: the loss is not a number there and the
    ledger refuses it; the margin is flagged. Reactance and skin effect are left out.
    Source: IEC 60228 and IEC 60287-1-1 (resistance at conductor temperature).
    """

    kind: ClassVar[str] = "busway"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "section_mm2"})
    reports: ClassVar[frozenset[str]] = frozenset({"load_frac"})

    rated_kw: float = param("kW", 0.1, 100_000, "rated power at the load")
    system: Literal["dc", "ac3"] = Field(description="dc (two poles) or ac3 (three phases)")
    material: Literal["copper", "aluminium"] = Field("copper", description="conductor")
    source_v: float = param("V", 12, 50_000, "voltage at the source, line to line for ac3")
    length_m: float = param("m", 0.1, 5_000, "length, one way")
    section_mm2: float = param("mm²", 1, 100_000, "section of one conductor")
    conductor_c: float = param("°C", 0, 120, "conductor temperature", 70.0)
    power_factor: float = param("-", 0.5, 1, "power factor (1 for dc)", 1.0)

    @property
    def account(self) -> str:
        return "power.conductor_loss"

    def _line_ohm(self) -> Array:
        one_way = conductor_resistance_ohm(
            self.length_m, self.section_mm2, self.material, self.conductor_c
        )
        return line_resistance_ohm(one_way, self.system)

    def load_frac(self, output_kw: Array) -> Array:
        return output_kw / self.rated_kw

    def loss_kw(self, output_kw: Array) -> Array:
        return feeder_loss_kw(self.source_v, output_kw, self._line_ohm(), self.power_factor)

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload, and power beyond what the feeder can carry at all."""
        margin = feeder_margin_frac(self.source_v, output_kw, self._line_ohm(), self.power_factor)
        return (
            Limit("load_frac", inside(self.load_frac(output_kw), 0.0, 1.0), "-"),
            Limit("power_margin_frac", inside(margin, 0.0, 1.0), "-"),
        )
