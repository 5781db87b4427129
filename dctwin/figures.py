"""Figures that compare runs, drawn with plotly, and the look that all figures share.

Every axis carries its unit and every title says what and where. Colours: Okabe and Ito's set, which
stays apart for colour-blind eyes (Color Universal Design, 2008), and the perceptually even cividis
and viridis scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dctwin.labels import metric_text, metric_unit, one_money, short_label

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from dctwin.result import Outcome, Run

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, RED, YELLOW, GREY = "#56B4E9", "#D55E00", "#F0E442", "#8A949E"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY, "#5D3A9B", YELLOW, "#40B0A6")
INK, GRID = "#1c2733", "#e3e7eb"
# Numbers are written out, thousands apart: no 12.5k, and no 1500 beside 1,500.5.
_TICKS = {"separatethousands": True, "exponentformat": "none"}
COLORBAR = {"thickness": 12, "outlinewidth": 0, **_TICKS}
_AXIS = {"automargin": True, "gridcolor": GRID, "zeroline": False, **_TICKS}
_ROW_PX, _FRAME_PX = 26, 130


def blank(title: str, height: int, **layout: Any) -> go.Figure:
    """An empty figure in the look that all share; height in pixels."""
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
            "xaxis": _AXIS,
            "yaxis": _AXIS,
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


def metric_title(metric: str, money: str = "") -> str:
    """A metric's short name with its unit: `WUE [L/kWh]`."""
    unit = metric_unit(metric, money)
    name = short_label(metric)
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

    money = one_money(table, metric)
    sites = list(dict.fromkeys(table["site"]))
    order = _ordered(table, "design", metric)[::-1]
    figure = blank(
        f"{metric_title(metric, money)} of each design, {_where(sites)}",
        _FRAME_PX + _ROW_PX * len(order),
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
    figure.update_xaxes(title_text=metric_title(metric, money))
    figure.update_yaxes(
        categoryorder="array", categoryarray=order, showgrid=len(sites) > 1, ticksuffix=" "
    )
    return figure


def overhead_bar(runs: Sequence[Run | Outcome], site: str) -> go.Figure:
    """What a site's designs add to a kilowatt-hour of IT: cooling, power and the rest."""
    import plotly.graph_objects as go

    rows = sorted(
        (r for r in runs if r.site == site and r.metrics["pue"]), key=lambda r: -r.metrics["pue"]
    )
    names = [run.design for run in rows]
    figure = blank(
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
    figure.update_yaxes(showgrid=False, ticksuffix=" ")
    return figure


def heat_map(table: pd.DataFrame, metric: str = "pue") -> go.Figure:
    """A metric of every design (rows) at every site (columns), best top left."""
    import plotly.graph_objects as go

    money = one_money(table, metric)
    designs, sites = _ordered(table, "design", metric), _ordered(table, "site", metric)
    grid = table.pivot(index="design", columns="site", values=metric).astype(float)
    values = grid.reindex(index=designs, columns=sites).to_numpy()
    texts = [[metric_text(metric, value) for value in row] for row in values]
    figure = blank(f"{metric_title(metric, money)}, designs × sites", _FRAME_PX + 30 * len(designs))
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
            colorbar={"title": {"text": metric_unit(metric, money)}, **COLORBAR},
            hovertemplate="%{y} at %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(side="top", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix=" ")
    figure.update_layout(margin={"t": 90, "b": 20})
    return figure
