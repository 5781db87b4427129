"""What commands write: tables for people, one JSON document for machines, progress on stderr.

Results go to stdout. Messages and progress go to stderr, so that stdout can always be piped.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dctwin.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

# Off a terminal lines are never wrapped: wide enough for the widest table.
_PLAIN_WIDTH = 400
_PLAIN_EVERY_S = 2.0
# A column of text keeps at least this much of a narrow terminal.
_TEXT_WIDTH = 24

Progress = Callable[..., None]  # done, of, and perhaps what is to be said of the rate


def console() -> Console:
    """Stdout: coloured on a terminal, plain and unwrapped elsewhere."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    return Console(
        file=sys.stdout, width=width, markup=False, emoji=False, highlight=False, soft_wrap=True
    )


def say(text: str = "", style: str = "") -> None:
    """A line of the result, for people."""
    console().print(text, style=style or None)


def note(text: str) -> None:
    """A message beside the result."""
    print(text, file=sys.stderr)


def table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], indent: int = 0
) -> None:
    """Rows under headings; a column is (heading, "left" | "right").

    Names and numbers are never cut or wrapped; on a terminal a last column of text wraps.
    """
    from rich.table import Table

    stdout = console()
    cells = [list(row) for row in rows]
    grid = Table(
        box=None,
        show_header=any(name for name, _ in columns),
        header_style="bold",
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for position, (name, justify) in enumerate(columns):
        last_text = position == len(columns) - 1 and justify == "left"
        grid.add_column(
            name,
            justify="right" if justify == "right" else "left",
            no_wrap=not (last_text and stdout.is_terminal),
            style="cyan" if position == 0 and not indent else None,
        )
    for row in cells:
        grid.add_row(*row)
    widths = column_widths(columns, cells)
    if columns[-1][1] == "left":
        widths[-1] = min(widths[-1], _TEXT_WIDTH)
    stdout.width = max(stdout.width - indent, sum(widths))
    with stdout.capture() as captured:
        stdout.print(grid)
    for line in captured.get().splitlines():
        # rich pads every line to the table's width; nobody wants to copy that
        print(" " * indent + line.rstrip())


def column_widths(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> list[int]:
    """The room that each column takes, the gap behind it counted in."""
    from rich.cells import cell_len

    return [
        2 + max(cell_len(text) for text in (name, *(row[position] for row in rows)))
        for position, (name, _) in enumerate(columns)
    ]


def columns_that_fit(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> int:
    """How many columns, from the left, a terminal has room for; all of them off a terminal."""
    stdout = console()
    if not stdout.is_terminal:
        return len(columns)
    left, count = stdout.width, 0
    for width in column_widths(columns, rows):
        left -= width
        count += left >= -2  # the last one needs no gap
    return count


def print_json(document: Any) -> None:
    """The one JSON document of a command."""
    print(json_text(document))


def json_text(document: Any) -> str:
    """A JSON document; what is no number is null."""
    return json.dumps(_finite(document), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(below) for below in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if hasattr(value, "item"):  # a NumPy scalar
        return _finite(value.item())
    return str(value)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A progress bar on a terminal, now and then a plain line elsewhere; both on stderr."""
    if not sys.stderr.isatty():
        yield _plain_progress(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[said]}"),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=None, said="")
        yield lambda done, of, said="": bar.update(task, completed=done, total=of, said=said)


def _plain_progress(what: str) -> Progress:
    last = time.monotonic()

    def step(done: int, of: int, said: str = "") -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_EVERY_S:
            last = time.monotonic()
            note(f"{what}: {done} of {of}" + (f", {said}" if said else ""))

    return step


def check_out(folder: Path | None) -> None:
    """Refuse a folder that cannot be written before an hour of work goes into it."""
    if folder is None:
        return
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out: {folder} is a file, give a folder")
    home = next((place for place in (folder, *folder.absolute().parents) if place.exists()), None)
    if home is None or not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        raise InputError(f"--out: {folder} cannot be written")


def check_file(path: Path | None, option: str) -> None:
    """Refuse a file that cannot be written before the work is done."""
    if path is None:
        return
    home = path.absolute().parent
    if path.is_dir():
        raise InputError(f"{option}: {path} is a folder, give a file")
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        raise InputError(f"{option}: {path} cannot be written, there is no such folder")


def check_readable(path: Path | None) -> None:
    """Refuse an input file that is not there before the work is done."""
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}") from None
