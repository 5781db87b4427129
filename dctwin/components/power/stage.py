"""What every device of a power path is: a loss that depends on the load it carries."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from dctwin.components.component import Component, Limit, inside
from dctwin.physics.arrays import Array

# What a converter is in its path; it names the account of its loss.
Role = Literal[
    "transformer", "switchgear", "sts", "ups", "rectifier", "sst", "pdu", "rpp", "psu", "dcdc",
    "vrm",
]  # fmt: skip


class PowerStage(Component):
    """A device in a power path: what goes out is given, what goes in is that plus the loss.

    Balance: power_in_kw = power_out_kw + loss_kw; the loss leaves as heat where the device stands.
    Abstract.
    """

    reports: ClassVar[frozenset[str]] = frozenset({"load_frac"})

    @property
    @abstractmethod
    def account(self) -> str:
        """The account of its loss: `power.ups_loss`, `it.psu_loss`, …"""

    @abstractmethod
    def loss_kw(self, output_kw: Array) -> Array:
        """Loss of one unit [kW] when it gives `output_kw`."""

    @abstractmethod
    def load_frac(self, output_kw: Array) -> Array:
        """Output over rating of one unit."""

    def peak_load_fracs(self) -> tuple[Array, ...]:
        """Load fractions within 0 to 1 at which the efficiency has a local maximum.

        A staged bank sits on them (`share` in plant.py). Empty where a bank cannot be staged.
        """
        return ()

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload is flagged, never clamped."""
        return (Limit("load_frac", inside(self.load_frac(output_kw), 0.0, 1.0), "-"),)
