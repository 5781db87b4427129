"""Indirect evaporative air handler: dry effectiveness, wetted plates cell by cell, water, fans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from air_states import outdoor

from dctwin.components.component import Duty
from dctwin.components.cooling.exchanger import exchange_kw_per_k
from dctwin.components.cooling.indirect_evaporative import IndirectEvaporative
from dctwin.components.cooling.tower import entering_of
from dctwin.equipment import load_equipment
from dctwin.physics import moist_air

UNIT = load_equipment("indirect-evaporative-20m3-s").component
assert isinstance(UNIT, IndirectEvaporative)
RATE = 20.0 * 1.2 * 1.006


def duty(heat_kw: Any, return_c: Any, air_c: Any, humid: float = 0.4) -> Duty:
    return Duty(heat_kw, return_c, RATE, 20.0, outdoor(air_c, humid))


def test_dry_effectiveness_is_counterflow() -> None:
    """UA 38 kW/K between 24.1 and 28.5 kW/K: 65 % of the difference, ε-NTU by hand."""
    air = outdoor(10.0)
    one = replace(duty(1e4, 36.0, 10.0), air=air)
    got = UNIT._dry_kw_per_k(one, entering_of(air)) / RATE
    other = (
        24.0
        * float(entering_of(air).density_kg_per_m3)
        * float(entering_of(air).heat_capacity_kj_per_kg_k)
    )
    ntu, ratio = 38.0 / RATE, RATE / other
    passed = np.exp(-ntu * (1 - ratio))
    assert got == pytest.approx((1 - passed) / (1 - ratio * passed), rel=1e-9)
    assert 0.62 < got < 0.68


@pytest.mark.parametrize("wetted_frac", [0.0, 0.15, 0.8])
def test_wetted_plates_cell_by_cell(wetted_frac: float) -> None:
    """Second route: 2,000 cells of counterflow with the true saturation curve, to 3 %.

    The device takes one slope of that curve between the ends of the wetted stream.
    """
    unit = UNIT.with_values(wetted_frac=wetted_frac)
    air_c, humid, return_c = 35.0, 0.4, 38.0
    air = outdoor(air_c, humid)
    entering = entering_of(air)
    one = replace(duty(1e4, return_c, air_c, humid), air=air)
    service = unit.serve(one)
    passed_kw = service.heat_kw + service.power_kw["room_fan"]
    full_kg_s = 24.0 * float(entering.density_kg_per_m3)
    cells = 2000
    table_c = np.linspace(0.0, 60.0, 6001)
    table, _ = moist_air.saturated_enthalpy_kj_per_kg(table_c, air.pressure_pa, over_water=True)

    def leaving(total_kw: float) -> float:
        """Room temperature at the warm end when the cold end carries what `total_kw` implies."""
        room_c = return_c - total_kw / RATE
        enthalpy = float(entering.wet_bulb_enthalpy_kj_per_kg)
        for _ in range(cells):
            bulb_c = np.interp(enthalpy, table, table_c)
            slope = (np.interp(bulb_c + 0.05, table_c, table) - enthalpy) / 0.05
            films = 2.0 * unit.ua_kw_per_k / cells
            gain = 1.0 + wetted_frac * (slope / 1.006 - 1.0)
            heat_kw = films / (1.0 + 1.0 / gain) * (room_c - bulb_c)
            room_c += heat_kw / RATE
            enthalpy += heat_kw / full_kg_s
        return float(room_c)

    low, high = 1.0, 600.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if leaving(middle) < return_c else (middle, high)
    assert passed_kw == pytest.approx(middle, rel=0.03)


@pytest.mark.parametrize(("air_c", "humid"), [(30.0, 0.4), (35.0, 0.28), (38.0, 0.35), (30.0, 0.8)])
def test_wet_effectiveness_is_that_of_published_units(air_c: float, humid: float) -> None:
    """0.62-0.74 measured (De Antonellis et al. 2025), 0.70-0.76 in EnergyPlus's example."""
    one = duty(1e4, 37.0, air_c, humid)
    service = UNIT.serve(one)
    passed_kw = service.heat_kw + service.power_kw["room_fan"]
    effectiveness = passed_kw / RATE / (37.0 - one.air.wet_bulb_c)
    assert 0.70 < effectiveness < 0.77


