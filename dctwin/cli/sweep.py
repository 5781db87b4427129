"""`dctwin sweep`: batch design sweeps from the command line."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dctwin.cli.console import (
    JsonFlag,
    check_out,
    check_readable,
    columns_that_fit,
    note,
    print_json,
    progress,
    say,
    table,
)
from dctwin.errors import ComputationError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from dctwin.sweeps.batch import Backend
    from dctwin.sweeps.job import Job
    from dctwin.sweeps.refine import Refined
    from dctwin.sweeps.spec import Spec

_TOP = 10
# Larger numbers are written out whole.
_WHOLE = 1e6
# Reasons why points cannot be that --dry-run tells.
_REASONS = 5


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command(
        "sweep",
        epilog="Example: dctwin sweep warm-water.yaml --out results/warm-water --top pue",
    )(sweep)


def sweep(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="Sweep file (YAML).")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            show_default=False,
            help="Folder of the results; one that holds this sweep is resumed.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Check the sweep, count it, time some of its points; write nothing.",
        ),
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Tell how far the sweep in --out is; run nothing.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=1024, show_default=False, help="Processes; default one a core."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", show_default=False, help="Dask scheduler to run on."),
    ] = None,
    backend: Annotated[str, typer.Option(metavar="numpy|jax", help="Array library.")] = "numpy",
    shard: Annotated[
        str, typer.Option(metavar="i/N", help="Run the i-th of N shares, for batch systems.")
    ] = "1/1",
    max_runs: Annotated[int, typer.Option(min=1, help="Refuse a sweep of more points.")] = 100_000,
    optimize: Annotated[
        str | None,
        typer.Option(
            metavar="METRICS",
            show_default=False,
            help="Search for the Pareto front of these metrics (NSGA-II), e.g. pue,wue,cost.",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, show_default=False, help="Trials of --optimize; default 320."),
    ] = None,
    top: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC", show_default=False, help="Show the best points by it; default pue."
        ),
    ] = None,
    traces: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,…|top:K",
            show_default=False,
            help="Save hourly results of these points, or of the K best by --top.",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC<=X",
            show_default=False,
            help="Leave points beyond a bound out of rankings (<= or >=); repeatable.",
        ),
    ] = None,
    refine: Annotated[
        bool,
        typer.Option("--refine", help="Move the best point downhill by JAX's gradient of --top."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a batch design sweep; resumes when the folder exists."""
    check_readable(spec)
    if status:
        _tell_status(_folder(out), as_json)
        return
    given = {
        "--workers": workers is not None,
        "--scheduler": scheduler is not None,
        "--shard": shard != "1/1",
        "--traces": traces is not None,
        "--trials": trials is not None,
    }
    _refuse_unused(given, optimize is not None)
    share = _shard(shard)
    from dctwin.sweeps import prepare_sweep, run_sweep
    from dctwin.sweeps.optimise import TRIALS, objective_names, optimise
    from dctwin.sweeps.progress import rate_text
    from dctwin.sweeps.spec import first_choice, load_spec

    asked = load_spec(spec)
    top = top or first_choice(asked.file)
    names = [] if optimize is None else objective_names(optimize)
    checked = _with_options(asked, traces, top, limit or [])
    _check_metrics(checked, "--optimize" if names else "--top", names or [top])
    library = _backend(backend)
    folder = None if dry_run else _folder(out)
    job = _prepared(prepare_sweep(checked, max_runs), names or [top])
    if folder is None:
        _tell_plan(job, workers, (trials or TRIALS) if names else None, as_json)
        return
    with progress("design-years") as bar:

        def step(done: int, of: int, rate_per_s: float | None) -> None:
            bar(done, of, rate_text(rate_per_s, (of - done) / rate_per_s if rate_per_s else None))

        if names:
            found = optimise(job, folder, names, trials or TRIALS, step, library)
        else:
            found = run_sweep(job, folder, workers, scheduler, library, share, step)
    refined = _refined(job, found, names or [top]) if refine else None
    _tell_result(found, job, folder, names, top, refined, as_json)


