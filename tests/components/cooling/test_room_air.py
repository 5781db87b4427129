"""Moisture of rooms, against psychrometrics done the long way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import outdoor_air

from dctwin.components.component import Duty
from dctwin.components.cooling.outside_air import OutsideAir
from dctwin.components.cooling.room_air import moisten, room_air
from dctwin.physics import moist_air

PRESSURE_PA = 101_325.0


def test_a_cold_coil_dries_humid_ventilation() -> None:
    """1 m³/s of 30 °C, 70 % air to a room behind a coil at 8 °C: latent load by hand."""
    air = outdoor_air(30.0, 0.7, PRESSURE_PA)
    room = room_air(1.0, "none", -9.0, air, 36.0, 8.0, 1000.0)
    assert room.dew_point_c() == pytest.approx(8.0, abs=0.01)
    dry_air_kg_s = air.density_kg_per_m3 / (1 + air.humidity_kg_per_kg)
    # CoolProp HAPropsSI: 18.86 g/kg outdoors, 6.68 g/kg saturated at 8 °C.
    assert room.condensate_kg_s == pytest.approx(dry_air_kg_s * (18.86e-3 - 6.68e-3), rel=0.005)
    latent_kw = room.condensate_kg_s * 2550.0
    sensible_kw = dry_air_kg_s * 1.02 * (30.0 - 36.0)
    assert room.gain_kw - room.loss_kw == pytest.approx(latent_kw + sensible_kw, rel=0.02)


def test_dry_winter_air_is_moistened_to_the_limit() -> None:
    air = outdoor_air(-15.0, 0.7, PRESSURE_PA)
    steam = room_air(1.0, "steam", -9.0, air, 36.0, 10.0, 1000.0)
    assert steam.dew_point_c() == pytest.approx(-9.0, abs=0.01)
    water = steam.humidifier.evaporation_kg_s
    assert steam.humidifier.electric_kw == pytest.approx(water * 2613.0 / 0.95)
    spray = room_air(1.0, "adiabatic", -9.0, air, 36.0, 10.0, 1000.0)
    assert spray.humidifier.electric_kw < 0.01 * steam.humidifier.electric_kw
    # The room loses the same enthalpy; steam brings the latent heat from the mains.
    assert spray.loss_kw == pytest.approx(steam.loss_kw)
    none = room_air(1.0, "none", -9.0, air, 36.0, 10.0, 1000.0)
    assert none.humidifier.electric_kw == 0.0
    assert none.dew_point_c() == pytest.approx(
        moist_air.dew_point_c(air.humidity_kg_per_kg, PRESSURE_PA)
    )


@given(st.floats(-35.0, 45.0), st.floats(0.05, 1.0), st.floats(2.0, 25.0), st.floats(0.0, 100.0))
def test_what_a_room_gives_is_never_more_than_it_has(
    dry_c: float, humid: float, coil_c: float, other_kw: float
) -> None:
    air = outdoor_air(dry_c, humid, PRESSURE_PA)
    for humidifier in ("none", "steam", "adiabatic"):
        room = room_air(2.0, humidifier, -9.0, air, 35.0, coil_c, other_kw)  # type: ignore[arg-type]
        assert room.gain_kw >= 0
        assert room.loss_kw >= 0
        assert room.condensate_kg_s >= 0
        assert room.loss_kw <= other_kw + room.humidifier.electric_kw
        assert min(room.gain_kw, room.loss_kw) == 0
        # Water in equals water out: outdoor air brings w_o, exhaust takes w_r.
        dry_air_kg_s = 2.0 * air.density_kg_per_m3 / (1 + air.humidity_kg_per_kg)
        carried = dry_air_kg_s * (room.humidity_kg_per_kg - air.humidity_kg_per_kg)
        added = room.humidifier.evaporation_kg_s - room.condensate_kg_s
        assert added == pytest.approx(carried, abs=1e-12)


HALL = OutsideAir(design_flow_m3_s=20.0, fan_rise_pa=300.0)


def hall_duty(dry_c: float, humidifier: str, dew_c: float = -9.0) -> Duty:
    air = outdoor_air(dry_c, 0.6, PRESSURE_PA)
    flow = 15.0 * 1.2 * 1.006
    return Duty(
        12.0 * flow, 36.0, flow, 15.0, air,
        humidifier=humidifier, dew_point_min_c=dew_c,  # type: ignore[arg-type]
    )  # fmt: skip


def test_outside_air_hall_is_moistened_in_winter() -> None:
    dry, steam, spray = (HALL.serve(hall_duty(-10.0, h)) for h in ("none", "steam", "adiabatic"))
    assert dry.traces["supply_dew_point_c"] < -9.0
    for service in (steam, spray):
        assert service.traces["supply_dew_point_c"] == pytest.approx(-9.0, abs=0.01)
        assert service.reject_kw == pytest.approx(service.heat_kw + sum(service.power_kw.values()))
    assert dry.water is not None
    assert steam.water is not None
    assert spray.water is not None
    assert dry.water.evaporation_kg_s == 0.0
    assert steam.power_kw["humidifier"] == pytest.approx(
        steam.water.evaporation_kg_s * 2613.0 / 0.95
    )
    # Evaporation takes heat from the air, so that less outdoor air is needed.
    assert spray.traces["outdoor_air_frac"] < steam.traces["outdoor_air_frac"]
    assert spray.water.evaporation_kg_s < steam.water.evaporation_kg_s
    # Nothing is lacking in summer.
    assert HALL.serve(hall_duty(25.0, "steam")).power_kw["humidifier"] == 0.0


def test_spray_holds_its_heat_balance() -> None:
    """Sensible heat of outdoor air and heat of evaporation are the heat and the fans."""
    duty = hall_duty(5.0, "adiabatic", dew_c=12.0)
    service = HALL.serve(duty)
    outdoor = duty.flow_kw_per_k * service.traces["outdoor_air_frac"]
    assert service.water is not None
    taken_kw = outdoor * (36.0 - 5.0) + service.water.evaporation_kg_s * 2501.0
    given_kw = service.heat_kw + service.power_kw["outside_air_fan"]
    assert taken_kw == pytest.approx(given_kw, rel=1e-3)


def test_humidifiers_are_told_apart() -> None:
    assert moisten("steam", np.array([0.01])).drained_kg_s > 0
    assert moisten("adiabatic", np.array([0.01])).drained_kg_s == 0
