"""Wind at hub height, air density there, and the power of a turbine from its curve.

Sources:

* Logarithmic profile of the neutral surface layer, V(z) = V(r) ln(z/z0) / ln(r/z0), and the power
  law V(z) = V(r) (z/r)^a: Manwell, McGowan & Rogers, Wind Energy Explained, 2nd ed., sec. 2.3.3;
  IEC 61400-1 uses a = 0.2 for its normal profile. Valid in the surface layer, to about 150 m, in
  neutral or windy hours; stable nights have more shear.
* Density correction for turbines with active power control: the curve is read at
  V (rho / rho0)^(1/3), IEC 61400-12-1:2017, eq. 5; rho0 = 1.225 kg/m³.
* Density at hub height: hydrostatic air with the lapse of the standard atmosphere, 6.5 K/km
  (ISO 2533:1975).
"""

from __future__ import annotations

from collections.abc import Sequence

from dctwin.physics.arrays import Array, namespace
from dctwin.units import KELVIN_AT_0_C

REFERENCE_DENSITY_KG_PER_M3 = 1.225  # IEC 61400-12-1: sea-level air at 15 °C
LAPSE_K_PER_M = 0.0065  # ISO 2533:1975
_DENSITY_EXPONENT = 9.80665 / (287.053 * LAPSE_K_PER_M) - 1.0  # g/(R·lapse) - 1, ISO 2533


def log_profile_m_s(
    wind_m_s: Array, measured_at_m: Array, hub_height_m: Array, roughness_m: Array
) -> Array:
    """Wind at hub height over ground of this roughness length, neutral air."""
    xp = namespace(wind_m_s, hub_height_m, roughness_m)
    return wind_m_s * xp.log(hub_height_m / roughness_m) / xp.log(measured_at_m / roughness_m)


def power_law_m_s(
    wind_m_s: Array, measured_at_m: Array, hub_height_m: Array, shear_exponent_frac: Array
) -> Array:
    """Wind at hub height with a shear exponent (0.1 over water, 0.14 open land, 0.3 towns)."""
    return wind_m_s * (hub_height_m / measured_at_m) ** shear_exponent_frac


def hub_density_kg_per_m3(
    density_kg_per_m3: Array, dry_bulb_c: Array, measured_at_m: Array, hub_height_m: Array
) -> Array:
    """Air density at hub height from that near the ground."""
    kelvin = dry_bulb_c + KELVIN_AT_0_C
    above = 1.0 - LAPSE_K_PER_M * (hub_height_m - measured_at_m) / kelvin
    return density_kg_per_m3 * above**_DENSITY_EXPONENT


def equivalent_speed_m_s(wind_m_s: Array, density_kg_per_m3: Array) -> Array:
    """Speed at reference density that carries the same power per area (IEC 61400-12-1, eq. 5)."""
    return wind_m_s * (density_kg_per_m3 / REFERENCE_DENSITY_KG_PER_M3) ** (1.0 / 3.0)


def curve_power_frac(
    wind_m_s: Array, wind_points_m_s: Sequence[float], power_points_frac: Sequence[float]
) -> Array:
    """Power over rating on a curve at reference density: straight lines between its points.

    Below the first point (cut-in) and above the last one (cut-out) the turbine stands still.
    """
    xp = namespace(wind_m_s)
    speeds, powers = xp.asarray(wind_points_m_s), xp.asarray(power_points_frac)
    return xp.interp(wind_m_s, speeds, powers, left=0.0, right=0.0)
