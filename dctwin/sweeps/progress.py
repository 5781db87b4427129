"""How far a sweep is: notes of the processes that run it, and one answer for whoever asks.

A process that runs a sweep keeps a note in its folder, `progress/HOST-PID.json`, written anew every
two seconds by a thread of its own, and takes it away when it comes to its end. Which points are
done is told by the parts alone. A note whose process is gone is that of a run that was killed.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dctwin.sweeps.store import Store

Progress = Callable[[int, int, float | None], None]  # done, of, rate per second
State = Literal["complete", "running", "interrupted", "stopped", "idle"]

BEAT_S = 2.0
# A note older than this is one of a process that is gone; clocks of machines differ.
STALE_S = 60.0
# The rate is that of this last while.
_WINDOW_S = 120.0
_MINUTE_S, _HOUR_S = 60, 3600
# What every note holds that is asked for.
_ENTRIES = frozenset(
    {"state", "why", "host", "pid", "time_s", "marked_s", "done", "points", "rate_per_s"}
)


@dataclass(frozen=True)
class Status:
    """How far a sweep is; its text is one line.

    state   complete      every part and the summary are there
            running       a process is at it
            interrupted   the process that was at it is gone
            stopped       it ended for the reason `why`
            idle          nobody is at it
    """

    name: str
    state: State
    points: int
    done: int
    failed: int
    parts: int
    parts_done: int
    rate_per_s: float | None = None
    left_s: float | None = None
    where: tuple[str, ...] = ()  # "HOST, process PID" of each that runs it
    why: str = ""

    @property
    def complete(self) -> bool:
        return self.state == "complete"

    @property
    def running(self) -> bool:
        return self.state == "running"

    def __str__(self) -> str:
        words = [f"{self.done:,} of {self.points:,} points"]
        if self.failed:
            words.append(f"{self.failed:,} failed")
        words.append(f"{self.parts_done} of {self.parts} parts")
        state: str = "not running" if self.state == "idle" else self.state
        if self.where:
            state += f" on {'; '.join(self.where)}"
        if self.why:
            state += f": {self.why}"
        rate = rate_text(self.rate_per_s, self.left_s)
        return f"{self.name}: {', '.join(words)}; {state}" + (f", {rate}" if rate else "")

    def _repr_html_(self) -> str:
        """In a notebook: a bar beside the line."""
        bar = f'<progress value="{self.done}" max="{max(self.points, 1)}"></progress>'
        return f"{bar} {escape(str(self))}"


def rate_text(rate_per_s: float | None, left_s: float | None) -> str:
    """Rate and time left for people; empty where they are not known."""
    words = []
    if rate_per_s is not None:
        words.append(f"{rate_per_s:,.3g} design-years a second")
    if left_s is not None:
        words.append(f"{duration_text(left_s)} left")
    return ", ".join(words)


def duration_text(duration_s: float) -> str:
    """A time in its two largest units.

    >>> duration_text(7.2), duration_text(100), duration_text(7300)
    ('7 s', '1 min 40 s', '2 h 1 min')
    """
    whole = round(duration_s)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S:,} h {whole % _HOUR_S // _MINUTE_S} min"


class Meter:
    """Counts the points of one run, tells who asked, and keeps its note while it is open."""

    def __init__(
        self,
        store: Store,
        sizes: Mapping[int, int],
        before: int = 0,
        progress: Progress | None = None,
    ) -> None:
        """sizes   points of each part to be run;   before   points of this share that are done"""
        self.store, self.sizes, self.progress = store, sizes, progress
        self.done, self.total = before, before + sum(sizes.values())
        self.marks = deque([(time.time(), before)])
        self.rate_per_s: float | None = None
        self._end, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Meter:
        clear_notes(self.store)
        self._note("running")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, _: Any) -> None:
        self._end.set()
        self._thread.join()
        if kind is None:
            _note_path(self.store).unlink(missing_ok=True)
        else:
            first = next(iter(str(why).splitlines()), "")
            self._note(
                "stopped", first or ("by hand" if kind is KeyboardInterrupt else kind.__name__)
            )

    def add(self, part: int) -> None:
        """A part is written."""
        now = time.time()
        self.done += self.sizes[part]
        self.marks.append((now, self.done))
        while now - self.marks[1][0] > _WINDOW_S:
            self.marks.popleft()
        began, before = self.marks[0]
        self.rate_per_s = (self.done - before) / (now - began) if now > began else None
        if self.progress is not None:
            self.progress(self.done, self.total, self.rate_per_s)

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S):
            self._note("running")

    def _note(self, state: str, why: str = "") -> None:
        """A disk that is full loses only this note."""
        entries = {
            "state": state,
            "why": why,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "time_s": time.time(),
            "marked_s": self.marks[-1][0],
            "done": self.done,
            "points": self.total,
            "rate_per_s": self.rate_per_s,
        }
        with self._lock:
            self.store.write_note(_note_path(self.store), json.dumps(entries))


def status_of(store: Store) -> Status:
    """How far a sweep is. Raises InputError when the folder holds none."""
    manifest = store.read_manifest()
    sizes: list[int] = manifest["chunks"]
    failed = {
        part: count
        for part in sorted(store.finished())
        if part < len(sizes) and (count := _failed_in(*_version(store.part(part)))) is not None
    }
    found = _notes(store)
    alive = [note for note in found if _alive(note)]
    state, why = _state(store, found, alive)
    rates = [note["rate_per_s"] for note in alive if note["rate_per_s"]]
    return Status(
        name=str(manifest.get("name", store.home.name)),
        state=state,
        points=int(manifest["points"]),
        done=sum(sizes[part] for part in failed),
        failed=sum(failed.values()),
        parts=len(sizes),
        parts_done=len(failed),
        rate_per_s=sum(rates) if rates else None,
        left_s=max(map(_left_s, alive)) if rates and len(rates) == len(alive) else None,
        where=tuple(f"{note['host']}, process {note['pid']}" for note in alive),
        why=why,
    )


def _state(
    store: Store, notes: list[dict[str, Any]], alive: list[dict[str, Any]]
) -> tuple[State, str]:
    if store.has_summary():
        return "complete", ""
    if alive:
        return "running", ""
    if any(note["state"] == "running" for note in notes):
        return "interrupted", ""
    if notes:
        return "stopped", str(max(notes, key=lambda note: note["time_s"])["why"])
    return "idle", ""


def _left_s(note: Mapping[str, Any]) -> float:
    """What is left of a run, as its rate at its last part has it."""
    left_s = (note["points"] - note["done"]) / note["rate_per_s"]
    return max(left_s - (time.time() - note["marked_s"]), 0.0)


def find_sweeps(home: str | os.PathLike[str] = "results") -> list[Path]:
    """Folders of sweeps below `home`, itself included, the last one begun first."""
    place = Path(home)
    found = [
        place / "manifest.json",
        *place.glob("*/manifest.json"),
        *place.glob("*/*/manifest.json"),
    ]
    folders = [path.parent for path in found if (path.parent / "parts").is_dir()]
    return sorted(folders, key=lambda folder: -(folder / "manifest.json").stat().st_mtime)


def clear_notes(store: Store) -> None:
    """Take away the notes of processes that are at it no more."""
    for path in store.progress.glob("*.json"):
        note = _read(path)
        if note is None or not _alive(note):
            path.unlink(missing_ok=True)


def _notes(store: Store) -> list[dict[str, Any]]:
    return [note for path in store.progress.glob("*.json") if (note := _read(path)) is not None]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and found.keys() >= _ENTRIES
    return found if whole else None


def _note_path(store: Store) -> Path:
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
    return store.progress / f"{host}-{os.getpid()}.json"


def _alive(note: Mapping[str, Any]) -> bool:
    """Whether the process of a note runs: asked by its number here, by its age elsewhere."""
    if note["state"] != "running" or time.time() - note["time_s"] > STALE_S:
        return False
    if note["host"] != socket.gethostname() or os.name != "posix":
        return True
    try:
        os.kill(note["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _version(part: Path) -> tuple[Path, int]:
    return part, part.stat().st_mtime_ns


@lru_cache(maxsize=65_536)
def _failed_in(part: Path, _changed_ns: int) -> int | None:
    """Points of a part that could not be run; None where the part is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(part, columns=["status"], partitioning=None)
        return sum(value != "ok" for value in table["status"].to_pylist())
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None
