"""The page: what stands where. What happens on it is in callbacks.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

import dctwin

from .grid import table
from .look import GRAPH_CONFIG, THEME
from .service import Knob, Service
from .text import say

# Chosen when the page opens, where they are in the catalogue: one design of each way of cooling,
# and a warm, a cold and a hot site.
FIRST_DESIGNS = (
    "outside-air-evaporative-ac",
    "immersion-adiabatic-800vdc",
    "dtc-warm-water-800vdc",
    "dtc-warm-water-ac",
    "indirect-evaporative-ac",
    "sea-water-ac",
    "chilled-water-tower-ac",
    "air-cooled-chiller-ac",
)
FIRST_SITES = ("inzai", "ishikari", "singapore")
METRICS = ("pue", "wue_l_per_kwh", "cue_kg_per_kwh")
TABS = ("sankey", "losses", "months", "hours", "flags", "facts", "sources")


def page(service: Service, weather: Any, *more: Any) -> Any:
    """The whole page, with the card of weather beside and more cards at its end; made anew for each
    visit, so that it knows what the catalogue holds now."""
    return dmc.MantineProvider(
        theme=THEME,
        defaultColorScheme="auto",
        children=[
            dcc.Store(id="scheme"),
            dcc.Store(id="uploads", data={}),
            dcc.Store(id="upload-data"),
            dcc.Store(id="selected"),
            dcc.Store(id="changes"),
            dcc.Store(id="knobs-of"),
            dcc.Store(id="shown"),
            dmc.NotificationContainer(id="notify", position="top-right", autoClose=8000),
            html.A(say("skip"), href="#comparison", className="skip"),
            _head(),
            html.Div(
                className="page",
                children=[
                    html.Aside([*_choice(service), weather], className="side"),
                    html.Main([_comparison(), _result(), *more], className="main"),
                ],
            ),
            _foot(),
        ],
    )


def _head() -> Any:
    return html.Header(
        className="head",
        children=[
            html.H1(say("title")),
            html.Span(say("subtitle"), className="quiet"),
            html.A(say("sweeps"), href="#sweeps", className="push"),
            dmc.ColorSchemeToggle(
                id="toggle",
                lightIcon=html.Span("☀", className="glyph"),
                darkIcon=html.Span("☾", className="glyph"),
                variant="subtle",
                color="gray",
                size="lg",
                **{"aria-label": say("scheme")},
            ),
        ],
    )


def _foot() -> Any:
    return html.Footer(
        className="foot quiet",
        children=[
            html.P(say("footer", version=dctwin.package_version())),
            html.P(with_code(say("footer_sources"))),
        ],
    )


def with_code(text: str) -> list[Any]:
    """A text of which what stands between backticks is to be typed."""
    return [html.Code(part) if odd % 2 else part for odd, part in enumerate(text.split("`"))]


def _card(*children: Any, **props: Any) -> Any:
    return html.Section(list(children), className="card", **props)


# --- the choice on the left -----------------------------------------------------------------


def _choice(service: Service) -> list[Any]:
    designs, sites = service.designs(), service.sites()
    first_designs = [name for name in FIRST_DESIGNS if name in designs] or designs[:6]
    first_sites = [site for site in FIRST_SITES if site in sites] or sites[:3]
    return [
        _card(_chooser("designs", designs, first_designs)),
        _card(_chooser("sites", sites, first_sites)),
    ]


def _chooser(kind: str, names: Sequence[str], chosen: Sequence[str]) -> Any:
    """Names to pick from, found by typing a part of them; what is picked stays in view."""

    def button(which: str) -> Any:
        return dmc.Button(
            say(which),
            id=f"{kind}-{which}",
            variant="subtle",
            size="compact-xs",
            **{"aria-label": say(f"{which}_of", what=say(kind))},
        )

    return html.Div(
        [
            html.Div(
                [html.H2(say(kind), id=f"{kind}-label"), button("all"), button("none")],
                className="bar",
            ),
            dmc.MultiSelect(
                id=kind,
                data=list(names),
                value=list(chosen),
                searchable=True,
                hidePickedOptions=True,
                size="xs",
                maxDropdownHeight=320,
                placeholder=say("find"),
                nothingFoundMessage=say("find_none"),
                comboboxProps={"withinPortal": True},
                className="chooser",
                **{"aria-label": say(kind)},
            ),
        ]
    )


# --- the comparison -------------------------------------------------------------------------


def _comparison() -> Any:
    metrics = [{"value": name, "label": say(f"metric_{name}")} for name in METRICS]
    return _card(
        html.Div(
            [
                html.H2(say("comparison")),
                html.Span(say("comparison_hint"), className="quiet small"),
                html.Span(id="comparison-weather"),
                html.Div(
                    [
                        html.Span(id="comparison-facts", className="quiet small"),
                        dmc.Button(
                            say("download"), id="download", variant="default", size="compact-xs"
                        ),
                    ],
                    className="bar push",
                ),
            ],
            className="bar",
        ),
        html.Div(id="comparison-alert", role="status"),
        html.Div(table(), role="region", **{"aria-label": say("grid_label")}),
        html.Div(
            dmc.SegmentedControl(
                id="metric",
                data=metrics,
                value="pue",
                size="xs",
                attributes={"root": {"aria-label": say("metric")}},
            ),
            className="bar gap-above",
        ),
        html.Div(
            [_graph("bar"), _graph("map")],
            className="pair figures",
            id="pair-figures",
        ),
        id="comparison",
    )


def _graph(name: str) -> Any:
    return html.Div(
        dcc.Graph(id=name, config=GRAPH_CONFIG, figure=EMPTY_FIGURE),
        className="figure",
        id=f"{name}-box",
    )


EMPTY_FIGURE = {
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "height": 200,
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    }
}


# --- one result -----------------------------------------------------------------------------


def _result() -> Any:
    return _card(
        html.Div(id="result-head", className="bar"),
        html.Div(id="result-alert", role="alert"),
        html.Div(
            [
                html.Div(
                    [
                        html.Div(
                            [
                                html.H3(say("setpoints")),
                                dmc.Button(
                                    say("reset"),
                                    id="reset",
                                    variant="default",
                                    size="compact-xs",
                                    className="push",
                                ),
                            ],
                            className="bar",
                        ),
                        html.P(say("setpoints_hint"), className="quiet small"),
                        html.Div(id="knobs"),
                    ],
                    className="setpoints",
                ),
                html.Div(
                    [html.H3(id="change-title"), html.Div(id="change", **{"aria-live": "polite"})],
                    className="change",
                ),
            ],
            className="pair",
        ),
        dmc.Tabs(
            id="tab",
            value="sankey",
            className="gap-above",
            children=dmc.TabsList(
                [
                    dmc.TabsTab(
                        say("tab_flags", count=0) if name == "flags" else say(f"tab_{name}"),
                        value=name,
                        id=f"tab-{name}",
                    )
                    for name in TABS
                ],
                **{"aria-label": say("tabs")},
            ),
        ),
        html.Div(
            dmc.Select(
                id="column",
                label=say("column"),
                searchable=True,
                size="xs",
                allowDeselect=False,
                className="column",
                maw=420,
            ),
            id="column-box",
            style={"display": "none"},
        ),
        _graph("figure"),
        html.Div(id="words", className="scroll"),
        id="result",
    )


_FEW = 2  # so few supply set-points leave room for the others


def knob_rows(design: str, knobs: Sequence[Knob]) -> list[Any]:
    """A slider and a number for each set-point; rises and loads are folded away."""
    if not knobs:
        return [html.P(say("setpoints_none"), className="quiet")]
    main = [_knob(design, knob) for knob in knobs if knob.main]
    more = [_knob(design, knob) for knob in knobs if not knob.main]
    if more:
        main.append(
            html.Details([html.Summary(say("setpoints_more")), *more], open=len(main) <= _FEW)
        )
    return main


def _knob(design: str, knob: Knob) -> Any:
    def key(kind: str) -> dict[str, str]:
        return {"type": kind, "design": design, "path": knob.path}

    return html.Div(
        [
            dmc.NumberInput(
                id=key("number"),
                label=knob.label,
                value=knob.base,
                step=knob.step,
                size="xs",
                clampBehavior="none",
                debounce=400,
                className="number",
                decimalScale=3,
            ),
            dmc.Slider(
                id=key("slider"),
                value=knob.base,
                min=knob.low,
                max=knob.high,
                step=knob.step,
                size="sm",
                updatemode="mouseup",
                precision=2,
                className="slider",
                marks=[{"value": knob.base}],
                thumbLabel=say("slider_of", label=knob.label),
            ),
        ],
        className="knob",
    )
