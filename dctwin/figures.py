"""Figures of runs, drawn with plotly; used by the HTML report and the dashboard.

Every axis carries its unit and every title says what and where. Colours: Okabe and Ito's set, which
stays apart for colour-blind eyes (Color Universal Design, 2008), and the perceptually even cividis
and viridis scales.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.labels import LABELS, SHORT_LABELS, metric_text, metric_unit
from dctwin.units import unit_of

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from dctwin.result import Run

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, RED, YELLOW, GREY = "#56B4E9", "#D55E00", "#F0E442", "#8A949E"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY, "#5D3A9B", YELLOW, "#40B0A6")
INK, GRID = "#1c2733", "#e3e7eb"
CARRIER_COLORS = {"electricity": "rgba(0,114,178,0.35)", "heat": "rgba(213,94,0,0.30)"}
NODE_COLORS = {
    "grid": BLUE,
    "sun": YELLOW,
    "bus": BLUE,
    "power": SKY,
    "rack": GREY,
    "loop": RED,
    "ambient": ORANGE,
    "storage": GREEN,
    "shortfall": INK,
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ROW_PX, _FRAME_PX = 26, 130


def _figure(title: str, height: int, **layout: Any) -> go.Figure:
    import plotly.graph_objects as go

    return go.Figure(
        layout={
            "title": {
                "text": title,
                "x": 0.0,
                "xref": "container",
                "xanchor": "left",
                "pad": {"l": 12},
                "font": {"size": 16},
            },
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
            "height": height,
            "margin": {"l": 10, "r": 20, "t": 60, "b": 50},
            "paper_bgcolor": "white",
            "plot_bgcolor": "white",
            "colorway": PALETTE,
            "xaxis": {"automargin": True, "gridcolor": GRID, "zeroline": False},
            "yaxis": {"automargin": True, "gridcolor": GRID, "zeroline": False},
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1.0,
                "yanchor": "bottom",
                "traceorder": "normal",
            },
            "hoverlabel": {"align": "left"},
            **layout,
        }
    )


def metric_title(metric: str) -> str:
    """A metric's short name with its unit: `WUE [L/kWh]`."""
    unit = metric_unit(metric)
    name = SHORT_LABELS.get(metric) or LABELS.get(metric, metric)
    return f"{name} [{unit}]" if unit else name


def _where(sites: Sequence[str]) -> str:
    return f"at {sites[0]}" if len(sites) == 1 else f"at {len(sites)} sites"


def _ordered(table: pd.DataFrame, by: str, metric: str) -> list[str]:
    """Designs or sites, lowest mean of a metric first."""
    means = table.assign(value=table[metric].astype(float)).groupby(by)["value"].mean()
    return [str(name) for name in means.sort_values(kind="stable").index]


def comparison_bar(table: pd.DataFrame, metric: str = "pue") -> go.Figure:
    """A metric of each design: bars for one site, a dot for each of several sites.

    Bars of PUE start at 1, the value of a facility without overhead.
    """
    import plotly.graph_objects as go

    sites = list(dict.fromkeys(table["site"]))
    order = _ordered(table, "design", metric)[::-1]
    figure = _figure(
        f"{metric_title(metric)} of each design, {_where(sites)}", _FRAME_PX + _ROW_PX * len(order)
    )
    base = 1.0 if metric == "pue" else 0.0
    for index, site in enumerate(sites):
        rows = table[table["site"] == site].set_index("design").reindex(order)
        values = rows[metric].astype(float)
        texts = [metric_text(metric, value) for value in values]
        if len(sites) == 1:
            figure.add_trace(
                go.Bar(
                    y=order,
                    x=values - base,
                    base=base,
                    orientation="h",
                    marker_color=BLUE,
                    text=texts,
                    textposition="outside",
                    cliponaxis=False,
                    customdata=texts,
                    showlegend=False,
                    hovertemplate="%{y}: %{customdata}<extra></extra>",
                )
            )
        else:
            figure.add_trace(
                go.Scatter(
                    y=order,
                    x=values,
                    mode="markers",
                    name=site,
                    marker={
                        "size": 11,
                        "color": PALETTE[index % len(PALETTE)],
                        "opacity": 0.85,
                        "symbol": index // len(PALETTE),
                    },
                    hovertemplate=f"%{{y}} at {site}: %{{x:.4g}}<extra></extra>",
                )
            )
    figure.update_xaxes(title_text=metric_title(metric))
    figure.update_yaxes(categoryorder="array", categoryarray=order, showgrid=len(sites) > 1)
    return figure


