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
from dctwin.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from dctwin.sweeps.batch import Backend
    from dctwin.sweeps.job import Job
    from dctwin.sweeps.refine import Refined
    from dctwin.sweeps.spec import Spec

_TOP = 10
# For --dry-run: rough size of a row of all metrics, and design-years a second of one core.
_ROW_BYTES = 250
_RATE_PER_CORE = 100


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
        typer.Option("--dry-run", help="Count points, topologies, time and disk; run nothing."),
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
    trials: Annotated[int, typer.Option(min=1, help="Trials of --optimize.")] = 320,
    top: Annotated[
        str, typer.Option(metavar="METRIC", help="Show the best points by this metric.")
    ] = "pue",
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
    share = _shard(shard)
    from dctwin.sweeps import prepare_sweep
    from dctwin.sweeps.spec import load_spec

    checked = _with_options(load_spec(spec), traces, top, limit or [])
    if dry_run:
        _tell_plan(prepare_sweep(checked, max_runs), as_json)
        return
    folder = _folder(out)
    with progress("design-years") as bar:

        def step(done: int, of: int, rate_per_s: float | None) -> None:
            bar(done, of)

        if optimize is not None:
            from dctwin.sweeps.optimise import objective_names, optimise

            names = objective_names(optimize)
            found = optimise(prepare_sweep(checked, max_runs), folder, names, trials, step)
        else:
            from dctwin.sweeps import sweep as run_sweep

            names = []
            found = run_sweep(
                checked,
                folder,
                workers,
                scheduler,
                _backend(backend),
                share,
                max_runs,
                progress=step,
            )
    refined = _refined(prepare_sweep(checked, max_runs), found, names or [top]) if refine else None
    _tell_result(found, checked, folder, names, top, refined, as_json)


def _with_options(spec: Spec, traces: str | None, top: str, limits: list[str]) -> Spec:
    """The spec with what the command line adds; its identity stays, as points do."""
    from dctwin.sweeps.spec import Constraint, Traces

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
    start = {path: row[path] for path in job.spec.file.vary}
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


def _tell_plan(job: Job, as_json: bool) -> None:
    import os

    cores = os.cpu_count() or 1
    points = len(job.space)
    plan = {
        "points": points,
        "worlds": len(job.space.worlds),
        "samples": job.space.samples,
        "topologies": job.topologies,
        "structural": list(job.structural),
        "parts": len(job.chunks),
        "disk_mb": points * _ROW_BYTES / 1e6,
        "time_s": points / (_RATE_PER_CORE * cores),
        "cores": cores,
    }
    if as_json:
        print_json(plan)
        return
    say(
        f"{points:,} points: {plan['worlds']} worlds x {plan['samples']:,} samples, "
        f"{plan['topologies']} topologies, {plan['parts']} parts"
    )
    if job.structural:
        say(f"change more than numbers: {', '.join(job.structural)}")
    say(
        f"about {plan['time_s']:,.0f} s on {cores} cores at {_RATE_PER_CORE} design-years a second "
        f"each, {plan['disk_mb']:.1f} MB of disk"
    )


def _tell_status(folder: Path, as_json: bool) -> None:
    from dctwin.sweeps import sweep_status

    found = sweep_status(folder)
    if as_json:
        print_json(asdict(found))
        return
    state = "complete" if found.complete else "running" if found.running else "not running"
    parts = f"{found.parts_done}/{found.parts} parts"
    say(f"{found.done:,} of {found.points:,} points ({parts}): {state}")
    if found.rate_per_s is not None and found.left_s is not None:
        say(f"{found.rate_per_s:,.0f} design-years a second, {found.left_s:,.0f} s left")


def _tell_result(
    found: pd.DataFrame,
    spec: Spec,
    folder: Path,
    objectives: list[str],
    top: str,
    refined: Refined | None,
    as_json: bool,
) -> None:
    from dctwin.labels import ASSUMED_NOTE
    from dctwin.sweeps.analyse import pareto, rank

    file = spec.file
    failed = int((found["status"] != "ok").sum())
    shown = (
        pareto(found, objectives, file.constraints)
        if objectives
        else rank(found, [top], file.constraints)
    )
    best = shown.head(_TOP)
    if as_json:
        print_json(
            {
                "name": spec.name,
                "points": len(found),
                "failed": failed,
                "feasible": len(shown),
                "front" if objectives else "best": best.to_dict("records"),
                "refined": None if refined is None else asdict(refined),
            }
        )
        return
    say(f"{len(found):,} points, {failed} failed, summary in {folder}")
    if failed:
        say(f"first failure: {found.loc[found['status'] != 'ok', 'error'].iloc[0]}")
    if shown.empty:
        say("no point keeps all constraints")
    names = [name.lstrip("-") for name in objectives] or [top.lstrip("-")]
    say(f"{'Pareto front' if objectives else 'Best'} by {', '.join(names)}:")
    varied = [path for path in file.vary if path in best]
    columns = ["point", "design", "site", *varied, *names]
    rows = [[_cell(row[name]) for name in columns] for _, row in best.iterrows()]
    heads = [(_head(name, found), "right") for name in columns]
    fits = columns_that_fit(heads, rows)
    table(heads[:fits], [row[:fits] for row in rows])
    if any(name.startswith("cost_") for name in names):
        say(f"{ASSUMED_NOTE}: dctwin run names them")
    if refined is not None:
        moved = ", ".join(f"{path} = {_cell(value)}" for path, value in refined.values.items())
        say(f"refined: {refined.before:.8g} -> {refined.after:.8g} at {moved}")
    again = int((found["backend"] == "numpy").sum()) if _backend_of(found) == "jax" else 0
    if again:
        note(f"{again:,} points that JAX cannot do were run in NumPy")
    note(f"all points: {folder / 'summary.parquet'}")


def _head(name: str, found: pd.DataFrame) -> str:
    """A column's heading: a cost with its money, and marked, as every cost has an assumed price."""
    from dctwin.labels import ASSUMED_MARK, metric_unit, one_money

    money = one_money(found, name)
    return f"{name}{ASSUMED_MARK} [{metric_unit(name, money)}]" if money else name


def _backend_of(found: pd.DataFrame) -> str:
    """The backend that was asked for: JAX leaves some points to NumPy, never the other way."""
    return "jax" if "backend" in found and (found["backend"] == "jax").any() else "numpy"


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)
