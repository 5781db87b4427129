"""Electric chillers with fitted curves (EnergyPlus' EIR model), cooled by water or by air."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import (
    NO_TEMPERATURE_LIMIT_C,
    Duty,
    Limit,
    Service,
    Stage,
    altitude_density_frac,
    param,
    ratio,
)
from dctwin.components.cooling.refrigerant_coil import air_side_kw_per_k, ua_kw_per_k
from dctwin.physics.arrays import Array, namespace
from dctwin.units import KELVIN_AT_0_C

Biquadratic = tuple[float, float, float, float, float, float]
Quadratic = tuple[float, float, float]
Bounds = tuple[float, float]

# Keeps a division finite where a curve, far outside its range, rises faster than its water cools.
_SMALLEST_FALL = 1e-9


class EirChiller(Stage):
    """Vapour-compression chiller from catalogue curves. Abstract: the condenser's side is open.

    Available capacity  Q_av = Q_ref · CAPFT(T_leaving, T_condenser)
    Power               P = Q_av / COP_ref · EIRFT(T_leaving, T_condenser) · EIRFPLR(PLR) · CR
    with PLR = max(Q/Q_av, least unloading) and the cycling ratio CR = min(1, Q/Q_av / least load):
    below the least unloading hot gas is recirculated (no power is saved), below the least load the
    machine cycles. Biquadratics are a + b x + c x² + d y + e y² + f x y, x the leaving chilled
    water, y the water or air that enters the condenser.
    Source: EnergyPlus 25.2 Engineering Reference, "Electric Chiller Model Based on Condenser
    Entering Temperature"; DOE-2. EnergyPlus adds recirculated heat to the condenser's; here the
    first law holds, heat_kw + power_kw = reject_kw (motor losses leave with the refrigerant).

    Valid: the temperatures the curves were fitted to (the equipment file's `valid`), flagged
    outside. There the curves are held at the ends of their range, as EnergyPlus does
    (`leaving_curve_c` and `condenser_curve_c`; a machine from an equipment file has them from its
    `valid`); without a range they are read at the true temperature. A curve that has turned
    negative counts as zero, which the limit `carnot_kw` shows: by how much the power is less than
    a reversible machine would need between the leaving chilled water and what leaves the condenser
    (for air: enters it).
    """

    extensive: ClassVar[frozenset[str]] = frozenset({"reference_kw"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {"leaving_c", "condenser_entering_c", "condenser_leaving_c", "load_frac", "cop"}
    )

    reference_kw: float = param("kW", 1, 100_000, "capacity at the reference temperatures")
    reference_cop: float = param("-", 1, 20, "coefficient of performance there")
    capft: Biquadratic = Field(
        description="capacity over its reference, of leaving and condenser entering temperature"
    )
    eirft: Biquadratic = Field(
        description="power per capacity over its reference, of the same temperatures"
    )
    eirfplr: Quadratic = Field(description="power over full power, of part load: a + b x + c x²")
    min_load_frac: float = param("-", 0.01, 1, "part load below which it cycles", 0.1)
    min_unload_frac: float = param("-", 0.01, 1, "part load below which power is constant", 0.1)
    max_load_frac: float = param("-", 0.5, 1.5, "highest load, share of available capacity", 1.0)
    leaving_curve_c: Bounds | None = Field(
        None, description="leaving temperatures at whose ends the curves are held [°C]"
    )
    condenser_curve_c: Bounds | None = Field(
        None, description="condenser temperatures at whose ends the curves are held [°C]"
    )
    condenser_min_c: float = param(
        "°C", -50, 60, "coldest condenser entering temperature that controls let through", -50.0
    )

    @model_validator(mode="after")
    def _cycles_below_unloading(self) -> Self:
        self._in_order("min_load_frac", "min_unload_frac", equal=True)
        self._in_order("min_unload_frac", "max_load_frac", equal=True)
        for name in ("leaving_curve_c", "condenser_curve_c"):
            bounds = getattr(self, name)
            if bounds is not None and not -50 <= bounds[0] < bounds[1] <= 100:
                raise ValueError(f"{name} must rise and stay within -50 to 100")
        return self

    def within(self, valid: Mapping[str, Bounds]) -> Self:
        known = {
            "leaving_curve_c": self.leaving_curve_c or valid.get("leaving_c"),
            "condenser_curve_c": self.condenser_curve_c or valid.get("condenser_entering_c"),
        }
        return self.model_copy(update=known)

    @abstractmethod
    def _condenser(self, duty: Duty) -> tuple[Array, Array]:
        """Temperature that enters the condenser, and the capacity rate that warms there."""

    def capacity_kw(self, leaving_c: Array, condenser_c: Array) -> Array:
        """Available capacity at part-load ratio 1."""
        xp = namespace(leaving_c, condenser_c)
        return self.reference_kw * xp.maximum(self._read(self.capft, leaving_c, condenser_c), 0.0)

    def _read(self, curve: Biquadratic, leaving_c: Array, condenser_c: Array) -> Array:
        """A curve of both temperatures, held at the ends of its range where it has one."""
        leaving_c = _held(leaving_c, self.leaving_curve_c)
        return biquadratic(curve, leaving_c, _held(condenser_c, self.condenser_curve_c))

    def power_kw(
        self, heat_kw: Array, capacity_kw: Array, leaving_c: Array, condenser_c: Array
    ) -> Array:
        """Electricity of the whole machine for this heat."""
        xp = namespace(heat_kw, capacity_kw, leaving_c, condenser_c)
        load = ratio(heat_kw, capacity_kw)
        a, b, c = self.eirfplr
        unloaded = xp.maximum(load, self.min_unload_frac)
        part = xp.maximum(a + unloaded * (b + unloaded * c), 0.0)
        cycling = xp.minimum(load / self.min_load_frac, 1.0)
        lift = xp.maximum(self._read(self.eirft, leaving_c, condenser_c), 0.0)
        return capacity_kw / self.reference_cop * lift * part * cycling

    def reach_c(self, duty: Duty) -> Array:
        return NO_TEMPERATURE_LIMIT_C + 0.0 * duty.heat_kw

    def serve(self, duty: Duty) -> Service:
        xp = namespace(duty.heat_kw, duty.return_c, duty.sink_c, duty.air.dry_bulb_c)
        entering_c, condenser_kw_per_k = self._condenser(duty)
        felt_c = xp.maximum(entering_c, self.condenser_min_c)
        heat_kw = self._served_kw(duty, felt_c)
        leaving_c = duty.return_c - ratio(heat_kw, duty.flow_kw_per_k)
        capacity_kw = self.capacity_kw(leaving_c, felt_c)
        power_kw = self.power_kw(heat_kw, capacity_kw, leaving_c, felt_c)
        flows = Service(heat_kw, {"chiller": power_kw}, heat_kw + power_kw)
        if not duty.watched:
            return flows
        condenser_leaving_c = felt_c + ratio(flows.reject_kw, condenser_kw_per_k)
        least_kw = heat_kw * (condenser_leaving_c - leaving_c) / (leaving_c + KELVIN_AT_0_C)
        return replace(
            flows,
            limits=(Limit("carnot_kw", xp.maximum(least_kw, 0.0) - power_kw, "kW"),),
            traces={
                "leaving_c": leaving_c,
                "condenser_entering_c": felt_c,
                "condenser_leaving_c": condenser_leaving_c,
                "load_frac": ratio(heat_kw, capacity_kw),
                "cop": ratio(heat_kw, power_kw),
            },
        )

    def _served_kw(self, duty: Duty, condenser_c: Array) -> Array:
        """All of the heat, or the most at this return: Q = max load · Q_av(T_return - Q/C).

        The capacity is read at the water that really leaves, so an overloaded machine does not
        read its curve at a setpoint that it cannot hold. No heat without flow.
        """
        xp = namespace(duty.heat_kw, duty.return_c, condenser_c)
        most_kw = self.max_load_frac * self.reference_kw
        k_per_kw = ratio(1.0, duty.flow_kw_per_k)
        asked_kw = xp.where(duty.flow_kw_per_k > 0, duty.heat_kw, 0.0)
        condenser_c = _held(condenser_c, self.condenser_curve_c)
        # Capacity as a quadratic in the leaving temperature alone: level + T (slope + bend T).
        a, b, c, d, e, f = self.capft
        level_kw = most_kw * (a + condenser_c * (d + condenser_c * e))
        slope_kw = most_kw * (b + condenser_c * f)
        bend_kw = most_kw * c
        # A machine that could do more at the asked heat's own leaving temperature is not limited.
        leaving_c = _held(duty.return_c - asked_kw * k_per_kw, self.leaving_curve_c)
        spare_kw = level_kw + leaving_c * (slope_kw + leaving_c * bend_kw) - asked_kw
        # T = T_return - k Q makes it a quadratic in Q; this form of its root holds for c = 0 too.
        idle_kw = level_kw + duty.return_c * (slope_kw + duty.return_c * bend_kw)
        falling = 1.0 + k_per_kw * (slope_kw + 2.0 * bend_kw * duty.return_c)
        curving = 4.0 * bend_kw * k_per_kw * k_per_kw
        root = xp.sqrt(xp.maximum(falling * falling - curving * idle_kw, 0.0))
        able_kw = 2.0 * idle_kw / xp.maximum(falling + root, _SMALLEST_FALL)
        if self.leaving_curve_c is not None:
            # Where that water leaves outside the curve's range, the capacity is that of its end.
            leaving_c = duty.return_c - able_kw * k_per_kw
            end_c = _held(leaving_c, self.leaving_curve_c)
            at_end_kw = level_kw + end_c * (slope_kw + end_c * bend_kw)
            able_kw = xp.where(leaving_c == end_c, able_kw, at_end_kw)
        return xp.where(spare_kw >= 0, asked_kw, xp.clip(able_kw, 0.0, asked_kw))


class Chiller(EirChiller):
    """Water-cooled chiller: the condenser is cooled by the sink loop.

    Equations, source and validity: EirChiller. A bypass keeps the water that enters the condenser
    at condenser_min_c or warmer; it mixes within the loop, so the heat balance is not affected.
    """

    kind: ClassVar[str] = "chiller"
    rejects_to: ClassVar[Literal["loop", "air"]] = "loop"

    def _condenser(self, duty: Duty) -> tuple[Array, Array]:
        return duty.sink_c, duty.sink_kw_per_k


class AirChiller(EirChiller):
    """Air-cooled chiller: the condenser is cooled by outdoor air at dry bulb.

    Equations, source and validity: EirChiller. Condenser fans are part of the curves, as catalogue
    ratings are of the whole unit (AHRI 550/590). Fan control holds the head pressure as if the air
    were at condenser_min_c. Altitude: thinner air carries less, so that the curves are read at air
    that is warmer by the rise of the condensing temperature (refrigerant_coil.py), at full load;
    that thin air takes less fan power is left out (a few per cent of the machine's).
    """

    kind: ClassVar[str] = "air-chiller"
    rejects_to: ClassVar[Literal["loop", "air"]] = "air"

    condenser_difference_k: float = param(
        "K",
        3,
        30,
        "condensing temperature less entering air at full load; altitude raises it",
        15.0,
    )
    air_rise_frac: float = param(
        "-", 0.1, 0.95, "rise of the condenser air, share of that difference", 0.67
    )

    def _condenser(self, duty: Duty) -> tuple[Array, Array]:
        rated = ua_kw_per_k(1.0, self.air_rise_frac, 1.0 - self.air_rise_frac)
        thin = air_side_kw_per_k(rated, 1.0, altitude_density_frac(duty.air)) / self.air_rise_frac
        felt_c = duty.air.dry_bulb_c + self.condenser_difference_k * (1.0 / thin - 1.0)
        return felt_c, 0.0 * duty.heat_kw


def _held(value_c: Array, bounds: Bounds | None) -> Array:
    """The temperature, no farther than the ends of a curve's range where there is one."""
    return value_c if bounds is None else namespace(value_c).clip(value_c, *bounds)


def biquadratic(coefficients: Sequence[Array], x: Array, y: Array) -> Array:
    """a + b x + c x² + d y + e y² + f x y."""
    a, b, c, d, e, f = coefficients
    return a + x * (b + c * x + f * y) + y * (d + e * y)
