"""Sweeps on the page: how far each is, and the best points and the front of a chosen one."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update

import dctwin

from . import views
from .layout import with_code
from .look import GRAPH_CONFIG, themed
from .service import Service, lines_of
from .text import say

_READ_EVERY_MS = 3_000
_TOP = 10
_BADGES = {"complete": "note", "running": "new", "interrupted": "warn", "stopped": "warn"}
_COLORS = {"complete": "teal", "running": "blue"}
_FIRST = {
    "by": ("pue",),
    "x": ("pue",),
    "y": ("wue_l_per_kwh", "cue_kg_per_kwh", "cost_total_per_year"),
}
_HEAD = ("name", "state", "progress", "points", "failed", "rate", "where")


def section(service: Service) -> Any:
    """The card of sweeps."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2(say("sweeps")),
                    html.Span(say("sweeps_hint", folder=service.results), className="quiet small"),
                ],
                className="bar",
            ),
            dcc.Interval(id="sweep-clock", interval=_READ_EVERY_MS),
            dcc.Store(id="sweep-version"),
            html.Div(progress_table(service), id="sweep-progress", className="scroll"),
            html.Div(
                [
                    _select("sweep", "sweep_choose"),
                    *(
                        html.Div(_select(f"sweep-{name}", f"sweep_{name}"), className="axis")
                        for name in _FIRST
                    ),
                ],
                className="sweep-choice gap-above",
                id="sweep-choice",
            ),
            html.Div(id="sweep-alert", role="status", className="gap-above"),
            html.Div(
                [
                    html.Div(id="sweep-best"),
                    html.Div(id="sweep-front"),
                ],
                className="gap-above",
                id="sweep-found",
            ),
        ],
        className="card",
        id="sweeps",
    )


def _select(name: str, label: str) -> Any:
    return dmc.Select(
        id=name,
        label=say(label),
        size="xs",
        allowDeselect=False,
        searchable=True,
        comboboxProps={"withinPortal": True},
    )


def progress_table(service: Service) -> Any:
    """A row for each sweep, the last one begun first."""
    found = service.sweeps()
    if not found:
        return html.P(with_code(say("sweeps_none", folder=service.results)), className="quiet")
    rows = [_progress_row(name, status) for name, status in found.items()]
    return views.word_table([say(f"sweep_{name}") for name in _HEAD], rows, "sweeps")


def _progress_row(name: str, status: Any) -> list[Any]:
    share = 100.0 * status.done / max(status.points, 1)
    bar = dmc.Progress(
        value=share,
        color=_COLORS.get(status.state, "orange"),
        size="lg",
        className="progress",
        **{"aria-label": say("sweep_progress_of", name=name)},
    )
    return [
        name,
        views.badge(say(f"state_{status.state}"), _BADGES.get(status.state, "plain")),
        bar,
        say("sweep_of", done=status.done, points=status.points),
        html.Span(f"{status.failed:,}", className="bad" if status.failed else "quiet"),
        dctwin.rate_text(status.rate_per_s, status.left_s) or "–",
        _where(status),
    ]


def _where(status: Any) -> str:
    gone = say("sweep_gone") if status.state == "interrupted" else ""
    return status.why or gone or "; ".join(status.where) or "–"


def metric_choice(table: Any) -> list[dict[str, str]]:
    """Metrics that a table has numbers of, with their units."""
    return [
        {
            "value": name,
            "label": f"{dctwin.full_label(name)} [{dctwin.column_unit(table, name) or '-'}]",
        }
        for labels in dctwin.METRIC_GROUPS.values()
        for name in labels
        if name in table and table[name].notna().any()
    ]


def first_choice(table: Any, known: list[str], wanted: tuple[str, ...]) -> str | None:
    """The first of the wanted metrics that differs between points, else the first there is."""
    some = [name for name in (*wanted, *known) if name in known]
    return next((name for name in some if table[name].nunique() > 1), next(iter(some), None))


def best_tables(table: Any, spec: Any, metric: str) -> list[Any]:
    """The best points by a metric, in each currency where it is money."""
    found = []
    parts = dctwin.by_money(table, [metric])
    for money, rows in parts.items():
        ranked = dctwin.rank(rows, [metric], spec.file.constraints)
        best = ranked.head(_TOP)
        if best.empty:
            found.append(html.P(say("sweep_no_good"), className="quiet"))
            continue
        facts = {"shown": len(best), "count": len(ranked), "money": money}
        facts["metric"] = dctwin.full_label(metric)
        title = say("sweep_best_in" if money and len(parts) > 1 else "sweep_best", **facts)
        found += [html.H3(title, className="gap-above"), _points(best, spec, metric)]
    if any(parts):
        found.append(html.P(dctwin.ASSUMED_NOTE, className="quiet small gap-above"))
    return found


