"""The feeds of the racks at work: a tree of paths, some with sources of their own at their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dctwin.banks import PathStep, carry
from dctwin.design import Facility, Feed
from dctwin.engines.bus import BusFlows, bus_flows
from dctwin.physics.arrays import Array

if TYPE_CHECKING:
    from dctwin.engines.flows import Boundary


@dataclass(frozen=True)
class FeedFlows:
    """A feed at work: its path draws draw_kw to hand load_kw (less other sources) to its bus."""

    feed: Feed
    load_kw: Array
    steps: list[PathStep]
    draw_kw: Array
    bus: BusFlows | None


def feed_flows(
    facility: Facility, rack_kw: Mapping[str, Array], boundary: Boundary | None = None
) -> list[FeedFlows]:
    """All feeds of the racks, each before the one that it hangs from.

    rack_kw   what the racks of each feed draw; a feed may have none
    boundary  what surrounds them; without it the paths alone, no sources on their buses
    """
    loads: dict[str, Array] = {feed.name: rack_kw.get(feed.name, 0.0) for feed in facility.feeds}
    flows = []
    for feed in facility.feeds:
        load_kw = loads[feed.name]
        bus = None
        through_kw = load_kw
        if feed.sources is not None and boundary is not None:
            sun = boundary.feed_pv_yield_frac.get(feed.name, 0.0)
            bus = bus_flows(feed.sources, load_kw, sun, boundary)
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
