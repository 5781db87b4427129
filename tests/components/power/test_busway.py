"""Busway: a feeder with a length, a section and a voltage, against Ohm's law by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.power.busway import Busway
from dctwin.components.power.radial_feeder import RadialFeeder

DC: dict[str, Any] = {
    "rated_kw": 800.0, "system": "dc", "source_v": 800.0, "length_m": 50.0, "section_mm2": 1000.0,
}  # fmt: skip
# IEC 60287-1-1: copper at 70 °C.
COPPER_70_OHM_MM2_PER_M = 1.7241e-2 * (1 + 3.93e-3 * 50)


def one_way_ohm(feeder: dict[str, Any]) -> float:
    return COPPER_70_OHM_MM2_PER_M * feeder["length_m"] / feeder["section_mm2"]


@given(st.floats(0.1, 1000.0))
def test_dc_loss_is_the_current_squared_in_both_poles(output_kw: float) -> None:
    """Found by walking along the wire: the current that the load draws at what is left of 800 V."""
    ohm = 2 * one_way_ohm(DC)
    volts = 800.0
    for _ in range(200):
        volts = 800.0 - ohm * output_kw * 1000 / volts
    amps = output_kw * 1000 / volts
    assert Busway(**DC).loss_kw(output_kw) == pytest.approx(amps**2 * ohm / 1000, rel=1e-9)


@given(st.floats(0.1, 300.0))
def test_ac_loss_is_three_times_a_phase(output_kw: float) -> None:
    feeder = {**DC, "system": "ac3", "source_v": 415.0}
    ohm = one_way_ohm(feeder)
    volts = 415.0
    for _ in range(200):
        amps = output_kw * 1000 / (3**0.5 * volts)
        volts = 415.0 - 3**0.5 * amps * ohm
    amps = output_kw * 1000 / (3**0.5 * volts)
    assert Busway(**feeder).loss_kw(output_kw) == pytest.approx(3 * amps**2 * ohm / 1000, rel=1e-9)


def test_double_voltage_quarters_the_loss() -> None:
    low, high = Busway(**DC), Busway(**{**DC, "source_v": 1600.0})
    # To within the drop itself, 0.1 % of the voltage.
    assert low.loss_kw(100.0) / high.loss_kw(100.0) == pytest.approx(4.0, rel=5e-3)


def test_collapse_has_no_number_and_is_flagged() -> None:
    feeder = Busway(**{**DC, "length_m": 5000.0, "section_mm2": 10.0})
    with np.errstate(invalid="ignore"):
        assert np.isnan(feeder.loss_kw(500.0))
    margin = {limit.name: limit.beyond for limit in feeder.limits(500.0)}["power_margin_frac"]
    assert margin > 0


@given(st.floats(0.0, 900.0), st.floats(1.0, 10.0))
def test_more_feeders_in_parallel_are_one_larger(output_kw: float, n: float) -> None:
    one = Busway(**DC)
    large = one.with_values(**{name: getattr(one, name) * n for name in Busway.extensive})
    assert large.loss_kw(n * output_kw) == pytest.approx(n * one.loss_kw(output_kw), rel=1e-12)


@pytest.mark.parametrize(
    "change", [{"system": "ac2"}, {"material": "silver"}, {"section_mm2": 0}, {"power_factor": 1.2}]
)
def test_impossible_feeders_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Busway(**{**DC, **change})


def test_mass_counts_every_conductor_laid() -> None:
    """50 m of 1,000 mm² = 0.05 m³ a conductor; copper 8,890, aluminium 2,703 kg/m³."""
    assert Busway(**DC).copper_kg == pytest.approx(2 * 444.5)
    assert Busway(**DC).aluminium_kg == 0.0
    four = {**DC, "system": "ac3", "material": "aluminium", "poles_count": 4}
    assert Busway(**four).aluminium_kg == pytest.approx(4 * 135.15)
    assert Busway(**four).copper_kg == 0.0


@given(st.floats(0.1, 300.0), st.sampled_from(["dc", "ac3"]))
def test_current_and_drop_give_the_loss(output_kw: float, system: str) -> None:
    feeder = Busway(**{**DC, "system": system})
    amps, drop_v = feeder.current_a(output_kw), feeder.voltage_drop_v(output_kw)
    root = 3**0.5 if system == "ac3" else 1.0
    assert root * amps * drop_v / 1000 == pytest.approx(feeder.loss_kw(output_kw), rel=1e-6)
    assert root * amps * (800.0 - drop_v) / 1000 == pytest.approx(output_kw, rel=1e-9)


def test_skin_effect_adds_to_the_resistance() -> None:
    plain = Busway(**{**DC, "system": "ac3"})
    thick = Busway(**{**DC, "system": "ac3", "skin_frac": 0.1})
    assert thick.resistance_ohm == pytest.approx(1.1 * plain.resistance_ohm)


def test_a_rack_of_one_megawatt_at_54_v_needs_a_heavy_bar() -> None:
    """207 kg a metre of both poles and 1,222 W at 1.6 A/mm² (issue of the Open Compute busbar)."""
    bar = Busway(rated_kw=1000.0, system="dc", source_v=54.0, length_m=1.0, section_mm2=11574.0)
    assert bar.copper_kg == pytest.approx(207.0, rel=0.02)
    assert 1000 * bar.loss_kw(1000.0) == pytest.approx(1222.0, rel=0.02)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"poles_count": 4}, "2 to 3 for dc"),
        ({"system": "ac3", "poles_count": 2}, "3 to 5 for ac3"),
        ({"skin_frac": 0.1}, "must be 0 for dc"),
    ],
)
def test_conductors_that_cannot_be_laid_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Busway(**{**DC, **change})


def test_current_and_voltage_beyond_their_limits_are_told() -> None:
    bar = Busway(**{**DC, "rated_a": 100.0, "drop_limit_frac": 0.01})
    most_kw = 0.1 * bar.source_v * 0.999
    beyond = {limit.name: limit.beyond for limit in bar.limits(np.array([0.5, 2.0]) * most_kw)}
    assert beyond["current_a"][0] == 0.0
    assert beyond["current_a"][1] == pytest.approx(bar.current_a(2.0 * most_kw) - 100.0)
    heavy_kw = 5.0 * bar.rated_kw
    (drop,) = (x.beyond for x in bar.limits(heavy_kw) if x.name == "voltage_drop_frac")
    assert drop == pytest.approx(1.0 - bar.end_v(heavy_kw) / bar.source_v - 0.01)
    assert drop > 0
    assert "current_a" not in {limit.name for limit in Busway(**DC).limits(1.0)}


def test_feeder_and_busway_count_the_same_conductors() -> None:
    line = {
        "system": "ac3", "rated_kw": 100.0, "source_v": 400.0, "length_m": 30.0,
        "section_mm2": 95.0,
    }  # fmt: skip
    for poles in (None, 3, 4, 5):
        tree = RadialFeeder(
            **line | {"length_m": (30.0,), "section_mm2": (95.0,), "poles_count": poles},
            min_v=300.0, segment_from=(-1,), rated_a=(200.0,), load_share_frac=(1.0,),
        )  # fmt: skip
        assert tree.metal_kg == pytest.approx(Busway(**line, poles_count=poles).metal_kg)
