"""What a sweep's table says: ranking, Pareto front, sensitivity, uncertainty, regret.

Every function takes the DataFrame that `sweep` gives (or `sweep_frame` reads) and gives a
DataFrame. Less is better for every objective, unless it is named with a leading minus
(`-erf_frac`). Amounts of money are compared within one currency only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.errors import InputError, nearest
from dctwin.labels import ASSUMED_MARK, metric_unit, moneys, one_money, row_money
from dctwin.sweeps.file import Constraint
from dctwin.sweeps.spec import SpecLike, load_spec

if TYPE_CHECKING:
    import pandas as pd

# Columns that say which point a row is.
WORLD = ("design", "site", "weather", "scenario")
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def rank(
    table: pd.DataFrame,
    objectives: Sequence[str],
    constraints: Iterable[Constraint] = (),
    top: int | None = None,
) -> pd.DataFrame:
    """Rows from best to worst by the first objective, ties by the next ones.

    Failed points and points beyond a constraint are dropped; a constraint with a penalty adds it to
    the objectives instead, and the column `penalty` shows it.
    """
    found = _in_order(feasible(table, constraints), objectives)
    return found if top is None else found.head(top)


def _in_order(allowed: pd.DataFrame, objectives: Sequence[str]) -> pd.DataFrame:
    keys = costs(allowed, objectives)
    order = np.lexsort([keys[:, k] for k in reversed(range(keys.shape[1]))])
    return allowed.iloc[order].reset_index(drop=True)


def feasible(table: pd.DataFrame, constraints: Iterable[Constraint] = ()) -> pd.DataFrame:
    """Rows that ran and keep all constraints without a penalty.

    The column `penalty` is added: what is beyond the others, in the unit of the objective.
    """
    found = table[table["status"] == "ok"].copy() if "status" in table else table.copy()
    found["penalty"] = 0.0
    if found.empty:
        return found
    for bound in constraints:
        beyond = bound.beyond(numbers(found, bound.metric))
        if bound.penalty_per_unit is None:
            found = found[beyond <= 0]
        else:
            found["penalty"] = found["penalty"] + beyond * bound.penalty_per_unit
    return found


def split_sign(objective: str) -> tuple[float, str]:
    """(-1, metric) of an objective with a leading minus, which is asked for more of; else 1."""
    return (-1.0, objective[1:]) if objective.startswith("-") else (1.0, objective)


def costs(table: pd.DataFrame, objectives: Sequence[str]) -> np.ndarray:
    """Objectives as numbers to be made small, shape (rows, objectives); undefined is infinite."""
    if not objectives:
        raise InputError("name at least one objective")
    penalty = table["penalty"].to_numpy(float) if "penalty" in table else 0.0
    columns = []
    for name in objectives:
        sign, bare = split_sign(name)
        values = sign * numbers(table, bare) + penalty
        columns.append(np.where(np.isnan(values), np.inf, values))
    return np.stack(columns, axis=1)


def pareto(
    table: pd.DataFrame, objectives: Sequence[str], constraints: Iterable[Constraint] = ()
) -> pd.DataFrame:
    """Rows that no other row beats in all objectives, sorted by the first one."""
    return unbeaten(feasible(table, constraints), objectives)


def unbeaten(allowed: pd.DataFrame, objectives: Sequence[str]) -> pd.DataFrame:
    """The front of rows that are feasible, which keeps their penalties."""
    return _in_order(allowed[pareto_mask(costs(allowed, objectives))], objectives)


def pareto_mask(keys: np.ndarray) -> np.ndarray:
    """Which rows of (rows, objectives) are not dominated: none is better in one, worse in none."""
    order = np.lexsort(keys.T[::-1])
    kept: list[int] = []
    mask = np.zeros(len(keys), dtype=bool)
    for row in order:
        if not np.all(np.isfinite(keys[row])):
            continue
        # Only rows before it in this order can dominate it.
        front = keys[kept]
        beaten = np.all(front <= keys[row], axis=1) & np.any(front < keys[row], axis=1)
        if not beaten.any():
            mask[row] = True
            kept.append(int(row))
    return mask


def by_money(table: pd.DataFrame, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Money (currency and price year) -> its rows, where one of the metrics (a leading minus
    allowed) is a cost; else all rows under no name."""
    for name in names:
        found = moneys(table, split_sign(name)[1])
        if found:
            of = row_money(table)
            return {money: table[of == money] for money in found}
    return {"": table}


