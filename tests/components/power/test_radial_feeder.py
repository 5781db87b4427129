"""Radial feeder: a shared trunk, limits, metal, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dctwin.components.power.busway import Busway
from dctwin.components.power.radial_feeder import RadialFeeder

TREE: dict[str, Any] = {
    "rated_kw": 200,
    "system": "dc",
    "source_v": 380,
    "min_v": 350,
    "segment_from": [-1, 0, 0],
    "length_m": [40, 10, 20],
    "section_mm2": [600, 300, 300],
    "rated_a": [600, 300, 300],
    "load_share_frac": [0, 0.5, 0.5],
}


def test_one_segment_is_a_busway() -> None:
    one = RadialFeeder(
        **{
            **TREE, "segment_from": [-1], "length_m": [40], "section_mm2": [600],
            "rated_a": [600], "load_share_frac": [1],
        }
    )  # fmt: skip
    busway = Busway(rated_kw=200, system="dc", source_v=380, length_m=40, section_mm2=600)
    load_kw = np.array([0.0, 50.0, 200.0])
    assert one.loss_kw(load_kw) == pytest.approx(busway.loss_kw(load_kw), rel=1e-12)
    assert one.load_frac(load_kw) == pytest.approx(load_kw / 200)


def test_voltage_and_current_limits_are_flagged() -> None:
    feeder = RadialFeeder(**TREE)
    flow = feeder.flow(np.array([100.0, 240.0]))
    assert flow.voltage_v[2][1] < flow.voltage_v[1][1] < flow.voltage_v[0][1] < 380
    over, low_v, over_a = feeder.limits(np.array([100.0, 240.0]))
    assert over.beyond == pytest.approx([0.0, 0.2])
    assert (low_v.name, low_v.beyond[0], over_a.beyond[0]) == ("voltage_v", 0.0, 0.0)
    busiest_a = max(
        a - most for a, most in zip((x[1] for x in flow.current_a), TREE["rated_a"], strict=True)
    )
    assert over_a.beyond[1] == pytest.approx(max(busiest_a, 0.0))
    assert over_a.beyond[1] > 0
    low = RadialFeeder(**{**TREE, "min_v": 379}).limits(240.0)[1]
    assert low.beyond == pytest.approx(379 - flow.voltage_v[2][1])


def test_past_the_greatest_power_is_not_a_number() -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(RadialFeeder(**TREE).loss_kw(np.array([50_000.0])))


def test_metal() -> None:
    feeder = RadialFeeder(**TREE)
    volume_m3 = 2 * (40 * 600 + 10 * 300 + 20 * 300) * 1e-6
    assert feeder.copper_kg == pytest.approx(8890 * volume_m3)
    assert feeder.aluminium_kg == 0.0
    light = RadialFeeder(**{**TREE, "material": "aluminium"})
    assert (light.copper_kg, light.aluminium_kg) == (0.0, pytest.approx(2703 * volume_m3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"segment_from": [-1, 1, 0]}, "earlier segment"),
        ({"length_m": [40, 10]}, "equally long"),
        ({"load_share_frac": [0, 0.5, 0.4]}, "add up to 1"),
        ({"rated_a": [600, 300, 0]}, "rated_a must stay within"),
        ({"power_factor": 0.9}, "of a dc feeder is 1"),
    ],
)
def test_what_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RadialFeeder(**{**TREE, **change})
