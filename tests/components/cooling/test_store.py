"""Chilled-water tank and ice tank: what they hold, take and give, hour after hour."""

from __future__ import annotations

from typing import Any

import air_states
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dctwin.components.component import Duty, Place
from dctwin.components.cooling.store import ChilledWaterTank, IceTank, cold_flows, within_hours
from dctwin.errors import InputError

TANK = ChilledWaterTank(
    volume_m3=182, cold_c=7, warm_c=17, figure_of_merit_frac=1, charge_kw=1000, discharge_kw=1000,
    pump_kw_per_kw=0, start_frac=1,
)  # fmt: skip
ICE = IceTank(
    latent_kwh=5000, freeze_kw_per_k=150, melt_kw_per_k=110, charge_kw=600, discharge_kw=1000
)


def duty(
    heat_kw: Any, hour: Any, return_c: Any = 17.0, flow_kw_per_k: Any = 120.0, **more: Any
) -> Duty:
    air = air_states.outdoor(more.pop("dry_c", 25.0), 0.5, 101_325.0)
    more.setdefault("place", Place(local_hour=hour))
    return Duty(heat_kw, return_c, flow_kw_per_k, flow_kw_per_k / 4180.0, air, **more)


def test_182_m3_of_water_and_10_k_carry_1_mw_for_2_11_h() -> None:
    """Rung 22b of the reference ladder; 2 %."""
    assert TANK.capacity_kwh() / 1000.0 == pytest.approx(2.11, rel=0.02)
    step_h, charge, hours = 0.01, TANK.start_kwh(), 0.0
    place = Place(local_hour=12, step_h=step_h)
    while True:
        service = TANK.serve(duty(1000.0, 12, charge_kwh=charge, place=place))
        if service.heat_kw < 1000.0:
            break
        charge, hours = service.store.charge_kwh, hours + step_h
    assert hours == pytest.approx(2.11, rel=0.02)


@pytest.mark.parametrize("cold_c", [17.0, 20.0])
def test_a_tank_whose_cold_is_not_colder_is_refused(cold_c: float) -> None:
    """It would hold nothing, or less than nothing."""
    with pytest.raises(ValidationError, match="cold_c must be below warm_c"):
        ChilledWaterTank.model_validate(dict(TANK) | {"cold_c": cold_c})


def test_windows_may_pass_midnight() -> None:
    hours = np.arange(24)
    night = within_hours(hours, 22.0, 8.0)
    assert list(hours[night]) == [0, 1, 2, 3, 4, 5, 6, 7, 22, 23]
    assert list(hours[within_hours(hours, 13.0, 19.0)]) == [13, 14, 15, 16, 17, 18]
    assert within_hours(hours, 5.0, 5.0).all()


def test_a_day_charges_at_night_and_is_used_by_day() -> None:
    hours = np.arange(48)
    service = TANK.serve(duty(np.full(48, 400.0), hours % 24))
    store = service.store
    night = within_hours(hours % 24, 22.0, 8.0)
    assert np.all(service.heat_kw[night] == 0)
    assert np.all(store.returned_kw[~night] == 0)
    assert service.heat_kw.sum() == pytest.approx(2 * TANK.capacity_kwh(), rel=1e-9)
    assert store.charge_kwh.max() <= TANK.capacity_kwh() * (1 + 1e-12)
    # No cold out of nothing: what was given was stored or there at the start.
    given = service.heat_kw.sum() - TANK.start_kwh()
    assert given <= store.returned_kw.sum() + 1e-9


def test_charging_stays_within_the_plant() -> None:
    small = TANK.with_values(plant_kw=700.0, start_frac=0.0)
    service = small.serve(duty(np.array([400.0, 650.0, 800.0]), np.array([23, 23, 23])))
    assert service.store.returned_kw == pytest.approx([300.0, 50.0, 0.0])


def test_what_it_gives_is_as_cold_as_it_is() -> None:
    service = TANK.serve(duty(1000.0, 12, return_c=9.0))
    assert service.heat_kw == pytest.approx(120.0 * 2.0)
    assert TANK.serve(duty(1000.0, 12, return_c=6.0)).heat_kw == 0


def test_leak_empties_an_idle_tank() -> None:
    leaky = TANK.with_values(leak_kw_per_k=1.0)
    service = leaky.serve(duty(np.zeros(300), np.full(300, 12), dry_c=np.full(300, 27.0)))
    assert service.store.gained_kw[0] == pytest.approx(20.0)
    assert service.store.gained_kw.sum() == pytest.approx(leaky.capacity_kwh())
    assert service.store.charge_kwh[-1] == 0


