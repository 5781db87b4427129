"""Battery at the facility bus: takes surplus, gives it back, loses on both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dctwin.components.component import Component, param
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.scan import clipped_sums


@dataclass(frozen=True)
class BatteryFlows:
    """charge_kw = discharge_kw + loss_kw + stored_kw, in every step."""

    charge_kw: Array
    discharge_kw: Array
    loss_kw: Array
    stored_kw: Array
    energy_kwh: Array


class Battery(Component):
    """Battery with constant one-way efficiencies and power limits, self-consumption policy.

    Surplus charges it, a deficit discharges it, never both in one step. Energy is a clipped running
    sum, so hours chain through one scan and no loop. The year starts and is reported as it ends:
    what is left in it stands in the ledger as stored.
    Source: round trip 85 % AC-AC, NREL Annual Technology Baseline 2024, utility-scale battery.
    """

    kind: ClassVar[str] = "battery"
    extensive: ClassVar[frozenset[str]] = frozenset({"capacity_kwh", "charge_kw", "discharge_kw"})

    capacity_kwh: float = param("kWh", 0.001, 100_000_000, "usable energy")
    charge_kw: float = param("kW", 0, 10_000_000, "charging limit at the bus")
    discharge_kw: float = param("kW", 0, 10_000_000, "discharging limit at the bus")
    charge_efficiency_frac: float = param("-", 0.5, 1, "bus to cells", 0.922)
    discharge_efficiency_frac: float = param("-", 0.5, 1, "cells to bus", 0.922)
    start_frac: float = param("-", 0, 1, "state of charge at the start", 0.5)

    def steady(self, surplus_kw: Array, deficit_kw: Array, step_h: float) -> BatteryFlows:
        """Charge from surplus and cover deficit over (…, hours)."""
        xp = namespace(surplus_kw, deficit_kw, self.capacity_kwh)
        offer_kw = xp.minimum(surplus_kw, self.charge_kw)
        want_kw = xp.where(surplus_kw > 0, 0.0, xp.minimum(deficit_kw, self.discharge_kw))
        change_kwh = step_h * (
            offer_kw * self.charge_efficiency_frac - want_kw / self.discharge_efficiency_frac
        )
        start_kwh = self.start_frac * self.capacity_kwh
        before, after = clipped_sums(change_kwh, start_kwh, 0.0, self.capacity_kwh)
        change_kw = (after - before) / step_h
        # What the sum's rounding adds to a full, an empty or an idle battery is neither offered nor
        # wanted.
        charge_kw = xp.minimum(xp.maximum(change_kw, 0.0) / self.charge_efficiency_frac, offer_kw)
        discharge_kw = xp.minimum(
            xp.maximum(-change_kw, 0.0) * self.discharge_efficiency_frac, want_kw
        )
        stored_kw = (
            charge_kw * self.charge_efficiency_frac - discharge_kw / self.discharge_efficiency_frac
        )
        return BatteryFlows(
            charge_kw, discharge_kw, charge_kw - discharge_kw - stored_kw, stored_kw, after
        )
