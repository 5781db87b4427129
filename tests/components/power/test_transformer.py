"""Transformer: core loss always, winding loss with the square of the load."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.components.power.transformer import Transformer

# Commission Regulation (EU) 548/2014, tier 2 liquid-immersed, 1000 kVA: P0 693 W, Pk 7600 W.
ECODESIGN = Transformer(rated_kw=1000.0, no_load_kw=0.693, load_loss_kw=7.6)


def test_losses_at_no_load_half_and_full_load() -> None:
    np.testing.assert_allclose(
        ECODESIGN.loss_kw(np.array([0.0, 500.0, 1000.0])), [0.693, 0.693 + 7.6 / 4, 0.693 + 7.6]
    )


def test_peak_efficiency_is_where_both_losses_are_equal() -> None:
    """The peak efficiency index of the regulation: 1 - 2 sqrt(P0 Pk)/S = 99.54 % for this size."""
    loads_kw = np.linspace(1.0, 1000.0, 100_000)
    efficiency = 1 - ECODESIGN.loss_kw(loads_kw) / loads_kw
    assert efficiency.max() == pytest.approx(1 - 2 * math.sqrt(0.693 * 7.6) / 1000, abs=1e-9)
    best_kw = loads_kw[np.argmax(efficiency)]
    assert best_kw == pytest.approx(1000 * math.sqrt(0.693 / 7.6), rel=1e-4)


@given(st.floats(0, 3000), st.floats(1, 20))
def test_a_larger_one_is_many_small_ones(output_kw: float, n: float) -> None:
    large = ECODESIGN.with_values(
        **{name: getattr(ECODESIGN, name) * n for name in Transformer.extensive}
    )
    assert large.loss_kw(n * output_kw) == pytest.approx(
        n * ECODESIGN.loss_kw(output_kw), rel=1e-12
    )


def test_account_and_overload() -> None:
    assert ECODESIGN.account == "power.transformer_loss"
    (limit,) = ECODESIGN.limits(np.array([900.0, 1200.0]))
    np.testing.assert_allclose(limit.beyond, [0.0, 0.2])
