"""Results for people: the comparison of designs as a table and as one HTML page.

No numbers are made here: every one is read off a `Run`. Figures are drawn in `figures.py`.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dctwin.comparison import (
    Comparison,
    by_pue,
    metrics_table,
    savings_frac,
    undefined_by_reason,
    worst_design,
)
from dctwin.files import write_text
from dctwin.labels import (
    ASSUMED_MARK,
    ASSUMED_NOTE,
    KEY_METRICS,
    large,
    metric_text,
    metric_unit,
    money_of,
    short_label,
)
from dctwin.losses import loss_rows

if TYPE_CHECKING:
    from dctwin.result import Outcome, Run


def comparison_head(
    runs: Sequence[Run | Outcome], metrics: Sequence[str] = KEY_METRICS
) -> list[str]:
    """Headings of the comparison table, with units."""
    head = ["design", "site"]
    money = _money(runs)
    for name in metrics:
        if name.startswith("cost_"):
            unit = metric_unit(name, money) if money else f"per {metric_unit(name)}"
        else:
            unit = large(name, None)[1]
        head.append(f"{short_label(name)} [{unit}]" if unit else short_label(name))
        if name == "pue":
            head.append("vs baseline [%]")
    return head


def comparison_rows(
    runs: Sequence[Run | Outcome], baseline: str, metrics: Sequence[str] = KEY_METRICS
) -> list[list[str]]:
    """The comparison table as text, lowest PUE first; assumed figures carry a mark."""
    changes = savings_frac(runs, baseline)
    shared = bool(_money(runs))
    rows = []
    for run in by_pue(runs):
        row = [run.design, run.site]
        for name in metrics:
            row.append(_cell(name, run, shared))
            if name == "pue":
                change = changes[run.design, run.site]
                own = run.design == baseline
                row.append("baseline" if own else "–" if change is None else f"{100 * change:+.1f}")
        rows.append(row)
    return rows


def _money(runs: Sequence[Run | Outcome]) -> str:
    """The money that all sites share, or nothing: then each cell names its own."""
    found = {money_of(run.metrics) for run in runs if run.metrics["currency"]}
    return found.pop() if len(found) == 1 else ""


def _cell(name: str, run: Run | Outcome, shared: bool) -> str:
    value = run.metrics[name]
    if value is None:
        return "–"
    mark = ASSUMED_MARK if name in run.assumed else ""
    if not name.startswith("cost_"):
        return large(name, value)[0] + mark
    text = f"{value:,.0f}" if abs(value) >= 1000 else metric_text(name, value)
    return text + mark + ("" if shared else f" {money_of(run.metrics)}")


def site_rows(runs: Iterable[Run | Outcome]) -> list[tuple[str, str, str, str]]:
    """Each site once: its grid's carbon, its energy price and its connection, with their status."""
    found: dict[str, tuple[str, str, str, str]] = {}
    for run in runs:
        rows = {r["name"]: r for r in run.provenance.get("accounting", {}).get("factors", ())}
        carbon, price = rows.get("site.carbon_kg_per_kwh"), rows.get("site.price_per_kwh")
        link = run.provenance["site"].get("connection", {})
        since = link.get("available_from")
        found.setdefault(
            run.site,
            (
                run.site,
                f"{carbon['value']:.3f} ({carbon['status']})" if carbon else "–",
                f"{price['value']:.3g} ({money_of(run.metrics)}, {price['status']})"
                if price
                else "–",
                f"{since} ({link['status']})" if since else "–",
            ),
        )
    return list(found.values())


SITE_HEAD = ("site", "grid, mean [kg/kWh]", "energy, mean [per kWh]", "connection from")


# --- the comparison page --------------------------------------------------------------------