def overhead_bar(runs: Sequence[Run], site: str) -> go.Figure:
    """What a site's designs add to a kilowatt-hour of IT: cooling, power and the rest."""
    import plotly.graph_objects as go

    rows = sorted(
        (r for r in runs if r.site == site and r.metrics["pue"]), key=lambda r: -r.metrics["pue"]
    )
    names = [run.design for run in rows]
    figure = _figure(
        f"Overhead per kWh of IT at {site} (PUE less 1)",
        _FRAME_PX + _ROW_PX * len(rows),
        barmode="stack",
    )
    parts = {
        "cooling": [r.metrics["ppue_cooling"] - 1.0 for r in rows],
        "power": [r.metrics["ppue_power"] - 1.0 for r in rows],
    }
    parts["lighting and other"] = [
        max(r.metrics["pue"] - 1.0 - a - b, 0.0)
        for r, a, b in zip(rows, parts["cooling"], parts["power"], strict=True)
    ]
    for (name, values), color in zip(parts.items(), (BLUE, ORANGE, GREY), strict=True):
        figure.add_trace(
            go.Bar(
                y=names,
                x=values,
                name=name,
                orientation="h",
                marker_color=color,
                hovertemplate=f"%{{y}}, {name}: %{{x:.4f}}<extra></extra>",
            )
        )
    for run in rows:
        figure.add_annotation(
            x=run.metrics["pue"] - 1.0,
            y=run.design,
            xanchor="left",
            xshift=6,
            text=f"PUE {run.metrics['pue']:.3f}",
            showarrow=False,
            font={"size": 12},
        )
    widest = max((r.metrics["pue"] - 1.0 for r in rows), default=1.0)
    figure.update_xaxes(title_text="overhead [kWh per kWh of IT]", range=[0, 1.18 * widest])
    figure.update_yaxes(showgrid=False)
    return figure


