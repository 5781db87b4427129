"""Numbers that accounting needs from elsewhere, each with its range, status and source.

They stand as data in dctwin/accounting/data. A run lists those it used (`provenance.accounting`),
so that every assumed price or factor is marked where its result is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dctwin.document import load_document
from dctwin.errors import InputError, nearest
from dctwin.physics.arrays import known

_HOME = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Factor:
    """A number from outside: value and range in `unit`, read or computed or assumed, and where."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    status: str
    source: str

    def row(self) -> dict[str, Any]:
        """As it stands in a run's provenance."""
        return dict(self.__dict__)


class Used:
    """The factors a result stands on, collected while it is computed, metric by metric."""

    def __init__(self) -> None:
        self.factors: dict[str, Factor] = {}
        self._behind: dict[str, set[str]] = {}
        self._now: tuple[str, ...] = ()

    @contextmanager
    def behind(self, *metrics: str) -> Iterator[None]:
        """What is taken within stands behind these metrics."""
        before, self._now = self._now, metrics
        for metric in metrics:
            self._behind.setdefault(metric, set())
        try:
            yield
        finally:
            self._now = before

    def join(self, metric: str, *parts: str) -> None:
        """A metric that is made of others stands on what they stand on."""
        joined = self._behind.setdefault(metric, set())
        joined.update(*(self._behind.get(part, set()) for part in parts))

    def take(self, factor: Factor) -> float:
        """The factor's value; the factor is noted."""
        self.factors[factor.name] = factor
        for metric in self._now:
            self._behind[metric].add(factor.name)
        return factor.value

    def stands_on(self) -> dict[str, list[str]]:
        """Metric -> names of the factors it stands on; metrics that stand on none are left out."""
        return {metric: sorted(names) for metric, names in self._behind.items() if names}

    def rows(self) -> list[dict[str, Any]]:
        """All of them, by name."""
        return [self.factors[name].row() for name in sorted(self.factors)]

    def assumed(self) -> list[str]:
        """Names of those that are assumptions."""
        return sorted(name for name, f in self.factors.items() if f.status == "assumed")


@lru_cache(maxsize=16)
def table(file: str) -> Mapping[str, Any]:
    """A file of factors: `equipment`, `metals`, `refrigerants`, `fuels`, `water` or `money`."""
    return load_document(_HOME / f"{file}.yaml").data


@lru_cache(maxsize=1024)
def factor(file: str, *path: str) -> Factor:
    """One factor by its place in its file."""
    here: Any = table(file)
    for key in path:
        if key not in here:
            where = ".".join((file, *path[: path.index(key)]))
            raise InputError(f"{where}: no factor of that name, {nearest(key, here)} (got {key!r})")
        here = here[key]
    value = float(here["value"])
    return Factor(
        name=".".join((file, *path)),
        value=value,
        low=float(here.get("low", value)),
        high=float(here.get("high", value)),
        unit=here["unit"],
        status=here["status"],
        source=here["source"],
    )


def grid_water_l_per_kwh(mix_frac: Mapping[str, float], cooling: str) -> float:
    """Fresh water that a generation mix consumes, from medians of Macknick et al. (2012).

    Reservoir evaporation is left out unless the mix names `hydro_reservoir`: how much of it belongs
    to power is disputed, and it would hide all else (17 L/kWh).
    """
    total = sum(mix_frac.values())
    if not 0.98 <= total <= 1.02:
        raise InputError(f"grid.mix_frac: shares must add up to 1 (got {total:g})")
    return sum(
        share * factor("water", technology, cooling).value for technology, share in mix_frac.items()
    )


def exchange(amount: Any, source: str, target: str, used: Used) -> Any:
    """An amount of money in another currency, at the mean rate of the price year."""
    if source == target or (known(amount) and not np.any(amount)):
        return amount
    rates = table("money")["per_usd"]
    for currency in (source, target):
        if currency not in rates:
            raise InputError(
                f"currency: no exchange rate for {currency}, {nearest(currency, rates)}"
            )
    for currency in (source, target):
        if currency != "USD":
            used.take(factor("money", "per_usd", currency))
    return amount / rates[source]["value"] * rates[target]["value"]
