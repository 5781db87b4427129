"""A direct-current bus with sources at work, hour after hour.

Its voltages decide who gives (components/power/dc_bus); then what the machines can: the rectifiers
only with a grid behind them, a fuel cell from its least load up, a battery while it has charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.components.component import ratio
from dctwin.components.onsite.battery import Battery, BatteryFlows
from dctwin.components.onsite.fuel_cell import FuelCell
from dctwin.design import BusSources, Facility
from dctwin.dispatch.hours import Hours, as_one, running
from dctwin.physics.arrays import Array, namespace

if TYPE_CHECKING:
    from dctwin.engines.flows import Boundary

# A share of the load below which what a source gives is the rounding of the bus voltage.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class CellFlows:
    """A bank of fuel cells at work: what does not become electricity of its fuel is heat."""

    unit: FuelCell
    name: str
    output_kw: Array
    units_count: Array
    fuel_kw: Array


@dataclass(frozen=True)
class BusFlows:
    """load + auxiliary + charging = pv_kw + utility_kw + output of the cell + discharging."""

    bus_v: Array
    pv_kw: Array
    curtailed_kw: Array
    utility_kw: Array
    auxiliary_kw: Array | None  # of the battery, where there is one
    battery: BatteryFlows | None
    cell: CellFlows | None
    short_kw: Array  # beyond all limits; the utility's rectifiers carry it overloaded


@dataclass(frozen=True)
class _Asked:
    """What the voltages ask for at one state of the grid, the battery as if it had charge.

    spare_kw   what each of SOURCES could give beyond the load, were there no battery
    limit_kw   what each could give, a fuel cell below its least load nothing
    """

    wanted_kw: Array  # of the battery
    utility_kw: Array  # were there no battery
    bus_v: Array
    spare_kw: list[Array]
    limit_kw: list[Array]


def bus_flows(
    sources: BusSources, load_kw: Array, pv_yield_frac: Array, boundary: Boundary
) -> BusFlows:
    """Who gives what to this load in each step.

    A step that the grid leaves, or in which the battery runs empty or full, has the mean of both
    states; what the battery does not give the other sources share anew. At one moment it rests:
    hours chain through it.
    """
    even = 0.0 * boundary.air.dry_bulb_c
    bank = auxiliary_kw = None
    load_kw = load_kw + even
    if sources.battery is not None:
        bank = as_one(sources.battery.component, sources.battery.count)
        auxiliary_kw = bank.auxiliary_kw
        load_kw = load_kw + auxiliary_kw
    if np.ndim(even) == 0:
        bank = None
    xp = namespace(load_kw, pv_yield_frac)
    rated, limit = _limits(sources, pv_yield_frac, bank)
    asked = _asked(sources, load_kw, rated, limit)
    live = boundary.feeds_live
    most_kw = rated[1]
    if live is not None:
        most_kw = rated[1] * live
        dark = _asked(sources, load_kw, rated, [limit[0], 0.0, *limit[2:]])
        asked = _mean(live, asked, dark)
    battery, net_kw, share, taken_kw = None, load_kw, 0.0, 0.0 * load_kw
    if bank is not None:
        battery = _run_battery(sources, bank, asked, boundary)
        taken_kw = battery.charge_kw
        net_kw = xp.maximum(load_kw + battery.charge_kw - battery.discharge_kw, 0.0)
        share = ratio(battery.discharge_kw, asked.wanted_kw)
    # The rectifiers give while they have a grid, and nothing of what was asked without it.
    utility_kw = xp.minimum(asked.utility_kw + taken_kw, most_kw)
    pv_limit_kw, _, cell_limit_kw, _ = asked.limit_kw
    rest = sources.bus.share(net_kw, rated, (pv_limit_kw, utility_kw, cell_limit_kw, 0.0))
    # What rounding of the bus voltage adds to a share is not given.
    pv_kw = xp.minimum(rest.power_kw[0], net_kw)
    cell = None
    cell_kw: Array = 0.0
    if sources.fuel_cell is not None:
        cell = _cell(sources, xp.minimum(rest.power_kw[2], net_kw - pv_kw))
        cell_kw = cell.output_kw
    return BusFlows(
        bus_v=share * asked.bus_v + (1.0 - share) * rest.bus_v,
        pv_kw=pv_kw,
        curtailed_kw=xp.maximum(pv_limit_kw - pv_kw, 0.0),
        utility_kw=net_kw - pv_kw - cell_kw,
        auxiliary_kw=auxiliary_kw,
        battery=battery,
        cell=cell,
        short_kw=rest.short_kw,
    )


def _asked(sources: BusSources, load_kw: Array, rated: list[Array], limit: list[Array]) -> _Asked:
    xp = namespace(load_kw, *limit)
    shares = sources.bus.share(load_kw, rated, limit)
    if sources.fuel_cell is not None:
        runs_kw, _ = _running(sources, shares.power_kw[2])
        limit = [*limit[:2], xp.where(runs_kw > 0, limit[2], 0.0), limit[3]]
        shares = sources.bus.share(load_kw, rated, limit)
    wanted_kw = xp.minimum(shares.power_kw[3], load_kw)
    others = [*limit[:3], 0.0]
    without = shares if sources.battery is None else sources.bus.share(load_kw, rated, others)
    return _Asked(
        xp.where(wanted_kw > _ROUNDING * load_kw, wanted_kw, 0.0),
        without.power_kw[1],
        shares.bus_v,
        [xp.maximum(m - p, 0.0) for m, p in zip(others, without.power_kw, strict=True)],
        others,
    )


def _mean(live: Array, lit: _Asked, dark: _Asked) -> _Asked:
    """The mean of a step with a grid in a share of it."""

    def of(one: Array, other: Array) -> Array:
        return live * one + (1.0 - live) * other

    return _Asked(
        of(lit.wanted_kw, dark.wanted_kw),
        of(lit.utility_kw, dark.utility_kw),
        of(lit.bus_v, dark.bus_v),
        [of(*pair) for pair in zip(lit.spare_kw, dark.spare_kw, strict=True)],
        [of(*pair) for pair in zip(lit.limit_kw, dark.limit_kw, strict=True)],
    )


def feeds_live(facility: Facility, boundary: Boundary) -> Any:
    """Share of each step in which the rectifiers of buses with sources have a grid behind them.

    None: always. Engines, battery or fuel cell at the facility bus take its place in an outage;
    what they cannot carry is shed there. At one moment there are no outages.
    """
    alone = all(feed.sources is None for feed in facility.feeds)
    if alone or facility.onsite.bridges_outages() or np.ndim(boundary.air.dry_bulb_c) == 0:
        return None
    hours = Hours(
        load_kw=0.0 * boundary.air.dry_bulb_c,
        own_kw=0.0,
        step_h=boundary.step_h,
        grid_available=boundary.grid_available,
    )
    return facility.onsite.policy.seen(hours).grid_available


def _limits(
    sources: BusSources, pv_yield_frac: Array, bank: Battery | None
) -> tuple[list[Array], list[Array]]:
    """Rating of SOURCES and what each can give now, the utility with a grid behind it."""
    rated: list[Array] = [0.0] * 4
    limit: list[Array] = [0.0] * 4
    if sources.pv is not None:
        pv, count = sources.pv.component, sources.pv.count
        rated[0] = pv.rated_kw * count
        limit[0] = pv.output_kw(pv_yield_frac) * count
    rated[1] = limit[1] = sources.bus.utility_limit_kw
    if sources.fuel_cell is not None:
        rated[2] = limit[2] = sources.fuel_cell.component.rated_kw * sources.fuel_cell.count
    if bank is not None:
        rated[3] = limit[3] = bank.discharge_kw
    return rated, limit


def _run_battery(
    sources: BusSources, bank: Battery, asked: _Asked, boundary: Boundary
) -> BatteryFlows:
    """The battery: gives what its voltage asks of it, is charged by what stands above it."""
    wanted_kw, live = asked.wanted_kw, boundary.feeds_live
    xp = namespace(wanted_kw)
    offer_kw: Array = 0.0
    for above, spare in zip(sources.bus.charges(), asked.spare_kw, strict=True):
        offer_kw = offer_kw + spare * above
    return bank.steady(
        xp.where(wanted_kw > 0, 0.0, offer_kw),
        wanted_kw,
        boundary.step_h,
        boundary.air.dry_bulb_c,
        # Its reserve is there for a step that the grid leaves at any time.
        None if live is None else xp.where(live < 1.0, 0.0, 1.0),
        sum(asked.spare_kw, 0.0),
    )


def _running(sources: BusSources, output_kw: Array) -> tuple[Array, Array]:
    """(power that the cells give, units that share it); none below the least load of one."""
    assert sources.fuel_cell is not None
    unit = sources.fuel_cell.component
    return running(output_kw, unit.rated_kw, unit.min_load_frac, sources.fuel_cell.count)


def _cell(sources: BusSources, output_kw: Array) -> CellFlows:
    assert sources.fuel_cell is not None
    unit: FuelCell = sources.fuel_cell.component
    _, units = _running(sources, output_kw)
    fuel_kw = units * unit.fuel_kw(output_kw / units)
    return CellFlows(unit, sources.fuel_cell.name, output_kw, units, fuel_kw)
