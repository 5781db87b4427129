"""Weather on the page: which year each site stands on, and files that take its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, ctx, dcc, html, no_update

import dctwin

from .notices import notify
from .service import MIB, WEATHER_BYTES, Service, lines_of
from .text import say

FAR_KM = 100.0  # a weather file from further away is said to be so


def card() -> Any:
    """The card of weather."""
    parts = [
        html.H2(say("weather")),
        dmc.Select(
            id="weather-site",
            label=say("weather_site"),
            size="xs",
            allowDeselect=False,
            comboboxProps={"withinPortal": True},
        ),
        dcc.Upload(
            id="upload",
            className="drop",
            multiple=False,
            children=[
                dmc.Button(
                    say("weather_button"),
                    id="upload-button",
                    variant="light",
                    size="xs",
                    fullWidth=True,
                ),
                html.Div(say("weather_hint", mib=WEATHER_BYTES // MIB), className="quiet small"),
            ],
        ),
        html.Div(id="weather-list", className="small", **{"aria-live": "polite"}),
    ]
    return html.Section(parts, className="card")


def upload_weather(
    service: Service, uploads: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Uploads with the new file in, and lines that say what was read. Raises InputError."""
    site, name = given["site"], given["name"]
    if given.get("data") is None:
        got = given["bytes"] / MIB
        raise dctwin.InputError(
            say("weather_too_large", name=name, mib=WEATHER_BYTES // MIB, got=got)
        )
    entry = service.upload(given["data"], name)
    lines = [say("weather_read", site=site, name=name, rows=entry["rows"]), *entry["notes"]]
    far_km = service.distance_km(site, entry["key"])
    if far_km > FAR_KM:
        lines.append(say("weather_far", far_km=far_km))
    return {**uploads, site: entry}, lines


def register(app: Any, service: Service) -> None:
    """Tie the card to the service."""
    app.clientside_callback(
        ClientsideFunction("dctwin", "upload"),
        Output("upload-data", "data"),
        Output("upload", "contents"),
        Input("upload", "contents"),
        State("upload", "filename"),
        State("weather-site", "value"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("weather-site", "data"),
        Output("weather-site", "value"),
        Input("sites", "value"),
        State("weather-site", "value"),
    )
    def sites_for_weather(sites: list[str], chosen: str | None) -> tuple[list[str], str | None]:
        return sites, chosen if chosen in sites else next(iter(sites), None)

    @app.callback(
        Output("uploads", "data"),
        Input("upload-data", "data"),
        State("uploads", "data"),
        prevent_initial_call=True,
    )
    def read(given: dict[str, Any] | None, uploads: dict[str, Any]) -> Any:
        if not given or not given.get("site"):
            return no_update
        try:
            changed, lines = upload_weather(service, uploads or {}, given)
        except dctwin.InputError as problem:
            title = say("weather_failed", name=given["name"])
            notify(title, lines_of(problem), "red", stay=True)
            return no_update
        notify(say("weather"), lines, "teal")
        return changed

    @app.callback(
        Output("uploads", "data", allow_duplicate=True),
        Input({"type": "own-weather", "site": ALL}, "n_clicks"),
        State("uploads", "data"),
        prevent_initial_call=True,
    )
    def remove(clicks: list[int | None], uploads: dict[str, Any]) -> Any:
        if not any(clicks) or not ctx.triggered_id:
            return no_update
        gone = ctx.triggered_id["site"]
        return {site: entry for site, entry in uploads.items() if site != gone}

    @app.callback(
        Output("weather-list", "children"),
        Input("sites", "value"),
        Input("uploads", "data"),
    )
    def show(sites: list[str], uploads: dict[str, Any]) -> list[Any]:
        return [_weather_line(service, site, uploads) for site in sites]


def _weather_line(service: Service, site: str, uploads: Mapping[str, Any]) -> Any:
    try:
        synthetic = service.surroundings(site, uploads).weather.synthetic
    except dctwin.DctwinError as problem:
        return html.Div([html.Div(line) for line in lines_of(problem)], className="bad")
    label = service.weather_label(site, uploads, synthetic)
    parts: list[Any] = [html.Span(f"{site}: "), html.Span(label, className="quiet")]
    if site in uploads:
        parts.append(
            dmc.Button(
                say("weather_remove"),
                id={"type": "own-weather", "site": site},
                variant="subtle",
                size="compact-xs",
                **{"aria-label": say("weather_remove_of", site=site)},
            )
        )
        if not service.holds(uploads[site]["key"]):
            parts.append(html.Div(say("weather_gone", site=site), className="bad"))
    return html.Div(parts)
