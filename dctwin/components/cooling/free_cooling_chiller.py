"""Air-cooled chiller with an integrated free-cooling coil: one machine, one set of fans."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

from pydantic import model_validator

from dctwin.components.component import RATED_AIR_KG_PER_M3, Duty, Service, param, ratio
from dctwin.components.cooling.cycle_machine import CYCLE_REPORTS, AirCycleMachine
from dctwin.components.cooling.dry_cooler import DryCooler
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.moist_air import CP_AIR_KJ_PER_KG_K

# What rounding leaves of a load that the coil has taken starts no compressor.
_WHOLE = 1e-12


class FreeCoolingChiller(AirCycleMachine):
    """Compressors behind a water coil that stands before the condenser in the same air.

    The water meets the coil first (DryCooler's equations: cross flow, UA from its rating, fans at
    the speed that the heat needs). Three modes, the cheapest that carries most of the heat:
    free        the coil takes all of it; the compressors stand
    partial     the coil takes what it can with the fans at full speed, the compressors the rest;
                the condenser stands in the air that leaves the coil
    mechanical  the coil is by-passed, fans follow the condenser
    Balance: reject_kw = heat_kw + chiller + condenser_fan.
    The coil is rated by free_full_k: the difference of returning water and air at which it takes
    reference_kw. Makers name 10 K for full and 2 K for the first free cooling (Aermec), where the
    controller opens it (free_start_k).

    Valid: as CycleMachine; the loop's fluid must not freeze (glycol; its properties are the
    loop's). The coil's pressure drop in the mechanical mode, and that of its air, are left out.
    Source: CycleMachine, AirCycleMachine, DryCooler.
    """

    kind: ClassVar[str] = "free-cooling-chiller"
    reports: ClassVar[frozenset[str]] = CYCLE_REPORTS | {"free_frac"}

    free_start_k: float = param(
        "K", 0, 20, "returning water less air at which the coil is opened", 2.0
    )
    free_full_k: float = param(
        "K", 3, 40, "returning water less air at which the coil takes reference_kw", 10.0
    )

    @model_validator(mode="after")
    def _possible_coil(self) -> Self:
        if self.free_full_k <= self.rated_rise_k + 1.0:
            raise ValueError("free_full_k must be at least 1 K above rated_rise_k")
        self._in_order("free_start_k", "free_full_k", equal=True)
        DryCooler.model_validate(self._coil_values())
        return self

    def _coil_values(self) -> dict[str, Array]:
        air_kw_per_k = self._rated_air_kw_per_k()
        return {
            "rated_heat_kw": self.reference_kw,
            "rated_approach_k": self.free_full_k - self.rated_rise_k,
            "rated_range_k": self.rated_rise_k,
            "rated_air_m3_s": air_kw_per_k / (RATED_AIR_KG_PER_M3 * CP_AIR_KJ_PER_KG_K),
            "fan_kw": namespace(self.fan_kw).maximum(self.fan_kw, 1e-3),
            "min_speed_frac": self.least_fan_frac,
        }

    def _coil(self) -> DryCooler:
        defaults = {
            name: info.default
            for name, info in DryCooler.model_fields.items()
            if not info.is_required()
        }
        return DryCooler.model_construct(**{**defaults, **self._coil_values()})

    def serve(self, duty: Duty) -> Service:
        duty = replace(duty, watched=True)  # its parts' traces are read
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c, self.reference_kw)
        asked_kw = xp.where(duty.flow_kw_per_k > 0, duty.heat_kw, 0.0)
        asked = replace(duty, heat_kw=asked_kw)
        coil = self._coil().serve(asked)
        left_kw = asked_kw - coil.heat_kw
        left_kw = xp.where(left_kw > _WHOLE * asked_kw, left_kw, 0.0)
        drop_k = ratio(coil.heat_kw, duty.flow_kw_per_k)
        behind = replace(
            asked,
            heat_kw=left_kw,
            return_c=duty.return_c - drop_k,
            air=replace(duty.air, dry_bulb_c=coil.traces["leaving_air_c"]),
        )
        # The coil's fans run at full speed wherever it leaves anything over.
        partial = self.with_values(least_fan_frac=1.0).refrigerate(behind)
        mechanical = self.refrigerate(asked)
        coil_fan_kw = coil.power_kw["dry_cooler_fan"]
        free_kw = partial.power_kw["chiller"] + coil_fan_kw
        more = coil.heat_kw + partial.heat_kw - mechanical.heat_kw
        same = xp.abs(more) <= 1e-9 * asked_kw
        cheaper = free_kw <= sum(mechanical.power_kw.values())
        opens = (coil.heat_kw > 0) & (duty.return_c - duty.air.dry_bulb_c >= self.free_start_k)
        frees = opens & xp.where(same, cheaper, more > 0)
        heat_kw = xp.where(frees, coil.heat_kw + partial.heat_kw, mechanical.heat_kw)
        heat_kw = xp.minimum(heat_kw, asked_kw)
        powers = {
            "chiller": xp.where(frees, partial.power_kw["chiller"], mechanical.power_kw["chiller"]),
            "condenser_fan": xp.where(frees, coil_fan_kw, mechanical.power_kw["condenser_fan"]),
        }
        used_kw = sum(powers.values())
        traces = {
            name: xp.where(frees, value, mechanical.traces[name])
            for name, value in partial.traces.items()
        }
        return Service(
            heat_kw=heat_kw,
            power_kw=powers,
            reject_kw=heat_kw + used_kw,
            limits=tuple(
                replace(a, beyond=xp.where(frees, a.beyond, b.beyond))
                for a, b in zip(partial.limits, mechanical.limits, strict=True)
            ),
            traces={
                **traces,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
                "cop": ratio(heat_kw, used_kw),
                "free_frac": ratio(xp.where(frees, coil.heat_kw, 0.0), asked_kw),
            },
        )
