"""Snow store: latent heat, filling, melt through the insulation, use."""

from __future__ import annotations

from typing import Any

import air_states
import numpy as np
import pytest

from dctwin.components.component import Duty, Place
from dctwin.components.cooling.snow_store import FUSION_KJ_PER_KG, SnowStore
from dctwin.errors import InputError

PILE = SnowStore(
    capacity_kg=20e6, catchment_m2=30_000, area_m2=4_200, ua_kw_per_k=300, discharge_kw=1500
)


def duty(heat_kw: Any, dry_c: Any, fall: Any = 0.0, **more: Any) -> Duty:
    air = air_states.outdoor(dry_c, 0.6, 101_325.0)
    place = Place(snowfall_m_per_h=fall)
    return Duty(heat_kw, 24.0, 300.0, 0.07, air, place=place, **more)


def test_fusion_heat_is_that_of_coolprop() -> None:
    """CoolProp has no ice; IAPWS-06 gives 333.4 and the sublimation line of its own 333.5."""
    assert pytest.approx(334.0, rel=2e-3) == FUSION_KJ_PER_KG
    # 334 kJ/kg and 5 K of melt water: 98.5 kWh a tonne.
    assert PILE.cold_kwh_per_kg() * 1000 == pytest.approx((333.6 + 21.0) / 3.6, rel=1e-3)


def test_snow_comes_from_the_catchment_and_stops_when_full() -> None:
    hours = 200
    service = PILE.serve(duty(np.zeros(hours), np.full(hours, -5.0), np.full(hours, 0.01)))
    per_hour_kwh = 0.01 * 30_000 * 100 * PILE.cold_kwh_per_kg()
    assert service.reject_kw[0] == pytest.approx(per_hour_kwh)
    full = PILE.with_values(start_frac=1.0, catchment_m2=1e6)
    service = full.serve(duty(np.zeros(hours), np.full(hours, -5.0), np.full(hours, 0.01)))
    assert service.reject_kw.sum() == 0


def test_summer_melts_a_fifth_of_an_idle_pile() -> None:
    """Sundsvall: 20-30 % of the volume melts by itself under wood chips (Skogsberg 2005)."""
    hours = 214 * 24  # April to October
    day = 14.0 + 6.0 * np.sin(np.arange(hours) / 24 * 2 * np.pi)
    service = PILE.serve(
        duty(
            np.zeros(hours),
            day,
            np.zeros(hours),
            charge_kwh=PILE.capacity_kg * PILE.cold_kwh_per_kg(),
        )
    )
    lost = service.store.gained_kw.sum() / (PILE.capacity_kg * PILE.cold_kwh_per_kg())
    assert 0.15 < lost < 0.30


def test_it_is_kept_for_warm_days() -> None:
    service = PILE.serve(duty(np.full(2, 800.0), np.array([9.0, 11.0]), np.zeros(2)))
    assert service.heat_kw == pytest.approx([0.0, 800.0])
    assert service.power_kw["snow_pump"] == pytest.approx([0.0, 16.0])


def test_a_year_starts_as_such_years_end() -> None:
    hours = 1000
    service = PILE.serve(duty(np.full(hours, 3000.0), np.full(hours, 25.0), np.zeros(hours)))
    assert service.heat_kw.sum() < PILE.start_kwh() * 0.5
    idle = PILE.serve(duty(np.zeros(hours), np.full(hours, -1.0), np.zeros(hours)))
    assert idle.store.charge_kwh[0] == pytest.approx(PILE.start_kwh())


def test_a_site_without_snowfall_is_one_clear_error() -> None:
    with pytest.raises(InputError, match="no snowfall"):
        PILE.serve(duty(1.0, 20.0, None))
