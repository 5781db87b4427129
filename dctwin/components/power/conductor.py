"""What conductors have in common: metal, voltage, how many are laid."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import conductor_mass_kg

# Conductors laid, least and most: two poles and perhaps a middle one (±400 V); three phases and
# perhaps a neutral (for loads between phase and neutral) and a protective conductor.
_POLES = {"dc": (2, 3), "ac3": (3, 5)}


class Conductor(PowerStage):
    """A run of conductors that feeds constant-power loads. Abstract.

    Mass counts every conductor laid (`poles_count`), bare, all of the same section.
    """

    system: Literal["dc", "ac3"] = Field(description="dc (two poles) or ac3 (three phases)")
    material: Literal["copper", "aluminium"] = Field("copper", description="conductor")
    source_v: float = param("V", 12, 50_000, "voltage at the source, line to line for ac3")
    conductor_c: float = param("°C", 0, 120, "conductor temperature", 70.0)
    power_factor: float = param("-", 0.5, 1, "power factor of the loads (1 for dc)", 1.0)
    poles_count: int | None = Field(
        None, description="conductors laid: 2 or 3 for dc, 3 to 5 for ac3; default the least"
    )

    @model_validator(mode="after")
    def _conductors(self) -> Self:
        low, high = _POLES[self.system]
        if self.poles_count is not None and not low <= self.poles_count <= high:
            raise ValueError(
                f"poles_count must be {low} to {high} for {self.system} (got {self.poles_count})"
            )
        if self.system == "dc" and self.power_factor != 1.0:
            raise ValueError(f"power_factor of a dc feeder is 1 (got {self.power_factor})")
        return self

    @property
    def account(self) -> str:
        return "power.conductor_loss"

    @property
    @abstractmethod
    def metal_kg(self) -> Array:
        """Mass of all conductors laid."""

    @property
    def copper_kg(self) -> Array:
        """Mass of copper in all conductors laid."""
        return self.metal_kg if self.material == "copper" else 0.0

    @property
    def aluminium_kg(self) -> Array:
        """Mass of aluminium in all conductors laid."""
        return self.metal_kg if self.material == "aluminium" else 0.0

    def laid_kg(self, length_m: Array, section_mm2: Array) -> Array:
        """Mass of all conductors of a length and a section."""
        laid = _POLES[self.system][0] if self.poles_count is None else self.poles_count
        return conductor_mass_kg(length_m, section_mm2, self.material, laid)

    @abstractmethod
    def end_v(self, output_kw: Array) -> Array:
        """Lowest voltage at a load when it delivers `output_kw`; no number past its greatest."""
