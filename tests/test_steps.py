"""Some steps of a duty and of a bank are the same steps of what the whole does."""

from __future__ import annotations

import numpy as np
from test_banks import CRAH, duty

from dctwin.banks import serve
from dctwin.design import Device
from dctwin.steps import device_at, duty_at


def test_steps_of_a_bank_whose_numbers_differ_by_step() -> None:
    """As in a part of a batch, where each step is of another design."""
    heat_kw = np.linspace(50.0, 300.0, 6)
    bank = Device("crah", CRAH.with_values(ua_kw_per_k=np.linspace(10.0, 30.0, 6)), np.arange(1, 7))
    whole = serve(bank, duty(heat_kw))
    steps = np.array([1, 4])
    part = serve(device_at(bank, steps, 6), duty_at(duty(heat_kw), steps, 6))
    np.testing.assert_array_equal(part.heat_kw, whole.heat_kw[steps])
    np.testing.assert_array_equal(part.power_kw["crah_fan"], whole.power_kw["crah_fan"][steps])
