"""YAML 1.2-style documents that remember where every value stands.

Refused, each with file and line: duplicate keys, aliases, anchors, tags, NaN and infinity, keys
that are not text, more than 256 KiB, deeper than 20. `1e5` is a number; `NO` and `12:30` are text.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from dctwin.errors import Fault, InputError, nearest

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
Path_ = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS = {"": None, "null": None, "~": None, "true": True, "false": False}


@dataclass(frozen=True)
class Document:
    """Plain data read from a file, with the line on which each value stands."""

    file: str
    data: dict[str, Any]
    lines: Mapping[Path_, int] = field(repr=False)

    def line(self, path: Path_) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path_, why: str) -> Fault:
        """A fault at this place of the document."""
        return Fault(self.file, self.line(path), dotted(path), why)

    def replaced(self, changes: Mapping[str, Any]) -> Document:
        """A copy with values set by dotted path; list items by index or by their `name`.

        Raises InputError for a path that leads nowhere. A last key that is new is added, so that
        an override can be set; the schema then refuses what it does not know.
        """
        data = copy.deepcopy(self.data)
        for path, value in changes.items():
            _set(data, path, value)
        return Document(self.file, data, self.lines)


def dotted(path: Path_) -> str:
    return ".".join(map(str, path))


def load_document(path: str | os.PathLike[str], text: str | None = None) -> Document:
    """Read a YAML mapping; every fault is one line `file:line: field: why`."""
    name = os.fspath(path)
    if text is None:
        try:
            raw = Path(path).read_bytes()
        except OSError as problem:
            raise InputError(Fault(name, 0, "", f"cannot be read: {problem.strerror}")) from None
        if len(raw) > MAX_BYTES:
            raise InputError(
                Fault(name, 0, "", f"larger than {MAX_BYTES // 1024} KiB (got {len(raw)} bytes)")
            )
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = raw[: problem.start].count(b"\n") + 1
            raise InputError(Fault(name, line, "", "is not UTF-8 text")) from None
    lines: dict[Path_, int] = {}
    try:
        events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        data = _Builder(name, lines).document(events)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 0
        raise InputError(Fault(name, line, "", f"is not valid YAML: {problem.problem}")) from None
    except yaml.reader.ReaderError as problem:
        line = text[: problem.position].count("\n") + 1
        raise InputError(Fault(name, line, "", f"has a bad character: {problem.reason}")) from None
    if not isinstance(data, dict):
        raise InputError(Fault(name, 1, "", "must be a mapping of keys to values"))
    return Document(name, data, lines)


class _Builder:
    """Builds plain data from parser events, noting lines and refusing what YAML 1.2 leaves loose."""

    def __init__(self, file: str, lines: dict[Path_, int]) -> None:
        self.file, self.lines = file, lines

    def document(self, events: Iterator[Any]) -> Any:
        self.events = events
        data: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, (), "must hold one YAML document")
                data = self._value(next(events), ())
        return data

    def _refuse(self, event: Any, path: Path_, why: str) -> None:
        raise InputError(Fault(self.file, event.start_mark.line + 1, dotted(path), why))

    def _value(self, event: Any, path: Path_) -> Any:
        if len(path) > MAX_DEPTH:
            self._refuse(event, path, f"is nested deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, path, "aliases (*) are not allowed: write the value out")
        if getattr(event, "anchor", None):
            self._refuse(event, path, "anchors (&) are not allowed: write the value out")
        if getattr(event, "tag", None) not in (None, "!"):
            self._refuse(event, path, f"tags are not allowed (got {event.tag})")
        self.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event, path)

    def _mapping(self, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, path, "a key must be plain text")
            key = event.value
            if key == "<<":
                self._refuse(event, path, "merge keys (<<) are not allowed")
            if key in found:
                first = self.lines[(*path, key)]
                self._refuse(event, (*path, key), f"is given twice (first on line {first})")
            self.lines[(*path, key)] = event.start_mark.line + 1
            found[key] = self._value(next(self.events), (*path, key))
        return found

    def _sequence(self, path: Path_) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _scalar(self, event: Any, path: Path_) -> Any:
        value = event.value
        if not event.implicit[0]:  # quoted or block: always text
            return value
        if value in _CONSTANTS:
            return _CONSTANTS[value]
        if _NOT_FINITE.fullmatch(value):
            self._refuse(event, path, f"must be a finite number (got {value})")
        return parse_scalar(value)


def parse_scalar(text: str) -> Any:
    """The value of a plain scalar: a number if it is one, else text."""
    if text in _CONSTANTS and text:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 19 else float(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _set(data: Any, path: str, value: Any) -> None:
    keys = path.split(".")
    here = data
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        index = _index(here, key)
        if isinstance(here, dict) and (last or key in here):
            if last:
                here[key] = value
            else:
                here = here[key]
        elif index is not None:
            if last:
                here[index] = value
            else:
                here = here[index]
        else:
            known = here if isinstance(here, dict) else _names(here)
            raise InputError(Fault("", 0, path, f"no such place: {key!r}, {nearest(key, known)}"))


def _names(here: Any) -> list[str]:
    if not isinstance(here, list):
        return []
    named = [item.get("name") or item.get("equipment") for item in here if isinstance(item, dict)]
    return [name for name in named if name]


def _index(here: Any, key: str) -> int | None:
    """Position of a list item given by number, by its name, or by its equipment."""
    if not isinstance(here, list):
        return None
    if key.isdigit() and int(key) < len(here):
        return int(key)
    for by in ("name", "equipment", "kind"):
        for position, item in enumerate(here):
            if isinstance(item, dict) and item.get(by) == key:
                return position
    return None


def faults_of(
    problem: ValidationError, document: Document, base: Path_, model: type[BaseModel]
) -> list[Fault]:
    """Pydantic's findings as faults of the document: where, why, allowed range, what was got."""
    faults = []
    for error in problem.errors(include_url=False):
        loc = tuple(error["loc"])
        parent, info = _field_at(model, loc)
        if error["type"] == "extra_forbidden":
            known = nearest(str(loc[-1]), parent.model_fields) if parent else ""
            why = f"unknown key, {known}" if known else "unknown key"
        elif error["type"] == "missing":
            why = f"is missing{_allowed(info, ': ', with_text=True)}"
        else:
            why = f"{_reason(error)}{_allowed(info, ', ')} (got {_short(error['input'])})"
        faults.append(document.fault((*base, *loc), why))
    return faults


