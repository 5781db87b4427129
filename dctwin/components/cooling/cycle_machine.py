"""Machines without fitted curves: refrigerant cycle and off-design law of the compressor."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from dctwin.components.component import (
    NO_TEMPERATURE_LIMIT_C,
    Duty,
    Limit,
    Service,
    Stage,
    altitude_density_frac,
    inside,
    param,
    ratio,
)
from dctwin.components.cooling.refrigerant_coil import (
    air_side_kw_per_k,
    fan_power_frac,
    saturated_kw_per_k,
    ua_kw_per_k,
)
from dctwin.physics.arrays import Array, in_places, namespace, repeat, where_needed
from dctwin.physics.compressor import LAWS, Drive, most_flow_frac, power_frac
from dctwin.physics.vapour_compression import AtEvaporating, cycle_fit
from dctwin.units import KELVIN_AT_0_C

# Heat, head and rejected heat depend on each other weakly: over random duties of the bundled
# machines, up to 10 K beside their ratings, what two passes tend to is within 3e-6 of the power
# (4e-4 of direct-expansion units), and where the compressor is choked these many within 0.2 %
# (1.2 % of those units).
_CHOKED_PASSES = 10
# Powers that turn by less of the rated one between passes have settled.
_LEAST_TURN = 1e-12
# Passes are kept to the steps in which the machine works where those are fewer than this share.
_FEW_FRAC = 0.7
# Overall efficiency (motor, drive and compressor) beyond which a rating is not credible.
_BEST_EFFICIENCY_FRAC = 0.9

# Load and power over rating, evaporating and condensing temperature, head over rating.
_State = tuple[Array, Array, Array, Array, Array]


class _Loaded(NamedTuple):
    """A load: heat, part load while it runs, share of the time that it does, evaporator."""

    heat_kw: Array
    running: Array
    on_frac: Array
    evaporator: AtEvaporating


CYCLE_REPORTS = frozenset(
    {
        "leaving_c",
        "condenser_entering_c",
        "evaporating_c",
        "condensing_c",
        "load_frac",
        "head_frac",
        "cop",
    }
)


class CycleMachine(Stage):
    """Machine from its rating and its refrigerant. Abstract: the condenser's side is open.

    Evaporating  T_e = T_return - Q/(C ε_e), condensing T_c = T_entering + Q_reject/G, with
    ε = 1 - exp(-UA/C) and UA constant from the rated approach, so approaches shrink with load.
                 A valve keeps T_c at least least_lift_k above T_e (a pressure ratio of 1.5, which
                 centrifugal machines ask for, is 12 K for R134a; assumed, 8-15 K).
    Head         h = w(T_e, T_c)/w_rated, w the isentropic work per cooling of the refrigerant.
    Power        P/P_rated of v = Q/Q_ref and h by the way the compressor is controlled (`drive`),
                 and the most that it passes at this head: physics/compressor.py.
    Below min_load_frac the machine cycles. Motor and drive losses are within reference_cop and
    leave with the refrigerant: heat_kw + power = reject_kw.
    Rated power: that of reference_cop, or Q_ref · w_rated/efficiency_frac (fans come on top). Given
    the efficiency, refrigerants differ as their cycles do: between 10.5 and 36.5 °C, at 0.68, COP
    7.0 of R1233zd(E), 6.7 of R134a, R1234ze(E) and R717, 6.6 of R513A, 6.4 of R32, 6.3 of R410A.
    A reference_cop has that in it already.

    Valid: the refrigerant fit's range (limits `evaporating_c`, `condensing_c`), heads that the
    compressor overcomes (limit `head_frac`) and powers above a reversible machine's between the
    two saturation temperatures (limit `carnot_kw`). The change of suction density with T_e is left
    out (3 % of flow a kelvin away from the rated evaporating temperature), so rate a machine near
    the temperatures at which it works. Against catalogue machines: validation case 06.
    Sources: single-stage vapour-compression cycle (physics/vapour_compression.py, CoolProp);
    physics/compressor.py.
    """

    extensive: ClassVar[frozenset[str]] = frozenset({"reference_kw"})
    reports: ClassVar[frozenset[str]] = CYCLE_REPORTS

    refrigerant: str = Field(description="R134a, R1234ze(E), R1233zd(E), R513A, …")
    reference_kw: float = param("kW", 1, 100_000, "capacity at the rating point")
    reference_cop: float = param(
        "-", 0, 40, "coefficient of performance there, whole machine; or give efficiency_frac", 0.0
    )
    efficiency_frac: float = param(
        "-", 0, _BEST_EFFICIENCY_FRAC,
        "isentropic work over electricity of compressor, motor and drive there: the refrigerant "
        "then decides on the coefficient of performance; or give reference_cop", 0.0,
    )  # fmt: skip
    rated_leaving_c: float = param("°C", -10, 45, "chilled water leaving at the rating point")
    rated_rise_k: float = param("K", 1, 20, "range of the chilled water there", 5.5)
    rated_entering_c: float = param("°C", 5, 55, "water or air entering the condenser there")
    evaporator_approach_k: float = param(
        "K", 0.3, 10, "leaving chilled water less evaporating temperature, at rating", 1.5
    )
    drive: Drive = Field(
        "speed", description="compressor: speed, magnetic-bearing, vanes, slide-valve, scrolls"
    )
    least_lift_k: float = param(
        "K", 3, 30, "condensing less evaporating that valves keep for oil, feed and cooling", 12.0
    )
    min_load_frac: float = param("-", 0.01, 1, "part load below which it cycles", 0.1)
    max_load_frac: float = param("-", 0.5, 1.3, "highest load, share of reference capacity", 1.0)
    condenser_min_c: float = param(
        "°C", -50, 60, "coldest condenser entering temperature that controls let through", 10.0
    )

    @model_validator(mode="after")
    def _credible(self) -> Self:
        if (self.reference_cop > 0) == (self.efficiency_frac > 0):
            raise ValueError("give either reference_cop or efficiency_frac, above 0")
        if 0 < self.reference_cop < 1:
            raise ValueError(f"reference_cop must lie in 1 to 40 (got {self.reference_cop:g})")
        self._in_order("min_load_frac", "max_load_frac", equal=True)
        evaporating_c, condensing_c = self._rated_saturation_c()
        if condensing_c - evaporating_c < self.least_lift_k:
            raise ValueError("the rating point has less lift than least_lift_k")
        least = cycle_fit(self.refrigerant).work_per_cooling_frac(evaporating_c, condensing_c)
        compressor_kw = self._rated_compressor_kw
        if compressor_kw <= 0:
            raise ValueError("fan_kw must be less than the power at the rating point")
        if self.reference_kw * least / compressor_kw > _BEST_EFFICIENCY_FRAC:
            raise ValueError(
                f"reference_cop {self.reference_cop:g} needs a compressor and motor better than "
                f"{_BEST_EFFICIENCY_FRAC:.0%} of isentropic between {evaporating_c:.1f} and "
                f"{condensing_c:.1f} °C"
            )
        return self

    @abstractmethod
    def _rated_saturation_c(self) -> tuple[Array, Array]:
        """Evaporating and condensing temperature at the rating point."""

    @abstractmethod
    def _rated_fan_kw(self) -> Array:
        """Fan power within the rated power."""

    @abstractmethod
    def _condenser(self, duty: Duty, load_frac: Array) -> tuple[Array, Array, dict[str, Array]]:
        """Entering temperature, kW per kelvin from there to condensing, fan power by account."""

    @cached_property
    def _rated_work_frac(self) -> Array:
        """Isentropic work per cooling at the rating point."""
        return cycle_fit(self.refrigerant).work_per_cooling_frac(*self._rated_saturation_c())

    @cached_property
    def _rated_compressor_kw(self) -> Array:
        given = self.efficiency_frac
        if isinstance(given, (int, float)) and given == 0:
            return self.reference_kw / self.reference_cop - self._rated_fan_kw()
        work = self._rated_work_frac
        xp = namespace(given, work, self.reference_cop, self.reference_kw)
        # One of the two is zero, in a batch in all designs or in some.
        by_cop_kw = self.reference_kw / xp.maximum(self.reference_cop, 1.0) - self._rated_fan_kw()
        by_work_kw = self.reference_kw * work / xp.where(given > 0, given, 1.0)
        return xp.where(given > 0, by_work_kw, by_cop_kw)

    def reach_c(self, duty: Duty) -> Array:
        return NO_TEMPERATURE_LIMIT_C + 0.0 * duty.heat_kw

    def refrigerate(self, duty: Duty) -> Service:
        """The refrigerant circuit at work: as much of the duty's heat as the compressor takes."""
        xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, duty.air.dry_bulb_c)
        fit, law = cycle_fit(self.refrigerant), LAWS[self.drive]
        asked_kw = xp.where(duty.flow_kw_per_k > 0, duty.heat_kw, 0.0)
        asked = xp.minimum(asked_kw / self.reference_kw, self.max_load_frac)
        entering_c, condenser_kw_per_k, fan_kw = self._condenser(duty, asked)
        entering_c = xp.maximum(entering_c, self.condenser_min_c)
        k_per_kw = ratio(1.0, saturated_kw_per_k(self._evaporator_ua_kw_per_k, duty.flow_kw_per_k))
        condenser_k_per_kw = ratio(1.0, condenser_kw_per_k)

        state = asked, duty.return_c, entering_c, k_per_kw, condenser_k_per_kw
        load, power_kw, evaporating_c, condensing_c, head = self._settled(*state)

        heat_kw = xp.where(asked_kw > self.reference_kw * load, self.reference_kw * load, asked_kw)
        runs = heat_kw > 0
        power_kw = xp.where(runs, power_kw, 0.0)
        fans = {name: xp.where(runs, value, 0.0) for name, value in fan_kw.items()}
        powers = {"chiller": power_kw, **fans}
        flows = Service(heat_kw, powers, heat_kw + sum(powers.values()))
        if not duty.watched:
            return flows
        lift_k = condensing_c - evaporating_c
        least_kw = heat_kw * xp.maximum(lift_k, 0.0) / (evaporating_c + KELVIN_AT_0_C)
        return replace(
            flows,
            limits=(
                Limit("carnot_kw", least_kw - power_kw, "kW"),
                Limit("head_frac", xp.where(runs, head - law.highest_head_frac, 0.0), "-"),
                Limit("evaporating_c", runs * inside(evaporating_c, *fit.evaporating_range_c), "K"),
                Limit("condensing_c", runs * inside(condensing_c, *fit.condensing_range_c), "K"),
            ),
            traces={
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
                "condenser_entering_c": entering_c,
                "evaporating_c": evaporating_c,
                "condensing_c": condensing_c,
                "load_frac": load,
                "head_frac": xp.where(runs, head, 0.0),
                "cop": ratio(heat_kw, sum(powers.values())),
            },
        )

    def _settled(self, *state: Array) -> _State:
        """The machine at this share of its capacity, where heat, head and power agree."""
        found = where_needed(
            state[0] > 0, _FEW_FRAC, self._passes, state, elsewhere=lambda: self._idle(*state)
        )
        return self._passes(*state) if found is None else found

    def _idle(self, asked: Array, return_c: Array, entering_c: Array, *_: Array) -> _State:
        """What the passes come to without load; there is no head then."""
        rest_c = namespace(return_c, entering_c).maximum(entering_c, return_c + self.least_lift_k)
        nothing = 0.0 * asked
        return nothing, nothing, return_c, rest_c, nothing

    def _passes(self, asked: Array, *state: Array) -> _State:
        """The load that is asked, with the power that two passes tend to (Aitken: they come closer
        by the same share each time); less load where the head lets less through."""
        xp = namespace(asked, *state)
        rated_kw = self._rated_compressor_kw
        loaded = self._loaded(asked, *state)
        begun_kw = rated_kw * asked
        first_kw = self._at(loaded, begun_kw, *state)[0]
        second_kw = self._at(loaded, first_kw, *state)[0]
        step_kw = second_kw - first_kw
        turn_kw = step_kw - (first_kw - begun_kw)
        turns = xp.abs(turn_kw) > _LEAST_TURN * rated_kw
        power_kw = second_kw - step_kw * step_kw * turns / xp.where(turns, turn_kw, 1.0)
        found = asked, *self._at(loaded, power_kw, *state)
        choked = asked > most_flow_frac(LAWS[self.drive], found[-1])
        state = asked, *state
        if xp is not np:
            return in_places(choked, _FEW_FRAC, self._choked, state, found)
        if not np.any(choked):
            return found
        held = where_needed(choked, _FEW_FRAC, self._choked, state) or self._choked(*state)
        load, *rest = (np.where(choked, *both) for both in zip(held, found, strict=True))
        return load, *rest

    def _choked(self, asked: Array, *state: Array) -> _State:
        """The load at which it and the head that it makes agree: closed in on between one that is
        too high and one that is not (more load, more head)."""
        xp = namespace(asked, *state)
        law = LAWS[self.drive]

        def once(state_: tuple[Array, ...]) -> tuple[Array, ...]:
            load, power_kw, before, gap_before = state_
            power_kw, _, _, head = self._at(self._loaded(load, *state), power_kw, *state)
            gap = load - most_flow_frac(law, head)
            turn = gap - gap_before
            turns = xp.abs(turn) > _LEAST_TURN
            along = xp.where(turns, (load - before) / xp.where(turns, turn, 1.0), 0.0)
            ahead = xp.clip(load - gap * xp.clip(along, 0.0, 1.0), 0.0, asked)
            # The power is nearly in proportion.
            return ahead, power_kw * ratio(ahead, load), load, gap

        begun = asked, self._rated_compressor_kw * asked, 0.0 * asked, 0.0 * asked
        load, power_kw, *_ = repeat(_CHOKED_PASSES, once, begun)
        return load, *self._at(self._loaded(load, *state), power_kw, *state)

    def _loaded(
        self, load: Array, return_c: Array, _: Array, k_per_kw: Array, *__: Array
    ) -> _Loaded:
        """What a load alone decides on."""
        evaporating_c = return_c - k_per_kw * self.reference_kw * load
        evaporator = cycle_fit(self.refrigerant).at_evaporating(evaporating_c)
        # While it runs the machine is never below its least load.
        running = namespace(load, self.min_load_frac).maximum(load, self.min_load_frac)
        return _Loaded(self.reference_kw * load, running, load / running, evaporator)

    def _at(
        self,
        loaded: _Loaded,
        power_kw: Array,
        return_c: Array,
        entering_c: Array,
        k_per_kw: Array,
        condenser_k_per_kw: Array,
    ) -> tuple[Array, Array, Array, Array]:
        """Power at this load, both temperatures and head, from what was rejected before."""
        xp = namespace(power_kw, entering_c)
        evaporating_c = loaded.evaporator.evaporating_c
        condensing_c = entering_c + condenser_k_per_kw * (loaded.heat_kw + power_kw)
        condensing_c = xp.maximum(condensing_c, evaporating_c + self.least_lift_k)
        work_frac = cycle_fit(self.refrigerant).work_at(loaded.evaporator, condensing_c)
        head = work_frac * (1.0 / self._rated_work_frac)
        share = power_frac(LAWS[self.drive], loaded.running, head) * loaded.on_frac
        return self._rated_compressor_kw * share, evaporating_c, condensing_c, head

    @cached_property
    def _evaporator_ua_kw_per_k(self) -> Array:
        flow_kw_per_k = self.reference_kw / self.rated_rise_k
        return ua_kw_per_k(flow_kw_per_k, self.rated_rise_k, self.evaporator_approach_k)


