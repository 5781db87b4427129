"""Figures of a sweep's table: fronts, parallel coordinates, tornado, sensitivity, bands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dctwin.errors import InputError
from dctwin.figures import BLUE, GREY, ORANGE, PALETTE, RED, blank
from dctwin.labels import LABELS, full_label
from dctwin.sweeps.analyse import (
    check_columns,
    column_unit,
    feasible,
    numbers,
    pareto,
    sensitivity,
    tornado,
    uncertainty,
    world_columns,
)
from dctwin.sweeps.file import Constraint
from dctwin.sweeps.spec import SpecLike

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

_ROW_PX, _FRAME_PX = 30, 140
_SAME = 1e-9  # a relative difference smaller than this is rounding
_FEW = 500  # so few points are drawn larger


def _label(name: str, table: pd.DataFrame) -> str:
    """What a column holds and its unit, where its name does not end in it."""
    return f"{full_label(name)} [{column_unit(table, name) or '-'}]" if name in LABELS else name


def short_names(names: Sequence[str]) -> list[str]:
    """The last words of each dotted path, as many as tell it from the others.

    >>> short_names(["cooling.loops.chw.supply_c", "cooling.loops.fws.supply_c", "it.racks.load"])
    ['chw.supply_c', 'fws.supply_c', 'load']
    """
    different = set(names)
    ends = {name: [*_ends(name)] for name in different}
    shared = Counter(end for some in ends.values() for end in some)
    return [next((end for end in ends[name] if shared[end] == 1), name) for name in names]


def _ends(path: str) -> list[str]:
    """A path's last word, its last two, …"""
    words = path.split(".")
    return [".".join(words[-k:]) for k in range(1, len(words) + 1)]


def pareto_figure(
    table: pd.DataFrame,
    objectives: Sequence[str] = ("pue", "wue_l_per_kwh"),
    constraints: Iterable[Constraint] = (),
) -> go.Figure:
    """All points over two metrics, and the front that no other point beats."""
    import plotly.graph_objects as go

    if len(objectives) < 2:
        raise InputError("name two metrics, one for each axis")
    x, y = (name.lstrip("-") for name in objectives[:2])
    held = list(constraints)
    allowed, front = feasible(table, held), pareto(table, list(objectives[:2]), held)
    figure = blank(f"{full_label(x)} and {full_label(y)}, {len(allowed):,} points", 480)
    size = 8 if len(allowed) <= _FEW else 5
    designs = list(dict.fromkeys(allowed["design"]))
    for index, design in enumerate(designs):
        some = allowed[allowed["design"] == design]
        figure.add_trace(
            go.Scattergl(
                x=some[x],
                y=some[y],
                mode="markers",
                name=design,
                marker={
                    "size": size,
                    "color": PALETTE[index % len(PALETTE)],
                    "symbol": index // len(PALETTE),
                    "opacity": 0.5,
                },
                customdata=some["point"],
                hovertemplate=f"{design}, point %{{customdata}}<br>%{{x:.4g}}, %{{y:.4g}}",
            )
        )
    figure.add_trace(
        go.Scattergl(  # as the points are, or they would lie over it
            x=front[x],
            y=front[y],
            mode="lines+markers",
            name="front",
            marker={"size": size + 3, "symbol": "circle-open", "line": {"width": 2}},
            customdata=front[["design", "point"]],
            hovertemplate="front: %{customdata[0]}, point %{customdata[1]}<br>%{x:.4g}, %{y:.4g}"
            "<extra></extra>",
            line={"color": RED, "shape": "hv" if objectives[1][0] != "-" else "linear"},
        )
    )
    figure.update_xaxes(title_text=_label(x, allowed), **_range(allowed[x]))
    figure.update_yaxes(title_text=_label(y, allowed), **_range(allowed[y]))
    # Below the figure, where many names do not reach its title.
    below = {"yref": "container", "y": 0.0, "yanchor": "bottom"}
    figure.update_layout(height=480 + 12 * len(designs), legend=below)
    return figure


def _range(values: pd.Series) -> dict[str, Any]:
    """No axis below zero for what never is, no ticks of rounding for what is always the same."""
    low, high = values.min(), values.max()
    if 0 < high - low <= _SAME * high or low == high > 0:
        return {"range": [0.9 * low, 1.1 * high]}
    return {"rangemode": "nonnegative" if low >= 0 else "normal"}


