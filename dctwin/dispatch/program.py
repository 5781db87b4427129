"""The battery's best schedule over a horizon as a linear program, solved by HiGHS through scipy.

For each step: charge c, discharge d, draw from the grid g, flow to the grid x, curtailment u, load
shed s, energy in the cells e:

    load + c + x + u = own + d + g + s
    e = e before + step (stored - drawn)
    least  sum step (price g - export price x) + demand price max(g)

Losses in the cells' resistance bend `stored` and `drawn`; both are bounded by tangents, so the
program can only be better than what the battery does: its value is a bound. Where a price is
negative, or selling pays more than buying costs, losing energy on purpose would pay, there or
before to make room: up to such steps yes-or-no variables choose charging or discharging, and in
them buying or selling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.components.onsite.battery import Battery
from dctwin.errors import ComputationError

# Load that is shed costs more than any energy: this many times the highest price.
_SHED_OVER_PRICE = 1000.0
# Tangents at these shares of the power limit.
_TANGENTS = (0.0, 0.5, 1.0)
_GAP = 1e-9


@dataclass(frozen=True)
class Problem:
    """One design over one horizon: arrays of shape (steps,), and numbers."""

    load_kw: np.ndarray
    own_kw: np.ndarray
    price_per_kwh: Any
    export_price_per_kwh: Any
    demand_price_per_kw: Any
    grid_kw: np.ndarray
    export_kw: np.ndarray
    ohmic_frac_per_kw: np.ndarray
    step_h: float
    start_kwh: float
    floor_kwh: np.ndarray
    peak_so_far_kw: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """What the program says: powers of shape (steps,), and a bound of the bill."""

    charge_kw: np.ndarray
    discharge_kw: np.ndarray
    bound: Any  # of the bill, in the currency of the prices


def solve(battery: Battery, problem: Problem) -> Schedule:
    """The schedule of the least bill. Raises ComputationError where HiGHS finds none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    build = _Build(battery, problem)
    result = milp(
        build.cost,
        integrality=build.whole,
        bounds=Bounds(build.low, build.high),
        constraints=[LinearConstraint(matrix, low, high) for matrix, low, high in build.rows],
        options={"mip_rel_gap": _GAP},
    )
    if result.x is None:
        raise ComputationError(f"onsite.policy: no optimal schedule: {result.message}")
    part = {name: result.x[place] for name, place in build.place.items()}
    bound = result.fun if not build.whole.any() else result.mip_dual_bound
    # Where energy left at the end is worth nothing, charging and discharging at once costs nothing;
    # the difference does the same at the bus and keeps more.
    into_kw = part["c"] - part["d"]
    return Schedule(np.maximum(into_kw, 0.0), np.maximum(-into_kw, 0.0), bound)


