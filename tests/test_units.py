"""Unit suffixes: what is one, what is not, and the constants at the edges."""

from __future__ import annotations

import pytest

from dctwin.units import (
    JOULES_PER_KWH,
    KELVIN_AT_0_C,
    SECONDS_PER_HOUR,
    SUFFIXES,
    WATER_KG_PER_L,
    unit_of,
)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("supply_c", "°C"),
        ("rise_k", "K"),
        ("heat_in_kw", "kW"),
        ("flow_kg_s", "kg/s"),
        ("design_flow_m3_s", "m³/s"),
        ("wind_m_s", "m/s"),
        ("ghi_w_m2", "W/m²"),
        ("load_frac", "-"),
        ("ua_kw_per_k", "kW/K"),
        ("wue_l_per_kwh", "L/kWh"),
        ("humidity_kg_per_kg", "kg/kg"),
        ("enthalpy_kj_per_kg", "kJ/kg"),
        ("specific_heat_kj_per_kg_k", "kJ/(kg·K)"),
        ("volume_kj_per_m3_k", "kJ/(m³·K)"),
        ("density_kg_per_m3", "kg/m³"),
        ("section_mm2", "mm²"),
        ("energy_price_jpy_per_kwh", "JPY/kWh"),
        ("carbon_embodied_kg_per_year", "kg/year"),
        ("kwh", "kWh"),
    ],
)
def test_names_that_end_in_a_unit(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    "name", ["pue", "fan_curve", "cop", "", "supply", "kw_per_bogus", "per_k_x"]
)
def test_names_that_end_in_none(name: str) -> None:
    assert unit_of(name) is None


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_suffix_is_understood(suffix: str) -> None:
    assert unit_of(f"some_{suffix}") == SUFFIXES[suffix]
    assert unit_of(f"some_kw_per_{suffix}") == f"kW/{SUFFIXES[suffix]}"


def test_constants() -> None:
    assert JOULES_PER_KWH == 1000.0 * SECONDS_PER_HOUR
    assert KELVIN_AT_0_C == 273.15


def test_water_density_is_coolprops() -> None:
    props = pytest.importorskip("CoolProp.CoolProp")
    density = props.PropsSI("D", "T", 288.15, "P", 101_325.0, "Water") / 1000.0
    assert pytest.approx(density, abs=2e-5) == WATER_KG_PER_L
