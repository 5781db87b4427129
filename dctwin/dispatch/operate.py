"""Stores at work: a request becomes flows by the components' equations, and the bus is balanced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dctwin.components.onsite.battery import BatteryFlows
from dctwin.components.onsite.electrolyser import HYDROGEN_KWH_PER_KG
from dctwin.dispatch.gensets import Bank, BankFlows, run_base_load, run_standby
from dctwin.dispatch.hours import Hours, Request, Stores, honour_grid, running
from dctwin.dispatch.policies import Policy
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.scan import filled


@dataclass(frozen=True)
class HydrogenFlows:
    """input_kw = output_kw + loss_kw + stored_kw, in every step; energy at its end.

    heat_kw, part of the loss, leaves the fuel cell in its cooling water and could be used.
    """

    input_kw: Array
    output_kw: Array
    loss_kw: Array
    stored_kw: Array
    energy_kwh: Array
    made_kg_per_h: Array
    heat_kw: Array


@dataclass(frozen=True)
class Operation:
    """The bus in balance: own - curtailed + import + shed + discharge + output of engines
    = load + charge + export + heaters of engines."""

    battery: BatteryFlows | None
    hydrogen: HydrogenFlows | None
    import_kw: Array
    export_kw: Array
    curtailed_kw: Array
    shed_kw: Array
    gensets: Sequence[BankFlows] = ()


def operate(
    policy: Policy, stores: Stores, hours: Hours, gensets: Sequence[Bank] = ()
) -> Operation:
    """Follow a policy through all hours. The battery comes first, hydrogen takes what is left.

    Base-load engines run before the policy is asked, standby sets cover what nothing else does.
    """
    hours = policy.seen(hours)
    engines: list[BankFlows] = []
    if gensets:
        hours, engines = run_base_load(gensets, hours)
    xp = namespace(hours.load_kw, hours.own_kw, hours.grid_kw)
    net_kw = hours.load_kw - hours.own_kw
    battery = hydrogen = None
    if stores.battery is not None or stores.tank is not None:
        request = honour_grid(policy.request(hours, stores), hours)
        offer_kw, want_kw = request.charge_kw, request.discharge_kw
        if stores.battery is not None:
            battery = run_battery(stores, request, hours)
            net_kw = net_kw + battery.charge_kw - battery.discharge_kw
            offer_kw = xp.maximum(offer_kw - battery.charge_kw, 0.0)
            left_kw = xp.maximum(want_kw - battery.discharge_kw, 0.0)
            want_kw = xp.where(battery.charge_kw > 0, 0.0, left_kw)
        if stores.tank is not None:
            hydrogen = run_hydrogen(stores, Request(offer_kw, want_kw), hours.step_h)
            net_kw = net_kw + hydrogen.input_kw - hydrogen.output_kw
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


def run_battery(stores: Stores, request: Request, hours: Hours) -> BatteryFlows:
    """The battery through all hours; the grid, or surplus without it, refills its reserve."""
    assert stores.battery is not None
    xp = namespace(hours.load_kw, hours.own_kw, hours.grid_kw)
    room_kw = xp.maximum(hours.grid_kw - hours.deficit_kw, 0.0)
    return stores.battery.steady(
        request.charge_kw,
        request.discharge_kw,
        hours.step_h,
        hours.air_c,
        hours.grid_available,
        hours.surplus_kw + room_kw,
    )


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
    )
