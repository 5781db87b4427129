"""What every device of a power path is: a loss that depends on the load it carries."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from pydantic import Field

from dctwin.components.component import Component, Limit, inside, param
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

    rated_kw: float = param("kW", 0.05, 1_000_000, "rated output")

    @property
    @abstractmethod
    def account(self) -> str:
        """The account of its loss: `power.ups_loss`, `it.psu_loss`, …"""

    @abstractmethod
    def loss_kw(self, output_kw: Array) -> Array:
        """Loss of one unit [kW] when it gives `output_kw`."""

    def load_frac(self, output_kw: Array) -> Array:
        """Output over rating of one unit."""
        return output_kw / self.rated_kw

    def peak_load_fracs(self) -> tuple[Array, ...]:
        """Load fractions within 0 to 1 at which the efficiency has a local maximum.

        A staged bank sits on them (`share` in plant.py). Empty where a bank cannot be staged.
        """
        return ()

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload is flagged, never clamped."""
        return (Limit("load_frac", inside(self.load_frac(output_kw), 0.0, 1.0), "-"),)


class RoledStage(PowerStage):
    """A device of which the design says what it is. Abstract."""

    role: Role = Field(description="what it is in the path; names the account of its loss")
    in_rack: bool = Field(False, description="its loss counts as IT (inside the IT meter)")
    output_v: float | None = param(
        "V", 0.3, 50_000, "nominal output voltage, where it is told", None
    )

    @property
    def account(self) -> str:
        return f"{'it' if self.in_rack else 'power'}.{self.role}_loss"
