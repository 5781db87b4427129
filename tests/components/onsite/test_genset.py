"""Genset: burns what the chart says, all of its fuel is accounted for, and it takes time to start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.onsite.genset import Genset
from dctwin.equipment import load_equipment

DIESEL: Any = load_equipment("diesel-1mw").component
GAS: Any = load_equipment("gas-1500kw").component
sets = pytest.mark.parametrize("unit", [DIESEL, GAS], ids=["diesel", "gas"])


@pytest.mark.parametrize(
    ("name", "litres"),
    [("diesel-1mw", [81.8, 137.8, 197.3, 269.2]), ("diesel-2mw", [162.1, 273.3, 391.8, 537.2])],
)
def test_it_burns_what_the_chart_says(name: str, litres: list[float]) -> None:
    unit: Any = load_equipment(name).component
    output_kw = np.array([0.25, 0.5, 0.75, 1.0]) * unit.rated_kw
    np.testing.assert_allclose(unit.fuel_l_per_h(output_kw), litres, rtol=1e-4)


@sets
@given(load=st.floats(0, 1.2))
def test_fuel_becomes_electricity_and_heat(unit: Genset, load: float) -> None:
    output_kw = load * unit.rated_kw
    parts = output_kw + unit.heat_recovered_kw(output_kw) + unit.heat_lost_kw(output_kw)
    assert parts == pytest.approx(unit.fuel_kw(output_kw), rel=1e-12)
    assert min(unit.heat_recovered_kw(output_kw), unit.heat_lost_kw(output_kw)) >= 0.0


@sets
@given(load=st.floats(0.01, 1.0), more=st.floats(0, 0.2))
def test_more_output_needs_more_fuel(unit: Genset, load: float, more: float) -> None:
    low, high = load * unit.rated_kw, (load + more) * unit.rated_kw
    assert unit.fuel_kw(high) >= unit.fuel_kw(low)
    assert unit.fuel_kw(low) > low


@sets
def test_at_rest_it_burns_nothing_and_stays_warm(unit: Genset) -> None:
    assert unit.fuel_kw(0.0) == 0.0
    assert unit.standby_kw(0.0) == unit.heater_kw > 0.0
    assert unit.standby_kw(0.5 * unit.rated_kw) == 0.0


def test_the_gas_engine_gives_the_published_heat() -> None:
    """REopt: hot water 0.4015 over electricity 0.385, both of the higher heating value."""
    ratio = GAS.heat_recovered_kw(1500.0) / 1500.0
    assert ratio == pytest.approx(0.4015 / 0.385, rel=2e-3)
    assert DIESEL.heat_recovered_kw(1000.0) == 0.0


def test_cubic_metres_of_gas() -> None:
    # 1,500 kW at 42.66 % of 10 kWh/m³.
    assert GAS.fuel_m3_per_h(1500.0) == pytest.approx(1500.0 / 0.4266 / 10.0, rel=1e-9)


def test_litres_of_gas_are_refused() -> None:
    with pytest.raises(ValueError, match="diesel only"):
        GAS.fuel_l_per_h(100.0)
    with pytest.raises(ValueError, match="gas only"):
        DIESEL.fuel_m3_per_h(100.0)


def test_it_takes_load_after_its_start_in_steps() -> None:
    """NFPA 110 type 10: ready in 10 s; half at once, a tenth a second after."""
    ready = DIESEL.ready_kw(np.array([0.0, 9.9, 10.0, 12.0, 15.0, 100.0]))
    np.testing.assert_allclose(ready, [0.0, 0.0, 500.0, 700.0, 1000.0, 1000.0])


def test_too_little_load_is_flagged_only_while_it_runs() -> None:
    (limit,) = DIESEL.limits(np.array([0.0, 200.0, 500.0, 1100.0]))
    np.testing.assert_allclose(limit.beyond, [0.0, 0.1, 0.0, 0.1], atol=1e-12)


@given(st.floats(0, 1), st.floats(1.5, 10))
def test_a_larger_one_is_many_small_ones(load: float, n: float) -> None:
    large = GAS.with_values(**{key: getattr(GAS, key) * n for key in Genset.extensive})
    output_kw = load * GAS.rated_kw
    assert large.fuel_kw(n * output_kw) == pytest.approx(n * GAS.fuel_kw(output_kw), rel=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {"efficiency_points": [0.3, 0.7]},
        {"load_frac_points": [0.5, 0.25]},
        {"load_frac_points": [0.25, 0.5, 1.0]},
        {"fuel": "coal"},
    ],
)
def test_impossible_sets_are_refused(change: dict[str, Any]) -> None:
    good = {"fuel": "diesel", "rated_kw": 100.0, "load_frac_points": [0.25, 1.0],
            "efficiency_points": [0.3, 0.37], "min_load_frac": 0.3, "start_s": 10.0}  # fmt: skip
    Genset(**good)
    with pytest.raises(ValidationError):
        Genset(**{**good, **change})
