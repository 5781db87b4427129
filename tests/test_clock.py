"""Local clocks: standard offsets of zones, and days of 23 and 25 hours told when they are missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import dctwin
from dctwin import grid
from dctwin.clock import Clock, standard_offsets_h, zone
from dctwin.errors import InputError
from dctwin.library import entries


@pytest.mark.parametrize(
    ("name", "offsets_h"),
    [
        ("Asia/Tokyo", (9.0,)),
        ("America/New_York", (-5.0,)),
        ("Australia/Sydney", (10.0,)),  # summer is in January
        ("Europe/Dublin", (0.0,)),  # whose law calls summer time the standard
        ("Asia/Kathmandu", (5.75,)),
        ("Europe/Moscow", (2.0, 3.0, 4.0)),
    ],
)
def test_standard_time_of_a_zone(name: str, offsets_h: tuple[float, ...]) -> None:
    assert standard_offsets_h(name) == offsets_h


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_one_clear_line(name: str) -> None:
    with pytest.raises(InputError, match="no zone of that name, like Europe/Berlin"):
        zone(name)


def site_file(tmp_path: Path, **changes: object) -> Path:
    """The bundled site with summer time, with other lines of its head."""
    text = entries("sites")["ashburn"].read_text(encoding="utf-8")
    for key, value in changes.items():
        lines = [f"{key}: {value}" if x.startswith(f"{key}:") else x for x in text.splitlines()]
        text = "\n".join(lines)
    path = tmp_path / "elsewhere.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_site_whose_clocks_contradict_each_other_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        dctwin.load_site(site_file(tmp_path, timezone="Europe/Berlin"))
    (fault,) = refused.value.faults
    assert fault.file.endswith("elsewhere.yaml")
    assert (fault.line, fault.field) == (10, "utc_offset_h")
    assert fault.why == "must be the standard time of timezone Europe/Berlin, 1 h (got -5)"


def test_a_site_gives_standard_time_not_summer_time() -> None:
    site = dctwin.load_site("ashburn")
    with pytest.raises(InputError, match=r"timezone America/New_York, -5 h \(got -4\)"):
        site.replace({"utc_offset_h": -4})
    moved = site.replace({"timezone": "Australia/Adelaide", "utc_offset_h": 9.5})
    assert moved.file.utc_offset_h == 9.5
    # A zone that once had another standard time: an old weather file may follow it.
    site.replace({"timezone": "Europe/Moscow", "utc_offset_h": 4})


def test_a_site_with_an_unknown_zone_is_refused_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        dctwin.load_site(site_file(tmp_path, timezone="America/Newyork"))
    (fault,) = refused.value.faults
    assert (fault.line, fault.field) == (11, "timezone")
    assert fault.why == (
        "must be a zone of the IANA database, as Europe/Berlin (got 'America/Newyork')"
    )


def day_of_24(tmp_path: Path, day: str, step_min: int = 60) -> Path:
    """Three days of 24 hours each around a day, in times without an offset."""
    first = datetime.fromisoformat(day) - timedelta(days=1)
    stamps = [first + timedelta(minutes=step_min * k) for k in range(3 * 24 * 60 // step_min)]
    rows = "".join(f"{stamp:%Y-%m-%d %H:%M},{k}\n" for k, stamp in enumerate(stamps))
    path = tmp_path / "prices.csv"
    path.write_text("Datetime,price_eur_per_kwh\n" + rows, encoding="utf-8")
    return path


def test_24_rows_on_a_day_of_23_hours_are_refused(tmp_path: Path) -> None:
    path = day_of_24(tmp_path, "2024-03-31")
    with pytest.raises(InputError) as refused:
        grid.read_price(path, 1.0, "Europe/Berlin")
    (fault,) = refused.value.faults
    assert (fault.line, fault.field) == (28, "Datetime")
    assert fault.why == (
        "2024-03-31 has 23 hours in Europe/Berlin and skips 02:00: give times in UTC, "
        "or with their offset"
    )
    # By standard time the same file is whole.
    assert grid.read_price(path, 1.0).values.size == 72


@pytest.mark.parametrize(("step_min", "line", "time"), [(60, 28, "02:00"), (15, 109, "02:45")])
def test_24_hours_on_a_day_of_25_are_refused(
    tmp_path: Path, step_min: int, line: int, time: str
) -> None:
    path = day_of_24(tmp_path, "2024-10-27", step_min)
    with pytest.raises(InputError) as refused:
        grid.read_price(path, 1.0, "Europe/Berlin")
    (fault,) = refused.value.faults
    assert (fault.line, fault.field) == (line, "Datetime")
    assert fault.why == (
        f"2024-10-27 has 25 hours in Europe/Berlin and {time} twice (got it once): "
        "give times in UTC, or with their offset"
    )
    assert grid.read_price(path, 1.0).values.size == 72 * 60 // step_min


def test_a_hole_beside_the_repeated_hour_is_a_hole(tmp_path: Path) -> None:
    """Rows that are missing before the change and after it are filled as ever."""
    path = day_of_24(tmp_path, "2024-10-27")
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [x for x in lines if not x.startswith("2024-10-27 02:")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    series = grid.read_price(path, 1.0, "Europe/Berlin")
    assert series.values.size == 73
    assert series.notes


def test_the_wrong_zone_shows_on_its_own_days(tmp_path: Path) -> None:
    """A file by the clock of New York, read by that of Berlin."""
    new_york = zone("America/New_York")
    first = datetime(2024, 3, 1, tzinfo=new_york).timestamp()
    stamps = [datetime.fromtimestamp(first + 3600 * k, new_york) for k in range(31 * 24)]
    rows = "".join(f"{stamp:%Y-%m-%d %H:%M},{k}\n" for k, stamp in enumerate(stamps))
    path = tmp_path / "prices.csv"
    path.write_text("Datetime,price_usd_per_kwh\n" + rows, encoding="utf-8")
    with pytest.raises(InputError, match="2024-03-31 has 23 hours in Europe/Berlin"):
        grid.read_price(path, 1.0, "Europe/Berlin")
    assert grid.read_price(path, -5.0, "America/New_York").values.size == 31 * 24


def test_times_with_an_offset_need_no_clock() -> None:
    clock = Clock(1.0, "Europe/Berlin")
    skipped = datetime.fromisoformat("2024-03-31T02:00+02:00")
    assert clock.utc_s(skipped, None) == datetime.fromisoformat("2024-03-31T00:00Z").timestamp()
    with pytest.raises(InputError, match="skips 02:30"):
        clock.utc_s(datetime(2024, 3, 31, 2, 30), None)
