"""What each policy asks for, against hours by hand."""

from __future__ import annotations

import numpy as np
import pytest
from dispatch_cases import policy
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.hours import Hours, Stores
from dctwin.dispatch.policies import cheap_and_dear
from dctwin.errors import InputError

STORES = Stores(Battery(capacity_kwh=400.0, charge_kw=100.0, discharge_kw=80.0))
LOAD_KW = np.array([100.0, 100.0, 100.0, 100.0])
OWN_KW = np.array([0.0, 60.0, 100.0, 150.0])


def asked(data: dict[str, object], **series: object) -> tuple[list[float], list[float]]:
    request = policy(data).request(Hours(LOAD_KW, OWN_KW, 1.0, **series), STORES)  # type: ignore[arg-type]
    return list(request.charge_kw), list(request.discharge_kw)


def test_self_consumption() -> None:
    assert asked({"name": "self-consumption"}) == ([0, 0, 0, 50], [100, 40, 0, 0])


def test_peak_shaving() -> None:
    assert asked({"name": "peak-shaving", "target_kw": 50.0}) == ([0, 10, 50, 100], [50, 0, 0, 0])


def test_matching_saves_for_other_hours() -> None:
    charge, discharge = asked({"name": "matching-247", "match_frac": 0.8})
    assert charge == [0, 0, 20, 70]
    assert discharge == [80, 20, 0, 0]


def test_price_needs_a_price_and_carbon_a_grid() -> None:
    with pytest.raises(InputError, match="'price' needs an energy price"):
        asked({"name": "price"})
    with pytest.raises(InputError, match="'carbon' needs the grid's carbon intensity"):
        asked({"name": "carbon"})


def test_price_charges_cheap_and_covers_dear() -> None:
    # Four hours are a sixth of a day, so 12 h of 24 are two of the four.
    data = {"name": "price", "charge_h": 6.0, "discharge_h": 12.0}
    charge, discharge = asked(data, price_per_kwh=np.array([0.3, 0.2, -0.1, 0.1]))
    assert charge == [0, 0, 100, 50]
    assert discharge == [100, 40, 0, 0]


def test_a_flat_price_trades_nothing() -> None:
    low, high = cheap_and_dear(np.full(48, 0.2), 1.0, 4.0, 4.0, 0.85)
    assert not low.any()
    assert not high.any()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=60),
    st.floats(0, 23),
    st.floats(0, 23),
    st.floats(0.3, 1),
)
def test_every_trade_pays_for_its_losses(
    price: list[float], charge_h: float, discharge_h: float, trip: float
) -> None:
    series = np.array(price)
    low, high = cheap_and_dear(series, 1.0, charge_h, discharge_h, trip)
    assert not (low & high).any()
    for first in range(0, len(price), 24):
        day = slice(first, first + 24)
        cheap, dear = series[day][low[day]], series[day][high[day]]
        assert cheap.size <= np.ceil(charge_h)
        assert dear.size <= np.ceil(discharge_h)
        if cheap.size and dear.size:
            assert trip * dear.mean() >= cheap.mean() - 1e-12


def test_quarter_hours_choose_the_same_hours() -> None:
    price = np.random.default_rng(2).random(72)
    hourly = cheap_and_dear(price, 1.0, 3.0, 5.0, 0.8)
    quarter = cheap_and_dear(np.repeat(price, 4), 0.25, 3.0, 5.0, 0.8)
    for coarse, fine in zip(hourly, quarter, strict=True):
        np.testing.assert_array_equal(np.repeat(coarse, 4), fine)


def test_an_island_has_outages_where_the_file_says() -> None:
    rule = policy({"name": "islanded", "outage_start_h": [1.0], "outage_h": 2.0})
    assert list(rule.seen(Hours(LOAD_KW, OWN_KW, 1.0)).grid_available) == [1, 0, 0, 1]
    assert rule.seen(Hours(LOAD_KW, OWN_KW, 0.25)).grid_available.min() == 1


def test_an_outage_lasts_as_long_as_the_file_says_at_any_step() -> None:
    rule = policy({"name": "islanded", "outage_start_h": [2.6, 0.25, 2.9], "outage_h": 0.5})
    for parts_an_hour in (1, 2, 4, 12):
        load_kw = np.repeat(LOAD_KW, parts_an_hour)
        seen = rule.seen(Hours(load_kw, 0.0 * load_kw, 1.0 / parts_an_hour))
        dark_h = np.sum(1.0 - seen.grid_available) / parts_an_hour
        # The last two overlap.
        assert dark_h == pytest.approx(1.3)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        policy({"name": "islanded", "outage_start_h": [-1.0]})
