"""Transformer: core loss that is always there, winding loss with the square of the load."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import best_load_frac, loss_kw


class Transformer(PowerStage):
    """HV/MV or MV/LV transformer: loss = P0 + Pk · (load/rating)².

    Holds for a load fraction of 0 to 1 at unity power factor and rated voltage.
    Source: IEC 60076-1; loss classes of Commission Regulation (EU) 548/2014.
    """

    kind: ClassVar[str] = "transformer"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "no_load_kw", "load_loss_kw"})

    rated_kw: float = param("kW", 1, 1_000_000, "rating at unity power factor")
    no_load_kw: float = param("kW", 0, 10_000, "core loss P0")
    load_loss_kw: float = param("kW", 0, 50_000, "winding loss Pk at rated load")

    @property
    def account(self) -> str:
        return "power.transformer_loss"

    def loss_kw(self, output_kw: Array) -> Array:
        return loss_kw(
            output_kw,
            self.rated_kw,
            self.no_load_kw / self.rated_kw,
            0.0,
            self.load_loss_kw / self.rated_kw,
        )

    def peak_load_fracs(self) -> tuple[Array, ...]:
        return (best_load_frac(self.no_load_kw, self.load_loss_kw),)
