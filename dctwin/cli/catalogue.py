"""`dctwin list`, `show` and `schema`: what there is, and what may be written in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dctwin.cli.console import note, print_json, say, table
from dctwin.cli.options import JsonFlag
from dctwin.errors import InputError, nearest
from dctwin.library import entries

if TYPE_CHECKING:
    from dctwin.design import Device, Facility
    from dctwin.equipment import Equipment
    from dctwin.site import Site

KINDS = {"designs": "design", "sites": "site", "equipment": "equipment"}
_PARAMETER_COLUMNS = (
    ("parameter", "left"),
    ("value", "right"),
    ("unit", "left"),
    ("allowed", "left"),
    ("meaning", "left"),
)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("list", epilog="Example: dctwin list designs")(list_entries)
    app.command("show", epilog="Example: dctwin show inzai")(show)
    app.command("schema", epilog="Example: dctwin schema design > design.schema.json")(schema)


def list_entries(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[designs|sites|equipment]",
            show_default=False,
            help="All of them when left out.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the catalogue: one entry a line, its name first."""
    if what is not None and what not in KINDS:
        raise InputError(f"{what!r}: no such list, {nearest(what, KINDS)}")
    rows = [row for kind in ([what] if what else KINDS) for row in _rows(kind)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        note(f"no {what or 'entries'} found")
    table(
        [("", "left")] * (2 if what else 3),
        [
            (row["name"], row["title"]) if what else (row["name"], row["kind"], row["title"])
            for row in rows
        ],
    )


def _rows(kind: str) -> list[dict[str, str]]:
    from dctwin.document import load_document

    rows = []
    for name, path in entries(kind).items():
        try:
            title = str(load_document(path).data.get("title", ""))
        except InputError as problem:
            note(str(problem))  # one bad file of the user must not hide the others
            title = ""
        rows.append({"name": name, "kind": KINDS[kind], "title": title, "path": str(path)})
    return rows


def show(
    name: Annotated[str, typer.Argument(help="Name of a design, a site or a machine, or a path.")],
    as_json: JsonFlag = False,
) -> None:
    """Show one entry: its parameters with units, allowed ranges and sources."""
    kind, loaded = _load(name)
    document = _DOCUMENTS[kind](loaded)
    if as_json:
        print_json(document)
    else:
        _PRINTERS[kind](loaded, document)


def _load(name: str) -> tuple[str, Any]:
    """The entry of this name: a design, else a site, else a machine."""
    from dctwin.design import load_design
    from dctwin.equipment import load_equipment
    from dctwin.site import load_site

    loaders = {"designs": load_design, "sites": load_site, "equipment": load_equipment}
    if name.endswith((".yaml", ".yml")) or "/" in name:
        kind = _kind_of_file(name)
        return kind, loaders[kind](name)
    known: dict[str, None] = {}
    for kind, load in loaders.items():
        here = entries(kind)
        if name in here:
            return kind, load(name)
        known.update(dict.fromkeys(here))
    raise InputError(f"{name!r}: no design, site or equipment of that name, {nearest(name, known)}")


def _kind_of_file(path: str) -> str:
    from dctwin.document import load_document

    keys = load_document(path).data.keys()
    if "it" in keys or "cooling" in keys:
        return "designs"
    return "equipment" if "params" in keys or "kind" in keys else "sites"


# --- designs --------------------------------------------------------------------------------


def _design_document(facility: Facility) -> dict[str, Any]:
    return {
        "name": facility.name,
        "kind": "design",
        "title": facility.title,
        "description": facility.description,
        "path": facility.document.file,
        "design_it_kw": facility.design_it_kw,
        "racks": [
            {
                "name": group.name,
                "count": group.device.count,
                "load_frac": group.load_frac,
                "air": group.air,
                "liquid": group.liquid or None,
                "parameters": _parameters(group.device),
                "supply": [_device_document(device) for device in group.supply],
            }
            for group in facility.racks
        ],
        "loops": [
            {
                "name": circuit.name,
                "parameters": _component_parameters(circuit.loop),
                "pump": _device_document(circuit.pump) if circuit.pump else None,
                "stages": [_device_document(device) for device in circuit.stages],
            }
            for circuit in facility.circuits
        ],
        "power": {
            path: [_device_document(device) for device in getattr(facility, f"{path}_path")]
            for path in ("it", "mechanical", "shared")
        },
        "onsite": {device.name: _device_document(device) for device in facility.onsite.devices()},
        "lighting_kw": facility.lighting_kw,
        "data": facility.document.data,
    }


def _device_document(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "kind": device.component.kind,
        "count": device.count,
        "equipment": device.equipment or None,
        "sink": device.sink or None,
        "heat_to": device.heat_to or None,
        "source": _source(device),
        "valid": {key: list(bounds) for key, bounds in device.valid.items()},
        "parameters": _parameters(device),
    }


def _source(device: Device) -> str | None:
    from dctwin.equipment import load_equipment

    return load_equipment(device.equipment).file.source if device.equipment else None


def _parameters(device: Device) -> list[dict[str, Any]]:
    return _component_parameters(device.component)


def _component_parameters(component: Any) -> list[dict[str, Any]]:
    return [
        {**row, "value": getattr(component, row["name"])} for row in type(component).parameters()
    ]


def _print_design(facility: Facility, document: dict[str, Any]) -> None:
    say(f"{facility.name}: {facility.title}", "bold")
    if facility.description:
        say(" ".join(facility.description.split()))
    say(f"{facility.design_it_kw:,.0f} kW of IT at full load; file {facility.document.file}")
    for group, rack in zip(facility.racks, document["racks"], strict=True):
        to = f"air to {group.air}" + (f", liquid to {group.liquid}" if group.liquid else "")
        _heading(f"racks {group.name} ×{group.device.count:g}, load {group.load_frac:g}, {to}")
        _print_parameters(rack["parameters"])
        for device in rack["supply"]:
            _print_device(device)
    for loop in document["loops"]:
        _heading(f"loop {loop['name']}")
        _print_parameters(loop["parameters"])
        for device in ([loop["pump"]] if loop["pump"] else []) + loop["stages"]:
            _print_device(device)
    for path, devices in document["power"].items():
        if devices:
            _heading(f"power path {path}")
        for device in devices:
            _print_device(device)
    for name, device in document["onsite"].items():
        _heading(f"on site: {name}")
        _print_device(device)


def _heading(text: str) -> None:
    say()
    say(text, "bold")


def _print_device(device: dict[str, Any]) -> None:
    words = [f"{device['name']} ×{device['count']:g}", device["kind"]]
    if device["equipment"]:
        words.append(f"equipment {device['equipment']}")
    if device["sink"]:
        words.append(f"heat to {device['sink']}")
    if device["heat_to"]:
        words.append(f"losses to {device['heat_to']}")
    say("  " + ", ".join(words), "cyan")
    if device["source"]:
        say(f"    source: {device['source']}", "dim")
    _print_parameters(device["parameters"], 4)


def _print_parameters(rows: list[dict[str, Any]], indent: int = 2) -> None:
    table(
        [("", justify) for _, justify in _PARAMETER_COLUMNS],
        [
            (row["name"], _value(row["value"]), _unit(row["unit"]), _range(row), row["text"])
            for row in rows
        ],
        indent,
    )


def _value(value: Any) -> str:
    from dctwin.document import plain

    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return plain(value) if isinstance(value, float) else str(value)


def _unit(unit: str) -> str:
    return "" if unit == "-" else unit


def _range(row: dict[str, Any]) -> str:
    from dctwin.document import plain

    if row["low"] is None or row["high"] is None:
        return ""
    return f"{plain(row['low'])} to {plain(row['high'])}"


# --- sites ----------------------------------------------------------------------------------


def _site_document(site: Site) -> dict[str, Any]:
    return {
        **site.file.model_dump(mode="json", exclude_none=True),
        "kind": "site",
        "path": site.document.file,
    }


def _print_site(site: Site, document: dict[str, Any]) -> None:
    file = site.file
    say(f"{file.name}: {file.title}", "bold")
    say(
        f"{file.latitude_deg:.3f}° N, {file.longitude_deg:.3f}° E, {file.altitude_m:g} m, "
        f"UTC{file.utc_offset_h:+g} h; file {site.document.file}"
    )
    if file.weather is not None:
        _heading(f"weather file {file.weather}")
    if file.climate is not None:
        climate = file.climate
        _heading(f"climate normals {climate.period}, {climate.station}".strip(" ,"))
        say(f"  source: {' '.join(climate.source.split())}", "dim")
        months = ("J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D")
        table(
            [("", "left"), *((month, "right") for month in months), ("status", "left")],
            [
                (name, *(f"{value:g}" for value in values), climate.status.get(name, ""))
                for name, values in climate.monthly.model_dump(exclude_none=True).items()
            ],
            2,
        )
    if document.get("outages"):
        document = {**document, "outages": {o["start_utc"]: f"{o['length_h']:g} h without grid"
                                            for o in document["outages"]}}  # fmt: skip
    for part in ("grid", "tariff", "water", "connection", "curtailment", "outages", "snow"):
        values = document.get(part)
        if values:
            _heading(part)
            table(
                [("", "left"), ("", "left")],
                [(key, _one_line(value)) for key, value in values.items() if value != ""],
                2,
            )


def _one_line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else _value(value)


# --- equipment ------------------------------------------------------------------------------


def _equipment_document(equipment: Equipment) -> dict[str, Any]:
    header = equipment.file.model_dump(exclude={"params"})
    return {
        **header,
        "valid": {key: list(bounds) for key, bounds in equipment.file.valid.items()},
        "path": equipment.path,
        "parameters": _component_parameters(equipment.component),
    }


def _print_equipment(equipment: Equipment, document: dict[str, Any]) -> None:
    file = equipment.file
    say(f"{file.name}: {file.title}", "bold")
    say(f"kind {file.kind}; numbers {file.status}; file {equipment.path}")
    say(f"source: {' '.join(file.source.split())}", "dim")
    if file.notes:
        say(" ".join(file.notes.split()))
    _heading("parameters")
    table(
        _PARAMETER_COLUMNS,
        [
            (row["name"], _value(row["value"]), _unit(row["unit"]), _range(row), row["text"])
            for row in document["parameters"]
        ],
        2,
    )
    if file.valid:
        _heading("valid range, flagged outside")
        table(
            [("", "left"), ("", "left")],
            [(key, f"{low:g} to {high:g}") for key, (low, high) in file.valid.items()],
            2,
        )


_DOCUMENTS: dict[str, Any] = {
    "designs": _design_document,
    "sites": _site_document,
    "equipment": _equipment_document,
}
_PRINTERS: dict[str, Any] = {
    "designs": _print_design,
    "sites": _print_site,
    "equipment": _print_equipment,
}


def schema(
    kind: Annotated[
        str, typer.Argument(metavar="design|site|equipment|scenario", help="Kind of file.")
    ],
) -> None:
    """Write the JSON Schema of a kind of file, so that an editor can complete and check it."""
    from dctwin.schema import json_schema

    print_json(json_schema(kind))
