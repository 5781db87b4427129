"""Direct-current bus with several sources: who feeds it is settled by their voltages."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array
from dctwin.physics.source_sharing import SourceShares, shared_by_droop


class DcBus(Component):
    """PV through its MPPT converter, rectified utility and battery on one bus, by voltage droop.

    Each source's voltage falls by `droop_frac` from no load to its limit; the bus settles where
    together they give the load, so the highest voltage gives first. See physics/source_sharing.
    Valid in steady state, for sources that cannot take power from the bus.
    Source: Dragičević et al., IEEE Trans. Power Electronics 31(7):4876, 2016; Ishikari, see there.
    """

    kind: ClassVar[str] = "dc-bus"

    utility_v: float = param("V", 12, 2_000, "no-load voltage of the rectified utility")
    utility_limit_kw: float = param("kW", 0.001, 1_000_000, "what it gives at most")
    pv_v: float = param("V", 0, 2_000, "no-load voltage of the PV's converter, 0 without", 0.0)
    battery_v: float = param("V", 0, 2_000, "no-load voltage of the battery, 0 without", 0.0)
    droop_frac: float = param("-", 1e-4, 0.5, "fall of voltage from no load to the limit", 0.02)

    def share(
        self,
        load_kw: Array,
        pv_rated_kw: Array,
        pv_now_kw: Array,
        battery_kw: Array,
    ) -> SourceShares:
        """Power of (PV, utility, battery) for this load; `battery_kw` is its discharge limit."""
        return shared_by_droop(
            load_kw,
            # A source that is not there needs some voltage; its rating of 0 keeps it silent.
            (self.pv_v + (self.pv_v == 0), self.utility_v, self.battery_v + (self.battery_v == 0)),
            (pv_rated_kw, self.utility_limit_kw, battery_kw),
            (pv_now_kw, self.utility_limit_kw, battery_kw),
            self.droop_frac,
        )
