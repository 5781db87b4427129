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


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"frequency_hz": 0.0}, "frequency_hz: allowed"),
        ({"low_frac": 0.5, "high_frac": 0.4}, "high_frac: allowed 0.5"),
        ({"rise_s": 2.0}, "rise_s: allowed"),
        ({"racks": ["gpus"]}, "racks: 'gpus' is not there"),
        ({"duration_s": 1.0}, "duration_s: at least"),
    ],
)
def test_what_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dctwin.power_swing(DESIGN, **values)  # type: ignore[arg-type]
