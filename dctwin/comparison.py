"""Every design at every site: the runs one by one, and what is kept of them to compare them by.

A year of one design is some megabytes of flows and traces, its outcome a few kilobytes: the whole
catalogue at all sites is compared in the memory of a few runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from dctwin.api import DesignLike, SiteLike, facility_of, simulate_batch
from dctwin.errors import InputError
from dctwin.result import Outcome, Run
from dctwin.site import Site, load_site
from dctwin.surroundings import PathLike, prepare

if TYPE_CHECKING:
    import pandas as pd

One = TypeVar("One", bound=Run | Outcome)


@dataclass(frozen=True)
class GridFiles:
    """Files that replace a site's grid series and its energy price."""

    grid: PathLike | None = None
    price: PathLike | None = None


def each_run(
    designs: Iterable[DesignLike],
    sites: Iterable[SiteLike],
    step: str = "1h",
    progress: Callable[[int, int], None] | None = None,
    left_out: Callable[[str, str, InputError], None] | None = None,
    files: Mapping[str, GridFiles] | None = None,
) -> Iterator[Run]:
    """Every design at every site, site by site, each run as soon as it is done.

    `progress(done, of)` is called after each. A site may lack what a design needs (ground water,
    snow): `left_out` is then called with design, site and reason and the rest goes on; without it
    the error is raised. `files` gives, by the site's name, series in place of those of the site.
    """
    facilities = [facility_of(design) for design in designs]
    places = [site if isinstance(site, Site) else load_site(site) for site in sites]
    done = 0
    for place in places:
        given = (files or {}).get(place.name, GridFiles())
        surroundings = prepare(place, None, step, given.grid, given.price)
        for facility in facilities:
            try:
                yield from simulate_batch([facility], surroundings)
            except InputError as problem:
                if left_out is None:
                    raise
                left_out(facility.name, place.name, problem)
            done += 1
            if progress is not None:
                progress(done, len(facilities) * len(places))


def compare_runs(
    designs: Iterable[DesignLike], sites: Iterable[SiteLike], step: str = "1h"
) -> list[Run]:
    """All runs of a comparison in full; some megabytes each. See `each_run` and `Comparison`."""
    return list(each_run(designs, sites, step))


def compare(
    designs: Iterable[DesignLike], sites: Iterable[SiteLike], step: str = "1h"
) -> pd.DataFrame:
    """The table of designs x sites: one row a pair, `design`, `site`, then every metric.

    Costs are in the money that `currency` and `price_year` of their row name; `assumed` names the
    metrics that stand on assumed prices or factors.
    """
    return metrics_table(each_run(designs, sites, step))


def metrics_table(runs: Iterable[Run | Outcome]) -> pd.DataFrame:
    """One row a run: design, site, every metric, and which of them are assumed, as text."""
    import pandas as pd

    rows = [_marked(run) for run in runs]
    return pd.DataFrame([{**row, "assumed": " ".join(row["assumed"])} for row in rows])


def _row(run: Run | Outcome) -> dict[str, Any]:
    return {"design": run.design, "site": run.site, **run.metrics}


def _marked(run: Run | Outcome) -> dict[str, Any]:
    """The row of a run, and which of its metrics stand on assumed prices or factors."""
    return {**_row(run), "assumed": sorted(run.assumed)}


@dataclass
class Comparison:
    """The outcome of every run, and of each site its best run in full."""

    outcomes: list[Outcome] = field(default_factory=list)
    best: dict[str, Run] = field(default_factory=dict)

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Comparison:
        """What a comparison shows of these runs."""
        found = cls()
        for run in runs:
            found.add(run)
        return found

    def add(self, run: Run) -> None:
        """Keep what is shown of a run."""
        self.outcomes.append(run.outcome())
        held = self.best.get(run.site)
        if held is None or _standing(run) < _standing(held):
            self.best[run.site] = run

    def best_runs(self) -> list[Run]:
        """Of each site the run with the lowest PUE, among those that met their cooling if any did;
        the lowest first."""
        return by_pue(self.best.values())


def _standing(run: Run | Outcome) -> tuple[bool, bool, float]:
    """What sorts runs of a site, the best first."""
    return (run.metrics["unmet_cooling_h"] > 0, *_by_pue(run))


def _by_pue(run: Run | Outcome) -> tuple[bool, float]:
    return run.metrics["pue"] is None, run.metrics["pue"] or 0.0


def by_pue(runs: Iterable[One]) -> list[One]:
    """Runs with the lowest PUE first; those without one last."""
    return sorted(runs, key=_by_pue)


def rows_by_pue(runs: Iterable[Run | Outcome]) -> list[dict[str, Any]]:
    """`design`, `site`, every metric and which are assumed, for each run, lowest PUE first."""
    return [_marked(run) for run in by_pue(runs)]


def worst_design(runs: Iterable[Run | Outcome]) -> str:
    """The design with the highest mean PUE over its sites."""
    pues: dict[str, list[float]] = {}
    for run in runs:
        pues.setdefault(run.design, []).append(run.metrics["pue"] or 0.0)
    return max(pues, key=lambda design: sum(pues[design]) / len(pues[design]))


def savings_frac(
    runs: Sequence[Run | Outcome], baseline: str
) -> dict[tuple[str, str], float | None]:
    """(design, site) -> change of facility energy per IT energy against the baseline there."""
    base = {run.site: run.metrics["pue"] for run in runs if run.design == baseline}
    changes: dict[tuple[str, str], float | None] = {}
    for run in runs:
        own, other = run.metrics["pue"], base.get(run.site)
        changes[run.design, run.site] = None if not own or not other else own / other - 1.0
    return changes


def undefined_by_reason(runs: Iterable[Run | Outcome]) -> dict[str, list[str]]:
    """Reason -> metrics that are undefined for it, over all runs."""
    reasons: dict[str, list[str]] = {}
    for run in runs:
        for name, reason in run.undefined.items():
            names = reasons.setdefault(reason, [])
            if name not in names:
                names.append(name)
    return reasons
