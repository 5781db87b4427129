"""Radial power flow: against an independent Newton solve, closure at every node, no solution."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import root

from dctwin.errors import ComputationError, InputError
from dctwin.physics import electrical
from dctwin.physics.radial_flow import RadialFlow, check_radial, radial_flow

jax.config.update("jax_enable_x64", True)
SOURCE_V = 400.0
quick = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[float], list[float], float]:
    """Parents, resistances, loads [kW] and how far towards the greatest power they are scaled."""
    count = draw(st.integers(1, 12))
    parent = [-1] + [draw(st.integers(-1, index - 1)) for index in range(1, count)]
    ohm = [draw(st.floats(1e-4, 1e-2)) for _ in range(count)]
    load = [draw(st.one_of(st.just(0.0), st.floats(1.0, 100.0))) for _ in range(count)]
    return parent, ohm, load, draw(st.floats(0.02, 0.97))


def solvable(parent: list[int], ohm: list[float], load: list[float], scale: float) -> bool:
    with np.errstate(invalid="ignore"):
        flow = radial_flow(SOURCE_V, [np.float64(scale * one) for one in load], ohm, parent)
    return bool(np.isfinite(flow.source_kw))


def greatest_scale(parent: list[int], ohm: list[float], load: list[float]) -> float:
    """How many times these loads the tree can carry, by bisection."""
    low, high = 0.0, 1e-3
    while solvable(parent, ohm, load, high):
        low, high = high, 2.0 * high
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if solvable(parent, ohm, load, middle) else (low, middle)
    return low


def newton(
    parent: list[int], ohm: list[float], watts: np.ndarray, reactive: float = 0.0
) -> np.ndarray:
    """Node voltages by nodal current balance (phase to neutral, complex), scipy's hybrid Newton."""
    count = len(parent)
    source = SOURCE_V

    def gaps(x: np.ndarray) -> np.ndarray:
        volts = x[:count] + 1j * x[count:]
        into = np.array(
            [
                ((source if parent[k] < 0 else volts[parent[k]]) - volts[k]) / ohm[k]
                for k in range(count)
            ]
        )
        out = np.conj(watts * (1.0 + 1j * reactive) / volts)
        for k in range(count):
            if parent[k] >= 0:
                out[parent[k]] += into[k]
        gap = (into - out) * np.array(ohm)
        return np.concatenate([gap.real, gap.imag])

    flat = np.concatenate([np.full(count, source), np.zeros(count)])
    found = root(gaps, flat, method="hybr", options={"xtol": 1e-14})
    assert np.max(np.abs(found.fun)) < 1e-9 * source
    volts: np.ndarray = np.abs(found.x[:count] + 1j * found.x[count:])
    return volts


@given(tree=trees())
@quick
def test_dc_agrees_with_an_independent_newton_solve(tree) -> None:
    parent, ohm, load, share = tree
    assume(sum(load) > 0)
    scale = share * greatest_scale(parent, ohm, load)
    loads = [np.float64(scale * one) for one in load]
    flow = radial_flow(SOURCE_V, loads, ohm, parent)
    expected = newton(parent, ohm, 1000.0 * np.array(loads))
    assert np.asarray(flow.voltage_v) == pytest.approx(expected, rel=1e-9)


@given(tree=trees(), power_factor=st.floats(0.8, 1.0))
@quick
def test_three_phases_agree_with_a_complex_newton_solve(tree, power_factor: float) -> None:
    parent, ohm, load, share = tree
    assume(sum(load) > 0)
    scale = 0.5 * share * greatest_scale(parent, ohm, load)
    loads = [np.float64(scale * one) for one in load]
    flow = radial_flow(SOURCE_V, loads, ohm, parent, power_factor, "ac3")
    reactive = np.sqrt(1.0 / power_factor**2 - 1.0)
    # Line-to-line voltage with the power of three phases is one phase's equation, times √3 and 3.
    expected = newton(parent, ohm, 1000.0 * np.array(loads), float(reactive))
    assert np.asarray(flow.voltage_v) == pytest.approx(expected, rel=1e-9)


