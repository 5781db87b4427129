"""JSON Schemas of the files that people write, so that editors complete and check them.

A schema is made from the same declarations that check the files. It is a little wider than they
are: a rule between two values (a limit above another) is told only when the file is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from dctwin.components.registry import device_class, kinds
from dctwin.errors import InputError, nearest

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES = {
    "design": "dctwin.design:DesignFile",
    "site": "dctwin.site:SiteFile",
    "equipment": "dctwin.equipment:EquipmentFile",
    "scenario": "dctwin.scenario:ScenarioFile",
    "sweep": "dctwin.sweeps.file:SweepFile",
}


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a design, site, equipment or scenario file."""
    if kind not in _FILES:
        raise InputError(f"{kind!r}: no such kind of file, {nearest(kind, _FILES)}")
    module, name = _FILES[kind].split(":")
    model: type[BaseModel] = getattr(import_module(module), name)
    schema = model.model_json_schema()
    schema.setdefault("$defs", {})
    if kind == "equipment":
        _refine_equipment(schema)
    if kind == "design":
        _refine_design(schema)
    return {"$schema": DIALECT, **schema}


def _refine_equipment(schema: dict[str, Any]) -> None:
    """`params` holds the parameters of the file's kind, all that have no default."""
    schema["properties"]["kind"]["enum"] = list(kinds())
    schema["allOf"] = []
    for kind in kinds():
        schema["$defs"][f"{kind}.params"] = _parameters(kind, schema["$defs"])
        then = {"properties": {"params": _ref(f"{kind}.params")}}
        schema["allOf"].append({"if": _is(kind), "then": then})


def _refine_design(schema: dict[str, Any]) -> None:
    """A device written out holds its kind's parameters; one from the catalogue may change some."""
    definitions = schema["$defs"]
    allowed = list(kinds())
    for entry in ("DeviceEntry", "PowerEntry", "RackEntry", "StageEntry", "PumpEntry"):
        device = definitions[entry]
        device["properties"]["kind"]["anyOf"][0]["enum"] = allowed
        device["oneOf"] = [{"required": ["kind"]}, {"required": ["equipment"]}]
        device["allOf"] = []
        own = device["properties"]
        for kind in ["rack"] if entry == "RackEntry" else [k for k in kinds() if k != "loop"]:
            parameters = _parameters(kind, definitions)
            parameters["properties"] = {**own, **parameters["properties"]}
            name = f"{entry}.{kind}"
            definitions[name] = parameters
            device["allOf"].append({"if": _is(kind), "then": _ref(name)})
    loop = definitions["LoopEntry"]
    parameters = _parameters("loop", definitions)
    loop["properties"] |= parameters["properties"]
    loop["required"] = [*loop["required"], *parameters["required"]]
    loop["additionalProperties"] = False


def _parameters(kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a kind as an object; its own definitions join the others."""
    schema = device_class(kind).model_json_schema()
    definitions.update(schema.pop("$defs", {}))
    return {
        "type": "object",
        "description": (schema.get("description") or kind).splitlines()[0],
        "properties": schema["properties"],
        "required": schema.get("required", []),
        "additionalProperties": False,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _is(kind: str) -> dict[str, Any]:
    return {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
