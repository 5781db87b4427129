"""What a policy sees and what it answers: the hours at the facility bus, and a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dctwin.components.component import Component
from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.electrolyser import Electrolyser
from dctwin.components.onsite.fuel_cell import FuelCell
from dctwin.components.onsite.hydrogen_tank import HydrogenTank
from dctwin.errors import InputError
from dctwin.physics.arrays import Array, namespace

# A connection without a limit [kW].
_NO_LIMIT_KW = 1e15
# Of the rating of a unit: less than this is what rounding leaves.
_ROUNDING_FRAC = 1e-9


@dataclass(frozen=True)
class Hours:
    """The facility bus over time; powers of shape (…, hours), series (hours,) or numbers.

    load_kw           what the facility draws            own_kw     what own sources could give
    price_per_kwh     of energy from the grid; None where not given, like the three below
    export_price_per_kwh, demand_price_per_kw (of the run's highest draw), carbon_kg_per_kwh
    grid_available    share of each step; None: always   connection_kw  limit both ways; None: none
    export            surplus may flow to the grid, not where its price is negative
    air_c             outdoor air
    export_limit_kw   most that may be fed in; None: what the connection carries
    """

    load_kw: Array
    own_kw: Array
    step_h: float
    air_c: Array = 25.0
    price_per_kwh: Any = None
    export_price_per_kwh: Any = None
    demand_price_per_kw: Any = None
    carbon_kg_per_kwh: Any = None
    grid_available: Any = None
    connection_kw: Any = None
    export: bool = True
    export_limit_kw: Any = None

    @property
    def surplus_kw(self) -> Array:
        """Own generation over the load."""
        return namespace(self.load_kw, self.own_kw).maximum(self.own_kw - self.load_kw, 0.0)

    @property
    def deficit_kw(self) -> Array:
        """Load over own generation."""
        return namespace(self.load_kw, self.own_kw).maximum(self.load_kw - self.own_kw, 0.0)

    @property
    def grid_kw(self) -> Array:
        """What the connection carries, either way."""
        limit_kw = _NO_LIMIT_KW if self.connection_kw is None else self.connection_kw
        return limit_kw if self.grid_available is None else limit_kw * self.grid_available

    @property
    def export_kw(self) -> Array:
        """What may flow to the grid: nothing at a loss, as own sources can be curtailed."""
        if not self.export:
            return 0.0 * self.grid_kw
        most_kw, price = self.grid_kw, self.export_price_per_kwh
        xp = namespace(most_kw, self.export_limit_kw, price)
        if self.export_limit_kw is not None:
            most_kw = xp.minimum(most_kw, self.export_limit_kw)
        return most_kw if price is None else xp.where(price < 0, 0.0, most_kw)

    def series(self, name: str, policy: str) -> Array:
        """A series that a policy needs. Raises InputError where the site does not give it."""
        value = getattr(self, name)
        if value is None:
            what = {
                "price_per_kwh": "an energy price: give the site a tariff or a price file",
                "carbon_kg_per_kwh": "the grid's carbon intensity: give the site a grid",
            }[name]
            raise InputError(f"onsite.policy: {policy!r} needs {what}")
        return value


@dataclass(frozen=True)
class Stores:
    """The stores of a facility. A battery and a tank are banks as one; cells count by the unit."""

    battery: Battery | None = None
    electrolyser: Electrolyser | None = None
    electrolysers_count: Array = 1
    tank: HydrogenTank | None = None
    fuel_cell: FuelCell | None = None
    fuel_cells_count: Array = 1

    @property
    def charge_kw(self) -> Array:
        """The most they take together."""
        battery_kw = 0.0 if self.battery is None else self.battery.charge_kw
        if self.electrolyser is None:
            return battery_kw
        return battery_kw + self.electrolyser.rated_kw * self.electrolysers_count

    @property
    def discharge_kw(self) -> Array:
        """The most they give together."""
        battery_kw = 0.0 if self.battery is None else self.battery.discharge_kw
        if self.fuel_cell is None:
            return battery_kw
        return battery_kw + self.fuel_cell.rated_kw * self.fuel_cells_count

    @property
    def round_trip_frac(self) -> Array:
        """Energy out over energy in of the store that is used first, at full power."""
        if self.battery is not None:
            return self.battery.full_round_trip_frac
        if self.electrolyser is None or self.fuel_cell is None:
            return 1.0
        made = self.electrolyser.hydrogen_kwh_per_kwh
        return made * self.fuel_cell.efficiency_points[-1]


@dataclass(frozen=True)
class Request:
    """What the stores should do at the bus, never both in one step; they do what they can.

    during_frac: in a share of the step from its start; None: in all of it.
    gap_frac: of a plan, how much its value may lie above the least one, over that; one a design.
    """

    charge_kw: Array
    discharge_kw: Array
    during_frac: Array | None = None
    gap_frac: Array | None = None


def as_one(component: Any, count: Array) -> Any:
    """A bank of equal units as one large one."""
    assert isinstance(component, Component)
    grown = {name: getattr(component, name) * count for name in component.extensive}
    return component.with_values(**grown)


def running(
    power_kw: Array, rated_kw: Array, min_load_frac: Array, count: Array
) -> tuple[Array, Array]:
    """(power that runs, units that share it); none where one unit would run below its least.

    What rounding leaves of a load starts no unit.
    """
    xp = namespace(power_kw, rated_kw, count)
    power_kw = xp.minimum(power_kw, rated_kw * count)
    units = xp.clip(xp.ceil(power_kw / rated_kw - _ROUNDING_FRAC), 1.0, count)
    least_kw = xp.maximum(min_load_frac * units, _ROUNDING_FRAC) * rated_kw
    return xp.where(power_kw < least_kw, 0.0, power_kw), units


def honour_grid(request: Request, hours: Hours) -> Request:
    """The request within what the connection carries: it never charges from a grid that is not
    there, and covers what the grid cannot bring."""
    limits = (hours.grid_available, hours.connection_kw, hours.export_limit_kw)
    if hours.export and all(x is None for x in (*limits, hours.export_price_per_kwh)):
        return request
    xp = namespace(request.charge_kw, hours.load_kw, hours.own_kw, hours.grid_kw)
    deficit_kw = hours.deficit_kw
    beyond_kw = deficit_kw - hours.grid_kw
    room_kw = hours.surplus_kw + xp.maximum(-beyond_kw, 0.0)
    needed_kw = xp.maximum(beyond_kw, 0.0)
    charge_kw = xp.where(needed_kw > 0, 0.0, xp.minimum(request.charge_kw, room_kw))
    # Own surplus has the first call on what may be exported.
    sold_kw = xp.maximum(hours.export_kw - hours.surplus_kw, 0.0)
    discharge_kw = xp.minimum(request.discharge_kw, deficit_kw + sold_kw)
    discharge_kw = xp.where(charge_kw > 0, 0.0, xp.maximum(discharge_kw, needed_kw))
    return Request(charge_kw, discharge_kw)