def test_policies_of_price_and_air() -> None:
    price = Place(local_hour=12, price_frac=np.array([0.5, 1.0, 1.5]))
    by_price = TANK.with_values(policy="price", start_frac=0.5)
    service = by_price.serve(duty(np.full(3, 100.0), 12, place=price))
    assert service.store.returned_kw[0] > 0
    assert service.heat_kw[1] == 0
    assert service.heat_kw[2] > 0
    by_air = TANK.with_values(policy="dry_bulb", start_frac=0.5)
    service = by_air.serve(duty(np.full(3, 100.0), 12, dry_c=np.array([5.0, 20.0, 30.0])))
    assert service.store.returned_kw[0] > 0
    assert service.heat_kw[1] == 0
    assert service.heat_kw[2] > 0
    with pytest.raises(InputError, match="hourly prices"):
        by_price.serve(duty(1.0, 12))


def test_ice_freezes_only_below_zero_and_melts_only_above() -> None:
    night = duty(0.0, 23, sink_c=-6.0, sink_kw_per_k=150.0)
    frozen = ICE.serve(night)
    # 1 - exp(-1) of 150 kW/K over 6 K.
    assert frozen.reject_kw / 1.005 == pytest.approx(150 * 0.63212 * 6, rel=1e-4)
    assert ICE.serve(duty(0.0, 23, sink_c=1.0, sink_kw_per_k=150.0)).reject_kw == 0
    melted = ICE.serve(duty(2000.0, 12, return_c=10.0))
    assert melted.heat_kw == pytest.approx(120 * (1 - np.exp(-110 / 120)) * 10, rel=1e-9)
    assert ICE.serve(duty(2000.0, 12, return_c=-1.0)).heat_kw == 0


def test_charging_with_warm_water_is_flagged() -> None:
    (limit,) = TANK.with_values(start_frac=0.0).serve(duty(120.0, 23, return_c=12.0)).limits
    assert limit.name == "charging_k"
    assert limit.beyond == pytest.approx(4.0)


def test_asked_to_freeze_with_a_warm_sink_is_flagged() -> None:
    """Nothing freezes at 4 °C: silence would look like a store that works."""
    (limit,) = ICE.serve(duty(0.0, 23, sink_c=4.0, sink_kw_per_k=150.0)).limits
    assert limit.name == "charging_k"
    assert limit.beyond == pytest.approx(4.0)
    warm = {"sink_c": 4.0, "sink_kw_per_k": 150.0}
    # By day, with no room in the plant, when told to take nothing, and when full nobody asks.
    full = Place(local_hour=23)
    for store, asked in (
        (ICE, duty(0.0, 12, **warm)),
        (ICE.with_values(plant_kw=900.0), duty(1000.0, 23, **warm)),
        (ICE.with_values(charge_kw=0.0), duty(0.0, 23, **warm)),
        (ICE, duty(0.0, 23, place=full, charge_kwh=5000.0, **warm)),
    ):
        (limit,) = store.serve(asked).limits
        assert limit.beyond == 0.0


def test_ice_wants_a_sink_below_zero() -> None:
    assert ICE.useless_with(-0.1) == ""
    assert "below 0 °C" in ICE.useless_with(0.0)


powers = st.lists(st.floats(0, 1e4), min_size=1, max_size=60)


@given(powers, powers, powers, st.floats(1, 1e5), st.floats(0, 1), st.sampled_from([0.25, 1.0]))
def test_books_of_cold_close_and_stay_in_bounds(
    offer: Any, want: Any, leak: Any, capacity: float, start: float, step_h: float
) -> None:
    count = min(len(offer), len(want), len(leak))
    arrays = [np.array(x[:count]) for x in (offer, want, leak)]
    flows = cold_flows(*arrays, start * capacity, capacity, step_h)
    scale = max(1e4, capacity)
    change = np.diff(flows.charge_kwh, prepend=start * capacity) / step_h
    balance = flows.charge_kw - flows.discharge_kw - flows.leak_kw
    np.testing.assert_allclose(balance, change, atol=1e-11 * scale * max(count, 4) / step_h)
    for flow, most in zip(flows[:3], arrays, strict=True):
        assert np.all(flow >= 0)
        assert np.all(flow <= most * (1 + 1e-12))
    assert np.all(flows.charge_kwh >= 0)
    assert np.all(flows.charge_kwh <= capacity * (1 + 1e-12))
