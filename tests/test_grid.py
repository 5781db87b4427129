"""Carbon and price files: every column set users have, holes, leap days, typical years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dctwin import grid
from dctwin.errors import InputError

# First rows of the Electricity Maps export of JP-TK, 2024 (Open Database License).
ELECTRICITY_MAPS = """\
Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA),Low Carbon Percentage,Renewable Percentage,Data Source,Data Estimated,Data Estimation Method
2024-01-01 00:00:00,Japan,Tōkyō,JP-TK,315.0,390.95,42.41,42.27,Electricity Maps Estimation,true,ESTIMATED_MODE_BREAKDOWN
2024-01-01 01:00:00,Japan,Tōkyō,JP-TK,244.31,313.19,55.33,55.24,Electricity Maps Estimation,true,ESTIMATED_MODE_BREAKDOWN
2024-01-01 02:00:00,Japan,Tōkyō,JP-TK,210.5,280.0,60.0,60.0,Electricity Maps Estimation,true,ESTIMATED_MODE_BREAKDOWN
"""
SITES = Path(__file__).parents[1] / "sites"
NEW_YEAR = np.datetime64("2024-01-01T00:00")


@pytest.fixture
def write(tmp_path):
    def to(text, name="grid.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to


def hourly(start, values, head="time_utc,carbon_kg_per_kwh"):
    first = datetime.fromisoformat(start)
    lines = (f"{first + timedelta(hours=i)},{v}" for i, v in enumerate(values))
    return "\n".join([head, *lines]) + "\n"


def year_of_hours(year):
    """A value that tells month, day and hour: mmddhh / 1e6."""
    hour, end, out = datetime(year, 1, 1), datetime(year + 1, 1, 1), []
    while hour < end:
        out.append((hour.month * 10_000 + hour.day * 100 + hour.hour) / 1e6)
        hour += timedelta(hours=1)
    return hourly(f"{year}-01-01", out)


def test_electricity_maps_export(write):
    direct = grid.read_carbon(write(ELECTRICITY_MAPS))
    np.testing.assert_allclose(direct.values, [0.315, 0.24431, 0.2105])
    assert direct.unit == "kg/kWh"
    assert direct.step_h == 1.0
    assert direct.start == NEW_YEAR
    life_cycle = grid.read_carbon(write(ELECTRICITY_MAPS), basis="lca")
    np.testing.assert_allclose(life_cycle.values, [0.39095, 0.31319, 0.28])
    newer = ELECTRICITY_MAPS.replace("Intensity", "intensity").replace("(LCA)", "(Life cycle)")
    np.testing.assert_allclose(grid.read_carbon(write(newer), "lca").values, life_cycle.values)


def test_price_in_local_time_and_per_mwh(write):
    # JEPX Tokyo 2024: the column has no zone and its noon dip falls at 12, so it is local time
    price = grid.read_price(
        write("Datetime,Price (JPY/MWh)\n2024-01-01 00:00:00,15640.0\n2024-01-01 01:00:00,-10.0\n"),
        utc_offset_h=9.0,
    )
    np.testing.assert_allclose(price.values, [15.64, -0.01])
    assert price.unit == "JPY"
    assert price.start == np.datetime64("2023-12-31T15:00")


def test_plain_price_and_times_with_an_offset(write):
    text = "time,energy_price_usd_per_kwh\n2024-01-01T00:00+09:00,0.1\n2024-01-01T00:30+09:00,0.2\n"
    price = grid.read_price(write(text), utc_offset_h=-5.0)
    assert price.unit == "USD"
    assert price.start == np.datetime64("2023-12-31T15:00")
    assert price.step_h == 0.5


def test_semicolons_and_byte_order_mark(write):
    text = "\ufefftime_utc;carbon_kg_per_kwh\n2024-01-01 00:00;0.4\n2024-01-01 01:00;0.5\n"
    np.testing.assert_allclose(grid.read_carbon(write(text)).values, [0.4, 0.5])


def test_a_run_inside_the_file_takes_its_own_hours(write):
    series = grid.read_carbon(write(hourly("2023-12-31", np.arange(48) / 100)))
    np.testing.assert_allclose(series.onto(NEW_YEAR, 3, 1.0), [0.24, 0.25, 0.26])


def test_finer_steps_repeat_and_coarser_steps_average(write):
    series = grid.read_carbon(write(hourly("2024-01-01", [0.1, 0.2, 0.3])))
    np.testing.assert_allclose(series.onto(NEW_YEAR, 5, 0.25), [0.1] * 4 + [0.2])
    half = "time_utc,carbon_kg_per_kwh\n" + "".join(
        f"2024-01-01 0{i // 2}:{'30' if i % 2 else '00'},{v}\n"
        for i, v in enumerate([0.1, 0.3, 0.2, 0.6])
    )
    np.testing.assert_allclose(grid.read_carbon(write(half)).onto(NEW_YEAR, 2, 1.0), [0.2, 0.4])


def test_a_typical_year_takes_month_day_and_hour(write):
    series = grid.read_carbon(write(year_of_hours(2024)))
    start = np.datetime64("2022-12-31T15:00")  # a Japanese nominal year of 2023 in UTC
    got = series.onto(start, 8760, 1.0)
    hours = start + np.arange(8760) * np.timedelta64(1, "h")
    for i in (0, 8, 9, 1424, 1425, 5000, 8759):
        moment = hours[i].astype(datetime)
        assert got[i] == pytest.approx(
            (moment.month * 10_000 + moment.day * 100 + moment.hour) / 1e6
        )
    assert 0.022912 not in np.round(got, 6)  # 29 February of the file is left out


def test_a_leap_day_of_the_run_takes_the_28th(write):
    series = grid.read_carbon(write(year_of_hours(2023)))
    got = series.onto(np.datetime64("2024-02-28T00:00"), 72, 1.0)
    np.testing.assert_allclose(got[24:48], got[:24])
    assert got[48] == pytest.approx(0.0301)


def test_the_newest_year_wins(write):
    old = year_of_hours(2022)
    new = year_of_hours(2023).splitlines()[1:]
    newer = [line[: line.rindex(",") + 1] + "0.5" for line in new]
    series = grid.read_carbon(write(old + "\n".join(newer) + "\n"))
    assert set(series.onto(np.datetime64("2030-01-01T00:00"), 8760, 1.0)) == {0.5}
    # but a run in 2022 has its own hours
    assert series.onto(np.datetime64("2022-03-01T05:00"), 1, 1.0)[0] == pytest.approx(0.030105)


def test_a_file_that_is_too_short_says_what_is_missing(write):
    series = grid.read_carbon(write(hourly("2024-01-01", [0.4] * 240)))
    with pytest.raises(InputError, match=r"covers 2024-01-01.* also needs 01-11T00:00"):
        series.onto(np.datetime64("2023-01-01T00:00"), 8760, 1.0)


def test_holes_up_to_three_hours_are_filled_and_noted(write):
    lines = hourly("2024-01-01", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).splitlines()
    missing = "\n".join([*lines[:2], *lines[5:]])
    series = grid.read_carbon(write(missing))
    np.testing.assert_allclose(series.values, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert series.notes == ("grid.csv: 3 missing values of carbon_kg_per_kwh interpolated",)
    empty = [*lines[:3], lines[3].replace("0.3", ""), *lines[4:]]
    np.testing.assert_allclose(grid.read_carbon(write("\n".join(empty))).values[2], 0.3)


def test_empty_cells_at_the_ends_are_cut_off(write):
    series = grid.read_carbon(write(hourly("2024-01-01", ["", "", 0.3, 0.4, ""])))
    assert series.start == np.datetime64("2024-01-01T02:00")
    np.testing.assert_allclose(series.values, [0.3, 0.4])


def test_longer_holes_are_refused_with_their_rows(write):
    lines = hourly("2024-01-01", [0.4] * 30).splitlines()
    path = write("\n".join([*lines[:5], *lines[9:20], *lines[25:]]))
    with pytest.raises(InputError) as caught:
        grid.read_carbon(path)
    assert [fault.line for fault in caught.value.faults] == [6, 17]
    assert "ends a hole of 4 h; at most 3 h is filled" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_utc,co2\n2024-01-01 00:00,1\n2024-01-01 01:00,1\n", "grid.csv:1: carbon: no column"),
        ("when,carbon_kg_per_kwh\na,1\nb,1\n", "grid.csv:1: time: no time column"),
        ("time_utc,carbon_kg_per_kwh\n", "header and at least two rows"),
        (hourly("2024-01-01", [0.4, "x", 0.4]), r"grid.csv:3: carbon_kg_per_kwh: must be a number"),
        (hourly("2024-01-01", [0.4, "inf", 0.4]), "must be a number"),
        (hourly("2024-01-01", [400.0, 410.0]), r"must lie in 0\.\.3 kg/kWh"),
        (hourly("2024-01-01", [0.4, -0.1]), r"must lie in 0\.\.3 kg/kWh"),
        ("time_utc,carbon_kg_per_kwh\n01/02/2024,0.4\n02/02/2024,0.4\n", "must be a time like"),
        (
            "time_utc,carbon_kg_per_kwh\n2024-01-01 00:00,0.4\n2024-01-01 00:00,0.4\n",
            "grid.csv:3: time_utc: must be later than the row before",
        ),
        (
            "time_utc,carbon_kg_per_kwh\n2024-01-01 00:00,0.4\n2024-01-02 00:00,0.4\n",
            "must be 5, 10, 15, 30, 60 min apart",
        ),
        ("time_utc,carbon_kg_per_kwh\n2024-01-01 00:00\n2024-01-01 01:00,0.4\n", "has 1 cells"),
        (hourly("2024-01-01", ["x"] * 30), "and 20 more"),
    ],
)
def test_faults_name_file_line_and_reason(write, text, message):
    with pytest.raises(InputError, match=message):
        grid.read_carbon(write(text))


def test_a_missing_file_and_a_binary_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        grid.read_carbon(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="not text in UTF-8"):
        grid.read_price(tmp_path / "b.csv")


def test_profile_by_local_hour():
    values = np.arange(24.0)
    # midnight UTC is 09:00 in Japan, 19:00 the day before in Virginia, 05:30 in India
    assert grid.by_hour_of_day(values, 9.0, NEW_YEAR, 3, 1.0).tolist() == [9.0, 10.0, 11.0]
    assert grid.by_hour_of_day(values, -5.0, NEW_YEAR, 6, 1.0).tolist() == [19, 20, 21, 22, 23, 0]
    assert grid.by_hour_of_day(values, 5.5, NEW_YEAR, 4, 0.25).tolist() == [5, 5, 6, 6]
    with pytest.raises(InputError, match="needs 24 values"):
        grid.by_hour_of_day([1.0], 9.0, NEW_YEAR, 3, 1.0)


@settings(deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.integers(1, 400),
    st.sampled_from([0.25, 0.5, 1.0]),
)
def test_any_run_of_any_year_finds_its_month_day_and_hour(start, steps, step_h):
    day = np.datetime64("2024-01-01T00:00:00")
    code = day + np.arange(8784) * np.timedelta64(1, "h")
    stamps = code.astype("datetime64[s]").astype(np.int64).astype(float)
    series = grid.TimedValues("f", "c", "kg/kWh", day, 1.0, stamps)
    begin = np.datetime64(start.replace(minute=0, second=0, microsecond=0), "s")
    got = series.onto(begin, steps, step_h)
    for i in (0, steps - 1):
        seconds = (begin - np.datetime64(0, "s")).astype(int) + i * step_h * 3600
        wanted = datetime.fromtimestamp(seconds, UTC).replace(minute=0)
        found = datetime.fromtimestamp(got[i], UTC)
        assert (found.month, found.day, found.hour) == (wanted.month, wanted.day, wanted.hour)


@pytest.mark.parametrize("path", sorted(SITES.glob("*.yaml")), ids=lambda path: path.stem)
def test_bundled_profiles_have_the_stated_mean(path):
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))["grid"]
    profile = stated.get("carbon_by_hour_kg_per_kwh", [stated["carbon_kg_per_kwh"]] * 24)
    year = grid.by_hour_of_day(profile, 9.0, NEW_YEAR, 8760, 1.0)
    assert year.mean() == pytest.approx(stated["carbon_kg_per_kwh"], abs=1e-4)


def local_file(write, start, hours, zone):
    """A file in wall-clock time without offsets, one row an hour, value = hours since the start."""
    from zoneinfo import ZoneInfo

    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp()
    stamps = [
        datetime.fromtimestamp(first + 3600 * i, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        for i in range(hours)
    ]
    rows = "".join(f"{stamp},{0.001 * i}\n" for i, stamp in enumerate(stamps))
    return write("Datetime,price_eur_per_kwh\n" + rows), stamps


@pytest.mark.parametrize(
    ("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-06-01", 24)]
)
def test_days_of_23_and_25_hours_keep_every_hour(write, day, hours):
    """Europe: the clock jumps from 02:00 to 03:00 in March; in October 02:00 comes twice."""
    path, stamps = local_file(write, day, hours, "Europe/Berlin")
    assert len(set(stamps)) == min(hours, 24)
    series = grid.read_price(path, 1.0, "Europe/Berlin")
    assert series.values.size == hours
    assert series.step_h == 1.0
    assert np.allclose(series.values, 0.001 * np.arange(hours))
    midnight = np.datetime64(day, "s")
    offset_h = 1 if day == "2024-03-31" else 2  # standard time in March's night, summer time else
    assert series.start == midnight - np.timedelta64(offset_h, "h")
    assert not series.notes


def test_half_hours_of_the_repeated_hour_are_told_apart(write):
    text = "Datetime,price_eur_per_kwh\n" + "".join(
        f"2024-10-27 {clock},{k}\n"
        for k, clock in enumerate(["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"])
    )
    series = grid.read_price(write(text), 1.0, "Europe/Berlin")
    assert series.values.tolist() == [0, 1, 2, 3, 4, 5]
    assert series.step_h == 0.5


def test_without_a_zone_local_times_are_standard_time(write):
    text = "Datetime,price_jpy_per_kwh\n2024-07-01 00:00,1\n2024-07-01 01:00,2\n"
    assert grid.read_price(write(text), 9.0).start == np.datetime64("2024-06-30T15:00")


def test_an_unknown_zone_is_named(write):
    text = "Datetime,price_jpy_per_kwh\n2024-07-01 00:00,1\n2024-07-01 01:00,2\n"
    with pytest.raises(InputError, match="no zone of that name"):
        grid.read_price(write(text), 9.0, "Europe/Nowhere")


def test_shares_of_electricity_maps(write):
    text = (
        "Datetime (UTC),Carbon Intensity gCO₂eq/kWh (direct),Low Carbon Percentage,"
        "Renewable Percentage\n2024-01-01 00:00:00,315.0,42.41,42.27\n"
        "2024-01-01 01:00:00,244.31,55.33,55.24\n"
    )
    path = write(text)
    low = grid.read_extra(path, "low_carbon_frac")
    renewable = grid.read_extra(path, "renewable_frac")
    assert low is not None
    assert renewable is not None
    np.testing.assert_allclose(low.values, [0.4241, 0.5533])
    np.testing.assert_allclose(renewable.values, [0.4227, 0.5524])
    assert grid.read_extra(path, "surplus_kw") is None


def test_extra_columns_out_of_range_are_refused(write):
    path = write("time_utc,outage_frac\n2024-01-01 00:00,0\n2024-01-01 01:00,2\n")
    with pytest.raises(InputError, match=r"must lie in 0\.\.1"):
        grid.read_extra(path, "outage_frac")


def test_table_of_months_and_hours(write):
    head = "month," + ",".join(f"h{h:02d}" for h in range(24)) + "\n"
    rows = "".join(f"{m}," + ",".join(str(m + h) for h in range(24)) + "\n" for m in range(1, 13))
    table = grid.read_month_hour(write(head + rows))
    assert table.shape == (12, 24)
    assert table[11, 23] == 35
    with pytest.raises(InputError, match="columns must be"):
        grid.read_month_hour(write(rows * 2))
    with pytest.raises(InputError, match="must be 1 to 12"):
        grid.read_month_hour(write(head + rows.replace("\n12,", "\n13,")))
