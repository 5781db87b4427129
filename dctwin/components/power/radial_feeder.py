"""Radial feeder: one run of conductors that branches, with several loads along it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from dctwin.components.component import Limit, inside, param
from dctwin.components.power.conductor import Conductor
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.electrical import (
    conductor_resistance_ohm,
    line_resistance_ohm,
)
from dctwin.physics.radial_flow import RadialFlow, radial_flow

MAX_SEGMENTS = 64
Segments = Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_SEGMENTS)]
Parents = Annotated[tuple[int, ...], Field(min_length=1, max_length=MAX_SEGMENTS)]


class RadialFeeder(Conductor):
    """A tree of conductors with constant-power loads at the ends of its segments.

    Voltages and losses by `physics.radial_flow`: the closed form of one feeder,
    V = (Vs + sqrt(Vs² - 4PR))/2, iterated over the tree until it settles. The load of the feeder
    is spread over the segments' ends by `load_share_frac`. Past the greatest power of the tree
    there is no solution: the loss is not a number there and the ledger refuses it.
    Holds for steady loads; reactance, short circuit and arcs are left out. A year of
    it costs about 1 ms a segment: for a trunk that matters, not for every row.
    Source: Baran and Wu, IEEE Trans. Power Delivery 4(1):725, 1989; IEC 60287-1-1 (resistance).
    """

    kind: ClassVar[str] = "radial-feeder"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "section_mm2", "rated_a"})

    rated_kw: float = param("kW", 0.1, 100_000, "rated power at the loads, all together")
    min_v: float = param("V", 1, 50_000, "lowest voltage that the loads accept")
    segment_from: Parents = Field(
        description="where each segment begins: -1 the source, or an earlier segment's number"
    )
    length_m: Segments = Field(description="length of each segment, one way [m]")
    section_mm2: Segments = Field(description="section of one conductor of each segment [mm²]")
    rated_a: Segments = Field(description="current limit of each segment [A]")
    load_share_frac: Segments = Field(description="share of the load at each segment's end")

    @model_validator(mode="after")
    def _tree(self) -> Self:
        self._in_order("min_v", "source_v")
        lists = ("segment_from", "length_m", "section_mm2", "rated_a", "load_share_frac")
        if len({len(getattr(self, name)) for name in lists}) > 1:
            raise ValueError(f"{', '.join(lists)} must be equally long")
        for index, before in enumerate(self.segment_from):
            if not -1 <= before < index:
                raise ValueError(
                    f"segment_from[{index}] must be -1 or the number of an earlier segment "
                    f"(got {before})"
                )
        for name, low, high in (
            ("length_m", 0.01, 5_000),
            ("section_mm2", 1, 100_000),
            ("rated_a", 0.1, 1_000_000),
            ("load_share_frac", 0, 1),
        ):
            if not all(low <= value <= high for value in getattr(self, name)):
                raise ValueError(f"{name} must stay within {low} to {high}")
        if abs(sum(self.load_share_frac) - 1.0) > 1e-6:
            raise ValueError(f"load_share_frac must add up to 1 (got {sum(self.load_share_frac)})")
        return self

    @property
    def metal_kg(self) -> float:
        pairs = zip(self.length_m, self.section_mm2, strict=True)
        return float(sum(self.laid_kg(length, section) for length, section in pairs))

    def flow(self, output_kw: Array) -> RadialFlow:
        """The tree at work when its loads take `output_kw` together."""
        ohms = [
            line_resistance_ohm(
                conductor_resistance_ohm(length, section, self.material, self.conductor_c),
                self.system,
            )
            for length, section in zip(self.length_m, self.section_mm2, strict=True)
        ]
        loads = [output_kw * share for share in self.load_share_frac]
        return radial_flow(
            self.source_v, loads, ohms, self.segment_from, self.power_factor, self.system
        )

    def end_v(self, output_kw: Array) -> Array:
        xp = namespace(output_kw, self.source_v)
        volts, *others = self.flow(output_kw).voltage_v
        for other in others:
            volts = xp.minimum(volts, other)
        return volts

    def loss_kw(self, output_kw: Array) -> Array:
        return sum(self.flow(output_kw).loss_kw, 0.0)

    def limits(self, output_kw: Array) -> tuple[Limit, ...]:
        """Overload, the lowest voltage of the tree, and the current of its busiest segment."""
        flow = self.flow(output_kw)
        xp = namespace(output_kw, self.source_v)
        low_v, over_a = flow.voltage_v[0], flow.current_a[0] - self.rated_a[0]
        for volts, amps, most in zip(flow.voltage_v, flow.current_a, self.rated_a, strict=True):
            low_v, over_a = xp.minimum(low_v, volts), xp.maximum(over_a, amps - most)
        return (
            Limit("load_frac", inside(self.load_frac(output_kw), 0.0, 1.0), "-"),
            Limit("voltage_v", xp.maximum(self.min_v - low_v, 0.0), "V"),
            Limit("current_a", xp.maximum(over_a, 0.0), "A"),
        )
