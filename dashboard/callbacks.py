"""What happens on the page. Each callback only fetches, calls service and views, and returns.

Order: choice and uploads -> rows -> chosen row -> set-points -> result. Figures wait for the
colour scheme, which the browser tells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import ALL, MATCH, ClientsideFunction, Input, Output, State, ctx, no_update

import dctwin

from . import views
from .layout import knob_rows
from .service import Service, lines_of
from .text import say

# Two set-points closer than this are one: sliders count in floating point.
_SAME = 1e-9


def register(app: Any, service: Service) -> None:
    """Tie the page to the service."""
    _browser(app)
    _choice(app, service)
    _comparison(app, service)
    _set_points(app, service)
    _result(app, service)


def _browser(app: Any) -> None:
    """What the browser does by itself."""

    def function(name: str) -> ClientsideFunction:
        return ClientsideFunction("dctwin", name)

    app.clientside_callback(function("scheme"), Output("scheme", "data"), Input("toggle", "id"))
    slider = {"type": "slider", "design": MATCH, "path": MATCH}
    number = {"type": "number", "design": MATCH, "path": MATCH}
    app.clientside_callback(
        function("twins"),
        Output(slider, "value"),
        Output(number, "value"),
        Input(slider, "value"),
        Input(number, "value"),
        prevent_initial_call=True,
    )


# --- the choice -----------------------------------------------------------------------------


def _choice(app: Any, service: Service) -> None:
    def connect(kind: str, names: Callable[[], list[str]]) -> None:
        @app.callback(
            Output(kind, "value"),
            Input(f"{kind}-all", "n_clicks"),
            Input(f"{kind}-none", "n_clicks"),
            prevent_initial_call=True,
        )
        def choose(_all: int | None, _none: int | None) -> list[str]:
            return names() if ctx.triggered_id == f"{kind}-all" else []

    connect("designs", service.designs)
    connect("sites", service.sites)


# --- comparison -----------------------------------------------------------------------------


def compare(
    service: Service, designs: Sequence[str], sites: Sequence[str], uploads: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Any, str]:
    """Rows of the grid, an alert where something cannot be computed, and what it took."""
    began = time.perf_counter()
    try:
        rows, faults = service.rows(designs, sites, uploads)
    except dctwin.DctwinError as problem:
        rows, faults = [], lines_of(problem)
    facts = say("comparison_facts", runs=len(rows), seconds=time.perf_counter() - began)
    return views.table_rows(rows), views.fault_alert(faults, say("failed")), facts


def row_to_select(
    rows: Sequence[Mapping[str, Any]], selected: Mapping[str, str] | None
) -> list[Mapping[str, Any]]:
    """The row chosen before if it is still there, else the first that meets its cooling."""
    for row in rows:
        if selected and (row["design"], row["site"]) == (selected["design"], selected["site"]):
            return [row]
    met = [row for row in rows if not row["unmet_cooling_h"]]
    return list((met or rows)[:1])


def _comparison(app: Any, service: Service) -> None:
    @app.callback(
        Output("table", "rowData"),
        Output("table", "selectedRows"),
        Output("comparison-alert", "children"),
        Output("comparison-facts", "children"),
        Output("comparison-weather", "children"),
        Input("designs", "value"),
        Input("sites", "value"),
        Input("uploads", "data"),
        State("selected", "data"),
    )
    def fill(
        designs: list[str], sites: list[str], uploads: dict[str, Any], selected: Any
    ) -> tuple[Any, ...]:
        rows, alert, facts = compare(service, designs, sites, uploads)
        badge = views.synthetic_badge(service, sorted({row["site"] for row in rows}), uploads)
        return rows, row_to_select(rows, selected), alert, facts, badge

    @app.callback(
        Output("bar", "figure"),
        Output("map", "figure"),
        Output("map", "style"),
        Output("pair-figures", "className"),
        Input("metric", "value"),
        Input("scheme", "data"),
        Input("table", "rowData"),
        State("designs", "value"),
        State("sites", "value"),
        State("uploads", "data"),
    )
    def draw(
        metric: str,
        scheme: str,
        shown: list[Any],
        designs: list[str],
        sites: list[str],
        uploads: dict[str, Any],
    ) -> tuple[Any, ...]:
        if not shown:
            return no_update, no_update, no_update, "hidden"
        rows, _ = service.rows(designs, sites, uploads)
        bar, grid = views.comparison_figures(rows, metric, scheme == "dark")
        many = "many " * (len(designs) > views.SIDE_BY_SIDE)
        return bar, grid, {"height": grid.layout.height}, f"{many}pair figures"

    @app.callback(
        Output("table", "exportDataAsCsv"),
        Input("download", "n_clicks"),
        prevent_initial_call=True,
    )
    def download(_clicks: int) -> bool:
        return True

    @app.callback(
        Output("selected", "data"), Input("table", "selectedRows"), State("selected", "data")
    )
    def select(rows: list[dict[str, Any]] | None, before: dict[str, str] | None) -> Any:
        if not rows:
            return no_update
        chosen = {"design": rows[0]["design"], "site": rows[0]["site"]}
        return no_update if chosen == before else chosen


# --- set-points -----------------------------------------------------------------------------


def changes_of(
    service: Service, ids: Sequence[Mapping[str, str]], values: Sequence[Any]
) -> dict[str, Any]:
    """Design and those set-points that differ from what it stands at."""
    if not ids:
        return {"design": "", "values": {}}
    design = ids[0]["design"]
    base = {knob.path: knob.base for knob in service.knobs(design)}
    moved = {
        key["path"]: value
        for key, value in zip(ids, values, strict=True)
        if isinstance(value, (int, float)) and abs(value - base[key["path"]]) > _SAME
    }
    return {"design": design, "values": moved}


def _set_points(app: Any, service: Service) -> None:
    @app.callback(
        Output("knobs", "children"),
        Output("knobs-of", "data"),
        Input("selected", "data"),
        Input("reset", "n_clicks"),
        State("knobs-of", "data"),
    )
    def build(selected: dict[str, str] | None, _clicks: int | None, shown: str | None) -> Any:
        if not selected or (ctx.triggered_id != "reset" and shown == selected["design"]):
            return no_update, no_update
        design = selected["design"]
        try:
            return knob_rows(design, service.knobs(design)), design
        except dctwin.DctwinError as problem:
            return views.fault_alert(lines_of(problem), say("failed")), design

    @app.callback(
        Output("changes", "data"),
        Input({"type": "number", "design": ALL, "path": ALL}, "value"),
        State({"type": "number", "design": ALL, "path": ALL}, "id"),
        State("changes", "data"),
    )
    def collect(values: list[Any], ids: list[dict[str, str]], before: Any) -> Any:
        changes = changes_of(service, ids, values)
        return no_update if changes == before else changes


# --- one result -----------------------------------------------------------------------------


def changed_run(
    service: Service, selected: Mapping[str, str], uploads: Mapping[str, Any], changes: Any
) -> tuple[Any, Any, float | None]:
    """(run as the design stands, run with its set-points, seconds the second took or None)."""
    base = service.run(selected["design"], selected["site"], uploads)
    values = (changes or {}).get("values")
    if not values or changes["design"] != selected["design"]:
        return base, base, None
    began = time.perf_counter()
    run = service.run(selected["design"], selected["site"], uploads, values)
    return base, run, time.perf_counter() - began


def _result(app: Any, service: Service) -> None:
    @app.callback(
        Output("result-head", "children"),
        Output("result-alert", "children"),
        Output("change-title", "children"),
        Output("change", "children"),
        Output("tab-flags", "children"),
        Output("column", "data"),
        Output("column", "value"),
        Output("shown", "data"),
        Input("selected", "data"),
        Input("changes", "data"),
        Input("uploads", "data"),
        State("column", "value"),
        State("shown", "data"),
    )
    def look(
        selected: dict[str, str] | None,
        changes: Any,
        uploads: dict[str, Any],
        column: str | None,
        before: Any,
    ) -> Any:
        if not selected:
            return (no_update,) * 8
        try:
            base, run, seconds = changed_run(service, selected, uploads, changes)
        except dctwin.DctwinError as problem:
            lines = [*lines_of(problem), say("failed_below")]
            return no_update, views.fault_alert(lines, say("failed")), *(no_update,) * 6
        synthetic = run.provenance["weather"]["synthetic"]
        site = service.site(selected["site"])
        head = views.result_head(
            service.design(selected["design"]),
            site,
            service.weather_label(site.name, uploads, synthetic),
            synthetic,
            run is not base,
        )
        data, value = views.column_choice(run, column)
        # What the figures below draw; the last set-points that could be computed.
        shown = {**selected, "changes": changes if run is not base else None, "uploads": uploads}
        return (
            head,
            None,
            say("key_figures" if run is base else "change"),
            views.change_table(base.metrics, run.metrics, seconds),
            say("tab_flags", count=len(run.flags)),
            data,
            value,
            no_update if shown == before else shown,
        )

    @app.callback(
        Output("figure", "figure"),
        Output("figure-box", "style"),
        Output("column-box", "style"),
        Output("words", "children"),
        Input("shown", "data"),
        Input("tab", "value"),
        Input("column", "value"),
        Input("scheme", "data"),
    )
    def draw(shown: dict[str, Any] | None, tab: str, column: str | None, scheme: str) -> Any:
        if not shown:
            return no_update, {"display": "none"}, {"display": "none"}, None
        # `look` may send a new result and a new column at once: only the column alone is no news.
        if tab != "hours" and set(ctx.triggered_prop_ids) == {"column.value"}:
            return (no_update,) * 4
        _, run, _ = changed_run(service, shown, shown["uploads"], shown["changes"])
        site, design = service.site(shown["site"]), service.design(shown["design"])
        figure = views.result_figure(run, tab, column, site.file.utc_offset_h, scheme == "dark")
        words = views.result_words(run, tab, design, site)
        hidden = {"display": "none"}
        return (
            no_update if figure is None else figure,
            hidden if figure is None else {},
            {} if tab == "hours" else hidden,
            words,
        )
