"""Heat to a district network, directly and by a heat pump."""

from __future__ import annotations

import re
from typing import Any

import air_states
import numpy as np
import pytest

from dctwin.components.component import Duty, Place
from dctwin.components.cooling.heat_reuse import HeatPump, HeatReuse
from dctwin.physics.vapour_compression import cycle, cycle_fit

DIRECT = HeatReuse(demand_kw=1500, network_supply_c=45, network_return_c=30, capacity_kw=2000)
PUMP = HeatPump(
    demand_kw=1400,
    network_supply_c=65,
    network_return_c=40,
    capacity_kw=1000,
    refrigerant="R1234ze(E)",
)


def duty(
    heat_kw: Any, return_c: Any, dry_c: Any = -10.0, flow: Any = 150.0, year: Any = 0.5
) -> Duty:
    air = air_states.outdoor(dry_c, 0.6, 101_325.0)
    return Duty(heat_kw, return_c, flow, flow / 4180.0, air, place=Place(year_frac=year))


def test_demand_follows_heating_degrees() -> None:
    wanted = DIRECT.wanted_kw(duty(0.0, 50.0, np.array([-20.0, -10.0, 2.5, 15.0, 30.0])))
    assert wanted == pytest.approx([1500.0, 1500.0, 1500 * (0.1 + 0.45), 150.0, 150.0])


def test_demand_follows_the_months() -> None:
    monthly = DIRECT.with_values(demand="monthly", monthly_frac=(1.0,) * 6 + (0.0,) * 6)
    assert monthly.wanted_kw(duty(0.0, 50.0, year=0.25)) == 1500
    assert monthly.wanted_kw(duty(0.0, 50.0, year=0.75)) == 0


def test_direct_heat_needs_a_warm_return() -> None:
    assert DIRECT.serve(duty(1200.0, 50.0)).heat_kw == pytest.approx(1200.0)
    assert DIRECT.serve(duty(1200.0, 46.9)).heat_kw == 0
    # It cools the return to 2 K above what the network brings back, at most.
    pinched = DIRECT.serve(duty(5000.0, 47.0, flow=60.0))
    assert pinched.traces["leaving_c"] == pytest.approx(32.0)
    assert DIRECT.serve(duty(5000.0, 50.0)).heat_kw == pytest.approx(1500.0)  # the demand


def test_all_of_it_is_reused() -> None:
    service = PUMP.serve(duty(900.0, 40.0))
    assert service.reject_kw == service.heat_kw + service.power_kw["heat_pump"]


def test_heat_pump_is_the_refrigerant_cycle() -> None:
    service = PUMP.serve(duty(900.0, 40.0))
    leaving_c = 40.0 - 900.0 / 150.0
    exact = cycle("R1234ze(E)", leaving_c - 2.0, 67.0, 0.62)
    assert service.power_kw["heat_pump"] == pytest.approx(900.0 / exact.cop, rel=2e-3)
    assert service.traces["cop"] == pytest.approx(1 + exact.cop, rel=2e-3)


@pytest.mark.parametrize("refrigerant", ["R1234ze(E)", "R1233zd(E)", "R134a"])
@pytest.mark.parametrize(("low_c", "high_c"), [(-15, 30), (30, 65), (38, 75), (45, 72), (45, 60)])
def test_fits_hold_where_warm_loops_evaporate(
    refrigerant: str, low_c: float, high_c: float
) -> None:
    exact = cycle(refrigerant, low_c, high_c, 1.0).cop
    fitted = 1 / cycle_fit(refrigerant).work_per_cooling_frac(low_c, high_c)
    assert fitted == pytest.approx(exact, rel=4e-3)


def test_never_more_than_is_wanted_and_nearly_all_of_it() -> None:
    dry_c = np.linspace(-10, 20, 50)
    service = PUMP.serve(duty(np.full(50, 1500.0), 40.0, dry_c))
    wanted = PUMP.wanted_kw(duty(0.0, 40.0, dry_c))
    assert np.all(service.reject_kw <= wanted * (1 + 1e-12))
    held_back = service.heat_kw < 1000.0
    assert np.all(service.reject_kw[held_back] >= 0.9999 * wanted[held_back])


def test_cop_stays_below_carnot() -> None:
    for return_c in (20.0, 30.0, 45.0):
        traces = PUMP.serve(duty(500.0, return_c)).traces
        carnot = (67.0 + 273.15) / (67.0 - traces["evaporating_c"])
        assert traces["cop"] < carnot


def test_hot_side_beyond_the_fit_is_flagged() -> None:
    """Not told to a batch of designs, which is not checked: it is flagged all the same."""
    hot = PUMP.with_values(network_supply_c=95.0)
    beyond = {limit.name: limit.beyond for limit in hot.serve(duty(500.0, 40.0)).limits}
    assert beyond["condensing_c"] == pytest.approx(7.0)
    # What the weather and least_lift_k make so: warm water, and a refrigerant of low temperatures.
    values = dict(PUMP) | {"refrigerant": "R32", "network_supply_c": 62.0}
    warm = HeatPump.model_validate(values).serve(duty(500.0, 70.0))
    beyond = {limit.name: limit.beyond for limit in warm.limits}
    evaporating_c = 70.0 - 500.0 / 150.0 - 2.0
    assert beyond["condensing_c"] == pytest.approx(evaporating_c + 12.0 - 65.0)
    assert beyond["evaporating_c"] == pytest.approx(evaporating_c - 45.0)


@pytest.mark.parametrize(
    ("refrigerant", "highest_c"), [("R1234ze(E)", 88), ("R134a", 83), ("R32", 63)]
)
def test_a_network_hotter_than_the_refrigerant_reaches_is_refused(
    refrigerant: str, highest_c: float
) -> None:
    values = dict(PUMP) | {"refrigerant": refrigerant}
    HeatPump.model_validate(values | {"network_supply_c": highest_c})
    with pytest.raises(ValueError, match=f"at most {highest_c} °C with {re.escape(refrigerant)}"):
        HeatPump.model_validate(values | {"network_supply_c": highest_c + 0.1})


def test_no_network_temperature_beats_carnot_and_hotter_is_dearer() -> None:
    hot_c = np.linspace(50.0, 250.0, 81)
    service = PUMP.with_values(network_supply_c=hot_c).serve(duty(500.0, 40.0))
    kelvin = service.traces["condensing_c"] + 273.15
    carnot = kelvin / (service.traces["condensing_c"] - service.traces["evaporating_c"])
    assert np.all(service.traces["cop"] < 0.8 * carnot)
    assert np.all(np.diff(service.power_kw["heat_pump"] / service.heat_kw) > 0)
