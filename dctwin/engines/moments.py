"""The moments that the transient clock records, and the ledger that they make over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from dctwin.design import Circuit, Facility, Feed
from dctwin.engines.feeds import FeedFlows
from dctwin.engines.flows import Boundary, LoopFlows, Point, RackFlows
from dctwin.engines.passes import Settled
from dctwin.engines.posting import post_facility
from dctwin.engines.year import Year
from dctwin.ledger import Ledger
from dctwin.units import SECONDS_PER_HOUR


@dataclass(frozen=True)
class Moment:
    """One step: mean flows over it, temperatures at its start."""

    start_ms: int
    supply: dict[str, float]
    setpoint: dict[str, float]
    case: dict[str, float]
    racks: list[RackFlows]
    feeds: list[FeedFlows]
    loops: dict[str, LoopFlows]
    stored: dict[str, float]
    charge: dict[str, float]
    path_kw: dict[str, float]


def posted(
    facility: Facility, boundary: Boundary, moments: list[Moment], lengths_ms: list[int]
) -> tuple[Year, np.ndarray]:
    """Moments as arrays over even steps, posted to a ledger by the annual engine's own hands, and
    the start of each step [ms].

    Raises ComputationError when the books do not close.
    """
    first = moments[0]
    if len(set(lengths_ms)) > 1:
        weights = np.asarray(lengths_ms)
        step_ms = int(np.gcd.reduce(weights))
        repeat = weights // step_ms
    else:
        step_ms, repeat = lengths_ms[0], np.ones(len(moments), dtype=int)
    stacked: Moment = _columns(moments, repeat)
    year = Year(Ledger(step_ms / 1000.0 / SECONDS_PER_HOUR))
    for node, stored_kw in stacked.stored.items():
        year.ledger.store(node, stored_kw)
    boundary = replace(boundary, step_h=year.ledger.step_h)
    post_facility(
        year,
        facility,
        boundary,
        Settled(
            Point(stacked.supply, stacked.path_kw),
            stacked.setpoint,
            stacked.racks,
            stacked.feeds,
            stacked.loops,
        ),
    )
    for name, case_c in stacked.case.items():
        year.traces[f"rack.{name}.case_c"] = case_c
    for node, charge_kwh in stacked.charge.items():
        year.traces[f"{node}.charge_kwh"] = charge_kwh
    year.closure = year.ledger.check()
    start_ms = first.start_ms + step_ms * np.arange(int(repeat.sum()))
    return year, start_ms


def number(value: Any) -> float:
    """The one value of a number or an array."""
    return float(np.asarray(value).reshape(-1)[0]) if np.ndim(value) else float(value)


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The one value of each."""
    return {name: number(value) for name, value in values.items()}


def _columns(items: list[Any], repeat: np.ndarray) -> Any:
    """A list of equal structures of numbers as one structure of arrays over time."""
    first = items[0]
    if isinstance(first, (Circuit, Feed)) or all(item is first for item in items):
        return first
    if isinstance(first, dict):
        return {key: _columns([item[key] for item in items], repeat) for key in first}
    if is_dataclass(first) and not isinstance(first, type):
        return type(first)(
            **{
                f.name: _columns([getattr(item, f.name) for item in items], repeat)
                for f in fields(first)
            }
        )
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(_columns(list(column), repeat) for column in zip(*items, strict=True)))
    if isinstance(first, (list, tuple)):
        columns = [_columns(list(column), repeat) for column in zip(*items, strict=True)]
        return type(first)(columns)
    if isinstance(first, str):
        return first
    return np.repeat(np.array([number(item) for item in items]), repeat)
