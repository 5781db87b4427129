"""Structures of dataclasses, mappings and tuples as their arrays and what holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from dctwin.physics.arrays import Array

Change = Callable[[Any], Any]


def changed(item: Any, change: Change) -> Any:
    """The same structure with `change` made to everything that is not one itself."""
    if is_dataclass(item) and not isinstance(item, type):
        new = {f.name: changed(getattr(item, f.name), change) for f in fields(item)}
        return replace(item, **new)
    if isinstance(item, Mapping):
        return {key: changed(value, change) for key, value in item.items()}
    if isinstance(item, tuple) and hasattr(item, "_fields"):
        return type(item)(*(changed(value, change) for value in item))
    if isinstance(item, (tuple, list)):
        return type(item)(changed(value, change) for value in item)
    return change(item)


def is_number(value: Any) -> bool:
    """Whether it is a number or an array."""
    return isinstance(value, (int, float)) or hasattr(value, "dtype")


class _Slot:
    """Where an array stood."""

    def __init__(self, index: int) -> None:
        self.index = index


def taken_apart(item: Any, is_array: Callable[[Any], bool]) -> tuple[list[Array], Any]:
    """(arrays of a structure, the structure without them)."""
    arrays: list[Array] = []

    def take(value: Any) -> Any:
        if not is_array(value):
            return value
        arrays.append(value)
        return _Slot(len(arrays) - 1)

    empty = changed(item, take)
    return arrays, empty


def put_together(arrays: list[Array], empty: Any) -> Any:
    """The structure with these arrays."""
    return changed(empty, lambda value: arrays[value.index] if type(value) is _Slot else value)
