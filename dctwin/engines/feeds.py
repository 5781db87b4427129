"""The feeds of the racks at work: a tree of paths, some with sources of their own at their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.components.onsite.battery import BatteryFlows
from dctwin.design import BusSources, Facility, Feed
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import PathStep, carry


@dataclass(frozen=True)
class BusFlows:
    """A bus with sources: load_kw + charging = pv_kw + utility_kw + discharging."""

    bus_v: Array
    pv_kw: Array
    curtailed_kw: Array
    utility_kw: Array
    battery: BatteryFlows | None
    short_kw: Array  # of the load, beyond all limits; the utility's rectifiers carry it overloaded


@dataclass(frozen=True)
class FeedFlows:
    """A feed at work: its path draws draw_kw to hand load_kw (less other sources) to its bus."""

    feed: Feed
    load_kw: Array
    steps: list[PathStep]
    draw_kw: Array
    bus: BusFlows | None


def feed_flows(
    facility: Facility,
    rack_kw: Mapping[str, Array],
    pv_yield_frac: Mapping[str, Array],
    step_h: float,
    even: Any = 0.0,
) -> list[FeedFlows]:
    """All feeds of the racks, each before the one that it hangs from.

    rack_kw        what the racks of each feed draw; a feed may have none
    pv_yield_frac  yield of the PV on each feed's bus; none there: no sun
    even           zeros, one a step; without them it is one moment, and batteries rest
    """
    loads: dict[str, Array] = {feed.name: rack_kw.get(feed.name, 0.0) for feed in facility.feeds}
    flows = []
    for feed in facility.feeds:
        load_kw = loads[feed.name]
        bus = None
        through_kw = load_kw
        if feed.sources is not None:
            bus = _bus_flows(feed.sources, load_kw, pv_yield_frac.get(feed.name, 0.0), step_h, even)
            through_kw = bus.utility_kw
        draw_kw, steps = carry(feed.path, through_kw)
        if feed.fed_from in loads:
            loads[feed.fed_from] = loads[feed.fed_from] + draw_kw
        flows.append(FeedFlows(feed, load_kw, steps, draw_kw, bus))
    return flows


def main_draw_kw(flows: list[FeedFlows]) -> Array:
    """What all feeds together draw where the shared path ends."""
    names = {flow.feed.name for flow in flows}
    return sum((flow.draw_kw for flow in flows if flow.feed.fed_from not in names), 0.0)


def _bus_flows(
    sources: BusSources, load_kw: Array, pv_yield_frac: Array, step_h: float, even: Any
) -> BusFlows:
    """Who gives what: the voltages decide, then the battery's energy, the utility the rest."""
    load_kw = load_kw + even
    xp = namespace(load_kw, pv_yield_frac)
    pv_rated_kw: Array = 0.0
    available_kw: Array = 0.0 * load_kw
    if sources.pv is not None:
        pv_rated_kw = sources.pv.component.rated_kw * sources.pv.count
        available_kw = (
            sources.pv.component.output_kw(pv_yield_frac) * sources.pv.count + 0.0 * load_kw
        )
    most_kw: Array = 0.0
    # One moment has no hours to chain: there the battery rests.
    hours = np.ndim(even) > 0
    if sources.battery is not None and hours:
        most_kw = sources.battery.component.discharge_kw * sources.battery.count
    shares = sources.bus.share(load_kw, pv_rated_kw, available_kw, most_kw)
    # What rounding of the bus voltage adds to a share is not given.
    pv_kw = xp.minimum(shares.power_kw[0], load_kw)
    wanted_kw = xp.minimum(shares.power_kw[2], load_kw - pv_kw)
    if sources.battery is None or not hours:
        return BusFlows(
            shares.bus_v, pv_kw, available_kw - pv_kw, load_kw - pv_kw, None, shares.short_kw
        )
    count = sources.battery.count
    one = sources.battery.component.steady(
        (available_kw - pv_kw) / count, wanted_kw / count, step_h
    )
    battery = BatteryFlows(
        one.charge_kw * count,
        one.discharge_kw * count,
        one.loss_kw * count,
        one.stored_kw * count,
        one.energy_kwh * count,
    )
    utility_kw = xp.maximum(load_kw - pv_kw - battery.discharge_kw, 0.0)
    return BusFlows(
        bus_v=shares.bus_v,
        pv_kw=pv_kw + battery.charge_kw,
        curtailed_kw=xp.maximum(available_kw - pv_kw - battery.charge_kw, 0.0),
        utility_kw=utility_kw,
        battery=battery,
        short_kw=xp.maximum(shares.short_kw + wanted_kw - battery.discharge_kw, 0.0),
    )
