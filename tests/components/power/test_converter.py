"""Converter: the curve is met at its points, losses never help, overload is flagged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.power.converter import Converter

POINTS = {"load_frac_points": [0.1, 0.25, 0.5, 1.0], "efficiency_points": [0.88, 0.93, 0.95, 0.94]}
UPS: dict[str, Any] = {"role": "ups", "rated_kw": 500.0, **POINTS}


@st.composite
def converters(draw: st.DrawFn) -> Converter:
    loads = sorted(draw(st.lists(st.integers(1, 150), min_size=2, max_size=8, unique=True)))
    return Converter(
        role="ups",
        rated_kw=draw(st.floats(0.05, 1e5)),
        load_frac_points=[load / 100 for load in loads],
        efficiency_points=[draw(st.floats(0.2, 1)) for _ in loads],
    )


@given(converters())
def test_efficiency_at_the_points_is_the_curve(converter: Converter) -> None:
    output_kw = np.array(converter.load_frac_points) * converter.rated_kw
    efficiency = output_kw / (output_kw + converter.loss_kw(output_kw))
    np.testing.assert_allclose(efficiency, converter.efficiency_points, rtol=1e-9)


@given(converters(), st.floats(0, 3))
def test_a_loss_is_never_negative(converter: Converter, load: float) -> None:
    assert converter.loss_kw(load * converter.rated_kw) >= 0.0


@given(converters(), st.floats(0, 3), st.floats(1.5, 10))
def test_a_larger_one_is_many_small_ones(converter: Converter, load: float, n: float) -> None:
    large = converter.with_values(rated_kw=converter.rated_kw * n)
    output_kw = load * converter.rated_kw
    assert large.loss_kw(output_kw * n) == pytest.approx(n * converter.loss_kw(output_kw), rel=1e-9)


def test_linear_between_points() -> None:
    converter = Converter(**UPS)
    at = [converter.loss_kw(500.0 * load) for load in (0.25, 0.375, 0.5)]
    assert at[1] == pytest.approx((at[0] + at[2]) / 2, rel=1e-12)
    # 125 kW at 93 %: 125 · (1/0.93 - 1).
    assert at[0] == pytest.approx(125.0 * (1 / 0.93 - 1), rel=1e-12)


@pytest.mark.parametrize(
    ("role", "in_rack", "account"),
    [
        ("ups", False, "power.ups_loss"),
        ("psu", True, "it.psu_loss"),
        ("pdu", False, "power.pdu_loss"),
    ],
)
def test_account_says_role_and_place(role: str, in_rack: bool, account: str) -> None:
    assert Converter(**{**UPS, "role": role, "in_rack": in_rack}).account == account


def test_overload_is_flagged_by_how_much() -> None:
    limit = Converter(**UPS).limits(np.array([100.0, 500.0, 600.0]))[0]
    np.testing.assert_allclose(limit.beyond, [0.0, 0.0, 0.2])


@pytest.mark.parametrize(
    "change",
    [
        {"load_frac_points": [0.5, 0.25, 0.1, 1.0]},
        {"load_frac_points": [0.1, 0.5, 1.0]},
        {"load_frac_points": [0.001, 0.25, 0.5, 1.0]},
        {"load_frac_points": [0.1, 0.25, 0.5, 1.6]},
        {"efficiency_points": [0.88, 0.93, 0.95, 1.01]},
        {"efficiency_points": [0.1, 0.93, 0.95, 0.94]},
        {"role": "toaster"},
        {"rated_kw": 0},
    ],
)
def test_impossible_curves_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Converter(**{**UPS, **change})


ECO: dict[str, Any] = {
    **UPS, "eco_efficiency_points": [0.95, 0.98, 0.99, 0.99], "eco_frac": 0.9,
    "eco_min_load_frac": 0.1,
}  # fmt: skip


def test_eco_mode_holds_for_its_share_of_the_time() -> None:
    """At half load: a tenth of the loss at 95 %, nine tenths of the loss at 99 %."""
    expected = 250.0 * (0.1 * (1 / 0.95 - 1) + 0.9 * (1 / 0.99 - 1))
    assert Converter(**ECO).loss_kw(250.0) == pytest.approx(expected, rel=1e-12)


def test_no_eco_mode_at_too_little_load() -> None:
    eco, plain = Converter(**ECO), Converter(**UPS)
    assert eco.loss_kw(40.0) == plain.loss_kw(40.0)
    assert eco.loss_kw(60.0) < plain.loss_kw(60.0)


def test_the_peak_is_found_and_eco_mode_has_no_one_peak() -> None:
    assert Converter(**UPS).peak_load_fracs() == (0.5,)
    assert Converter(**ECO).peak_load_fracs() == ()


@given(converters())
def test_no_load_is_better_than_the_best_peak(converter: Converter) -> None:
    loads = np.linspace(0.01, 1.0, 100)
    loss = converter.loss_kw(loads * converter.rated_kw) / loads
    peaks = np.array(converter.peak_load_fracs())
    at_peaks = converter.loss_kw(peaks * converter.rated_kw) / peaks
    assert np.min(loss) >= np.min(at_peaks) * (1 - 1e-9) - 1e-12


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"eco_efficiency_points": [0.99, 0.99]}, "equally long"),
        ({"eco_efficiency_points": [0.99, 0.99, 0.99, 1.1]}, "within 0.2 to 1"),
        ({"eco_frac": 1.1}, "less than or equal to 1"),
        ({"role": "psu"}, "role ups only"),
        ({"eco_efficiency_points": None}, "needs eco_efficiency_points"),
    ],
)
def test_impossible_eco_modes_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Converter(**{**ECO, **change})
