"""Policies that need no plan: the request of each step is a closed form over the run.

None reads the state of a store, so a year is a few array operations and one scan.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dctwin.components.component import Component, param
from dctwin.dispatch.hours import Hours, Request, Stores
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.overlap import covered_frac

_WINDOW_H = 24
OutageStart = Annotated[float, Field(ge=0, le=8784)]


class Policy(Component):
    """What to do with the stores. Abstract."""

    kind: ClassVar[str] = "policy"

    def seen(self, hours: Hours) -> Hours:
        """The hours as they are under this policy (an island has no grid)."""
        return hours

    @abstractmethod
    def request(self, hours: Hours, stores: Stores) -> Request:
        """What the stores should do in each step; charge and discharge never both."""


class SelfConsumption(Policy):
    """Surplus of own sources charges, a deficit discharges."""

    name: Literal["self-consumption"] = "self-consumption"

    def request(self, hours: Hours, stores: Stores) -> Request:
        return Request(hours.surplus_kw, hours.deficit_kw)


class PeakShaving(Policy):
    """Discharges above a draw from the grid, charges up to it below."""

    name: Literal["peak-shaving"]
    target_kw: float = param("kW", 0, 10_000_000, "draw from the grid to stay below")

    def request(self, hours: Hours, stores: Stores) -> Request:
        net_kw = hours.load_kw - hours.own_kw
        xp = namespace(net_kw, self.target_kw)
        over_kw = net_kw - self.target_kw
        return Request(xp.maximum(-over_kw, 0.0), xp.maximum(over_kw, 0.0))


class Price(Policy):
    """Charges in the cheapest hours of each 24 h and covers deficits in the dearest, where the
    spread pays for the losses; surplus of own sources always charges. Whole hours give equal
    results at any step."""

    name: Literal["price"]
    charge_h: float = param("h", 0, 23, "hours of each 24 that may charge from the grid", 4.0)
    discharge_h: float = param("h", 0, 23, "hours of each 24 that may discharge", 4.0)
    sell: bool = Field(False, description="may discharge beyond the deficit, into the grid")

    def request(self, hours: Hours, stores: Stores) -> Request:
        return _by_spread(self, hours.series("price_per_kwh", self.name), hours, stores)


class Carbon(Policy):
    """As `price`, by the grid's carbon intensity."""

    name: Literal["carbon"]
    charge_h: float = param("h", 0, 23, "hours of each 24 that may charge from the grid", 4.0)
    discharge_h: float = param("h", 0, 23, "hours of each 24 that may discharge", 4.0)
    sell: bool = Field(False, description="may discharge beyond the deficit, into the grid")

    def request(self, hours: Hours, stores: Stores) -> Request:
        return _by_spread(self, hours.series("carbon_kg_per_kwh", self.name), hours, stores)


def _by_spread(policy: Price | Carbon, series: Array, hours: Hours, stores: Stores) -> Request:
    xp = namespace(series, hours.load_kw, hours.own_kw, policy.charge_h)
    steps = (hours.load_kw + 0.0 * hours.own_kw).shape[-1]
    cheap, dear = cheap_and_dear(
        series + xp.zeros(steps),
        hours.step_h,
        policy.charge_h,
        policy.discharge_h,
        stores.round_trip_frac,
    )
    charge_kw = hours.surplus_kw + xp.where(cheap, stores.charge_kw, 0.0)
    aim_kw = stores.discharge_kw if policy.sell else hours.deficit_kw
    return Request(charge_kw, xp.where(dear & (charge_kw <= 0), aim_kw, 0.0))


class Matching(Policy):
    """24/7 matching: own carbon-free sources and stores bring `match_frac` of the load in each
    hour. Below 1 the store lasts over more hours: own power beyond that share of the load charges,
    while the grid brings the rest of the load."""

    name: Literal["matching-247"]
    match_frac: float = param("-", 0, 1, "share of each hour's load to match", 1.0)

    def request(self, hours: Hours, stores: Stores) -> Request:
        xp = namespace(hours.load_kw, hours.own_kw, self.match_frac)
        short_kw = self.match_frac * hours.load_kw - hours.own_kw
        return Request(xp.maximum(-short_kw, 0.0), xp.maximum(short_kw, 0.0))