def heading(name: str, table: pd.DataFrame) -> str:
    """How a column is headed: its name, which ends in its unit, and of a cost the money; costs are
    marked, as each stands on an assumed price."""
    money = moneys(table, name)
    return f"{name}{ASSUMED_MARK} [{metric_unit(name, ' or '.join(money))}]" if money else name


def world_columns(table: pd.DataFrame) -> list[str]:
    """The columns that tell the worlds of a table apart: design, site, and others that differ."""
    return [
        name for name in WORLD if name in table and (name in WORLD[:2] or table[name].nunique() > 1)
    ]


def uncertainty(
    table: pd.DataFrame, metrics: Sequence[str], by: Sequence[str] | None = None
) -> pd.DataFrame:
    """Mean, standard deviation and quantiles of metrics within each group.

    by   columns that make a group; default a world: design, site, and weather year and scenario
         where there are several. To spread over weather years, leave out `weather`.
    """
    import pandas as pd

    by = world_columns(table) if by is None else list(by)
    check_columns(table, by, "by")
    good = feasible(table)
    rows = []
    for key, group in good.groupby(by, sort=False, dropna=False):
        for metric in metrics:
            values = numbers(group, metric)
            values = values[~np.isnan(values)]
            row: dict[str, Any] = dict(zip(by, key, strict=True))
            row |= {"metric": metric, "unit": column_unit(group, metric), "points": len(values)}
            if len(values):
                row |= {"mean": values.mean(), "sd": values.std(ddof=1) if len(values) > 1 else 0.0}
                row |= {f"p{100 * q:g}": np.quantile(values, q) for q in _QUANTILES}
            rows.append(row)
    return pd.DataFrame(rows)


def tornado(table: pd.DataFrame, metric: str, paths: Sequence[str]) -> pd.DataFrame:
    """How a metric's mean moves as each path goes from its lowest to its highest tenth.

    Sorted by size, the largest first. Paths with text are compared between their best and worst
    value.
    """
    import pandas as pd

    good = feasible(table)
    values = numbers(good, metric)
    rows = []
    for path in paths:
        if path not in good:
            raise InputError(f"{path}: is not varied, {nearest(path, good.columns)}")
        column = good[path]
        if column.dtype.kind in "fi":
            low, high = column.quantile(0.1), column.quantile(0.9)
            at_low, at_high = (column <= low).to_numpy(), (column >= high).to_numpy()
            ends = values[at_low].mean(), values[at_high].mean()
            names = f"{column[at_low].mean():.4g}", f"{column[at_high].mean():.4g}"
        else:
            means = pd.Series(values, index=good.index).groupby(column).mean().sort_values()
            ends, names = (means.iloc[0], means.iloc[-1]), (means.index[0], means.index[-1])
        rows.append(
            {
                "path": path,
                "low": names[0],
                "high": names[1],
                "at_low": ends[0],
                "at_high": ends[1],
                "swing": ends[1] - ends[0],
            }
        )
    found = pd.DataFrame(rows, columns=["path", "low", "high", "at_low", "at_high", "swing"])
    return found.reindex(found["swing"].abs().sort_values(ascending=False).index).reset_index(
        drop=True
    )


