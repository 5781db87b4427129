"""Direct expansion: room air straight to outdoor air, with an optional pumped-refrigerant mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from dctwin.components.component import (
    Duty,
    Limit,
    Service,
    altitude_density_frac,
    param,
    ratio,
)
from dctwin.components.cooling.cycle_machine import CYCLE_REPORTS, AirCycleMachine
from dctwin.components.cooling.refrigerant_coil import (
    fan_power_frac,
    in_series_kw_per_k,
    mass_frac_for,
    saturated_kw_per_k,
)
from dctwin.components.cooling.room_air import Humidifier
from dctwin.components.cooling.wet_coil import (
    electric_frac,
    moistening,
    needs_humidifier,
    to_drain,
)
from dctwin.components.media import AIR, Medium
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.hydraulics import mover_power_kw

# Stands for the electricity of a mode that cannot carry the heat.
_NEVER_KW = 1e30
# Heat that a mode leaves over and that is rounding.
_WHOLE = 1.0 - 1e-12


class _Mode(NamedTuple):
    """One way to carry the heat: heat of the evaporators, electricity by account, the circuit."""

    heat_kw: Array
    power_kw: Mapping[str, Array]
    circuit: Service
    pumped_kw: Array


class DxUnit(AirCycleMachine):
    """Computer-room air conditioner: evaporator in the room's air, condenser outdoors.

    Evaporator: T_e = T_return - Q/(C (1 - exp(-UA/C))), as for a chiller, with air for water; it
    removes the room's heat and that of its own fan (draw-through). Compressor, condenser, fans:
    CycleMachine, AirCycleMachine; reference_cop counts compressor and condenser fans. Its own fan's
    rise goes with density over 1.2 kg/m³, but for its static share, as in an air handler.
    Balance: reject_kw = heat_kw + dx_fan + chiller + condenser_fan + refrigerant_pump + humidifier.

    With `economiser: pumped-refrigerant` there are two equal circuits, each with half of either
    coil, in series in the room's air, and liquid pumps that bypass the compressors. A pumped
    circuit joins evaporator and condenser through one saturation temperature, so it carries
    (T_return - T_outdoor)/(1/G_e + 1/G_c). Three modes: both circuits pumped, the fans at the speed
    that the heat needs; one pumped at full speed while the second compresses the rest; both
    compressing. The controller takes the cheapest that carries the heat, so the changeover
    temperatures follow from load and coils; they are not set.

    Coils are dry, or wet with a given sensible share while the unit's humidifier puts back what
    condenses (wet_coil.py).
    Valid: dry coils with `evaporating_c` above the room's dew point (flagged where the loop has
    ventilation and so a dew point; a humidified unit is not: it is wet), one return
    temperature, pipes without pressure drop. Refrigerant distribution, oil and defrost left out.
    Source: as CycleMachine; modes: makers' descriptions of pumped-refrigerant economisers approved
    under California's Title 24 (2015).
    """

    kind: ClassVar[str] = "dx-unit"
    media: ClassVar[frozenset[Medium]] = AIR
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"reference_kw", "fan_kw", "design_flow_m3_s", "refrigerant_pump_kw"}
    )
    reports: ClassVar[frozenset[str]] = CYCLE_REPORTS | {"flow_frac", "pumped_frac"}

    design_flow_m3_s: float = param("m³/s", 0.01, 1_000, "room air flow at the design point")
    fan_rise_pa: float = param("Pa", 10, 3_000, "total pressure rise of the room fans there")
    static_frac: float = param("-", 0, 0.9, "share of the rise that is held at any flow", 0.1)
    fan_efficiency_frac: float = param("-", 0.2, 0.9, "fan efficiency, air to shaft", 0.65)
    motor_efficiency_frac: float = param("-", 0.5, 0.98, "efficiency of motor and drive", 0.88)
    economiser: Literal["none", "pumped-refrigerant"] = Field(
        "none", description="what replaces the compressor in the cold: none, pumped-refrigerant"
    )
    refrigerant_pump_kw: float = param(
        "kW", 0, 1_000, "electricity of both circuits' refrigerant pumps", 0.0
    )
    sensible_frac: float = param("-", 0.5, 1, "sensible share of the coil's heat; 1 is dry", 1.0)
    humidifier: Humidifier = Field(
        "none", description="in the unit: evaporates again what its wet coil condenses"
    )

    @model_validator(mode="after")
    def _moistened(self) -> Self:
        needs_humidifier(self.humidifier, self.sensible_frac)
        return self

    def serve(self, duty: Duty) -> Service:
        duty = replace(duty, watched=True)  # its parts' traces are read
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c, self.reference_kw)
        flow_frac = duty.flow_m3_s / self.design_flow_m3_s
        fan_kw = mover_power_kw(
            flow_frac,
            self.design_flow_m3_s,
            self.fan_rise_pa,
            self.static_frac,
            self.fan_efficiency_frac,
            self.motor_efficiency_frac,
            duty.density_frac,
        )
        asked = (duty.heat_kw > 0) & (duty.flow_kw_per_k > 0)
        dry_frac: Array = 1.0
        if self.humidifier != "none":
            dry_frac = 1.0 - electric_frac(self.humidifier, self.sensible_frac)
        whole = replace(duty, heat_kw=xp.where(asked, (duty.heat_kw + fan_kw) / dry_frac, 0.0))
        mode = self._compressed(whole)
        if self.economiser != "none":
            mode = _cheapest(_cheapest(mode, self._mixed(whole)), self._pumped(whole, mode))
        heat_kw = xp.clip(mode.heat_kw * dry_frac - fan_kw, 0.0, duty.heat_kw)
        # Running would only warm the room where the unit cannot carry off its own fan's heat.
        runs = heat_kw > 0
        powers = {
            name: xp.where(runs, value, 0.0)
            for name, value in {"dx_fan": fan_kw, **mode.power_kw}.items()
        }
        water = None
        if self.humidifier != "none":
            coil_kw = (heat_kw + powers["dx_fan"]) / dry_frac
            moistened = moistening(self.humidifier, self.sensible_frac, coil_kw)
            powers["humidifier"] = moistened.electric_kw
            water = to_drain(moistened)
        used_kw = sum(powers.values())
        return Service(
            heat_kw=heat_kw,
            power_kw=powers,
            reject_kw=heat_kw + used_kw,
            water=water,
            limits=tuple(
                Limit(limit.name, xp.where(runs, limit.beyond, 0.0), limit.unit)
                for limit in mode.circuit.limits
            ),
            traces={
                **mode.circuit.traces,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
                "cop": ratio(heat_kw, used_kw),
                "flow_frac": flow_frac,
                "pumped_frac": runs * ratio(mode.pumped_kw, whole.heat_kw),
            },
        )

    def dry_coil_c(self, traces: Mapping[str, Array]) -> Array | None:
        return traces["evaporating_c"] if self.humidifier == "none" else None

    def _compressed(self, duty: Duty) -> _Mode:
        circuit = self.refrigerate(duty)
        pump = {} if self.economiser == "none" else {"refrigerant_pump": 0.0 * duty.heat_kw}
        return _Mode(circuit.heat_kw, {**circuit.power_kw, **pump}, circuit, 0.0 * duty.heat_kw)

    def _link_kw_per_k(self, duty: Duty) -> tuple[Array, Array]:
        """Conductances of evaporator and of the whole pumped path, fans at full speed."""
        evaporator = saturated_kw_per_k(self._evaporator_ua_kw_per_k, duty.flow_kw_per_k)
        condenser = self._condenser_kw_per_k(altitude_density_frac(duty.air))
        return evaporator, in_series_kw_per_k(evaporator, condenser)

    def _pumped(self, duty: Duty, idle: _Mode) -> _Mode:
        """Both circuits pumped. `idle` lends the traces of the circuit that stands still."""
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c)
        density_frac = altitude_density_frac(duty.air)
        evaporator, link = self._link_kw_per_k(duty)
        drive_k = xp.maximum(duty.return_c - duty.air.dry_bulb_c, 0.0)
        carries = link * drive_k >= duty.heat_kw
        needed = xp.where(carries, duty.heat_kw, 0.0) / xp.maximum(drive_k, 1e-9)
        # 1/G_c = 1/G - 1/G_e; half of G_e stands in where the mode cannot carry the heat.
        spare = xp.maximum(evaporator - needed, 1e-9)
        mass = mass_frac_for(
            xp.maximum(needed * evaporator / spare, 1e-9),
            self._condenser_ua_kw_per_k(),
            self._rated_air_kw_per_k(),
            density_frac,
        )
        speed = xp.maximum(mass / density_frac, self.least_fan_frac)
        never = xp.where(carries, 0.0, _NEVER_KW)
        powers = {
            "chiller": never,
            "condenser_fan": self.fan_kw * density_frac * fan_power_frac(speed),
            "refrigerant_pump": self.refrigerant_pump_kw + 0.0 * drive_k,
        }
        traces = {name: 0.0 * value for name, value in idle.circuit.traces.items()}
        limits = tuple(replace(limit, beyond=0.0 * limit.beyond) for limit in idle.circuit.limits)
        traces["condenser_entering_c"] = duty.air.dry_bulb_c
        saturated_c = duty.return_c - duty.heat_kw / xp.maximum(evaporator, 1e-9)
        traces["evaporating_c"] = traces["condensing_c"] = saturated_c
        circuit = replace(idle.circuit, traces=traces, limits=limits)
        return _Mode(xp.where(carries, duty.heat_kw, 0.0), powers, circuit, duty.heat_kw)

    def _mixed(self, duty: Duty) -> _Mode:
        """The first circuit pumped with its fans at full speed, the second compresses the rest."""
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c)
        density_frac = altitude_density_frac(duty.air)
        link = in_series_kw_per_k(
            saturated_kw_per_k(0.5 * self._evaporator_ua_kw_per_k, duty.flow_kw_per_k),
            0.5 * self._condenser_kw_per_k(density_frac),
        )
        drive_k = xp.maximum(duty.return_c - duty.air.dry_bulb_c, 0.0)
        pumped_kw = xp.minimum(link * drive_k, duty.heat_kw)
        half = self.with_values(reference_kw=0.5 * self.reference_kw, fan_kw=0.5 * self.fan_kw)
        rest_kw = duty.heat_kw - pumped_kw
        cooled_c = duty.return_c - ratio(pumped_kw, duty.flow_kw_per_k)
        circuit = half.refrigerate(replace(duty, heat_kw=rest_kw, return_c=cooled_c))
        carries = (circuit.heat_kw >= _WHOLE * rest_kw) & (drive_k > 0)
        powers = {
            "chiller": xp.where(carries, circuit.power_kw["chiller"], _NEVER_KW),
            "condenser_fan": circuit.power_kw["condenser_fan"] + 0.5 * self.fan_kw * density_frac,
            "refrigerant_pump": 0.5 * self.refrigerant_pump_kw + 0.0 * drive_k,
        }
        return _Mode(xp.where(carries, duty.heat_kw, 0.0), powers, circuit, pumped_kw)


def _cheapest(one: _Mode, other: _Mode) -> _Mode:
    """Hour by hour the mode that takes less electricity; a mode that cannot costs _NEVER_KW."""
    xp = namespace(one.heat_kw, other.heat_kw)
    better = sum(other.power_kw.values()) < sum(one.power_kw.values())

    def pick(this: Array, that: Array) -> Array:
        return xp.where(better, that, this)

    circuit = replace(
        one.circuit,
        traces={
            name: pick(value, other.circuit.traces[name])
            for name, value in one.circuit.traces.items()
        },
        limits=tuple(
            replace(a, beyond=pick(a.beyond, b.beyond))
            for a, b in zip(one.circuit.limits, other.circuit.limits, strict=True)
        ),
    )
    return _Mode(
        pick(one.heat_kw, other.heat_kw),
        {name: pick(value, other.power_kw[name]) for name, value in one.power_kw.items()},
        circuit,
        pick(one.pumped_kw, other.pumped_kw),
    )
