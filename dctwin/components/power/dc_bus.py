"""Direct-current bus with several sources: who feeds it is settled by their voltages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array
from dctwin.physics.source_sharing import SourceShares, shared_by_droop

# The order in which powers of sources are listed.
SOURCES = ("pv", "utility", "fuel_cell", "battery")


class DcBus(Component):
    """PV through its MPPT converter, rectified utility, fuel cell and battery, by voltage droop.

    Each source's voltage falls by `droop_frac` from no load to its limit; the bus settles where
    together they give the load, so the highest voltage gives first. See physics/source_sharing.
    A battery is charged by what stands above it in voltage, as far as that has power to spare.
    Valid in steady state, for sources that cannot take power from the bus.
    Source: Dragičević et al., IEEE Trans. Power Electronics 31(7):4876, 2016; Ishikari, see there.
    """

    kind: ClassVar[str] = "dc-bus"

    utility_v: float = param("V", 12, 2_000, "no-load voltage of the rectified utility")
    utility_limit_kw: float = param("kW", 0.001, 1_000_000, "what it gives at most")
    pv_v: float = param("V", 0, 2_000, "no-load voltage of the PV's converter, 0 without", 0.0)
    fuel_cell_v: float = param("V", 0, 2_000, "no-load voltage of the fuel cell, 0 without", 0.0)
    battery_v: float = param("V", 0, 2_000, "no-load voltage of the battery, 0 without", 0.0)
    droop_frac: float = param("-", 1e-4, 0.5, "fall of voltage from no load to the limit", 0.02)

    def share(
        self, load_kw: Array, rated_kw: Sequence[Array], limit_kw: Sequence[Array]
    ) -> SourceShares:
        """Power of each of SOURCES for this load; `limit_kw` is what it can give now."""
        volts = [getattr(self, f"{name}_v") for name in SOURCES]
        return shared_by_droop(
            load_kw,
            # A source that is not there needs some voltage; its rating of 0 keeps it silent.
            [v + (v == 0) for v in volts],
            rated_kw,
            limit_kw,
            self.droop_frac,
        )

    def charges(self) -> list[Array]:
        """Whether each of SOURCES stands above the battery, and so may charge it."""
        return [getattr(self, f"{name}_v") > self.battery_v for name in SOURCES]