def heat_map(table: pd.DataFrame, metric: str = "pue") -> go.Figure:
    """A metric of every design (rows) at every site (columns), best top left."""
    import plotly.graph_objects as go

    designs, sites = _ordered(table, "design", metric), _ordered(table, "site", metric)
    grid = table.pivot(index="design", columns="site", values=metric).astype(float)
    values = grid.reindex(index=designs, columns=sites).to_numpy()
    texts = [[metric_text(metric, value) for value in row] for row in values]
    figure = _figure(f"{metric_title(metric)}, designs × sites", _FRAME_PX + 30 * len(designs))
    figure.add_trace(
        go.Heatmap(
            z=values,
            x=sites,
            y=designs,
            text=texts,
            texttemplate="%{text}",
            xgap=2,
            ygap=2,
            colorscale="Cividis",
            reversescale=True,
            textfont={"size": 12},
            colorbar={"title": {"text": metric_unit(metric)}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="%{y} at %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(side="top", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(margin={"t": 90, "b": 20})
    return figure


def energy_sankey(run: Run, merge_below_frac: float = 0.005) -> go.Figure:
    """Where the energy of a run comes from and goes, electricity and heat, in MWh.

    Nodes that pass less than `merge_below_frac` of the largest flow are joined into `small`, one
    for electricity users, so that the picture stays readable.
    """
    import plotly.graph_objects as go

    links = _merged(run.ledger.sankey()["links"], merge_below_frac)
    names = list(dict.fromkeys(end for link in links for end in (link["source"], link["target"])))
    through = {
        name: max(
            sum(k["total"] for k in links if k["source"] == name),
            sum(k["total"] for k in links if k["target"] == name),
        )
        for name in names
    }
    labels = [f"{node_label(name)} {through[name] / 1000:,.0f}" for name in names]
    figure = _figure(f"Energy of {run.design} at {run.site} [MWh]", 560)
    figure.add_trace(
        go.Sankey(
            arrangement="snap",
            node={
                "label": labels,
                "color": [_node_color(n) for n in names],
                "pad": 16,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label} MWh<extra></extra>",
            },
            link={
                "source": [names.index(k["source"]) for k in links],
                "target": [names.index(k["target"]) for k in links],
                "value": [k["total"] / 1000 for k in links],
                "color": [CARRIER_COLORS[k["carrier"]] for k in links],
                "customdata": [k["carrier"] for k in links],
                "hovertemplate": "%{source.label} → %{target.label}: %{value:,.1f} MWh of "
                "%{customdata}<extra></extra>",
            },
            textfont={"size": 12},
        )
    )
    figure.update_layout(margin={"l": 20, "r": 20, "b": 20})
    return figure


def _merged(links: Iterable[dict[str, Any]], merge_below_frac: float) -> list[dict[str, Any]]:
    """Links with the export to the grid told apart from the import, and small nodes joined."""
    named = [
        {**k, "target": "grid.export" if k["target"] == "grid" else k["target"]} for k in links
    ]
    least = merge_below_frac * max((k["total"] for k in named), default=0.0)
    biggest: dict[str, float] = {}
    for link in named:
        for end in (link["source"], link["target"]):
            biggest[end] = max(biggest.get(end, 0.0), link["total"])
    ends = {"grid", "sun", "ambient"}
    rename = {
        name: "small" if size < least and name not in ends else name
        for name, size in biggest.items()
    }
    sums: dict[tuple[str, str, str], float] = {}
    for link in named:
        key = (rename[link["source"]], rename[link["target"]], link["carrier"])
        if key[0] != key[1]:
            sums[key] = sums.get(key, 0.0) + link["total"]
    return [
        {"source": s, "target": t, "carrier": c, "total": total}
        for (s, t, c), total in sums.items()
    ]


_NODE_WORDS = {
    "ambient": "outdoor air",
    "bus.facility": "facility bus",
    "bus.main": "main bus",
    "bus.it": "IT bus",
    "bus.mechanical": "mechanical bus",
    "grid.export": "grid (export)",
    "small": "small devices",
    "shortfall": "not removed",
}


def node_label(name: str) -> str:
    """A ledger place for people: `loop.chw` -> `loop chw`, `power.it.ups` -> `ups (it)`."""
    if name in _NODE_WORDS:
        return _NODE_WORDS[name]
    parts = name.split(".")
    if parts[0] == "power" and len(parts) == 3:
        return f"{parts[2]} ({parts[1]} path)"
    if parts[0] == "storage":
        return parts[-1]
    if parts[0] in ("loop", "rack"):
        return " ".join(parts)
    return f"{parts[1]} of {parts[0]}" if len(parts) == 2 else name


def _node_color(name: str) -> str:
    return NODE_COLORS.get(name.split(".")[0], GREEN)


def account_color(account: str, position: int = 0) -> str:
    """IT in greys, cooling in blues and greens, power in oranges, the rest by position."""
    shades = {
        "it": ("#6c7680", "#aab3bb", "#4c555e", "#c9d0d6"),
        "cooling": (BLUE, SKY, GREEN, "#40B0A6", "#5D3A9B", "#9ad0ee", "#1b4f72", "#7fcdbb"),
        "power": (ORANGE, RED, "#f3c969", "#a8480a", PINK),
    }
    return shades.get(account.split(".")[0], (YELLOW,))[
        position % len(shades.get(account.split(".")[0], (YELLOW,)))
    ]


def monthly_stack(run: Run, without_it: bool = True) -> go.Figure:
    """Energy of each month by account [kWh]; without the IT itself, which would hide the rest."""
    import plotly.graph_objects as go

    months = run.times_utc.astype("datetime64[M]")
    labels = _month_labels(months)
    accounts = {
        name: kw
        for name, kw in run.ledger.accounts().items()
        if not (without_it and name.startswith("it.")) and np.any(np.asarray(kw) > 0)
    }
    what = "Energy beside IT" if without_it else "Energy"
    figure = _figure(f"{what} by month, {run.design} at {run.site} [kWh]", 440, barmode="stack")
    order = sorted(accounts, key=lambda name: (_trade(name), -float(np.sum(accounts[name]))))
    counts: dict[str, int] = {}
    for name in order:
        position = counts.get(name.split(".")[0], 0)
        counts[name.split(".")[0]] = position + 1
        kwh = [
            float(np.sum(np.asarray(accounts[name])[months == month])) * run.ledger.step_h
            for month in np.unique(months)
        ]
        figure.add_trace(
            go.Bar(
                x=labels,
                y=kwh,
                name=name,
                marker_color=account_color(name, position),
                hovertemplate=f"{name}, %{{x}}: %{{y:,.0f}} kWh<extra></extra>",
            )
        )
    figure.update_yaxes(title_text="energy [kWh]", tickformat=",")
    figure.update_xaxes(showgrid=False)
    figure.update_layout(legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top"})
    return figure


def _trade(account: str) -> int:
    trades = ("it", "cooling", "power")
    trade = account.split(".")[0]
    return trades.index(trade) if trade in trades else len(trades)


def _month_labels(months: np.ndarray) -> list[str]:
    found = np.unique(months)
    names = [MONTHS[int(month.astype(int)) % 12] for month in found]
    several = len(set(names)) < len(names)
    return [
        f"{name} {str(month)[:4]}" if several else name
        for name, month in zip(names, found, strict=True)
    ]


def column_title(column: str) -> str:
    """A column of `run.frame` with its unit: `loop.chw.supply [°C]`."""
    unit = unit_of(column)
    if unit is None or unit == "-":
        return column
    return f"{column} [{unit}]"


def heat_map_24x365(run: Run, column: str, utc_offset_h: float = 0.0) -> go.Figure:
    """A column of `run.frame` over the hours of the day (up) and the days (across)."""
    import plotly.graph_objects as go

    local = run.times_utc + np.timedelta64(round(utc_offset_h * 3600), "s")
    days = local.astype("datetime64[D]")
    hours = ((local - days) / np.timedelta64(1, "h")).astype(int)
    found, position = np.unique(days, return_inverse=True)
    values = np.asarray(run.frame[column], dtype=float)
    sums, counts = np.zeros((24, found.size)), np.zeros((24, found.size))
    np.add.at(sums, (hours, position), values)
    np.add.at(counts, (hours, position), 1.0)
    grid = np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)
    clock = "UTC" if utc_offset_h == 0 else f"UTC{utc_offset_h:+g}"
    figure = _figure(f"{column_title(column)}, {run.design} at {run.site}", 360)
    figure.add_trace(
        go.Heatmap(
            z=grid,
            x=found.astype("datetime64[ms]").tolist(),
            y=list(range(24)),
            colorscale="Viridis",
            colorbar={"title": {"text": unit_of(column) or ""}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="%{x|%d %b} %{y}:00: %{z:.4g}<extra></extra>",
        )
    )
    figure.update_yaxes(title_text=f"hour of the day [{clock}]", dtick=6, showgrid=False)
    figure.update_xaxes(tickformat="%b", dtick="M1", showgrid=False)
    return figure


def duration_curve(run: Run, columns: Sequence[str]) -> go.Figure:
    """Columns of `run.frame` sorted from high to low, over the hours that they are exceeded."""
    import plotly.graph_objects as go

    figure = _figure(f"Duration curve, {run.design} at {run.site}", 400)
    hours = (np.arange(len(run.times_utc)) + 1) * run.ledger.step_h
    for column in columns:
        values = np.sort(np.asarray(run.frame[column], dtype=float))[::-1]
        figure.add_trace(
            go.Scatter(
                x=hours,
                y=values,
                mode="lines",
                name=column,
                hovertemplate=f"{column} ≥ %{{y:.4g}} in %{{x:.0f}} h<extra></extra>",
            )
        )
    units = {unit_of(column) or "" for column in columns}
    figure.update_xaxes(title_text="hours [h]")
    figure.update_yaxes(title_text=f"[{units.pop()}]" if len(units) == 1 else "value")
    return figure


def time_series(run: Run, columns: Sequence[str]) -> go.Figure:
    """Columns of `run.frame` over time."""
    import plotly.graph_objects as go

    figure = _figure(
        f"{', '.join(columns[:2])}{' …' if len(columns) > 2 else ''}, {run.design} at {run.site}",
        400,
    )
    times = run.times_utc.astype("datetime64[ms]").tolist()
    for column in columns:
        figure.add_trace(
            go.Scatter(
                x=times,
                y=np.asarray(run.frame[column], dtype=float),
                mode="lines",
                name=column,
                line={"width": 1},
            )
        )
    units = {unit_of(column) or "" for column in columns}
    figure.update_yaxes(title_text=f"[{units.pop()}]" if len(units) == 1 else "value")
    figure.update_xaxes(title_text="time [UTC]")
    return figure
