"""Errors that a user can act on: one line each, with place, field, reason and range."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

# A choice of more names than this does not fit a line.
_MOST_NAMES = 12
# Share of letters in common from which a name is near, and from which it is a slip of the pen.
_LIKE, _SLIP = 0.5, 0.85
# A shorter name is a part of too many others.
_LEAST_WORD = 3
_NUMBER = re.compile(r"([0-9]{1,15})")


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
    """`did you mean X?` for the nearest known name, or the choice when none is near.

    A name that differs in a number only comes first, the nearest number of all, with the others;
    then one that is a slip of the pen away; then one that begins with the name or has it as a word.
    """
    names = sorted(known)
    if alike := _but_for_a_number(name, names):
        return f"did you mean '{alike[0]}'?{_all_numbers(alike)}"
    close = difflib.get_close_matches(name, names, n=1, cutoff=_SLIP)
    close = close or _with_word(name, names) or difflib.get_close_matches(name, names, 1, _LIKE)
    if close:
        return f"did you mean '{close[0]}'?"
    if len(names) > _MOST_NAMES:
        return f"known: {', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
    return f"known: {', '.join(names)}" if names else "none is known"


def _but_for_a_number(name: str, names: Iterable[str]) -> list[str]:
    """Names that are this one but for one number, the nearest first."""
    parts = _NUMBER.split(name)  # text, number, text, …
    found = []
    for other in names:
        theirs = _NUMBER.split(other)
        differ = [k for k, (one, two) in enumerate(zip(parts, theirs, strict=False)) if one != two]
        if len(theirs) == len(parts) and len(differ) == 1 and differ[0] % 2:
            found.append((abs(int(parts[differ[0]]) - int(theirs[differ[0]])), other))
    return [other for _, other in sorted(found)]


def _all_numbers(names: list[str]) -> str:
    """The numbers that such names have, where each has one and they are several."""
    found = [_NUMBER.findall(name) for name in names]
    if not 1 < len(names) <= _MOST_NAMES or any(len(numbers) != 1 for numbers in found):
        return ""
    return f" known numbers: {', '.join(sorted((one[0] for one in found), key=int))}"


def _with_word(name: str, names: Iterable[str]) -> list[str]:
    """The shortest name that begins with this one, or else has it as a word."""
    if len(name) < _LEAST_WORD:
        return []
    begun = [other for other in names if other.startswith(name)]
    held = [other for other in names if name in re.split(r"[^a-zA-Z0-9]", other)]
    return sorted(begun or held, key=len)[:1]
