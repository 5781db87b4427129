"""The facility made runnable: banks of devices, loops wired in heat order, paths in power order.

Both clocks use these functions, so a device has one equation whichever engine asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from dctwin.branches import branch, branch_frac
from dctwin.components.component import (
    Air,
    Duty,
    Limit,
    Place,
    Service,
    inside,
    ratio,
)
from dctwin.components.cooling.control import Control, open_frac, units_on
from dctwin.components.it.classes import LIQUID_CLASS_C
from dctwin.design import Circuit, Device, Facility, RackGroup
from dctwin.errors import InputError
from dctwin.physics.arrays import Array, namespace, steady
from dctwin.units import unit_of

# Losses that differ by less, relatively, are equal but for rounding.
_TIE = 1e-12
# A bank that leaves less of its duty than this is not short of units.
_SERVED = 1e-9


def serve(device: Device, duty: Duty, units_count: Array | None = None) -> Service:
    """The service of a bank of equal units that share the duty.

    `units_count` of a staged bank run; all of them in the steps in which those cannot do it. The
    others draw what they draw idle.
    """
    count = device.count
    if units_count is None and isinstance(count, int) and count == 1:
        return device.component.serve(duty)
    if units_count is None:
        service: Service = device.component.serve(duty.scaled(1.0 / count))
        return service.scaled(count)
    service = device.component.serve(duty.scaled(1.0 / units_count))
    short = duty.heat_kw - service.heat_kw * units_count > _SERVED * duty.heat_kw
    xp = namespace(short)
    if xp is not np or np.any(short):
        units_count = xp.where(short, count, units_count)
        service = device.component.serve(duty.scaled(1.0 / units_count))
    service = service.scaled(units_count)
    service = replace(service, traces={**service.traces, "units_count": units_count})
    return _with_idle(service, device, duty.air, count - units_count)


def _with_idle(service: Service, device: Device, air: Air, idle_count: Array) -> Service:
    """The service with what so many idle units draw besides."""
    idle_kw = device.component.idle_power_kw(air)
    if not idle_kw:
        return service
    power_kw = dict(service.power_kw)
    for name, kw in idle_kw.items():
        power_kw[name] = power_kw.get(name, 0.0) + kw * idle_count
    reject_kw = service.reject_kw + sum(idle_kw.values()) * idle_count
    return replace(service, power_kw=power_kw, reject_kw=reject_kw)


def turned_down(device: Device, service: Service, air: Air, factor: Array) -> Service:
    """The service with its heat, and what goes with it, times `factor`.

    What its idle units draw stays: the basin heater of a tower does not ask for the heat.
    """
    xp = namespace(service.heat_kw, device.count)
    on_count = service.traces.get("units_count", device.count)
    idle_count = xp.where(service.heat_kw > 0, device.count - on_count, device.count)
    return _with_idle(service.scaled(factor), device, air, idle_count * (1.0 - factor))


def reach_c(device: Device, duty: Duty) -> Array:
    """The coldest supply temperature that a bank reaches with this duty, all of its units on."""
    return device.component.reach_c(duty.scaled(1.0 / device.count))


def range_limits(
    device: Device, traces: Mapping[str, Array], works: Array = True
) -> tuple[Limit, ...]:
    """Distances outside the validity range of the device's equipment file, where it works."""
    return tuple(
        # A distance between two temperatures is in kelvin.
        Limit(
            name,
            works * device.component.watches(name, traces) * inside(traces[name], *bounds),
            "K" if name.endswith("_c") else _unit(name),
        )
        for name, bounds in device.valid.items()
        if name in traces
    )


def _unit(name: str) -> str:
    return unit_of(name) or "-"


@dataclass(frozen=True)
class PathStep:
    """One device of a power path at work: output_kw + loss_kw = input_kw.

    on_count  units that are on and share output_kw
    """

    device: Device
    input_kw: Array
    output_kw: Array
    loss_kw: Array
    on_count: Array


