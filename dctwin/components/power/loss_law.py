"""Devices known by a loss law and not by a curve: switchgear, transfer switches, panels."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import param
from dctwin.components.power.stage import RoledStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import best_load_frac, loss_kw


class LossLaw(RoledStage):
    """A device with loss = P0 + b · output + Pk · (output/rating)².

    P0 stands for control, heaters and cores, b for semiconductors with a constant on-state voltage
    (thyristors, diodes), Pk for contacts, bars and windings. A converter for which only
    input = (output + p0)/η is published has P0 = p0/η and b = 1/η - 1.
    Holds for a load fraction of 0 to 1; more is flagged. Source: the split of IEC 60076-1 and
    IEC 62040-3 (no-load and load losses); the values are the equipment file's.
    """

    kind: ClassVar[str] = "loss-law"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "no_load_kw", "load_loss_kw"})

    no_load_kw: float = param("kW", 0, 10_000, "loss without load, P0", 0.0)
    proportional_frac: float = param("-", 0, 0.5, "loss per output, b", 0.0)
    load_loss_kw: float = param("kW", 0, 50_000, "square loss at rated output, Pk", 0.0)

    def loss_kw(self, output_kw: Array) -> Array:
        return loss_kw(
            output_kw,
            self.rated_kw,
            self.no_load_kw / self.rated_kw,
            self.proportional_frac,
            self.load_loss_kw / self.rated_kw,
        )

    def peak_load_fracs(self) -> tuple[Array, ...]:
        return (best_load_frac(self.no_load_kw, self.load_loss_kw),)
