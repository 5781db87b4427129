"""A facility that points share but for numbers, and which values of the varied paths it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isclose
from typing import Any

import numpy as np

from dctwin.design import Facility
from dctwin.document import dotted
from dctwin.errors import InputError
from dctwin.sweeps.bind import Follower, Place, follow, leaves, put

# Values of a distribution that are tried where one of its ends cannot stand.
_PROBES = 13
# Fewer cannot tell a straight line from a bent one.
_LEAST_PROBES = 3
# Numbers that paths set together are those of a parsed design to rounding.
_SAME = 1e-9


@dataclass(frozen=True)
class Topology:
    """A facility that batches are made of, and where the numeric paths end up in it.

    refused   path -> its values, of those tried, that cannot stand in this facility, and why
    """

    facility: Facility
    followers: Mapping[str, tuple[Follower, ...]]
    refused: Mapping[str, Mapping[Any, str]]

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(one.place for some in self.followers.values() for one in some)

    @cached_property
    def _known(self) -> dict[tuple[str, Any], str]:
        return {(p, value): why for p, some in self.refused.items() for value, why in some.items()}

    def _why_not(self, path: str, value: Any) -> str:
        """Why a path cannot have a value here; empty when it can."""
        if (path, value) not in self._known:
            self._known[path, value] = why_not(self.facility, path, value)
        return self._known[path, value]

    def numbers(
        self, values: Mapping[str, Sequence[Any]], count: int
    ) -> tuple[dict[Place, np.ndarray], dict[int, str]]:
        """Numbers in their places, and the points that cannot be, with the reason.

        Where all values that were tried can stand, all between them can.
        """
        errors: dict[int, str] = {}
        columns = {path: list(values[path]) for path in self.followers}
        for path in self.refused:
            column = columns[path]
            reasons = [self._why_not(path, value) for value in column]
            errors |= {row: f"{path}: {why}" for row, why in enumerate(reasons) if why}
            stands = next((v for v, why in zip(column, reasons, strict=True) if not why), None)
            columns[path] = [stands if why else v for v, why in zip(column, reasons, strict=True)]
        if len(errors) == count:
            return {place: np.zeros(count) for place in self.places}, errors
        numbers = {
            one.place: one.at(columns[path])
            for path, some in self.followers.items()
            for one in some
        }
        return numbers, errors


def placed(
    followers: Mapping[str, tuple[Follower, ...]], values: Mapping[str, Sequence[Any]]
) -> dict[Place, np.ndarray]:
    """The numbers that values of the paths are, in their places."""
    return {one.place: one.at(values[path]) for path, some in followers.items() for one in some}


def reason(problem: InputError, field: str = "") -> str:
    """What a design refuses, in one line; the field is left out where it is the one in question."""
    return "; ".join(
        f.why if f.field in ("", field) else f"{f.field}: {f.why}" for f in problem.faults
    )


def why_not(facility: Facility, path: str, value: Any) -> str:
    """Why a path of a facility cannot have a value; empty when it can."""
    try:
        facility.replace({path: value})
    except InputError as problem:
        try:
            field = dotted(facility.document.place(path))
        except InputError:
            field = path
        return reason(problem, field)
    return ""


def trace(
    facility: Facility, path: str, values: Sequence[Any], between: bool
) -> tuple[tuple[Follower, ...] | None, dict[Any, str]]:
    """Where the values of a path end up in a facility, and those that it refuses, with the reason.

    The places are None where the path changes more than numbers.
    between   whether values between these are meant too
    Raises InputError when no value can stand.
    """

    def parse(value: Any) -> Facility:
        return facility.replace({path: value})

    try:
        return follow(facility, path, values, parse), {}
    except InputError:
        pass
    refused = {v: why for v in values if (why := why_not(facility, path, v))}
    tried = np.linspace(min(values), max(values), _PROBES).tolist() if between else values
    good = [value for value in tried if not why_not(facility, path, value)]
    if len(good) < (_LEAST_PROBES if between else 1):
        raise InputError(next(iter(refused.values())))
    return follow(facility, path, good, parse), refused


def together(
    facility: Facility, followers: Mapping[str, tuple[Follower, ...]], at: Mapping[str, Any]
) -> Place | None:
    """A number that is another when all paths are set than when each is put in its places.

    None when every path acts for itself, as it nearly always does.
    """
    numbers = {
        one.place: float(one.at([at[p]])[0]) for p, some in followers.items() for one in some
    }
    try:
        parsed = dict(leaves(facility.replace({path: at[path] for path in followers})))
    except InputError:
        return None  # a point that cannot be says so itself
    for place, value in leaves(put(facility, numbers)):
        other = parsed.get(place)
        if value != other and not (
            isinstance(value, (int, float))
            and isinstance(other, (int, float))
            and isclose(value, other, rel_tol=_SAME)
        ):
            return place
    return None
