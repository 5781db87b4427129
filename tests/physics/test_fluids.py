"""Loop fluids: shipped fits against CoolProp itself, handbook points, and saturation."""

import json
from importlib.resources import files

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI

from dctwin.errors import InputError
from dctwin.physics.fluids import fluid, fluids, saturation

TABLE = json.loads(files("dctwin.physics").joinpath("fluid_tables.json").read_text("utf-8"))
# Stated greatest error that any fit may have.
BOUNDS = {"density": 1e-4, "specific_heat": 1e-4, "conductivity": 3e-4, "viscosity": 1e-3}


@pytest.mark.parametrize("name", sorted(fluids()))
def test_fits_keep_their_stated_error_against_coolprop(name):
    liquid = fluid(name)
    entry = TABLE["fluids"][name]
    # Not the points of the fit.
    at_c = np.linspace(liquid.min_c, liquid.max_c, 97)
    other = ("Q", 0.0) if name == "novec-649" else ("P", 3.0e5)
    ours = {
        "D": (liquid.density_kg_per_m3, liquid.density, "density", 1.0),
        "C": (liquid.specific_heat_kj_per_kg_k, liquid.specific_heat, "specific_heat", 1e-3),
        "L": (liquid.conductivity_w_per_m_k, liquid.conductivity, "conductivity", 1.0),
        "V": (liquid.viscosity_pa_s, liquid.log_viscosity, "viscosity", 1.0),
    }
    for key, (value, fit, prop, factor) in ours.items():
        if fit.max_error_frac is None:
            # One point of a data sheet: see the handbook points below.
            assert name == "novec-7500" or prop in ("conductivity", "viscosity")
            continue
        exact = [factor * PropsSI(key, "T", c + 273.15, *other, entry["coolprop"]) for c in at_c]
        assert np.max(np.abs(value(at_c) / exact - 1)) <= fit.max_error_frac
        assert fit.max_error_frac <= BOUNDS[prop]


# Handbook points, independent of CoolProp's formulation where it can be.
@pytest.mark.parametrize(
    ("name", "at_c", "prop", "value", "tolerance"),
    [
        # CRC Handbook of Chemistry and Physics, water at 25 °C.
        ("water", 25.0, "density_kg_per_m3", 997.05, 2e-4),
        ("water", 25.0, "specific_heat_kj_per_kg_k", 4.1813, 5e-4),
        ("water", 25.0, "conductivity_w_per_m_k", 0.6065, 2e-3),
        ("water", 25.0, "viscosity_pa_s", 8.90e-4, 2e-3),
        # 3M, Novec 649 product information, 25 °C.
        ("novec-649", 25.0, "density_kg_per_m3", 1600.0, 1e-2),
        ("novec-649", 25.0, "specific_heat_kj_per_kg_k", 1.103, 2e-2),
        ("novec-649", 25.0, "viscosity_pa_s", 6.4e-4, 1e-6),
        # 3M, Novec Engineered Fluids user guide, 25 °C.
        ("novec-7500", 25.0, "density_kg_per_m3", 1610.0, 1e-6),
        ("novec-7500", 35.0, "density_kg_per_m3", 1610.0 * (1 - 0.013), 1e-6),
        ("novec-7500", 25.0, "specific_heat_kj_per_kg_k", 1.128, 1e-6),
        ("novec-7500", 25.0, "viscosity_pa_s", 1.24e-3, 1e-6),
    ],
)
def test_handbook_points(name, at_c, prop, value, tolerance):
    assert getattr(fluid(name), prop)(at_c) == pytest.approx(value, rel=tolerance)


def test_glycol_carries_less_heat_and_flows_worse_than_water():
    water = fluid("water")
    for kind in ("propylene", "ethylene"):
        previous = water
        for percent in (20, 25, 30, 40, 50):
            mix = fluid(f"{kind}-glycol-{percent}")
            heat = mix.heat_capacity_kj_per_m3_k(40.0)
            assert heat < previous.heat_capacity_kj_per_m3_k(40.0)
            assert mix.viscosity_pa_s(40.0) > previous.viscosity_pa_s(40.0)
            previous = mix


def test_no_fluorinated_liquid_conducts_like_coolprops_hfe():
    assert fluid("novec-649").conductivity_w_per_m_k(30.0) < 0.1
    assert not any("HFE" in (entry["coolprop"] or "") for entry in TABLE["fluids"].values())


def test_properties_broadcast_and_keep_floats():
    water = fluid("water")
    assert np.shape(water.density_kg_per_m3(20.0)) == ()
    grid = np.linspace(5, 50, 6).reshape(2, 3)
    assert water.viscosity_pa_s(grid).shape == (2, 3)
    assert fluid("novec-649").conductivity_w_per_m_k(grid).shape == (2, 3)


def test_jax_agrees():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        at_c = np.linspace(0, 60, 7)
        for name in ("water", "propylene-glycol-25"):
            ours = fluid(name).viscosity_pa_s(jax.numpy.asarray(at_c))
            assert np.asarray(ours) == pytest.approx(fluid(name).viscosity_pa_s(at_c), rel=1e-12)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean 'propylene-glycol-25'"):
        fluid("propilene-glycol-25")
    with pytest.raises(InputError, match="novec-649"):
        saturation("novec-7100", 101325.0)
    with pytest.raises(InputError, match="critical"):
        saturation("water", 1e9)


def test_novec_649_boils_at_one_atmosphere_as_published():
    state = saturation("novec-649", 101325.0)
    assert state.boiling_c == pytest.approx(49.05, rel=0.01)
    assert state.latent_kj_per_kg == pytest.approx(87.95, rel=0.01)
    # The published 1102 J/kg/K and 1602 kg/m³ belong to 25 °C, not to the boiling point.
    liquid = fluid("novec-649")
    assert liquid.specific_heat_kj_per_kg_k(25.0) == pytest.approx(1.102, rel=0.01)
    assert liquid.density_kg_per_m3(25.0) == pytest.approx(1602.0, rel=0.01)
    assert state.liquid_density_kg_per_m3 == pytest.approx(1527.0, rel=0.001)
    exact = PropsSI("D", "T", 298.15, "Q", 0, "Novec649")
    assert liquid.density_kg_per_m3(25.0) == pytest.approx(exact, rel=1e-4)


def test_water_boils_at_100_c():
    state = saturation("water", 101325.0)
    assert state.boiling_c == pytest.approx(99.97, abs=0.01)
    assert state.latent_kj_per_kg == pytest.approx(2256.5, rel=1e-3)
