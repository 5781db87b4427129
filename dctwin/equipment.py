"""Equipment files: one real machine each, with its parameters, validity range and source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dctwin.components.component import Component
from dctwin.components.registry import device_class, kinds
from dctwin.document import Document, faults_of, load_document
from dctwin.errors import Fault, InputError, nearest
from dctwin.library import entries, find

Range = tuple[float, float]
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$", description="name, [a-z0-9-]")]


class EquipmentFile(BaseModel):
    """One machine as data. `valid` ranges are checked in every hour and flagged outside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    kind: str = Field(description="what kind of device it is")
    title: str = Field(description="how people call it")
    source: str = Field(min_length=8, description="paper, standard, data sheet or data set")
    status: Literal["read", "computed", "assumed"] = Field(
        description="read in the source, computed from it, or assumed (say the range in notes)"
    )
    valid: dict[str, tuple[float, float]] = Field(
        description="quantity that the device reports -> lowest and highest valid value"
    )
    notes: str = ""
    params: dict[str, Any] = Field(description="parameters of this kind of device")


@dataclass(frozen=True)
class Equipment:
    """A checked equipment file: its header and its component."""

    file: EquipmentFile
    component: Component
    path: str


def load_equipment(name_or_path: str) -> Equipment:
    """The equipment of this name. Raises InputError with one line per fault."""
    path = find("equipment", name_or_path)
    return _load(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _load(path: str, _changed_ns: int) -> Equipment:
    document = load_document(path)
    try:
        header = EquipmentFile.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), EquipmentFile)) from None
    if header.name != Path(path).stem:
        raise InputError(
            document.fault(
                ("name",), f"must be the file's name, {Path(path).stem!r} (got {header.name!r})"
            )
        )
    if header.kind not in kinds():
        raise InputError(_unknown_kind(document, ("kind",), header.kind))
    component = build_component(header.kind, header.params, document, ("params",))
    reports: frozenset[str] = getattr(component, "reports", frozenset())
    faults = [
        document.fault(
            ("valid", key), f"is not reported by a {header.kind}, {nearest(key, reports)}"
        )
        for key in header.valid
        if key not in reports
    ]
    faults += [
        document.fault(
            ("valid", key), f"the lowest must not be above the highest (got {low}, {high})"
        )
        for key, (low, high) in header.valid.items()
        if low > high
    ]
    if faults:
        raise InputError(*faults)
    return Equipment(header, component.within(header.valid), path)


def build_component(
    kind: str,
    values: Mapping[str, Any],
    document: Document,
    where: tuple[str | int, ...],
    also: Iterable[str] = (),
) -> Component:
    """The component of a kind from plain values; faults carry the document's lines.

    `also` are keys that may stand beside the parameters.
    """
    if kind not in kinds():
        raise InputError(_unknown_kind(document, (*where, "kind"), kind))
    model = device_class(kind)
    try:
        return model.model_validate(values)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, where, model, also)) from None


def equipment_names() -> list[str]:
    """Names of all equipment that can be found from here."""
    return list(entries("equipment"))


def equipment_fault(document: Document, where: tuple[str | int, ...], name: str) -> Fault:
    """The fault of an equipment name that is not in the catalogue."""
    hint = nearest(name, equipment_names())
    if not hint.startswith("did"):  # the whole catalogue is too long for one line
        hint = "`dctwin list equipment` names what there is"
    return document.fault(where, f"no such equipment, {hint} (got {name!r})")


def _unknown_kind(document: Document, where: tuple[str | int, ...], kind: str) -> Fault:
    return document.fault(where, f"unknown kind, {nearest(kind, kinds())} (got {kind!r})")
