"""The spot file of the Japan Electric Power Exchange, as downloaded (`spot_summary_2024.csv`).

One row a half hour: the day of delivery and its slot 1 to 48 in Japanese time, which has no summer
time, then the system price and one price an area, yen per kWh. The file is in Shift JIS; UTF-8 is
read too. Columns are found by their names, so that added ones do no harm.
"""

from __future__ import annotations

import csv
import io
import os
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from dctwin.errors import Fault, InputError, nearest
from dctwin.timed import TimedValues

# Areas of the file, by the names of the network operators' regions.
AREAS = {
    "hokkaido": "北海道",
    "tohoku": "東北",
    "tokyo": "東京",
    "chubu": "中部",
    "hokuriku": "北陸",
    "kansai": "関西",
    "chugoku": "中国",
    "shikoku": "四国",
    "kyushu": "九州",
    "system": "システムプライス",
}
_DAY, _SLOT = ("受渡日", "年月日"), "時刻コード"
_SLOTS, _JAPAN_H = 48, 9


def is_jepx(path: str | os.PathLike[str]) -> bool:
    """Whether a file looks like the exchange's own."""
    try:
        head = _text(path).split("\n", 1)[0]
    except InputError:
        return False
    return _SLOT in head


def read_jepx(path: str | os.PathLike[str], area: str) -> TimedValues:
    """Prices of an area [JPY/kWh], half-hourly in UTC."""
    if area not in AREAS:
        raise InputError(f"area: no such area of JEPX, {nearest(area, AREAS)} (got {area!r})")
    rows = [row for row in csv.reader(io.StringIO(_text(path))) if any(row)]
    header = [cell.strip() for cell in rows[0]]
    day = _column(path, header, _DAY)
    slot = _column(path, header, (_SLOT,))
    price = _column(
        path, header, (AREAS[area],), begins="" if area == "system" else "エリアプライス"
    )
    times, values = [], []
    for line, row in enumerate(rows[1:], start=2):
        try:
            start = datetime.strptime(row[day].strip(), "%Y/%m/%d")
            number, value = int(row[slot]), float(row[price])
        except (ValueError, IndexError):
            why = "must hold a day like 2024/04/01, a slot 1 to 48 and a price"
            raise InputError(Fault(os.fspath(path), line, "", why)) from None
        if not 1 <= number <= _SLOTS:
            raise InputError(Fault(os.fspath(path), line, _SLOT, f"must be 1 to 48 (got {number})"))
        times.append(start + timedelta(minutes=30 * (number - 1)) - timedelta(hours=_JAPAN_H))
        values.append(value)
    moments = np.array(times, dtype="datetime64[s]")
    gaps = np.flatnonzero(np.diff(moments) != np.timedelta64(30, "m"))
    if gaps.size:
        why = "must follow the row before by half an hour"
        raise InputError(Fault(os.fspath(path), int(gaps[0]) + 3, _SLOT, why))
    return TimedValues(os.fspath(path), header[price], "JPY", moments[0], 0.5, np.array(values))


def _column(
    path: str | os.PathLike[str], header: list[str], words: tuple[str, ...], begins: str = ""
) -> int:
    for index, cell in enumerate(header):
        if cell.startswith(begins) and any(word in cell for word in words):
            return index
    raise InputError(
        Fault(os.fspath(path), 1, words[0], "no such column among " + ", ".join(header))
    )


def _text(path: str | os.PathLike[str]) -> str:
    try:
        raw = Path(path).read_bytes()
    except OSError as problem:
        raise InputError(
            Fault(os.fspath(path), 0, "", f"cannot be read: {problem.strerror}")
        ) from None
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(Fault(os.fspath(path), 0, "", "is neither in UTF-8 nor in Shift JIS"))