def _field_at(
    model: type[BaseModel], loc: Path_
) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model that holds the value at `loc`, and its field when it is a declared one."""
    parent: type[BaseModel] | None = model
    info: FieldInfo | None = None
    for depth, key in enumerate(loc):
        if parent is not None and key in parent.model_fields:
            info = parent.model_fields[str(key)]
            if depth < len(loc) - 1:
                parent = next(iter(_models_in(info.annotation)), None)
        elif depth == len(loc) - 1 and parent is not None:
            info = None
    return parent, info


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation such as `dict[str, list[Entry]] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _reason(error: Any) -> str:
    kind = error["type"]
    context = error.get("ctx", {})
    if kind in ("greater_than_equal", "less_than_equal"):
        return "is out of range"
    if kind in ("float_type", "float_parsing", "int_type", "int_parsing", "finite_number"):
        return "must be a number"
    if kind == "int_from_float":
        return "must be a whole number"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    text = str(error["msg"])
    return text[0].lower() + text[1:]


def _allowed(info: FieldInfo | None, lead: str, with_text: bool = False) -> str:
    """`allowed 0.1 to 10000 kW/K` of a field, as far as its declaration says."""
    if info is None:
        return ""
    low = next((m.ge for m in info.metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in info.metadata if hasattr(m, "le")), None)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit = str(extra.get("unit", "-"))
    parts = [info.description] if with_text and info.description else []
    if low is not None and high is not None:
        parts.append(f"allowed {low:g} to {high:g} {'' if unit == '-' else unit}".rstrip())
    return lead + ", ".join(parts) if parts else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
