"""Policies that plan: the optimum with perfect foresight, and a rolling horizon with a forecast.

Both solve programs (program.py) for the battery, design by design, and hand the schedule to the
same battery as every other policy. NumPy-only, 3 s to three minutes a design-year (longest where
losses bend with the C-rate or prices turn negative often): not for large sweeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from pydantic import Field

from dctwin.components.component import param
from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.hours import Hours, Request, Stores, honour_grid
from dctwin.dispatch.operate import carry_out
from dctwin.dispatch.policies import Policy
from dctwin.dispatch.program import Problem, Schedule, solve
from dctwin.errors import InputError
from dctwin.physics.arrays import namespace

Goal = Literal["cost", "carbon"]
# A bound below this is none to measure a gap by.
_NOTHING = 1e-9


class Optimum(Policy):
    """The least bill, or the least carbon, that the battery could reach knowing the whole run.

    What no policy beats, not something that can be operated. The battery may end the run empty.
    """

    name: Literal["optimum"]
    goal: Goal = Field("cost", description="what is made least")

    def request(self, hours: Hours, stores: Stores) -> Request:
        return _each_design(hours, stores, self.plan)

    def plan(self, hours: Hours, battery: Battery) -> Request:
        """The schedule of one design."""
        problem = problem_of(hours, battery, self.goal)
        best = solve(battery, problem)
        during = best.during_frac
        rest_kw = 0.0 * best.charge_kw
        asked = (
            Request(best.charge_kw / during, best.discharge_kw / during, during),
            # What bends too far for the program: a schedule is never worse than these.
            Request(best.charge_kw, best.discharge_kw),
            Request(hours.surplus_kw, hours.deficit_kw),
            Request(rest_kw, rest_kw),
        )
        values = [problem.value(carry_out(one, Stores(battery), hours)) for one in asked]
        gap_frac = (min(values) - best.bound) / max(abs(best.bound), _NOTHING)
        return replace(asked[int(np.argmin(values))], gap_frac=np.array([max(gap_frac, 0.0)]))


class RollingHorizon(Policy):
    """Plans `horizon_h` ahead every `commit_h` and follows the plan until the next.

    Prices and carbon of the horizon are known (day-ahead market). Load and own sources are forecast
    by persistence: as in the last `commit_h`; the first plan knows its own. Then surplus that comes
    charges, and nothing is discharged beyond the deficit that comes and the sale that was planned.
    Plans are of whole hours where steps are shorter, as the series that they know are.
    """

    name: Literal["rolling-horizon"]
    goal: Goal = Field("cost", description="what is made least")
    horizon_h: float = param("h", 1, 168, "how far a plan looks", 48.0)
    commit_h: float = param("h", 1, 168, "how long a plan is followed", 24.0)

    def request(self, hours: Hours, stores: Stores) -> Request:
        return _each_design(hours, stores, self.plan)

    def plan(self, hours: Hours, battery: Battery) -> Request:
        """Plan by plan through the run of one design."""
        steps = hours.load_kw.size
        commit = max(1, round(float(self.commit_h) / hours.step_h))
        ahead = max(commit, round(float(self.horizon_h) / hours.step_h))
        charge, discharge = np.zeros(steps), np.zeros(steps)
        energy_kwh, peak_kw = battery.start_frac * battery.capacity_kwh, 0.0
        for first in range(0, steps, commit):
            horizon, done = slice(first, min(first + ahead, steps)), slice(first, first + commit)
            seen = _cut(hours, horizon)
            known = slice(max(first - commit, 0), max(first, commit))
            expected = _with_power(
                seen, _repeated(hours.load_kw[known], seen), _repeated(hours.own_kw[known], seen)
            )
            start = battery.with_values(start_frac=energy_kwh / battery.capacity_kwh)
            in_hour = _steps_in_hour(expected)
            expected = _hourly(expected, in_hour)
            plan = solve(start, problem_of(expected, start, self.goal, peak_kw))
            now = _cut(hours, done)
            asked = honour_grid(follow(plan, expected, now, in_hour), now)
            charge[done], discharge[done] = asked.charge_kw, asked.discharge_kw
            flows = start.steady(asked.charge_kw, asked.discharge_kw, now.step_h, now.air_c)
            energy_kwh = float(flows.energy_kwh[-1])
            net_kw = now.load_kw - now.own_kw + flows.charge_kw - flows.discharge_kw
            peak_kw = max(peak_kw, float(np.max(net_kw)))
        return Request(charge, discharge)


def follow(plan: Schedule, expected: Hours, now: Hours, steps_count: int = 1) -> Request:
    """The plan's grid purchases and sales, with the surplus and the deficit that really come.

    steps_count  steps of `now` in each one of the plan
    """

    def held(planned_kw: np.ndarray) -> np.ndarray:
        return np.repeat(planned_kw, steps_count)[: now.load_kw.size]

    bought_kw = held(np.maximum(plan.charge_kw - expected.surplus_kw, 0.0))
    sold_kw = held(np.maximum(plan.discharge_kw - expected.deficit_kw, 0.0))
    discharge_kw = np.minimum(held(plan.discharge_kw), now.deficit_kw + sold_kw)
    charge_kw = bought_kw + np.where(sold_kw > 0, 0.0, now.surplus_kw)
    return Request(charge_kw, np.where(charge_kw > 0, 0.0, discharge_kw))


def problem_of(hours: Hours, battery: Battery, goal: Goal, peak_so_far_kw: float = 0.0) -> Problem:
    """The program of one design: carbon as a price that sells for nothing, or the tariff."""
    steps = hours.load_kw.size

    def over(value: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(0.0 if value is None else value, dtype=float), (steps,))

    if goal == "cost":
        price = over(hours.series("price_per_kwh", "optimum"))
        sold, peak = over(hours.export_price_per_kwh), hours.demand_price_per_kw or 0.0
    else:
        price, sold, peak = over(hours.series("carbon_kg_per_kwh", "optimum")), over(None), 0.0
    grid_kw = hours.grid_kw
    if hours.grid_available is not None:
        # What the grid is there for only a part of, it brings a part of.
        most_kw = np.max(hours.load_kw) + battery.charge_kw
        limit_kw = most_kw if hours.connection_kw is None else hours.connection_kw
        grid_kw = np.minimum(limit_kw, most_kw) * hours.grid_available
    # After an outage the reserve may be below its floor: from there on the bound leaves it free.
    floor_kwh = np.full(steps, battery.reserve_frac * battery.capacity_kwh)
    if hours.grid_available is not None:
        out = np.cumsum(over(hours.grid_available) <= 0) > 0
        floor_kwh = np.where(out, 0.0, floor_kwh)
    return Problem(
        load_kw=over(hours.load_kw),
        own_kw=over(hours.own_kw),
        price_per_kwh=price,
        export_price_per_kwh=sold,
        demand_price_per_kw=float(peak),
        grid_kw=over(grid_kw),
        export_kw=over(hours.export_kw),
        ohmic_frac_per_kw=over(battery.ohmic_frac_per_kw(hours.air_c)),
        step_h=hours.step_h,
        start_kwh=float(battery.start_frac * battery.capacity_kwh),
        floor_kwh=np.minimum(floor_kwh, battery.start_frac * battery.capacity_kwh),
        peak_so_far_kw=peak_so_far_kw,
    )


_SERIES = (
    "air_c", "price_per_kwh", "export_price_per_kwh", "carbon_kg_per_kwh", "grid_available",
)  # fmt: skip


def _each_design(
    hours: Hours, stores: Stores, plan: Callable[[Hours, Battery], Request]
) -> Request:
    """Plan for each design of a batch by itself."""
    load_kw = hours.load_kw + 0.0 * hours.own_kw
    if namespace(load_kw) is not np:
        raise InputError("onsite.policy: plans are made by NumPy only, not under JAX")
    if stores.battery is None or stores.tank is not None:
        raise InputError("onsite.policy: a plan needs a battery, and knows no hydrogen")
    table = np.atleast_2d(load_kw)
    designs, steps = table.shape
    asked = []
    for row in range(designs):

        def pick(value: Any, row: int = row) -> Any:
            return value[row] if np.ndim(value) == 2 and len(value) == designs else value

        battery = stores.battery.with_values(
            **{key: _number(pick(value)) for key, value in dict(stores.battery).items()}
        )
        own_kw = np.broadcast_to(pick(hours.own_kw), (steps,))
        one = _with_power(hours, table[row], own_kw)
        one = replace(one, connection_kw=_number(pick(hours.connection_kw)))
        asked.append(plan(one, battery))
    ends = [np.ones(steps) if r.during_frac is None else r.during_frac for r in asked]
    tables = ([r.charge_kw for r in asked], [r.discharge_kw for r in asked], ends)
    charge, discharge, during = (np.stack(rows).reshape(load_kw.shape) for rows in tables)
    gaps = [r.gap_frac for r in asked if r.gap_frac is not None]
    gap_frac = np.stack(gaps).reshape(*load_kw.shape[:-1], 1) if gaps else None
    return Request(charge, discharge, during, gap_frac)


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else value


def _with_power(hours: Hours, load_kw: np.ndarray, own_kw: np.ndarray) -> Hours:
    return replace(hours, load_kw=load_kw, own_kw=own_kw)


def _cut(hours: Hours, part: slice) -> Hours:
    """Some steps of the hours of one design."""
    series = {
        name: value[part] if np.ndim(value := getattr(hours, name)) else value for name in _SERIES
    }
    return replace(hours, load_kw=hours.load_kw[part], own_kw=hours.own_kw[part], **series)


def _steps_in_hour(hours: Hours) -> int:
    """How many of these steps make an hour; 1 where they make up no whole hours."""
    count = max(1, round(1.0 / hours.step_h))
    return count if hours.load_kw.size % count == 0 else 1


def _hourly(hours: Hours, count: int) -> Hours:
    """The means of every `count` steps of one design."""
    if count == 1:
        return hours

    def mean(value: Any) -> Any:
        return np.reshape(value, (-1, count)).mean(axis=-1) if np.ndim(value) else value

    series = {name: mean(getattr(hours, name)) for name in (*_SERIES, "load_kw", "own_kw")}
    return replace(hours, step_h=count * hours.step_h, **series)


def _repeated(past_kw: np.ndarray, seen: Hours) -> np.ndarray:
    return np.resize(past_kw, seen.load_kw.shape)
