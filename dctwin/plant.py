"""The facility made runnable: loops of banks (banks.py) wired in heat order.

Both clocks use these functions, so a device has one equation whichever engine asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from dctwin.banks import serve
from dctwin.branches import branch, branch_frac
from dctwin.components.component import (
    Air,
    Duty,
    Place,
    Service,
    ratio,
)
from dctwin.components.cooling.control import Control, open_frac, units_on
from dctwin.components.it.classes import LIQUID_CLASS_C
from dctwin.design import Circuit, Device, Facility, RackGroup
from dctwin.errors import InputError
from dctwin.physics.arrays import Array, namespace, steady


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
            if not _is_one(opened):
                duty = replace(duty, heat_kw=duty.heat_kw * opened)
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
        if not _is_one(factor):
            value = value * factor
    return value


def _is_one(factor: Array) -> bool:
    """Whether a factor is a plain one, which changes nothing."""
    return isinstance(factor, float) and factor == 1.0


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
    if xp is np and not np.any(left_kw):
        return 0.0
    return xp.where(left_kw > 1e-12 * xp.abs(heat_kw), left_kw, 0.0)
