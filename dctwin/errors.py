"""Errors that a user can act on: one line each, with place, field, reason and range."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

# A choice of more names than this does not fit a line.
_MOST_NAMES = 12


class DctwinError(Exception):
    """Base of all errors whose text is meant for the user. `exit_code` is what the CLI returns."""

    exit_code = 1


class ComputationError(DctwinError):
    """The computation failed for a stated reason (exit code 1)."""


@dataclass(frozen=True)
class Fault:
    """One fault in an input: `file:line: field: why, allowed range (got …)`."""

    file: str
    line: int
    field: str
    why: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.field, self.why) if part)


class InputError(DctwinError):
    """Bad input (exit code 2): one line per fault."""

    exit_code = 2

    def __init__(self, *faults: Fault | str) -> None:
        self.faults = tuple(f if isinstance(f, Fault) else Fault("", 0, "", f) for f in faults)
        super().__init__("\n".join(map(str, self.faults)))


def nearest(name: str, known: Iterable[str]) -> str:
    """`", did you mean X?"` for the nearest known name, or the choice when none is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    if len(names) > _MOST_NAMES:
        return f"known: {', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
    return f"known: {', '.join(names)}" if names else "none is known"
