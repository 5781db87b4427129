"""A design's swing from the racks to the grid."""

from __future__ import annotations

import numpy as np
import pytest

import dctwin
from dctwin.errors import InputError

DESIGN = "dtc-warm-water-ac"


def test_the_grid_sees_rack_power_and_the_chain_s_losses() -> None:
    swing = dctwin.power_swing(DESIGN, frequency_hz=1.0)
    assert swing.closure_rel() < 1e-9
    assert np.all(swing.grid_kw > swing.rack_kw)
    assert swing.grid_kw == pytest.approx(swing.unsmoothed_grid_kw)
    found = swing.metrics
    assert found["grid_strongest_hz"] == pytest.approx(1.0)
    chain = dctwin.power_chain(DESIGN, 1.0)
    assert found["grid_peak_kw"] == pytest.approx(chain.grid_kw, rel=1e-6)
    assert list(swing.frame.columns[:2]) == ["time_s", "asked_kw"]


def test_buffers_and_software_smooth() -> None:
    plain = dctwin.power_swing(DESIGN).metrics
    buffered = dctwin.power_swing(DESIGN, buffers=[dctwin.Buffer(2.0, 1500.0, 5.0)])
    assert buffered.closure_rel() < 1e-9
    found = buffered.metrics
    for name in ("swing_kw", "ramp_kw_per_s", "band_rms_kw", "peak_kw"):
        assert found[f"grid_{name}"] < found[f"unsmoothed_grid_{name}"]
        assert found[f"unsmoothed_grid_{name}"] == pytest.approx(plain[f"grid_{name}"], rel=1e-6)
    assert found["buffer_loss_frac"] > 0
    floored = dctwin.power_swing(DESIGN, floor_frac=0.8).metrics
    assert floored["burned_frac"] > 0
    assert floored["grid_swing_kw"] < plain["grid_swing_kw"]
    slow = dctwin.power_swing(DESIGN, ramp_frac_per_s=0.2)
    full_kw = float(np.max(slow.asked_kw))
    ramp = np.max(np.abs(np.diff(slow.rack_kw))) / slow.step_s
    assert ramp <= 0.2 * full_kw * (1 + 1e-9)


def test_stores_by_name_and_the_design_s_own() -> None:
    design = "ai-hall-in-rack-bbu-no-ups"
    hall = dctwin.load_design(design)
    (shelf,) = (d for d in hall.racks[0].supply if d.name == "bbu")
    count = shelf.count * hall.racks[0].device.count
    own = dctwin.power_swing(design, buffers=["own:5"])
    named = dctwin.power_swing(design, buffers=[f"bbu-orv3-hpr-33kw:{count:g}:5"])
    by_hand = dctwin.Buffer(33 * 240 / 3600 * count, 33 * count, 5.0, 0.92**0.5)
    numbers = dctwin.power_swing(design, buffers=[by_hand])
    for found in (own, named):
        assert found.grid_kw == pytest.approx(numbers.grid_kw)
    assert own.closure_rel() < 1e-9
    assert own.metrics["grid_swing_kw"] < 0.2 * own.metrics["unsmoothed_grid_swing_kw"]
    caps = dctwin.power_swing("chips-48-v-ac", frequency_hz=2.0, buffers=["own:1"])
    assert caps.metrics["grid_swing_kw"] < 0.5 * caps.metrics["unsmoothed_grid_swing_kw"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"frequency_hz": 0.0}, "frequency_hz: allowed"),
        ({"low_frac": 0.5, "high_frac": 0.4}, "high_frac: allowed 0.5"),
        ({"rise_s": 2.0}, "rise_s: allowed"),
        ({"racks": ["gpus"]}, "racks: 'gpus' is not there"),
        ({"duration_s": 1.0}, "duration_s: at least"),
        ({"buffers": ["own:5"]}, "has no battery, supercapacitor or flywheel in its racks"),
        (
            {"buffers": ["ups-sic-500kw:2:5"]},
            "ups-sic-500kw is a converter, allowed a ride-through",
        ),
        ({"buffers": ["flywheel-300kw:0.5:5"]}, "count must be a whole number"),
        ({"buffers": ["flywheel-300k:2:5"]}, "did you mean 'flywheel-300kw'"),
        ({"buffers": ["2:1500"]}, "must be kWh:kW:S"),
    ],
)
def test_what_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dctwin.power_swing(DESIGN, **values)  # type: ignore[arg-type]
