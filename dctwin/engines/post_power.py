"""Power paths into the ledger: what each device passes on, and its loss where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dctwin.banks import PathStep, range_limits
from dctwin.components.component import Limit, ratio
from dctwin.components.onsite.battery import Battery, BatteryFlows
from dctwin.components.power.conductor import Conductor
from dctwin.design import Device
from dctwin.dispatch.hours import as_one
from dctwin.engines.bus import BusFlows, CellFlows
from dctwin.engines.feeds import FeedFlows
from dctwin.engines.year import Flag, Year
from dctwin.ledger import BATTERY_LOSS, GENSET
from dctwin.physics.arrays import Array, namespace


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


def post_feeds(year: Year, feeds: list[FeedFlows], air_c: Array) -> None:
    """Post the tree of the racks' feeds, up to where they leave `bus.main`.

    air_c   outdoor air, in which batteries on their buses age
    """
    for flows in feeds:
        feed = flows.feed
        end = f"bus.{feed.name}"
        post_path(year, feed.name, flows.steps, end, flows.load_kw)
        if flows.bus is not None:
            _post_bus(year, flows, flows.bus, end, air_c)
        source, first = f"bus.{feed.fed_from}", first_node(feed.name, flows.steps, end)
        year.ledger.post("electricity", source, first, flows.draw_kw)


def _post_bus(year: Year, flows: FeedFlows, bus: BusFlows, node: str, air_c: Array) -> None:
    """The other sources of a bus, and how the bus stands."""
    feed = flows.feed.name
    year.ledger.post("electricity", "sun", node, bus.pv_kw)
    sources = flows.feed.sources
    if bus.battery is not None and sources is not None and sources.battery is not None:
        post_battery(year, sources.battery, bus.battery, f"storage.{feed}", node, air_c)
    elif bus.auxiliary_kw is not None:
        post_auxiliary(year, f"storage.{feed}", node, bus.auxiliary_kw)
    if bus.cell is not None:
        _post_cell(year, bus.cell, f"{GENSET}{feed}.{bus.cell.name}", node)
    year.traces[f"{node}.curtailed_kw"] = bus.curtailed_kw
    if year.lean:
        return
    year.traces[f"{node}.bus_v"] = bus.bus_v
    year.flags.append(Flag(node, Limit("short_kw", bus.short_kw, "kW")))


def _post_cell(year: Year, cell: CellFlows, place: str, node: str) -> None:
    """A fuel cell on a bus, by the books an engine: its fuel stays outside the accounts."""
    ledger = year.ledger
    ledger.post("heat", f"fuel.{cell.unit.fuel}", place, cell.fuel_kw)
    ledger.post("electricity", place, node, cell.output_kw)
    ledger.post("heat", place, "ambient", cell.fuel_kw - cell.output_kw)
    if not year.lean:
        year.traces[f"{place}.output_kw"] = cell.output_kw
        each_kw = cell.output_kw / cell.units_count
        year.traces[f"{place}.load_frac"] = cell.unit.load_frac(each_kw)
        year.flags.extend(Flag(place, limit) for limit in cell.unit.limits(each_kw))


def post_battery(
    year: Year, device: Device, flows: BatteryFlows, node: str, bus: str, air_c: Array
) -> None:
    """A battery on a bus: flows, auxiliaries, energy, cycles, ageing and its limits.

    flows   of all units of the device
    """
    bank: Battery = as_one(device.component, device.count)
    ledger, step_h = year.ledger, year.ledger.step_h
    ledger.post("electricity", bus, node, flows.charge_kw)
    ledger.post("electricity", node, bus, flows.discharge_kw)
    ledger.post("heat", node, "ambient", flows.loss_kw, BATTERY_LOSS)
    ledger.store(node, flows.stored_kw)
    post_auxiliary(year, node, bus, bank.auxiliary_kw)
    xp = namespace(flows.stored_kw)
    given_kwh = xp.cumsum(xp.maximum(-flows.stored_kw, 0.0), axis=-1) * step_h
    year.traces[f"{node}.energy_kwh"] = flows.energy_kwh
    year.traces[f"{node}.cycles_count"] = given_kwh / bank.capacity_kwh
    left_frac = bank.capacity_left_frac(flows, air_c, step_h)
    year.traces[f"{node}.capacity_left_frac"] = left_frac
    if not year.lean:
        _watch_battery(year, device, bank, flows, node, air_c)
        for limit in bank.limits(flows, left_frac, air_c, step_h):
            year.flags.append(Flag(node, limit))


def _watch_battery(
    year: Year, device: Device, bank: Battery, flows: BatteryFlows, node: str, air_c: Array
) -> None:
    """Traces, and the range that its equipment file is valid in."""
    seen = {
        "charge_kw": flows.charge_kw,
        "discharge_kw": flows.discharge_kw,
        "c_rate_kw_per_kwh": bank.c_rate_kw_per_kwh(flows),
        "cell_c": bank.cell_c(air_c),
    }
    year.traces |= {f"{node}.{name}": value for name, value in seen.items()}
    # A band of the rate says what it may be at work: at rest it is nothing.
    for limit in range_limits(device, seen, flows.charge_kw + flows.discharge_kw > 0):
        year.flags.append(Flag(node, limit))


def post_auxiliary(year: Year, node: str, bus: str, auxiliary_kw: Array) -> None:
    """Control and thermal management of a battery, a load beside it."""
    beside = f"{node}-auxiliary"
    year.ledger.post("electricity", bus, beside, auxiliary_kw)
    year.ledger.post("heat", beside, "ambient", auxiliary_kw, "power.battery_auxiliary")


def watch_power(year: Year, node: str, step: PathStep, racks: Any = 1) -> None:
    """Load fraction of each unit, normal and with one path lost, and limits of a device at work.

    A supply inside racks stands in each of `racks`.
    """
    if year.lean:
        return
    device, output_kw = step.device, step.output_kw
    unit_kw = output_kw / step.on_count
    year.traces[f"{node}.load_frac"] = device.component.load_frac(unit_kw)
    if isinstance(device.component, Conductor):
        year.traces[f"{node}.end_v"] = device.component.end_v(unit_kw)
        year.feeders.append((node, device.component, unit_kw))
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
