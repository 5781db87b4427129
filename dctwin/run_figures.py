"""Figures of one run: where its energy goes, by month, by hour; for report and dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.figures import BLUE, COLORBAR, GREEN, GREY, INK, ORANGE, PINK, RED, SKY, YELLOW, blank
from dctwin.units import unit_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dctwin.result import Run

CARRIER_COLORS = {"electricity": "rgba(0,114,178,0.35)", "heat": "rgba(213,94,0,0.30)"}
NODE_COLORS = {
    "grid": BLUE,
    "sun": YELLOW,
    "wind": SKY,
    "hydro": BLUE,
    "geothermal": RED,
    "fuel": GREY,
    "genset": PINK,
    "power distribution": SKY,
    "storage": GREEN,
    "rack": GREY,
    "loop": RED,
    "ambient": ORANGE,
    "shortfall": INK,
    "shed": INK,
    "small devices": GREY,
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def energy_sankey(run: Run, merge_below_frac: float = 0.005) -> go.Figure:
    """Where the energy of a run comes from and goes, electricity and heat, in MWh.

    Buses, transformers, UPS and the like are one place, the power distribution. Electricity users
    below `merge_below_frac` of the largest flow are joined, so that the picture stays readable.
    """
    import plotly.graph_objects as go

    links = _merged(run.ledger.sankey()["links"], merge_below_frac)
    names = list(dict.fromkeys(end for link in links for end in (link["source"], link["target"])))
    through = {
        name: max(
            sum(link["total"] for link in links if link["source"] == name),
            sum(link["total"] for link in links if link["target"] == name),
        )
        for name in names
    }
    most = max(through.values(), default=0.0)
    labels = [
        _beside(label, through[name] / 1000, through[name] >= _TALL * most)
        for name, label in node_labels(names).items()
    ]
    # Plotly writes the labels of its last column over those of the one before it: a column more,
    # which nobody sees, has them stand to the right like all others.
    ends = [name for name in names if all(link["source"] != name for link in links)]
    links += [{"source": n, "target": _BEYOND, "carrier": "", "total": _UNSEEN_KWH} for n in ends]
    names.append(_BEYOND)
    figure = blank(f"Energy flows of {run.design} at {run.site} [MWh]", 520)
    figure.add_trace(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [*labels, ""],
                "color": [_node_color(name) for name in names],
                "pad": 28,
                "thickness": 12,
                "line": {"width": 0},
                "customdata": names,
                "hovertemplate": "%{customdata}: %{value:,.1f} MWh<extra></extra>",
            },
            link={
                "source": [names.index(link["source"]) for link in links],
                "target": [names.index(link["target"]) for link in links],
                "value": [link["total"] / 1000 for link in links],
                "color": [CARRIER_COLORS.get(link["carrier"], _CLEAR) for link in links],
                "customdata": [link["carrier"] for link in links],
                "hovertemplate": "%{source.customdata} → %{target.customdata}: "
                "%{value:,.1f} MWh of %{customdata}<extra></extra>",
            },
            textfont={"size": 12, "color": INK, "shadow": "none"},
        )
    )
    figure.add_annotation(
        text=f'<span style="color:{BLUE}">■</span> electricity '
        f'<span style="color:{RED}">■</span> heat',
        x=0,
        y=1.0,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=8,
        showarrow=False,
    )
    figure.update_layout(margin={"l": 20, "r": 30, "t": 80, "b": 30})
    return figure


def _beside(label: str, mwh: float, tall: bool) -> str:
    """What stands beside a place: a word a line, so that it fits between two columns; in one line
    where the place is low and others are close below."""
    return f"{label.replace(' ', '<br>')}<br>{mwh:,.0f}" if tall else f"{label} {mwh:,.0f}"


_TALL = 0.15  # of the tallest place: room for three lines
_BEYOND, _UNSEEN_KWH = "", 1e-9
_CLEAR = "rgba(0,0,0,0)"
_DISTRIBUTION = "power distribution"
_SMALL = "small devices"


def _merged(links: Iterable[dict[str, Any]], merge_below_frac: float) -> list[dict[str, Any]]:
    """Links with the power path as one place and small electricity users as another."""
    named = [
        {
            **link,
            "source": _place(link["source"]),
            # what is sold leaves at the far end, not where it came from
            "target": "grid (export)" if link["target"] == "grid" else _place(link["target"]),
        }
        for link in links
    ]
    least = merge_below_frac * max((link["total"] for link in named), default=0.0)
    carries_heat = {link["target"] for link in named if link["carrier"] == "heat"}
    users: dict[str, float] = {}
    for link in named:
        if link["source"] == _DISTRIBUTION and link["target"] not in carries_heat:
            users[link["target"]] = users.get(link["target"], 0.0) + link["total"]
    small = {name for name, total in users.items() if total < least}
    sums: dict[tuple[str, str, str], float] = {}
    for link in named:
        source, target = (
            _SMALL if link[end] in small else link[end] for end in ("source", "target")
        )
        if source != target:
            key = (source, target, link["carrier"])
            sums[key] = sums.get(key, 0.0) + link["total"]
    return [
        {"source": s, "target": t, "carrier": c, "total": total}
        for (s, t, c), total in sums.items()
    ]


def _place(name: str) -> str:
    parts = name.split(".")
    supply_in_rack = parts[0] == "rack" and len(parts) > 2
    return _DISTRIBUTION if parts[0] in ("bus", "power") or supply_in_rack else name


def node_labels(names: Sequence[str]) -> dict[str, str]:
    """Ledger places for people: `loop.chw` -> `chw`, `chw.chiller` -> `chiller`.

    Where two would read the same the loop stands before: `chw pump`, `cw pump`.
    """
    words = {"ambient": "outdoor air", "shortfall": "not removed", "shed": "not covered"}
    short = {name: words.get(name) or name.split(".")[-1] for name in names}
    last = list(short.values())
    return {
        name: label if last.count(label) == 1 else name.replace(".", " ")
        for name, label in short.items()
    }


def _node_color(name: str) -> str:
    return _CLEAR if name == _BEYOND else NODE_COLORS.get(name.split(".")[0], GREEN)


def account_color(account: str, position: int = 0) -> str:
    """IT in greys, cooling in blues and greens, power in oranges, the rest by position."""
    shades = {
        "it": ("#6c7680", "#aab3bb", "#4c555e", "#c9d0d6"),
        "cooling": (
            *(BLUE, SKY, GREEN, "#40B0A6", "#5D3A9B", "#9ad0ee"),
            *("#1b4f72", "#7fcdbb", "#9e9ac8", "#2f6b3c", "#6d8fd6", "#b5cf6b"),
        ),
        "power": (
            *(ORANGE, RED, "#f3c969", "#a8480a", PINK),
            *("#7a5c1e", "#e58f7a", "#7b4173", "#c2a14d", "#5c2e0e"),
        ),
    }
    return shades.get(account.split(".")[0], (YELLOW,))[
        position % len(shades.get(account.split(".")[0], (YELLOW,)))
    ]


def local_times(run: Run, utc_offset_h: float | None = None) -> np.ndarray:
    """The start of each step by the site's clock.

    A run starts at local midnight; without an offset it is read off that.
    """
    if utc_offset_h is None:
        start = run.times_utc[0]
        past_midnight_h = (start - start.astype("datetime64[D]")) / np.timedelta64(1, "h")
        utc_offset_h = -past_midnight_h if past_midnight_h <= 12 else 24 - past_midnight_h
    times: np.ndarray = run.times_utc + np.timedelta64(round(utc_offset_h * 3600), "s")
    return times


def monthly_stack(run: Run, without_it: bool = True) -> go.Figure:
    """Energy of each month by account [kWh]; without the IT itself, which would hide the rest."""
    import plotly.graph_objects as go

    months = local_times(run).astype("datetime64[M]")
    labels = _month_labels(months)
    accounts = {
        name: kw
        for name, kw in run.ledger.accounts().items()
        if not (without_it and name.startswith("it.")) and np.any(np.asarray(kw) > 0)
    }
    what = "Energy beside IT" if without_it else "Energy"
    figure = blank(f"{what} by month, {run.design} at {run.site} [kWh]", 440, barmode="stack")
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
    if unit is None:
        return column
    parts = column.split("_")
    # The shortest tail that says the whole unit: `kg_per_kwh`, not `kwh`.
    tails = ("_".join(parts[-count:]) for count in range(1, len(parts)))
    suffix = next((tail for tail in tails if unit_of(tail) == unit), "")
    name = column.removesuffix(f"_{suffix}")
    return name if unit == "-" else f"{name} [{unit}]"


def heat_map_24x365(run: Run, column: str, utc_offset_h: float | None = None) -> go.Figure:
    """A column of `run.frame` over the hours of the day (up) and the days (across)."""
    import plotly.graph_objects as go

    local = local_times(run, utc_offset_h)
    days = local.astype("datetime64[D]")
    hours = ((local - days) / np.timedelta64(1, "h")).astype(int)
    found, position = np.unique(days, return_inverse=True)
    values = np.asarray(run.frame[column], dtype=float)
    sums, counts = np.zeros((24, found.size)), np.zeros((24, found.size))
    np.add.at(sums, (hours, position), values)
    np.add.at(counts, (hours, position), 1.0)
    grid = np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)
    figure = blank(f"{column_title(column)}, {run.design} at {run.site}", 360)
    figure.add_trace(
        go.Heatmap(
            z=grid,
            x=found.astype("datetime64[ms]").tolist(),
            y=list(range(24)),
            colorscale="Viridis",
            colorbar={"title": {"text": unit_of(column) or ""}, **COLORBAR},
            hovertemplate="%{x|%d %b} %{y}:00: %{z:.4g}<extra></extra>",
        )
    )
    figure.update_yaxes(title_text="hour of the day [h]", dtick=6, showgrid=False)
    figure.update_xaxes(tickformat="%b", dtick="M1", showgrid=False)
    return figure


def duration_curve(run: Run, columns: Sequence[str]) -> go.Figure:
    """Columns of `run.frame` sorted from high to low, over the hours that they are exceeded."""
    import plotly.graph_objects as go

    figure = blank(f"Duration curve, {run.design} at {run.site}", 400)
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

    figure = blank(
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
