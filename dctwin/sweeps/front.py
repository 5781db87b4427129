"""The front that a search went for: designs by their mean over the worlds, one row each.

The table of a search holds every trial in every world. A front of its rows would pit a design at
one site against another at a kinder one, and show a design again that was tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dctwin.labels import moneys
from dctwin.sweeps.analyse import WORLD, feasible, unbeaten
from dctwin.sweeps.flagged import flag_points
from dctwin.sweeps.job import Job
from dctwin.sweeps.spec import FLAG_COLUMNS
from dctwin.totals import FLAGGED

if TYPE_CHECKING:
    import pandas as pd

# Numbers that name something: they have no mean.
_NAMES = frozenset({"point", "price_year"})


def front(job: Job, table: pd.DataFrame, objectives: Sequence[str]) -> pd.DataFrame:
    """Designs of a search that no other beats in the mean over the worlds."""
    return unbeaten(mean_rows(job, table), objectives)


def mean_rows(job: Job, table: pd.DataFrame) -> pd.DataFrame:
    """Each design once, its numbers the mean over the worlds, with the column `worlds`; those that
    fail or break a constraint in one of them are left out. In one world the rows themselves."""
    vary = list(job.spec.file.vary)
    kept = feasible(table, job.spec.file.constraints)
    if len(job.space.worlds) == 1:
        return kept.drop_duplicates(vary)
    left_out = ~table.index.to_series().isin(kept.index)
    somewhere = left_out.groupby([table[path] for path in vary], dropna=False).transform("any")
    kept = kept[~somewhere[kept.index]]
    columns = [str(name) for name in kept if name not in vary and len(moneys(kept, str(name))) < 2]
    numbers = [n for n in columns if kept[n].dtype.kind in "fi" and n not in _NAMES]
    alike = {
        name: kept[name].iloc[0]
        for name in columns
        if name not in (*numbers, "point") and kept[name].nunique(dropna=False) == 1
    }
    by = kept.groupby(vary, sort=False, dropna=False)
    # What is undefined in a world has no mean.
    means = by[numbers].mean().where(by[numbers].count().eq(by.size(), axis=0))
    found = means.reset_index().assign(worlds=len(job.space.worlds))
    return found.assign(**alike)


def flag_front(job: Job, table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a front with `flagged_h`, its mean over the worlds, and the `worst_flag` of the world
    in which it is longest."""
    if len(job.space.worlds) == 1 or rows.empty:
        return flag_points(job, rows)
    vary, (hours, worst) = list(job.spec.file.vary), FLAG_COLUMNS
    members = table.merge(rows[vary]).drop_duplicates([*WORLD, *vary])
    flagged = flag_points(job, members).sort_values(FLAGGED, ascending=False, kind="stable")
    by = flagged.groupby(vary, sort=False, dropna=False)
    found = by.agg(**{hours: (hours, "mean"), worst: (worst, "first")}).reset_index()
    bare = rows.drop(columns=[name for name in FLAG_COLUMNS if name in rows])
    return bare.merge(found, how="left", on=vary)
