"""The limits that chosen points pass: each is run again in full, as a sweep's years watch none.

A year that watches its limits takes 7 to 30 % longer, so that a sweep counts them at every point
only where its spec asks for it: with a bound on `flagged_h`, or with it among the metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dctwin.sweeps.batch import evaluate
from dctwin.sweeps.job import Job, Key
from dctwin.sweeps.space import World
from dctwin.sweeps.spec import FLAG_COLUMNS

if TYPE_CHECKING:
    import pandas as pd


def flag_points(job: Job, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of a sweep's table with `flagged_h`, the hours in which any limit is passed, and
    `worst_flag`, the limit that is passed in most of them.

    >>> best = rank(table, ["pue"], top=10)                         # doctest: +SKIP
    >>> flag_points(prepare_sweep("warm-water.yaml"), best)         # doctest: +SKIP
    """
    if set(FLAG_COLUMNS) <= set(table.columns):
        return table
    watched, vary = job.with_flags(), job.spec.file.vary
    found: dict[str, list[Any]] = {name: [None] * len(table) for name in FLAG_COLUMNS}
    groups: dict[Key, list[int]] = {}
    values = [
        {path: job.space.given(path, row[path]) for path in vary} for _, row in table.iterrows()
    ]
    worlds = [World(*(row[name] for name in World._fields)) for _, row in table.iterrows()]
    for index, (world, one) in enumerate(zip(worlds, values, strict=True)):
        groups.setdefault(job.key(world, one), []).append(index)
    for members in groups.values():
        columns = {path: [values[k][path] for k in members] for path in vary}
        results = evaluate(watched, worlds[members[0]], columns, len(members))
        for name in FLAG_COLUMNS:
            for k, value in zip(members, results[name], strict=True):
                found[name][k] = value
    return table.assign(**found)