class Islanded(Policy):
    """Own sources and stores first, through outages or without any grid.

    The battery's `reserve_frac` is kept for outages and refilled from the grid after them. What
    nothing covers is shed, and told.
    """

    name: Literal["islanded"]
    grid_connected: bool = Field(True, description="there is a grid outside the outages")
    outage_start_h: tuple[OutageStart, ...] = Field(
        (), max_length=1000, description="outages: hours since the start of the run"
    )
    outage_h: float = param("h", 0, 8784, "length of each outage", 24.0)

    def seen(self, hours: Hours) -> Hours:
        xp = namespace(hours.load_kw, hours.own_kw)
        steps = (hours.load_kw + 0.0 * hours.own_kw).shape[-1]
        if not self.grid_connected:
            return replace(hours, grid_available=xp.zeros(steps))
        if not self.outage_start_h:
            return hours
        clock = namespace(*self.outage_start_h, self.outage_h)
        given_h = map(clock.asarray, self.outage_start_h)
        starts_h = clock.sort(clock.stack(clock.broadcast_arrays(*given_h)), axis=0)
        # One that begins during the one before carries it on.
        last_h = starts_h[-1:] + self.outage_h
        nexts_h = clock.concatenate([starts_h[1:], last_h])
        ends_h = clock.minimum(starts_h + self.outage_h, nexts_h)
        there = 1.0 - covered_frac(starts_h, ends_h, steps, hours.step_h)
        if hours.grid_available is not None:
            there = xp.minimum(there, hours.grid_available)
        return replace(hours, grid_available=there)

    def request(self, hours: Hours, stores: Stores) -> Request:
        return Request(hours.surplus_kw, hours.deficit_kw)


def cheap_and_dear(
    series: Array, step_h: float, charge_h: Array, discharge_h: Array, round_trip_frac: Array
) -> tuple[Array, Array]:
    """Where to charge and where to discharge: the lowest and highest hours of each 24 h window
    since the start, as far as the spread pays for the losses (any sign of the series).

    An hour charges when round trip x (mean of the window's highest hours) exceeds it, and
    discharges when round trip x it exceeds the mean of the lowest. Of equal hours the first count.
    """
    xp = namespace(series, charge_h, discharge_h, round_trip_frac)
    steps = series.shape[-1]
    wide = round(_WINDOW_H / step_h)
    windows = -(-steps // wide)
    padding = windows * wide - steps
    table = xp.concatenate([series, xp.zeros(padding)]).reshape(windows, wide)
    real = (xp.arange(windows * wide) < steps).reshape(windows, wide)
    count = xp.sum(real, axis=-1, keepdims=True)
    order = xp.argsort(xp.where(real, table, xp.inf), axis=-1, stable=True)
    rank = xp.argsort(order, axis=-1, stable=True)
    from_top = count - 1 - rank

    def chosen(place: Array, length_h: Array) -> Array:
        # A window cut short by the end of the run has its share of hours.
        most = xp.asarray(length_h)[..., None] * (count / wide) / step_h
        return real & (place + 0.5 < most)

    low, high = chosen(rank, charge_h), chosen(from_top, discharge_h)
    both = low & high
    low, high = low & ~both, high & ~both
    mean_low, mean_high = _mean(table, low), _mean(table, high)
    trip = xp.asarray(round_trip_frac)[..., None]
    some = xp.any(low, axis=-1, keepdims=True) & xp.any(high, axis=-1, keepdims=True)
    low = low & some & (trip * mean_high > table)
    high = high & some & (trip * table > mean_low)

    def flat(mask: Array) -> Array:
        return mask.reshape(*mask.shape[:-2], windows * wide)[..., :steps]

    return flat(low), flat(high)


def _mean(table: Array, mask: Array) -> Array:
    xp = namespace(table, mask)
    total = xp.sum(xp.where(mask, table, 0.0), axis=-1, keepdims=True)
    return total / xp.maximum(xp.sum(mask, axis=-1, keepdims=True), 1)
