"""Generation given as a series: small hydro, geothermal, or any plant with known output."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array


class GenerationSeries(Component):
    """A plant whose output over its rating is given: twelve monthly means, or a CSV file.

    Nothing is modelled: the water's year or the well's steadiness is in the numbers. Monthly means
    hide floods, droughts and outages of days; give a file where they matter.
    """

    kind: ClassVar[str] = "series"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    source: Literal["hydro", "geothermal", "sun", "wind"] = Field(description="what drives it")
    rated_kw: float = param("kW", 0, 10_000_000, "rated power at the bus")
    monthly_frac: Annotated[tuple[float, ...], Field(max_length=12)] = Field(
        (), description="mean output over rating of each month, January first"
    )
    file: str = Field("", description="CSV with time_utc and output_frac, relative to the design")

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if bool(self.monthly_frac) == bool(self.file):
            raise ValueError("give either monthly_frac (12 numbers) or file")
        if self.monthly_frac and len(self.monthly_frac) != 12:
            raise ValueError(f"monthly_frac needs 12 numbers (got {len(self.monthly_frac)})")
        if not all(0 <= share <= 1 for share in self.monthly_frac):
            raise ValueError("monthly_frac must lie within 0 to 1")
        return self

    def output_kw(self, yield_frac: Array) -> Array:
        """Power at the bus [kW] from the yield per rated kilowatt."""
        return self.rated_kw * yield_frac