def regret(
    table: pd.DataFrame,
    metric: str,
    over: str = "scenario",
    of: Sequence[str] = ("design",),
    constraints: Iterable[Constraint] = (),
) -> pd.DataFrame:
    """Regret of each alternative in each scenario: its metric less the best one there.

    One row an alternative, one column a scenario, then `worst`; the least worst regret comes first.
    Its points in a world (site, weather) are averaged, then the worlds of the scenario. One without
    a point that runs and keeps the constraints in a world has no value in that scenario and an
    infinite `worst`: what is left of it would be the mean of its easy worlds.
    """
    keys = [*of, over]
    check_columns(table, of, "of")
    check_columns(table, [over], "over")
    numbers(table, split_sign(metric)[1])  # unknown or text, told of a table without a good row too
    worlds = [name for name in WORLD if name in table and name not in keys]
    good = feasible(table, constraints)
    good["_cost"] = costs(good, [metric])[:, 0]
    each = good.groupby([*keys, *worlds], dropna=False)["_cost"].mean()
    tried = table.groupby([*keys, *worlds], dropna=False).size().index
    by_scenario = each.reindex(tried).groupby(level=keys, dropna=False)
    means = by_scenario.agg(lambda one: one.mean(skipna=False)).unstack(over)
    found = means - means.min(axis=0)
    found["worst"] = found.max(axis=1, skipna=False).fillna(np.inf)
    return found.sort_values("worst", kind="stable").reset_index()


def sensitivity(table: pd.DataFrame, spec: SpecLike, metric: str) -> pd.DataFrame:
    """Sobol indices (method saltelli) or elementary effects (morris) of a metric, by world.

    Needs every sample of a world: SALib's estimators use them in their order.
    """
    import pandas as pd

    from dctwin.sweeps.space import Space, salib_problem

    checked = load_spec(spec)
    method = checked.file.sampling.method
    if method not in ("saltelli", "morris"):
        raise InputError(f"sensitivity needs the sampling method saltelli or morris (got {method})")
    space, problem = Space(checked), salib_problem(checked)
    rows = []
    for key, group in table.groupby(list(WORLD), sort=False):
        values = numbers(group.sort_values("point"), metric)
        if len(values) != space.samples or np.isnan(values).any():
            world = ", ".join(str(part) for part in key if part)
            raise InputError(
                f"{world}: needs {space.samples} points with a {metric}, "
                f"has {int((~np.isnan(values)).sum())}"
            )
        for path, found in _indices(checked, problem, space.cube, values).items():
            rows.append({**dict(zip(WORLD, key, strict=True)), "path": path, **found})
    return pd.DataFrame(rows)


def _indices(
    spec: Any, problem: dict[str, Any], cube: np.ndarray, values: np.ndarray
) -> dict[str, dict[str, float]]:
    from SALib.analyze import morris, sobol

    sampling, names = spec.file.sampling, problem["names"]
    if sampling.method == "morris":
        found = morris.analyze(problem, cube, values, num_levels=4, seed=spec.file.seed)
        columns = ("mu", "mu_star", "sigma", "mu_star_conf")
    else:
        found = sobol.analyze(
            problem, values, calc_second_order=sampling.second_order, seed=spec.file.seed
        )
        columns = ("S1", "S1_conf", "ST", "ST_conf")
    return {
        name: {column: float(found[column][k]) for column in columns}
        for k, name in enumerate(names)
    }


def check_columns(table: pd.DataFrame, names: Sequence[str], argument: str) -> None:
    """Raise InputError where an argument names no column, or one that is not there."""
    if not names:
        raise InputError(f"{argument}: name at least one column, such as design")
    for name in names:
        if name not in table:
            raise InputError(
                f"{argument}: no such column, {nearest(name, table.columns)} (got {name!r})"
            )


def numbers(table: pd.DataFrame, metric: str) -> np.ndarray:
    """A column as floats, NaN where it is empty. Raises InputError for an unknown name."""
    if metric not in table:
        raise InputError(f"{metric}: no such metric here, {nearest(metric, table.columns)}")
    column = table[metric]
    if column.dtype.kind not in "fiub":
        raise InputError(f"{metric}: is text, not a number")
    one_money(table, metric)
    return column.to_numpy(dtype=float)


def column_unit(table: pd.DataFrame, metric: str) -> str:
    """The unit of a column's values as they stand in the table."""
    if metric.endswith("_frac"):
        return ""
    return metric_unit(metric, " or ".join(moneys(table, metric)))
