"""Ageing against figures computed from the published laws, and its own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dctwin.physics.ageing import (
    arrhenius,
    calendar_loss_frac,
    capacity_left_frac,
    cycle_loss_frac,
    half_cycles,
)

YEAR_H = 8766


@pytest.mark.parametrize(
    ("cell_c", "soc", "percent"),
    [(20, 0.1, 8.3), (20, 1.0, 19.0), (25, 0.5, 13.4), (30, 0.5, 15.1), (40, 0.9, 24.4)],
)
def test_lfp_loses_with_time_what_simses_says(cell_c: float, soc: float, percent: float) -> None:
    """Ten years at rest, from the SimSES code of Naumann 2018 (0.05 points: its rounding)."""
    hours = np.full(10 * YEAR_H, soc)
    loss = calendar_loss_frac("lfp", hours, cell_c + 0.0 * hours, 1.0)
    assert 100 * loss[-1] == pytest.approx(percent, abs=0.06)


@pytest.mark.parametrize(
    ("cycles", "c_rate", "depth", "percent"),
    [(1000, 1.0, 0.8, 5.7), (5000, 1.0, 0.8, 12.7), (1000, 0.5, 1.0, 5.5), (2000, 0.5, 0.8, 6.5)],
)
def test_lfp_loses_with_cycles_what_simses_says(
    cycles: int, c_rate: float, depth: float, percent: float
) -> None:
    """Equal full cycles, from the SimSES code of Naumann 2020."""
    step_h = 0.1
    steps = round(depth / c_rate / step_h)
    half = np.full(steps, depth / steps)
    moved = np.tile(np.concatenate([half, -half]), round(cycles / depth))
    loss = cycle_loss_frac("lfp", moved, 25.0 + 0.0 * moved, step_h)
    assert 100 * loss[-1] == pytest.approx(percent, abs=0.06)


def test_nmc_follows_blast_lite() -> None:
    """One year at rest at 35 °C and half charge: q1 = 2.66e7 exp(-17.8) exp(-5.21 Ua/0.123)."""
    hours = np.full(365 * 24, 0.5)
    loss = calendar_loss_frac("nmc", hours, 35.0 + 0.0 * hours, 1.0)[-1]
    x = 8.5e-3 + 0.5 * (0.78 - 8.5e-3)
    volts = (
        0.6379 + 0.5416 * np.exp(-305.5309 * x) + 0.044 * np.tanh(-(x - 0.1958) / 0.1088)
        - 0.1978 * np.tanh((x - 1.0571) / 0.0854) - 0.6875 * np.tanh((x + 0.0117) / 0.0529)
        - 0.0175 * np.tanh((x - 0.5692) / 0.0875)
    )  # fmt: skip
    rate = 2.66e7 * np.exp(-17.8) * np.exp(-5.21 * volts / 0.123)
    assert loss == pytest.approx(rate * 365**0.357, rel=0.002)
    moved = np.tile([0.8, -0.8], 625)  # 1,250 half cycles of 0.8 make 500 full ones
    cycled = cycle_loss_frac("nmc", moved, 35.0 + 0.0 * moved, 1.0)[-1]
    assert cycled == pytest.approx(
        3.8e3 * np.exp(-18.4) * np.exp(1.04 * np.exp(0.64)) * 500**0.778, rel=1e-9
    )


def test_half_cycles_by_hand() -> None:
    moved = np.array([0.0, 0.3, 0.2, 0.0, -0.1, 0.0, -0.3, 0.4, 0.0])
    depth, c_rate = half_cycles(moved, 0.5)
    np.testing.assert_allclose(depth, [0, 0, 0, 0.5, 0, 0, 0.4, 0, 0.4])
    np.testing.assert_allclose(c_rate, [0, 0, 0, 0.5, 0, 0, 0.4, 0, 0.8])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=60), st.sampled_from(["lfp", "nmc"]))
def test_capacity_only_falls_and_half_cycles_add_up(moved: list[float], chemistry: str) -> None:
    steps = np.array(moved)
    depth, _ = half_cycles(steps, 1.0)
    assert depth.sum() == pytest.approx(np.abs(steps).sum())
    soc = np.clip(0.5 + np.cumsum(steps), 0, 1)
    left = capacity_left_frac(chemistry, soc, steps, 25.0 + 0.0 * steps, 1.0)  # type: ignore[arg-type]
    assert (np.diff(left) <= 1e-15).all()
    assert left[0] <= 1.0


def test_warmth_ages() -> None:
    rest = np.full(1000, 0.5)
    cold, warm = (calendar_loss_frac("lfp", rest, t + 0.0 * rest, 1.0)[-1] for t in (15.0, 35.0))
    assert warm > 1.3 * cold
    assert arrhenius(25.0, 5000.0) == pytest.approx(1.0)


def test_rows_age_apart() -> None:
    rng = np.random.default_rng(1)
    moved = rng.normal(0, 0.1, (3, 50))
    soc, cell_c = rng.random((3, 50)), 20.0 + 10.0 * rng.random(50)
    table = capacity_left_frac("lfp", soc, moved, cell_c, 1.0)
    for row in range(3):
        alone = capacity_left_frac("lfp", soc[row], moved[row], cell_c, 1.0)
        np.testing.assert_array_equal(table[row], alone)
