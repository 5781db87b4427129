"""Engine generators at the bus: base-load before the policy, standby after everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dctwin.components.component import ratio
from dctwin.components.onsite.generator import Generator
from dctwin.dispatch.hours import Hours, running
from dctwin.dispatch.spans import Spans
from dctwin.physics.arrays import Array, namespace

Mode = Literal["standby", "base-load"]


@dataclass(frozen=True)
class Bank:
    """Equal sets of one entry. load_frac: share of their rating, None: they follow the load."""

    name: str
    unit: Generator
    count: Array
    mode: Mode
    load_frac: Array | None = None


@dataclass(frozen=True)
class BankFlows:
    """A bank at work: `units_count` sets share the output; heaters keep those at rest warm.

    fuel_kw = output_kw + heat_kw, lower heating value; usable_kw of the heat is hot water.
    running_frac: share of the step in which they run.
    """

    bank: Bank
    output_kw: Array
    units_count: Array
    heater_kw: Array
    fuel_kw: Array
    usable_kw: Array
    running_frac: Array = 1.0

    @property
    def each_kw(self) -> Array:
        """What one set gives while it runs."""
        xp = namespace(self.output_kw, self.running_frac)
        runs_frac = xp.where(self.running_frac > 0, self.running_frac, 1.0)
        return self.output_kw / (self.units_count * runs_frac)

    def over(self, spans: Spans) -> BankFlows:
        """The parts of steps as whole steps."""
        xp = namespace(self.output_kw, self.units_count)
        runs = 1.0 * (self.output_kw > 0)
        running_frac, units = spans.mean(runs), spans.mean(runs * self.units_count)
        some = running_frac > 0
        return BankFlows(
            self.bank,
            spans.mean(self.output_kw),
            xp.where(some, units / xp.where(some, running_frac, 1.0), 1.0),
            spans.mean(self.heater_kw),
            spans.mean(self.fuel_kw),
            spans.mean(self.usable_kw),
            running_frac,
        )


def _at_work(bank: Bank, output_kw: Array, units_count: Array, heater_kw: Array) -> BankFlows:
    each_kw = output_kw / units_count
    fuel_kw = units_count * bank.unit.fuel_kw(each_kw)
    usable_kw = units_count * bank.unit.heat_recovered_kw(each_kw)
    return BankFlows(bank, output_kw, units_count, heater_kw, fuel_kw, usable_kw)


def run_base_load(banks: Sequence[Bank], hours: Hours) -> tuple[Hours, list[BankFlows]]:
    """The hours that are left to policy, stores and grid, and the base-load banks at work.

    A bank that follows covers the load less own generation, with the heaters of its sets at rest.
    One with a share gives that share; more where load lies beyond the grid, less where nobody can
    take it. So own generation is never curtailed for an engine. Below its least load a set rests.
    Heaters of all sets at rest are load; standby sets rest until `run_standby`.
    """
    xp = namespace(hours.load_kw, hours.own_kw, hours.grid_kw)
    left_kw = hours.load_kw - hours.own_kw
    given_kw, heaters_kw = 0.0 * left_kw, 0.0 * left_kw
    flows = []
    for bank in banks:
        unit, resting = bank.unit, 1.0 * bank.count
        if bank.mode == "base-load":
            rest_kw = left_kw - given_kw
            if bank.load_frac is None:
                units = xp.clip(xp.ceil(rest_kw / unit.rated_kw), 0.0, bank.count)
                want_kw = rest_kw + (bank.count - units) * unit.heater_kw
                want_kw = xp.where(rest_kw > 0, xp.minimum(want_kw, units * unit.rated_kw), 0.0)
            else:
                share_kw = bank.load_frac * unit.rated_kw * bank.count
                want_kw = xp.maximum(share_kw, rest_kw - hours.grid_kw)
                want_kw = xp.minimum(want_kw, rest_kw + hours.export_kw)
            output_kw, units = running(
                xp.maximum(want_kw, 0.0), unit.rated_kw, unit.min_load_frac, bank.count
            )
            resting = bank.count - units * (output_kw > 0)
            flows.append(_at_work(bank, output_kw, units, resting * unit.heater_kw))
            given_kw = given_kw + output_kw
        heaters_kw = heaters_kw + resting * unit.heater_kw
    over_kw = xp.maximum(given_kw - hours.load_kw, 0.0)
    load_kw = xp.maximum(hours.load_kw - given_kw, 0.0) + heaters_kw
    return replace(hours, load_kw=load_kw, own_kw=hours.own_kw + over_kw), flows


def run_standby(
    banks: Sequence[Bank], base: Sequence[BankFlows], draw_kw: Array, grid_kw: Array
) -> tuple[Array, list[BankFlows]]:
    """What is left for the grid, and all banks at work, in their order.

    Where the draw passes what the grid brings, heaters give way first, then sets start, one bank
    after the other and as many sets as are needed. A set runs at its least load or more as far as
    the grid has a share of the draw to give up; without a grid it may have to run below.
    """
    xp = namespace(draw_kw, grid_kw)
    heaters_kw = {id(flows.bank): flows.heater_kw for flows in base}
    heaters_kw |= {
        id(bank): bank.count * bank.unit.heater_kw for bank in banks if bank.mode == "standby"
    }
    total_kw = sum(heaters_kw.values(), 0.0 * draw_kw)
    off_kw = xp.minimum(xp.maximum(draw_kw - grid_kw, 0.0), total_kw)
    warm_frac = 1.0 - ratio(off_kw, total_kw)
    draw_kw = draw_kw - off_kw
    at_work = {id(flows.bank): flows for flows in base}
    flows = []
    for bank in banks:
        found, unit = at_work.get(id(bank)), bank.unit
        if found is None:
            short_kw = xp.maximum(draw_kw - grid_kw, 0.0)
            power_kw, units = running(short_kw, unit.rated_kw, 0.0, bank.count)
            least_kw = unit.min_load_frac * unit.rated_kw * units * (power_kw > 0)
            output_kw = xp.minimum(xp.maximum(power_kw, least_kw), draw_kw)
            draw_kw = xp.maximum(draw_kw - output_kw, 0.0)
            found = _at_work(bank, output_kw, units, bank.count * unit.heater_kw)
        flows.append(replace(found, heater_kw=found.heater_kw * warm_frac))
    return draw_kw, flows