def _points(best: Any, spec: Any, metric: str) -> Any:
    heads, rows = dctwin.points_table(best, [metric], spec.file.vary)
    return html.Div(
        views.word_table([_breakable(head) for head in heads], rows, "points"), className="scroll"
    )


def _breakable(path: str) -> list[Any]:
    """A dotted path that a narrow column may break behind each dot."""
    first, *rest = path.split(".")
    return [first, *(part for name in rest for part in (".", html.Wbr(), name))]


def fronts(table: Any, spec: Any, axes: tuple[str, str], dark: bool) -> list[Any]:
    """The front over two metrics, one in each currency where one of them is money."""
    found = []
    parts = dctwin.by_money(table, list(axes))
    for money, rows in parts.items():
        figure = themed(dctwin.pareto_figure(rows, list(axes), spec.file.constraints), dark)
        if dark:  # half of a blue is lost on a dark page
            figure.update_traces(marker_opacity=1.0)
        if len(parts) > 1:
            figure.update_layout(title_text=f"{figure.layout.title.text}, {money}")
        found.append(html.Div(dcc.Graph(figure=figure, config=GRAPH_CONFIG), className="figure"))
    return found


def version_of(service: Service, name: str | None) -> str:
    """What changes when a sweep has new points; empty for none."""
    status = service.sweeps().get(name or "")
    return "" if status is None else f"{name} {status.parts_done} {status.state}"


def _choice_class(status: Any) -> str:
    """Nothing to choose without a sweep, no metrics to choose without a point."""
    if status is None:
        return "hidden"
    return "sweep-choice gap-above" + (" waits" if not status.done else "")


def register(app: Any, service: Service) -> None:
    """Tie the card to the service."""

    @app.callback(
        Output("sweep-progress", "children"),
        Output("sweep", "data"),
        Output("sweep", "value"),
        Output("sweep-version", "data"),
        Output("sweep-choice", "className"),
        Input("sweep-clock", "n_intervals"),
        Input("sweep", "value"),
        State("sweep-version", "data"),
    )
    def read(_: int | None, chosen: str | None, before: str | None) -> tuple[Any, ...]:
        found = service.sweeps()
        names = list(found)
        begun = [name for name in names if found[name].done] or names
        name = chosen if chosen in names else next(iter(begun), None)
        version = version_of(service, name)
        return (
            progress_table(service),
            names,
            no_update if name == chosen else name,
            no_update if version == before else version,
            _choice_class(found.get(name or "")),
        )

    @app.callback(
        Output("sweep-by", "data"),
        Output("sweep-by", "value"),
        Output("sweep-x", "data"),
        Output("sweep-x", "value"),
        Output("sweep-y", "data"),
        Output("sweep-y", "value"),
        Input("sweep-version", "data"),
        State("sweep", "value"),
        *(State(f"sweep-{name}", "value") for name in _FIRST),
    )
    def choices(_: str | None, name: str | None, *chosen: str | None) -> Any:
        table = _table(service, name)
        data = [] if table is None else metric_choice(table)
        known = [entry["value"] for entry in data]
        answer: list[Any] = []
        for first, held in zip(_FIRST.values(), chosen, strict=True):
            answer += [data, held if held in known else first_choice(table, known, first)]
        return tuple(answer)

    @app.callback(
        Output("sweep-best", "children"),
        Output("sweep-front", "children"),
        Output("sweep-alert", "children"),
        Output("sweep-found", "style"),
        Input("sweep-version", "data"),
        *(Input(f"sweep-{name}", "value") for name in _FIRST),
        Input("scheme", "data"),
        State("sweep", "value"),
    )
    def show(
        _: str | None, by: str | None, x: str | None, y: str | None, scheme: str, name: str | None
    ) -> tuple[Any, ...]:
        hidden = {"display": "none"}
        if not name:
            return None, None, None, hidden
        try:
            table, spec = service.sweep_table(name)
        except dctwin.DctwinError:
            return None, None, html.P(say("sweep_waits"), className="quiet"), hidden
        if not by or not x or not y:
            return None, None, None, hidden
        try:
            best = best_tables(table, spec, by)
            front = fronts(table, spec, (x, y), scheme == "dark")
        except dctwin.DctwinError as problem:
            return None, None, views.fault_alert(lines_of(problem), say("failed")), hidden
        return best, front, None, {}


def _table(service: Service, name: str | None) -> Any:
    try:
        return None if not name else service.sweep_table(name)[0]
    except dctwin.DctwinError:
        return None
