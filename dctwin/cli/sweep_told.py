"""What `dctwin sweep` tells: plan, status, best points or front, indices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dctwin.cli.console import columns_that_fit, note, print_json, say, table
from dctwin.errors import ComputationError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from dctwin.sweeps.job import Job
    from dctwin.sweeps.refine import Refined

_TOP = 10
# Reasons why points cannot be that --dry-run tells.
_REASONS = 5


def tell_plan(job: Job, workers: int | None, trials: int | None, as_json: bool) -> None:
    from dctwin.sweeps.plan import plan

    found = plan(job, workers, trials)
    if as_json:
        print_json(asdict(found))
        return
    say(
        f"{found.points:,} points: {_count(found.worlds, 'world')} x "
        f"{_count(found.samples, 'sample' if trials is None else 'trial')}, "
        f"{_count(found.topologies, 'topology')}, {_count(found.parts, 'part')}"
    )
    if found.structural:
        say(f"change more than numbers: {', '.join(found.structural)}")
    if found.impossible:
        of = (
            f"{found.looked_at:,} that were looked at"
            if found.looked_at < found.points
            else "points"
        )
        say(f"{found.impossible:,} of the {of} cannot be, their rows will say `failed`:")
        for why in found.why_impossible[:_REASONS]:
            say(f"  {why}")
        if len(found.why_impossible) > _REASONS:
            say("  and more")
    if found.failed:
        say(
            f"{found.failed} of the {found.tried} points that were tried failed: {found.why_failed}"
        )
    if found.time_s is not None and found.rate_per_s is not None and found.disk_mb is not None:
        from dctwin.sweeps.progress import duration_text

        say(
            f"about {duration_text(found.time_s)} with {_count(found.workers, 'worker')}, once "
            f"started: {found.rate_per_s:,.3g} design-years a second each, measured here in NumPy "
            f"on {_count(found.timed, 'topology')}; {found.disk_mb:,.1f} MB of disk"
        )


def _count(number: int, what: str) -> str:
    """
    >>> _count(1, "part"), _count(2, "topology")
    ('1 part', '2 topologies')
    """
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


def tell_status(folder: Path, as_json: bool) -> None:
    from dctwin.sweeps import sweep_status

    found = sweep_status(folder)
    if as_json:
        print_json({**asdict(found), "complete": found.complete, "running": found.running})
        return
    say(str(found))


def tell_result(
    found: pd.DataFrame,
    job: Job,
    folder: Path,
    objectives: list[str],
    top: str,
    refined: Refined | None,
    as_json: bool,
) -> None:
    """The best points or the front, in each currency where money ranks them, and their limits."""
    from dctwin.labels import ASSUMED_NOTE, is_money
    from dctwin.sweeps.analyse import by_money, rank
    from dctwin.sweeps.file import SENSITIVITY
    from dctwin.sweeps.flagged import flag_points
    from dctwin.sweeps.front import flag_front, front

    file, by = job.spec.file, objectives or [top]
    wrong = found[found["status"] != "ok"]
    if found.empty and not as_json:
        say("no part falls to this share: there are fewer parts than shares")
        return
    if len(wrong) == len(found) > 0:
        raise ComputationError(
            f"none of the {len(found):,} points could be run: {wrong['error'].iloc[0]}"
        )
    shown, best = {}, {}
    if objectives and not found.empty:
        shown = {"": front(job, found, by)}
        best = {"": flag_front(job, found, shown[""].head(_TOP))}
    elif not found.empty:
        each = by_money(found, by).items()
        shown = {money: rank(rows, by, file.constraints) for money, rows in each}
        best = {money: flag_points(job, rows.head(_TOP)) for money, rows in shown.items()}
    feasible = sum(map(len, shown.values()))
    laid_out = file.sampling.method in SENSITIVITY and not objectives
    indices = _indices(found, job, top.lstrip("-")) if laid_out else None
    if as_json:
        print_json(
            {
                "name": job.spec.name,
                "points": len(found),
                "failed": len(wrong),
                "feasible": feasible,
                "shown": sum(map(len, best.values())),
                "front" if objectives else "best": [
                    row for rows in best.values() for row in rows.to_dict("records")
                ],
                "refined": None if refined is None else asdict(refined),
                **({} if indices is None else {"sensitivity": indices.to_dict("records")}),
            }
        )
        return
    say(f"{len(found):,} points, {len(wrong):,} failed, results in {folder}")
    if len(wrong):
        row = wrong.iloc[0]
        say(
            f"first failure: point {row['point']}, {row['design']} at {row['site']}: {row['error']}"
        )
    if not feasible:
        say("no point keeps all constraints")
    names = [name.lstrip("-") for name in by]
    for money, rows in best.items():
        count, within = len(shown[money]), f", in {money}" if len(best) > 1 else ""
        what = "Pareto front" if objectives else "Best"
        if "worlds" in rows:
            within = f", means over {_count(len(job.space.worlds), 'world')}"
        cut = f" ({len(rows)} of {count:,})" if count > len(rows) else ""
        say(f"{what} by {', '.join(names)}{within}{cut}:")
        _best_table(rows, file.vary, names)
    if any(is_money(name) for name in names):
        say(f"{ASSUMED_NOTE}: dctwin run names them")
    if refined is not None:
        _tell_refined(refined, bool(file.constraints))
    if indices is not None:
        _tell_sensitivity(indices, file.sampling.method, names[0])
    again = int((found["backend"] == "numpy").sum()) if _backend_of(found) == "jax" else 0
    if again:
        note(f"{again:,} points that JAX cannot do were run in NumPy")
    if (folder / "summary.parquet").exists():
        note(f"all points: {folder / 'summary.parquet'}")
    else:
        note(f"parts so far: {folder / 'parts'}; other shares are not done yet")


def _tell_refined(refined: Refined, bounded: bool) -> None:
    """Where the best point was moved to, and whether it keeps the constraints."""
    within = ", within all constraints" if bounded else ""
    from dctwin.sweeps.shown import value_text

    if refined.after < refined.before:
        moved = ", ".join(f"{path} = {value_text(value)}" for path, value in refined.values.items())
        say(f"refined: {refined.before:.8g} -> {refined.after:.8g} at {moved}{within}")
    else:
        say(f"refined: no better point is near{within}")


def _indices(found: pd.DataFrame, job: Job, metric: str) -> pd.DataFrame | None:
    """How much of a metric each path explains; None where points failed or are not run yet."""
    from dctwin.sweeps.analyse import sensitivity

    try:
        return sensitivity(found, job.spec, metric)
    except InputError as problem:
        note(f"no indices of {job.spec.file.sampling.method}: {problem}")
        return None


def _tell_sensitivity(indices: pd.DataFrame, method: str, metric: str) -> None:
    """The indices of each path, by world."""
    from dctwin.sweeps.analyse import WORLD
    from dctwin.sweeps.shown import value_text

    say(f"{'Sobol indices' if method == 'saltelli' else 'Elementary effects'} of {metric}:")
    worlds = [name for name in WORLD if name in ("design", "site") or indices[name].nunique() > 1]
    columns = [*worlds, *(name for name in indices.columns if name not in WORLD)]
    rows = [[value_text(row[name]) for name in columns] for _, row in indices.iterrows()]
    table([(name, "right") for name in columns], rows)


def _best_table(rows: pd.DataFrame, varied: Collection[str], names: list[str]) -> None:
    """Points, as many columns of them as the terminal has room for."""
    from dctwin.sweeps.shown import points_table

    heads, cells = points_table(rows, names, varied)
    columns = [(head, "right") for head in heads]
    fits = columns_that_fit(columns, cells)
    table(columns[:fits], [row[:fits] for row in cells])


def _backend_of(found: pd.DataFrame) -> str:
    """The backend that was asked for: JAX leaves some points to NumPy, never the other way."""
    return "jax" if "backend" in found and (found["backend"] == "jax").any() else "numpy"
