"""Wind to the hub, air density, and energy of published turbines against integrals of their own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from dctwin.equipment import load_equipment
from dctwin.physics import wind


def test_logarithmic_profile_by_hand() -> None:
    # ln(80/0.05)/ln(10/0.05) = 7.3778/5.2983
    assert wind.log_profile_m_s(5.0, 10.0, 80.0, 0.05) == pytest.approx(5.0 * 7.377759 / 5.298317)


def test_power_law_by_hand() -> None:
    assert wind.power_law_m_s(5.0, 10.0, 80.0, 1.0 / 7.0) == pytest.approx(5.0 * 8.0 ** (1 / 7))


def test_both_profiles_agree_where_they_are_meant_to() -> None:
    # Manwell et al.: 1/7 fits open land of about 0.02 m roughness between 10 and 80 m, within 5 %.
    power = wind.power_law_m_s(6.0, 10.0, 80.0, 1.0 / 7.0)
    assert wind.log_profile_m_s(6.0, 10.0, 80.0, 0.02) == pytest.approx(power, rel=0.05)


def test_density_falls_with_height_as_in_the_standard_atmosphere() -> None:
    # ISO 2533: 1.2250 kg/m³ at 0 m and 15 °C, 1.1117 at 1000 m.
    assert wind.hub_density_kg_per_m3(1.2250, 15.0, 0.0, 1000.0) == pytest.approx(1.1117, abs=2e-4)


def test_thin_air_needs_more_wind_for_the_same_power() -> None:
    # A cube of the speed over density: power per area is the same at both.
    speed = wind.equivalent_speed_m_s(10.0, 1.0)
    assert 1.225 * speed**3 == pytest.approx(1.0 * 10.0**3)


def test_outside_its_speeds_a_turbine_stands_still() -> None:
    power = wind.curve_power_frac(np.array([0.0, 2.9, 3.0, 25.0, 25.1]), (3.0, 25.0), (0.1, 1.0))
    assert power.tolist() == pytest.approx([0.0, 0.0, 0.1, 1.0, 0.0])


@pytest.mark.parametrize(
    "name", ["vestas-v82-1650kw", "nrel-5mw-126", "iea-3-4mw-130", "nrel-atb-4mw-150"]
)
@pytest.mark.parametrize(("mean_m_s", "shape"), [(6.0, 2.0), (7.5, 2.0), (8.5, 2.3)])
def test_hourly_energy_is_the_weibull_integral(name: str, mean_m_s: float, shape: float) -> None:
    """8760 hours drawn evenly from a Weibull distribution against scipy's integral of its density
    times the power curve, within 2 % (measured: within 0.1 %)."""
    turbine = load_equipment(name).component
    scale = mean_m_s / float(stats.weibull_min(shape).mean())
    law = stats.weibull_min(shape, scale=scale)
    speeds, powers = turbine.wind_points_m_s, turbine.power_points_frac  # type: ignore[attr-defined]

    def integrand(speed: float) -> float:
        return float(np.interp(speed, speeds, powers, left=0, right=0) * law.pdf(speed))

    integral = sum(
        integrate.quad(integrand, low, high, limit=200)[0] for low, high in pairwise(speeds)
    )
    hours = law.ppf((np.arange(8760) + 0.5) / 8760)
    hourly = wind.curve_power_frac(hours, speeds, powers)
    assert hourly.mean() == pytest.approx(integral, rel=0.02)
