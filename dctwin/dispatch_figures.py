"""Figure of what happens at a facility's bus over some days: sources, grid, stores, load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dctwin.figures import BLUE, GREEN, GREY, INK, PINK, RED, SKY, YELLOW, blank
from dctwin.run_figures import local_times

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dctwin.result import Run

_BUS = "bus.facility"
_STORES = ("battery", "hydrogen")
# Place at the bus -> how people call it, and its colour; any other place is the load.
_PLACES = {
    "sun": ("own sources", YELLOW),
    "grid": ("grid", BLUE),
    "battery": ("battery", GREEN),
    "hydrogen": ("hydrogen", SKY),
    "shed": ("not covered", RED),
    "battery-auxiliary": ("battery auxiliaries", PINK),
}
_NOTHING_KW = 1e-6


def dispatch_week(run: Run, first_day: int = 0, days: int = 7) -> go.Figure:
    """What feeds the facility's bus (up) and what it feeds (down) [kW], and what the stores hold
    over the most that they hold in the run.

    `first_day` counts from the start of the run.
    """
    per_day = round(24 / run.ledger.step_h)
    part = slice(first_day * per_day, (first_day + days) * per_day)
    figure = blank(f"Dispatch of {run.design} at {run.site}", 520)
    figure.add_traces(_bus_traces(run, part) + _held_traces(run, part))
    figure.update_layout(
        yaxis={
            "domain": [0.27, 1.0],
            "title": {"text": "power at the bus [kW]"},
            "tickformat": ",",
        },
        yaxis2={
            "title": {"text": "held [%]"},
            "domain": [0.0, 0.2],
            "range": [-2, 105],
            "anchor": "x",
        },
        xaxis={"anchor": "y2", "title": {"text": "local time"}, "showgrid": False},
        hovermode="x unified",
        legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top"},
    )
    return figure


def _bus_traces(run: Run, part: slice) -> list[Any]:
    """Flows at the bus, stacked up and down; the load lies next to the axis."""
    import plotly.graph_objects as go

    times = local_times(run)[part].astype("datetime64[ms]").tolist()
    traces = []
    stores = {f"storage.{store}" for store in _STORES}
    for flow in sorted(run.ledger.flows, key=lambda flow: flow.target in stores | {"grid"}):
        into = flow.target == _BUS
        if flow.carrier != "electricity" or not (into or flow.source == _BUS):
            continue
        values = np.broadcast_to(flow.value, run.times_utc.shape)[part]
        if not np.any(values > _NOTHING_KW):
            continue
        place = (flow.source if into else flow.target).removeprefix("storage.")
        name, color = _PLACES.get(place, ("load", GREY))
        if place in _STORES:
            name = f"{name}, {'given' if into else 'taken'}"
        if place == "grid" and not into:
            name = "to the grid"
        traces.append(
            go.Scatter(
                x=times,
                y=values if into else -values,
                name=name,
                mode="lines",
                line={"width": 0, "shape": "hv", "color": color},
                stackgroup="in" if into else "out",
                hovertemplate="%{y:,.0f} kW<extra>%{fullData.name}</extra>",
            )
        )
    return traces


def _held_traces(run: Run, part: slice) -> list[Any]:
    import plotly.graph_objects as go

    times = local_times(run)[part].astype("datetime64[ms]").tolist()
    traces = []
    for store, dash in zip(_STORES, ("solid", "dot"), strict=True):
        held = run.traces.get(f"storage.{store}.energy_kwh")
        if held is None or not np.any(held > 0):
            continue
        held = np.broadcast_to(held, run.times_utc.shape)
        traces.append(
            go.Scatter(
                x=times,
                y=100.0 * held[part] / np.max(held),
                name=f"{store} holds",
                yaxis="y2",
                mode="lines",
                line={"color": INK, "width": 1.5, "dash": dash},
                hovertemplate="%{y:.0f} %<extra>%{fullData.name}</extra>",
            )
        )
    return traces