def share(device: Device, load_kw: Array) -> tuple[Array, Array]:
    """Units of a bank that are on to carry `load_kw`, and what they lose together.

    equal   all of them
    staged  of the whole numbers that do not overload a unit, the one that loses least in each bus;
            what is off takes nothing, and at least one unit of each bus stays on.

    A bus loses n · loss(P/n), so the best n is the one whose load per unit is most efficient. From
    any n, going towards the nearest maximum of efficiency gains until it is reached: only the two
    whole numbers around a maximum can be best.
    """
    unit = device.component
    if device.sharing == "equal":
        return device.count, unit.loss_kw(load_kw / device.count) * device.count
    xp = namespace(load_kw, device.count, unit.rated_kw)
    bus_kw = load_kw / device.bus_count
    most = device.count / device.bus_count
    # A load of a whole number of ratings, give or take its rounding, needs no further unit.
    least = xp.clip(xp.ceil(bus_kw / unit.rated_kw * (1.0 - 1e-12)), 1.0, most)
    tried = []
    for peak in unit.peak_load_fracs():
        fewer = xp.floor(bus_kw / (peak * unit.rated_kw))
        for count in (xp.clip(fewer, least, most), xp.clip(fewer + 1.0, least, most)):
            tried.append((count, unit.loss_kw(bus_kw / count) * count))
    best, best_kw = tried[0]
    for count, loss_kw in tried[1:]:
        # Of numbers that lose the same but for rounding, the first one tried.
        better = loss_kw < best_kw * (1.0 - _TIE)
        best, best_kw = xp.where(better, count, best), xp.where(better, loss_kw, best_kw)
    return best * device.bus_count, best_kw * device.bus_count


def carry(path: tuple[Device, ...], load_kw: Array) -> tuple[Array, list[PathStep]]:
    """What a path draws to deliver `load_kw`, and its steps from the source to the load."""
    steps: list[PathStep] = []
    for device in reversed(path):
        on_count, loss_kw = share(device, load_kw)
        if device.standby_count is not None:
            loss_kw = loss_kw + device.component.loss_kw(0.0 * load_kw) * device.standby_count
        steps.append(PathStep(device, load_kw + loss_kw, load_kw, loss_kw, on_count))
        load_kw = load_kw + loss_kw
    return load_kw, steps[::-1]


@dataclass(frozen=True)
class Served:
    """A loop's stages at work: services in order, what is left, where the fluid leaves.

    units  units on of the staged ones, by name
    """

    services: tuple[Service, ...]
    shortfall_kw: Array
    leaving_c: Array
    units: Mapping[str, Array] = field(default_factory=dict)


Serve = Callable[[Device, Duty, Array | None], Service]