def test_water_by_the_first_law() -> None:
    """Evaporation carries the heat and what the outdoor air gives up; exact, all hours."""
    air_c = np.linspace(24.0, 42.0, 19)
    one = duty(240.0, 38.0, air_c, 0.35)
    service = UNIT.serve(one)
    wet = service.traces["wet_frac"] > 0
    assert wet.all()
    air = entering_of(one.air)
    kg_s = service.traces["outdoor_flow_frac"] * 24.0 * air.density_kg_per_m3
    passed_kw = service.heat_kw + service.power_kw["room_fan"]
    assert service.water is not None
    humidity = air.humidity_kg_per_kg + service.water.evaporation_kg_s / kg_s
    leaving = moist_air.enthalpy_kj_per_kg(service.traces["outdoor_leaving_c"], humidity)
    np.testing.assert_allclose(kg_s * (leaving - air.enthalpy_kj_per_kg), passed_kw, rtol=1e-9)


def test_fans_carry_just_the_heat() -> None:
    """Dry: the outdoor air's own warming is the heat; the fan rises with the outdoor air."""
    air_c = np.linspace(-15.0, 18.0, 34)
    one = duty(250.0, 36.0, air_c)
    service = UNIT.serve(one)
    assert np.all(service.traces["wet_frac"] == 0.0)
    air = entering_of(one.air)
    kg_s = service.traces["outdoor_flow_frac"] * 24.0 * air.density_kg_per_m3
    warmed_kw = kg_s * air.heat_capacity_kj_per_kg_k * (service.traces["outdoor_leaving_c"] - air_c)
    np.testing.assert_allclose(warmed_kw, 250.0 + service.power_kw["room_fan"], rtol=1e-6)
    assert np.all(np.diff(service.power_kw["scavenger_fan"]) > 0)
    assert service.water is not None
    assert np.all(service.water.evaporation_kg_s == 0.0)


def test_wet_only_where_dry_falls_short_and_never_below_the_wet_bulb() -> None:
    air_c = np.linspace(0.0, 45.0, 91)
    one = duty(280.0, 37.0, air_c)
    service = UNIT.serve(one)
    wet = service.traces["wet_frac"]
    assert np.all(np.diff(wet) >= 0)
    assert np.all(service.traces["leaving_c"] >= one.air.wet_bulb_c)


@pytest.mark.parametrize("wetted_frac", [0.0, 0.15, 0.8])
def test_fan_speed_by_a_second_route(wetted_frac: float) -> None:
    """Effectiveness-NTU at the flow that was found carries the heat, dry and wet."""
    unit = UNIT.with_values(wetted_frac=wetted_frac)
    air_c = np.linspace(-15.0, 38.0, 107)
    one = duty(230.0, 38.0, air_c)
    service = unit.serve(one)
    air = entering_of(one.air)
    wet = service.traces["wet_frac"]
    assert 0.0 < np.mean(wet) < 1.0
    start_c = np.where(wet > 0, air.wet_bulb_c, air_c)
    frac, rise_k = (
        service.traces["outdoor_flow_frac"],
        service.traces["outdoor_leaving_c"] - start_c,
    )
    passed_kw = service.heat_kw + service.power_kw["room_fan"]
    outdoor_kw_per_k = passed_kw / rise_k
    kg_s = frac * 24.0 * air.density_kg_per_m3
    ua = unit._ua_kw_per_k(unit._room_film_kw_per_k(one), wet, frac, outdoor_kw_per_k / kg_s)
    able_kw = exchange_kw_per_k(ua, one.flow_kw_per_k, outdoor_kw_per_k) * (38.0 - start_c)
    np.testing.assert_allclose(able_kw, passed_kw, rtol=1e-6)


def test_the_room_fan_feels_thin_air() -> None:
    """At equal mass flow, friction costs the inverse square of the density, a held rise its inverse."""
    thin = 0.8
    here = UNIT.serve(duty(100.0, 36.0, 10.0)).power_kw["room_fan"]
    high = UNIT.serve(replace(duty(100.0, 36.0, 10.0), flow_m3_s=20.0 / thin)).power_kw["room_fan"]
    held = UNIT.static_frac
    flow = 20.0 / UNIT.design_flow_m3_s
    expected = (held / thin + (1 - held) * flow**2 / thin**2) / (held + (1 - held) * flow**2)
    assert high / here == pytest.approx(expected, rel=1e-9)
