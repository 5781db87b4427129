"""Pieces of the page made from runs: table rows, heads, tables of words, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

import dctwin

from .grid import COLUMNS
from .look import themed
from .service import Row
from .text import say

# Metrics of the set-point panel; the sign of "better" of each: lower (-1) or higher (+1).
CHANGE_METRICS = {
    "pue": -1,
    "wue_l_per_kwh": -1,
    "cue_kg_per_kwh": -1,
    "facility_kwh": -1,
    "water_l": -1,
    "carbon_operational_kg": -1,
    "unmet_cooling_h": -1,
    "free_cooling_h_frac": 1,
}
_THOUSANDS = ("facility_kwh", "water_l", "carbon_operational_kg")
# Above so many designs the heat map alone is shown, at full width and scrolling.
SIDE_BY_SIDE = 15
# A relative change smaller than this is rounding, not a change.
_NO_CHANGE = 1e-9


# --- comparison -----------------------------------------------------------------------------


def table_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows for the grid, lowest PUE first; those without a PUE last."""
    ordered = sorted(rows, key=lambda r: (r.metrics["pue"] is None, r.metrics["pue"] or 0.0))
    return [
        {
            "id": f"{row.design}@{row.site}",
            "design": row.design,
            "site": row.site,
            **{name: row.metrics[name] for name in COLUMNS},
            "flags": row.flags,
            "weather": row.weather,
        }
        for row in ordered
    ]


def comparison_figures(rows: Sequence[Row], metric: str, dark: bool) -> tuple[Any, Any]:
    """The bar (or dot) figure and the heat map of a metric."""
    import pandas as pd

    table = pd.DataFrame([{"design": r.design, "site": r.site, **r.metrics} for r in rows])
    bar = themed(dctwin.comparison_bar(table, metric), dark)
    grid = themed(dctwin.heat_map(table, metric), dark)
    # One height for both, so that they stand side by side; the legend needs room of its own.
    height = max(240, 130 + 30 * table["design"].nunique())
    title = {"y": 0.98, "yref": "container", "yanchor": "top"}
    bar.update_layout(
        height=height,
        margin={"t": 44, "b": 78},
        title=title,
        legend={"yref": "container", "y": 0.0, "yanchor": "bottom"},
    )
    return bar, grid.update_layout(height=height, margin={"t": 72}, title=title)


def synthetic_badge(service: Any, sites: Sequence[str], uploads: Mapping[str, Any]) -> Any:
    """Which of the sites stand on a synthetic year, or nothing."""
    made = [s for s in sites if service.surroundings(s, uploads).weather.synthetic]
    if not made:
        return None
    if len(made) == len(sites):
        return badge(say("comparison_synthetic"), "warn")
    return badge(say("comparison_synthetic_at", sites=", ".join(made)), "warn")


def badge(text: str, kind: str) -> Any:
    """A short remark set apart: `warn`, `note` or `new`."""
    return html.Span(text, className=f"badge {kind}")


def fault_alert(lines: Sequence[str], title: str) -> Any:
    """Faults of dctwin, one line each, or nothing."""
    if not lines:
        return None
    return dmc.Alert(
        [html.Div(line) for line in lines],
        title=title,
        color="red",
        variant="light",
        className="alert",
    )


# --- one result -----------------------------------------------------------------------------


def result_head(design: Any, site: Any, weather: str, synthetic: bool, changed: bool) -> list[Any]:
    """Name of the result and badges that say what it stands on."""
    badges: list[Any] = []
    if changed:
        badges.append(badge(say("badge_changed"), "new"))
    if synthetic:
        badges.append(badge(say("badge_synthetic"), "warn"))
    elif weather.endswith(say("weather_uploaded", name="").strip()):
        badges.append(badge(say("badge_uploaded"), "note"))
    return [
        html.H2(say("result_at", design=design.name, site=site.name), id="result-title"),
        *badges,
        html.Span(f"{design.title} · {site.file.title}", className="quiet small wide"),
    ]


def change_table(base: Mapping[str, Any], now: Mapping[str, Any], seconds: float | None) -> Any:
    """Key figures as the design stands and, when it is changed, with the difference."""
    if seconds is None:
        rows = [[say(f"column_{name}"), _number(name, base[name])] for name in CHANGE_METRICS]
        return word_table([say("change_metric"), say("key_value")], rows, "numbers")
    head = [say(k) for k in ("change_metric", "change_base", "change_now", "change_difference")]
    body = [
        _change_row(name, better, base[name], now[name]) for name, better in CHANGE_METRICS.items()
    ]
    note = html.Div(say("change_time", ms=1000 * seconds), className="quiet small")
    return html.Div([word_table(head, body, "numbers"), note])


def _change_row(name: str, better: int, base: float | None, now: float | None) -> list[Any]:
    cells = [say(f"column_{name}"), _number(name, base), _number(name, now)]
    if base is None or now is None:
        return [*cells, "–"]
    difference = now - base
    if abs(difference) <= _NO_CHANGE * max(abs(base), abs(now)):
        return [*cells, html.Span(say("change_none"), className="quiet")]
    arrow = "▲" if difference > 0 else "▼"
    kind = "good" if difference * better > 0 else "bad"
    text = f"{arrow} {_number(name, difference, sign='+')}".replace("-", "−")
    return [*cells, html.Span(text, className=kind, id=f"change-{name}")]


def _number(name: str, value: float | None, sign: str = "") -> str:
    if value is None:
        return "–"
    if name in _THOUSANDS:
        shown = value / 1000
        return f"{shown:{sign},.0f}" if abs(shown) >= 100 or not sign else f"{shown:{sign},.2f}"
    if name.endswith("_frac"):
        return f"{100 * value:{sign}.1f}"
    return f"{value:{sign},.0f}" if name.endswith("_h") else f"{value:{sign}.4f}"


