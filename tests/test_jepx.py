"""The exchange's own spot file: slots, areas, encodings, and what a broken one says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dctwin.errors import InputError
from dctwin.jepx import AREAS, is_jepx, read_jepx

HEAD = (
    "受渡日,時刻コード,売り入札量(kWh),買い入札量(kWh),約定総量(kWh),システムプライス(円/kWh),"
    "エリアプライス北海道(円/kWh),エリアプライス東北(円/kWh),エリアプライス東京(円/kWh),"
    "エリアプライス中部(円/kWh),エリアプライス北陸(円/kWh),エリアプライス関西(円/kWh),"
    "エリアプライス中国(円/kWh),エリアプライス四国(円/kWh),エリアプライス九州(円/kWh)"
)


def spot(days: int = 2, encoding: str = "cp932", skip: int = -1) -> bytes:
    rows = [HEAD]
    for day in range(days):
        for slot in range(1, 49):
            if day * 48 + slot == skip:
                continue
            areas = ",".join(str(slot + 100 * k) for k in range(10))
            rows.append(f"2024/04/{day + 1:02d},{slot},1,2,3,{areas}")
    return "\r\n".join(rows).encode(encoding)


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig"])
def test_slots_are_half_hours_of_japanese_time(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "spot_summary_2024.csv"
    path.write_bytes(spot(encoding=encoding))
    assert is_jepx(path)
    series = read_jepx(path, "tokyo")
    assert series.start == np.datetime64("2024-03-31T15:00")
    assert series.step_h == 0.5
    assert series.unit == "JPY"
    assert series.values.size == 96
    assert series.values[:2].tolist() == [301.0, 302.0]


def test_every_area_has_its_own_column(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(spot())
    first = {area: read_jepx(path, area).values[0] for area in AREAS}
    assert first["system"] == 1.0
    assert first["hokkaido"] == 101.0
    assert first["kyushu"] == 901.0
    assert len(set(first.values())) == 10


def test_faults(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(spot(skip=10))
    with pytest.raises(InputError, match="half an hour"):
        read_jepx(path, "tokyo")
    path.write_bytes(spot())
    with pytest.raises(InputError, match="no such area"):
        read_jepx(path, "tokio")
    path.write_bytes((HEAD + "\n2024/04/01,49,1,2,3" + ",1" * 10).encode("cp932"))
    with pytest.raises(InputError, match="1 to 48"):
        read_jepx(path, "tokyo")
    path.write_bytes((HEAD + "\n2024/04/01,x,1,2,3" + ",1" * 10).encode("cp932"))
    with pytest.raises(InputError, match="a slot 1 to 48"):
        read_jepx(path, "tokyo")
    assert not is_jepx(tmp_path / "none.csv")


def test_a_site_reads_its_own_area(tmp_path: Path) -> None:
    import dctwin
    from dctwin.surroundings import prepare

    path = tmp_path / "s.csv"
    path.write_bytes(spot())
    # Two days do not make the site's year; the fault is told of Kyushu's column.
    with pytest.raises(InputError, match=r"九州.*give a whole year"):
        prepare(dctwin.load_site("kitakyushu"), price_file=path)
    with pytest.raises(InputError, match="says no jepx_area"):
        prepare(dctwin.load_site("singapore"), price_file=path)
