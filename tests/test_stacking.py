"""Designs of one topology as one: what differs gets an axis."""

from __future__ import annotations

import numpy as np
from test_plant import two_exchangers

from dctwin.stacking import stack


def test_a_stack_of_one_is_the_design_itself() -> None:
    facility = two_exchangers(5.0, 5.0)
    assert stack([facility]) is facility


def test_only_what_differs_gets_an_axis() -> None:
    stacked = stack([two_exchangers(5.0, 5.0), two_exchangers(7.0, 5.0)])
    x, y = (device.component for device in stacked.circuits[0].stages)
    np.testing.assert_array_equal(x.ua_kw_per_k, [[5.0], [7.0]])
    assert y.ua_kw_per_k == 5.0
    assert stacked.circuits[0].loop is not None
