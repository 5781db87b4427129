"""Ride-through: the store that stands by for an outage, and what standing by costs."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dctwin.components.component import param
from dctwin.components.power.stage import PowerStage
from dctwin.physics.arrays import Array, namespace
from dctwin.units import SECONDS_PER_HOUR


class RideThrough(PowerStage):
    """Battery, supercapacitor or flywheel that floats on a power path and waits.

    While the source is there it takes `standby_kw` (float and leakage current, cell management,
    its own converter at idle), all of it heat, and passes the path's power unchanged. In an outage
    it carries the path for runtime_s · (rated_kw/load)^rate_exponent: the constant-power form of
    Peukert's law, 1 where the energy does not depend on the rate. What it gave is refilled at
    `round_trip_frac`. Holds for loads of a tenth of the rating to the rating; more is flagged.
    Source: Peukert 1897 in IEEE 485 practice; the values are the equipment file's.
    """

    kind: ClassVar[str] = "ride-through"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw", "standby_kw"})

    store: Literal["vrla", "li-ion", "lfp", "supercapacitor", "flywheel"] = Field(
        description="what keeps the energy"
    )
    in_rack: bool = Field(False, description="its loss counts as IT (inside the IT meter)")
    rated_kw: float = param("kW", 0.05, 1_000_000, "power that it can carry")
    runtime_s: float = param("s", 0.01, 86_400, "how long it carries its rating, full and new")
    rate_exponent: float = param("-", 1, 1.5, "how runtime falls with load, 1: as 1/load", 1.0)
    round_trip_frac: float = param("-", 0.5, 1, "energy given back over energy taken")
    standby_kw: float = param("kW", 0, 10_000, "power taken while it waits, full")

    @property
    def account(self) -> str:
        return f"{'it' if self.in_rack else 'power'}.ride_through_loss"

    def loss_kw(self, output_kw: Array) -> Array:
        return self.standby_kw + 0.0 * output_kw

    def holds_s(self, load_kw: Array) -> Array:
        """How long it carries this load, full and new; endless without load."""
        xp = namespace(load_kw, self.rated_kw)
        rate = xp.maximum(load_kw / self.rated_kw, 1e-12)
        return self.runtime_s * xp.exp(-self.rate_exponent * xp.log(rate))

    def usable_kwh(self, load_kw: Array) -> Array:
        """Energy that it gives at this load."""
        return load_kw * self.holds_s(load_kw) / SECONDS_PER_HOUR

    def refill_kwh(self, given_kwh: Array) -> Array:
        """Energy that it takes to be full again after giving `given_kwh`."""
        return given_kwh / self.round_trip_frac
