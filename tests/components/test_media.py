"""A device stands only in a loop, and rejects only to one, whose fluid it is built for."""

from __future__ import annotations

from typing import Any

import pytest

import dctwin
from dctwin.components.component import Stage
from dctwin.components.media import LIQUIDS, medium_of
from dctwin.components.registry import device_class, kinds
from dctwin.errors import InputError

HALL = "dtc-warm-water-ac"
STAGES = [kind for kind in kinds() if issubclass(device_class(kind), Stage)]


@pytest.mark.parametrize("kind", STAGES)
def test_a_device_is_for_air_for_liquids_or_for_vapour(kind: str) -> None:
    of: Any = device_class(kind)
    assert of.media in ({"air"}, {"boiling"}) or of.media <= LIQUIDS
    assert of.sink_media in ({"air"}, LIQUIDS) or of.sink_media <= LIQUIDS


def test_every_bundled_fluid_has_a_kind() -> None:
    assert {name: medium_of(name) for name in ("air", "water", "novec-649", "silicone-oil")} == {
        "air": "air", "water": "water", "novec-649": "dielectric", "silicone-oil": "dielectric",
    }  # fmt: skip
    assert medium_of("ethylene-glycol-auto") == "glycol"
    assert medium_of("novec-649", "two") == "boiling"


# A river and a water chiller that cool a room; a tower in the open air of a room.
@pytest.mark.parametrize("equipment", ["river-water-2mw", "warm-water-air-1mw", "merkel-1500kw"])
def test_water_machines_do_not_cool_air(equipment: str) -> None:
    stages = [{"equipment": equipment, "name": "wrong"}]
    with pytest.raises(InputError, match=r"wrong is built for .*water.*carries air.*crah, rear"):
        dctwin.load_design(HALL).replace({"cooling.loops.hall.stages": stages})


def test_an_open_tower_takes_only_water() -> None:
    stages = [{"equipment": "merkel-1500kw", "name": "tower"}]
    with pytest.raises(InputError, match="tower is built for water, this loop carries glycol"):
        dctwin.load_design(HALL).replace({"cooling.loops.fws.stages": stages})


def test_a_coil_rejects_to_water() -> None:
    with pytest.raises(InputError, match="sink: must be a loop of glycol or water"):
        dctwin.load_design(HALL).replace({"cooling.loops.tcs.stages.cdu.sink": "hall"})


def test_a_tank_is_filled_with_the_oil_of_its_loop() -> None:
    facility = dctwin.load_design("immersion-adiabatic-800vdc")
    other = facility.replace({"cooling.loops.oil.fluid": "silicone-oil"})
    (tank,) = next(c for c in other.circuits if c.name == "oil").stages
    assert tank.component.oil == "silicone-oil"
    with pytest.raises(InputError, match="tank is filled with mineral-oil, its loop with novec"):
        facility.replace({"cooling.loops.oil.fluid": "novec-7500",
                          "cooling.loops.oil.stages.tank.oil": "mineral-oil"})  # fmt: skip


def test_a_loop_of_air_has_no_pump() -> None:
    pump = {"equipment": "chilled-water-20l-s", "name": "pump"}
    with pytest.raises(InputError, match=r"hall.pump: a loop of air has no pump.*got 'pump'"):
        dctwin.load_design(HALL).replace({"cooling.loops.hall.pump": pump})
