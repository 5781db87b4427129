"""A week of dispatch: the figure holds the ledger's flows at the bus."""

from __future__ import annotations

import numpy as np

import dctwin


def test_a_week_balances_and_shows_what_stores_hold() -> None:
    run = dctwin.simulate("island-hydrogen-ac", "inzai")
    figure = dctwin.dispatch_week(run, first_day=160)
    powers = [trace for trace in figure.data if trace.yaxis != "y2"]
    assert {"own sources", "load", "battery, given", "hydrogen, taken"} <= {t.name for t in powers}
    assert all(len(trace.x) == 7 * 24 for trace in figure.data)
    total = np.sum([np.asarray(trace.y, dtype=float) for trace in powers], axis=0)
    np.testing.assert_allclose(total, 0.0, atol=1e-3)
    held = [np.asarray(trace.y) for trace in figure.data if trace.yaxis == "y2"]
    assert len(held) == 2
    assert all(values.min() >= 0 and values.max() <= 100 for values in held)


def test_a_facility_without_stores_has_a_week_too() -> None:
    figure = dctwin.dispatch_week(dctwin.simulate("air-cooled-chiller-ac", "inzai"), days=2)
    assert {trace.name for trace in figure.data} == {"grid", "load"}
