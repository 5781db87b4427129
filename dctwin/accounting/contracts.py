"""What contracts deliver by the hour and the year, and what they cost beside the grid energy.

Agreements, physical or virtual, cost (price - spot) x output: the grid energy itself is paid at the
site's energy price already, and output that the facility does not take in its hour is sold at that
same price. So a virtual agreement and a physical one cost alike; they differ in law, not in money,
as long as both settle at the area price. Certificates cost their price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dctwin.accounting.factors import Factor, Used, exchange
from dctwin.design import Facility
from dctwin.design.contracts import Contract
from dctwin.metrics import GridYear, contracted_kwh
from dctwin.physics.arrays import Array, known, namespace
from dctwin.totals import Totals


def contracted_kw(facility: Facility, made_frac: Mapping[str, Sequence[Array]]) -> dict[str, Array]:
    """Output of the plants of each contract [kW], by its name.

    made_frac   output over rating of each contract's plants, by the contract's name
    """
    found: dict[str, Array] = {}
    for contract in facility.contracts:
        for plant, share in zip(contract.plants, made_frac[contract.name], strict=True):
            kw = plant.component.output_kw(share) * plant.count
            name = contract.name
            found[name] = found[name] + kw if name in found else kw
    return found


def uncovered_kwh(totals: Totals) -> Array:
    """What is drawn from the grid beyond the output of all contracts."""
    left_kwh = totals["import_kwh"] - contracted_kwh(totals)
    return namespace(left_kwh).maximum(left_kwh, 0.0)


def certificate_kwh(facility: Facility, totals: Totals) -> Array:
    """Energy that certificates cover beyond the output of agreed plants."""
    left_kwh = uncovered_kwh(totals)
    covered_kwh: Array = 0.0
    for contract in facility.contracts:
        if contract.kind == "certificates":
            covered_kwh = covered_kwh + contract.share_frac * (left_kwh - covered_kwh)
    return covered_kwh


def contract_cost(facility: Facility, totals: Totals, grid: GridYear, used: Used) -> Array | None:
    """Cost of all contracts over the run in the grid's currency; None without an energy price."""
    if not facility.contracts:
        return 0.0
    if grid.price_per_kwh is None:
        return None
    total: Array = 0.0
    left_kwh = uncovered_kwh(totals)
    for contract in facility.contracts:
        price = exchange(contract.price_per_kwh, contract.currency, grid.currency, used)
        _note(contract, used)
        if contract.plants:
            made_kwh = totals[f"contract_kwh:{contract.name}"]
            total = total + price * made_kwh - totals[f"contract_worth:{contract.name}"]
    for contract in facility.contracts:
        if contract.kind == "certificates":
            price = exchange(contract.price_per_kwh, contract.currency, grid.currency, used)
            total = total + contract.share_frac * left_kwh * price
            left_kwh = left_kwh * (1.0 - contract.share_frac)
    return total


def _note(contract: Contract, used: Used) -> None:
    price = contract.price_per_kwh
    if known(price):
        mean = float(np.mean(price))
        name, unit = f"design.contracts.{contract.name}.price", f"{contract.currency}/kWh"
        used.take(Factor(name, mean, mean, mean, unit, contract.status, contract.source))
