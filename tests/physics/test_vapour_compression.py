"""Vapour compression: the exact cycle against a reference table, the fits against the cycle."""

import numpy as np
import pytest

from dctwin.errors import InputError
from dctwin.physics.vapour_compression import (
    carnot_cop,
    cycle,
    cycle_fit,
    cycle_fits,
    isentropic_cop,
    isentropic_work_per_cooling_frac,
)

# refrigerant, evaporating °C, condensing °C, evaporating kPa, condensing kPa, COP, discharge °C,
# cooling kJ/kg. Isentropic efficiency 0.70, superheat and subcooling 5 K; CoolProp 8.0 through
# PropsSI (an independent script).
REFERENCE = [
    ("R134a", 5, 35, 349.659, 886.981, 5.794, 51.215, 164.352),
    ("R134a", 5, 50, 349.659, 1317.905, 3.51, 69.863, 142.174),
    ("R134a", 15, 35, 488.374, 886.981, 9.376, 47.007, 170.177),
    ("R134a", 15, 50, 488.374, 1317.905, 4.902, 65.865, 147.999),
    ("R1234ze(E)", 5, 35, 259.344, 667.411, 5.814, 46.051, 151.316),
    ("R1234ze(E)", 5, 50, 259.344, 997.223, 3.509, 62.529, 129.85),
    ("R1234ze(E)", 15, 35, 364.159, 667.411, 9.439, 43.672, 158.169),
    ("R1234ze(E)", 15, 50, 364.159, 997.223, 4.924, 60.331, 136.703),
    ("R410A", 5, 35, 933.176, 2138.327, 5.462, 60.884, 180.329),
    ("R410A", 5, 50, 933.176, 3062.993, 3.205, 84.622, 153.28),
    ("R410A", 15, 35, 1254.29, 2138.327, 8.83, 53.176, 183.096),
    ("R410A", 15, 50, 1254.29, 3062.993, 4.458, 76.935, 156.048),
    ("R32", 5, 35, 951.448, 2189.834, 5.515, 74.624, 267.255),
    ("R32", 5, 50, 951.448, 3141.233, 3.315, 104.984, 236.607),
    ("R32", 15, 35, 1280.813, 2189.834, 8.898, 61.334, 268.676),
    ("R32", 15, 50, 1280.813, 3141.233, 4.59, 91.189, 238.027),
    ("R1233zd(E)", 5, 35, 60.116, 183.734, 6.034, 49.539, 175.016),
    ("R1233zd(E)", 5, 50, 60.116, 293.884, 3.764, 66.695, 156.783),
    ("R1233zd(E)", 15, 35, 89.921, 183.734, 9.707, 45.667, 181.99),
    ("R1233zd(E)", 15, 50, 89.921, 293.884, 5.218, 62.979, 163.757),
]
REFRIGERANTS = sorted(cycle_fits())


@pytest.mark.parametrize(("name", "te", "tc", "pe", "pc", "cop", "discharge", "cooling"), REFERENCE)
def test_cycle_against_the_reference_table(name, te, tc, pe, pc, cop, discharge, cooling):
    ours = cycle(name, te, tc)
    assert ours.cop == pytest.approx(cop, rel=0.01)
    assert ours.evaporator_kj_per_kg == pytest.approx(cooling, rel=0.01)
    assert ours.discharge_c == pytest.approx(discharge, abs=0.5)
    assert ours.evaporating_pa == pytest.approx(pe * 1000, rel=0.01)
    assert ours.condensing_pa == pytest.approx(pc * 1000, rel=0.01)
    # The fast route to the same COP.
    assert 0.70 * isentropic_cop(name, te, tc) == pytest.approx(cop, rel=0.01)


def test_fitted_refrigerants():
    wanted = {"R134a", "R1234ze(E)", "R1233zd(E)", "R513A", "R32", "R410A", "R717"}
    assert set(REFRIGERANTS) == wanted