class Wiring:
    """Who rejects to whom, which share of a sink's flow each loop gets by design heat, and which
    stages the outdoor air keeps open."""

    def __init__(self, facility: Facility, air: Air, place: Place, serve: Serve = serve) -> None:
        self.air = air
        self.place = place
        self.serve = serve
        # (loop, stage) -> what the store holds now; empty where each starts as its file says.
        self.charge_kwh: Mapping[tuple[str, str], Array] = {}
        self.circuits = {circuit.name: circuit for circuit in facility.circuits}
        self.share: dict[tuple[str, str], Array] = {}
        for sink in self.circuits:
            users = [c for c in facility.circuits if any(stage.sink == sink for stage in c.stages)]
            total_kw = sum(c.loop.design_heat_kw for c in users)
            for user in users:
                self.share[user.name, sink] = user.loop.design_heat_kw / total_kw
        self.liquid_share: dict[str, Array] = {}
        for circuit in facility.circuits:
            groups = [group for group in facility.racks if group.liquid == circuit.name]
            full_kw = [g.device.component.liquid_kw(1.0) * g.device.count for g in groups]
            for group, kw in zip(groups, full_kw, strict=True):
                self.liquid_share[group.name] = ratio(kw, sum(full_kw))
        self._classed = {group.name: self._class_loops(group) for group in facility.racks}
        for circuit in facility.circuits:
            for device in circuit.stages:
                share = device.control.parallel_flow_frac
                if np.ndim(share) and np.any(share == 0):
                    raise InputError(
                        f"{circuit.name}.{device.name}.parallel_flow_frac: designs of one batch "
                        "must all be piped in parallel, or none"
                    )
        self.open = {
            (circuit.name, device.name): open_frac(device.control.changeover, air)
            for circuit in facility.circuits
            for device in circuit.stages
            if device.control.changeover is not None
        }

    def within(
        self, facility: Facility, air: Air, place: Place, of: Callable[[Array], Array]
    ) -> Wiring:
        """The same wiring of a part of the designs and steps, which `of` takes out of an array."""
        part = copy(self)
        part.air, part.place = air, place
        part.circuits = {circuit.name: circuit for circuit in facility.circuits}
        part.share = {key: of(value) for key, value in self.share.items()}
        part.liquid_share = {name: of(value) for name, value in self.liquid_share.items()}
        part.open = {key: of(value) for key, value in self.open.items()}
        return part

    def classed_loops(self, group: RackGroup) -> tuple[str, ...]:
        """Loops that a group's liquid class speaks of: S its own coolant, W the facility water
        behind it. Racks whose coolant rejects to air alone have no other water than their coolant.
        """
        return self._classed[group.name]

    def _class_loops(self, group: RackGroup) -> tuple[str, ...]:
        if not group.liquid or group.device.component.liquid_class not in LIQUID_CLASS_C:
            return ()
        named = dict.fromkeys(stage.sink for stage in self.circuits[group.liquid].stages)
        sinks = tuple(n for n in named if n and self.circuits[n].loop.fluid != "air")
        behind = group.device.component.liquid_class.startswith("W") and sinks
        return sinks if behind else (group.liquid,)

    def sink_flow_kw_per_k(self, circuit: Circuit, sink: str, offered_kw: Array) -> Array:
        """Capacity rate of the sink loop's water for this circuit's stages."""
        share = self.share[circuit.name, sink]
        loop = self.circuits[sink].loop
        return loop.flow_kw_per_k(offered_kw / share, self.air.dry_bulb_c) * share

    def coolant_kw_per_k(self, group: RackGroup) -> Callable[[Array], Array]:
        """Coolant capacity rate of one rack of the group as a function of its liquid heat.

        The racks of a loop share its flow by their full liquid heat, as loops share a sink's.
        Plates in which a fluid boils do not feel its flow up to dry-out: they have the rated one.
        """
        loop, rack = self.circuits[group.liquid].loop, group.device.component
        if loop.phase == "two":
            return lambda _: rack.liquid_kw(1.0) / rack.case_rise_k
        share, count = self.liquid_share[group.name], group.device.count

        def rate(liquid_kw: Array) -> Array:
            whole = loop.flow_kw_per_k(ratio(liquid_kw * count, share), self.air.dry_bulb_c)
            return whole * share / count

        return rate

    def duty(
        self,
        circuit: Circuit,
        device: Device,
        heat_kw: Array,
        return_c: Array,
        flow_kw_per_k: Array,
        sink_c: Array = 0.0,
        sink_kw_per_k: Array = 0.0,
        cold_kw: Array = 0.0,
        cold_c: Array = 0.0,
    ) -> Duty:
        """The duty of a stage of this circuit."""
        volume_kj = circuit.loop.volume_kj_per_m3_k(self.air.pressure_pa)
        return Duty(
            heat_kw=heat_kw,
            return_c=return_c,
            flow_kw_per_k=flow_kw_per_k,
            flow_m3_s=flow_kw_per_k / volume_kj,
            air=self.air,
            sink_c=sink_c,
            sink_kw_per_k=sink_kw_per_k,
            place=self.place,
            charge_kwh=self.charge_kwh.get((circuit.name, device.name)),
            cold_kw=cold_kw,
            cold_c=cold_c,
            humidifier=circuit.loop.humidifier,
            dew_point_min_c=circuit.loop.dew_point_min_c,
        )

    def serve_chain(
        self,
        circuit: Circuit,
        heat_kw: Array,
        return_c: Array,
        flow_kw_per_k: Array,
        supply_c: Mapping[str, Array],
        sink_flow: Mapping[str, Array],
        source_kw: Mapping[str, Array],
        units: Mapping[str, Array] | None = None,
        before: Mapping[str, Array] | None = None,
    ) -> Served:
        """Pass the return through the stages in order; each takes what it can.

        Stages of one loop that share a sink meet its water in series, in the order of the list. A
        stage in parallel with the next one has a branch of its own (branches.py), with the same
        share of the flow and of the heat; the next gets the rest of both at the same return, and
        their outlets mix. A stage that takes nothing has its valve closed.
        source_kw  heat that the loops have for which a stage makes cold
        units   units on of staged banks that are known already; the others are staged by their heat
        before  their numbers before a single step
        """
        services = []
        left_kw, entering_c = heat_kw, return_c
        barred_kw: Array = 0.0  # what an open exclusive stage leaves over goes to no other
        aside_frac: Array = 0.0  # share of the flow in branches beside this stage
        beside_kw: Array = 0.0
        given_kw: dict[str, Array] = {}
        cold_kw = dict(source_kw)
        on: dict[str, Array] = {}
        for device in circuit.stages:
            control = device.control
            opened = self.open.get((circuit.name, device.name), 1.0)
            sink_c: Array = 0.0
            if device.sink:
                warmed = ratio(given_kw.get(device.sink, 0.0), sink_flow[device.sink])
                sink_c = supply_c[device.sink] + warmed
            duty = self.duty(
                circuit,
                device,
                left_kw,
                entering_c,
                _times(flow_kw_per_k, 1.0 - aside_frac),
                sink_c,
                sink_flow.get(device.sink, 0.0),
                cold_kw.get(device.cools, 0.0),
                supply_c.get(device.cools, 0.0),
            )
            share: Array = 1.0
            if not _series(control):
                share = branch_frac(device, duty, serve)
                duty = branch(duty, share)
            duty = replace(duty, heat_kw=_times(duty.heat_kw, opened))
            running = staged_units(device, duty.heat_kw, units, before)
            service = self.serve(device, duty, running)
            # A coil that meets its load in all hours makes its sink's heat one number.
            service = replace(
                service,
                heat_kw=steady(service.heat_kw),
                reject_kw=steady(service.reject_kw),
                power_kw={name: steady(kw) for name, kw in service.power_kw.items()},
            )
            services.append(service)
            if running is not None:
                on[device.name] = service.traces["units_count"]
            net_kw = service.net_kw()
            left_kw = _left_kw(left_kw - net_kw, heat_kw)
            if control.changeover is not None and control.changeover.exclusive:
                barred_kw = barred_kw + left_kw * opened
                left_kw = left_kw * (1.0 - opened)
            if _series(control):
                taken_kw = beside_kw + net_kw
                entering_c = entering_c - ratio(taken_kw, flow_kw_per_k)
                aside_frac = beside_kw = 0.0
            else:
                aside_frac = aside_frac + (1.0 - aside_frac) * share * (service.heat_kw > 0)
                beside_kw = beside_kw + net_kw
            if device.cools:
                cold_kw[device.cools] = cold_kw[device.cools] - service.cold_kw
            if device.sink:
                given_kw[device.sink] = given_kw.get(device.sink, 0.0) + service.reject_kw
        return Served(tuple(services), steady(left_kw + barred_kw), entering_c, on)


def _times(value: Array, *factors: Array) -> Array:
    """The product; a plain factor of one costs nothing."""
    for factor in factors:
        if not (isinstance(factor, float) and factor == 1.0):
            value = value * factor
    return value


def _series(control: Control) -> bool:
    """Whether all of the fluid passes the stage; of a batch, all designs are piped alike."""
    return isinstance(control.parallel_flow_frac, (int, float)) and control.parallel_flow_frac == 0


def staged_units(
    device: Device,
    load: Array,
    units: Mapping[str, Array] | None,
    before: Mapping[str, Array] | None,
) -> Array | None:
    """Units of a bank that run for this load; None where all of them always do.

    units   numbers that are known already       before  numbers before a single step
    """
    if device.control.staging is None:
        return None
    if units is not None and device.name in units:
        return units[device.name]
    held = None if before is None else before.get(device.name)
    return units_on(device.control.staging, device.count, load, held)


def _left_kw(left_kw: Array, heat_kw: Array) -> Array:
    """What a stage leaves over; what rounding leaves of a served load starts no next stage."""
    xp = namespace(left_kw)
    return xp.where(left_kw > 1e-12 * xp.abs(heat_kw), left_kw, 0.0)
