"""Weather: derived columns, resampling, summary, solar noon."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from weather_texts import epw, rows

from dctwin.climate import noon
from dctwin.climate.files import parse_weather
from dctwin.climate.weather import COLUMNS, DERIVED, Weather
from dctwin.errors import InputError


def made(hours: int = 48, **changes: Any) -> Weather:
    t = np.arange(hours)
    sun = np.clip(800.0 * np.sin(2 * np.pi * (t % 24 - 5.5) / 24), 0.0, None)
    values: dict[str, Any] = {
        "name": "made",
        "source": "test",
        "latitude_deg": 0.0,
        "longitude_deg": 0.0,
        "altitude_m": 0.0,
        "utc_offset_h": 0.0,
        "step_h": 1.0,
        "start": np.datetime64("2023-01-01T00:00"),
        "dry_bulb_c": 25.0 + 5.0 * np.sin(2 * np.pi * t / 24),
        "relative_humidity_frac": np.full(hours, 0.5),
        "pressure_pa": np.full(hours, 101_325.0),
        "wind_m_s": np.full(hours, 3.0),
        "ghi_w_m2": sun,
        "dni_w_m2": sun,
        "dhi_w_m2": 0.1 * sun,
    }
    return Weather(**{**values, **changes})


def test_derived_columns_have_textbook_values() -> None:
    # 25 °C, 50 %, 101325 Pa: ASHRAE chart, w 9.88 g/kg, wet bulb 17.9 °C, enthalpy 50.3 kJ/kg,
    # volume 0.858 m³/kg.
    w = made(dry_bulb_c=np.full(48, 25.0))
    assert w.humidity_kg_per_kg[0] == pytest.approx(0.00992, abs=0.00005)
    assert w.wet_bulb_c[0] == pytest.approx(17.9, abs=0.1)
    assert w.enthalpy_kj_per_kg[0] == pytest.approx(50.4, abs=0.3)
    assert w.density_kg_per_m3[0] == pytest.approx(1.0099 / 0.858, rel=0.003)
    assert w.wet_bulb_c is w.wet_bulb_c


def test_frozen_and_read_only() -> None:
    w = made()
    with pytest.raises(FrozenInstanceError):
        w.name = "other"  # type: ignore[misc]
    for column in (*COLUMNS, *DERIVED, "times_utc"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(w, column)[0] = 0


def test_given_array_stays_the_callers() -> None:
    mine = np.full(48, 20.0)
    w = made(dry_bulb_c=mine)
    mine[0] = 99.0
    assert w.dry_bulb_c[0] == 20.0


def test_digest_counts_header_and_arrays_but_not_notes() -> None:
    w = made()
    assert w == made()
    assert hash(w) == hash(made(notes=("said",)))
    assert w.digest == made(latitude_deg=0).digest
    warmer = w.dry_bulb_c.copy()
    warmer[3] += 1e-9
    for other in (
        made(dry_bulb_c=warmer),
        made(utc_offset_h=1.0),
        made(has_solar=False),
        made(start=np.datetime64("2024-01-01T00:00")),
        made(name="other"),
    ):
        assert other.digest != w.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"wind_m_s": np.zeros(47)},
        {"dry_bulb_c": np.full(48, np.nan)},
        {"pressure_pa": np.zeros((48, 1))},
        {"step_h": 0.0},
        {name: np.zeros(0) for name in COLUMNS},
    ],
)
def test_impossible_weather_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        made(**changes)


def test_times_name_the_start() -> None:
    w = made(step_h=0.25)
    assert w.rows == 48
    assert w.hours == 12.0
    assert w.times_utc[0] == np.datetime64("2023-01-01T00:00")
    assert w.times_utc[5] == np.datetime64("2023-01-01T01:15")


@pytest.mark.parametrize(("step", "parts"), [("5min", 12), ("15min", 4), ("30min", 2)])
def test_finer_keeps_the_mean_of_every_hour(step: str, parts: int) -> None:
    w = made()
    fine = w.resample(step)
    assert fine.rows == w.rows * parts
    assert fine.step_h == 1.0 / parts
    for column in COLUMNS:
        back = getattr(fine, column).reshape(-1, parts).mean(axis=1)
        np.testing.assert_allclose(back, getattr(w, column), rtol=1e-12, atol=1e-10)
    assert fine.dry_bulb_c.std() > 0.98 * w.dry_bulb_c.std()
    # It is not a staircase: most quarter hours differ from their neighbours.
    assert (np.diff(fine.dry_bulb_c) != 0).mean() > 0.95


@given(
    arrays(np.float64, 30, elements=st.floats(0.0, 1000.0)),
    arrays(np.float64, 30, elements=st.floats(0.0, 1.0)),
)
@settings(max_examples=60, deadline=None)
def test_resampling_keeps_means_and_limits(sun: np.ndarray, humidity: np.ndarray) -> None:
    w = made(hours=30, ghi_w_m2=sun, relative_humidity_frac=humidity)
    fine = w.resample("15min")
    assert fine.ghi_w_m2.min() >= 0.0
    assert fine.relative_humidity_frac.min() >= 0.0
    assert fine.relative_humidity_frac.max() <= 1.0
    assert fine.ghi_w_m2.sum() / 4 == pytest.approx(sun.sum(), rel=1e-9, abs=1e-6)
    back = fine.resample("1h")
    np.testing.assert_allclose(back.ghi_w_m2, sun, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(back.relative_humidity_frac, humidity, rtol=1e-9, atol=1e-9)


def test_coarser_is_the_mean_and_says_what_it_leaves_off() -> None:
    w = made(hours=50, step_h=0.25)
    hourly = w.resample("1h")
    assert hourly.rows == 12
    assert hourly.dry_bulb_c[0] == pytest.approx(w.dry_bulb_c[:4].mean())
    assert "last 2 rows" in hourly.notes[0]


def test_resample_refuses_what_does_not_divide() -> None:
    assert made().resample("1h") == made()
    with pytest.raises(InputError, match="step: must be one of 5min, 15min, 30min, 1h"):
        made().resample("2min")
    with pytest.raises(InputError, match="20 min intervals does not divide"):
        made(step_h=1 / 3).resample("15min")
    with pytest.raises(InputError, match="shorter"):
        made(hours=3, step_h=0.25).resample("1h")


def test_frame() -> None:
    frame = made().frame()
    assert list(frame.columns) == [*COLUMNS, *DERIVED]
    assert str(frame.index.tz) == "UTC"
    assert frame.index.name == "time_utc"


def test_summary() -> None:
    w = parse_weather(epw().encode(), "made.epw")
    s = w.head_summary()
    assert s["rows"] == 8760
    assert s["step_h"] == 1.0
    assert s["dry_bulb_c"]["mean"] == pytest.approx(15.0, abs=0.1)
    assert s["dry_bulb_c"]["min"] <= s["dry_bulb_c"]["99.6%"] < s["dry_bulb_c"]["0.4%"]
    assert s["wet_bulb_c"]["mean"] < s["dry_bulb_c"]["mean"]
    assert s["ghi_kwh_per_m2"] == pytest.approx(w.ghi_w_m2.sum() / 1000.0)
    assert 0.0 < s["wet_bulb_below_18c_h"] < 8760.0
    assert abs(s["noon_offset_min"]) < 5.0


def test_summary_without_sun_and_wind() -> None:
    s = made(has_solar=False, has_wind=False).head_summary()
    assert s["ghi_kwh_per_m2"] is None
    assert s["wind_mean_m_s"] is None
    assert s["noon_offset_min"] is None


@pytest.mark.parametrize(
    ("date", "minutes"),
    # Astronomical almanac, extremes of the equation of time.
    [("2023-02-11", -14.2), ("2023-05-14", 3.7), ("2023-07-26", -6.5), ("2023-11-03", 16.4)],
)
def test_equation_of_time(date: str, minutes: float) -> None:
    at = np.array([date + "T12:00"], dtype="datetime64[s]")
    assert noon.equation_of_time_min(at)[0] == pytest.approx(minutes, abs=0.6)


@pytest.mark.parametrize(("date", "degrees"), [("2023-06-21", 23.44), ("2023-12-22", -23.44)])
def test_declination_at_the_solstices(date: str, degrees: float) -> None:
    at = np.array([date + "T12:00"], dtype="datetime64[s]")
    assert np.degrees(noon.declination_rad(at)[0]) == pytest.approx(degrees, abs=0.1)


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (35.0, 139.0, 9.0),
        (28.6, 77.2, 5.5),  # Delhi
        (27.7, 85.3, 5.75),  # Kathmandu
        (-33.9, 151.2, 10.0),  # Sydney
        (-41.3, 174.8, 12.0),  # Wellington
        (21.3, -157.9, -10.0),  # Honolulu
        (69.6, 18.9, 1.0),  # Tromsø: polar night and midnight sun
        (1.4, 103.9, 8.0),  # Singapore: an hour off its meridian
    ],
)
def test_solar_noon_all_over_the_world(latitude: float, longitude: float, zone: float) -> None:
    lines = rows(latitude=latitude, longitude=longitude, zone=zone)
    place = {"latitude": str(latitude), "longitude": str(longitude), "zone": str(zone)}
    w = parse_weather(epw(lines, **place).encode(), "made.epw")
    offset = w.noon_offset_min()
    assert offset is not None
    assert abs(offset) < 5.0
    assert not any("solar noon" in note for note in w.notes)
    assert w.start == np.datetime64("2021-01-01T00:00") - np.timedelta64(int(zone * 60), "m")
    # Heat comes in the summer of its own hemisphere.
    january, july = w.dry_bulb_c[:744].mean(), w.dry_bulb_c[4344:5088].mean()
    assert (january > july) == (latitude < 0)


def test_solar_noon_finds_an_hour_of_shift() -> None:
    w = parse_weather(epw().encode(), "made.epw")
    late = replace(w, start=w.start + np.timedelta64(3600, "s"))
    assert late.noon_offset_min() == pytest.approx(60.0, abs=5.0)
    text = epw(longitude="124.0")
    shifted = parse_weather(text.encode(), "shifted.epw")
    assert any("solar noon in the data is -60 min" in note for note in shifted.notes)
