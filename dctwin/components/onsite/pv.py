"""PV array: the site's yield per kilowatt, computed once, times what is installed."""

from __future__ import annotations

from typing import ClassVar

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array


class PvArray(Component):
    """Fixed PV array with inverter. The yield per rated kilowatt comes from physics/solar.py
    (pvlib, PVWatts) for this tilt, azimuth and inverter, once per site.
    """

    kind: ClassVar[str] = "pv"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    rated_kw: float = param("kW", 0, 10_000_000, "rated DC power at standard test conditions")
    tilt_deg: float = param("°", 0, 90, "tilt from horizontal", 20.0)
    azimuth_deg: float = param("°", 0, 360, "azimuth, 180 faces south", 180.0)
    dc_ac_frac: float = param("-", 0.5, 2, "DC rating over inverter rating", 1.2)
    losses_frac: float = param("-", 0, 0.5, "PVWatts system losses", 0.1408)
    inverter_efficiency_frac: float = param("-", 0.8, 1, "nominal inverter efficiency", 0.96)

    def output_kw(self, yield_frac: Array) -> Array:
        """AC power [kW] from the yield per rated kilowatt."""
        return self.rated_kw * yield_frac
