"""Where a loop's supply settles by itself."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import document
from test_settle import boundary, chiller, hall

from dctwin.design import parse_design
from dctwin.engines.heat import serve_loop
from dctwin.engines.reach import SHORT_FRAC, closed_form, root
from dctwin.engines.settle import settle
from dctwin.plant import Wiring


@pytest.mark.parametrize("reference_kw", [60.0, 100.0])
def test_the_root_is_the_coldest_supply_that_serves_all(reference_kw: float) -> None:
    facility, outside = (
        parse_design(document(chiller(hall(), reference_kw=reference_kw))),
        boundary(),
    )
    wiring = Wiring(facility, outside.air, outside.here())
    found = settle(facility, wiring, outside)
    loop, point = found.loops["chw"], found.point
    at_c = root(wiring, loop, found.setpoint["chw"], point, {})
    warm = at_c > found.setpoint["chw"] + 1e-6
    assert warm.any()
    assert not warm.all()

    def short_kw(supply_c: np.ndarray) -> np.ndarray:
        moved = {**point.supply, "chw": supply_c}
        served = serve_loop(loop, wiring, type(point)(moved)).served
        assert served is not None
        return np.broadcast_to(served.shortfall_kw, warm.shape)

    assert (short_kw(at_c) <= SHORT_FRAC * loop.heat_kw).all()
    assert (short_kw(at_c - 1e-6)[warm] > 0).all()


def test_a_step_that_is_found_does_not_move_while_others_search() -> None:
    facility, outside = parse_design(document(chiller(hall(), reference_kw=100.0))), boundary()
    wiring = Wiring(facility, outside.air, outside.here())
    found = settle(facility, wiring, outside)
    loop, point = found.loops["chw"], found.point
    first = root(wiring, loop, found.setpoint["chw"], point, {})
    # Asked again from another setpoint in half of the steps, the other half stays to the last bit.
    aim_c = np.where(np.arange(len(first)) % 2 == 0, found.setpoint["chw"], 14.0)
    again = root(wiring, loop, aim_c, point, {})
    np.testing.assert_array_equal(again[::2], first[::2])


def test_one_stage_has_a_closed_form() -> None:
    facility, outside = parse_design(document(hall())), boundary()
    wiring = Wiring(facility, outside.air, outside.here())
    found = settle(facility, wiring, outside)
    room = found.loops["room"]
    reached = {"chw": found.point.supply["chw"]}
    at_c = closed_form(wiring, room, 0.0, found.point, reached)
    served = serve_loop(
        room, wiring, type(found.point)({**found.point.supply, "room": at_c})
    ).served
    assert served is not None
    assert np.max(np.abs(served.shortfall_kw)) <= 1e-9 * np.max(room.heat_kw)
