"""Broken weather files: always an `InputError`, each fault one line, never another exception."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import weather_texts as made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from weather_texts import rows, with_field

from dctwin.climate.files import parse_weather
from dctwin.errors import InputError

SHORT = rows(days=3)


def short(lines: tuple[str, ...] = SHORT, **changes: str) -> str:
    return made.epw(lines, **{"last": "1/3", **changes})


def field(row: int, at: int, value: str) -> Callable[[], str]:
    return lambda: short(with_field(SHORT, row, at, value))


def pvgis_with(change: Callable[[dict], object]) -> Callable[[], str]:
    def make() -> str:
        root = made.pvgis()
        change(root)
        return json.dumps(root)

    return make


BROKEN: dict[str, tuple[Callable[[], str | bytes], str]] = {
    # file and head
    "empty": (lambda: "", r"^w: is empty$"),
    "spaces": (lambda: " \n\n ", r"^w: is empty$"),
    "zip": (lambda: b"PK\x03\x04rest", r"^w: format: is a zip archive: unpack it first$"),
    "binary": (lambda: b"\x7fELF\x00\x01", r"^w: format: is not plain text"),
    "utf-16": (lambda: short().encode("utf-16"), r"^w: format: is not plain text"),
    "html": (lambda: "<!doctype html>\n<p>404", r"^w:1: format: not a known weather format, allo"),
    "pvgis csv": (
        lambda: "Latitude (decimal degrees): 45.0\nLongitude (decimal degrees): 8.0\n",
        r"PVGIS CSV is not read, download its JSON or EPW",
    ),
    "head only": (
        lambda: "\n".join(made.head_lines()),
        r"^w: rows: there is no row of data$",
    ),
    "head cut": (lambda: made.head_lines()[0], r"^w:8: DATA PERIODS: must be the head of line 8"),
    "latitude": (
        lambda: short(latitude="95"),
        r"^w:1: latitude_deg: must be a number, allowed -90 to 90 \(got '95'\)$",
    ),
    "longitude": (lambda: short(longitude="east"), r"^w:1: longitude_deg: must be a number"),
    "zone": (lambda: short(zone="nan"), r"^w:1: utc_offset_h: .*allowed -12 to 14"),
    "altitude": (lambda: short(altitude="1e9"), r"^w:1: altitude_m: .*allowed -500 to 9000"),
    "comma in city": (lambda: short(city="A,B"), r"^w:1: latitude_deg: must be a number"),
    "records per hour": (lambda: short(per_hour="7"), r"^w:8: records per hour: must divide 60"),
    "records word": (lambda: short(per_hour="²"), r"^w:8: records per hour: allowed 1 to 60"),
    "records disagree": (
        lambda: short(per_hour="4"),
        r"^w:9: minute: the header says 4 records an hour, the rows name 1 minutes \(got 60\)$",
    ),
    # values
    "word": (field(5, 6, "warm"), r"^w:14: dry bulb \(°C\): must be a number \(got 'warm'\)$"),
    "hot": (
        field(5, 6, "77.5"),
        r"^w:14: dry bulb \(°C\): not plausible, allowed -90 to 70 \(got 77.5\)$",
    ),
    "fahrenheit": (field(0, 6, "-99.9"), r"^w:9: dry bulb"),
    "infinite": (field(5, 6, "inf"), r"^w:14: dry bulb .*\(got inf\)$"),
    "humid": (
        field(5, 8, "130"),
        r"^w:14: relative humidity \(%\): not plausible, allowed 0 to 110 \(got 130\)$",
    ),
    "hectopascal": (
        field(5, 9, "1013"),
        r"^w:14: pressure \(Pa\): not plausible, allowed 31000 to 120000 \(got 1013\)$",
    ),
    "bright": (field(12, 13, "1600"), r"^w:21: global horizontal .*allowed 0 to 1500 \(got 1600"),
    "dark": (field(12, 15, "-40"), r"^w:21: diffuse horizontal .*allowed 0 to 1500 \(got -40\)$"),
    "windy": (field(12, 21, "150"), r"^w:21: wind speed .*allowed 0 to 90 \(got 150\)$"),
    "short row": (
        lambda: short((*SHORT[:9], "2021,1,1,10,60,?9,5.0", *SHORT[10:])),
        r"^w:18: row: needs 22 fields \(got 7\)$",
    ),
    "no dry bulb": (
        lambda: short(made.with_run(SHORT, 0, 72, 6, "99.9")),
        r"^w: dry bulb \(°C\): has no value in any row$",
    ),
    "no humidity": (
        lambda: short(made.with_run(made.with_run(SHORT, 0, 72, 7, "99.9"), 0, 72, 8, "999")),
        r"^w: relative humidity: has no value in any row",
    ),
    # time
    "month 13": (
        field(3, 1, "13"),
        r"^w:12: month: must be a whole number, allowed 1 to 12 \(got '13'\)$",
    ),
    "hour 0": (field(0, 3, "0"), r"^w:9: hour: must be a whole number, allowed 1 to 24"),
    "hour 25": (field(3, 3, "25"), r"^w:12: hour: .*allowed 1 to 24"),
    "half month": (field(3, 1, "1.5"), r"^w:12: month: must be a whole number"),
    "no day": (field(3, 2, ""), r"^w:12: day: .*\(got 'nothing'\)$"),
    "year 0": (field(3, 0, "0"), r"^w:12: year: .*allowed 1800 to 2200"),
    "31 april": (
        lambda: made.epw(
            [row.replace("2021,1,", "2021,4,").replace("4,3,", "4,31,", 1) for row in SHORT],
            first="4/1",
            last="4/3",
        ),
        r"^w:\d+: day: allowed 1 to 30 in that month \(got 31\)",
    ),
    "cut off": (
        lambda: made.epw(rows()[:5000]),
        r"^w:5008: time: the rows end at .*, the file promises 2021-12-31 15:00 UTC: cut off\?$",
    ),
    "begins late": (lambda: made.epw(rows()[200:]), r"^w:9: time: the rows begin at"),
    "long hole": (
        lambda: made.epw((*rows()[:100], *rows()[120:])),
        r"^w:109: time: 20 h of rows are missing before this one, allowed at most 6 h$",
    ),
    "same time twice": (
        lambda: short((*SHORT[:9], with_field(SHORT, 8, 6, "1.0")[8], *SHORT[9:])),
        r"^w:18: time: the same as in line 17, with other values$",
    ),
    "months out of order": (
        lambda: made.epw([*rows(years=(1990, 1991))[4000:], *rows(years=(1990, 1991))[:4000]]),
        r"^w:\d+: month: the months of a typical year must come in order, .*\(got 1 after 12\)$",
    ),
    "too short": (
        lambda: made.epw(rows()[:5], last="1/1"),
        r"^w:13: time: the rows end at .*cut off\?$",
    ),
    # TMY3
    "tmy3 date": (
        lambda: made.tmy3().replace("01/01/1988,02:00", "1988-01-01,02:00"),
        r"^w:4: Date \(MM/DD/YYYY\): must be month/day/year \(got '1988-01-01'\)$",
    ),
    "tmy3 hour": (
        lambda: made.tmy3().replace("01/01/1988,02:00", "01/01/1988,02:30"),
        r"^w:4: Time \(HH:MM\): must be a full hour, allowed 01:00 to 24:00 \(got '02:30'\)$",
    ),
    "tmy3 column": (
        lambda: made.tmy3().replace("Dry-bulb (C)", "Drybulb (C)"),
        r"^w:2: Dry-bulb \(C\): column not found, did you mean 'Drybulb \(C\)'\?$",
    ),
    # PVGIS
    "json junk": (lambda: "{", r"^w:1: JSON: "),
    "json deep": (lambda: "[" * 100_000, r"^w: JSON: 'nested too deep'$"),
    "json other": (lambda: '{"a": 1}', r"^w: outputs.tmy_hourly: not found: .*got 'keys a'\)$"),
    "json place": (
        pvgis_with(lambda r: r["inputs"]["location"].pop("latitude")),
        r"^w: latitude_deg: must be a number",
    ),
    "json row": (
        pvgis_with(lambda r: r["outputs"]["tmy_hourly"].__setitem__(4, 7)),
        r"^w:5: time\(UTC\): must be YYYYMMDD:HH00 \(got 'None'\)$",
    ),
    "json huge": (
        pvgis_with(lambda r: r["outputs"]["tmy_hourly"][4].update(T2m=10**400)),
        r"^w:5: T2m: must be a number",
    ),
    # CSV
    "csv place": (lambda: made.csv(head=""), r"^w: latitude_deg: not found: write a line '# lati"),
    "csv column": (
        lambda: made.csv(columns=made.CSV_COLUMNS.replace("dry_bulb_c", "dry_bulb")),
        r"^w:5: dry_bulb_c: column not found, did you mean 'dry_bulb'\?$",
    ),
    "csv no zone": (
        lambda: made.csv([row.replace("+09:00", "") for row in made.csv_rows()]),
        r"^w:6: time: needs its UTC offset, as 2025-01-01T00:00\+09:00",
    ),
    "csv time": (
        lambda: made.csv(["yesterday,1,0.5,101000,1,0,0,0", *made.csv_rows()]),
        r"^w:6: time: must be an ISO 8601 time as 2025-01-01T00:00 \(got 'yesterday'\)$",
    ),
    "csv 3 h": (
        lambda: made.csv(made.csv_rows(20, 180)),
        r"^w:7: time: the step must divide the hour, .*\(got 180 min\)$",
    ),
    "csv odd step": (
        lambda: made.csv([row.replace("T05:00", "T05:20") for row in made.csv_rows()]),
        r"^w:11: time: must be a multiple of the step of 60 min",
    ),
    "csv percent": (
        lambda: made.csv([row.replace(",0.6,", ",60,") for row in made.csv_rows()]),
        r"^w:6: relative_humidity_frac: not plausible, allowed 0 to 1.1 \(got 60\)$",
    ),
    "csv dew above dry": (
        lambda: made.csv(
            [row.replace(",0.6,", ",30,") for row in made.csv_rows()],
            columns=made.CSV_COLUMNS.replace("relative_humidity_frac", "dew_point_c"),
        ),
        r"^w:6: dew_point_c: cannot be above dry bulb, allowed up to 5 \(got 30\)$",
    ),
    "csv repeat column": (
        lambda: made.csv(columns=made.CSV_COLUMNS.replace("wind_m_s", "dry_bulb_c")),
        r"^w:5: dry_bulb_c: column appears more than once$",
    ),
    "csv one day needed": (
        lambda: made.csv(made.csv_rows(12)),
        r"^w: rows: too short, allowed from 24 h \(got 12 h\)$",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_refused_in_one_line_a_fault(name: str) -> None:
    make, expected = BROKEN[name]
    text = make()
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InputError) as caught:
        parse_weather(data, "w")
    lines = str(caught.value).split("\n")
    assert re.search(expected, lines[0]), lines[0]
    assert len(lines) <= 11
    assert all(line.startswith("w") and line.isprintable() and len(line) < 300 for line in lines)


def test_first_ten_faults_are_told_and_the_rest_counted() -> None:
    lines = made.with_run(SHORT, 10, 14, 6, "hot")
    with pytest.raises(InputError) as caught:
        parse_weather(short(lines).encode(), "w")
    told = str(caught.value).split("\n")
    assert len(told) == 11
    assert told[0].startswith("w:19: dry bulb")
    assert told[-1] == "w: and 4 more faults"


def test_faults_of_several_columns_come_together() -> None:
    lines = with_field(with_field(with_field(SHORT, 4, 6, "80"), 9, 9, "1013"), 2, 8, "x")
    with pytest.raises(InputError) as caught:
        parse_weather(short(lines).encode(), "w")
    assert [fault.line for fault in caught.value.faults] == [11, 13, 18]


def _must_not_break(data: bytes) -> None:
    try:
        weather = parse_weather(data, "w")
    except InputError:
        return
    assert weather.rows > 0


SEEDS = [short(), made.csv(), made.TMY3_HEAD + "\n".join(made.tmy3_rows()[:40])]
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(st.binary(max_size=300))
@FUZZ
def test_random_bytes(data: bytes) -> None:
    _must_not_break(data)


@given(st.sampled_from(SEEDS), st.data())
@FUZZ
def test_cut_off_or_damaged_file(seed: str, data: st.DataObject) -> None:
    raw = bytearray(seed.encode())
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    _must_not_break(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


CELLS = st.sampled_from(
    [
        "",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "0",
        "-1",
        "99.9",
        "9999",
        "13",
        "x",
        '"',
        "²",
        "1_0",
        "\x85",
    ]
)


@given(st.sampled_from(SEEDS), st.data())
@FUZZ
def test_fields_replaced(seed: str, data: st.DataObject) -> None:
    lines = [line.split(",") for line in seed.split("\n")]
    for _ in range(data.draw(st.integers(1, 5))):
        line = data.draw(st.sampled_from(lines))
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(CELLS)
    _must_not_break("\n".join(",".join(line) for line in lines).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(JSON, JSON, st.lists(JSON, max_size=3))
@FUZZ
def test_random_json(root: object, location: object, hourly: list) -> None:
    _must_not_break(json.dumps([root]).encode())
    tmy = {"inputs": {"location": location}, "outputs": {"tmy_hourly": hourly}}
    _must_not_break(json.dumps(tmy).encode())
