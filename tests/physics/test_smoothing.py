"""Power swings: patterns, software limits, buffers that conserve energy, spectra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dctwin.errors import InputError
from dctwin.physics.smoothing import (
    Buffer,
    band_rms_kw,
    largest_ramp_kw_per_s,
    soften,
    spectrum,
    swing_load_frac,
    through_buffer,
)

STEP_S = 0.01
TIME_S = STEP_S * np.arange(4000)


def test_patterns() -> None:
    square = swing_load_frac(TIME_S, "square", 0.5, 0.2, 1.0, duty_frac=0.7)
    assert set(square) == {0.2, 1.0}
    assert np.mean(square) == pytest.approx(0.2 + 0.8 * 0.7, rel=0.01)
    ramped = swing_load_frac(TIME_S, "square", 0.5, 0.2, 1.0, 0.7, rise_s=0.1)
    assert largest_ramp_kw_per_s(ramped, STEP_S) == pytest.approx(0.8 / 0.1)
    assert np.mean(ramped) == pytest.approx(np.mean(square), rel=0.01)
    sine = swing_load_frac(TIME_S, "sine", 0.5, 0.2, 1.0)
    assert (sine.min(), sine.max()) == pytest.approx((0.2, 1.0))
    assert largest_ramp_kw_per_s(sine, STEP_S) == pytest.approx(0.4 * 2 * np.pi * 0.5, rel=1e-3)


def test_spectrum_of_a_sine_and_of_a_square() -> None:
    frequency, amplitude = spectrum(100 + 30 * np.sin(2 * np.pi * 0.5 * TIME_S), STEP_S)
    assert frequency[np.argmax(amplitude)] == pytest.approx(0.5)
    assert amplitude.max() == pytest.approx(30.0)
    assert band_rms_kw(100 + 30 * np.sin(np.pi * TIME_S), STEP_S, 0.1, 20.0) == pytest.approx(
        30 / 2**0.5
    )
    # A square wave's first sine is 4/π of its half height, its third a third of that.
    square = np.where(np.mod(TIME_S, 2.0) < 1.0, 1.0, -1.0)
    frequency, amplitude = spectrum(square, STEP_S)
    first, third = (amplitude[np.argmin(np.abs(frequency - f))] for f in (0.5, 1.5))
    assert first == pytest.approx(4 / np.pi, rel=1e-3)
    assert third == pytest.approx(4 / np.pi / 3, rel=1e-3)


def test_a_first_order_buffer_damps_a_sine_as_theory_says() -> None:
    load = 100 + 30 * np.sin(2 * np.pi * 0.5 * TIME_S)
    done = through_buffer(load, STEP_S, Buffer(1e3, 1e3, time_constant_s=2.0, efficiency_frac=1.0))
    _, amplitude = spectrum(done.fed_kw[-2000:], STEP_S)
    # 1/(1 + s τ), and the slow way back to half full over 20 τ: a little of the swing comes through.
    s, tau = 2j * np.pi * 0.5, 2.0
    back = 1.0 / (20.0 * tau * s)
    theory = abs((1.0 / (1.0 + s * tau) + back) / (1.0 + back))
    assert amplitude.max() == pytest.approx(30 * theory, rel=0.01)


@given(data=st.data())
@settings(max_examples=60)
def test_energy_is_conserved_and_limits_are_kept(data: st.DataObject) -> None:
    load = np.array(data.draw(st.lists(st.floats(0.0, 1000.0), min_size=50, max_size=200)))
    buffer = Buffer(
        energy_kwh=data.draw(st.floats(1e-3, 10.0)),
        power_kw=data.draw(st.floats(1.0, 2000.0)),
        time_constant_s=data.draw(st.floats(0.01, 100.0)),
        efficiency_frac=data.draw(st.floats(0.8, 1.0)),
    )
    step_s = data.draw(st.floats(0.001, 1.0))
    done = through_buffer(load, step_s, buffer)
    assert done.fed_kw == pytest.approx(load + done.stored_kw + done.loss_kw, rel=1e-9, abs=1e-9)
    assert np.min(done.fed_kw) >= -1e-9
    assert np.min(done.loss_kw) >= -1e-9
    assert np.max(np.abs(done.fed_kw - load)) <= buffer.power_kw * (1 + 1e-9)
    assert np.min(done.energy_kwh) >= 0.0
    assert np.max(done.energy_kwh) <= buffer.energy_kwh * (1 + 1e-12)
    # The second route: what is in the store at the end.
    held_kwh = 0.5 * buffer.energy_kwh + np.sum(done.stored_kw) * step_s / 3600.0
    assert done.energy_kwh[-1] == pytest.approx(held_kwh, rel=1e-6, abs=1e-9)


def test_software_floor_and_ramp() -> None:
    asked = 100.0 * swing_load_frac(TIME_S, "square", 0.5, 0.2, 1.0, 0.7)
    floored = soften(asked, STEP_S, floor_kw=80.0)
    assert floored.rack_kw.min() == 80.0
    assert np.sum(floored.burned_kw) == pytest.approx(np.sum(floored.rack_kw - asked))
    limited = soften(asked, STEP_S, up_kw_per_s=20.0, down_kw_per_s=10.0)
    change = np.diff(limited.rack_kw) / STEP_S
    assert change.max() <= 20.0 + 1e-9
    assert change.min() >= -10.0 - 1e-9
    balance = asked + limited.burned_kw - limited.held_back_kw
    assert limited.rack_kw == pytest.approx(balance)


def test_a_buffer_of_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match=r"efficiency_frac: allowed 0\.5 to 1"):
        Buffer(1.0, 1.0, 1.0, 1.2)
