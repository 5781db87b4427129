"""Engine generator: diesel or gas, fuel over load, start and ramp, heat that can be recovered."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import param
from dctwin.components.onsite.generator import Generator
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.electrical import loss_from_curve_kw, loss_points_from_efficiency

Curve = Annotated[tuple[float, ...], Field(min_length=2, max_length=40)]
# Lower heating values. Diesel (EN 590): 35.8 MJ/L, 42.8-43.1 MJ/kg at 0.832-0.845 kg/L.
DIESEL_KWH_PER_L = 35.8 / 3.6
# Natural gas: assumed 36 MJ per normal cubic metre (33-41 by origin).
GAS_KWH_PER_M3 = 36.0 / 3.6


class Genset(Generator):
    """Diesel or gas engine with its generator.

    Fuel power (lower heating value) = output + heat; heat per rating is piecewise linear in load
    through the measured points and runs straight to the no-load fuel below the first. Of the heat,
    `heat_recovery_frac` can be taken as hot water (jacket, oil, exhaust), the rest leaves with
    exhaust and radiation. It runs while it gives power; at rest it takes `heater_kw` to stay warm.
    Below `min_load_frac` diesels soot up (wet stacking) and gas engines misfire: flagged.
    After a start call it gives nothing for `start_s`, takes `first_step_frac` of its rating at once
    and the rest at `ramp_frac_per_s`.
    Balance: fuel_kw = output_kw + heat_recovered_kw + heat_lost_kw.
    Source: ISO 3046-1 (fuel against load), ISO 8528-1 and -5 (load acceptance); values in the file.
    """

    kind: ClassVar[str] = "genset"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "heater_kw"})

    fuel: Literal["diesel", "gas"] = Field(description="what it burns")
    rated_kw: float = param("kW", 1, 100_000, "rated electrical output")
    load_frac_points: Curve = Field(description="output over rating, rising, within 0.05 to 1.2")
    efficiency_points: Curve = Field(
        description="output over fuel (lower heating value) at these loads, within 0.05 to 0.6"
    )
    heat_recovery_frac: float = param("-", 0, 0.95, "share of its heat taken as hot water", 0.0)
    min_load_frac: float = param("-", 0, 0.9, "least load for long running")
    start_s: float = param("s", 1, 3_600, "from the call to taking load")
    first_step_frac: float = param("-", 0.05, 1, "load that it takes in one step", 1.0)
    ramp_frac_per_s: float = param("-/s", 1e-4, 10, "load that it takes per second after", 1.0)

    @model_validator(mode="after")
    def _curve(self) -> Self:
        loads, efficiencies = self.load_frac_points, self.efficiency_points
        if len(loads) != len(efficiencies):
            raise ValueError("load_frac_points and efficiency_points must be equally long")
        rising = all(a < b for a, b in pairwise(loads))
        if not rising or loads[0] < 0.05 or loads[-1] > 1.2:
            raise ValueError("load_frac_points must rise and stay within 0.05 to 1.2")
        if not all(0.05 <= value <= 0.6 for value in efficiencies):
            raise ValueError("efficiency_points must stay within 0.05 to 0.6")
        return self

    def heat_kw(self, output_kw: Array) -> Array:
        """Heat of the engine: all of the fuel that does not become electricity."""
        loads, losses = loss_points_from_efficiency(self.load_frac_points, self.efficiency_points)
        running = namespace(output_kw, self.rated_kw).asarray(output_kw) > 0
        return running * loss_from_curve_kw(output_kw, self.rated_kw, loads, losses)

    def fuel_kw(self, output_kw: Array) -> Array:
        """Fuel power, lower heating value; none at rest."""
        return output_kw + self.heat_kw(output_kw)

    def heat_recovered_kw(self, output_kw: Array) -> Array:
        """Heat that can be taken as hot water."""
        return self.heat_recovery_frac * self.heat_kw(output_kw)

    def heat_lost_kw(self, output_kw: Array) -> Array:
        """Heat that leaves with exhaust and radiation."""
        return self.heat_kw(output_kw) - self.heat_recovered_kw(output_kw)

    def standby_kw(self, output_kw: Array) -> Array:
        """Electricity that keeps it warm while it stands."""
        running = namespace(output_kw, self.heater_kw).asarray(output_kw) > 0
        return (1.0 - running) * self.heater_kw

    def fuel_l_per_h(self, output_kw: Array) -> Array:
        """Diesel burnt; of a gas engine ask `fuel_m3_per_h`."""
        if self.fuel != "diesel":
            raise ValueError(f"litres are counted of diesel only (this one burns {self.fuel})")
        return self.fuel_kw(output_kw) / DIESEL_KWH_PER_L

    def fuel_m3_per_h(self, output_kw: Array) -> Array:
        """Natural gas burnt, normal cubic metres; of a diesel ask `fuel_l_per_h`."""
        if self.fuel != "gas":
            raise ValueError(f"cubic metres are counted of gas only (this one burns {self.fuel})")
        return self.fuel_kw(output_kw) / GAS_KWH_PER_M3

    def ready_kw(self, after_s: Array) -> Array:
        """Load that one set can take `after_s` seconds after the call to start."""
        xp = namespace(after_s, self.start_s)
        since_s = after_s - self.start_s
        share = xp.minimum(self.first_step_frac + self.ramp_frac_per_s * since_s, 1.0)
        return self.rated_kw * xp.where(since_s >= 0, share, 0.0)