@pytest.mark.parametrize("name", REFRIGERANTS)
def test_fit_keeps_its_stated_error(name):
    fit = cycle_fit(name)
    assert fit.max_error_frac <= 1e-3
    worst = 0.0
    for te in np.linspace(*fit.evaporating_range_c, 8):
        tc = np.linspace(te + 3, fit.condensing_range_c[1], 12)
        exact = np.array([cycle(name, te, c, isentropic_efficiency_frac=1.0).cop for c in tc])
        error = np.abs(isentropic_cop(name, te, tc) / exact - 1)
        worst = max(worst, error.max())
        assert error[tc - te >= 10].max() < 0.005
    assert worst <= fit.max_error_frac


@pytest.mark.parametrize("name", REFRIGERANTS)
def test_cop_is_below_carnot_falls_with_lift_and_work_vanishes_with_it(name):
    te = np.linspace(-15, 30, 10)[:, None]
    tc = te + np.linspace(3, 35, 33)
    cop = isentropic_cop(name, te, tc)
    # Below 10 K of lift, useful superheat and subcooling of 5 K reach past the two saturation
    # temperatures, so that Carnot's figure between these is no bound there.
    bounded = np.broadcast_to(tc - te >= 10, cop.shape)
    assert (cop < carnot_cop(te, tc))[bounded].all()
    assert (np.diff(cop, axis=1) < 0).all()
    # At zero lift a blend still compresses through its glide, a pure fluid does nothing.
    at_rest = isentropic_work_per_cooling_frac(name, 15.0, 15.0)
    assert 0 <= at_rest < 5e-4


@pytest.mark.parametrize("name", REFRIGERANTS)
def test_outside_its_range_no_fit_gains_on_carnot(name):
    """The lift is the true one; useful superheat and subcooling give some 2 % at small lifts, and
    the held fits some 5 % where nothing boils any more: less than any compressor loses."""
    te = np.linspace(-60, 120, 61)[:, None]
    lift_k = np.linspace(3, 200, 80)
    work = isentropic_work_per_cooling_frac(name, te, te + lift_k)
    assert (work * carnot_cop(te, te + lift_k) > 0.95).all()
    assert (np.diff(work, axis=1) > 0).all()


def test_cop_scales_with_the_isentropic_efficiency():
    perfect = cycle("R134a", 8.0, 40.0, isentropic_efficiency_frac=1.0)
    real = cycle("R134a", 8.0, 40.0, isentropic_efficiency_frac=0.65)
    assert real.cop == pytest.approx(0.65 * perfect.cop, rel=1e-12)
    assert real.discharge_c > perfect.discharge_c


def test_cycle_without_superheat_and_subcooling():
    saturated = cycle("R134a", 5.0, 40.0, superheat_k=0.0, subcooling_k=0.0)
    assert saturated.evaporator_kj_per_kg == pytest.approx(401.5 - 256.4, rel=0.01)
    nearly = cycle("R134a", 5.0, 40.0, superheat_k=1e-3, subcooling_k=1e-3)
    assert saturated.cop == pytest.approx(nearly.cop, rel=1e-4)


def test_impossible_cycles_are_one_line_errors():
    for arguments in (
        ("R134a", 20.0, 20.0),
        ("R134a", 5.0, 120.0),
        ("R-134", 5.0, 40.0),
        ("R134a", 5.0, 40.0, 0.0),
    ):
        with pytest.raises(InputError) as caught:
            cycle(*arguments)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="did you mean 'R1234ze\\(E\\)'"):
        isentropic_cop("R1234ze", 5.0, 40.0)


def test_jax_agrees():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        tc = np.linspace(20, 60, 9)
        ours = isentropic_cop("R513A", 10.0, jax.numpy.asarray(tc))
        assert np.asarray(ours) == pytest.approx(isentropic_cop("R513A", 10.0, tc), rel=1e-12)
