"""A simulated year: the ledger, named hourly traces, and the limits that were watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dctwin.components.component import Limit
from dctwin.components.power.conductor import Conductor
from dctwin.ledger import Ledger
from dctwin.physics.arrays import Array

# A limit passed by less than this was passed by rounding only.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Flag:
    """A limit that was passed: where, what, and how far beyond in each step."""

    place: str
    limit: Limit


@dataclass
class Year:
    """A simulated year: the ledger, named hourly traces, and the limits that were watched."""

    ledger: Ledger
    traces: dict[str, Array] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    closure: Mapping[str, float] = field(default_factory=dict)
    # Feeders at work, (place, unit, power of each): who is to blame where the books are no numbers.
    feeders: list[tuple[str, Conductor, Array]] = field(default_factory=list)
    lean: bool = False  # without flags, and with the traces only that metrics are read off

    def passed(self) -> dict[str, Array]:
        """Limits by place and name -> the steps in which they are passed."""
        found: dict[str, Array] = {}
        for flag in self.flags:
            name, beyond = f"{flag.place} {flag.limit.name}", flag.limit.beyond > ROUNDING
            found[name] = found[name] | beyond if name in found else beyond
        return found
