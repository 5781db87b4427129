"""The synthetic year keeps every monthly normal, and its days and hours behave like weather."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from dctwin.climate.monthly import MONTH_OF_DAY, MonthlyNormals, month_means, smooth_days
from dctwin.climate.synthetic import standard_pressure_pa, synthetic_weather, synthetic_year
from dctwin.errors import InputError
from dctwin.physics import moist_air, solar

SITES = Path(__file__).parents[2] / "sites"
BUNDLED = ("inzai", "osaka", "ishikari", "kitakyushu", "singapore", "ashburn")

# WMO CLINO 1991-2020, Sydney Airport 94767; humidity from vapour pressure, sun from a typical year.
SYDNEY = MonthlyNormals(
    mean_c=(23.8, 23.5, 22.1, 19.3, 16.3, 13.9, 13.1, 14.2, 16.8, 19.0, 20.6, 22.4),
    daily_max_c=(27.7, 27.1, 25.8, 23.4, 20.6, 18.1, 17.7, 19.1, 21.7, 23.6, 24.7, 26.4),
    daily_min_c=(20.0, 20.0, 18.5, 15.2, 12.1, 9.8, 8.6, 9.3, 12.0, 14.4, 16.5, 18.4),
    relative_humidity_frac=(0.68, 0.7, 0.69, 0.69, 0.68, 0.69, 0.64, 0.58, 0.58, 0.6, 0.64, 0.65),
    wind_m_s=(5.7, 5.5, 5.1, 4.6, 4.5, 4.6, 4.6, 5.0, 5.3, 5.5, 5.8, 5.8),
    ghi_kwh_per_m2=(6.59, 5.63, 4.87, 3.74, 2.66, 2.18, 2.56, 3.56, 4.58, 5.64, 5.99, 6.38),
)  # fmt: skip
# An equatorial highland like Nairobi's; invented values, only to have two rainy seasons.
NAIROBI = MonthlyNormals(
    mean_c=(19.0, 20.0, 20.4, 20.0, 18.9, 17.4, 16.6, 17.1, 18.6, 19.8, 19.3, 18.8),
    daily_max_c=(25.5, 26.7, 26.8, 25.0, 23.6, 22.5, 22.0, 22.7, 25.0, 25.7, 24.0, 24.3),
    daily_min_c=(11.7, 12.2, 13.7, 14.8, 13.9, 12.0, 11.1, 11.4, 11.9, 13.5, 14.1, 13.1),
    relative_humidity_frac=(0.65, 0.58, 0.62, 0.72, 0.75, 0.73, 0.72, 0.70, 0.62, 0.62, 0.71, 0.69),
    wind_m_s=(3.5, 3.6, 3.6, 3.0, 2.6, 2.4, 2.4, 2.7, 3.3, 3.7, 3.4, 3.4),
    ghi_kwh_per_m2=(6.3, 6.7, 6.3, 5.4, 4.7, 4.4, 4.1, 4.5, 5.6, 5.8, 5.5, 6.0),
)  # fmt: skip


def _site(name):
    if name == "sydney":
        return SYDNEY, (-33.95, 151.17, 6.0, 10.0)
    if name == "nairobi":
        return NAIROBI, (-1.3, 36.75, 1798.0, 3.0)
    site = yaml.safe_load((SITES / f"{name}.yaml").read_text(encoding="utf-8"))
    place = tuple(site[k] for k in ("latitude_deg", "longitude_deg", "altitude_m", "utc_offset_h"))
    return MonthlyNormals(**site["climate"]["monthly"]), place


@pytest.fixture(scope="module", params=(*BUNDLED, "sydney", "nairobi"))
def made(request):
    normals, place = _site(request.param)
    return normals, place, synthetic_year(normals, *place, seed=0, stream=request.param)


def test_every_month_keeps_its_normals(made):
    normals, _, year = made
    days = year["dry_bulb_c"].reshape(365, 24)
    for value, target in (
        (days, normals.mean_c),
        (days.max(axis=1), normals.daily_max_c),
        (days.min(axis=1), normals.daily_min_c),
    ):
        np.testing.assert_allclose(month_means(value), target, atol=0.02)
    for value, target in (
        (year["relative_humidity_frac"], normals.relative_humidity_frac),
        (year["wind_m_s"], normals.wind_m_s),
        (year["ghi_w_m2"] * 24.0 / 1000.0, normals.ghi_kwh_per_m2),
    ):
        np.testing.assert_allclose(month_means(value), target, rtol=1e-3)


def test_all_hours_are_possible(made):
    _, (latitude, longitude, altitude, offset), year = made
    assert all(v.shape == (8760,) and np.isfinite(v).all() for v in year.values())
    humidity = year["relative_humidity_frac"]
    assert humidity.min() > 0.02
    assert humidity.max() <= 1.0
    # so the dew point, from the same air, stays at or below the dry bulb and the wet bulb between
    air, pressure = year["dry_bulb_c"], year["pressure_pa"]
    water = moist_air.humidity_kg_per_kg(air, humidity, pressure)
    assert (moist_air.wet_bulb_c(air, water, pressure) <= air + 1e-6).all()
    assert (year["wind_m_s"] >= 0.0).all()
    assert np.abs(np.diff(air)).max() < 12.0  # steepest hour of a front
    assert pressure[0] == pytest.approx(standard_pressure_pa(altitude))

    ghi, dni, dhi = (year[f"{kind}_w_m2"] for kind in ("ghi", "dni", "dhi"))
    assert min(ghi.min(), dni.min(), dhi.min()) >= 0.0
    assert (dhi <= ghi + 1e-9).all()
    assert dni.max() < 1100.0
    sun = solar.sun_of_day(np.repeat(np.arange(1.0, 366.0), 24))
    noon_h = solar.solar_noon_h(longitude, offset, sun.equation_of_time_h)
    clock_h = np.tile(np.arange(24.0), 365)
    cos_zenith = solar.mean_cos_zenith(sun, latitude, noon_h, clock_h, 1.0)
    np.testing.assert_allclose(dhi + dni * cos_zenith, ghi, atol=1e-9)
    outside = solar.SOLAR_CONSTANT_W_M2 * sun.distance_frac * cos_zenith
    assert (ghi <= 0.9 * outside + 1e-9).all()
    assert (ghi[cos_zenith == 0.0] == 0.0).all()


def test_days_vary_as_weather_does(made):
    normals, _, year = made
    days = year["dry_bulb_c"].reshape(365, 24)
    for extreme, key in ((days.max(axis=1), "daily_max"), (days.min(axis=1), "daily_min")):
        rest = extreme - smooth_days(month_means(extreme))
        spread = np.sqrt(month_means(rest * rest))
        wanted = normals.arrays()[f"{key}_sd_k"]
        # drawn to the site's own spread; the minimum's is drawn wider where days are narrow
        assert spread.mean() == pytest.approx(wanted.mean(), rel=0.15)
        lag = np.corrcoef(rest[1:], rest[:-1])[0, 1]
        assert 0.35 < lag < 0.8  # typical-year files: 0.31 to 0.70


def test_joint_behaviour(made):
    _, _, year = made
    days = {key: v.reshape(365, 24) for key, v in year.items()}
    sun = days["ghi_w_m2"].sum(axis=1)
    sun = sun / month_means(sun)[MONTH_OF_DAY]
    width = np.ptp(days["dry_bulb_c"], axis=1)
    dry = 1.0 - days["relative_humidity_frac"].mean(axis=1)
    assert np.corrcoef(sun, width)[0, 1] > 0.2  # clear days are wide
    assert np.corrcoef(sun, dry)[0, 1] > 0.2  # and dry
    hour = days["dry_bulb_c"].mean(axis=0)
    assert 12 <= hour.argmax() <= 16
    assert 3 <= hour.argmin() <= 7
    assert (year["relative_humidity_frac"] > 0.995).mean() < 0.2  # typical-year files: 0 to 0.19
    wind = year["wind_m_s"]
    assert 0.5 < wind.std() / wind.mean() < 0.8  # typical-year files: 0.50 to 0.99
    assert 0.65 < np.corrcoef(wind[1:], wind[:-1])[0, 1] < 0.97


def test_months_join_without_a_step(made):
    _, _, year = made
    air = year["dry_bulb_c"]
    steps = np.abs(np.diff(air))
    last_hours = np.cumsum(np.bincount(MONTH_OF_DAY))[:-1] * 24 - 1
    midnights = np.arange(23, 8759, 24)
    assert steps[last_hours].max() <= steps[midnights].max()
    assert steps[last_hours].mean() < 3.0 * steps[midnights].mean()


def test_same_place_and_seed_give_the_same_bytes():
    normals, place = _site("inzai")
    first = synthetic_weather("inzai", normals, *place, seed=3)
    again = synthetic_weather("inzai", normals, *place, seed=3)
    other_seed = synthetic_weather("inzai", normals, *place, seed=4)
    other_stream = synthetic_weather("inzai", normals, *place, seed=3, stream="b")
    assert first.digest == again.digest
    assert len({first.digest, other_seed.digest, other_stream.digest}) == 3
    # A year belongs to its place, not to what the place is called.
    renamed = synthetic_weather("osaka", normals, *place, seed=3)
    assert np.array_equal(renamed.dry_bulb_c, first.dry_bulb_c)
    assert np.array_equal(renamed.ghi_w_m2, first.ghi_w_m2)


def test_weather_says_that_it_is_synthetic_and_starts_at_local_new_year():
    normals, place = _site("inzai")
    weather = synthetic_weather("inzai", normals, *place)
    assert weather.synthetic
    assert "synthetic" in weather.name
    assert any("synthetic" in note for note in weather.notes)
    assert weather.start == np.datetime64("2022-12-31T15:00:00")
    offset_min = weather.noon_offset_min()
    assert offset_min is not None
    assert abs(offset_min) < 5.0


@pytest.mark.parametrize("seed", range(5))
def test_wet_bulb_of_design_is_near_the_known_one(seed):
    # 0.4 % wet bulb: Tokyo 25.5 to 27.2 and Singapore 26.9 to 29.0 by file and period (typical-year
    # files and ERA5 2020-24), Leesburg 26.3 (ASHRAE 2021); a drawn year may be 2 K off
    for name, low, high in (
        ("inzai", 25.5, 27.2), ("singapore", 26.9, 29.0), ("ashburn", 25.0, 26.3)
    ):  # fmt: skip
        normals, place = _site(name)
        design_c = np.percentile(synthetic_weather(name, normals, *place, seed).wet_bulb_c, 99.6)
        assert low - 2.0 < design_c < high + 2.0


def test_polar_night_has_no_sun():
    cold = MonthlyNormals(
        mean_c=tuple(range(-15, -3)), daily_max_c=tuple(range(-11, 1)),
        daily_min_c=tuple(range(-19, -7)), relative_humidity_frac=(0.8,) * 12, wind_m_s=(5.0,) * 12,
        ghi_kwh_per_m2=(0.0, 0.03, 1.0, 3.0, 4.5, 5.0, 4.0, 2.5, 1.0, 0.1, 0.0, 0.0),
    )  # fmt: skip
    year = synthetic_year(cold, 78.0, 15.6, 28.0, 1.0)
    assert all(np.isfinite(v).all() for v in year.values())
    assert year["ghi_w_m2"][: 31 * 24].sum() == 0.0
    ghi = month_means(year["ghi_w_m2"]) * 0.024
    np.testing.assert_allclose(ghi, cold.ghi_kwh_per_m2, rtol=1e-3)


def test_smooth_days_keep_month_means_and_do_not_swing():
    months = np.array([3.7, 4.8, 8.3, 13.4, 18.1, 21.3, 25.1, 26.3, 22.7, 17.1, 11.2, 6.0])
    days = smooth_days(months)
    np.testing.assert_allclose(month_means(days), months, atol=1e-10)
    assert np.abs(np.diff(days, append=days[0])).max() < 0.4
    spike = smooth_days(np.eye(12)[5])
    assert np.abs(spike).max() < 1.6


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"mean_c": (1.0,) * 11}, "needs 12 values"),
        ({"relative_humidity_frac": (62.0,) * 12}, r"must lie in 0\.05\.\.1"),
        ({"wind_m_s": (float("nan"),) * 12}, "must lie in"),
        ({"daily_max_c": (0.0,) * 12}, "daily_min_c < mean_c < daily_max_c"),
    ],
)
def test_impossible_normals_are_refused(change, text):
    with pytest.raises(InputError, match=text):
        MonthlyNormals(**{**SYDNEY.__dict__, **change})


def test_more_sun_than_the_sky_lets_through_is_refused():
    bright = MonthlyNormals(**{**SYDNEY.__dict__, "ghi_kwh_per_m2": (9.0,) * 12})
    with pytest.raises(InputError, match=r"ghi_kwh_per_m2, month 6.*outside the atmosphere"):
        synthetic_year(bright, -33.95, 151.17, 6.0, 10.0)
