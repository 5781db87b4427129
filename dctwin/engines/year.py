"""A simulated year: the ledger, named hourly traces, and the limits that were watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dctwin.components.component import Limit
from dctwin.components.power.conductor import Conductor
from dctwin.ledger import Ledger
from dctwin.physics.arrays import Array, namespace

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

    def joined(self) -> tuple[Flag, ...]:
        """The flags, one for each place and name: the file's range and the device's own limit may
        both watch a quantity, and what counts is how far it is beyond the nearer of them."""
        found: dict[tuple[str, str], Flag] = {}
        for flag in self.flags:
            key, limit = (flag.place, flag.limit.name), flag.limit
            if key in found:
                other = found[key].limit
                farther = namespace(limit.beyond, other.beyond).maximum(limit.beyond, other.beyond)
                flag = Flag(flag.place, replace(other, beyond=farther))
            found[key] = flag
        return tuple(found.values())

    def passed(self) -> dict[str, Array]:
        """Limits by place and name -> the steps in which they are passed."""
        found: dict[str, Array] = {}
        for flag in self.flags:
            name, beyond = f"{flag.place} {flag.limit.name}", flag.limit.beyond > ROUNDING
            found[name] = found[name] | beyond if name in found else beyond
        return found
