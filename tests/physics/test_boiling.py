"""Boiling fluids: shipped fits against CoolProp itself, published points, one inverse."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI

from dctwin.errors import InputError
from dctwin.physics.boiling import boiling_fluid, boiling_fluids

TABLE = json.loads(files("dctwin.physics").joinpath("boiling_tables.json").read_text("utf-8"))
# Stated greatest error that any fit may have, and of the boiling temperature in kelvin.
BOUND_FRAC, BOUND_K = 3e-4, 1e-4


@pytest.mark.parametrize("name", sorted(boiling_fluids()))
def test_fits_keep_their_stated_error_against_coolprop(name: str) -> None:
    ours, entry = boiling_fluid(name), TABLE["fluids"][name]
    at_c = np.linspace(ours.min_c, ours.max_c, 37)  # not the points of the fit

    def exact(key: str, quality: float) -> np.ndarray:
        return np.array([PropsSI(key, "T", c + 273.15, "Q", quality, entry["coolprop"])
                         for c in at_c])  # fmt: skip

    latent = (exact("H", 1) - exact("H", 0)) / 1000
    for value, want, prop in (
        (ours.pressure_pa, exact("P", 0), "pressure"),
        (ours.latent_kj_per_kg, latent, "latent"),
        (ours.density_kg_per_m3, exact("D", 0), "liquid_density"),
        (ours.specific_heat_kj_per_kg_k, exact("C", 0) / 1000, "liquid_specific_heat"),
        (ours.vapour_density_kg_per_m3, exact("D", 1), "vapour_density"),
    ):
        stated = entry[prop]["max_error_frac"]
        assert np.max(np.abs(value(at_c) / want - 1)) <= stated <= BOUND_FRAC, prop
    gap_k = np.max(np.abs(ours.boiling_c(exact("P", 0)) - at_c))
    assert gap_k <= entry["boiling"]["max_error_k"] <= BOUND_K


@pytest.mark.parametrize(
    ("name", "boils_c"),
    # Mondéjar et al. (2015) 291.41 K; the reference's 49.05 °C for Novec 649.
    [("R1233zd(E)", 18.26), ("novec-649", 49.05)],
)
def test_normal_boiling_points(name: str, boils_c: float) -> None:
    assert boiling_fluid(name).boiling_c(101_325.0) == pytest.approx(boils_c, abs=0.15)


def test_r515b_is_an_azeotrope() -> None:
    """Dew and bubble pressure at 40 °C are the same within 0.1 %."""
    substance = TABLE["fluids"]["R515B"]["coolprop"]
    bubble, dew = (PropsSI("P", "T", 313.15, "Q", q, substance) for q in (0, 1))
    assert dew == pytest.approx(bubble, rel=1e-3)


def test_a_bath_boils_colder_in_the_mountains() -> None:
    fluid = boiling_fluid("novec-649")
    # Mexico City, 78 kPa: by Clausius and Clapeyron, about 7.5 K below sea level.
    assert 6.5 < fluid.boiling_c(101_325.0) - fluid.boiling_c(78_000.0) < 8.5


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'R134a'"):
        boiling_fluid("R134")
