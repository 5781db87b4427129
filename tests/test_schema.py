"""The schemas accept every bundled file and refuse what the reader refuses."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sample_designs import DESIGN, EQUIPMENT, SITE

import dctwin
from dctwin.components.registry import device_class, kinds
from dctwin.document import load_document
from dctwin.errors import InputError
from dctwin.library import entries
from dctwin.schema import json_schema

KINDS = {"design": "designs", "site": "sites", "equipment": "equipment", "scenario": "scenarios"}
BUNDLED = [(kind, name) for kind, plural in KINDS.items() for name in entries(plural)]


@cache
def validator(kind: str) -> Draft202012Validator:
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize(("kind", "name"), BUNDLED, ids=lambda value: str(value))
def test_bundled_files_are_valid(kind: str, name: str) -> None:
    data = load_document(entries(KINDS[kind])[name]).data
    assert [error.message for error in validator(kind).iter_errors(data)] == []


SWEEPS = sorted((Path(__file__).parents[1] / "models" / "sweeps").glob("*.yaml"))


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_bundled_sweeps_are_valid_and_ready_to_run(path: Path) -> None:
    data = load_document(path).data
    assert [error.message for error in validator("sweep").iter_errors(data)] == []
    assert dctwin.prepare_sweep(path, max_runs=1_000_000).spec.name == path.stem


def test_a_wrong_sweep_is_refused() -> None:
    data = dict(load_document(SWEEPS[0]).data)
    for key, value in (("designs", []), ("sampling", {"method": "guess"}), ("vari", {})):
        assert list(validator("sweep").iter_errors({**data, key: value})), key


@pytest.mark.parametrize("kind", [*KINDS, "sweep"])
def test_is_one_json_document_with_its_dialect(kind: str) -> None:
    schema = json.loads(json.dumps(json_schema(kind), allow_nan=False))
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["type"] == "object"


def sample(text: str) -> dict[str, Any]:
    return copy.deepcopy(load_document("sample.yaml", text).data)


def set_at(data: Any, path: str, value: Any) -> Any:
    """The data with a value set at a dotted path."""
    *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    here = data
    for key in way:
        here = here[key]
    here[last] = value
    return data


@pytest.mark.parametrize(
    ("kind", "text", "path", "value"),
    [
        ("design", DESIGN, "it.racks.hall.load_frac", 2),
        ("design", DESIGN, "it.racks.hall.design_kw", -1),
        ("design", DESIGN, "it.racks.hall.colour", "red"),
        ("design", DESIGN, "cooling.loops.chw.rise_k", 0),
        ("design", DESIGN, "cooling.loops.chw.suply_c", 10),
        ("design", DESIGN, "cooling.loops.chw.stages", []),
        ("design", DESIGN, "cooling.loops.chw.stages.0.fan_kw", "much"),
        ("design", DESIGN, "cooling.loops.chw.stages.0.kind", "dry-cooller"),
        ("design", DESIGN, "cooling.loops.chw.stages.0.equipment", "too"),
        ("design", DESIGN, "power.it.0.redundancy", "N+7"),
        ("design", DESIGN, "power.shared.0.no_load", 1),
        ("site", SITE, "latitude_deg", 91),
        ("site", SITE, "grid.carbon_status", "guessed"),
        ("site", SITE, "climate.monthly.mean_c", [1, 2]),
        ("equipment", EQUIPMENT, "kind", "transfomer"),
        ("equipment", EQUIPMENT, "params.rated_kw", 0),
        ("equipment", EQUIPMENT, "params.volts", 400),
        ("equipment", EQUIPMENT, "valid.load_frac", [0]),
    ],
)
def test_refuses(kind: str, text: str, path: str, value: Any) -> None:
    assert validator(kind).is_valid(sample(text))
    assert not validator(kind).is_valid(set_at(sample(text), path, value))


def test_equipment_knows_every_parameter_of_every_kind() -> None:
    definitions = json_schema("equipment")["$defs"]
    for kind in kinds():
        own = definitions[f"{kind}.params"]["properties"]
        for row in device_class(kind).parameters():
            assert own[row["name"]]["description"] == row["text"]
            if row["low"] is not None:
                told = own[row["name"]]
                told = told.get("anyOf", [told])[0]  # one that may be left out: a number or null
                assert (told["minimum"], told["maximum"]) == (
                    row["low"],
                    row["high"],
                )


def test_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'design'"):
        json_schema("desing")