@given(tree=trees())
@quick
def test_kirchhoff_and_energy_close_at_every_node(tree) -> None:
    parent, ohm, load, share = tree
    assume(sum(load) > 0)
    scale = share * greatest_scale(parent, ohm, load)
    loads = [np.float64(scale * one) for one in load]
    flow = radial_flow(SOURCE_V, loads, ohm, parent)
    for index, before in enumerate(parent):
        volts = flow.voltage_v[index]
        children = [k for k, up in enumerate(parent) if up == index]
        # Current: what comes in leaves through the load and the next segments.
        leaving_a = 1000.0 * loads[index] / volts + sum(flow.current_a[k] for k in children)
        assert flow.current_a[index] == pytest.approx(leaving_a, rel=1e-9, abs=1e-12)
        # Voltage: Ohm's law along the segment.
        near_v = SOURCE_V if before < 0 else flow.voltage_v[before]
        drop_v = flow.current_a[index] * ohm[index]
        assert near_v - volts == pytest.approx(drop_v, rel=1e-9, abs=1e-9)
        # Energy.
        onward_kw = loads[index] + sum(flow.near_kw[k] for k in children)
        assert flow.far_kw[index] == pytest.approx(onward_kw, rel=1e-9, abs=1e-12)
        loss_kw = flow.current_a[index] ** 2 * ohm[index] / 1000.0
        assert flow.loss_kw[index] == pytest.approx(loss_kw, rel=1e-9, abs=1e-12)
    assert flow.source_kw == pytest.approx(sum(loads) + sum(flow.loss_kw), rel=1e-9)


def test_one_segment_is_the_closed_form_of_a_feeder() -> None:
    load_kw = np.array([0.0, 100.0, 300.0])
    flow = radial_flow(800.0, [load_kw], [0.02], [-1])
    expected = electrical.feeder_voltage_v(800.0, load_kw, 0.02)
    assert flow.voltage_v[0] == pytest.approx(expected, rel=1e-12)
    assert flow.loss_kw[0] == pytest.approx(
        electrical.feeder_loss_kw(800.0, load_kw, 0.02), rel=1e-12
    )
    three = radial_flow(415.0, [load_kw], [0.01], [-1], 0.9, "ac3")
    assert three.voltage_v[0] == pytest.approx(
        electrical.feeder_voltage_v(415.0, load_kw, 0.01, 0.9), rel=1e-12
    )
    amps = 1000.0 * load_kw / (0.9 * 3**0.5 * three.voltage_v[0])
    assert three.current_a[0] == pytest.approx(amps, rel=1e-12)


def past_the_end(load_kw: np.ndarray) -> RadialFlow:
    with np.errstate(invalid="ignore"):
        return radial_flow(400.0, [load_kw, 0.5 * load_kw], [0.01, 0.02], [-1, 0])


def test_past_the_greatest_power_it_says_so() -> None:
    fine = past_the_end(np.array([100.0, 500.0]))
    assert check_radial(fine) is fine
    both = past_the_end(np.array([100.0, 5000.0]))
    assert np.isfinite(both.source_kw[0])
    assert np.isnan(both.source_kw[1])
    with pytest.raises(ComputationError, match=r"1 of 2 steps ask for more than the greatest"):
        check_radial(both)


@pytest.mark.parametrize(
    ("parent", "said"),
    [([0], "parent of segment 0"), ([-1, 1], "parent of segment 1"), ([-1], "as many loads")],
)
def test_a_tree_that_is_none_is_refused(parent: list[int], said: str) -> None:
    count = 2 if len(parent) == 1 and parent != [0] else len(parent)
    with pytest.raises(InputError, match=said):
        radial_flow(400.0, [1.0] * count, [0.01] * count, parent)


def test_numpy_and_jax_agree() -> None:
    load = np.array([10.0, 100.0])
    ours = radial_flow(400.0, [load, load], [0.01, 0.02], [-1, 0])
    theirs = radial_flow(400.0, [jnp.asarray(load)] * 2, [0.01, 0.02], [-1, 0])
    assert np.asarray(theirs.source_kw) == pytest.approx(ours.source_kw, rel=1e-9)
