"""Wet coils: the humidifier puts back what condenses, at the cost that the first law says."""

from __future__ import annotations

from typing import Any

import pytest
from air_states import outdoor
from pydantic import ValidationError

from dctwin.components.component import Duty
from dctwin.components.cooling.crah import Crah
from dctwin.components.cooling.wet_coil import electric_frac, moistening, to_drain
from dctwin.equipment import load_equipment

AIR = outdoor(20.0)
PARAMS: dict[str, Any] = {"ua_kw_per_k": 27.8, "design_flow_m3_s": 19.16, "fan_rise_pa": 448.0}
DUTY = Duty(150.0, 36.0, 19.16 * 1.2 * 1.006, 19.16, AIR, 10.0, 38.1)
# CoolProp 8: 2500.9 kJ/kg at 0 °C.
LATENT_KJ_PER_KG = 2501.0


def test_water_is_the_latent_share_of_the_coil() -> None:
    moistened = moistening("adiabatic", 0.97, 1000.0)
    assert moistened.evaporation_kg_s == pytest.approx(30.0 / LATENT_KJ_PER_KG, rel=1e-3)
    # 0.97 makes 0.043 L per kWh of heat at the coil, whatever the climate.
    assert to_drain(moistened).blowdown_kg_s * 3600.0 / 1000.0 == pytest.approx(0.043, abs=0.001)


def test_steam_costs_its_latent_heat_and_spray_next_to_nothing() -> None:
    assert electric_frac("steam", 0.97) == pytest.approx(0.033, abs=0.001)
    assert electric_frac("adiabatic", 0.97) < 0.001
    assert electric_frac("steam", 1.0) == 0.0


@pytest.mark.parametrize("humidifier", ["adiabatic", "steam"])
def test_air_handler_carries_the_humidifier_to_the_water(humidifier: Any) -> None:
    dry = Crah(**PARAMS).serve(DUTY)
    unit = Crah(**PARAMS, sensible_frac=0.95, humidifier=humidifier)
    wet = unit.serve(DUTY)
    assert wet.heat_kw == dry.heat_kw == 150.0
    assert wet.power_kw["crah_fan"] == dry.power_kw["crah_fan"]
    assert wet.reject_kw == pytest.approx(wet.heat_kw + sum(wet.power_kw.values()), rel=1e-12)
    assert wet.power_kw["humidifier"] / wet.reject_kw == pytest.approx(
        float(electric_frac(humidifier, 0.95)), rel=1e-12
    )
    assert wet.water is not None
    assert wet.water.blowdown_kg_s > 0.049 * wet.reject_kw / LATENT_KJ_PER_KG


def test_reach_is_where_the_wet_coil_just_carries_all() -> None:
    unit = Crah(**PARAMS, sensible_frac=0.9, humidifier="steam")
    reach_c = unit.reach_c(DUTY)
    for offset_k, carried in ((0.01, True), (-0.01, False)):
        return_c = reach_c + offset_k + DUTY.heat_kw / DUTY.flow_kw_per_k
        served = unit.serve(Duty(150.0, return_c, DUTY.flow_kw_per_k, 19.16, AIR, 10.0, 38.1))
        assert bool(served.heat_kw == 150.0) is carried


def test_direct_expansion_compresses_the_latent_heat_too() -> None:
    dry = load_equipment("dx-air-100kw").component
    wet = dry.model_copy(update={"sensible_frac": 0.95, "humidifier": "steam"})
    duty = Duty(60.0, 31.0, 7.5 * 1.2, 7.5, outdoor(30.0))
    one, other = dry.serve(duty), wet.serve(duty)
    assert other.heat_kw == one.heat_kw == 60.0
    assert other.power_kw["chiller"] > 1.04 * one.power_kw["chiller"]
    assert other.reject_kw == pytest.approx(60.0 + sum(other.power_kw.values()), rel=1e-12)
    assert other.water is not None
    assert other.water.blowdown_kg_s > 0


def test_a_wet_coil_needs_a_humidifier() -> None:
    with pytest.raises(ValidationError, match="needs a humidifier"):
        Crah(**PARAMS, sensible_frac=0.9)
    unit = load_equipment("dx-air-100kw").component
    with pytest.raises(ValidationError, match="needs a humidifier"):
        type(unit)(**{**dict(unit), "sensible_frac": 0.9})
