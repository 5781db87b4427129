"""Wind turbine: its curve at the air and wind of its hub, less wake, standstill and cables."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from dctwin.components.component import Component, param
from dctwin.physics import wind
from dctwin.physics.arrays import Array

MEASURED_AT_M = 10.0  # height of wind speed in EPW files and synoptic reports (WMO-No. 8)

Points = Annotated[tuple[float, ...], Field(min_length=2, max_length=200)]


class WindTurbine(Component):
    """One turbine of a farm: hourly mean wind taken to the hub, read on its power curve.

    Equations in physics/wind.py. The mean of an hour stands for the hour: gusts within it, which
    the cube of the speed favours below rating and punishes above, are left out (under 1 % of a
    year's energy at 10 % turbulence). Availability 0.97: REopt (NREL) backup reliability defaults.
    Wake and cable losses are constants of the farm (assumed: wake 0 to 0.15, cables 0.01 to 0.03).
    """

    kind: ClassVar[str] = "wind"
    source: ClassVar[str] = "wind"
    extensive: ClassVar[frozenset[str]] = frozenset({"rated_kw"})

    rated_kw: float = param("kW", 0.1, 30_000, "rated power of one turbine")
    hub_height_m: float = param("m", 11, 200, "height of the hub above ground")
    rotor_diameter_m: float = param("m", 1, 300, "diameter of the rotor")
    wind_points_m_s: Points = Field(description="speeds of the power curve [m/s], cut-in first")
    power_points_frac: Points = Field(description="power over rating at those speeds, 1.225 kg/m³")
    # Open farmland 0.03 to 0.1 m, Manwell et al., table 2.2.
    roughness_m: float = param("m", 0.0001, 3, "roughness length of the ground", 0.05)
    shear_exponent_frac: float = param("-", 0, 0.6, "power law exponent; 0 takes the log law", 0.0)
    wake_loss_frac: float = param("-", 0, 0.5, "lost in the wake of other turbines", 0.0)
    availability_frac: float = param("-", 0.5, 1, "share of the time that it can run", 0.97)
    electrical_loss_frac: float = param("-", 0, 0.2, "lost in cables and transformers", 0.02)

    @model_validator(mode="after")
    def _curve(self) -> Self:
        speeds, powers = self.wind_points_m_s, self.power_points_frac
        if len(speeds) != len(powers):
            raise ValueError("wind_points_m_s and power_points_frac must have the same length")
        if any(b <= a for a, b in pairwise(speeds)):
            raise ValueError("wind_points_m_s must rise")
        if not all(0 <= p <= 1.05 for p in powers) or speeds[0] < 0:
            raise ValueError("power_points_frac must lie within 0 to 1.05, speeds at 0 or above")
        return self

    def yield_frac(self, wind_m_s: Array, dry_bulb_c: Array, density_kg_per_m3: Array) -> Array:
        """Power over rating at this 10 m wind and ground-level air, losses of the farm left out."""
        if self.shear_exponent_frac > 0:
            hub_m_s = wind.power_law_m_s(
                wind_m_s, MEASURED_AT_M, self.hub_height_m, self.shear_exponent_frac
            )
        else:
            hub_m_s = wind.log_profile_m_s(
                wind_m_s, MEASURED_AT_M, self.hub_height_m, self.roughness_m
            )
        density = wind.hub_density_kg_per_m3(
            density_kg_per_m3, dry_bulb_c, MEASURED_AT_M, self.hub_height_m
        )
        speed = wind.equivalent_speed_m_s(hub_m_s, density)
        return wind.curve_power_frac(speed, self.wind_points_m_s, self.power_points_frac)

    def output_kw(self, yield_frac: Array) -> Array:
        """Power at the bus [kW] from the yield per rated kilowatt."""
        kept = (1.0 - self.wake_loss_frac) * self.availability_frac
        return self.rated_kw * kept * (1.0 - self.electrical_loss_frac) * yield_frac
