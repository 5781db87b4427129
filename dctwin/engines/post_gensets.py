"""Engine generators into the ledger: fuel, electricity, heat for a network, and their start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dctwin.components.component import Limit
from dctwin.components.onsite.battery import BatteryFlows
from dctwin.components.onsite.genset import DIESEL_KWH_PER_L, GAS_KWH_PER_M3, Genset
from dctwin.components.power.ride_through import RideThrough
from dctwin.design import Facility
from dctwin.dispatch.gensets import BankFlows
from dctwin.engines.year import Flag, Year
from dctwin.errors import InputError
from dctwin.physics.arrays import Array, known, namespace
from dctwin.physics.seasons import over_year
from dctwin.units import SECONDS_PER_HOUR

_BUS = "bus.facility"


def post_gensets(year: Year, engines: Sequence[BankFlows], wanted_kw: Array) -> Array:
    """Post all banks; the heat network takes hot water of one after the other.

    Returns what the network still wants. The ledger's carrier of fuel is heat: of combustion.
    """
    ledger = year.ledger
    for flows in engines:
        unit, node = flows.bank.unit, ledger_place(flows)
        fuel_kw, usable_kw = flows.fuel_kw, flows.usable_kw
        reused_kw = namespace(usable_kw, wanted_kw).minimum(usable_kw, wanted_kw)
        wanted_kw = wanted_kw - reused_kw
        ledger.post("heat", f"fuel.{unit.fuel}", node, fuel_kw)
        ledger.post("electricity", node, _BUS, flows.output_kw)
        ledger.post("heat", node, "reuse", reused_kw)
        ledger.post("heat", node, "ambient", fuel_kw - flows.output_kw - reused_kw)
        # The heater stands beside the set: it is electricity of the facility, the fuel is not.
        heater = f"heater.{flows.bank.name}"
        ledger.post("electricity", _BUS, heater, flows.heater_kw)
        ledger.post("heat", heater, "ambient", flows.heater_kw, "power.genset_heater")
        if not year.lean:
            _watch_bank(year, node, flows)
    return wanted_kw


def _watch_bank(year: Year, node: str, flows: BankFlows) -> None:
    """Traces of a bank at work, and flags where a set leaves its range."""
    unit, each_kw = flows.bank.unit, flows.each_kw
    year.traces[f"{node}.output_kw"] = flows.output_kw
    year.traces[f"{node}.load_frac"] = unit.load_frac(each_kw)
    if unit.fuel == "diesel":
        year.traces[f"{node}.fuel_l_per_h"] = flows.fuel_kw / DIESEL_KWH_PER_L
    elif unit.fuel == "gas":
        year.traces[f"{node}.fuel_m3_per_h"] = flows.fuel_kw / GAS_KWH_PER_M3
    year.flags.extend(Flag(node, limit) for limit in unit.limits(each_kw))


def ledger_place(flows: BankFlows) -> str:
    """The ledger's name of a bank."""
    return f"genset.{flows.bank.name}"


def watch_starts(
    year: Year, facility: Facility, engines: Sequence[BankFlows], battery: BatteryFlows | None
) -> None:
    """Flag starts of standby sets that no store carries the load through.

    A step is longer than a start: within it the load hangs on ride-through devices of the power
    paths, or on the battery at the facility bus. Flagged is how much longer the set takes to be
    ready for its load than the weakest of the racks' stores lasts.
    """
    standby = [flows for flows in engines if flows.bank.mode == "standby"]
    if not standby or year.lean:
        return
    held_s = ride_through_s(year, facility)
    for flows in standby:
        unit = flows.bank.unit
        assert isinstance(unit, Genset)  # a standby set is an engine
        xp = namespace(flows.output_kw, held_s)
        running = xp.atleast_1d(flows.output_kw > 0)
        before = xp.concatenate([0 * running[..., :1], 1 * running[..., :-1]], axis=-1)
        load_frac = unit.load_frac(flows.each_kw)
        ramp_s = xp.maximum(load_frac - unit.first_step_frac, 0.0) / unit.ramp_frac_per_s
        ready_s = unit.start_s + ramp_s
        short_s = xp.maximum(ready_s - held_s, 0.0) * (running & (before == 0))
        if battery is not None:
            # What it holds at the end of the step before, or gives in this step before it is empty.
            needed_kwh = flows.each_kw * flows.units_count * ready_s / SECONDS_PER_HOUR
            had_kwh = battery.energy_kwh + xp.maximum(-battery.stored_kw, 0.0) * year.ledger.step_h
            short_s = short_s * (had_kwh < needed_kwh)
        year.flags.append(Flag(ledger_place(flows), Limit("ride_through_s", short_s, "s")))


def ride_through_s(year: Year, facility: Facility) -> Array:
    """How long the racks with the weakest store run on it; 0 where a group has none."""
    feeds = {feed.name: feed for feed in facility.feeds}
    held: Any = None
    for group in facility.racks:
        places = [(f"rack.{group.name}.{d.name}", d) for d in group.supply]
        name = group.feed
        while name in feeds:
            feed = feeds[name]
            places += [(f"power.{name}.{d.name}", d) for d in feed.path]
            name = feed.fed_from
        places += [(f"power.shared.{d.name}", d) for d in facility.shared_path]
        best: Any = 0.0
        for place, device in places:
            if isinstance(device.component, RideThrough):
                load_kw = year.traces[f"{place}.load_frac"] * device.component.rated_kw
                lasts_s = device.component.holds_s(load_kw)
                best = namespace(lasts_s, best).maximum(lasts_s, best)
        held = best if held is None else namespace(held, best).minimum(held, best)
    return 0.0 if held is None else held


def heat_wanted_kw(facility: Facility, year_frac: Any) -> Array:
    """What the heat network takes from engines and fuel cells at this time of the year."""
    plant = facility.onsite
    if any(np.ndim(share) for share in plant.heat_monthly_frac):
        raise InputError("onsite.heat_monthly_frac: designs of one batch must have the same")
    if all(known(share) and share == 1.0 for share in plant.heat_monthly_frac):
        return plant.heat_demand_kw
    return plant.heat_demand_kw * over_year(plant.heat_monthly_frac, year_frac)


def post_cell_heat(
    year: Year, node: str, loss_kw: Array, usable_kw: Array, wanted_kw: Array
) -> None:
    """Losses of the hydrogen path: what the network takes of the cell's heat, the rest outdoors."""
    reused_kw = namespace(usable_kw, wanted_kw).minimum(usable_kw, wanted_kw)
    year.ledger.post("heat", node, "reuse", reused_kw, "power.hydrogen_loss")
    year.ledger.post("heat", node, "ambient", loss_kw - reused_kw, "power.hydrogen_loss")
