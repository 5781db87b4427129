"""Power paths into the ledger: what each device passes on, and its loss where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dctwin.components.component import Limit, ratio
from dctwin.engines.feeds import FeedFlows
from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array, namespace
from dctwin.plant import PathStep


def first_node(path: str, steps: list[PathStep], end: str) -> str:
    """The ledger's name of the place where a path begins."""
    return f"power.{path}.{steps[0].device.name}" if steps else end


def post_path(
    year: Year,
    path: str,
    steps: list[PathStep],
    end: str,
    load_kw: Array,
    taken_frac: Mapping[str, Array] | None = None,
) -> Array:
    """Post a path from its first device to `end`; the flow into the first one is the caller's.

    taken_frac  share of its losses that each loop took; without it all of them
    """
    for index, step in enumerate(steps):
        node = f"power.{path}.{step.device.name}"
        follower = steps[index + 1].device.name if index + 1 < len(steps) else None
        target = f"power.{path}.{follower}" if follower else end
        year.ledger.post("electricity", node, target, step.output_kw)
        _post_loss(year, node, step, taken_frac)
        watch_power(year, node, step)
    return steps[0].input_kw if steps else load_kw


def _post_loss(
    year: Year, node: str, step: PathStep, taken_frac: Mapping[str, Array] | None
) -> None:
    """Post the loss of a device where it stands; what its loop could not take goes outdoors."""
    account, loop = step.device.component.account, step.device.heat_to
    if not loop:
        year.ledger.post("heat", node, "ambient", step.loss_kw, account)
        return
    taken_kw = step.loss_kw if taken_frac is None else step.loss_kw * taken_frac[loop]
    year.ledger.post("heat", node, f"loop.{loop}", taken_kw, account)
    if taken_frac is not None:
        xp = namespace(taken_kw)
        rest_kw = xp.maximum(step.loss_kw - taken_kw, 0.0)
        year.ledger.post("heat", node, "ambient", rest_kw, account)
        if year.lean:
            return
        beyond = xp.where(rest_kw > 1e-6 * step.loss_kw, rest_kw, 0.0)
        year.flags.append(Flag(node, Limit("loss_outdoors_kw", beyond, "kW")))


def post_feeds(year: Year, feeds: list[FeedFlows]) -> None:
    """Post the tree of the racks' feeds, up to where they leave `bus.main`."""
    for flows in feeds:
        feed = flows.feed
        end = f"bus.{feed.name}"
        post_path(year, feed.name, flows.steps, end, flows.load_kw)
        if flows.bus is not None:
            _post_bus(year, flows, end)
        source, first = f"bus.{feed.fed_from}", first_node(feed.name, flows.steps, end)
        year.ledger.post("electricity", source, first, flows.draw_kw)


def _post_bus(year: Year, flows: FeedFlows, node: str) -> None:
    """The other sources of a bus: sun and battery, and how the bus stands."""
    bus, ledger, store = flows.bus, year.ledger, f"storage.{flows.feed.name}"
    assert bus is not None
    ledger.post("electricity", "sun", node, bus.pv_kw)
    if bus.battery is not None:
        ledger.post("electricity", node, store, bus.battery.charge_kw)
        ledger.post("electricity", store, node, bus.battery.discharge_kw)
        ledger.post("heat", store, "ambient", bus.battery.loss_kw, "power.battery_loss")
        ledger.store(store, bus.battery.stored_kw)
    year.traces[f"{node}.curtailed_kw"] = bus.curtailed_kw
    if year.lean:
        return
    if bus.battery is not None:
        year.traces[f"{store}.energy_kwh"] = bus.battery.energy_kwh
    year.traces[f"{node}.bus_v"] = bus.bus_v
    year.flags.append(Flag(node, Limit("short_kw", bus.short_kw, "kW")))


def watch_power(year: Year, node: str, step: PathStep, racks: Any = 1) -> None:
    """Load fraction of each unit, normal and with one path lost, and limits of a device at work.

    A supply inside racks stands in each of `racks`.
    """
    if year.lean:
        return
    device, output_kw = step.device, step.output_kw
    unit_kw = output_kw / step.on_count
    year.traces[f"{node}.load_frac"] = device.component.load_frac(unit_kw)
    if device.sharing == "staged":
        year.traces[f"{node}.on_count"] = step.on_count
    for limit in device.component.limits(unit_kw):
        year.flags.append(Flag(node, limit))
    if device.survivors_count is not None:
        lost = device.component.load_frac(output_kw / (device.survivors_count * racks))
        year.traces[f"{node}.path_lost_load_frac"] = lost
        over = namespace(lost).maximum(lost - 1.0, 0.0)
        year.flags.append(Flag(node, Limit("path_lost_load_frac", over, "-")))


def taken_fracs(steps: list[PathStep], path_kw: Mapping[str, Array]) -> dict[str, Array]:
    """Share of the losses of these devices that each loop took."""
    lost: dict[str, Array] = {}
    for step in steps:
        name = step.device.heat_to
        if name:
            lost[name] = lost.get(name, 0.0) + step.loss_kw
    return {name: ratio(path_kw.get(name, 0.0), kw) for name, kw in lost.items()}
