"""PV array: the site's yield per kilowatt, computed once, times what is installed."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array

STEEPEST_SNOW_DEG = 39.0  # Townsend & Powell (2011), arrays at 0, 24 and 39°


class PvArray(Component):
    """PV array with inverter: fixed, east-west or on single-axis trackers, one or two faces.

    The yield per rated kilowatt comes from physics/solar.py (pvlib, PVWatts) for this mounting and
    inverter, once per site and array. Soiling and snow come on top of `losses_frac`, which already
    holds 2 % of soiling (PVWatts).
    """

    kind: ClassVar[str] = "pv"
    source: ClassVar[str] = "sun"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    rated_kw: float = param("kW", 0, 10_000_000, "rated DC power at standard test conditions")
    mount: Literal["fixed", "east-west", "tracking"] = Field(
        "fixed", description="fixed, east-west on a roof, or tracking on one axis"
    )
    tilt_deg: float = param("°", 0, 90, "tilt from horizontal (trackers: not used)", 20.0)
    azimuth_deg: float = param(
        "°",
        0,
        360,
        "azimuth, 180 faces south; of a tracker's axis; between two sides",
        180.0,
    )
    dc_ac_frac: float = param("-", 0.5, 2, "DC rating over inverter rating", 1.2)
    losses_frac: float = param("-", 0, 0.5, "PVWatts system losses", 0.1408)
    inverter_efficiency_frac: float = param("-", 0.8, 1, "nominal inverter efficiency", 0.96)
    temperature_frac_per_k: float = param(
        "-/K", -0.01, 0, "power over cell temperature, PVWatts Version 8", -0.0037
    )
    albedo_frac: float = param("-", 0, 1, "light the ground throws back, PVWatts default", 0.2)
    # PVPMC and makers' sheets give 0.65 to 0.95 for modules with two faces (assumed where used).
    bifaciality_frac: float = param("-", 0, 1, "power of the back over the front; 0 one face", 0.0)
    ground_cover_frac: float = param("-", 0.05, 0.95, "module area over land, rows", 0.4)
    height_m: float = param("m", 0.2, 10, "height of the rows' middle above ground", 1.5)
    max_angle_deg: float = param("°", 10, 90, "largest turn of a tracker", 60.0)
    soiling_frac: float = param("-", 0, 0.5, "dirt beyond the 2 % in losses_frac", 0.0)
    slant_height_m: float = param("m", 0.2, 20, "length of a row up its slope, for snow", 4.0)
    lower_edge_m: float = param("m", 0, 10, "lower edge above ground, for snow", 0.8)

    def setup(self) -> dict[str, Any]:
        """What the yield depends on: arguments of physics.solar.pv_yield_frac."""
        return {
            "mount": self.mount,
            "tilt_deg": self.tilt_deg,
            "azimuth_deg": self.azimuth_deg,
            "dc_ac_ratio": self.dc_ac_frac,
            "losses_frac": 1.0 - (1.0 - self.losses_frac) * (1.0 - self.soiling_frac),
            "inverter_efficiency_frac": self.inverter_efficiency_frac,
            "temperature_frac_per_k": self.temperature_frac_per_k,
            "albedo_frac": self.albedo_frac,
            "bifaciality_frac": self.bifaciality_frac,
            "ground_cover_frac": self.ground_cover_frac,
            "height_m": self.height_m,
            "max_angle_deg": self.max_angle_deg,
        }

    @property
    def snow_tilt_deg(self) -> float:
        """Slope down which snow slides: a tracker turns all the way to shed it.

        Beyond the steepest array of the snow model's fit, 39°, a slope sheds at least as well: its
        loss is taken at 39°, an upper bound.
        """
        slope = self.max_angle_deg if self.mount == "tracking" else self.tilt_deg
        return min(slope, STEEPEST_SNOW_DEG)

    def output_kw(self, yield_frac: Array) -> Array:
        """AC power [kW] from the yield per rated kilowatt."""
        return self.rated_kw * yield_frac