def parallel_figure(table: pd.DataFrame, paths: Sequence[str], metrics: Sequence[str]) -> go.Figure:
    """One line a point across its varied paths and metrics, coloured by the last metric."""
    import plotly.graph_objects as go

    good = feasible(table)
    check_columns(good, metrics, "metrics")
    if paths:
        check_columns(good, paths, "paths")
    dimensions: list[dict[str, Any]] = []
    for name, short in zip((*paths, *metrics), short_names([*paths, *metrics]), strict=True):
        column = good[name]
        label = _label(name, good) if name in LABELS else short
        if name in metrics:
            numbers(good, name)
        if column.dtype.kind in "fi":
            dimensions.append({"label": label, "values": column})
        else:
            codes, texts = column.factorize()
            ticks = {"tickvals": list(range(len(texts))), "ticktext": list(texts)}
            dimensions.append({"label": label, "values": codes, **ticks})
    figure = blank(f"{len(good):,} points, coloured by {_label(metrics[-1], good)}", 480)
    figure.add_trace(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": good[metrics[-1]], "colorscale": "Viridis", "showscale": True},
        )
    )
    figure.update_layout(margin={"l": 70, "r": 40, "t": 100, "b": 30})
    return figure


def tornado_figure(table: pd.DataFrame, metric: str, paths: Sequence[str]) -> go.Figure:
    """How far a metric's mean moves as each path goes from its low to its high end."""
    import plotly.graph_objects as go

    found = tornado(table, metric, paths).iloc[::-1]
    good = feasible(table)
    middle = float(good[metric].mean())
    title = f"{full_label(metric)} over the range of each path"
    figure = blank(title, _FRAME_PX + _ROW_PX * len(found))
    for side, color in (("low", BLUE), ("high", ORANGE)):
        figure.add_trace(
            go.Bar(
                y=short_names(list(found["path"])),
                x=found[f"at_{side}"] - middle,
                base=middle,
                orientation="h",
                name=f"{side} end",
                marker={"color": color},
                text=found[side],
            )
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title_text=_label(metric, good))
    return figure


def sensitivity_figure(table: pd.DataFrame, spec: SpecLike, metric: str) -> go.Figure:
    """First-order and total Sobol indices of each path, or Morris's elementary effects."""
    import plotly.graph_objects as go

    found = sensitivity(table, spec, metric)
    sobol = "S1" in found
    means = found.groupby("path", sort=False).mean(numeric_only=True)
    names = short_names(list(means.index))
    figure = blank(f"What {full_label(metric)} depends on", 420)
    columns = {"S1": "alone", "ST": "with others"} if sobol else {"mu_star": "mean effect"}
    for (column, name), color in zip(columns.items(), (BLUE, ORANGE), strict=False):
        bars = means.get(f"{column}_conf")
        figure.add_trace(
            go.Bar(
                x=names,
                y=means[column],
                name=name,
                marker={"color": color},
                error_y=None if bars is None else {"type": "data", "array": bars, "color": GREY},
            )
        )
    figure.update_yaxes(title_text="share of variance" if sobol else f"effect on {metric}")
    return figure


def uncertainty_figure(
    table: pd.DataFrame, metric: str = "pue", by: Sequence[str] | None = None
) -> go.Figure:
    """Bands of a metric in each group (default each world): from its 5 % to its 95 % quantile, and
    its median."""
    import plotly.graph_objects as go

    good = feasible(table)
    numbers(good, metric)  # in one currency: the groups share an axis
    found = uncertainty(good, [metric], by)
    groups = world_columns(table) if by is None else by
    names = [", ".join(str(row[name]) for name in groups) for _, row in found.iterrows()]
    title = f"{full_label(metric)}: median and 90 % band"
    figure = blank(title, _FRAME_PX + _ROW_PX * len(found))
    figure.add_trace(
        go.Scatter(
            x=found["p50"],
            y=names,
            mode="markers",
            marker={"color": BLUE, "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": found["p95"] - found["p50"],
                "arrayminus": found["p50"] - found["p5"],
            },
            name="median",
        )
    )
    figure.update_xaxes(title_text=_label(metric, good))
    return figure
