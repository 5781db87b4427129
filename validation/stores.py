"""Runners of the stores: what a battery of the catalogue gives back of what it took."""

from __future__ import annotations

import numpy as np

from dctwin.components.onsite.battery import Battery
from dctwin.dispatch.hours import Hours, Stores
from dctwin.dispatch.operate import operate
from dctwin.dispatch.policies import SelfConsumption
from dctwin.equipment import load_equipment


def battery_round_trip_percent(equipment: str, days_count: int) -> float:
    """Energy given over energy taken, auxiliaries within, of one full cycle a day at 25 °C.

    Each day charges at full power until full and discharges at full power until empty.
    """
    battery = load_equipment(equipment).component
    assert isinstance(battery, Battery)
    battery = battery.with_values(start_frac=0.0, reserve_frac=0.0)
    at = np.arange(24 * days_count) % 24
    own_kw = np.where(at < 12, battery.charge_kw, 0.0)
    load_kw = np.where(at < 12, 0.0, battery.discharge_kw)
    hours = Hours(load_kw, own_kw, 1.0, air_c=25.0)
    flows = operate(SelfConsumption(), Stores(battery), hours).battery
    assert flows is not None
    taken_kw = float(np.sum(flows.charge_kw)) + battery.auxiliary_kw * at.size
    return 100.0 * float(np.sum(flows.discharge_kw)) / taken_kw
