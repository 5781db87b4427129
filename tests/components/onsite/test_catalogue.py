"""Stores of the catalogue: they load, keep their energy, and two are one of twice the size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.hydrogen_tank import HydrogenTank
from dctwin.dispatch.hours import Hours, Stores, as_one
from dctwin.dispatch.operate import operate
from dctwin.dispatch.policies import SelfConsumption
from dctwin.equipment import load_equipment
from dctwin.library import entries


def names(*kinds: str) -> list[str]:
    return [n for n, path in entries("equipment").items() if path.parent.name in kinds]


def hours(size: float) -> Hours:
    at = np.arange(240)
    net_kw = size * 900.0 * np.sin(at / 5.0) * np.cos(at / 37.0)
    return Hours(np.maximum(-net_kw, 0), np.maximum(net_kw, 0), 1.0, air_c=15 + 15 * np.sin(at / 9))


@pytest.mark.parametrize("name", names("battery"))
def test_batteries(name: str) -> None:
    battery: Any = load_equipment(name).component
    assert isinstance(battery, Battery)
    one = operate(SelfConsumption(), Stores(battery), hours(1.0)).battery
    two = operate(SelfConsumption(), Stores(as_one(battery, 2)), hours(2.0)).battery
    assert one is not None
    assert two is not None
    for flow in ("charge_kw", "discharge_kw", "loss_kw", "stored_kw", "energy_kwh"):
        np.testing.assert_allclose(getattr(two, flow), 2 * getattr(one, flow), rtol=1e-9, atol=1e-6)
    assert one.loss_kw.min() >= -1e-9
    left = battery.capacity_left_frac(one, hours(1.0).air_c, 1.0)
    assert 0.95 < left[-1] < 1.0


@pytest.mark.parametrize("cell", names("fuel-cell"))
@pytest.mark.parametrize("electrolyser", names("electrolyser"))
def test_hydrogen_paths(electrolyser: str, cell: str) -> None:
    """Twice the units at twice the power: twice the flows."""
    made: Any = load_equipment(electrolyser).component
    burnt: Any = load_equipment(cell).component
    tank = HydrogenTank(capacity_kg=100.0)
    path = Stores(None, made, 1, tank, burnt, 2)
    one = operate(SelfConsumption(), path, hours(1.0)).hydrogen
    # Of machines twice as large, not twice as many: those could also run one by one.
    twice = replace(
        path, electrolyser=as_one(made, 2), tank=as_one(tank, 2), fuel_cell=as_one(burnt, 2)
    )
    two = operate(SelfConsumption(), twice, hours(2.0)).hydrogen
    assert one is not None
    assert two is not None
    for flow in ("input_kw", "output_kw", "loss_kw", "stored_kw", "energy_kwh", "heat_kw"):
        np.testing.assert_allclose(getattr(two, flow), 2 * getattr(one, flow), rtol=1e-9, atol=1e-6)
    assert one.loss_kw.min() >= -1e-9
    assert one.heat_kw.min() >= -1e-9


@pytest.mark.parametrize("name", names("hydrogen-tank"))
def test_tanks(name: str) -> None:
    assert isinstance(load_equipment(name).component, HydrogenTank)
