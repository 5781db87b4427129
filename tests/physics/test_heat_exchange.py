"""Heat exchangers against closed limits, stored values of an independent package, and `ht`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dctwin.physics.heat_exchange import (
    effectiveness_counterflow,
    effectiveness_crossflow_unmixed,
    exchange_kw,
    ntu_counterflow,
    rate_for_conductance_kw_per_k,
    rate_for_effectiveness_kw_per_k,
    ua_from_duty_kw_per_k,
)

NTUS = st.floats(0, 1e4)
RATIOS = st.floats(0, 1)

# NTU, C, counterflow, cross-flow by (11.32), cross-flow exact series: package ht 1.2.0,
# ht.hx.effectiveness_from_NTU.
HT_ROWS = [
    (0.5, 0.25, 0.37758892644257075, 0.3720570880648142, 0.3750944292799767),
    (1.0, 0.5, 0.5647334016064162, 0.5447637120146873, 0.5474898338811396),
    (2.0, 0.75, 0.7218269911368147, 0.6752071653152316, 0.671080291590249),
    (3.0, 1.0, 0.75, 0.6842090020063183, 0.6812911080516775),
]


@given(NTUS, RATIOS)
def test_effectiveness_stays_between_zero_and_one_and_below_counterflow(ntu, ratio):
    counterflow = effectiveness_counterflow(ntu, ratio)
    assert 0 <= counterflow <= 1 + 1e-15
    assert 0 <= effectiveness_crossflow_unmixed(ntu, ratio) <= 1
    # The approximation (11.32) may pass counterflow by its own error, never by more.
    assert effectiveness_crossflow_unmixed(ntu, ratio) <= counterflow + 0.01


@given(st.floats(0, 1e6))
def test_counterflow_at_equal_capacities_is_its_closed_limit(ntu):
    limit = ntu / (1 + ntu)
    assert effectiveness_counterflow(ntu, 1.0) == pytest.approx(limit, abs=1e-12)


@pytest.mark.parametrize("ntu", [1e-6, 0.3, 1.0, 4.0, 30.0])
def test_counterflow_is_continuous_at_equal_capacities(ntu):
    ratios = 1 - np.array([0.0, 1e-13, 1e-9, 1e-6, 0.99e-5, 1.01e-5]) / ntu
    value = effectiveness_counterflow(ntu, ratios)
    # First-order expansion around C = 1 of the closed form: dε/dC = −NTU²/(2(1 + NTU)²).
    slope = -(ntu**2) / (2 * (1 + ntu) ** 2)
    expected = ntu / (1 + ntu) + slope * (ratios - 1)
    assert value[:3] == pytest.approx(expected[:3], abs=1e-12)
    assert value == pytest.approx(expected, abs=1e-9)


def test_extreme_sizes_are_finite():
    ntu = np.array([0.0, 1e-300, 1e3, 1e12])
    for ratio in (0.0, 0.5, 1.0):
        for law in (effectiveness_counterflow, effectiveness_crossflow_unmixed):
            value = law(ntu, ratio)
            assert np.isfinite(value).all()
            assert value[0] == 0
            assert value[-1] == pytest.approx(1.0, abs=1e-9) or law is not effectiveness_counterflow


@given(st.floats(0, 0.999), RATIOS)
def test_ntu_is_the_inverse_of_effectiveness(effectiveness, ratio):
    ntu = ntu_counterflow(effectiveness, ratio)
    assert effectiveness_counterflow(ntu, ratio) == pytest.approx(effectiveness, abs=1e-10)


@pytest.mark.parametrize(("ntu", "ratio", "counterflow", "crossflow", "exact"), HT_ROWS)
def test_against_stored_values_of_ht(ntu, ratio, counterflow, crossflow, exact):
    assert effectiveness_counterflow(ntu, ratio) == pytest.approx(counterflow, rel=1e-12)
    assert effectiveness_crossflow_unmixed(ntu, ratio) == pytest.approx(crossflow, rel=1e-6)
    assert effectiveness_crossflow_unmixed(ntu, ratio) == pytest.approx(exact, abs=0.011)


def test_against_ht_itself():
    hx = pytest.importorskip("ht.hx")
    for ratio in (0.1, 0.5, 0.9, 1.0):
        for ntu in (0.1, 0.7, 2.0, 5.0, 10.0):
            ours = effectiveness_counterflow(ntu, ratio)
            theirs = hx.effectiveness_from_NTU(ntu, Cr=ratio, subtype="counterflow")
            assert ours == pytest.approx(theirs, rel=1e-12)
            ours = effectiveness_crossflow_unmixed(ntu, ratio)
            exact = hx.effectiveness_from_NTU(ntu, Cr=ratio, subtype="crossflow")
            assert ours == pytest.approx(exact, abs=0.011 if ntu <= 5 else 0.02)


def test_ua_from_a_rated_point_gives_the_duty_back():
    # 1000 kW, 50 → 40 °C against 30 → 38 °C.
    c_hot, c_cold = 1000 / 10, 1000 / 8
    ua = ua_from_duty_kw_per_k(1000.0, 50.0, 40.0, 30.0, 38.0)
    # ΔT_lm = (12 − 10)/ln 1.2 = 10.9696 K by hand.
    assert ua == pytest.approx(1000 / 10.96963, rel=1e-6)
    assert exchange_kw(50.0, 30.0, c_hot, c_cold, ua) == pytest.approx(1000.0, rel=1e-12)


def test_ua_with_equal_differences_is_the_plain_quotient():
    assert ua_from_duty_kw_per_k(600.0, 45.0, 35.0, 30.0, 40.0) == pytest.approx(120.0, rel=1e-14)
    nearly = ua_from_duty_kw_per_k(600.0, 45.0, 35.0, 30.0, 40.0 - 1e-7)
    assert nearly == pytest.approx(120.0, rel=1e-7)


def test_no_flow_no_heat():
    flows = np.array([0.0, 0.0, 50.0, 50.0])
    other = np.array([0.0, 40.0, 0.0, 40.0])
    heat = exchange_kw(50.0, 20.0, flows, other, 100.0)
    assert (heat[:3] == 0).all()
    assert heat[3] > 0


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.floats(0, 1e5))
def test_exchange_never_crosses_the_inlet_temperatures(c_hot, c_cold, ua):
    heat = exchange_kw(60.0, 20.0, c_hot, c_cold, ua)
    assert 60.0 - heat / c_hot >= 20.0 - 1e-9
    assert 20.0 + heat / c_cold <= 60.0 + 1e-9
    assert heat >= 0


def test_jax_agrees_and_has_gradients_at_the_limits():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        ntu = np.array([0.0, 0.5, 3.0])
        for ratio in (0.0, 0.6, 1.0):
            for law in (effectiveness_counterflow, effectiveness_crossflow_unmixed):
                ours = law(jax.numpy.asarray(ntu), ratio)
                assert np.asarray(ours) == pytest.approx(law(ntu, ratio), abs=1e-13)
                for at in (0.0, 2.0):
                    assert np.isfinite(jax.grad(law)(at, ratio))
        slope = jax.grad(effectiveness_counterflow, argnums=1)(2.0, 1.0)
        assert slope == pytest.approx(-4 / 18, rel=1e-6)
        assert np.isfinite(jax.grad(exchange_kw, argnums=2)(50.0, 20.0, 0.0, 40.0, 100.0))


def _conductance(ua: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    least, most = np.minimum(one, other), np.maximum(one, other)
    return least * effectiveness_counterflow(ua / least, least / most)


def test_a_rate_conducts_what_it_is_asked_to() -> None:
    rng = np.random.default_rng(5)
    ua = 10 ** rng.uniform(-1, 2, 50_000)
    known, sought = ua / rng.uniform(0.01, 30, 50_000), ua / rng.uniform(0.01, 30, 50_000)
    sought[:100] = known[:100]  # where both streams are equal
    wanted = _conductance(ua, known, sought)
    rate = rate_for_conductance_kw_per_k(ua, known, wanted, 1e9)
    assert _conductance(ua, known, rate) == pytest.approx(wanted, rel=1e-12)
    # What cannot be conducted takes all there is; nothing takes next to nothing.
    assert rate_for_conductance_kw_per_k(10.0, 5.0, 4.9, 6.0) == 6.0
    assert rate_for_conductance_kw_per_k(10.0, 5.0, 0.0, 6.0) < 1e-9


def test_a_rate_is_brought_as_far_as_it_is_asked_to() -> None:
    rng = np.random.default_rng(6)
    ua = 10 ** rng.uniform(-1, 2, 50_000)
    other, sought = ua / rng.uniform(0.01, 30, 50_000), ua / rng.uniform(0.01, 30, 50_000)
    sought[:100] = other[:100]
    wanted = _conductance(ua, other, sought) / sought
    rate = rate_for_effectiveness_kw_per_k(ua, other, wanted, sought * rng.uniform(1, 5, 50_000))
    assert _conductance(ua, other, rate) / rate == pytest.approx(wanted, rel=1e-12)
    # A stream that is brought further than asked has all of its flow.
    assert rate_for_effectiveness_kw_per_k(10.0, 5.0, 0.1, 2.0) == pytest.approx(2.0)
