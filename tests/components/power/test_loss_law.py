"""Loss law: three terms by hand, the published form of Frontier's converters, its best load."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.power.loss_law import LossLaw
from dctwin.equipment import load_equipment

LAW: dict[str, Any] = {
    "role": "switchgear", "rated_kw": 1000.0, "no_load_kw": 1.0, "proportional_frac": 0.002,
    "load_loss_kw": 4.0,
}  # fmt: skip
some = st.one_of(st.just(0.0), st.floats(1e-3, 20.0))


@st.composite
def laws(draw: st.DrawFn) -> LossLaw:
    return LossLaw(
        role="rpp",
        rated_kw=1000.0,
        no_load_kw=draw(some),
        proportional_frac=draw(st.floats(0.0, 0.1)),
        load_loss_kw=draw(some),
    )


def test_the_terms_add_up() -> None:
    # 1 + 0.002 · 500 + 4 · 0.25.
    assert LossLaw(**LAW).loss_kw(500.0) == pytest.approx(3.0, rel=1e-12)


@given(laws(), st.floats(0, 1500), st.floats(1.5, 10))
def test_a_larger_one_is_many_small_ones(law: LossLaw, output_kw: float, n: float) -> None:
    large = law.with_values(**{key: getattr(law, key) * n for key in LossLaw.extensive})
    assert large.loss_kw(output_kw * n) == pytest.approx(n * law.loss_kw(output_kw), rel=1e-9)


@given(laws(), st.floats(0, 1500), st.floats(0, 100))
def test_more_load_is_never_less_loss(law: LossLaw, output_kw: float, more_kw: float) -> None:
    assert law.loss_kw(output_kw + more_kw) >= law.loss_kw(output_kw) >= 0.0


@given(laws(), st.floats(0.01, 1.0))
def test_no_load_is_better_than_the_best(law: LossLaw, load: float) -> None:
    (best,) = law.peak_load_fracs()
    at_best = law.loss_kw(best * 1000.0) / best
    assert law.loss_kw(load * 1000.0) / load >= at_best * (1.0 - 1e-9)


@pytest.mark.parametrize(
    ("name", "constant_kw", "efficiency"),
    [("rectifier-cray-ex-15kw", 0.017, 0.96), ("sivoc-380-48-2700w", 0.013, 0.98)],
)
def test_frontiers_converters_draw_what_is_published(
    name: str, constant_kw: float, efficiency: float
) -> None:
    """ExaDigiT/RAPS: input = (output + constant)/efficiency."""
    unit: Any = load_equipment(name).component
    output_kw = np.linspace(0.0, unit.rated_kw, 9)
    drawn_kw = output_kw + unit.loss_kw(output_kw)
    np.testing.assert_allclose(drawn_kw, (output_kw + constant_kw) / efficiency, rtol=1e-7)


def test_account_says_role_and_place() -> None:
    assert LossLaw(**LAW).account == "power.switchgear_loss"
    assert LossLaw(**{**LAW, "role": "dcdc", "in_rack": True}).account == "it.dcdc_loss"


@pytest.mark.parametrize(
    "change", [{"role": "kettle"}, {"proportional_frac": -0.1}, {"load_loss_kw": -1}]
)
def test_impossible_laws_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LossLaw(**{**LAW, **change})
