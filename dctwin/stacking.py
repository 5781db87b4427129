"""Designs of one topology as one whose numbers are arrays: what a batch of a sweep is made of."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from dctwin.components.component import Component
from dctwin.design import Facility
from dctwin.document import Document
from dctwin.errors import InputError

# What designs of one topology may call differently.
_LABELS = frozenset({"title", "description", "equipment", "redundancy"})


def stack(facilities: list[Facility]) -> Facility:
    """Designs of one topology as one facility whose parameters have shape (designs, 1).

    Raises InputError where the topologies differ: other devices, names, curves or fluids.
    """
    if len(facilities) == 1:
        return facilities[0]
    stacked: Facility = _stack(facilities, facilities[0].name)
    return stacked


def _stack(items: list[Any], place: str) -> Any:
    first = items[0]
    if isinstance(first, Document) or all(item == first for item in items[1:]):
        return first
    if isinstance(first, Component):
        if any(type(item) is not type(first) for item in items):
            raise InputError(f"{place}: designs of one batch must have the same devices")
        curves = [
            name
            for name in type(first).model_fields
            if isinstance(value := getattr(first, name), tuple)
            and any(getattr(item, name) != value for item in items)
        ]
        if curves:
            raise InputError(f"{place}.{curves[0]}: designs of one batch must have the same curves")
        return first.with_values(
            **{
                name: _stack([getattr(item, name) for item in items], f"{place}.{name}")
                for name in type(first).model_fields
            }
        )
    if is_dataclass(first):
        return replace(
            first,  # type: ignore[type-var]
            **{
                f.name: _stack([getattr(i, f.name) for i in items], f"{place}.{f.name}")
                for f in fields(first)
                if f.name not in _LABELS and not (f.name == "name" and isinstance(first, Facility))
            },
        )
    if isinstance(first, tuple) and all(len(item) == len(first) for item in items):
        return tuple(
            _stack(list(column), f"{place}[{k}]")
            for k, column in enumerate(zip(*items, strict=True))
        )
    if isinstance(first, (int, float)) and not isinstance(first, bool):
        return np.array(items, dtype=float)[:, None]
    raise InputError(f"{place}: designs of one batch must have the same topology")
