"""Absorption chiller: the characteristic equation, its balance, its second law."""

from __future__ import annotations

from typing import Any

import air_states
import numpy as np
import pytest

from dctwin.components.component import Duty
from dctwin.equipment import load_equipment

MACHINE: Any = load_equipment("single-effect-300kw").component


def duty(return_c: Any = 75.0, sink_c: Any = 27.0, cold_c: Any = 15.0, cold_kw: Any = 1e6) -> Duty:
    air = air_states.outdoor(20.0, 0.6, 101_325.0)
    return Duty(2000.0, return_c, 200.0, 0.05, air, sink_c, 300.0, cold_kw=cold_kw, cold_c=cold_c)


def test_ten_kilowatt_machine_at_its_rating() -> None:
    """Kühn and Ziegler's coefficients: 10 kW near 75/27/15 °C of mean temperatures, COP 0.76."""
    small = MACHINE.with_values(rated_kw=10.0, pump_kw=0.0)
    # Streams so large that they do not change: means are what enters.
    wide = Duty(1e9, 75.0, 1e6, 200.0, duty().air, 31.0, 1e6, cold_kw=1e9, cold_c=15.0)
    service = small.with_values(chilled_rise_k=6.0).serve(wide)
    ddt = 75.0 - 2.5 * 31.0 + 1.8 * 18.0
    # Half a step a pass leaves 1.6 % after six.
    assert service.cold_kw == pytest.approx(0.42 * ddt + 0.9, rel=0.02)
    assert service.cold_kw / service.heat_kw == pytest.approx(
        (0.42 * ddt + 0.9) / (0.51 * ddt + 2.0), rel=1e-6
    )


def test_capacity_follows_all_three_temperatures() -> None:
    base = MACHINE.serve(duty()).cold_kw
    assert MACHINE.serve(duty(return_c=70.0)).cold_kw < base
    assert MACHINE.serve(duty(sink_c=30.0)).cold_kw < base
    assert MACHINE.serve(duty(cold_c=10.0)).cold_kw < base


def test_it_makes_no_more_cold_than_is_wanted() -> None:
    service = MACHINE.serve(duty(cold_kw=100.0))
    assert service.cold_kw <= 100.0
    assert service.cold_kw == pytest.approx(100.0, rel=0.02)
    assert MACHINE.serve(duty(cold_kw=5.0)).cold_kw == 0  # below its least load


def test_second_law() -> None:
    """Entropy of driving heat and cold is no more than what leaves with the cooling water."""
    rng = np.random.default_rng(5)
    service = MACHINE.serve(
        duty(rng.uniform(55, 95, 500), rng.uniform(20, 38, 500), rng.uniform(6, 20, 500))
    )
    t = {k: service.traces[k] + 273.15 for k in ("driving_c", "cooling_c", "chilled_c")}
    produced = (
        (service.reject_kw - MACHINE.pump_kw * (service.cold_kw > 0)) / t["cooling_c"]
        - service.heat_kw / t["driving_c"]
        - service.cold_kw / t["chilled_c"]
    )
    assert np.all(produced >= -1e-9)
    assert (service.cold_kw > 0).mean() > 0.5
