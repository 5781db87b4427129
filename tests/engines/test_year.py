"""Flags of a year: one line for each quantity of a place, however many ranges watch it."""

from __future__ import annotations

import numpy as np

from dctwin.api import _flags
from dctwin.components.component import Limit
from dctwin.engines.year import Flag, Year
from dctwin.ledger import Ledger

TIMES = np.arange("2023-01-01T00", "2023-01-01T04", dtype="datetime64[h]")


def test_a_quantity_is_flagged_once_by_the_nearer_of_its_limits() -> None:
    """The device's own limit and the range of its file both watch the condensing temperature."""
    own = Limit("condensing_c", np.array([0.0, 0.0, 2.0, 0.0]), "K", "beyond the refrigerant")
    file = Limit("condensing_c", np.array([0.0, 3.0, 12.0, 0.0]), "K")
    year = Year(Ledger(1.0))
    year.flags += [Flag("fws.pump", own), Flag("fws.pump", file), Flag("fws.other", file)]
    found = _flags(year, TIMES, 1.0, 0, 1)
    assert [(f.place, f.limit, f.count_h, f.worst) for f in found] == [
        ("fws.pump", "condensing_c", 2.0, 12.0),
        ("fws.other", "condensing_c", 2.0, 12.0),
    ]
    assert found[0].first_utc == "2023-01-01T01Z"
    assert found[0].note == "beyond the refrigerant"
    assert np.array_equal(year.passed()["fws.pump condensing_c"], [False, True, True, False])
