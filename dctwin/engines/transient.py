"""The transient clock: SimPy owns time in whole milliseconds, the plant advances between events.

Each loop holds one mixed inventory and each group of racks one thermal mass. Between two moments
the stages' heat is linear in the loop's temperature (slope by a small difference) and the step is
the exact exponential. Heat moves from the racks outwards within a step, so what leaves one loop is
what enters the next. Held long enough, the state settles where the annual engine stands.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import simpy

from dctwin.banks import turned_down
from dctwin.components.cooling.loop import LoopState
from dctwin.components.it.rack import RackState
from dctwin.design import Facility
from dctwin.engines.fit import fit
from dctwin.engines.flows import INLET, Boundary, LoopFlows, RackFlows
from dctwin.engines.heat import (
    cooling,
    hand_on,
    load_frac,
    loop_flows,
    most_liquid_kw,
    path_heat_kw,
    paths_warm_loops,
    plate_c,
    rack_flows,
    room_flows,
    sources,
)
from dctwin.engines.moments import Moment, number, numbers, posted
from dctwin.engines.passes import MAX_PASSES, TOLERANCE_FRAC
from dctwin.engines.settle import settle
from dctwin.engines.year import Year
from dctwin.errors import ComputationError, InputError, nearest
from dctwin.plant import Served, Wiring
from dctwin.scenario import ScenarioEvent
from dctwin.units import SECONDS_PER_HOUR

_SLOPE_STEP_K = 1e-3
# Compute power withheld above this is throttling; below it is rounding.
_THROTTLED_FRAC = 1e-9


@dataclass
class PlantState:
    """Everything the plant remembers; plain values, so a run can be saved and resumed."""

    loops: dict[str, LoopState]
    racks: dict[str, RackState]
    running: dict[str, bool]
    throttled: dict[str, bool]
    # (loop, stage) -> cold that the store holds [kWh]
    charge_kwh: dict[tuple[str, str], float] = field(default_factory=dict)
    # Air that the racks of each air loop draw in; where none is known yet, the loop's supply.
    inlets: dict[str, float] = field(default_factory=dict)
    units: dict[str, dict[str, float]] = field(default_factory=dict)  # units on, by loop and bank
    path_kw: dict[str, float] = field(default_factory=dict)  # losses of paths into each loop


@dataclass
class Transient:
    """A finished transient: the ledger and traces over its steps, the event log, the last state."""

    year: Year
    start_ms: np.ndarray
    events: list[dict[str, Any]] = field(default_factory=list)
    state: PlantState | None = None


def steady_state(facility: Facility, boundary: Boundary) -> PlantState:
    """The state at which the plant stands still under a boundary of one moment."""
    facility = fit(facility, boundary)
    found = settle(facility, Wiring(facility, boundary.air, boundary.here()), boundary)
    supply = found.point.supply
    cases = {}
    for rack in found.racks:
        case_c = supply[rack.group.air] if rack.case_c is None else rack.case_c
        cases[rack.group.name] = RackState(number(case_c))
    return PlantState(
        loops={c.name: LoopState(number(supply[c.name])) for c in facility.circuits},
        racks=cases,
        running={circuit.name: True for circuit in facility.circuits},
        throttled={r.group.name: number(r.throttled_frac) > _THROTTLED_FRAC for r in found.racks},
        inlets={group.air: number(supply[group.air + INLET]) for group in facility.racks},
        units={name: numbers(loop.units) for name, loop in found.loops.items()},
        path_kw=numbers(found.point.path_kw),
    )


def run_transient(
    facility: Facility,
    boundary: Boundary,
    events: list[ScenarioEvent],
    duration_s: float,
    step_s: float,
    state: PlantState | None = None,
    progress: Callable[[float], None] | None = None,
) -> Transient:
    """Advance a facility through events under held outdoor air.

    boundary  one moment: numbers, not arrays       state  where to start; default the steady state
    Raises InputError for an event at a pump that is not there or a loop without inventory, and
    ComputationError when the books do not close to 1e-9 at every node and step.
    """
    facility = fit(facility, boundary)
    run = _Run(facility, boundary, state or steady_state(facility, boundary))
    run.check(events)
    environment = simpy.Environment(initial_time=0)
    environment.process(run.operator(environment, events))
    environment.process(
        run.clock(environment, round(step_s * 1000), round(duration_s * 1000), progress)
    )
    environment.run()
    return run.finish()


class _Run:
    """The plant under way: state, event log and the moments recorded so far."""

    def __init__(self, facility: Facility, boundary: Boundary, state: PlantState) -> None:
        self.facility, self.boundary, self.state = facility, boundary, state
        self.wiring = Wiring(facility, boundary.air, boundary.here())
        self.warms = paths_warm_loops(facility)
        pressure_pa = number(boundary.air.pressure_pa)
        self.held = {
            c.name: c.loop.held_kwh_per_k(pressure_pa)
            + sum(s.component.mass_kwh_per_k() * s.count for s in c.stages)
            for c in facility.circuits
        }
        self.moments: list[Moment] = []
        self.lengths_ms: list[int] = []
        self.events: list[dict[str, Any]] = []
        self.beyond: set[str] = set()

    def check(self, events: list[ScenarioEvent]) -> None:
        pumps = {c.name for c in self.facility.circuits if c.pump is not None}
        for event in events:
            if event.pump not in pumps:
                raise InputError(
                    f"event at {event.at_s:g} s: no pump in loop {event.pump!r}, "
                    f"{nearest(event.pump, pumps)}"
                )
        for name, held in self.held.items():
            if held <= 0:
                raise InputError(
                    f"{self.facility.name}: loop {name!r} holds no heat: give its "
                    "volume_m3 or mass_kwh_per_k to follow it in time"
                )

    # --- processes -------------------------------------------------------------------------

    def operator(
        self, environment: simpy.Environment, events: list[ScenarioEvent]
    ) -> Generator[simpy.Event, None, None]:
        """Does what the scenario says, when it says so."""
        for event in sorted(events, key=lambda e: e.at_s):
            yield environment.timeout(round(event.at_s * 1000) - environment.now)
            self.state.running[event.pump] = event.do == "start"
            self.log(environment.now, f"pump {event.do}", f"pump of loop {event.pump}")

    def clock(
        self,
        environment: simpy.Environment,
        step_ms: int,
        end_ms: int,
        progress: Callable[[float], None] | None,
    ) -> Generator[simpy.Event, None, None]:
        """Advances the plant from one moment to the next, never past an event."""
        yield environment.timeout(0)  # what happens at the same moment happens first
        while environment.now < end_ms:
            until = min(environment.now + step_ms, end_ms, environment.peek())
            dt_ms = int(until - environment.now)
            if dt_ms > 0:
                self.advance(int(environment.now), dt_ms)
                if progress is not None:
                    progress(until / end_ms)
            yield environment.timeout(dt_ms)

    # --- physics ---------------------------------------------------------------------------

    def advance(self, start_ms: int, dt_ms: int) -> None:
        """One step of the whole plant, from the racks outwards.

        Losses of the mechanical and the shared path that warm loops are found by passes, as the
        plant draws what its loops ask for.
        """
        path_kw = self.state.path_kw
        for turn in range(MAX_PASSES):
            moment, loops, racks = self._step(start_ms, dt_ms / 1000.0, path_kw)
            if not self.warms:
                break
            found = numbers(path_heat_kw(self.facility, moment.feeds, moment.loops))
            agree = all(
                abs(kw - path_kw.get(name, 0.0))
                <= TOLERANCE_FRAC * abs(number(moment.loops[name].source_kw))
                for name, kw in found.items()
            )
            if agree:
                break
            # Without agreement the loops are given none, as in the annual engine.
            path_kw = found if turn + 2 < MAX_PASSES else dict.fromkeys(found, 0.0)
        self.moments.append(moment)
        self.lengths_ms.append(dt_ms)
        self.state.loops, self.state.racks, self.state.path_kw = loops, racks, path_kw
        self.state.units = {name: numbers(loop.units) for name, loop in moment.loops.items()}
        self.state.charge_kwh = _charges(self.state.charge_kwh, moment.loops, dt_ms / 1000.0)
        for name in self.state.inlets:
            flows = moment.loops[name]
            inlet_c = flows.circuit.loop.inlet_c(
                loops[name].supply_c, flows.heat_kw, flows.flow_kw_per_k
            )
            self.state.inlets[name] = number(inlet_c)
        self._watch(start_ms + dt_ms, moment.racks)

    def _step(
        self, start_ms: int, dt_s: float, path_kw: dict[str, float]
    ) -> tuple[Moment, dict[str, LoopState], dict[str, RackState]]:
        """The flows of one step and the states after it, at these losses into the loops."""
        state = self.state
        supply = {name: s.supply_c for name, s in state.loops.items()}
        for group in self.facility.racks:
            supply[group.air + INLET] = state.inlets.setdefault(group.air, supply[group.air])
        stored: dict[str, float] = {}
        racks = [
            self._rack(group_index, supply, dt_s, stored)
            for group_index in range(len(self.facility.racks))
        ]
        case = {name: s.case_c for name, s in state.racks.items()}
        feeds, source = sources(self.facility, [rack for rack, _ in racks], self.boundary, path_kw)
        loops: dict[str, LoopFlows] = {}
        after: dict[str, LoopState] = {}
        setpoint: dict[str, float] = {}
        # Stores may not give more than they hold over this very step.
        self.wiring.place = replace(self.boundary.here(), step_h=dt_s / SECONDS_PER_HOUR)
        self.wiring.charge_kwh = state.charge_kwh
        for circuit in self.facility.circuits:
            name = circuit.name
            loop = loop_flows(
                circuit,
                number(source[name]),
                self.boundary,
                state.running[name],
                room_flows(circuit, self.boundary, number(source[name]), supply),
                before=state.units.get(name),
            )
            load = circuit.loop.load_frac(loop.source_kw)
            setpoint[name] = number(circuit.loop.setpoint_c(self.boundary.air, load))
            loop = cooling(loop, source)
            loop, after[name] = self._loop(loop, supply, setpoint[name], dt_s, stored)
            loops[name] = loop
            hand_on(loop, source)
        charge = {
            f"{loop}.{name}": kwh
            for (loop, name), kwh in _charges(state.charge_kwh, loops, dt_s).items()
        }
        moment = Moment(
            start_ms,
            supply,
            setpoint,
            case,
            [rack for rack, _ in racks],
            feeds,
            loops,
            stored,
            charge,
            path_kw,
        )
        cases = {g.name: new for g, (_, new) in zip(self.facility.racks, racks, strict=True)}
        return moment, after, cases

    def _rack(
        self, index: int, supply: dict[str, float], dt_s: float, stored: dict[str, float]
    ) -> tuple[RackFlows, RackState]:
        group = self.facility.racks[index]
        if not group.liquid:
            flows = rack_flows(group, self.wiring, self.boundary, supply)
            return flows, RackState(supply[group.air])
        rack, count = group.device.component, group.device.count
        before = self.state.racks[group.name]
        flowing = self.state.running[group.liquid]
        coolant_c = number(plate_c(group, self.wiring, supply))
        rate = self.wiring.coolant_kw_per_k(group)
        # The cases may end the step at their limit: what they hold delays what the annual clock,
        # for which all is settled, has at once.
        settled_kw = most_liquid_kw(
            group, self.wiring, supply, load_frac(group, self.boundary.local_hour)
        )
        k_per_kw = number(rack.plate_k_per_kw(rate(settled_kw)))
        most_kw = rack.held_liquid_kw(before, coolant_c, k_per_kw, flowing, dt_s)
        flows = rack_flows(group, self.wiring, self.boundary, supply, most_kw)
        liquid_kw = number(flows.power.liquid_kw) / count
        k_per_kw = number(rack.plate_k_per_kw(rate(liquid_kw)))
        new, out_kw, stored_kw = rack.advance(before, liquid_kw, coolant_c, k_per_kw, flowing, dt_s)
        stored[f"rack.{group.name}"] = stored_kw * count
        power = flows.power._replace(liquid_kw=out_kw * count)
        return replace(flows, power=power, case_c=before.case_c), new

    def _loop(
        self,
        loop: LoopFlows,
        supply: dict[str, float],
        setpoint_c: float,
        dt_s: float,
        stored: dict[str, float],
    ) -> tuple[LoopFlows, LoopState]:
        circuit = loop.circuit
        name = circuit.name
        before = LoopState(supply[name])
        heat_kw = number(loop.heat_kw)
        removed = self._removed_kw(loop, supply, setpoint_c, before.supply_c, None)
        # Banks are staged once a step.
        on = removed.units
        warmer = self._removed_kw(loop, supply, setpoint_c, before.supply_c + _SLOPE_STEP_K, on)
        slope = max(_total(warmer) - _total(removed), 0.0) / _SLOPE_STEP_K
        held = self.held[name]
        new, out_kw, stored_kw = circuit.loop.advance(
            before, heat_kw, _total(removed), slope, held, dt_s
        )
        stored[f"loop.{name}"] = stored_kw
        # Serve at the mean temperature, then scale the rest of the curvature away: what the stages
        # take over the step is exactly what the inventory gave.
        change_k = new.supply_c - before.supply_c
        served = self._removed_kw(loop, supply, setpoint_c, before.supply_c + 0.5 * change_k, on)
        total_kw = _total(served)
        factor = out_kw / total_kw if total_kw > 0 else 0.0
        pairs = zip(circuit.stages, served.services, strict=True)
        services = tuple(turned_down(d, s, self.boundary.air, factor) for d, s in pairs)
        final = Served(services, 0.0, served.leaving_c, on)
        if total_kw <= 0 and out_kw > 0:
            raise ComputationError(f"loop {name}: stages took nothing where {out_kw:g} kW left")
        return replace(loop, served=final), new

    def _removed_kw(
        self,
        loop: LoopFlows,
        supply: dict[str, float],
        setpoint_c: float,
        at_c: float,
        units: Mapping[str, Any] | None,
    ) -> Served:
        """The stages at work on a loop at this temperature, asked to bring it to its setpoint."""
        circuit = loop.circuit
        flow = loop.flow_kw_per_k
        return_c = circuit.loop.return_c(at_c, loop.heat_kw, flow)
        ask_kw = max(number(flow * (return_c - setpoint_c)), 0.0)
        sinks = {device.sink for device in circuit.stages if device.sink}
        sink_flow = {
            sink: self.wiring.sink_flow_kw_per_k(circuit, sink, loop.heat_kw)
            if self.state.running[sink]
            else 0.0
            for sink in sinks
        }
        return self.wiring.serve_chain(
            circuit,
            ask_kw,
            return_c,
            flow,
            supply,
            sink_flow,
            loop.cold_kw,
            units,
            self.state.units.get(circuit.name),
        )

    # --- limits and log --------------------------------------------------------------------

    def log(self, now_ms: float, event: str, detail: str) -> None:
        self.events.append({"time_s": now_ms / 1000.0, "event": event, "detail": detail})

    def _watch(self, now_ms: int, racks: list[RackFlows]) -> None:
        """Log limits as they are passed and kept again, and racks as they throttle and recover."""
        for circuit in self.facility.circuits:
            self._crossing(
                now_ms,
                f"loop {circuit.name} supply",
                self.state.loops[circuit.name].supply_c,
                circuit.loop.supply_limit_c,
            )
        for rack in racks:
            name, withheld = rack.group.name, number(rack.throttled_frac)
            throttled = withheld > _THROTTLED_FRAC
            if throttled and not self.state.throttled[name]:
                self.log(now_ms, "throttle", f"racks {name} give up {withheld:.1%} of compute")
            elif self.state.throttled[name] and not throttled:
                self.log(now_ms, "release", f"racks {name} back to load")
            self.state.throttled[name] = throttled

    def _crossing(self, now_ms: int, what: str, value_c: float, limit_c: float) -> None:
        over = value_c > limit_c
        if over and what not in self.beyond:
            self.beyond.add(what)
            self.log(now_ms, "limit", f"{what} above {limit_c:g} °C")
        elif not over and what in self.beyond:
            self.beyond.discard(what)
            self.log(now_ms, "recovered", f"{what} below {limit_c:g} °C")

    def finish(self) -> Transient:
        """What was recorded, posted."""
        year, start_ms = posted(self.facility, self.boundary, self.moments, self.lengths_ms)
        return Transient(year, start_ms, self.events, self.state)


def _total(served: Served) -> float:
    return float(sum(number(service.net_kw()) for service in served.services))


def _charges(
    before: dict[tuple[str, str], float], loops: dict[str, LoopFlows], dt_s: float
) -> dict[tuple[str, str], float]:
    """What the stores hold after a step: what they held, less the heat that they took in."""
    after = {}
    for name, loop in loops.items():
        assert loop.served is not None
        for device, service in zip(loop.circuit.stages, loop.served.services, strict=True):
            if service.store is not None:
                key = (name, device.name)
                start = before.get(key, device.component.start_kwh() * device.count)
                stored_kw = number(service.store.stored_kw)
                after[key] = max(number(start) - stored_kw * dt_s / SECONDS_PER_HOUR, 0.0)
    return after
