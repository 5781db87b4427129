"""Stores at work: a request becomes flows by the components' equations, and the bus is balanced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from dctwin.components.onsite.battery import Battery, BatteryFlows
from dctwin.components.onsite.electrolyser import HYDROGEN_KWH_PER_KG
from dctwin.dispatch.gensets import Bank, BankFlows, run_base_load, run_standby
from dctwin.dispatch.hours import Hours, Request, Stores, honour_grid, running
from dctwin.dispatch.policies import Policy
from dctwin.dispatch.spans import Spans, picked, without_grid
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.scan import filled


@dataclass(frozen=True)
class HydrogenFlows:
    """input_kw = output_kw + loss_kw + stored_kw, in every step; energy at its end.

    heat_kw, part of the loss, leaves the fuel cell in its cooling water and could be used.
    even_frac: where in a step the powers change, as a share of it; 0 or 1 where they do not.
    """

    input_kw: Array
    output_kw: Array
    loss_kw: Array
    stored_kw: Array
    energy_kwh: Array
    made_kg_per_h: Array
    heat_kw: Array
    even_frac: Array = 1.0


@dataclass(frozen=True)
class Operation:
    """The bus in balance: own - curtailed + import + shed + discharge + output of engines
    = load + charge + export + heaters of engines. plan_gap_frac: as in Request."""

    battery: BatteryFlows | None
    hydrogen: HydrogenFlows | None
    import_kw: Array
    export_kw: Array
    curtailed_kw: Array
    shed_kw: Array
    gensets: Sequence[BankFlows] = ()
    plan_gap_frac: Array | None = None

    def over(self, spans: Spans) -> Operation:
        """Parts of steps as whole steps."""
        if spans.whole:
            return self
        return Operation(
            None if self.battery is None else _over(self.battery, spans),
            None if self.hydrogen is None else _over(self.hydrogen, spans),
            spans.mean(self.import_kw),
            spans.mean(self.export_kw),
            spans.mean(self.curtailed_kw),
            spans.mean(self.shed_kw),
            [flows.over(spans) for flows in self.gensets],
            self.plan_gap_frac,
        )


@dataclass(frozen=True)
class _Bus:
    """The bus over parts of steps in which nothing changes that was found so far."""

    spans: Spans
    hours: Hours
    request: Request
    engines: tuple[BankFlows, ...]
    battery: BatteryFlows | None = None

    def cut(self, at_frac: Array) -> _Bus:
        """Cut at a share of the parts' length; itself where nothing is cut."""
        spans, old = self.spans.cut(at_frac)
        if old is None:
            return self
        hours = replace(picked(self.hours, old), step_h=spans.length_h)
        engines = tuple(picked(flows, old) for flows in self.engines)
        battery = self.battery
        if battery is not None:
            battery = picked(battery, old)
            # The first part of two ends before the second has brought what it brings.
            later_h = spans.length_h[..., 1:] * (old[1:] == old[:-1])
            xp = namespace(later_h)
            later_h = xp.concatenate([later_h, 0.0 * later_h[..., :1]], axis=-1)
            energy_kwh = battery.energy_kwh - battery.stored_kw * later_h
            battery = replace(battery, energy_kwh=energy_kwh)
        return _Bus(spans, hours, picked(self.request, old), engines, battery)

    def ended(self) -> _Bus:
        """Cut where the request ends; nothing is asked for after that."""
        if self.request.during_frac is None:
            return self
        _, old = self.spans.cut(self.request.during_frac)
        if old is None:
            return self
        cut, first = self.cut(self.request.during_frac), 1.0 * (np.diff(old, prepend=-1) > 0)
        asked = Request(cut.request.charge_kw * first, cut.request.discharge_kw * first)
        return replace(cut, request=asked)


def operate(
    policy: Policy, stores: Stores, hours: Hours, gensets: Sequence[Bank] = ()
) -> Operation:
    """Follow a policy through all hours: the means of each step."""
    spans, _, done = follow_closely(policy, stores, hours, gensets)
    return done.over(spans)


def follow_closely(
    policy: Policy, stores: Stores, hours: Hours, gensets: Sequence[Bank] = ()
) -> tuple[Spans, Hours, Operation]:
    """Follow a policy through all hours, steps cut where the grid goes or a store is full or empty;
    with the hours of the parts as base-load engines leave them.

    The battery comes first, hydrogen takes what is left. Base-load engines run before the policy is
    asked, standby sets cover what nothing else does.
    """
    seen = policy.seen(hours)
    spans, there = without_grid(seen)
    engines: list[BankFlows] = []
    if gensets:
        there, engines = run_base_load(gensets, there)
        seen = there if spans.whole else run_base_load(gensets, seen)[0]
    asked = Request(0.0, 0.0)
    if stores.battery is not None or stores.tank is not None:
        asked = spans.spread(policy.request(seen, stores))
    bus, done = _at_work(_Bus(spans, there, asked, tuple(engines)), stores, gensets)
    return bus.spans, bus.hours, replace(done, plan_gap_frac=asked.gap_frac)


def carry_out(request: Request, stores: Stores, hours: Hours) -> Operation:
    """What comes of a request, without engines."""
    spans, there = without_grid(hours)
    bus, done = _at_work(_Bus(spans, there, spans.spread(request), ()), stores, ())
    return done.over(bus.spans)


