"""Designs: what a file becomes, changes, redundancy, order of the loops.

What is refused, and in which words, stands in tests/test_bad_input.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_designs import DESIGN, EQUIPMENT, write_catalogue

from dctwin.design import Facility, installed, load_design, parse_design
from dctwin.document import load_document
from dctwin.errors import InputError
from dctwin.library import entries


def parse(text: str) -> Facility:
    return parse_design(load_document("design.yaml", text))


@pytest.fixture
def hall() -> Facility:
    return parse(DESIGN)


def test_what_a_file_becomes(hall: Facility) -> None:
    assert hall.name == "small-hall"
    assert hall.design_it_kw == 400
    (group,) = hall.racks
    assert (group.name, group.load_frac, group.air, group.liquid) == ("hall", 0.6, "room", "")
    assert group.daily_profile_frac == (1.0,) * 24
    assert [circuit.name for circuit in hall.circuits] == ["room", "chw"]
    assert [stage.name for stage in hall.circuits[1].stages] == ["dry-cooler", "air-chiller"]
    assert [device.name for device in hall.it_path] == ["ups"]
    assert hall.it_path[0].heat_to == "room"
    assert hall.shared_path[0].heat_to == ""
    assert hall.lighting_heat_to == "room"
    assert hall.onsite.export
    assert [device.component.kind for device in hall.devices()] == [
        "rack", "crah", "pump", "dry-cooler", "air-chiller", "converter", "transformer",
    ]  # fmt: skip
    assert hall.equipment() == set()
    assert "400 kW IT" in hall._repr_html_()


@pytest.mark.parametrize(
    ("redundancy", "units"),
    [("N", 4), ("N+1", 5), ("N+2", 6), ("2N", 8), ("2(N+1)", 10), ("3N/2", 6)],
)
def test_units_that_share_the_load(redundancy: str, units: float) -> None:
    assert installed(4, redundancy) == units  # type: ignore[arg-type]
    text = DESIGN.replace(
        "count: 2\n      redundancy: N+1", f"count: 4\n      redundancy: {redundancy}"
    )
    assert parse(text).it_path[0].count == units


def test_replace_gives_a_new_one(hall: Facility) -> None:
    warm = hall.replace({"cooling.loops.chw.supply_c": 18, "power.it.ups.count": 3})
    assert warm.circuits[1].loop.supply_c == 18
    assert warm.it_path[0].count == 4
    assert hall.circuits[1].loop.supply_c == 15
    assert hall.it_path[0].count == 3
    assert warm != hall
    assert warm.replace({"cooling.loops.chw.supply_c": 15, "power.it.ups.count": 2}) == hall
    with pytest.raises(AttributeError):
        hall.name = "other"  # type: ignore[misc]


def test_order_of_the_loops_is_by_heat_and_not_by_the_file() -> None:
    room = DESIGN[DESIGN.index("    room:") : DESIGN.index("    chw:")]
    turned = DESIGN.replace(room, "").replace("power:\n  it:", f"{room}power:\n  it:")
    assert [circuit.name for circuit in parse(turned).circuits] == ["room", "chw"]


def test_a_catalogue_machine_with_a_value_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalogue(tmp_path)
    monkeypatch.chdir(tmp_path)
    old = DESIGN[DESIGN.index("    - kind: transformer") : DESIGN.index("building:")]
    new = "    - equipment: small-transformer\n      load_loss_kw: 8\n"
    facility = parse(DESIGN.replace(old, new))
    (device,) = facility.shared_path
    assert device.component.load_loss_kw == 8
    assert device.component.no_load_kw == 0.7
    assert device.valid == {"load_frac": (0.0, 1.0)}
    assert facility.equipment() == {"small-transformer"}
    assert "no_load_kw: 0.7" in EQUIPMENT


def test_faults_of_several_devices_are_all_told() -> None:
    text = DESIGN.replace("fan_kw: 12", "fan_kw: -1").replace("no_load_kw: 1.2", "no_load_kw: -1")
    with pytest.raises(InputError) as refused:
        parse(text.replace("sink: chw", "sink: cwh"))
    assert [fault.field for fault in refused.value.faults] == [
        "cooling.loops.room.stages.0.sink",
        "cooling.loops.chw.stages.0.fan_kw",
        "power.shared.0.no_load_kw",
    ]
    lines = [fault.line for fault in refused.value.faults]
    assert lines == sorted(lines)


def test_too_many_racks_in_all() -> None:
    second = DESIGN[DESIGN.index("    hall:") : DESIGN.index("cooling:")].replace("hall", "more")
    text = DESIGN.replace("cooling:", f"{second}cooling:", 1)
    assert len(parse(text).racks) == 2
    with pytest.raises(InputError, match="at most 100000 racks in all"):
        parse(text.replace("count: 40", "count: 60000"))


@pytest.mark.parametrize("name", entries("designs"))
def test_bundled_designs(name: str) -> None:
    facility = load_design(name)
    assert facility.name == name
    assert facility.title
    assert facility.description
    assert facility.design_it_kw > 0


@pytest.mark.parametrize("name", ["rack", "bus", "water", "outdoors"])
def test_loops_are_not_called_like_places_of_the_ledger(name: str) -> None:
    text = yaml_of("chilled-water-tower-ac").replace("    cw:\n", f"    {name}:\n")
    with pytest.raises(InputError, match="cannot be called") as caught:
        parse_design(load_document("d.yaml", text.replace("sink: cw", f"sink: {name}")))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("heat_to: room}", "heat_to: room, sink: chw}", "only a cooling stage has a sink"),
        ("sink: chw}", "sink: chw, heat_to: room}", "only a device of a power path"),
        ("{equipment: condenser-50l-s, count: 3}", "{equipment: condenser-50l-s, name: tower}",
         "give it another name"),
    ],
)  # fmt: skip
def test_keys_that_would_be_ignored_are_refused(old: str, new: str, said: str) -> None:
    text = yaml_of("chilled-water-tower-ac")
    assert old in text
    with pytest.raises(InputError, match=said):
        parse_design(load_document("d.yaml", text.replace(old, new, 1)))


def yaml_of(name: str) -> str:
    return entries("designs")[name].read_text(encoding="utf-8")
