"""Equipment files: what they must carry, and that the bundled ones do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sample_designs import EQUIPMENT, write_catalogue

from dctwin.components.component import Component
from dctwin.components.registry import device_class, kinds
from dctwin.document import load_document
from dctwin.equipment import build_component, load_equipment
from dctwin.errors import InputError
from dctwin.library import entries

BUNDLED = list(entries("equipment"))


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_equipment(name: str) -> None:
    """Loads, says its source, stands in the folder of its kind; assumed numbers are explained."""
    equipment = load_equipment(name)
    file = equipment.file
    assert file.name == name
    assert Path(equipment.path).parent.name == file.kind
    assert isinstance(equipment.component, device_class(file.kind))
    assert len(file.source) >= 8
    for key, (low, high) in file.valid.items():
        assert low <= high, key
    if file.status == "assumed":
        assert file.notes, "assumed numbers need their range in the notes"


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_catalogue(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = Path("models/equipment/transformer/small-transformer.yaml")
    assert load_equipment("small-transformer").component.no_load_kw == 0.7  # type: ignore[attr-defined]
    path.write_text(EQUIPMENT.replace("no_load_kw: 0.7", "no_load_kw: 0.9"), encoding="utf-8")
    os.utime(path, ns=(1, 1))  # a clock too coarse to tell the two apart must not matter here
    assert load_equipment("small-transformer").component.no_load_kw == 0.9  # type: ignore[attr-defined]


def test_is_immutable() -> None:
    equipment = load_equipment(BUNDLED[0])
    with pytest.raises(AttributeError):
        equipment.path = "x"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        equipment.file.title = "x"


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_declares_its_parameters(kind: str) -> None:
    """Unit, range and meaning of each number; a default within the range."""
    for row in device_class(kind).parameters():
        assert row["text"], row["name"]
        if row["low"] is not None:
            assert row["unit"], row["name"]
            assert row["low"] < row["high"], row["name"]
            if isinstance(row["default"], (int, float)) and not isinstance(row["default"], bool):
                assert row["low"] <= row["default"] <= row["high"], row["name"]


@pytest.mark.parametrize("kind", kinds())
def test_no_kind_accepts_nothing_or_anything(kind: str) -> None:
    document = load_document("f.yaml", "x: {}")
    with pytest.raises(InputError):
        build_component(kind, {"nonsense": 1}, document, ("x",))


def test_parameters_beside_the_model_are_offered() -> None:
    document = load_document("f.yaml", "x:\n  redundncy: N\n  rated_kw: 1\n")
    values = {**document.data["x"], "no_load_kw": 0.1, "load_loss_kw": 0.1}
    with pytest.raises(InputError) as refused:
        build_component("transformer", values, document, ("x",), also=["redundancy"])
    assert str(refused.value) == ("f.yaml:2: x.redundncy: unknown key, did you mean 'redundancy'?")


def test_component_from_values() -> None:
    document = load_document("f.yaml", "x: {}")
    values = {"rated_kw": 1000, "no_load_kw": 1.0, "load_loss_kw": 9.0}
    component = build_component("transformer", values, document, ("x",))
    assert isinstance(component, Component)
    assert component.kind == "transformer"
