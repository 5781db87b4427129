"""Generation given as a series: what it makes of its numbers, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dctwin.components.onsite.series import GenerationSeries

MONTHS = (0.5,) * 12


def test_output_is_share_times_rating() -> None:
    plant = GenerationSeries(source="hydro", rated_kw=200.0, monthly_frac=MONTHS)
    np.testing.assert_array_equal(plant.output_kw(np.array([0.0, 0.5, 1.0])), [0, 100, 200])


@pytest.mark.parametrize(
    "change",
    [
        {"monthly_frac": ()},
        {"file": "x.csv"},
        {"monthly_frac": (0.5,) * 11},
        {"monthly_frac": (1.5,) * 12},
        {"source": "coal"},
    ],
)
def test_what_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GenerationSeries(**{"source": "hydro", "rated_kw": 1.0, "monthly_frac": MONTHS, **change})
