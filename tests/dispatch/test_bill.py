"""The bill, by hand."""

from __future__ import annotations

import numpy as np

from dctwin.dispatch.bill import bill, emitted_kg
from dctwin.dispatch.hours import Hours
from dctwin.dispatch.operate import Operation


def test_energy_sale_and_peak() -> None:
    zero = np.zeros(3)
    done = Operation(None, None, np.array([10.0, 0, 30.0]), np.array([0, 5.0, 0]), zero, zero)
    seen = Hours(
        zero, zero, 0.5, price_per_kwh=np.array([0.2, 0.1, -0.1]), export_price_per_kwh=0.04,
        demand_price_per_kw=2.0, carbon_kg_per_kwh=np.array([0.5, 0.5, 0.1]),
    )  # fmt: skip
    assert np.isclose(bill(done, seen), 0.5 * (2.0 - 0.2 - 3.0) + 60.0)
    assert np.isclose(emitted_kg(done, seen), 0.5 * (5.0 + 3.0))
    assert bill(done, Hours(zero, zero, 1.0)) == 0.0
