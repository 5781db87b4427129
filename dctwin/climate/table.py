"""Rows of text to columns of numbers, with the line of each row kept for messages."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dctwin.errors import Fault, InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Words that say "no value" in any of the formats.
MISSING_WORDS = frozenset({"", "nan", "na", "n/a", "null", "none", "missing", "-", "?", "*"})
# Rows split at a time: keeps the memory of a file with 500,000 rows bounded.
_CHUNK_ROWS = 20_000
_SHOWN_CHARACTERS = 40
_SHOWN_NAMES = 20


@dataclass(frozen=True)
class Limits:
    """How large a weather file may be; raise a limit by passing other ones to `read_weather`."""

    bytes: int = 64 * 1024 * 1024
    rows: int = 527_040  # a leap year of minutes
    faults: int = 10


@dataclass
class Faults:
    """Collects faults of one file so that a user sees the first ten and not only the first."""

    file: str
    limit: int = 10
    found: list[Fault] = field(default_factory=list)
    more: int = 0

    def add(self, line: int, name: str, why: str) -> None:
        if len(self.found) < self.limit:
            self.found.append(Fault(self.file, int(line), name, why))
        else:
            self.more += 1

    def raise_any(self) -> None:
        """Raise what was found, in the order of the file."""
        if not self.found:
            return
        faults = sorted(self.found, key=lambda fault: fault.line)
        if self.more:
            faults.append(Fault(self.file, 0, "", f"and {self.more} more faults"))
        raise InputError(*faults)

    def stop(self, line: int, name: str, why: str) -> InputError:
        """The error for a fault after which nothing more can be read; use with `raise`."""
        self.found.append(Fault(self.file, int(line), name, why))
        return InputError(*sorted(self.found, key=lambda fault: fault.line))


@dataclass(frozen=True)
class Column:
    """Where a quantity is in a row, what the file calls it and what it writes for "missing"."""

    name: str
    index: int
    label: str
    scale: float = 1.0
    missing_from: float = math.inf
    missing: tuple[float, ...] = ()


@dataclass
class Table:
    """Numbers in the file's own units, NaN where the file has none; `lines` are 1-based."""

    lines: Ints
    columns: dict[str, Floats]
    text: dict[str, list[str]]


def shown(text: object) -> str:
    """A value as a message quotes it: short, on one line."""
    plain = str(text)
    cut = plain if len(plain) <= _SHOWN_CHARACTERS else plain[:_SHOWN_CHARACTERS] + "…"
    return repr(cut)


def short_names(names: Iterable[str]) -> list[str]:
    """Column names fit for a message: a junk header may be megabytes long."""
    return [n for n in names if n.isprintable() and len(n) <= _SHOWN_CHARACTERS][:_SHOWN_NAMES]


def split_line(line: str) -> list[str]:
    """The fields of one line; quotes are honoured."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return line.split(",")


def number(cell: str) -> float:
    """The number in a cell, NaN for a word that says there is none; ValueError for other text."""
    word = cell.strip()
    return math.nan if word.lower() in MISSING_WORDS else float(word)


def _numbers(cells: Sequence[str], lines: Ints, column: Column, faults: Faults) -> Floats:
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        try:
            values[row] = number(cell)
        except ValueError:
            faults.add(lines[row], column.label, f"must be a number (got {shown(cell)})")
    return values


def read_table(
    body: Sequence[str],
    first_line: int,
    numeric: Sequence[Column],
    textual: Sequence[Column],
    faults: Faults,
    limits: Limits,
) -> Table:
    """The wanted columns of the lines in `body`; blank lines are skipped, short ones are faults."""
    wanted = max(column.index for column in (*numeric, *textual)) + 1
    quoted = any('"' in line for line in body)
    lines: list[Ints] = []
    parts: dict[str, list[Floats]] = {column.name: [] for column in numeric}
    text: dict[str, list[str]] = {column.name: [] for column in textual}
    count = 0
    for start in range(0, len(body), _CHUNK_ROWS):
        rows, at = [], []
        for line_number, line in enumerate(body[start : start + _CHUNK_ROWS], first_line + start):
            if not line or line.isspace():
                continue
            cells = split_line(line) if quoted else line.split(",", wanted)
            if len(cells) < wanted:
                faults.add(line_number, "row", f"needs {wanted} fields (got {len(cells)})")
                continue
            rows.append(cells)
            at.append(line_number)
        count += len(rows)
        if count > limits.rows:
            raise faults.stop(0, "rows", f"too many, allowed {limits.rows:,}")
        chunk_lines = np.array(at, dtype=np.int64)
        lines.append(chunk_lines)
        for column in numeric:
            cells = [row[column.index] for row in rows]
            values = _numbers(cells, chunk_lines, column, faults)
            parts[column.name].append(without_sentinels(values, column))
        for column in textual:
            text[column.name].extend(row[column.index] for row in rows)
    if not count:
        faults.raise_any()
        raise faults.stop(0, "rows", "there is no row of data")
    columns = {name: np.concatenate(chunks) for name, chunks in parts.items()}
    return Table(np.concatenate(lines), columns, text)


def without_sentinels(values: Floats, column: Column) -> Floats:
    """NaN where the file writes its own number for "missing"."""
    gone = values >= column.missing_from
    for sentinel in column.missing:
        gone |= values == sentinel
    # Infinity is no sentinel: it goes on to the range check, which refuses it.
    return np.where(gone & np.isfinite(values), np.nan, values)
