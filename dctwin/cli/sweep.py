"""`dctwin sweep`: batch design sweeps from the command line."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dctwin.cli.console import check_out, check_readable, progress
from dctwin.cli.options import JsonFlag, optional
from dctwin.cli.sweep_told import tell_plan, tell_result, tell_status
from dctwin.errors import DctwinError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from dctwin.sweeps.batch import Backend
    from dctwin.sweeps.job import Job
    from dctwin.sweeps.refine import Refined
    from dctwin.sweeps.spec import Spec


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
        optional("DIR", "Folder of the results; one that holds this sweep is resumed.", "--out"),
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
        optional("ADDRESS", "Dask scheduler to run on."),
    ] = None,
    backend: Annotated[str, typer.Option(metavar="numpy|jax", help="Array library.")] = "numpy",
    shard: Annotated[
        str, typer.Option(metavar="i/N", help="Run the i-th of N shares, for batch systems.")
    ] = "1/1",
    max_runs: Annotated[int, typer.Option(min=1, help="Refuse a sweep of more points.")] = 100_000,
    optimize: Annotated[
        str | None,
        optional(
            "METRICS", "Search for the Pareto front of these metrics (NSGA-II), e.g. pue,wue,cost."
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, show_default=False, help="Trials of --optimize; default 320."),
    ] = None,
    top: Annotated[
        str | None,
        optional("METRIC", "Show the best points by it; default pue."),
    ] = None,
    traces: Annotated[
        str | None,
        optional("N,N,…|top:K", "Save hourly results of these points, or of the K best by --top."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        optional(
            "METRIC<=X", "Leave points beyond a bound out of rankings (<= or >=); repeatable."
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
        tell_status(_folder(out), as_json)
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
    if refine:
        _check_refinable(job, names or [top], searching=bool(names))
    if folder is None:
        tell_plan(job, workers, (trials or TRIALS) if names else None, as_json)
        return
    with progress("design-years") as bar:

        def step(done: int, of: int, rate_per_s: float | None) -> None:
            bar(done, of, rate_text(rate_per_s, (of - done) / rate_per_s if rate_per_s else None))

        if names:
            found = optimise(job, folder, names, trials or TRIALS, step, library)
        else:
            found = run_sweep(job, folder, workers, scheduler, library, share, step)
    refined, problem = None, None
    if refine and not found.empty:
        try:
            refined = _refined(job, found, names or [top])
        except DctwinError as failed:  # what the sweep found is told all the same
            problem = failed
    tell_result(found, job, folder, names, top, refined, as_json)
    if problem is not None:
        raise problem


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


def _check_refinable(job: Job, objectives: list[str], searching: bool) -> None:
    """Raise InputError, before the sweep runs, for what --refine cannot do after it."""
    from dctwin.sweeps.refine import check_refinable

    worlds = len(job.space.worlds)
    if searching and worlds > 1:
        raise InputError(
            "--refine: follows the slope in one world, --optimize searches the mean over "
            f"{worlds}: leave it out, or choose one design, site, weather and scenario"
        )
    check_refinable(job, objectives[0])


def _with_options(spec: Spec, traces: str | None, top: str, limits: list[str]) -> Spec:
    """The spec with what the command line adds; its identity stays, as points do."""
    from dctwin.sweeps.file import MAX_TRACES, Constraint, Traces
    from dctwin.sweeps.spec import metric_fault

    file = spec.file
    if traces is not None:
        kind, colon, number = traces.partition(":")
        words = number if colon else traces.replace(",", "")
        if not words.isdecimal() or (colon and kind != "top"):
            raise InputError(f"--traces: must be numbers of points or top:K (got {traces!r})")
        if colon and int(number) > MAX_TRACES:
            raise InputError(f"--traces: K is at most {MAX_TRACES} (got {traces!r})")
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
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"--limit: must end in a number (got {text!r})")
    return value


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
