"""Where a sweep's results lie: a manifest, parts that exist whole or not at all, a summary.

    DIR/manifest.json          what is swept, with hashes; written first
    DIR/parts/000042.parquet   the rows of one chunk
    DIR/progress/              a note of each process that is at it (progress.py)
    DIR/summary.parquet        all rows in the order of points, when complete

A part is written under a temporary name, synced, and renamed. Which parts exist is the only record
of what is done, so that a sweep can be killed anywhere and resumed.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import secrets
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dctwin.errors import ComputationError, InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# 3: the spec keeps the order of its file. Folders of other layouts are not resumed.
LAYOUT = 3
_STALE_AFTER_S = 5.0
# What must be the same for a folder to be resumed, besides the identity.
_SAME = ("points", "chunks", "backend")
# What every manifest holds.
_KINDS = {"layout": int, "identity": dict, "points": int, "chunks": list}
_LOST = "What its parts are of is not known without it: remove the folder, or name another"
_LOG = logging.getLogger(__name__)


class Store:
    """The folder of one sweep."""

    def __init__(self, home: str | os.PathLike[str]) -> None:
        self.home = Path(home)
        self.parts = self.home / "parts"
        self.manifest = self.home / "manifest.json"
        self.summary = self.home / "summary.parquet"
        self.progress = self.home / "progress"

    def open(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Begin a sweep here, or go on with it; gives the manifest that holds from now on.

        Raises InputError when the folder holds another sweep. What no result depends on (title,
        constraints) may have changed: the manifest then says what was asked for last.
        """
        wanted = {"layout": LAYOUT, **manifest}
        # Listed before the manifest is looked for: what another start of the same sweep has put
        # here in between came after its manifest.
        bare = not self.home.exists() or all(map(_left_by_a_start, self.home.iterdir()))
        if not bare and not self.manifest.exists():
            raise InputError(f"{self.home}: is not empty and holds no sweep: name another folder")
        try:
            for folder in (self.parts, self.progress):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise _not_written(self.home, problem) from None
        self._sweep_temporaries()
        for chunk, part in self._named().items():
            if chunk < len(wanted["chunks"]) and not is_whole(part):
                _LOG.warning("%s: cannot be read, its points are run again", part)
        if not self.manifest.exists() and write_synced(self.manifest, _encoded(wanted), new=True):
            return wanted
        before = self.read_manifest()
        self._compare(before, wanted)
        # Parts with counts of flags are followed by parts with them.
        wanted["flags"] = before.get("flags", False)
        if self.manifest.read_bytes() != _encoded(wanted):
            write_synced(self.manifest, _encoded(wanted))
        return wanted

    def _sweep_temporaries(self) -> None:
        """Remove what a killed writer left, unless another writer is at it."""
        for folder in (self.home, self.parts, self.progress):
            for path in folder.glob(".*.tmp"):
                try:
                    old = time.time() - path.stat().st_mtime > _STALE_AFTER_S
                except FileNotFoundError:
                    continue
                if old:
                    path.unlink(missing_ok=True)

    def _compare(self, found: dict[str, Any], wanted: dict[str, Any]) -> None:
        differences = []
        if found.get("layout") != LAYOUT:
            differences.append("the layout of the folder")
        before, now = found.get("identity", {}), wanted["identity"]
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                differences.append(_difference(name, before.get(name), now.get(name)))
        differences += [name for name in _SAME if found.get(name) != wanted[name]]
        if wanted["flags"] and not found.get("flags"):
            differences.append("flags (not counted then, asked for now)")
        if differences:
            raise InputError(
                f"{self.home}: holds another sweep, results are not mixed. "
                f"Different: {', '.join(differences)}. Name another folder, or remove this one"
            )

    def read_manifest(self) -> dict[str, Any]:
        """The manifest. Raises InputError when there is none, or one that is damaged."""
        try:
            found: dict[str, Any] = json.loads(self.manifest.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{self.home}: holds no sweep (no manifest.json)") from None
        except (OSError, ValueError) as problem:
            raise InputError(f"{self.manifest}: cannot be read: {problem}. {_LOST}") from None
        if not isinstance(found, dict) or not all(
            isinstance(found.get(name), kind) for name, kind in _KINDS.items()
        ):
            raise InputError(f"{self.manifest}: is not the manifest of a sweep. {_LOST}")
        return found

    def part(self, chunk: int) -> Path:
        return self.parts / f"{chunk:06d}.parquet"

    def finished(self) -> set[int]:
        """Chunks whose part exists and is whole."""
        return {chunk for chunk, part in self._named().items() if is_whole(part)}

    def _named(self) -> dict[int, Path]:
        """Files by the chunk that they are named after; others are no parts."""
        chunks = [int(path.stem) for path in self.parts.glob("*.parquet") if _is_number(path.stem)]
        return {chunk: part for chunk in chunks if (part := self.part(chunk)).exists()}

    def has_summary(self) -> bool:
        """Whether the summary exists and is whole."""
        return is_whole(self.summary)

    def write_part(self, chunk: int, data: bytes) -> None:
        """Write a part; it exists whole or not at all. Raises ComputationError on a full disk."""
        write_synced(self.part(chunk), data)

    def write_note(self, path: Path, text: str) -> None:
        """Write how far a run is. A disk that is full loses only this note."""
        with contextlib.suppress(OSError):
            _replace(path, text.encode(), sync=False)

    def table(self, chunks: Iterable[int] | None = None) -> pa.Table:
        """Rows of these parts (default all that exist), in the order of their points."""
        import pyarrow as pa

        numbers = sorted(self.finished() if chunks is None else chunks)
        if not numbers:
            raise InputError(f"{self.home}: no part is finished yet")
        tables = [_read(self.part(chunk)) for chunk in numbers]
        return pa.concat_tables(tables, promote_options="permissive").sort_by("point")

    def frame(self) -> pd.DataFrame:
        """All finished points as a DataFrame."""
        found = _read(self.summary) if self.summary.exists() else self.table()
        return found.to_pandas()

    def finish(self, chunks: Iterable[int] | None = None) -> None:
        """Write the summary when every part exists."""
        write_synced(self.summary, encode(self.table(chunks)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def is_whole(file: Path) -> bool:
    """Whether a Parquet file is there to its end, where its table of contents stands."""
    try:
        return _has_end(file, file.stat().st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=65_536)
def _has_end(file: Path, _changed_ns: int) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_metadata(file)
    except (OSError, ValueError, pa.ArrowException):
        return False
    return True


def _read(file: Path) -> pa.Table:
    """A part or the summary. Raises InputError when it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(file, partitioning=None)
    except (OSError, ValueError, pa.ArrowException) as problem:
        why = next(iter(str(problem).splitlines()), "")
        raise InputError(
            f"{file}: cannot be read: {why}. Remove it and run the same sweep again, which "
            "writes it anew"
        ) from None


def _encoded(manifest: dict[str, Any]) -> bytes:
    """A manifest as it is written: the spec in the order of its file."""
    return json.dumps(manifest, indent=1, default=str).encode()


def _left_by_a_start(path: Path) -> bool:
    """Whether a start that was killed before its manifest left this: an empty folder or half a
    file."""
    if path.is_dir():
        return not any(path.iterdir())
    return path.name.startswith(".") and path.suffix == ".tmp"


def _difference(name: str, before: str | None, now: str | None) -> str:
    """What of an identity is not as it was, for people."""
    if name == "version":
        return f"version ({before} then, {now} now)"
    return "the code of dctwin" if name == "code" else name


def encode(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file: the same table gives the same bytes."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=65_536)
    return buffer.getvalue()


def write_synced(path: Path, data: bytes, new: bool = False) -> bool:
    """Write a file so that after a crash it exists whole or not at all.

    new   leave a file alone that another process has written meanwhile, and give False
    """
    try:
        return _replace(path, data, sync=True, new=new)
    except OSError as problem:
        raise _not_written(path, problem) from None


def _not_written(path: Path, problem: OSError) -> ComputationError:
    return ComputationError(
        f"{path}: cannot be written: {problem.strerror}. What is finished stays; "
        "make room and run the same command again"
    )


def _replace(path: Path, data: bytes, sync: bool, new: bool = False) -> bool:
    # Processes of several machines may have the same number.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        placed = not new or _linked(temporary, path)
        if placed:
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if sync:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return placed


def _linked(temporary: Path, path: Path) -> bool:
    """Give a file its name unless there is one already: of several processes one succeeds."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return not path.exists()
    return True