def _refuse_unused(given: dict[str, bool], searching: bool) -> None:
    """Raise InputError for an option that would do nothing beside the others."""
    if searching:
        for option in ("--workers", "--scheduler", "--shard", "--traces"):
            if given[option]:
                raise InputError(
                    f"{option}: --optimize runs its trials one generation after the other in this "
                    "process and keeps no traces: leave it out"
                )
    elif given["--trials"]:
        raise InputError("--trials: belongs to --optimize, a sweep runs the points of its file")
    if given["--scheduler"] and given["--workers"]:
        raise InputError("--workers: the cluster of --scheduler has its own: leave it out")


def _check_metrics(spec: Spec, option: str, names: list[str]) -> None:
    """Raise InputError for a name that points cannot be ranked by."""
    from dctwin.sweeps.spec import metric_fault

    for name in names:
        if why := metric_fault(name.removeprefix("-"), spec.file):
            raise InputError(f"{option}: {why}")


def _prepared(job: Job, ranked_by: list[str]) -> Job:
    """The job, with limits watched at every point where the points are ranked by them."""
    from dctwin.sweeps.spec import FLAG_COLUMNS

    bare = {name.lstrip("-") for name in ranked_by}
    return job if bare.isdisjoint(FLAG_COLUMNS) else job.with_flags()


def _with_options(spec: Spec, traces: str | None, top: str, limits: list[str]) -> Spec:
    """The spec with what the command line adds; its identity stays, as points do."""
    from dctwin.sweeps.file import Constraint, Traces
    from dctwin.sweeps.spec import metric_fault

    file = spec.file
    if traces is not None:
        kind, colon, number = traces.partition(":")
        words = number if colon else traces.replace(",", "")
        if not words.isdigit() or (colon and kind != "top"):
            raise InputError(f"--traces: must be numbers of points or top:K (got {traces!r})")
        chosen = (
            Traces.model_validate({"top": int(number), "by": top.lstrip("-")})
            if colon
            else Traces.model_validate(
                {"points": [int(word) for word in traces.split(",") if word]}
            )
        )
        file = file.model_copy(update={"traces": chosen})
    bounds = []
    for text in limits:
        for sign, side in (("<=", "max"), (">=", "min")):
            metric, found, value = text.partition(sign)
            if found:
                if why := metric_fault(metric, file):
                    raise InputError(f"--limit: {why}")
                bounds.append(Constraint.model_validate({"metric": metric, side: _number(value)}))
                break
        else:
            raise InputError(f"--limit: must be METRIC<=X or METRIC>=X (got {text!r})")
    if bounds:
        file = file.model_copy(update={"constraints": [*file.constraints, *bounds]})
    return replace(spec, file=file)


