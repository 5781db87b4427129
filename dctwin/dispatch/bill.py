"""What the grid costs: the one function that policies and the optimum are measured by."""

from __future__ import annotations

from dctwin.dispatch.hours import Hours
from dctwin.dispatch.operate import Operation
from dctwin.physics.arrays import Array, namespace


def bill(operation: Operation, hours: Hours) -> Array:
    """Energy bought less energy sold plus the highest draw, in the currency of the prices.

    A price that is not given counts as 0; prices may be negative. One number a design.
    """
    xp = namespace(operation.import_kw, operation.export_kw, hours.price_per_kwh)
    price, sold, peak = (
        0.0 if value is None else value
        for value in (hours.price_per_kwh, hours.export_price_per_kwh, hours.demand_price_per_kw)
    )
    flow = operation.import_kw * price - operation.export_kw * sold
    return xp.sum(flow, axis=-1) * hours.step_h + peak * xp.max(operation.import_kw, axis=-1)


def emitted_kg(operation: Operation, hours: Hours) -> Array:
    """Carbon of the energy drawn from the grid, one number a design."""
    xp = namespace(operation.import_kw, hours.carbon_kg_per_kwh)
    intensity = 0.0 if hours.carbon_kg_per_kwh is None else hours.carbon_kg_per_kwh
    return xp.sum(operation.import_kw * intensity, axis=-1) * hours.step_h