def _at_work(bus: _Bus, stores: Stores, gensets: Sequence[Bank]) -> tuple[_Bus, Operation]:
    """The stores follow the bus's request one after the other, and the bus is balanced."""
    if stores.battery is None and stores.tank is None:
        return bus, _balance(bus, None, gensets)
    bus = bus.ended()
    bus = replace(bus, request=honour_grid(bus.request, bus.hours))
    if stores.battery is not None:
        bus = run_battery(stores.battery, bus)
    hydrogen = None
    if stores.tank is not None:
        hydrogen = run_hydrogen(stores, bus.request, bus.hours.step_h)
        cut = bus.cut(hydrogen.even_frac)
        if cut is not bus:
            bus, hydrogen = cut, run_hydrogen(stores, cut.request, cut.hours.step_h)
    return bus, _balance(bus, hydrogen, gensets)


def _balance(bus: _Bus, hydrogen: HydrogenFlows | None, gensets: Sequence[Bank]) -> Operation:
    """What engines and the grid bring and take."""
    hours, engines, battery = bus.hours, list(bus.engines), bus.battery
    if battery is None and hydrogen is None and not engines and not gensets and _none(hours.own_kw):
        # The grid alone: a load as it is, and nothing to export.
        import_kw = namespace(hours.load_kw, hours.grid_kw).minimum(hours.load_kw, hours.grid_kw)
        return Operation(None, None, import_kw, 0.0, 0.0, hours.load_kw - import_kw)
    net_kw = hours.load_kw - hours.own_kw
    if battery is not None:
        net_kw = net_kw + battery.charge_kw - battery.discharge_kw
    if hydrogen is not None:
        net_kw = net_kw + hydrogen.input_kw - hydrogen.output_kw
    xp = namespace(net_kw, hours.grid_kw)
    draw_kw, surplus_kw = xp.maximum(net_kw, 0.0), xp.maximum(-net_kw, 0.0)
    if gensets:
        draw_kw, engines = run_standby(gensets, engines, draw_kw, hours.grid_kw)
    import_kw = xp.minimum(draw_kw, hours.grid_kw)
    export_kw = xp.minimum(surplus_kw, hours.export_kw)
    return Operation(
        battery,
        hydrogen,
        import_kw,
        export_kw,
        surplus_kw - export_kw,
        draw_kw - import_kw,
        engines,
    )


def _none(own_kw: Array) -> bool:
    """Whether there is no own source at all."""
    return isinstance(own_kw, float) and own_kw == 0.0


Flows = TypeVar("Flows", BatteryFlows, HydrogenFlows)


def _over(flows: Flows, spans: Spans) -> Flows:
    """The flows of a store over whole steps."""
    powers = {f.name for f in fields(flows)} - {"energy_kwh", "even_frac"}
    means = {name: spans.mean(getattr(flows, name)) for name in sorted(powers)}
    return replace(flows, energy_kwh=spans.end(flows.energy_kwh), even_frac=1.0, **means)


def run_battery(battery: Battery, bus: _Bus) -> _Bus:
    """The battery through all hours, parts cut where it is full or empty; leaves what it did not do
    of the request.

    The grid, or surplus without it, refills its reserve, which ends a part for itself.
    """
    cuts = 1 if bus.hours.grid_available is None else 2
    for cuts_left in range(cuts, -1, -1):
        hours, asked = bus.hours, bus.request
        xp = namespace(hours.load_kw, hours.own_kw, hours.grid_kw)
        room_kw = xp.maximum(hours.grid_kw - hours.deficit_kw, 0.0)
        flows = battery.steady(
            asked.charge_kw,
            asked.discharge_kw,
            hours.step_h,
            hours.air_c,
            hours.grid_available,
            hours.surplus_kw + room_kw,
        )
        cut = bus.cut(flows.even_frac) if cuts_left else bus
        if cut is bus:
            break
        bus = cut
    left_kw = xp.maximum(asked.discharge_kw - flows.discharge_kw, 0.0)
    left = Request(
        xp.maximum(asked.charge_kw - flows.charge_kw, 0.0),
        xp.where(flows.charge_kw > 0, 0.0, left_kw),
    )
    return replace(bus, battery=flows, request=left)


def run_hydrogen(stores: Stores, request: Request, step_h: float) -> HydrogenFlows:
    """Electrolyser, tank and fuel cell through all hours; only as many units run as are needed."""
    tank, electrolyser, fuel_cell = stores.tank, stores.electrolyser, stores.fuel_cell
    assert tank is not None
    input_kw, made_kg_per_h = 0.0 * request.charge_kw, 0.0 * request.charge_kw
    output_kw, fuel_kw, heat_frac = 0.0 * request.discharge_kw, 0.0 * request.discharge_kw, 0.0
    if electrolyser is not None:
        input_kw, units = running(
            request.charge_kw,
            electrolyser.rated_kw,
            electrolyser.min_load_frac,
            stores.electrolysers_count,
        )
        made_kg_per_h = units * electrolyser.hydrogen_kg_per_h(input_kw / units)
    if fuel_cell is not None:
        output_kw, units = running(
            request.discharge_kw, fuel_cell.rated_kw, fuel_cell.min_load_frac,
            stores.fuel_cells_count,
        )  # fmt: skip
        fuel_kw = units * fuel_cell.fuel_kw(output_kw / units)
        heat_frac = fuel_cell.heat_frac
    rate_kw = made_kg_per_h * HYDROGEN_KWH_PER_KG - fuel_kw
    share, energy_kwh = filled(
        rate_kw, step_h, tank.start_frac * tank.capacity_kwh, tank.capacity_kwh
    )
    input_kw, output_kw, stored_kw = share * input_kw, share * output_kw, share * rate_kw
    return HydrogenFlows(
        input_kw,
        output_kw,
        input_kw - output_kw - stored_kw,
        stored_kw,
        energy_kwh,
        share * made_kg_per_h,
        (share * fuel_kw - output_kw) * heat_frac,
        share,
    )
