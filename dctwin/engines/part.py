"""Some steps of some designs as a problem of their own, and their answer put back.

Most steps of a year agree after a pass or two. Those that still move, or fall short, are taken out
as one flat list of (design, step) pairs. Every device is elementwise, so that it neither knows nor
cares; only what chains the hours (a store, a battery on a feeder's bus) cannot be taken apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from dctwin.components.component import Component
from dctwin.design import BusSources, Circuit, Device, Facility, Feed, RackGroup
from dctwin.engines.flows import Boundary
from dctwin.physics.arrays import Array
from dctwin.plant import Wiring

Item = TypeVar("Item")

# What an answer repeats of the design: the same in a part as in the whole.
_DECLARED = (Device, Circuit, RackGroup, Feed, BusSources, Component, str, bool)


class Problem(NamedTuple):
    """A plant, or several of one topology, and what surrounds it."""

    facility: Facility
    wiring: Wiring
    boundary: Boundary
    flat: bool = False  # numbers of the facility have shape (pairs,)
    # Loops that are taken to stay at their setpoints; one that cannot leaves heat over.
    holding: frozenset[str] = frozenset()

    def mask(self, moving: Array) -> np.ndarray:
        """What is true of some of its designs and steps, shape (hours,) or (designs, hours)."""
        shape = np.broadcast_shapes(np.shape(moving), np.shape(self.boundary.air.dry_bulb_c))
        return np.broadcast_to(moving, shape)


class Part:
    """Pairs of (design, step) of arrays of shape (hours,) or (designs, hours)."""

    def __init__(self, mask: np.ndarray) -> None:
        self.shape = mask.shape
        self.flat = np.flatnonzero(mask)
        self.index = np.unravel_index(self.flat, self.shape)
        # What was taken of arrays, so that one array stays one: its id -> it, what was taken.
        self._known: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.flat)

    def of(self, value: Array) -> Array:
        """A value at the pairs, shape (pairs,); what is one for all stays a number."""
        shape = np.shape(value)
        if not shape:
            return value
        if np.size(value) == 1:
            return np.reshape(value, ())[()]
        if shape == self.shape:
            return np.take(value, self.flat)
        last = self.index[-len(shape) :]
        if len(shape) == 1:
            return np.take(value, last[0])
        return value[tuple(i if n > 1 else 0 for i, n in zip(last, shape, strict=True))]

    def problem(self, whole: Problem) -> Problem:
        """Facility, wiring and boundary at the pairs."""
        facility, wiring, boundary, flat, holding = whole
        flat = flat or len(self.shape) > 1
        if flat:
            facility = self._declared(facility)
        part = replace(
            boundary,
            air=self.taken(boundary.air),
            local_hour=self.of(boundary.local_hour),
            place=self.taken(boundary.place),
            feed_pv_yield_frac=self.taken(boundary.feed_pv_yield_frac),
            feeds_live=self.of(boundary.feeds_live),
        )
        wiring = wiring.within(facility, part.air, part.here(), self.of)
        return Problem(facility, wiring, part, flat, holding)

    def taken(self, item: Item) -> Item:
        """A state, the air, the place or flows at the pairs; what is declared stays."""
        if isinstance(item, _DECLARED):
            return item
        if isinstance(item, Mapping):
            return {key: self.taken(value) for key, value in item.items()}  # type: ignore[return-value]
        if is_dataclass(item) and not isinstance(item, type):
            return replace(
                item, **{f.name: self.taken(getattr(item, f.name)) for f in fields(item)}
            )
        if isinstance(item, (tuple, list)):
            items = [self.taken(value) for value in item]
            return type(item)(*items) if hasattr(item, "_fields") else type(item)(items)
        if not isinstance(item, np.ndarray):
            return item
        if id(item) not in self._known:
            self._known[id(item)] = item, self.of(item)
        return self._known[id(item)][1]  # type: ignore[return-value]

    def _declared(self, item: Any) -> Any:
        """A design's declaration with its numbers of shape (designs, 1) taken at the pairs."""
        if isinstance(item, np.ndarray):
            return self.of(item)
        if isinstance(item, tuple):
            new = tuple(self._declared(value) for value in item)
            return new if any(a is not b for a, b in zip(new, item, strict=True)) else item
        if isinstance(item, Component):  # its lists of numbers are the same in all designs
            numbers = {n: v for n, v in item if type(v) is np.ndarray}
            if not numbers:
                return item
            return item.with_values(**{name: self.of(value) for name, value in numbers.items()})
        if not is_dataclass(item) or isinstance(item, type):
            return item
        changed = {}
        for field in fields(item):
            if field.name == "document":
                continue
            value = getattr(item, field.name)
            new = self._declared(value)
            if new is not value:
                changed[field.name] = new
        return replace(item, **changed) if changed else item

    def put_back(self, whole: Item, part: Any, span: slice = slice(None)) -> Item:
        """An answer with that of the pairs in its place, the `span` of a part's; what is declared
        stays."""
        found: Item = self._put(whole, part, span)
        return found

    def _put(self, old: Any, new: Any, span: slice) -> Any:
        if old is new or isinstance(old, _DECLARED):
            return old
        if is_dataclass(old):
            names = [f.name for f in fields(old)]
            put = {n: self._put(getattr(old, n), getattr(new, n), span) for n in names}
            return replace(old, **put)  # type: ignore[type-var]
        if isinstance(old, Mapping):
            return {**old, **{n: self._put(old.get(n, 0.0), new[n], span) for n in new}}
        if isinstance(old, (tuple, list)):
            items = [self._put(*pair, span) for pair in zip(old, new, strict=True)]
            return type(old)(*items) if hasattr(old, "_fields") else type(old)(items)
        return old if old is None else self._numbers(old, new, span)

    def _numbers(self, old: Array, new: Array, span: slice) -> Array:
        new = new[span] if np.size(new) > 1 else new
        if np.shape(old) != self.shape and np.all(self.of(old) == new):
            return old  # and keeps its shape, where it is the same in all hours
        out = np.empty(self.shape)
        out[...] = old
        out.reshape(-1)[self.flat] = new
        return out


def joined(parts: list[Any], sizes: list[int]) -> Any:
    """States of several parts, of so many pairs each, as that of one part."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {name: joined([part[name] for part in parts], sizes) for name in first}
    if is_dataclass(first) and not isinstance(first, type):
        names = [f.name for f in fields(first)]
        new = {name: joined([getattr(part, name) for part in parts], sizes) for name in names}
        return replace(first, **new)
    return np.concatenate(
        [np.broadcast_to(value, (size,)) for value, size in zip(parts, sizes, strict=True)]
    )
