"""Weather files of any known format, told apart by their content and not by their name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dctwin.climate.csv_file import looks_like_csv, read_csv
from dctwin.climate.epw import read_epw
from dctwin.climate.pvgis import read_pvgis
from dctwin.climate.table import Faults, Limits, shown
from dctwin.climate.tmy3 import DATE, read_tmy3
from dctwin.climate.weather import Weather

FORMATS = "EPW, TMY3 CSV, PVGIS typical-year JSON, CSV with time_utc and dry_bulb_c"
_ARCHIVES = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7z", b"BZh": "bzip2"}
DEFAULT_LIMITS = Limits()
# Lines beside the rows of data: head, comments, blank lines.
_OTHER_LINES = 10_000


def read_weather(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Weather:
    """The weather in a file; raises `InputError` with up to ten faults, each in one line."""
    name = os.fspath(path)
    faults = Faults(name, limits.faults)
    try:
        state = os.stat(name)
        if not stat.S_ISREG(state.st_mode):
            raise faults.stop(0, "", "is not a file")
        _check_size(state.st_size, faults, limits)
        with Path(name).open("rb") as file:
            # One byte more than allowed: a file that grows meanwhile is caught below.
            data = file.read(limits.bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise faults.stop(0, "", f"cannot be read: {reason}") from None
    return parse_weather(data, name, limits)


def parse_weather(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Weather:
    """The weather in the bytes of a file; `name` is what messages call it."""
    faults = Faults(name, limits.faults)
    _check_size(len(data), faults, limits)
    text = _decode(data, faults)
    if text.lstrip()[:1] in ("{", "["):
        return read_pvgis(text, faults, limits)
    # Not splitlines(): in Latin-1 text it would also break at characters such as 0x85.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > limits.rows + _OTHER_LINES:
        raise faults.stop(0, "rows", f"too many lines, allowed {limits.rows:,} rows")
    lines = text.split("\n")
    first = lines[0].lstrip().lower()
    if first.startswith("location,"):
        return read_epw(lines, faults, limits)
    if len(lines) > 1 and lines[1].strip().strip('"').startswith(DATE):
        return read_tmy3(lines, faults, limits)
    if looks_like_csv(lines):
        return read_csv(lines, faults, limits)
    hint = ""
    if first.startswith("latitude (decimal degrees)"):
        hint = "; PVGIS CSV is not read, download its JSON or EPW"
    raise faults.stop(
        1, "format", f"not a known weather format, allowed {FORMATS}{hint} (got {shown(lines[0])})"
    )


def _check_size(size: int, faults: Faults, limits: Limits) -> None:
    if size > limits.bytes:
        raise faults.stop(
            0, "size", f"too large, allowed {limits.bytes:,} bytes (got {size:,} or more)"
        )


def _decode(data: bytes, faults: Faults) -> str:
    """UTF-8 with or without a byte order mark, else Latin-1, which many EPW files are in."""
    for magic, kind in _ARCHIVES.items():
        if data.startswith(magic):
            raise faults.stop(0, "format", f"is a {kind} archive: unpack it first")
    if not data.strip():
        raise faults.stop(0, "", "is empty")
    if b"\x00" in data:
        raise faults.stop(0, "format", "is not plain text (UTF-8 or Latin-1)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    # DOS editors end a file with control-Z.
    return text.rstrip("\x1a")
