"""What contracts deliver by the hour and the year, and what they cost beside the grid energy.

Agreements, physical or virtual, cost (price - spot) x output: the grid energy itself is paid at the
site's energy price already, and output that the facility does not take in its hour is sold at that
same price. So a virtual agreement and a physical one cost alike; they differ in law, not in money,
as long as both settle at the area price. Certificates cost their price.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dctwin.accounting.factors import Used, exchange
from dctwin.design import Facility
from dctwin.metrics import Contracted, GridYear


def contracted(
    facility: Facility, made_frac: Mapping[str, list[Any]], import_kw: Any, step_h: float
) -> Contracted:
    """Output of the agreements' plants [kW], and energy that certificates cover beyond it [kWh].

    made_frac   output over rating of each contract's plants, by the contract's name
    """
    hourly_kw: Any = 0.0 * import_kw
    for contract in facility.contracts:
        for plant, share in zip(contract.plants, made_frac[contract.name], strict=True):
            hourly_kw = hourly_kw + plant.component.output_kw(share) * plant.count
    import_kwh = float(np.sum(import_kw)) * step_h
    left_kwh = max(import_kwh - float(np.sum(hourly_kw)) * step_h, 0.0)
    covered_kwh = 0.0
    for contract in facility.contracts:
        if contract.kind == "certificates":
            covered_kwh += contract.share_frac * (left_kwh - covered_kwh)
    return Contracted(hourly_kw, covered_kwh)


def contract_cost(
    facility: Facility,
    made_frac: Mapping[str, list[Any]],
    import_kw: Any,
    grid: GridYear,
    step_h: float,
    used: Used,
) -> float | None:
    """Cost of all contracts over the run in the grid's currency; None without an energy price."""
    if not facility.contracts:
        return 0.0
    if grid.price_per_kwh is None:
        return None
    total = 0.0
    made_kwh = 0.0
    for contract in facility.contracts:
        price = exchange(contract.price_per_kwh, contract.currency, grid.currency, used)
        for plant, share in zip(contract.plants, made_frac[contract.name], strict=True):
            made_kw = plant.component.output_kw(share) * plant.count
            total += float(np.sum(made_kw * (price - grid.price_per_kwh))) * step_h
            made_kwh += float(np.sum(made_kw)) * step_h
    left_kwh = max(float(np.sum(import_kw)) * step_h - made_kwh, 0.0)
    for contract in facility.contracts:
        if contract.kind == "certificates":
            price = exchange(contract.price_per_kwh, contract.currency, grid.currency, used)
            total += contract.share_frac * left_kwh * price
            left_kwh *= 1.0 - contract.share_frac
    return total