def result_figure(run: Any, tab: str, column: str | None, utc_offset_h: float, dark: bool) -> Any:
    """The figure of a tab, or None where the tab shows words."""
    if tab == "sankey":
        return themed(dctwin.energy_sankey(run), dark)
    if tab == "losses":
        return themed(dctwin.loss_waterfall(run), dark)
    if tab == "months":
        return themed(dctwin.monthly_stack(run), dark)
    if tab == "hours" and column:
        return themed(dctwin.heat_map_24x365(run, column, utc_offset_h), dark)
    return None


def column_choice(run: Any, chosen: str | None) -> tuple[list[dict[str, str]], str]:
    """Columns that vary over the year, and the one to show: the chosen one if it is there."""
    frame = run.frame
    names = [name for name in frame.columns if frame[name].nunique() > 1]
    data = [{"value": name, "label": dctwin.column_title(name)} for name in names]
    preferred = (chosen, "cooling.chiller_kw", "facility_kw", *names)
    return data, next((name for name in preferred if name in names), "")


def result_words(run: Any, tab: str, design: Any, site: Any) -> Any:
    """The table of a tab, or None where the tab shows a figure."""
    if tab == "flags":
        return flag_table(run)
    if tab == "facts":
        return fact_tables(run)
    return source_table(run, design, site) if tab == "sources" else None


def flag_table(run: Any) -> Any:
    """Limits that were passed, most hours first."""
    if not run.flags:
        return html.P(say("flags_none"))
    keys = ("flag_place", "flag_limit", "flag_hours", "flag_worst", "flag_first")
    rows = [
        [
            flag.place,
            flag.limit,
            f"{flag.count_h:,.0f}",
            f"{flag.worst:.3g} {'' if flag.unit == '-' else flag.unit}".strip(),
            flag.first_utc.replace("T", " ").removesuffix("Z"),
        ]
        for flag in sorted(run.flags, key=lambda flag: -flag.count_h)
    ]
    return word_table([say(key) for key in keys], rows)


def fact_tables(run: Any) -> Any:
    """Every metric by group; an undefined one with its reason, an assumed one with a mark."""
    money = dctwin.money_of(run.metrics)
    groups = []
    for group, labels in dctwin.METRIC_GROUPS.items():
        rows = []
        for name, label in labels.items():
            if name not in run.metrics:
                continue
            value = run.metrics[name]
            text = dctwin.metric_text(name, value)
            if name in run.assumed:
                text = f"{text}{dctwin.ASSUMED_MARK}"
            if value is None:
                text = html.Span(say("undefined", why=run.undefined[name]), className="quiet")
            rows.append([label, text, dctwin.metric_unit(name, money)])
        groups.append(html.Div([html.H3(group), word_table((), rows, "facts")]))
    return html.Div(
        [
            html.Div(groups, className="facts-grid"),
            html.P(dctwin.ASSUMED_NOTE, className="quiet"),
            assumed_table(run),
        ]
    )


def assumed_table(run: Any) -> Any:
    """The assumed prices and factors of a run, each with its value, range and source."""
    rows = [
        [
            row["name"],
            _amount(row["value"], row["unit"]),
            _range(row["low"], row["high"]),
            row["source"],
        ]
        for row in run.provenance.get("accounting", {}).get("factors", ())
        if row["status"] == "assumed"
    ]
    keys = ("assumed_name", "assumed_value", "assumed_range", "assumed_source")
    return word_table([say(key) for key in keys], rows, "sources assumed")


def _amount(value: float, unit: str) -> str:
    """A value with its unit, `0.015/year` for a share a year."""
    text = dctwin.value_text(float(f"{value:.4g}"))
    bare = unit.removeprefix("-")
    return f"{text}{bare}" if bare != unit else f"{text} {unit}"


def _range(low: float, high: float) -> str:
    return f"{dctwin.value_text(low)} to {dctwin.value_text(high)}" if low < high else ""


def source_table(run: Any, design: Any, site: Any) -> Any:
    """Where weather, grid and machines come from."""
    weather, climate = run.provenance["weather"], site.file.climate
    factors = run.provenance.get("accounting", {}).get("factors", ())
    given = {row["name"]: row for row in factors}
    weather_text = weather["source"]
    if weather["synthetic"] and climate is not None:
        weather_text = f"{weather_text}; {climate.source}"
    none = say("source_none")

    def used(series: str) -> str:
        row = given.get(f"site.{series}")
        return say("source_status", source=row["source"], status=row["status"]) if row else none

    gaps = {name.removesuffix("_rel"): gap for name, gap in run.closure.items()}
    closure = ", ".join(f"{name} {gap:.0e}" if gap else f"{name} 0" for name, gap in gaps.items())
    rows = [
        [say("source_weather"), weather_text],
        [say("source_notes"), "; ".join(weather["notes"]) or none],
        [say("source_grid"), used("carbon_kg_per_kwh")],
        [say("source_water"), used("water_l_per_kwh")],
        [say("source_tariff"), used("price_per_kwh")],
        [say("source_equipment"), ", ".join(sorted(design.equipment())) or none],
        [say("source_closure"), closure],
    ]
    return word_table((), rows, "sources")


def word_table(head: Sequence[Any], rows: Sequence[Sequence[Any]], kind: str = "") -> Any:
    """A plain HTML table; the first cell of a row is its heading."""
    body = [
        html.Tr([html.Th(row[0], scope="row"), *(html.Td(cell) for cell in row[1:])])
        for row in rows
    ]
    heads = [html.Thead(html.Tr([html.Th(cell, scope="col") for cell in head]))] if head else []
    return html.Table([*heads, html.Tbody(body)], className=f"words {kind}".strip())