class _Build:
    """Variables, bounds and rows of the program."""

    def __init__(self, battery: Battery, problem: Problem) -> None:
        self.battery, self.problem = battery, problem
        self.steps = steps = problem.load_kw.size
        self.tempting = np.flatnonzero(self._tempting())
        # Energy may be lost on purpose up to the last such step, to make room for it.
        self.until = np.arange(self.tempting[-1] + 1 if self.tempting.size else 0)
        names = ["c", "d", "g", "x", "u", "s", "e", "in", "out"]
        self.place = {name: slice(k * steps, (k + 1) * steps) for k, name in enumerate(names)}
        at = len(names) * steps
        self.peak = at
        self.either = slice(at + 1, at + 1 + self.until.size)  # charges (1) or discharges
        self.buys = slice(self.either.stop, self.either.stop + self.tempting.size)
        self.size = self.buys.stop
        self.whole = np.zeros(self.size, dtype=int)
        self.whole[self.either.start :] = 1
        self.cost = self._cost()
        self.low, self.high = self._bounds()
        self.rows = [self._bus(), self._energy(), *self._bends(), *self._choices()]
        if problem.demand_price_per_kw > 0:
            self.rows.append(self._peak())

    def _tempting(self) -> np.ndarray:
        """Steps in which losing energy, or buying to sell, would pay."""
        price = np.broadcast_to(self.problem.price_per_kwh, self.steps)
        sold = np.broadcast_to(self.problem.export_price_per_kwh, self.steps)
        return (price < 0) | (sold > price) | (sold < 0)

    def _cost(self) -> np.ndarray:
        problem, cost = self.problem, np.zeros(self.size)
        price = np.broadcast_to(problem.price_per_kwh, self.steps)
        sold = np.broadcast_to(problem.export_price_per_kwh, self.steps)
        cost[self.place["g"]] = price * problem.step_h
        cost[self.place["x"]] = -sold * problem.step_h
        most = max(float(np.max(np.abs(price))), float(np.max(np.abs(sold))), 1.0)
        cost[self.place["s"]] = _SHED_OVER_PRICE * most * problem.step_h
        cost[self.peak] = problem.demand_price_per_kw
        return cost

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        problem, battery = self.problem, self.battery
        low, high = np.zeros(self.size), np.full(self.size, np.inf)
        high[self.place["c"]] = battery.charge_kw
        high[self.place["d"]] = battery.discharge_kw
        high[self.place["g"]] = np.minimum(problem.grid_kw, problem.load_kw + battery.charge_kw)
        high[self.place["x"]] = np.minimum(problem.export_kw, self._most_out_kw())
        high[self.place["u"]] = problem.own_kw
        low[self.place["e"]] = problem.floor_kwh
        high[self.place["e"]] = battery.capacity_kwh
        high[self.either.start :] = 1
        low[self.peak] = problem.peak_so_far_kw
        return low, high

    def _most_out_kw(self) -> np.ndarray:
        return self.problem.own_kw + self.battery.discharge_kw

    def _matrix(self, entries: list[tuple[Any, Any, Any]], rows: int) -> Any:
        from scipy.sparse import coo_array

        parts = [np.broadcast_arrays(*entry) for entry in entries]
        row, column, value = (np.concatenate([p[k] for p in parts]) for k in range(3))
        return coo_array((value, (row, column)), shape=(rows, self.size)).tocsr()

    def _columns(self, name: str) -> np.ndarray:
        return np.arange(self.place[name].start, self.place[name].stop)

    def _bus(self) -> tuple[Any, Any, Any]:
        at = np.arange(self.steps)
        signs = {"d": 1.0, "g": 1.0, "s": 1.0, "c": -1.0, "x": -1.0, "u": -1.0}
        entries = [(at, self._columns(name), sign) for name, sign in signs.items()]
        need_kw = self.problem.load_kw - self.problem.own_kw
        return self._matrix(entries, self.steps), need_kw, need_kw

    def _energy(self) -> tuple[Any, Any, Any]:
        at, step_h = np.arange(self.steps), self.problem.step_h
        e = self._columns("e")
        entries = [
            (at, e, 1.0),
            (at[1:], e[:-1], -1.0),
            (at, self._columns("in"), -step_h),
            (at, self._columns("out"), step_h),
        ]
        start = np.zeros(self.steps)
        start[0] = self.problem.start_kwh
        return self._matrix(entries, self.steps), start, start

    def _bends(self) -> list[tuple[Any, Any, Any]]:
        """stored <= its tangents over c; drawn >= its tangents over d; equal where straight."""
        at, battery, r = np.arange(self.steps), self.battery, self.problem.ohmic_frac_per_kw
        straight = not np.any(r > 0)
        rows = []
        for share in _TANGENTS[:1] if straight else _TANGENTS:
            p = share * battery.charge_kw
            slope = battery.charge_efficiency_frac * (1.0 - 2.0 * r * p)
            offset = battery.stored_kw(p, r) - slope * p
            entries = [(at, self._columns("in"), 1.0), (at, self._columns("c"), -slope)]
            low = offset if straight else -np.inf
            rows.append((self._matrix(entries, self.steps), low, offset))
            p = share * battery.discharge_kw
            left = 1.0 - r * p
            slope = 1.0 / (battery.discharge_efficiency_frac * left * left)
            offset = battery.drawn_kw(p, r) - slope * p
            entries = [(at, self._columns("out"), 1.0), (at, self._columns("d"), -slope)]
            high = offset if straight else np.inf
            rows.append((self._matrix(entries, self.steps), offset, high))
        return rows

    def _choices(self) -> list[tuple[Any, Any, Any]]:
        """Charge or discharge up to the last tempting step; in tempting ones also buy or sell, and
        curtailing counts as selling."""
        if not self.tempting.size:
            return []
        either = np.arange(self.either.start, self.either.stop)
        buys = np.arange(self.buys.start, self.buys.stop)
        battery, rows = self.battery, []

        def tie(name: str, binary: np.ndarray, most: Any, when_on: bool) -> None:
            steps = self.until if binary is either else self.tempting
            count, at = steps.size, np.arange(steps.size)
            most = np.broadcast_to(most, self.steps)[steps]
            entries = [
                (at, self._columns(name)[steps], 1.0),
                (at, binary, -most if when_on else most),
            ]
            limit = np.zeros(count) if when_on else most
            rows.append((self._matrix(entries, count), -np.inf, limit))

        tie("c", either, battery.charge_kw, True)
        tie("d", either, battery.discharge_kw, False)
        tie("g", buys, self.problem.load_kw + battery.charge_kw, True)
        tie("x", buys, self._most_out_kw(), False)
        tie("u", buys, self._most_out_kw(), False)
        return rows

    def _peak(self) -> tuple[Any, Any, Any]:
        at = np.arange(self.steps)
        entries = [(at, self._columns("g"), 1.0), (at, self.peak, -1.0)]
        return self._matrix(entries, self.steps), -np.inf, np.zeros(self.steps)
