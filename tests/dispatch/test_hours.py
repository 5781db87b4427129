"""The request within the grid's limits."""

from __future__ import annotations

import numpy as np

from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.hours import Hours, Request, Stores, as_one, honour_grid


def test_outage_and_limit() -> None:
    load_kw, own_kw = np.array([100.0, 100.0, 100.0, 20.0]), np.array([0.0, 0.0, 150.0, 0.0])
    seen = Hours(
        load_kw, own_kw, 1.0, grid_available=np.array([1.0, 0.0, 0.0, 1.0]), connection_kw=60.0
    )
    asked = honour_grid(Request(np.full(4, 500.0), np.zeros(4)), seen)
    # Over the limit it discharges, in an outage it charges from surplus only, then up to the limit.
    assert list(asked.charge_kw) == [0, 0, 50, 40]
    assert list(asked.discharge_kw) == [40, 100, 0, 0]


def test_without_limits_the_request_stands() -> None:
    request = Request(np.ones(2), np.zeros(2))
    assert honour_grid(request, Hours(np.ones(2), np.zeros(2), 1.0)) is request


def test_a_bank_is_one_large_battery() -> None:
    bank = as_one(Battery(capacity_kwh=10.0, charge_kw=2.0, discharge_kw=3.0), 4)
    assert (bank.capacity_kwh, bank.charge_kw, bank.discharge_kw) == (40.0, 8.0, 12.0)
    assert Stores(bank).discharge_kw == 12.0
    assert Stores().charge_kw == 0.0
