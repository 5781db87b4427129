"""Multi-objective optimisation of a sweep's varied paths by NSGA-II (optuna).

Generations of trials are evaluated in batches, like the points of a sweep, and written as parts:
a run that was stopped replays its generations from them and goes on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.errors import InputError
from dctwin.sweeps.analyse import costs, feasible, split_sign
from dctwin.sweeps.batch import Backend, evaluate, table_of
from dctwin.sweeps.file import Choices, Span, Spread, Vary
from dctwin.sweeps.job import Job
from dctwin.sweeps.progress import Meter, Progress
from dctwin.sweeps.space import levels
from dctwin.sweeps.spec import metric_fault
from dctwin.sweeps.store import Store, encode

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Short names of objectives on the command line.
OBJECTIVES = {
    "wue": "wue_l_per_kwh",
    "cue": "cue_kg_per_kwh",
    "cost": "cost_total_per_year",
    "energy_cost": "cost_energy_per_year",
    "carbon": "carbon_operational_kg",
    "water": "water_l",
    "peak": "peak_grid_kw",
}
POPULATION, TRIALS = 32, 320


def objective_names(text: str) -> list[str]:
    """Metric names from `pue,wue,cost`; a leading minus asks for more."""
    names = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        sign, bare = ("-", word[1:]) if word.startswith("-") else ("", word)
        names.append(sign + OBJECTIVES.get(bare, bare))
    if not names:
        raise InputError("--optimize needs metrics, e.g. pue,wue,cost")
    return names


def optimise(
    job: Job,
    out: str | os.PathLike[str],
    objectives: Sequence[str],
    trials: int = TRIALS,
    progress: Progress | None = None,
    backend: Backend = "numpy",
) -> pd.DataFrame:
    """Search the varied paths of a sweep for its Pareto front; gives every trial in every world,
    one row each.

    Lists and choices are tried as they stand; ranges and distributions anywhere between their ends,
    at whole numbers where the design takes these alone. Raises InputError when optuna is missing or
    a metric is unknown.
    """
    for name in objectives:
        if why := metric_fault(split_sign(name)[1], job.spec.file):
            raise InputError(f"{name}: {why}")
    try:
        import optuna
    except ImportError:
        raise InputError("--optimize needs optuna: pip install 'dctwin[optimize]'") from None
    if not job.spec.file.vary:
        raise InputError(job.spec.document.fault(("vary",), "names nothing to optimise"))
    job.refuse_mixed_money([split_sign(name)[1] for name in objectives], ("sites",))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        directions=["minimize"] * len(objectives),
        sampler=optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=job.spec.file.seed),
    )
    space = job.space
    vary = {
        path: levels(how) if isinstance(how, Span) and job.tabled(path) else how
        for path, how in job.spec.file.vary.items()
    }
    worlds = len(space.worlds)
    # The last generation is as long as what is left of the number asked for.
    sizes = [min(POPULATION, trials - done) for done in range(0, trials, POPULATION)]
    store = Store(out)
    held = store.open(
        {
            "name": job.spec.name,
            "spec": job.spec.document.data,
            "identity": {
                **job.identity,
                "objectives": ",".join(objectives),
                "constraints": [bound.model_dump() for bound in job.spec.file.constraints],
            },
            "points": trials * worlds,
            "chunks": [size * worlds for size in sizes],
            "backend": backend,
            "flags": job.watched,
        }
    )
    if held["flags"]:
        job = job.with_flags()
    finished = store.finished()
    missing = {part: size * worlds for part, size in enumerate(sizes) if part not in finished}
    before = sum(sizes) * worlds - sum(missing.values())
    with Meter(store, missing, before, progress) as meter:
        for generation, size in enumerate(sizes):
            asked = [study.ask() for _ in range(size)]
            tried = [
                {p: suggest(trial, p, how, p in space.whole) for p, how in vary.items()}
                for trial in asked
            ]
            if generation in missing:
                first = generation * POPULATION * worlds
                store.write_part(generation, encode(_generation(job, tried, first, backend)))
                meter.add(generation)
            table = store.table([generation]).to_pandas()
            for trial, found in zip(asked, _values(job, table, objectives), strict=True):
                study.tell(trial, list(found))
    if not store.summary.exists():
        store.finish()
    return store.frame()


def suggest(trial: Any, path: str, how: Vary, whole: bool = False) -> Any:
    """A value of a path as optuna proposes it.

    whole   whether the design takes whole numbers alone
    """
    if isinstance(how, (Span, Spread)):
        low, high = how.ends()
        log = isinstance(how, Spread) and how.log_uniform is not None
        if whole:
            return trial.suggest_int(path, int(low), int(high), log=log)
        return trial.suggest_float(path, low, high, log=log)
    if isinstance(how, Choices):
        return trial.suggest_categorical(path, list(how.choices))
    return how[trial.suggest_int(path, 0, len(how) - 1)]


def _generation(job: Job, tried: list[dict[str, Any]], first: int, backend: Backend) -> pa.Table:
    """Every trial of a generation in every world, as a table; its points count from `first`."""
    import pyarrow as pa

    tables = []
    for number, world in enumerate(job.space.worlds):
        groups: dict[Any, list[int]] = {}
        for index, values in enumerate(tried):
            groups.setdefault(job.key(world, values), []).append(index)
        for members in groups.values():
            columns = {path: [tried[i][path] for i in members] for path in job.spec.file.vary}
            results = evaluate(job, world, columns, len(members), backend)
            points = np.array([first + number * len(tried) + i for i in members])
            tables.append(table_of(job, world, points, columns, results))
    return pa.concat_tables(tables, promote_options="permissive").sort_by("point")


def _values(job: Job, table: pd.DataFrame, objectives: Sequence[str]) -> np.ndarray:
    """Objectives of each trial, the mean over the worlds; a trial that fails is far off."""
    worlds = len(job.space.worlds)
    found = np.full((len(table), len(objectives)), np.finfo(float).max ** 0.25)
    allowed = feasible(table, job.spec.file.constraints)
    if len(allowed):
        found[allowed.index] = np.minimum(costs(allowed, objectives), found[allowed.index])
    means: np.ndarray = found.reshape(worlds, -1, len(objectives)).mean(axis=0)
    return means
