"""The battery's best schedule over a horizon as a linear program, solved by HiGHS through scipy.

For each step: charge c, discharge d, draw from the grid g, flow to the grid x, curtailment u, load
shed s, energy in the cells e:

    load + c + x + u = own + d + g + s
    e = e before + step (stored - drawn)
    least  sum step (price g - export price x) + demand price max(g)

Losses in the cells' resistance bend `stored` and `drawn`. On the good side tangents bound them,
more of them where the schedule comes to lie; on the bad side the straight line of full power, which
a step reaches by working at full power for a part of it. So every point between is one that the
battery can do (`during_frac`), and losing energy on purpose costs what it costs.

Where a price is negative, or selling pays more than buying costs, it would pay to charge and
discharge, or to buy and sell, at once: in these steps yes-or-no variables choose. They are set in
windows around such steps, between energies and under a peak that the program without choices gives;
its value is the bound that the schedule is measured by.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.operate import Operation
from dctwin.errors import ComputationError

_LOG = logging.getLogger(__name__)
# Load that is shed costs more than any energy: this many times the highest price.
_SHED_OVER_PRICE = 1000.0
# First tangents at these shares of the power limit; more are added where the schedule lies.
_TANGENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROUNDS = 8
_ROUNDS_WHOLE = 2
# A value that another round moves by less is found.
_SETTLED = 1e-5
# Powers that differ by less than this share of the battery's power limit are the same.
_SAME_FRAC = 1e-6
# A window: steps with a choice and what lies this far around them. Windows that touch are one until
# they hold this many choices.
_AROUND_H = 24.0
_MOST_CHOICES = 48
# A window ends at this gap between its schedule and its bound, or after so many branches: a count,
# and not a time, so that no answer depends on the machine.
_GAP = 1e-5
# What energy left at the end counts, over the highest price: next to nothing.
_KEPT_FRAC = 1e-7
_WINDOW_NODES = 500


@dataclass(frozen=True)
class Problem:
    """One design over one horizon: arrays of shape (steps,), and numbers."""

    load_kw: np.ndarray
    own_kw: np.ndarray
    price_per_kwh: np.ndarray
    export_price_per_kwh: np.ndarray
    demand_price_per_kw: float
    grid_kw: np.ndarray
    export_kw: np.ndarray
    ohmic_frac_per_kw: np.ndarray
    step_h: float
    start_kwh: float
    floor_kwh: np.ndarray
    peak_so_far_kw: float = 0.0

    def part(self, steps: slice, **values: Any) -> Problem:
        """Some steps of it, with other numbers."""
        series = {
            f.name: value[steps]
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), np.ndarray)
        }
        return replace(self, **{**series, **values})

    @property
    def shed_price_per_kwh(self) -> float:
        """What load that is shed counts: more than any energy costs."""
        prices = (self.price_per_kwh, self.export_price_per_kwh)
        return _SHED_OVER_PRICE * max(1.0, *(float(np.max(np.abs(p))) for p in prices))

    def value(self, done: Operation) -> float:
        """What the program makes least, of what was really done."""
        per_h = done.import_kw * self.price_per_kwh - done.export_kw * self.export_price_per_kwh
        per_h = per_h + done.shed_kw * self.shed_price_per_kwh
        peak_kw = max(self.peak_so_far_kw, float(np.max(done.import_kw)))
        return float(np.sum(per_h)) * self.step_h + self.demand_price_per_kw * peak_kw


@dataclass(frozen=True)
class Schedule:
    """What the program says: mean powers of shape (steps,), worked off in a share of each step, and
    a bound of the value."""

    charge_kw: np.ndarray
    discharge_kw: np.ndarray
    during_frac: np.ndarray
    bound: float


def solve(battery: Battery, problem: Problem) -> Schedule:
    """The schedule of the least value. Raises ComputationError where HiGHS finds none."""
    bends = _Bends()
    build, part, bound = _sharp(battery, problem, bends, whole=False)
    if build.undecided(part).any():
        windows = _windows(build)
        for number, window in enumerate(windows, start=1):
            _LOG.info("onsite.policy: window %d of %d with choices", number, len(windows))
            inner = problem
            if window != slice(0, build.steps):
                inner = _inner(problem, window, part)
            _, chosen, _ = _sharp(battery, inner, bends.part(window), whole=True)
            for name in chosen.keys() - {"peak"}:
                part[name][window] = chosen[name]
    return _schedule(build, part, bound)


def _sharp(
    battery: Battery, problem: Problem, bends: _Bends, whole: bool
) -> tuple[_Build, dict[str, np.ndarray], float]:
    """The program solved until its losses are those of the battery: variables, and the value."""
    build = _Build(battery, problem, bends, whole)
    part, value = build.solved()
    for _ in range(_ROUNDS_WHOLE if whole else _ROUNDS):
        if not bends.sharpened(build, part):
            break
        before = value
        build = _Build(battery, problem, bends, whole)
        part, value = build.solved()
        if abs(value - before) <= _SETTLED * abs(before):
            break
    return build, part, value


def _inner(problem: Problem, window: slice, part: dict[str, np.ndarray]) -> Problem:
    """A window between the energies of a schedule, whose peak costs no more."""
    start_kwh = problem.start_kwh if window.start == 0 else float(part["e"][window.start - 1])
    floor_kwh = problem.floor_kwh[window].copy()
    if window.stop < problem.load_kw.size:
        floor_kwh[-1] = part["e"][window.stop - 1]
    peak_kw = float(part["peak"][0])
    return problem.part(window, start_kwh=start_kwh, floor_kwh=floor_kwh, peak_so_far_kw=peak_kw)


def _windows(build: _Build) -> list[slice]:
    """Spans of steps around those with a choice, in order, not overlapping."""
    around = round(_AROUND_H / build.problem.step_h)
    found: list[list[int]] = []
    for step in build.tempting.tolist():
        first, last = max(step - around, 0), min(step + around + 1, build.steps)
        if found and first <= found[-1][1] and found[-1][2] < _MOST_CHOICES:
            found[-1][1], found[-1][2] = last, found[-1][2] + 1
        else:
            found.append([max(first, found[-1][1]) if found else first, last, 1])
    return [slice(first, last) for first, last, _ in found if first < last]


def _schedule(build: _Build, part: dict[str, np.ndarray], bound: float) -> Schedule:
    # Where energy left at the end is worth nothing, charging and discharging at once costs nothing;
    # the difference does the same at the bus and keeps more.
    battery, r = build.battery, build.problem.ohmic_frac_per_kw
    into_kw = part["c"] - part["d"]
    charges, power_kw = into_kw > 0, np.abs(into_kw)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The power at which as much is lost as the program says.
        got = part["in"] / (battery.charge_efficiency_frac * power_kw)
        gave = power_kw / (battery.discharge_efficiency_frac * part["out"])
        at_kw = (1.0 - np.where(charges, got, gave)) / r
        at_kw = np.minimum(at_kw, np.where(charges, build.most_in_kw, build.most_out_kw))
        during = power_kw / at_kw
    worth = np.minimum(part["c"], part["d"]) <= _least_kw(battery)
    worth &= np.isin(np.arange(build.steps), build.tempting) & (power_kw > _least_kw(battery))
    worth &= (during > 0) & (during < 1.0)
    if build.problem.demand_price_per_kw > 0:
        # Not where the part would buy what the rest of the step sells: it lifts the peak.
        need_kw = build.problem.load_kw - build.problem.own_kw
        against_kw = np.where(charges, -need_kw, need_kw)
        worth &= (against_kw <= 0) | (at_kw <= against_kw)
    return Schedule(
        np.maximum(into_kw, 0.0), np.maximum(-into_kw, 0.0), np.where(worth, during, 1.0), bound
    )


def _least_kw(battery: Battery) -> float:
    """Below this a power is nothing."""
    return float(_SAME_FRAC * max(battery.charge_kw, battery.discharge_kw))


@dataclass
class _Bends:
    """Powers at which tangents touch, a list of arrays of shape (steps,) for each way."""

    charge: list[np.ndarray] = field(default_factory=list)
    discharge: list[np.ndarray] = field(default_factory=list)

    def part(self, window: slice) -> _Bends:
        return _Bends([p[window] for p in self.charge], [p[window] for p in self.discharge])

    def sharpened(self, build: _Build, part: dict[str, np.ndarray]) -> bool:
        """Add tangents where the schedule lies; whether any step gained more than is real."""
        battery, r = build.battery, build.problem.ohmic_frac_per_kw
        over = part["in"] - battery.stored_kw(part["c"], r)
        under = battery.drawn_kw(part["d"], r) - part["out"]
        if max(over.max(), under.max()) <= _least_kw(battery):
            return False
        self.charge.append(part["c"])
        self.discharge.append(part["d"])
        return True


class _Build:
    """Variables, bounds and rows of the program; its choices whole, or shares of the step."""

    def __init__(self, battery: Battery, problem: Problem, bends: _Bends, whole: bool) -> None:
        self.battery, self.problem, self.bends = battery, problem, bends
        self.steps = steps = problem.load_kw.size
        # What the grid has left beside the load; the deficit and what may be fed in.
        need_kw = problem.load_kw - problem.own_kw
        self.most_in_kw = np.clip(problem.grid_kw - need_kw, 0.0, battery.charge_kw)
        outlet_kw = np.maximum(need_kw, 0.0) + problem.export_kw
        self.most_out_kw = np.minimum(outlet_kw, battery.discharge_kw)
        self.tempting = np.flatnonzero(self._tempting())
        names = ["c", "d", "g", "x", "u", "s", "e", "in", "out"]
        self.place = {name: slice(k * steps, (k + 1) * steps) for k, name in enumerate(names)}
        at = len(names) * steps
        self.place["peak"] = slice(at, at + 1)
        self.either = slice(at + 1, at + 1 + self.tempting.size)  # charges (1) or discharges
        self.buys = slice(self.either.stop, self.either.stop + self.tempting.size)  # or sells
        self.size = self.buys.stop
        # Where choices need not be whole they are shares of the step, which no policy can beat.
        self.whole = np.zeros(self.size, dtype=int)
        self.whole[self.either.start :] = whole
        self.cost = self._cost()
        self.low, self.high = self._bounds()
        self.rows = [self._bus(), self._energy(), *self._bends(), *self._choices()]
        if problem.demand_price_per_kw > 0:
            self.rows.append(self._peak())

    def solved(self) -> tuple[dict[str, np.ndarray], float]:
        """Variables by name, and the value."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        result = milp(
            self.cost,
            integrality=self.whole,
            bounds=Bounds(self.low, self.high),
            constraints=[LinearConstraint(matrix, low, high) for matrix, low, high in self.rows],
            options={
                "mip_rel_gap": _GAP,
                **({"node_limit": _WINDOW_NODES} if self.whole.any() else {}),
            },
        )
        if result.x is None:
            raise ComputationError(f"onsite.policy: no optimal schedule: {result.message}")
        part = {name: result.x[place] for name, place in self.place.items()}
        return part, float(result.fun)

    def undecided(self, part: dict[str, np.ndarray]) -> np.ndarray:
        """Where a schedule does both of what excludes each other."""
        both = np.minimum(part["c"], part["d"])[self.tempting]
        trade = np.minimum(part["g"], part["x"] + part["u"])[self.tempting]
        least_kw = _least_kw(self.battery)
        return (both > least_kw) | (trade > least_kw)

    def _tempting(self) -> np.ndarray:
        """Steps in which losing energy, or buying to sell, would pay."""
        price = self.problem.price_per_kwh
        sold = np.where(self.problem.export_kw > 0, self.problem.export_price_per_kwh, 0.0)
        return (price < 0) | (sold > price)

    def _cost(self) -> np.ndarray:
        problem, cost = self.problem, np.zeros(self.size)
        cost[self.place["g"]] = problem.price_per_kwh * problem.step_h
        cost[self.place["x"]] = -problem.export_price_per_kwh * problem.step_h
        cost[self.place["s"]] = problem.shed_price_per_kwh * problem.step_h
        cost[self.place["peak"]] = problem.demand_price_per_kw
        # Of schedules that cost the same the one that keeps most energy.
        most = problem.shed_price_per_kwh / _SHED_OVER_PRICE
        cost[self.place["e"].stop - 1] -= _KEPT_FRAC * most
        return cost

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        problem, battery = self.problem, self.battery
        low, high = np.zeros(self.size), np.full(self.size, np.inf)
        high[self.place["c"]] = self.most_in_kw
        high[self.place["d"]] = self.most_out_kw
        high[self.place["g"]] = np.minimum(problem.grid_kw, problem.load_kw + battery.charge_kw)
        high[self.place["x"]] = np.minimum(problem.export_kw, problem.own_kw + self.most_out_kw)
        high[self.place["u"]] = problem.own_kw
        low[self.place["e"]] = problem.floor_kwh
        high[self.place["e"]] = battery.capacity_kwh
        high[self.either.start :] = 1
        low[self.place["peak"]] = problem.peak_so_far_kw
        return low, high

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
        """stored <= its tangents over c, drawn >= its tangents over d; where losing pays not beyond
        the line of full power."""
        battery, r = self.battery, self.problem.ohmic_frac_per_kw
        c, d, tempting = self.most_in_kw, self.most_out_kw, self.tempting
        shares = _TANGENTS if np.any(r > 0) else _TANGENTS[:1]
        rows = []
        for p in [*(share * c for share in shares), *self.bends.charge]:
            slope = battery.charge_efficiency_frac * (1.0 - 2.0 * r * p)
            rows.append(self._line("in", "c", slope, -np.inf, battery.stored_kw(p, r) - slope * p))
        for p in [*(share * d for share in shares), *self.bends.discharge]:
            left = 1.0 - r * p
            slope = 1.0 / (battery.discharge_efficiency_frac * left * left)
            rows.append(self._line("out", "d", slope, battery.drawn_kw(p, r) - slope * p, np.inf))
        stored = battery.charge_efficiency_frac * (1.0 - r * c)
        drawn = 1.0 / (battery.discharge_efficiency_frac * (1.0 - r * d))
        rows.append(self._line("in", "c", stored, 0.0, np.inf, tempting))
        rows.append(self._line("out", "d", drawn, -np.inf, 0.0, tempting))
        return rows

    def _line(
        self, into: str, of: str, slope: Any, low: Any, high: Any, steps: Any = slice(None)
    ) -> tuple[Any, Any, Any]:
        """low <= into - slope x of <= high in some steps."""
        into_at, of_at = self._columns(into)[steps], self._columns(of)[steps]
        at, slope = np.arange(into_at.size), np.broadcast_to(slope, self.steps)[steps]
        entries = [(at, into_at, 1.0), (at, of_at, -slope)]
        return self._matrix(entries, at.size), low, high

    def _choices(self) -> list[tuple[Any, Any, Any]]:
        """Charge or discharge, buy or sell; curtailing counts as selling."""
        if not self.tempting.size:
            return []
        either = np.arange(self.either.start, self.either.stop)
        buys = np.arange(self.buys.start, self.buys.stop)
        problem, rows = self.problem, []

        def tie(name: str, binary: np.ndarray, most: np.ndarray, when_on: bool) -> None:
            at, most = np.arange(self.tempting.size), most[self.tempting]
            entries = [
                (at, self._columns(name)[self.tempting], 1.0),
                (at, binary, -most if when_on else most),
            ]
            limit = np.zeros(at.size) if when_on else most
            rows.append((self._matrix(entries, at.size), -np.inf, limit))

        need_kw = problem.load_kw - problem.own_kw
        tie("c", either, self.most_in_kw, True)
        tie("d", either, self.most_out_kw, False)
        tie("g", buys, np.maximum(need_kw + self.most_in_kw, 0.0), True)
        tie("x", buys, np.maximum(self.most_out_kw - need_kw, 0.0), False)
        tie("u", buys, problem.own_kw, False)
        return rows

    def _peak(self) -> tuple[Any, Any, Any]:
        at = np.arange(self.steps)
        entries = [(at, self._columns("g"), 1.0), (at, self.place["peak"].start, -1.0)]
        return self._matrix(entries, self.steps), -np.inf, np.zeros(self.steps)
