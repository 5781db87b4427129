"""What the engines hand each other: surroundings, a state of the plant, its heat flows there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dctwin.banks import PathStep
from dctwin.components.component import Air, Place, altitude_density_frac
from dctwin.components.cooling.pump import PumpPower
from dctwin.components.cooling.room_air import RoomAir
from dctwin.components.it.rack import RackPower
from dctwin.design import Circuit, RackGroup
from dctwin.engines.feeds import FeedFlows
from dctwin.physics.arrays import Array, steady
from dctwin.plant import Served

# Temperature at which the racks of an air loop draw in: a place of its own beside the loop's supply
# among the temperatures that are settled (a loop's name has no dot).
INLET = ".inlet"


@dataclass(frozen=True)
class Boundary:
    """What surrounds the facility, one value a step: arrays of shape (hours,) or numbers.

    Prices and carbon are those of grid energy as billed (accounting.cost.grid_prices); None where
    the site does not give them, and a policy that needs one says so.
    grid_available: share of each step in which the grid is there; None: always.
    """

    air: Air
    local_hour: Any  # whole hours 0-23, local standard time
    step_h: float
    # output over rating of each on-site source (design.source_key), at the bus
    onsite_frac: Mapping[str, Array] = field(default_factory=dict)
    feed_pv_yield_frac: Mapping[str, Array] = field(default_factory=dict)  # on the buses of feeds
    price_per_kwh: Any = None
    export_price_per_kwh: Any = None
    demand_price_per_kw: Any = None
    carbon_kg_per_kwh: Any = None
    grid_available: Any = None
    feeds_live: Any = None  # share of each step (bus.feeds_live); None: always
    import_limit_kw: float = math.inf  # of the grid connection
    export_limit_kw: float | None = None
    place: Place = field(default_factory=Place)
    makeup_kg_per_m3: Mapping[str, float] = field(default_factory=dict)  # what the water contains

    @cached_property
    def altitude_density_frac(self) -> Array:
        """Density of the air over that at sea level; one number where the pressure stays, so that
        what hangs on it keeps its shape."""
        return steady(altitude_density_frac(self.air))

    def here(self) -> Place:
        """What the site offers besides air, with this clock."""
        return replace(self.place, local_hour=self.local_hour, step_h=self.step_h)


@dataclass(frozen=True)
class Point:
    """A state of the plant at which heat flows are evaluated.

    supply   supply temperature of each loop, and the inlet of the racks of each air loop (INLET)
    path_kw  losses of the mechanical and the shared path that warm each loop
    units    units on of the staged banks of each loop, where they are held already
    """

    supply: Mapping[str, Array]
    path_kw: Mapping[str, Array] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)


@dataclass(frozen=True)
class RackFlows:
    """A group of racks at work: powers [kW] of all its racks together.

    inlet_c: air drawn in; throttled_frac: share of the asked compute power that limits withhold;
    coolant_c, case_c, coolant_frac: coolant at the plates, cases, coolant flow over rated, None
    without a liquid loop;
    water_c: water that the liquid class speaks of, None without one.
    """

    group: RackGroup
    power: RackPower
    supply: list[PathStep]
    draw_kw: Array
    inlet_c: Array
    throttled_frac: Array
    coolant_c: Array | None
    case_c: Array | None
    coolant_frac: Array | None
    water_c: Array | None


@dataclass(frozen=True)
class LoopFlows:
    """A loop at work: heat_kw = source_kw + shaft power of its pump.

    source_kw includes what ventilation brings, less what it takes out. cold_kw is the heat of the
    loops that its stages make cold for.
    """

    circuit: Circuit
    source_kw: Array
    pump: PumpPower | None
    heat_kw: Array
    flow_kw_per_k: Array
    flow_m3_s: Array
    served: Served | None
    pumps_count: Array | None = None
    room: RoomAir | None = None
    cold_kw: Mapping[str, Array] = field(default_factory=dict)

    @property
    def units(self) -> dict[str, Array]:
        """Units on of the staged banks of this loop, by name."""
        staged = dict(self.served.units) if self.served is not None else {}
        if self.pumps_count is not None and self.circuit.pump is not None:
            staged[self.circuit.pump.name] = self.pumps_count
        return staged


@dataclass(frozen=True)
class HeatFlows:
    """Heat on its way at a point: racks, their feeds, loops, and what racks and paths give each."""

    point: Point
    racks: list[RackFlows]
    feeds: list[FeedFlows]
    loops: dict[str, LoopFlows]
    given_kw: Mapping[str, Array]
