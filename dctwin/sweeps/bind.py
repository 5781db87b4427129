"""From a design and the paths that a sweep varies to facilities of one topology.

Parsing a design takes milliseconds, which is more than simulating it. A path whose values only
change numbers of the parsed facility is therefore traced once: the design is parsed at a few of its
values, and what changes is noted. Batches of points are then built by putting arrays in those
places. A path that changes anything else (devices, names, curves, fluids) parts the points into
topologies, each parsed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from dctwin.components.component import Component
from dctwin.design import Facility
from dctwin.document import Document

Place = tuple[str | int, ...]

# Up to this many values of a path are each parsed; of more, the ends and two in between.
_PARSED = 24
# A place follows its path when it does so to rounding.
_SAME = 1e-12
# What a design's document calls itself does not change what it is.
_UNSEEN = frozenset({"document", "title", "description"})


@dataclass(frozen=True)
class Follower:
    """A number in a facility that follows a path: as scale · value + offset, or by a table."""

    place: Place
    scale: float
    offset: float
    table: Mapping[Any, float] | None = None

    def at(self, values: Sequence[Any]) -> np.ndarray:
        """The numbers at these values of the path, shape (designs,)."""
        if self.table is not None:
            return np.array([self.table[value] for value in values], dtype=float)
        return self.scale * np.asarray(values, dtype=float) + self.offset


def follow(
    facility: Facility, path: str, values: Sequence[Any], parse: Callable[[Any], Facility]
) -> tuple[Follower, ...] | None:
    """Where the values of a path end up in a facility; None when it changes more than numbers.

    `parse(value)` gives the facility at one value of the path.
    """
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        return None
    unique = sorted(set(values))
    few = len(unique) <= _PARSED
    third = len(unique) // 3
    tried = unique if few else [unique[0], unique[third], unique[-1 - third], unique[-1]]
    parsed = [dict(leaves(parse(value))) for value in tried]
    base = dict(leaves(facility))
    if any(one.keys() != base.keys() for one in parsed):
        return None
    changed = [
        place
        for place, first in parsed[0].items()
        if any(one[place] != first for one in parsed) or first != base[place]
    ]
    found = []
    for place in changed:
        numbers = [one[place] for one in parsed]
        if not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
            return None
        if _in_curve(facility, place):
            return None
        follower = _law(place, tried, numbers)
        if follower is None and not few:
            return None
        found.append(
            follower
            or Follower(place, 0.0, 0.0, dict(zip(tried, map(float, numbers), strict=True)))
        )
    return tuple(found)


def _law(place: Place, values: Sequence[float], numbers: Sequence[float]) -> Follower | None:
    """The straight line through these points, where there is one."""
    if len(values) == 1:
        return Follower(place, 0.0, float(numbers[0]))
    if list(values) == list(numbers):
        return Follower(place, 1.0, 0.0)
    scale = (numbers[-1] - numbers[0]) / (values[-1] - values[0])
    offset = numbers[0] - scale * values[0]
    size = max(map(abs, numbers))
    for value, number in zip(values, numbers, strict=True):
        if abs(scale * value + offset - number) > _SAME * size:
            return None
    return Follower(place, scale, offset)


def put(facility: Facility, numbers: Mapping[Place, Any]) -> Facility:
    """The facility with numbers (or arrays) in these places, unchecked."""
    changed: Facility = _put(facility, numbers, 0)
    return changed


def _put(item: Any, numbers: Mapping[Place, Any], depth: int) -> Any:
    if () in {place[depth:] for place in numbers}:
        return next(iter(numbers.values()))
    by_key: dict[str | int, dict[Place, Any]] = {}
    for place, value in numbers.items():
        by_key.setdefault(place[depth], {})[place] = value
    if isinstance(item, tuple):
        return tuple(
            _put(one, by_key[index], depth + 1) if index in by_key else one
            for index, one in enumerate(item)
        )
    new = {
        str(key): _put(getattr(item, str(key)), below, depth + 1) for key, below in by_key.items()
    }
    if isinstance(item, Component):
        return item.with_values(**new)
    return replace(item, **new)


def faults(facility: Facility, numbers: Mapping[Place, np.ndarray], count: int) -> dict[int, str]:
    """Designs whose numbers cannot stand together in a device, and why.

    Every number alone has been parsed; a device that checks some of them together may still refuse.
    """
    from pydantic import ValidationError

    devices: dict[Place, dict[str, np.ndarray]] = {}
    for place, values in numbers.items():
        if isinstance(at(facility, place[:-1]), Component):
            devices.setdefault(place[:-1], {})[str(place[-1])] = values
    found: dict[int, str] = {}
    for home, columns in devices.items():
        device: Any = at(facility, home)
        if len(columns) < 2 or not type(device).__pydantic_decorators__.model_validators:
            continue
        for row in range(count):
            held = {name: float(column[row]) for name, column in columns.items()}
            try:
                type(device).model_validate({**dict(device), **held})
            except ValidationError as problem:
                first = problem.errors(include_url=False)[0]
                names = ", ".join(f"{name}={value:g}" for name, value in held.items())
                why = first["msg"].removeprefix("Value error, ")
                found[row] = f"{device.kind} with {names}: {why}"
    return found


def at(item: Any, place: Place) -> Any:
    """What stands in a place."""
    for key in place:
        item = item[key] if isinstance(key, int) else getattr(item, key)
    return item


def _in_curve(facility: Facility, place: Place) -> bool:
    """Whether a place lies in a list of numbers of a device, which a batch cannot vary."""
    return (
        len(place) > 1
        and isinstance(place[-1], int)
        and isinstance(at(facility, place[:-2]), Component)
    )


def leaves(item: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of a facility with its place."""
    if isinstance(item, Document):
        return
    if isinstance(item, Component):
        yield (*place, "kind"), item.kind
        for name in type(item).model_fields:
            yield from leaves(getattr(item, name), (*place, name))
    elif is_dataclass(item):
        for one in fields(item):
            if one.name not in _UNSEEN:
                yield from leaves(getattr(item, one.name), (*place, one.name))
    elif isinstance(item, tuple):
        yield (*place, "length"), str(len(item))
        for index, one in enumerate(item):
            yield from leaves(one, (*place, index))
    elif isinstance(item, Mapping):
        yield place, repr(sorted(item.items()))
    else:
        yield place, item
