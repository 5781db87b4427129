"""PV array: yield times rating. The yield itself is tested in physics/test_solar.py."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from dctwin.components.onsite.pv import PvArray


def test_power_is_yield_times_rating() -> None:
    array = PvArray(rated_kw=250.0)
    np.testing.assert_array_equal(array.output_kw(np.array([0.0, 0.5, 0.8])), [0.0, 125.0, 200.0])


def test_twice_the_rating_gives_twice_the_power() -> None:
    sun = np.linspace(0, 0.8, 7)
    np.testing.assert_allclose(
        PvArray(rated_kw=20.0).output_kw(sun), 2 * PvArray(rated_kw=10.0).output_kw(sun)
    )


def test_defaults_are_those_of_pvwatts() -> None:
    # PVWatts version 5, NREL/TP-6A20-62641: system losses 14.08 %, inverter 96 %.
    array = PvArray(rated_kw=1.0)
    assert (array.losses_frac, array.inverter_efficiency_frac) == (0.1408, 0.96)


@pytest.mark.parametrize("change", [{"tilt_deg": 91}, {"rated_kw": -1}, {"azimuth_deg": 361}])
def test_impossible_arrays_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        PvArray(**{"rated_kw": 1.0, **change})
