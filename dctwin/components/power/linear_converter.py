"""Converter with a linear law: a fixed loss and a proportional one."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dctwin.components.component import param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import linear_loss_kw


class LinearConverter(PowerStage):
    """A converter by a straight line: P_in = (P_out + fixed)/η.

    The fit that measured input and output powers of many units usually give. Its efficiency
    η P/(P + fixed) rises with load for ever: there is no maximum in it, which a real converter
    has, so it says nothing about sharing load among fewer units.
    Holds up to a load fraction of 1; more is flagged.
    Source: Brewer et al., A Digital Twin Framework for Liquid-cooled Supercomputers, SC24 (arXiv
    2410.05133), which fits the rectifiers and node converters of Frontier so.
    """

    kind: ClassVar[str] = "linear-converter"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "fixed_kw"})

    role: Literal["ups", "rectifier", "psu", "dcdc", "sst", "pdu"] = Field(
        description="what it is in the path; names the account of its loss"
    )
    in_rack: bool = Field(False, description="its loss counts as IT (inside the IT meter)")
    rated_kw: float = param("kW", 0.05, 1_000_000, "rated output")
    fixed_kw: float = param("kW", 0, 100_000, "fixed term, added to the output")
    efficiency_frac: float = param("-", 0.2, 1, "slope: output over input at great loads")

    @property
    def account(self) -> str:
        return f"{'it' if self.in_rack else 'power'}.{self.role}_loss"

    def load_frac(self, output_kw: Array) -> Array:
        return output_kw / self.rated_kw

    def loss_kw(self, output_kw: Array) -> Array:
        return linear_loss_kw(output_kw, self.fixed_kw, self.efficiency_frac)
