"""Figures of the power path: where electricity is lost, how chains compare, how power swings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dctwin.figures import BLUE, GREY, ORANGE, PALETTE, RED, SKY, YELLOW, blank
from dctwin.losses import drawn_kwh, stages

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from dctwin.result import Run
    from dctwin.swings import PowerSwing

_LOSS = "rgba(213,94,0,0.35)"
_FLOW = "rgba(0,114,178,0.35)"


def loss_waterfall(run: Run) -> go.Figure:
    """From what the facility draws down to what its chips get, one step a stage [MWh]."""
    import plotly.graph_objects as go

    parts: list[tuple[str, float]] = [
        (stage.name.removeprefix("power."), stage.loss_kwh) for stage in stages(run.ledger)
    ]
    energy = run.energy_kwh()
    parts += [
        ("cooling", sum(v for k, v in energy.items() if k.startswith("cooling."))),
        ("lighting", energy.get("lighting", 0.0)),
    ]
    drawn = drawn_kwh(run.ledger)
    chips = energy.get("it.compute", 0.0) + energy.get("it.fans", 0.0)
    # What is left over went to the grid, into stores, or to machines of other trades.
    parts.append(("other and export", drawn - chips - sum(kwh for _, kwh in parts)))
    parts = [(name, kwh) for name, kwh in parts if abs(kwh) > 1e-9 * drawn]
    figure = blank(f"From the grid to the chips, {run.design} at {run.site} [MWh]", 460)
    figure.add_trace(
        go.Waterfall(
            x=["drawn", *(name for name, _ in parts), "chips"],
            y=[drawn / 1000, *(-kwh / 1000 for _, kwh in parts), 0.0],
            measure=["absolute", *("relative" for _ in parts), "total"],
            text=[f"{v:,.0f}" for v in (drawn / 1000, *(k / 1000 for _, k in parts), chips / 1000)],
            textposition="outside",
            decreasing={"marker": {"color": RED}},
            increasing={"marker": {"color": SKY}},
            totals={"marker": {"color": BLUE}},
            connector={"line": {"color": GREY, "width": 1}},
            hovertemplate="%{x}: %{text} MWh<extra></extra>",
        )
    )
    figure.update_yaxes(title_text="energy [MWh]", tickformat=",")
    figure.update_xaxes(showgrid=False, tickangle=-30)
    return figure


def power_sankey(run: Run) -> go.Figure:
    """Electricity from the grid to the chips with every stage a place of its own [MWh]."""
    import plotly.graph_objects as go

    links: dict[tuple[str, str], float] = {}
    for link in run.ledger.sankey(("electricity",))["links"]:
        key = (_place(link["source"]), _place(link["target"]))
        if key[0] != key[1]:
            links[key] = links.get(key, 0.0) + link["total"]
    for stage in stages(run.ledger):
        links[stage.name, "losses"] = stage.loss_kwh
    links = {key: kwh for key, kwh in links.items() if kwh > 0}
    names = list(dict.fromkeys(end for key in links for end in key))
    through = {
        name: max(
            sum(kwh for key, kwh in links.items() if key[0] == name),
            sum(kwh for key, kwh in links.items() if key[1] == name),
        )
        for name in names
    }
    colors = {"losses": RED, "cooling": SKY, "grid": BLUE, "sun": YELLOW}
    figure = blank(f"Power path of {run.design} at {run.site} [MWh]", 480)
    figure.add_trace(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [f"{n.removeprefix('power.')}<br>{through[n] / 1000:,.0f}" for n in names],
                "color": [colors.get(n, GREY if n.startswith("rack.") else ORANGE) for n in names],
                "pad": 24,
                "thickness": 12,
                "line": {"width": 0},
            },
            link={
                "source": [names.index(source) for source, _ in links],
                "target": [names.index(target) for _, target in links],
                "value": [kwh / 1000 for kwh in links.values()],
                "color": [_LOSS if target == "losses" else _FLOW for _, target in links],
            },
        )
    )
    return figure


def _place(name: str) -> str:
    """Stages, racks and buses keep their names; all machines behind the mechanical bus are one."""
    first = name.split(".")[0]
    keeps = ("power", "bus", "rack", "storage", "grid", "sun", "lighting")
    return name if first in keeps else "cooling"


def chain_efficiency(table: pd.DataFrame) -> go.Figure:
    """Efficiency of power chains over load, from `compare_chains`; the baseline is named."""
    import plotly.graph_objects as go

    base = str(table["baseline"].iloc[0])
    figure = blank(f"Grid to chips: efficiency of power chains (baseline {base})", 460)
    for index, (name, rows) in enumerate(table.groupby("design", sort=False)):
        figure.add_trace(
            go.Scatter(
                x=100 * rows["load_frac"],
                y=100 * rows["efficiency_frac"],
                name=str(name),
                mode="lines+markers",
                line={
                    "color": PALETTE[index % len(PALETTE)],
                    "dash": "dash" if name == base else "solid",
                },
                customdata=100 * rows["saving_frac"],
                hovertemplate=f"{name} at %{{x:.0f}} %: %{{y:.2f}} %, "
                f"saves %{{customdata:+.2f}} % of {base}<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="IT load, share of full [%]")
    figure.update_yaxes(title_text="efficiency [%]")
    return figure


def swing_figure(swing: PowerSwing) -> go.Figure:
    """Power of the servers, of the feed behind the smoothing, and what the grid sees [kW]."""
    import plotly.graph_objects as go

    figure = blank(f"Power swing of {swing.design} [kW]", 420)
    series = (
        ("servers ask", swing.asked_kw, GREY),
        ("servers draw", swing.rack_kw, ORANGE),
        ("grid sees", swing.grid_kw, BLUE),
    )
    for name, values, color in series:
        figure.add_trace(
            go.Scatter(
                x=swing.time_s, y=values, name=name, mode="lines", line={"width": 1, "color": color}
            )
        )
    figure.update_xaxes(title_text="time [s]")
    figure.update_yaxes(title_text="power [kW]", tickformat=",")
    return figure
