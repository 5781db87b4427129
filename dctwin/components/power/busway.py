"""Busway or cable: a conductor with a length, a section, a material and a voltage."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import Limit, inside, param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array
from dctwin.physics.electrical import (
    conductor_mass_kg,
    conductor_resistance_ohm,
    feeder_current_a,
    feeder_loss_kw,
    feeder_margin_frac,
    feeder_voltage_v,
    line_resistance_ohm,
)

# Conductors laid, least and most: two poles and perhaps a middle one (±400 V); three phases and
# perhaps a neutral and a protective conductor.
_POLES = {"dc": (2, 3), "ac3": (3, 5)}


class Busway(PowerStage):
    """One feeder of busway or cable to a constant-power load at its end.

    The end voltage is V = (Vs + sqrt(Vs² - 4PR))/2, loss = I²R of all current-carrying conductors.
    Past the maximum power Vs²/4R there is no solution: the loss is not a number there and the
    ledger refuses it; the margin is flagged. Reactance is left out; what skin and proximity effect
    add to the resistance is `skin_frac`. Mass counts every conductor laid (`poles_count`), bare.
    Source: IEC 60228 and IEC 60287-1-1 (resistance at conductor temperature, skin effect).
    """

    kind: ClassVar[str] = "busway"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "section_mm2"})

    rated_kw: float = param("kW", 0.1, 100_000, "rated power at the load")
    system: Literal["dc", "ac3"] = Field(description="dc (two poles) or ac3 (three phases)")
    material: Literal["copper", "aluminium"] = Field("copper", description="conductor")
    source_v: float = param("V", 12, 50_000, "voltage at the source, line to line for ac3")
    length_m: float = param("m", 0.1, 5_000, "length, one way")
    section_mm2: float = param("mm²", 1, 100_000, "section of one conductor")
    conductor_c: float = param("°C", 0, 120, "conductor temperature", 70.0)
    power_factor: float = param("-", 0.5, 1, "power factor (1 for dc)", 1.0)
    skin_frac: float = param("-", 0, 1, "resistance above that of DC (0 for dc)", 0.0)
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
        if self.system == "dc" and self.skin_frac > 0:
            raise ValueError(f"skin_frac must be 0 for dc (got {self.skin_frac:g})")
        return self

    @property
    def account(self) -> str:
        return "power.conductor_loss"

    @property
    def resistance_ohm(self) -> Array:
        """Resistance of the line: out and back for dc, one phase for ac3."""
        one_way = conductor_resistance_ohm(
            self.length_m, self.section_mm2, self.material, self.conductor_c
        )
        return line_resistance_ohm(one_way, self.system) * (1.0 + self.skin_frac)

    @property
    def metal_kg(self) -> Array:
        """Mass of all conductors laid."""
        laid = _POLES[self.system][0] if self.poles_count is None else self.poles_count
        return conductor_mass_kg(self.length_m, self.section_mm2, self.material, laid)

    @property
    def copper_kg(self) -> Array:
        """Mass of copper in all conductors laid."""
        return self.metal_kg if self.material == "copper" else 0.0

    @property
    def aluminium_kg(self) -> Array:
        """Mass of aluminium in all conductors laid."""
        return self.metal_kg if self.material == "aluminium" else 0.0

    def loss_kw(self, output_kw: Array) -> Array:
        return feeder_loss_kw(self.source_v, output_kw, self.resistance_ohm, self.power_factor)

    def current_a(self, output_kw: Array) -> Array:
        """Current in one conductor when it delivers `output_kw` at its end."""
        return feeder_current_a(
            self.source_v, output_kw, self.resistance_ohm, self.power_factor, self.system
        )

    def voltage_drop_v(self, output_kw: Array) -> Array:
        """Source voltage minus voltage at the end, when it delivers `output_kw` there."""
        end_v = feeder_voltage_v(self.source_v, output_kw, self.resistance_ohm, self.power_factor)
        return self.source_v - end_v

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload, and power beyond what the feeder can carry at all."""
        margin = feeder_margin_frac(
            self.source_v, output_kw, self.resistance_ohm, self.power_factor
        )
        return (
            Limit("load_frac", inside(self.load_frac(output_kw), 0.0, 1.0), "-"),
            Limit("power_margin_frac", inside(margin, 0.0, 1.0), "-"),
        )