def _backend(text: str) -> Backend:
    from dctwin.sweeps import checked_backend

    return checked_backend(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--limit: must end in a number (got {text!r})") from None


def _refined(job: Job, found: pd.DataFrame, objectives: list[str]) -> Refined:
    """The best point by the first objective, moved downhill."""
    from dctwin.sweeps.analyse import rank
    from dctwin.sweeps.refine import refine
    from dctwin.sweeps.space import World

    best = rank(found, objectives[:1], job.spec.file.constraints)
    if best.empty:
        raise InputError("--refine: no point keeps all constraints")
    row = best.iloc[0]
    world = World(*(str(row[name]) for name in World._fields))
    start = {path: job.space.given(path, row[path]) for path in job.spec.file.vary}
    return refine(job, world, start, {objectives[0]: 1.0})


def _folder(out: Path | None) -> Path:
    if out is None:
        raise InputError("--out: is missing, name a folder for the results")
    check_out(out)
    return out


def _shard(text: str) -> tuple[int, int]:
    first, slash, last = text.partition("/")
    if not slash or not first.isdigit() or not last.isdigit():
        raise InputError(f"--shard: must be i/N, e.g. 1/8 (got {text!r})")
    index, of = int(first), int(last)
    if not 1 <= index <= of:
        raise InputError(f"--shard: i must be 1 to N (got {text!r})")
    return index, of


def _tell_plan(job: Job, workers: int | None, trials: int | None, as_json: bool) -> None:
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
        say(f"{found.impossible:,} of the points cannot be, their rows will say `failed`:")
        for why in found.why_impossible[:_REASONS]:
            say(f"  {why}")
        if len(found.why_impossible) > _REASONS:
            say(f"  and {len(found.why_impossible) - _REASONS} more")
    if found.failed:
        say(f"{found.failed} of the points that were tried failed: {found.why_failed}")
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


def _tell_status(folder: Path, as_json: bool) -> None:
    from dctwin.sweeps import sweep_status

    found = sweep_status(folder)
    if as_json:
        print_json({**asdict(found), "complete": found.complete, "running": found.running})
        return
    say(str(found))


def _tell_result(
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
    from dctwin.sweeps.analyse import by_money, pareto, rank
    from dctwin.sweeps.file import SENSITIVITY
    from dctwin.sweeps.flagged import flag_points

    file, by = job.spec.file, objectives or [top]
    wrong = found[found["status"] != "ok"]
    if found.empty and not as_json:
        say("no part falls to this share: there are fewer parts than shares")
        return
    if len(wrong) == len(found) > 0:
        raise ComputationError(
            f"none of the {len(found):,} points could be run: {wrong['error'].iloc[0]}"
        )
    order = pareto if objectives else rank
    shown = (
        {}
        if found.empty
        else {
            money: order(rows, by, file.constraints) for money, rows in by_money(found, by).items()
        }
    )
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
        cut = f" ({len(rows)} of {count:,})" if count > len(rows) else ""
        say(f"{what} by {', '.join(names)}{within}{cut}:")
        _best_table(rows, [path for path in file.vary if path in rows], names)
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
    if refined.after < refined.before:
        moved = ", ".join(f"{path} = {_cell(value)}" for path, value in refined.values.items())
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

    say(f"{'Sobol indices' if method == 'saltelli' else 'Elementary effects'} of {metric}:")
    worlds = [name for name in WORLD if name in ("design", "site") or indices[name].nunique() > 1]
    columns = [*worlds, *(name for name in indices.columns if name not in WORLD)]
    rows = [[_cell(row[name]) for name in columns] for _, row in indices.iterrows()]
    table([(name, "right") for name in columns], rows)


def _best_table(rows: pd.DataFrame, varied: list[str], names: list[str]) -> None:
    """Points: world, metrics, penalty and limits come first, as a terminal cuts at the right."""
    from dctwin.sweeps.analyse import column_unit, heading, world_columns
    from dctwin.sweeps.spec import FLAG_COLUMNS

    penalty = ["penalty"] if (rows["penalty"] != 0).any() else []
    bare = [name for name in names if name not in FLAG_COLUMNS]
    columns = [
        "point",
        *world_columns(rows),
        *bare,
        *penalty,
        FLAG_COLUMNS[0],
        *varied,
        FLAG_COLUMNS[1],
    ]
    heads = [(heading(name, rows), "right") for name in columns]
    if penalty:
        # One number is added to every objective, each in its own unit.
        unit = column_unit(rows, names[0]) if len(names) == 1 else ""
        heads[columns.index("penalty")] = (f"penalty [{unit or 'as ' + ', '.join(names)}]", "right")
    cells = [[_cell(row[name]) for name in columns] for _, row in rows.iterrows()]
    fits = columns_that_fit(heads, cells)
    table(heads[:fits], [row[:fits] for row in cells])


def _backend_of(found: pd.DataFrame) -> str:
    """The backend that was asked for: JAX leaves some points to NumPy, never the other way."""
    return "jax" if "backend" in found and (found["backend"] == "jax").any() else "numpy"


def _cell(value: Any) -> str:
    if value is None or value != value:
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:.6g}"
