"""Battery at the facility bus: takes what is offered, gives what is wanted, loses on both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import Component, Limit, inside, param
from dctwin.physics.ageing import (
    GAS_CONSTANT_J_PER_MOL_K,
    LAW_RANGES,
    TESTED_TO_FRAC,
    arrhenius,
    capacity_left_frac,
    shallow_frac,
)
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.scan import ends_within, filled

# Resistance of an LFP cell falls with temperature: 0.0650 Ω at 10, 0.0463 at 25, 0.0367 at 40 °C in
# the middle of its charge (Sony US26650, table of SimSES 1.3.12), which is 11.5 to 16 kJ/mol.
_RESISTANCE_K = 14_000.0 / GAS_CONSTANT_J_PER_MOL_K


@dataclass(frozen=True)
class BatteryFlows:
    """charge_kw = discharge_kw + loss_kw + stored_kw, in every step; energy at its end.

    even_frac: where in a step the powers change, as a share of it; 0 or 1 where they do not.
    """

    charge_kw: Array
    discharge_kw: Array
    loss_kw: Array
    stored_kw: Array
    energy_kwh: Array
    even_frac: Array = 1.0


class Battery(Component):
    """Battery with power limits both ways, efficiency by C-rate and temperature, and ageing.

    One way, at power P of a store of capacity E: cells get eta P (1 - x), cells give
    P / (eta (1 - x)), with x = ohmic_loss_h k(T) P/E and k = 1 at 25 °C (Arrhenius, 14 kJ/mol).
    Cells follow the outdoor air within the band that the container keeps. A step that fills or
    empties the store ends it early at the same power, so steps of any length give equal energies
    and hours chain through one scan. Below `reserve_frac` only an outage draws; after it the grid
    refills the reserve. What is left at the end stands in the ledger as stored.
    Ageing (physics/ageing.py) is told, not fed back within the run.
    Source: round trip 85 % AC-AC, NREL Annual Technology Baseline 2024, utility-scale battery;
    ohmic part: resistance of the Sony US26650 cell, SimSES 1.3.12. Holds for 0.01 to 1C.
    """

    kind: ClassVar[str] = "battery"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"capacity_kwh", "charge_kw", "discharge_kw", "auxiliary_kw"}
    )

    capacity_kwh: float = param("kWh", 0.001, 100_000_000, "usable energy")
    charge_kw: float = param("kW", 0, 10_000_000, "charging limit at the bus")
    discharge_kw: float = param("kW", 0, 10_000_000, "discharging limit at the bus")
    charge_efficiency_frac: float = param("-", 0.5, 1, "bus to cells, at no current", 0.922)
    discharge_efficiency_frac: float = param("-", 0.5, 1, "cells to bus, at no current", 0.922)
    ohmic_loss_h: float = param("h", 0, 0.5, "further loss per C-rate (power over capacity)", 0.0)
    start_frac: float = param("-", 0, 1, "state of charge at the start", 0.5)
    reserve_frac: float = param("-", 0, 1, "charge kept for outages", 0.0)
    auxiliary_kw: float = param("kW", 0, 100_000, "control and thermal management, mean", 0.0)
    cell_low_c: float = param("°C", -20, 40, "coldest cells that the container allows", 15.0)
    cell_high_c: float = param("°C", 0, 60, "warmest cells that the container allows", 30.0)
    chemistry: Literal["lfp", "nmc"] = Field("lfp", description="law by which the cells age")

    reports: ClassVar[frozenset[str]] = frozenset({"c_rate_kw_per_kwh", "cell_c"})

    @model_validator(mode="after")
    def _bands(self) -> Self:
        if self.start_frac < self.reserve_frac:
            raise ValueError("start_frac must not be below reserve_frac")
        if self.cell_low_c > self.cell_high_c:
            raise ValueError("cell_low_c must not be above cell_high_c")
        most = self.ohmic_loss_h * max(self.charge_kw, self.discharge_kw) / self.capacity_kwh
        if most > 0.25:
            raise ValueError(
                "ohmic_loss_h times the greatest C-rate must stay within 0.25: the law is one of "
                "small losses"
            )
        return self

    @property
    def round_trip_frac(self) -> Array:
        """Energy out over energy in, bus to bus, at no current."""
        return self.charge_efficiency_frac * self.discharge_efficiency_frac

    @property
    def full_round_trip_frac(self) -> Array:
        """The same at full power both ways, cells at 25 °C."""
        ohmic = self.ohmic_loss_h / self.capacity_kwh
        lost = (1.0 - ohmic * self.charge_kw) * (1.0 - ohmic * self.discharge_kw)
        return self.round_trip_frac * lost

    def cell_c(self, air_c: Array) -> Array:
        """Temperature of the cells: the outdoor air within the container's band."""
        return namespace(air_c, self.cell_low_c).clip(air_c, self.cell_low_c, self.cell_high_c)

    def ohmic_frac_per_kw(self, air_c: Array) -> Array:
        """Share lost in the cells' resistance per kilowatt at the bus."""
        warm = arrhenius(self.cell_c(air_c), -_RESISTANCE_K)
        return self.ohmic_loss_h / self.capacity_kwh * warm

    def stored_kw(self, charge_kw: Array, ohmic_frac_per_kw: Array) -> Array:
        """What reaches the cells."""
        return self.charge_efficiency_frac * charge_kw * (1.0 - ohmic_frac_per_kw * charge_kw)

    def drawn_kw(self, discharge_kw: Array, ohmic_frac_per_kw: Array) -> Array:
        """What leaves the cells."""
        return discharge_kw / (
            self.discharge_efficiency_frac * (1.0 - ohmic_frac_per_kw * discharge_kw)
        )

    def steady(
        self,
        offer_kw: Array,
        want_kw: Array,
        step_h: float,
        air_c: Array = 25.0,
        grid_available: Any = None,
        refill_kw: Array = 0.0,
    ) -> BatteryFlows:
        """Charge from what is offered, else cover what is wanted, over (…, hours).

        grid_available  1 or 0 in each step; None: always. Without the grid the reserve is drawn.
        refill_kw       power that may refill the reserve, charging of this step included
        """
        xp = namespace(offer_kw, want_kw, self.capacity_kwh, air_c)
        ohmic = self.ohmic_frac_per_kw(air_c)
        offer_kw = xp.minimum(offer_kw, self.charge_kw)
        want_kw = xp.where(offer_kw > 0, 0.0, xp.minimum(want_kw, self.discharge_kw))
        rate_kw = self.stored_kw(offer_kw, ohmic) - self.drawn_kw(want_kw, ohmic)
        reserve_kwh = self.reserve_frac * self.capacity_kwh
        start_kwh = self.start_frac * self.capacity_kwh
        share, level_kwh = filled(
            rate_kw, step_h, start_kwh - reserve_kwh, self.capacity_kwh - reserve_kwh
        )
        charge_kw, discharge_kw = share * offer_kw, share * want_kw
        stored_kw, even_frac = share * rate_kw, share
        if grid_available is None:
            energy_kwh = level_kwh + reserve_kwh
        else:
            # The reserve is a second store in the same cells: drawn in outages after the first is
            # empty, refilled whenever the grid is there and the first does not discharge.
            spare_kw = xp.minimum(refill_kw, self.charge_kw) - charge_kw
            more_kw = xp.where(discharge_kw > 0, 0.0, xp.maximum(spare_kw, 0.0))
            less_kw = xp.where(
                (grid_available > 0) | (charge_kw > 0), 0.0, xp.maximum(want_kw - discharge_kw, 0.0)
            )
            more_kw = xp.where(less_kw > 0, 0.0, more_kw)
            rate_kw = (
                self.stored_kw(charge_kw + more_kw, ohmic)
                - self.stored_kw(charge_kw, ohmic)
                - self.drawn_kw(discharge_kw + less_kw, ohmic)
                + self.drawn_kw(discharge_kw, ohmic)
            )
            share, held_kwh = filled(rate_kw, step_h, reserve_kwh, reserve_kwh)
            # The first store's end in a step comes before the second's.
            even_frac = xp.where(ends_within(even_frac), even_frac, share)
            charge_kw, discharge_kw = charge_kw + share * more_kw, discharge_kw + share * less_kw
            stored_kw = stored_kw + share * rate_kw
            energy_kwh = level_kwh + held_kwh
        loss_kw = charge_kw - discharge_kw - stored_kw
        return BatteryFlows(charge_kw, discharge_kw, loss_kw, stored_kw, energy_kwh, even_frac)

    def capacity_left_frac(self, flows: BatteryFlows, air_c: Array, step_h: float) -> Array:
        """Capacity over that of new cells at the end of each step, from new at the start."""
        return capacity_left_frac(
            self.chemistry,
            flows.energy_kwh / self.capacity_kwh,
            flows.stored_kw * (step_h / self.capacity_kwh),
            self.cell_c(air_c),
            step_h,
        )

    def c_rate_kw_per_kwh(self, flows: BatteryFlows) -> Array:
        """Power at the bus over capacity."""
        return (flows.charge_kw + flows.discharge_kw) / self.capacity_kwh

    def limits(
        self, flows: BatteryFlows, capacity_left_frac: Array, air_c: Array, step_h: float
    ) -> tuple[Limit, ...]:
        """Where the ageing law of its cells is carried on beyond what they were tested at."""
        law = LAW_RANGES[self.chemistry]
        xp = namespace(flows.stored_kw)
        moved_frac = flows.stored_kw * (step_h / self.capacity_kwh)
        fast = xp.maximum(self.c_rate_kw_per_kwh(flows) - law.most_c_rate_kw_per_kwh, 0.0)
        worn = xp.maximum(TESTED_TO_FRAC - capacity_left_frac, 0.0)
        return (
            Limit("ageing_cell_c", inside(self.cell_c(air_c), *law.cell_c), "K"),
            Limit("ageing_c_rate_kw_per_kwh", fast, "1/h"),
            Limit("ageing_depth_frac", shallow_frac(self.chemistry, moved_frac, step_h), "-"),
            Limit("ageing_capacity_left_frac", worn, "-"),
        )
