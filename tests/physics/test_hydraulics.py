"""Pumps, fans, motors, drives and friction against published tables and package `fluids`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.physics.hydraulics import (
    darcy_friction_factor_frac,
    driven_mover_power_kw,
    head_pa,
    hydraulic_power_kw,
    motor_efficiency_frac,
    mover_power_kw,
    vfd_efficiency_frac,
)

# Motor efficiency over rated efficiency: Washington State Energy Office (1993), digitised in
# package fluids 1.3.1 (fluids.pump.motor_efficiency_underloaded), at loads 0.25, 0.5, 0.75.
# Rated efficiencies: NEMA premium, four poles.
MOTORS = {
    "40 hp": (0.941, (0.952, 0.989, 1.0)),
    "100 hp": (0.954, (0.980, 1.0, 1.0)),
}
# U.S. DOE Motor Systems Tip Sheet 11: share of rated output → drive efficiency, 50 hp.
DRIVE_50_HP = [
    (0.016, 0.46), (0.125, 0.86), (0.25, 0.92), (0.42, 0.95), (0.5, 0.95), (0.75, 0.96), (1, 0.97),
]  # fmt: skip


def test_hydraulic_power_by_hand():
    # 39.8 L/s against 179,352 Pa is 7.138 kW (the REF-1 chilled-water pump's rise).
    assert hydraulic_power_kw(0.0398, 179352.0) == pytest.approx(7.1382, rel=1e-4)


def test_system_curve():
    assert head_pa(0.5, 200e3) == pytest.approx(50e3)
    assert head_pa(0.5, 200e3, 0.4) == pytest.approx(0.4 * 200e3 + 0.6 * 50e3)
    assert head_pa(0.0, 200e3, 0.4) == pytest.approx(80e3)
    assert head_pa(1.0, 200e3, 0.4) == pytest.approx(200e3)


@pytest.mark.parametrize("size", MOTORS)
def test_motor_against_the_handbook(size):
    rated, relative = MOTORS[size]
    ours = motor_efficiency_frac(np.array([0.25, 0.5, 0.75]), rated)
    assert ours == pytest.approx(rated * np.array(relative), abs=0.022)


def test_motor_limits():
    assert motor_efficiency_frac(1.0, 0.94) == pytest.approx(0.94)
    assert motor_efficiency_frac(0.0, 0.94) == 0.0


@pytest.mark.parametrize(("load", "efficiency"), DRIVE_50_HP)
def test_drive_against_the_doe_table(load, efficiency):
    assert vfd_efficiency_frac(load ** (1 / 3)) == pytest.approx(efficiency, abs=0.005)


def test_mover_power_by_hand():
    # 0.05 m³/s × 250 kPa / (0.8 × 0.92) = 16.984 kW; half flow without static head: an eighth.
    full = mover_power_kw(1.0, 0.05, 250e3, 0.0, 0.8, 0.92)
    assert full == pytest.approx(16.9837, rel=1e-5)
    assert mover_power_kw(0.5, 0.05, 250e3, 0.0, 0.8, 0.92) == pytest.approx(full / 8)
    assert mover_power_kw(0.0, 0.05, 250e3, 0.5, 0.8, 0.92) == 0.0


@given(st.floats(0.05, 1.0), st.floats(0, 0.8))
def test_driven_mover_is_the_product_of_its_efficiencies(flow_ratio, static):
    power = driven_mover_power_kw(flow_ratio, 0.05, 250e3, static, 0.8, 0.93)
    load = flow_ratio * head_pa(flow_ratio, 1.0, static)
    motor = motor_efficiency_frac(load, 0.93)
    # The drive's load is the motor's input over its rated input.
    drive = vfd_efficiency_frac((load / motor * 0.93) ** (1 / 3))
    assert power == pytest.approx(
        mover_power_kw(flow_ratio, 0.05, 250e3, static, 0.8, motor * drive), rel=1e-9
    )
    assert power > mover_power_kw(flow_ratio, 0.05, 250e3, static, 0.8, 1.0)


def test_stopped_mover_draws_nothing():
    power = driven_mover_power_kw(np.array([0.0, 1e-6, 1.0]), 0.05, 250e3, 0.0, 0.8, 0.93)
    assert power[0] == 0
    assert 0 < power[1] < 0.1 * power[2]


# Re, ε/D, Darcy factor: fluids.friction.Churchill_1977 (package fluids 1.3.1).
@pytest.mark.parametrize(
    ("reynolds", "roughness", "factor"),
    [
        (1000.0, 0.0, 0.06400000000000129),
        (3000.0, 1e-4, 0.04304899257104456),
        (1e5, 1e-4, 0.018462624566280075),
        (1e7, 1e-2, 0.03789658684342646),
    ],
)
def test_friction_against_stored_values(reynolds, roughness, factor):
    assert darcy_friction_factor_frac(reynolds, roughness) == pytest.approx(factor, rel=1e-9)


def test_friction_is_laminar_below_2000():
    reynolds = np.array([1e-3, 1.0, 100.0, 1500.0])
    assert darcy_friction_factor_frac(reynolds) == pytest.approx(64 / reynolds, rel=1e-3)


def test_friction_against_package_fluids():
    friction = pytest.importorskip("fluids.friction")
    for roughness in (0.0, 1e-5, 1e-3, 0.02):
        for reynolds in (500.0, 2500.0, 4e3, 1e4, 1e5, 1e6, 1e8):
            ours = darcy_friction_factor_frac(reynolds, roughness)
            assert ours == pytest.approx(friction.Churchill_1977(reynolds, roughness), rel=1e-9)
            if reynolds >= 4e3:
                colebrook = friction.Clamond(reynolds, roughness)
                assert ours == pytest.approx(
                    colebrook, rel=0.008 if reynolds in (1e5, 1e6) else 0.03
                )


def test_jax_agrees():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        ratio = np.linspace(0, 1.1, 12)
        arguments = (0.05, 250e3, 0.2, 0.8, 0.93)
        ours = driven_mover_power_kw(jax.numpy.asarray(ratio), *arguments)
        assert np.asarray(ours) == pytest.approx(driven_mover_power_kw(ratio, *arguments))
        reynolds = np.geomspace(10, 1e7, 9)
        ours = darcy_friction_factor_frac(jax.numpy.asarray(reynolds), 1e-4)
        assert np.asarray(ours) == pytest.approx(darcy_friction_factor_frac(reynolds, 1e-4))
