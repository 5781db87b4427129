"""Coils that are meant to stay dry are flagged where they are colder than the room's dew point."""

from __future__ import annotations

from typing import Any

import dctwin

VENTILATED = {"ventilation_m3_s": 0.5}


def condensing_h(design: str, room: str, **changes: Any) -> dict[str, float]:
    """Hours of a year at Singapore in which a stage is flagged `dew_point_c`, by its place."""
    loop = {f"cooling.loops.{room}.{key}": value for key, value in VENTILATED.items()}
    run = dctwin.simulate(design, site="singapore", set=loop | changes)
    return {
        flag.place: flag.count_h
        for flag in run.flags
        if flag.limit == "dew_point_c" and not flag.place.startswith("loop.")
    }


def test_a_door_that_dries_its_room_is_flagged_in_all_hours() -> None:
    """The dew point of the room is then the doors' own water: that of the outdoor air counts."""
    cold = condensing_h("rear-door-hall-ac", "hall", **{"cooling.loops.chw.supply_c": 14})
    assert cold == {"hall.rear-door": 8760}
    assert condensing_h("rear-door-hall-ac", "hall", **{"cooling.loops.chw.supply_c": 29}) == {}


def test_a_room_without_ventilation_has_no_dew_point_to_speak_of() -> None:
    run = dctwin.simulate(
        "rear-door-hall-ac", site="singapore", set={"cooling.loops.chw.supply_c": 14}
    )
    assert not any(flag.limit == "dew_point_c" for flag in run.flags)


def test_an_evaporator_below_the_dew_point_is_flagged_and_a_humidified_one_is_not() -> None:
    assert condensing_h("dx-crac-ac", "room")["room.dx"] > 8000
    moist = {
        "cooling.loops.room.stages.dx.humidifier": "steam",
        "cooling.loops.room.stages.dx.sensible_frac": 0.95,
    }
    assert condensing_h("dx-crac-ac", "room", **moist) == {}


def test_an_air_handler_drains_what_condenses() -> None:
    """Its latent heat and its condensate are in the books: no flag."""
    assert condensing_h("chilled-water-tower-ac", "room") == {}