class AirCycleMachine(CycleMachine):
    """A machine whose condenser stands in outdoor air, with its fans. Abstract.

    Condenser and fans: refrigerant_coil.py. Fans follow the load down to least_fan_frac, so that
    the temperature difference stays near its rating. Thin air (altitude) carries less and takes
    less fan power; the density's part that goes with temperature is left out, as fans are driven
    by the condensing temperature.
    """

    rejects_to: ClassVar[Literal["loop", "air"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset({"reference_kw", "fan_kw"})

    condenser_difference_k: float = param(
        "K", 3, 30, "condensing temperature less entering air, at rating", 15.0
    )
    air_rise_k: float = param("K", 2, 29, "rise of the condenser air at rating", 10.0)
    fan_kw: float = param("kW", 0, 5_000, "condenser fans at full speed, within the rated power")
    least_fan_frac: float = param("-", 0.05, 1, "least air flow of the fans", 0.3)

    @model_validator(mode="after")
    def _air_stays_colder(self) -> Self:
        if self.air_rise_k >= self.condenser_difference_k:
            raise ValueError("air_rise_k must be less than condenser_difference_k")
        return self

    def _rated_saturation_c(self) -> tuple[Array, Array]:
        return (
            self.rated_leaving_c - self.evaporator_approach_k,
            self.rated_entering_c + self.condenser_difference_k,
        )

    def _rated_fan_kw(self) -> Array:
        return self.fan_kw

    def _condenser(self, duty: Duty, load_frac: Array) -> tuple[Array, Array, dict[str, Array]]:
        xp = namespace(load_frac, duty.air.dry_bulb_c)
        fan_frac = xp.clip(load_frac, self.least_fan_frac, 1.0)
        density_frac = altitude_density_frac(duty.air)
        conductance = self._condenser_kw_per_k(fan_frac * density_frac)
        fans = {"condenser_fan": self.fan_kw * density_frac * fan_power_frac(fan_frac)}
        return duty.air.dry_bulb_c, conductance, fans

    def _rated_air_kw_per_k(self) -> Array:
        """Capacity rate of the condenser's air at full speed and sea level."""
        return (self.reference_kw + self._rated_compressor_kw) / self.air_rise_k

    def _condenser_ua_kw_per_k(self) -> Array:
        approach_k = self.condenser_difference_k - self.air_rise_k
        return ua_kw_per_k(self._rated_air_kw_per_k(), self.air_rise_k, approach_k)

    def _condenser_kw_per_k(self, mass_frac: Array) -> Array:
        """Heat per kelvin from the refrigerant to the entering air at this share of its flow."""
        air_kw_per_k = self._rated_air_kw_per_k()
        return air_side_kw_per_k(self._condenser_ua_kw_per_k(), air_kw_per_k, mass_frac)
