"""Electrolyser, tank and fuel cell: their curves, and what the catalogue's machines are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dctwin.accounting.factors import factor
from dctwin.components.onsite.electrolyser import HYDROGEN_KWH_PER_KG, WATER_KG_PER_KG, Electrolyser
from dctwin.components.onsite.fuel_cell import FuelCell
from dctwin.components.onsite.hydrogen_tank import HydrogenTank
from dctwin.equipment import load_equipment

LOADS = np.array([0.05, 0.10, 0.20, 0.30, 0.50, 0.75, 1.0])


def test_electrolyser_is_its_stack_and_its_auxiliaries() -> None:
    """SimSES 1.3.12 stack, 1 % of its rating and 5 kWh/kg beside it (as its file says)."""
    machine: Any = load_equipment("pem-1mw").component
    stack = np.array([40.9, 42.5, 45.0, 47.1, 50.6, 54.5, 57.9])
    made = LOADS / stack
    system = LOADS + 0.01 + 5.0 * made
    loads = system / system[-1]
    got = machine.hydrogen_kg_per_h(1000.0 * loads)
    np.testing.assert_allclose(got, made / made[-1] * got[-1], rtol=0.005)
    assert 1000.0 / got[-1] == pytest.approx(63.5)


def test_pem_fuel_cell_is_its_stack_less_its_auxiliaries() -> None:
    machine: Any = load_equipment("pem-500kw").component
    stack = np.array([0.704, 0.676, 0.64, 0.612, 0.569, 0.529, 0.496])[1:]
    net = LOADS[1:] * (1 - 0.08) - 0.03
    output_kw = 500.0 * net / net[-1]
    efficiency = output_kw / machine.fuel_kw(output_kw)
    np.testing.assert_allclose(efficiency, net / (LOADS[1:] / stack), rtol=0.01)
    # Net efficiency has its best point at part load and falls below a fifth of it.
    assert efficiency.argmax() in (1, 2)
    assert efficiency[0] < efficiency[1]


def test_solid_oxide_is_flat_from_half_load() -> None:
    machine: Any = load_equipment("solid-oxide-300kw").component
    for output_kw in (150.0, 200.0, 300.0):
        assert output_kw / machine.fuel_kw(output_kw) == pytest.approx(0.52)


def test_round_trip_of_hydrogen_is_what_is_said_of_it() -> None:
    """About a quarter to a third, power to power (electrolyser 0.52-0.64, fuel cell 0.44-0.50)."""
    electrolyser: Any = load_equipment("pem-1mw").component
    cell: Any = load_equipment("pem-500kw").component
    made = electrolyser.hydrogen_kg_per_h(500.0) * HYDROGEN_KWH_PER_KG / 500.0
    given = 250.0 / cell.fuel_kw(250.0)
    assert 0.25 < made * given < 0.33


def test_constants() -> None:
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    molar = coolprop.PropsSI("M", "Water") / coolprop.PropsSI("M", "Hydrogen")
    assert pytest.approx(molar, rel=1e-3) == WATER_KG_PER_KG
    # 241.82 kJ/mol, enthalpy of formation of water vapour (CODATA).
    assert pytest.approx(241.82 / 2.01588 / 3.6, rel=1e-3) == HYDROGEN_KWH_PER_KG
    assert HydrogenTank(capacity_kg=2.0).capacity_kwh == 2 * HYDROGEN_KWH_PER_KG


@pytest.mark.parametrize(
    "change",
    [
        {"load_frac_points": (0.5, 0.2)},
        {"load_frac_points": (0.2, 0.5)},
        {"use_kwh_per_kg_points": (30.0, 50.0)},
        {"use_kwh_per_kg_points": (50.0, 50.0, 50.0)},
        {"min_load_frac": 0.05},
    ],
)
def test_impossible_electrolysers_are_refused(change: dict[str, Any]) -> None:
    good = {"rated_kw": 1.0, "load_frac_points": (0.1, 1.0), "use_kwh_per_kg_points": (50.0, 55.0)}
    Electrolyser(**good)
    with pytest.raises(ValidationError):
        Electrolyser(**{**good, **change})


@pytest.mark.parametrize(
    "change", [{"efficiency_points": (0.5, 0.95)}, {"min_load_frac": 0.01}, {"rated_kw": 0}]
)
def test_impossible_fuel_cells_are_refused(change: dict[str, Any]) -> None:
    good = {"rated_kw": 1.0, "load_frac_points": (0.1, 1.0), "efficiency_points": (0.4, 0.5)}
    FuelCell(**good)
    with pytest.raises(ValidationError):
        FuelCell(**{**good, **change})


def test_a_cell_on_gas_has_the_carbon_of_its_sheets() -> None:
    """Bloom Energy: 773 lb/MWh of the first server, 679 to 833 of the ES5 over its life."""
    cell: Any = load_equipment("solid-oxide-gas-300kw").component
    assert cell.fuel == "gas"
    gas_kg_per_kwh = factor("fuels", "gas", "combustion").value
    kg_per_kwh = cell.fuel_kw(300.0) / 300.0 * gas_kg_per_kwh
    assert 679 * 0.4536 / 1000 < kg_per_kwh < 833 * 0.4536 / 1000
    assert kg_per_kwh == pytest.approx(773 * 0.4536 / 1000, rel=0.02)
    assert cell.heat_recovered_kw(300.0) == 0.0
    assert [limit.beyond > 0 for limit in cell.limits(np.array([50.0]))] == [True]
