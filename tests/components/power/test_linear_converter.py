"""Linear converter: the law of Frontier's converters, and that it has no maximum."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.components.power.linear_converter import LinearConverter

SIVOC = LinearConverter(
    role="dcdc", in_rack=True, rated_kw=2.75, fixed_kw=0.013, efficiency_frac=0.98
)
RECTIFIER = LinearConverter(role="rectifier", rated_kw=15, fixed_kw=0.017, efficiency_frac=0.96)


def test_input_is_output_and_fixed_over_efficiency() -> None:
    # An idle node of Frontier, 626.26 W (ExaDigiT/RAPS, config/frontier.yaml).
    assert 0.62626 + SIVOC.loss_kw(0.62626) == pytest.approx((0.62626 + 0.013) / 0.98)
    # Published loads of its rectifier, % of 15 kW: 94.9 at 10, 95.9 at 100 (computed there).
    output_kw = 15.0 * np.array([0.1, 0.5, 1.0])
    efficiency = output_kw / (output_kw + RECTIFIER.loss_kw(output_kw))
    assert efficiency == pytest.approx([0.949, 0.958, 0.959], abs=5e-4)
    assert np.all(np.diff(efficiency) > 0)


def test_names_of_its_loss_and_overload() -> None:
    assert SIVOC.account == "it.dcdc_loss"
    assert RECTIFIER.account == "power.rectifier_loss"
    (limit,) = RECTIFIER.limits(np.array([15.0, 16.5]))
    assert limit.beyond == pytest.approx([0.0, 0.1])
