"""Wind turbine: what its parameters do, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dctwin.components.onsite.wind import WindTurbine
from dctwin.equipment import load_equipment

BASE: dict[str, Any] = {
    "rated_kw": 1000.0,
    "hub_height_m": 80.0,
    "rotor_diameter_m": 70.0,
    "wind_points_m_s": (3.0, 12.0, 25.0),
    "power_points_frac": (0.0, 1.0, 1.0),
}
HOURS = np.linspace(0.0, 20.0, 41)


def share(**change: Any) -> Any:
    return WindTurbine(**{**BASE, **change}).yield_frac(HOURS, 15.0, 1.225)


def test_higher_hubs_and_rougher_ground_see_more_wind_from_the_same_mast() -> None:
    below_cut_out = HOURS < 12.0
    assert (share(hub_height_m=120.0) >= share())[below_cut_out].all()
    assert (share(roughness_m=0.3) >= share())[below_cut_out].all()


def test_losses_multiply() -> None:
    turbine = WindTurbine(
        **BASE, wake_loss_frac=0.1, availability_frac=0.97, electrical_loss_frac=0.02
    )
    assert turbine.output_kw(1.0) == pytest.approx(1000 * 0.9 * 0.97 * 0.98)


def test_shear_exponent_takes_the_power_law() -> None:
    at = WindTurbine(**BASE, shear_exponent_frac=0.2).yield_frac(5.0, 15.0, 1.225)
    hub = 5.0 * 8.0**0.2
    density = 1.225 * (1 - 0.0065 * 70 / 288.15) ** 4.25588
    expected = (hub * (density / 1.225) ** (1 / 3) - 3.0) / 9.0
    assert at == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"hub_height_m": 5.0},
        {"wind_points_m_s": (3.0, 3.0, 25.0)},
        {"power_points_frac": (0.0, 1.0)},
        {"power_points_frac": (0.0, 1.2, 1.0)},
        {"wake_loss_frac": -0.1},
    ],
)
def test_impossible_turbines_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WindTurbine(**{**BASE, **change})


def test_power_coefficients_of_the_catalogue_stay_below_betz() -> None:
    for name in ("vestas-v82-1650kw", "nrel-5mw-126", "iea-3-4mw-130", "nrel-atb-4mw-150"):
        t: Any = load_equipment(name).component
        area_m2 = np.pi / 4 * t.rotor_diameter_m**2
        speeds, powers = np.array(t.wind_points_m_s), np.array(t.power_points_frac) * t.rated_kw
        coefficient = powers * 1000 / (0.5 * 1.225 * area_m2 * speeds**3)
        assert coefficient.max() < 16 / 27
        assert coefficient.max() > 0.4
