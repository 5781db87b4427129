"""Steps cut where something changes within them: the grid goes or comes, a store is full or empty.

Between two cuts every power at the bus is even, so what follows from it (who covers what is left,
what is sold, what is shed) is exact whatever the length of the steps.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from dctwin.dispatch.hours import Hours
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.scan import ends_within

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Spans:
    """The parts of `steps` equal steps, in order of time.

    step      the step that each part lies in
    length_h  how long it is, shape (…, parts); 0 where another design of the batch is cut
    """

    step: np.ndarray
    length_h: Array
    steps: int
    step_h: float

    @property
    def whole(self) -> bool:
        """Whether no step is cut."""
        return len(self.step) == self.steps

    @cached_property
    def _firsts(self) -> np.ndarray:
        """The first part of each step."""
        return np.flatnonzero(np.diff(self.step, prepend=-1))

    @cached_property
    def _lasts(self) -> np.ndarray:
        return np.flatnonzero(np.diff(self.step, append=self.steps))

    def mean(self, value: Array) -> Array:
        """A power over the parts as the mean of each step."""
        if self.whole or _length(value) != len(self.step):
            return value
        xp = namespace(value, self.length_h)
        energy_kwh = value * self.length_h
        if xp is np:
            return np.add.reduceat(energy_kwh, self._firsts, axis=-1) / self.step_h
        total_kwh = xp.zeros((*energy_kwh.shape[:-1], self.steps))
        return total_kwh.at[..., self.step].add(energy_kwh) / self.step_h

    def end(self, value: Array) -> Array:
        """What stands at the end of each step."""
        if self.whole:
            return value
        return _taken(value, self._lasts)

    def spread(self, value: Kind) -> Kind:
        """Something of the steps (a series, or a record of such) over the parts."""
        return value if self.whole else _picked(value, self.step, self.steps)

    def cut(self, at_frac: Array) -> tuple[Spans, Any]:
        """Cut at a share of their length where it lies within; and the old part of each new one."""
        xp = namespace(at_frac, self.length_h)
        within = ends_within(at_frac)
        count = len(self.step)
        # Under JAX it is not known where: every part is cut.
        if xp is np:
            some = np.any(np.atleast_2d(within + np.zeros(count, dtype=bool)), axis=0)
            if not some.any():
                return self, None
        else:
            some = np.full(count, True)
        old = np.repeat(np.arange(count), some + 1)
        later = np.diff(old, prepend=-1) == 0
        first_frac = (xp.where(within, at_frac, 1.0) + xp.zeros(count))[..., old]
        length_h = (self.length_h + xp.zeros(count))[..., old]
        length_h = length_h * xp.where(later, 1.0 - first_frac, first_frac)
        return replace(self, step=self.step[old], length_h=length_h), old


def picked(value: Kind, old: np.ndarray | None) -> Kind:
    """Something of the parts before a cut over those after it."""
    return value if old is None else _picked(value, old, int(old[-1]) + 1)


def _picked(record: Kind, index: np.ndarray, length: int) -> Kind:
    if not is_dataclass(record) or isinstance(record, type):
        return _at(record, index, length)
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    return replace(record, **{name: _at(value, index, length) for name, value in values.items()})


def _at(value: Any, index: np.ndarray, length: int) -> Any:
    return _taken(value, index) if _length(value) == length else value


def _taken(value: Any, index: np.ndarray) -> Any:
    return value.take(index, axis=-1)  # of JAX, too


def _length(value: Any) -> int:
    """Steps or parts of a series; 0 of a number or a name."""
    shape = getattr(value, "shape", ())
    return shape[-1] if shape else 0


def without_grid(hours: Hours) -> tuple[Spans, Hours]:
    """Cut where the grid goes or comes within a step; availability is 1 or 0 in each part.

    A share says how long the grid is there, not when: the dark part lies beside the darker
    neighbour, so that an outage over several steps is one; alone it is the later part.
    """
    steps = max(_length(hours.load_kw), _length(hours.own_kw))
    spans, there = Spans(np.arange(steps), hours.step_h, steps, hours.step_h), hours.grid_available
    if there is None:
        return spans, hours
    xp = namespace(there, hours.load_kw, hours.own_kw)
    before = xp.concatenate([there[..., :1], there[..., :-1]], axis=-1)
    after = xp.concatenate([there[..., 1:], there[..., -1:]], axis=-1)
    lit_first = before >= after
    spans, old = spans.cut(xp.where(lit_first, there, 1.0 - there))
    seen = picked(hours, old)
    if old is not None:
        later = np.diff(old, prepend=-1) == 0
        partly = ends_within(there)
        lit = xp.where(partly[..., old], lit_first[..., old] != later, there[..., old] > 0.5)
    else:
        lit = there > 0.5
    return spans, replace(seen, step_h=spans.length_h, grid_available=lit * 1.0)