# Above so many designs the dots of several sites lie on each other; the heat map says the same.
_DOTS_READABLE = 15
_METAL = ("copper_kg", "aluminium_kg", "embodied_kg")
# A longer table scrolls within itself, its heading in view.
_ROWS_SHOWN = 30

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  color: #1c2733; background: #fff; margin: 0 auto; max-width: 1360px; padding: 32px 28px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 44px 0 8px; padding-top: 14px; border-top: 1px solid #d9dfe5; }
p { margin: 6px 0; max-width: 80ch; }
.lead, .quiet { color: #5a6875; }
.scroll { overflow-x: auto; }
.tall { max-height: 70vh; overflow-y: auto; }
.tall th { position: sticky; top: 0; background: #fff; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 600; color: #5a6875; border-bottom: 2px solid #c6ced6;
  padding: 6px 8px; vertical-align: bottom; }
td { text-align: right; padding: 4px 8px; border-bottom: 1px solid #eceff2; white-space: nowrap; }
th.text, td.text { text-align: left; }
td.wrap { white-space: normal; }
tr.baseline td { background: #f4f6f8; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
.figure { min-width: 0; }
@media (max-width: 900px) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media print {
  .tall { max-height: none; }
  body { max-width: none; } h2 { break-after: avoid; } .figure { break-inside: avoid; }
}
"""


def compare_html(
    runs: Iterable[Run] | Comparison,
    path: str | os.PathLike[str],
    baseline: str | None = None,
    metrics: Sequence[str] = KEY_METRICS,
) -> None:
    """Write one self-contained page (it loads nothing): table, figures, sources, flags."""
    shown = runs if isinstance(runs, Comparison) else Comparison.of(runs)
    write_text(path, comparison_page(shown, baseline or worst_design(shown.outcomes), metrics))


def comparison_page(
    comparison: Comparison, baseline: str, metrics: Sequence[str] = KEY_METRICS
) -> str:
    """A comparison as one HTML page with plotly.js inside it, once."""
    from dctwin import figures, power_figures, run_figures

    runs, best = comparison.outcomes, comparison.best_runs()
    frame = metrics_table(by_pue(runs))
    designs, sites = frame["design"].nunique(), frame["site"].nunique()
    shown = PageFigures()
    parts = [_head(runs, baseline, designs, sites), _key_table(runs, baseline, metrics)]
    parts.append("<h2>Where the overhead goes</h2>")
    parts.append(shown.one(figures.overhead_bar(runs, best[0].site)))
    if sites > 1:
        if designs <= _DOTS_READABLE:
            parts.append(shown.one(figures.comparison_bar(frame)))
        parts.append("<h2>Designs and sites</h2>")
        for metric in ("pue", "wue_l_per_kwh", "cue_kg_per_kwh"):
            parts.append(shown.one(figures.heat_map(frame, metric)))
    else:
        parts.append("<h2>Water and carbon</h2>")
        bars = [figures.comparison_bar(frame, m) for m in ("wue_l_per_kwh", "cue_kg_per_kwh")]
        parts.append(shown.pair(*bars))
    parts.append("<h2>The best design of each site</h2>")
    for run in best:
        parts.append(shown.one(run_figures.energy_sankey(run)))
        parts.append(shown.one(power_figures.loss_waterfall(run)))
        parts += [_losses(run), conductor_html(run.provenance.get("conductors", ()))]
        parts.append(shown.one(run_figures.monthly_stack(run)))
    parts += [_flag_table(runs), _undefined(runs), _factors(runs), _sources(runs)]
    title = f"{designs} designs at {sites} sites" if sites > 1 else f"designs at {runs[0].site}"
    return html_page(title, parts)


def html_page(title: str, parts: Sequence[str]) -> str:
    """A page that loads nothing, of these parts."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>dctwin: {html.escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


class PageFigures:
    """Turns figures into HTML; the first one carries plotly.js for all."""

    def __init__(self) -> None:
        self.first = True

    def one(self, figure: Any) -> str:
        text = figure.to_html(
            full_html=False,
            include_plotlyjs=self.first,
            config={
                "displaylogo": False,
                "responsive": True,
                "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
            },
        )
        self.first = False
        return f'<div class="figure">{text}</div>'

    def pair(self, left: Any, right: Any) -> str:
        return f'<div class="pair">{self.one(left)}{self.one(right)}</div>'


def _head(runs: Sequence[Outcome], baseline: str, designs: int, sites: int) -> str:
    run = runs[0]
    made = any(r.provenance["weather"]["synthetic"] for r in runs)
    weather = " Synthetic weather years with each site's monthly normals." if made else ""
    names = sorted({r.site for r in runs})
    return (
        "<h1>Data center designs compared</h1>"
        f'<p class="lead">{designs} design{"s" * (designs > 1)} at {sites} '
        f"site{'s' * (sites > 1)} ({html.escape(', '.join(names))}), {run.hours_h:,.0f} h in steps "
        f"of {run.step_h:g} h.{weather} Baseline: {html.escape(baseline)}. "
        f"dctwin {html.escape(str(run.provenance['version']))}.</p>"
    )


def _key_table(runs: Sequence[Outcome], baseline: str, metrics: Sequence[str]) -> str:
    rows = comparison_rows(runs, baseline, metrics)
    classes = ["baseline" if row[0] == baseline else "" for row in rows]
    return (
        "<h2>Key figures, lowest PUE first</h2>"
        + html_table(comparison_head(runs, metrics), rows, text_columns=2, classes=classes)
        + '<p class="quiet">vs baseline: facility energy per IT energy against the baseline at the '
        "same site. WUE source adds the water of electricity generation. "
        f"{ASSUMED_NOTE}, listed below with their sources.</p>"
    )


def html_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    text_columns: int,
    classes: Sequence[str] = (),
    wrap: bool = False,
) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        kinds = ["text" + " wrap" * wrap if k < text_columns else "" for k in range(len(row))]
        return "".join(
            f'<{tag} class="{kind}">{html.escape(cell)}</{tag}>'
            if kind
            else f"<{tag}>{html.escape(cell)}</{tag}>"
            for kind, cell in zip(kinds, row, strict=True)
        )

    rows = list(rows)
    body = "".join(
        f'<tr class="{classes[k]}">{cells("td", row)}</tr>'
        if k < len(classes) and classes[k]
        else f"<tr>{cells('td', row)}</tr>"
        for k, row in enumerate(rows)
    )
    tall = " tall" * (len(rows) > _ROWS_SHOWN)
    return (
        f'<div class="scroll{tall}"><table><thead><tr>{cells("th", head)}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _losses(run: Run) -> str:
    """PUE by metering category, and every stage from the grid to the chips with what it loses."""
    pue = ", ".join(
        f"category {category} {'–' if value is None else f'{value:.3f}'}"
        for category, value in run.pue_by_category().items()
    )
    rows = [
        (
            row["stage"],
            row["fed_from"],
            row["heat_to"],
            f"{row['input_kwh'] / 1000:,.1f}",
            f"{row['loss_kwh'] / 1000:,.2f}",
            "–" if row["efficiency_frac"] is None else f"{100 * row['efficiency_frac']:.2f}",
        )
        for row in loss_rows(run.ledger)
    ]
    head = ("stage", "fed from", "heat to", "input [MWh]", "loss [MWh]", "efficiency [%]")
    return (
        f"<p>{html.escape(run.design)} at {html.escape(run.site)}, PUE with IT metered at UPS "
        f"output (1), PDU output (2), IT input (3): {pue}</p>" + html_table(head, rows, 3)
    )


def conductor_html(rows: Sequence[Mapping[str, Any]]) -> str:
    """Metal in a design's conductors and the carbon of making it; empty without conductors."""
    if not rows:
        return ""
    cells = [
        (row["stage"], *(f"{row[name]:,.0f}" for name in _METAL))
        for row in (*rows, {"stage": "all", **{n: sum(r[n] for r in rows) for n in _METAL}})
    ]
    head = ("conductors", "copper [kg]", "aluminium [kg]", "embodied [kg CO2e]")
    return html_table(head, cells, 1)


def _flag_table(runs: Sequence[Outcome]) -> str:
    rows = [
        (
            run.design,
            run.site,
            flag.place,
            f"{flag.limit}: {flag.note}" if flag.note else flag.limit,
            f"{flag.count_h:,.0f}",
            f"{flag.worst:.3g} {'' if flag.unit == '-' else flag.unit}".strip(),
            flag.first_utc,
        )
        for run in by_pue(runs)
        for flag in sorted(run.flags, key=lambda flag: -flag.count_h)
    ]
    if not rows:
        return "<h2>Flags</h2><p>No device left its valid range, no limit was passed.</p>"
    head = ("design", "site", "place", "limit", "hours", "worst by", "first (UTC)")
    return (
        "<h2>Flags</h2><p class='quiet'>Hours outside a valid range or past a limit; results there "
        "are extrapolated or unmet.</p>" + html_table(head, rows, text_columns=4)
    )


def _undefined(runs: Sequence[Outcome]) -> str:
    reasons = undefined_by_reason(runs)
    if not reasons:
        return ""
    rows = [(", ".join(names), why) for why, names in reasons.items()]
    return "<h2>Not defined here</h2>" + html_table(("metrics", "reason"), rows, 2, wrap=True)


def _factors(runs: Sequence[Outcome]) -> str:
    """Prices and carbon factors that the results stand on, the assumed ones first."""
    found = {
        (row["name"], run.site if row["name"].startswith("site.") else ""): row
        for run in runs
        for row in run.provenance.get("accounting", {}).get("factors", ())
    }
    if not found:
        return ""
    rows = [
        (
            row["name"],
            site,
            row["status"],
            row["source"],
            f"{row['value']:.4g}",
            f"{row['low']:g} to {row['high']:g}" if row["low"] < row["high"] else "",
            row["unit"],
        )
        for (_, site), row in sorted(
            found.items(), key=lambda item: (item[1]["status"] != "assumed", *item[0])
        )
    ]
    head = ("name", "site", "status", "source", "value", "range", "unit")
    return "<h2>Prices and factors</h2>" + html_table(head, rows, 4, wrap=True)


def _sources(runs: Sequence[Outcome]) -> str:
    weather: dict[str, Mapping[str, Any]] = {r.site: r.provenance["weather"] for r in runs}
    rows = [
        (site, str(entry["source"]), str(entry["sha256"])[:12], "; ".join(entry["notes"]))
        for site, entry in sorted(weather.items())
    ]
    designs = {r.design: r.provenance for r in runs}
    design_rows = [
        (name, str(p["design"]["sha256"])[:12], ", ".join(p["equipment"]) or "none from it")
        for name, p in sorted(designs.items())
    ]
    worst = {key: max(run.closure[key] for run in runs) for key in runs[0].closure}
    closure = ", ".join(f"{k.removesuffix('_rel')} {gap:.0e}" for k, gap in worst.items())
    return (
        "<h2>Sources</h2>"
        + html_table(SITE_HEAD, site_rows(runs), 4)
        + "<p></p>"
        + html_table(("site", "weather", "SHA-256", "notes"), rows, 4, wrap=True)
        + "<p></p>"
        + html_table(("design", "SHA-256", "equipment of the catalogue"), design_rows, 3, wrap=True)
        + f'<p class="quiet">Largest imbalance of the books at any node and step: {closure}. '
        "`dctwin show NAME` tells the source of every machine and site.</p>"
    )
