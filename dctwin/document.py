"""YAML 1.2-style documents that remember where every value stands.

Refused, each with file and line: duplicate keys, aliases, anchors, tags, NaN and infinity, keys
that are not text, more than 256 KiB, deeper than 20. `1e5` is a number; `NO` and `12:30` are text.
"""

from __future__ import annotations

import copy
import difflib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo

from dctwin.errors import Fault, InputError, nearest
from dctwin.units import unit_of

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
Path_ = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_YAML_TAG = "tag:yaml.org,2002:"
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
        an override can be set; the schema then refuses what it does not know. A value set here
        stands on no line of the file: its faults name the file and the field.
        """
        data = copy.deepcopy(self.data)
        lines = dict(self.lines)
        for path, value in changes.items():
            place = _set(data, path, value, self.file)
            for below in [known for known in lines if known[: len(place)] == place]:
                del lines[below]
            lines[place] = 0
        return Document(self.file, data, lines)

    def place(self, path: str) -> Path_:
        """Where a dotted path leads, list items by their index: two paths to one value are equal.

        Raises InputError for a path that leads nowhere.
        """
        return _seek(self.data, path, self.file)[1]


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
    """Builds plain data from parser events, noting lines, refusing what is loose in YAML."""

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
            self._refuse(
                event, path, f"tags are not allowed (got {event.tag.replace(_YAML_TAG, '!!')})"
            )
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


def _set(data: Any, path: str, value: Any, file: str) -> Path_:
    """Set the value at a dotted path; returns the path with list items by their index."""
    here, place = _seek(data, path, file)
    here[place[-1]] = value
    return place


def _seek(data: Any, path: str, file: str) -> tuple[Any, Path_]:
    """What holds the value at a dotted path, and the path with list items by their index."""
    keys = path.split(".")
    here = data
    place: Path_ = ()
    for depth, name in enumerate(keys):
        last = depth == len(keys) - 1
        key: str | int | None = _index(here, name)
        if isinstance(here, dict) and (last or name in here):
            key = name
        if key is None:
            known = here if isinstance(here, dict) else _names(here)
            raise InputError(
                Fault(file, 0, path, f"no such place: {name!r}, {nearest(name, known)}")
            )
        place = (*place, key)
        if not last:
            here = here[key]
    return here, place


def _names(here: Any) -> list[str]:
    if not isinstance(here, list):
        return []
    named = [
        item.get("name") or item.get("equipment") or item.get("kind")
        for item in here
        if isinstance(item, dict)
    ]
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
    problem: ValidationError,
    document: Document,
    base: Path_,
    model: type[BaseModel],
    also: Iterable[str] = (),
) -> list[Fault]:
    """Pydantic's findings as faults of the document: where, why, allowed range, what was got.

    `also` are keys that stand beside the model's own. A misspelt key is one fault, not a missing
    and an unknown one. Faults come in the order of the file.
    """
    found: dict[Path_, Fault] = {}
    for error in problem.errors(include_url=False):
        loc, why = _finding(error, model, set(also))
        fault = document.fault((*base, *loc), why)
        found.setdefault((*base, *loc), fault)
    return sorted(found.values(), key=lambda fault: fault.line)


def _finding(error: Any, model: type[BaseModel], also: set[str]) -> tuple[Path_, str]:
    """Where a finding belongs, and its text."""
    kind, got = error["type"], error["input"]
    parent, info, loc = _field_at(model, error["loc"])
    known = also | set(_keys(parent) if parent else ())
    if kind == "extra_forbidden":
        return loc, f"unknown key, {nearest(str(loc[-1]), known)}"
    if kind == "union_tag_not_found":
        models = _models_in(info.annotation) if info else ()
        names = [name for each in models for name in _tags(each)]
        return (*loc, "name"), f"is missing, allowed {', '.join(names)}"
    if kind == "union_tag_invalid":
        return (*loc, "name"), f"{_reason(error)} (got {_short(error['ctx']['tag'])})"
    if loc and loc[-1] == "[key]":
        return loc[:-1], f"{_reason(error)} (got {_short(got)})"
    if kind == "missing" and isinstance(loc[-1], int):  # one of a fixed number of values
        wanted = _length(info.annotation) if info is not None else 0
        return loc[:-1], f"must have {wanted} values (got {len(got)})"
    if kind == "missing":
        unknown = [key for key in got if key not in known] if isinstance(got, dict) else []
        if misspelt := difflib.get_close_matches(str(loc[-1]), unknown, 1, _SAME_WORD):
            return (*loc[:-1], misspelt[0]), f"unknown key, did you mean '{loc[-1]}'?"
        return loc, f"is missing{_allowed(loc, info, ': ', with_text=True)}"
    if kind == "value_error" and isinstance(got, dict):
        # A rule between values is told at the first of them that the file gives.
        why = _reason(error)
        named = next((word for word in _WORD.findall(why) if word in got), None)
        return (loc, why) if named is None else ((*loc, named), f"{why} (got {_short(got[named])})")
    return loc, f"{_reason(error)}{_allowed(loc, info, ', ')} (got {_got(kind, got)})"


def _field_at(
    model: type[BaseModel], loc: Path_
) -> tuple[type[BaseModel] | None, FieldInfo | None, Path_]:
    """The model that holds the value at `loc`, its field when it is a declared one, and `loc`
    without the tags that tell the models of a union apart (they stand in no file)."""
    parent: type[BaseModel] | None = model
    info: FieldInfo | None = None
    plain: list[str | int] = []
    tagged: list[type[BaseModel]] = []
    by_tag: dict[str, Any] = {}
    for depth, key in enumerate(loc):
        if str(key).startswith("<"):  # a tag of a union, which stands in no file
            parent = next(_models_in(by_tag.get(str(key))), parent)
            continue
        if tagged:
            parent = next((m for m in tagged if key in _tags(m)), None)
            tagged = []
            continue
        plain.append(key)
        if parent is not None and key in _keys(parent):
            info = _keys(parent)[str(key)]
            by_tag = _by_tag(info.annotation) or by_tag
            if depth < len(loc) - 1:
                models = list(_models_in(info.annotation))
                tagged = models if info.discriminator else []
                parent = next(iter(models), None)
        elif depth == len(loc) - 1 and parent is not None:
            info = None
    return parent, info, tuple(plain)


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that stands in a file."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _by_tag(annotation: Any) -> dict[str, Any]:
    """Tag -> type of the union inside an annotation."""
    found: dict[str, Any] = {}
    for argument in get_args(annotation):
        tag = next((a.tag for a in get_args(argument) if isinstance(a, Tag)), None)
        found |= _by_tag(argument) if tag is None else {tag: argument}
    return found


def _length(annotation: Any) -> int:
    """How many values a tuple inside an annotation has."""
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple:
        return len(arguments)
    return max((_length(argument) for argument in arguments), default=0)


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """What the `name` of a model in a union may be."""
    return get_args(model.model_fields["name"].annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation such as `dict[str, list[Entry]] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


WHOLE_NUMBER = "must be a whole number"
# Pydantic's type of finding -> what a user is told.
_REASONS = {
    "greater_than_equal": "is out of range",
    "less_than_equal": "is out of range",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "string_pattern_mismatch": "must be a name of a-z, 0-9 and -, at most 64 characters",
}
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_SAME_WORD = 0.75  # share of letters in common from which one key is a misspelling of another


def _reason(error: Any) -> str:
    kind, got = error["type"], error["input"]
    context = error.get("ctx", {})
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind in ("literal_error", "union_tag_invalid"):
        tagged = kind == "union_tag_invalid"
        allowed = re.findall(r"'([^']*)'", context["expected_tags" if tagged else "expected"])
        near = difflib.get_close_matches(str(context["tag"] if tagged else got), allowed, 1)
        hint = f", did you mean '{near[0]}'?" if near else ""
        return f"allowed {', '.join(allowed)}{hint}"
    if kind == "string_type":
        number = isinstance(got, (int, float))
        return "must be text" + (": put it in quotes" if number else "")
    if kind in ("too_short", "too_long"):
        side = "at least" if kind == "too_short" else "at most"
        limit = context.get("min_length" if kind == "too_short" else "max_length")
        return f"must have {side} {limit} {'entry' if limit == 1 else 'entries'}"
    if kind == "string_too_short":
        return f"must have at least {context['min_length']} characters"
    text = str(error["msg"])
    return _REASONS.get(kind) or text[0].lower() + text[1:]


def _allowed(loc: Path_, info: FieldInfo | None, lead: str, with_text: bool = False) -> str:
    """`allowed 0.1 to 10000 kW/K` of a field, as far as its declaration says."""
    if info is None:
        return ""
    rules = [*info.metadata, *_rules_in(info.annotation)]
    low = next((m.ge for m in rules if hasattr(m, "ge")), None)
    high = next((m.le for m in rules if hasattr(m, "le")), None)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit = str(extra.get("unit") or unit_of(str(loc[-1])) or "-")
    parts = [info.description] if with_text and info.description else []
    if low is not None and high is not None:
        unit = "" if unit in ("-", "count") else unit if unit == "°" else f" {unit}"
        parts.append(f"allowed {plain(low)} to {plain(high)}{unit}")
    return lead + ", ".join(parts) if parts else ""


def _rules_in(annotation: Any) -> Iterator[Any]:
    """Rules of the number inside an annotation such as `Annotated[int, Field(ge=1)] | None`."""
    for argument in get_args(annotation):
        yield from getattr(argument, "metadata", ())
        yield from _rules_in(argument)


def plain(number: float) -> str:
    """A number without needless digits, and without an exponent where it can be read.

    >>> plain(2e6), plain(0.5), plain(1e-5)
    ('2000000', '0.5', '1e-05')
    """
    return f"{number:.10g}"


def _got(kind: str, value: Any) -> str:
    """What was found, for `(got …)`; of a list of the wrong length, its length."""
    return str(len(value)) if kind in ("too_short", "too_long") else _short(value)


def _short(value: Any) -> str:
    """A value as a file would write it, cut to a line."""
    if value is None:
        return "nothing"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number too large"
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
