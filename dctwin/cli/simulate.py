"""`dctwin run`, `compare` and `transient`: the engines from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dctwin.cli.console import (
    JsonFlag,
    OutOption,
    check_file,
    check_out,
    check_readable,
    columns_that_fit,
    note,
    print_json,
    progress,
    say,
    table,
)
from dctwin.errors import InputError, nearest

if TYPE_CHECKING:
    from dctwin.result import Outcome, Run

_FLAGS_SHOWN = 5
_EVENTS_SHOWN = 60
_STEP_S = (0.001, 60)

DesignArgument = Annotated[
    str, typer.Argument(metavar="DESIGN", help="Name of a design, or its file.")
]
SiteOption = Annotated[
    str, typer.Option("--site", metavar="SITE", help="Name of a site, or its file.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        show_default=False,
        help="Change a value of the design, e.g. cooling.loops.fws.supply_c=40; may be repeated.",
    ),
]
StepOption = Annotated[
    str, typer.Option("--step", metavar="5min|15min|30min|1h", help="Length of a time step.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command(
        "run", epilog="Example: dctwin run chilled-water-tower-ac --site inzai --out results/inzai"
    )(run)
    app.command(
        "compare", epilog="Example: dctwin compare --site inzai --site ishikari --html report.html"
    )(compare)
    app.command(
        "transient",
        epilog="Example: dctwin transient chilled-water-tower-ac --site inzai "
        "--scenario utility-outage",
    )(transient)


def changes_of(words: Iterable[str] | None) -> dict[str, Any]:
    """`path=value` words as changes of a design; values are read as in a file."""
    from dctwin.document import parse_scalar

    changes: dict[str, Any] = {}
    for word in words or ():
        path, equals, value = word.partition("=")
        if not equals or not path.strip():
            raise InputError(f"--set: must be path=value (got {word!r})")
        if path.strip() in changes:
            raise InputError(f"--set: {path.strip()} is given twice")
        changes[path.strip()] = parse_scalar(value.strip())
    return changes


def run(
    design: DesignArgument,
    site: SiteOption,
    weather: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Weather in place of the site's: EPW, TMY3, PVGIS JSON or CSV.",
        ),
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Hourly carbon intensity (CSV, Electricity Maps columns accepted).",
        ),
    ] = None,
    price: Annotated[
        Path | None,
        typer.Option(metavar="FILE", show_default=False, help="Hourly energy price (CSV)."),
    ] = None,
    set_: SetOption = None,
    step: StepOption = "1h",
    as_json: JsonFlag = False,
    out: OutOption = None,
) -> None:
    """Simulate one year of a design at a site: metrics, energy, water, carbon, cost."""
    changes = changes_of(set_)
    for file in (grid, price):
        check_readable(file)
    check_out(out)
    from dctwin.api import simulate

    result = simulate(design, site, weather, grid, price, step, changes or None)
    if out is not None:
        result.save(out)
    if as_json:
        print_json(result.document())
    else:
        _print_run(result)
    if out is not None:
        note(f"run.json and run.parquet are in {out}")


def _print_run(run: Run) -> None:
    from dctwin.labels import METRIC_GROUPS, metric_text, metric_unit

    _print_head(run)
    currency = str(run.metrics.get("currency") or "")
    energy = run.energy_kwh()
    for group, labels in METRIC_GROUPS.items():
        rows = [
            (label, metric_text(name, run.metrics[name]), metric_unit(name, currency), name)
            for name, label in labels.items()
            if run.metrics.get(name) is not None
        ]
        if rows:
            _heading(group)
            table([("", "left"), ("", "right"), ("", "left"), ("", "left")], rows, 2)
        if group == "Energy":
            _heading("Energy by account")
            _print_accounts(energy)
    _print_power(run)
    _print_assumed(run)
    _print_reasons(run)
    _print_closure_and_flags(run)


def _print_head(run: Run) -> None:
    weather = run.provenance.get("weather", {})
    say(f"{run.design} at {run.site}", "bold")
    hours = len(run.times_utc) * run.ledger.step_h
    kind = "synthetic weather" if weather.get("synthetic") else "weather"
    say(f"{hours:,.0f} h in steps of {run.ledger.step_h:g} h; {kind}: {weather.get('source', '')}")
    for text in weather.get("notes", ()):
        say(f"weather note: {text}", "dim")


def _heading(text: str) -> None:
    say()
    say(text, "bold")


def _print_accounts(energy: dict[str, float]) -> None:
    total = sum(energy.values())
    rows = [
        (name, f"{kwh:,.0f}", "kWh", f"{100 * kwh / total:.1f} %" if total > 0 else "–")
        for name, kwh in sorted(energy.items(), key=lambda item: -item[1])
    ]
    rows.append(("facility", f"{total:,.0f}", "kWh", ""))
    table([("", "left"), ("", "right"), ("", "left"), ("", "right")], rows, 2)


def _print_power(run: Run) -> None:
    """PUE by metering category, and what the conductors are made of."""
    _heading("Power path")
    found = [f"{k}: {v:.3f}" for k, v in run.pue_by_category().items() if v is not None]
    say(f"  PUE metered at UPS output (1), PDU output (2), IT input (3): {', '.join(found)}")
    metal = run.provenance.get("conductors", ())
    if metal:
        copper, aluminium, carbon = (
            sum(row[name] for row in metal) for name in ("copper_kg", "aluminium_kg", "embodied_kg")
        )
        say(
            f"  conductors: {copper:,.0f} kg of copper, {aluminium:,.0f} kg of aluminium, "
            f"{carbon:,.0f} kg CO2e to make"
        )
    say("  --json and the report of compare --html list every stage and conductor", "dim")


def _print_assumed(run: Run) -> None:
    """That prices and carbon factors are mostly assumptions, and what they leave out."""
    books = run.provenance.get("accounting")
    if not books:
        return
    assumed, factors = books["assumed"], books["factors"]
    say(
        f"  cost and embodied carbon stand on {len(assumed)} assumed of {len(factors)} prices and "
        f"factors, money of {books['price_year']} (--json lists them with their ranges)",
        "dim",
    )
    if books["not_counted"]:
        say(f"  not counted, no factors: {', '.join(books['not_counted'])}", "yellow")


def _print_reasons(run: Run) -> None:
    from dctwin.comparison import undefined_by_reason

    if run.undefined:
        _heading("Not defined here")
        for reason, names in undefined_by_reason([run]).items():
            say(f"  {', '.join(names)}: {reason}")


def _print_closure_and_flags(run: Run) -> None:
    _heading("Books")
    say(
        "  largest imbalance at any node and step: "
        + ", ".join(f"{name.removesuffix('_rel')} {gap:.0e}" for name, gap in run.closure.items())
    )
    _heading(f"Flags: {len(run.flags) or 'none'}")
    worst = sorted(run.flags, key=lambda flag: -flag.count_h)
    for flag in worst[:_FLAGS_SHOWN]:
        say(f"  {flag}", "yellow")
    if len(worst) > _FLAGS_SHOWN:
        say(f"  and {len(worst) - _FLAGS_SHOWN} more (--json lists all)")


def compare(
    designs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DESIGN]...",
            show_default=False,
            help="Designs by name or file; all of the catalogue when none is given.",
        ),
    ] = None,
    site: Annotated[
        list[str] | None,
        typer.Option(
            "--site",
            metavar="SITE",
            show_default=False,
            help="Site by name or file, may be repeated; all when none is given.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="DESIGN",
            show_default=False,
            help="Design that the others are held against; the first one given, or the "
            "one with the highest PUE.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            show_default=False,
            help="Write a self-contained report with figures.",
        ),
    ] = None,
    chains: Annotated[
        bool,
        typer.Option("--chains", help="The power chains alone on one IT load; needs no site."),
    ] = False,
    it_kw: Annotated[
        float | None,
        typer.Option("--it-kw", show_default=False, help="IT load of --chains; 1,000 kW."),
    ] = None,
    load_frac: Annotated[
        list[float] | None,
        typer.Option(
            "--load-frac",
            show_default=False,
            help="Share of full load of --chains, may be repeated; 0.1 to 1 when none is given.",
        ),
    ] = None,
    step: StepOption = "1h",
    as_json: JsonFlag = False,
    out: OutOption = None,
) -> None:
    """Compare designs at sites: a table by PUE, WUE, CUE and the rest, best first."""
    check_out(out)
    check_file(html, "--html")
    from dctwin.comparison import (
        Comparison,
        each_run,
        metrics_table,
        rows_by_pue,
        worst_design,
    )
    from dctwin.design import load_design
    from dctwin.files import write_text
    from dctwin.library import entries
    from dctwin.site import load_site

    facilities = [load_design(name) for name in _once(designs or list(entries("designs")))]
    if chains:
        if site:
            raise InputError("--chains: needs no site, leave --site out")
        from dctwin.cli.power import compare_chains

        compare_chains(facilities, baseline, it_kw, load_frac, as_json, html, out)
        return
    if it_kw is not None or load_frac:
        raise InputError("--it-kw and --load-frac go with --chains")
    places = [load_site(name) for name in _once(site or list(entries("sites")))]
    if not facilities:
        raise InputError("no designs found: name a design file")
    names = _names("design", facilities)
    _names("site", places)
    if baseline is not None and baseline not in names:
        raise InputError(f"--baseline: {baseline!r} is not compared, {nearest(baseline, names)}")
    missing: list[tuple[str, str, InputError]] = []
    # Who names both asks for just these pairs; who takes all of one gets the pairs that can be.
    named = bool(designs and site)
    found = Comparison()
    with progress("runs") as step_done:
        for run in each_run(
            facilities,
            places,
            step,
            step_done,
            None if named else lambda *pair: missing.append(pair),
        ):
            found.add(run)
            if out is not None:
                run.save(out / f"{run.design}-at-{run.site}")
    runs = found.outcomes
    if not runs:
        raise missing[0][2]
    _note_missing(missing)
    base = baseline or (names[0] if designs else worst_design(runs))
    if html is not None:
        from dctwin.report import compare_html

        compare_html(found, html, base)
    if out is not None:
        write_text(out / "compare.csv", metrics_table(runs).to_csv(index=False))
    if as_json:
        print_json(rows_by_pue(runs))
    else:
        _print_comparison(runs, base)
    if html is not None:
        note(f"the report is {html}")
    if out is not None:
        note(f"compare.csv and a folder for every run are in {out}")


def _note_missing(missing: Sequence[tuple[str, str, InputError]]) -> None:
    """Which pairs were left out, one line a design and reason."""
    sites: dict[tuple[str, str], list[str]] = {}
    for design, site, problem in missing:
        reason = str(problem).removeprefix(f"site {site}: ")
        sites.setdefault((design, reason), []).append(site)
    for (design, reason), names in sites.items():
        note(f"left out: {design} at {', '.join(names)}: {reason}")


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _names(kind: str, things: Sequence[Any]) -> list[str]:
    """The names of designs or sites; a table cannot tell two of one name apart."""
    names = [thing.name for thing in things]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two {kind} files have the name {name!r}: rename one")
    return names


def _print_comparison(runs: list[Outcome], baseline: str) -> None:
    from dctwin.report import comparison_head, comparison_rows

    columns = [
        (name, "left" if name in ("design", "site") else "right") for name in comparison_head(runs)
    ]
    rows = comparison_rows(runs, baseline)
    fitting = columns_that_fit(columns, rows)
    table(columns[:fitting], [row[:fitting] for row in rows])
    if fitting < len(columns):
        left_out = ", ".join(name for name, _ in columns[fitting:])
        say(f"no room here for {left_out}: --out, --html and --json have all", "dim")
    say()
    say(f"vs baseline: facility energy per IT energy against {baseline} at the same site")
    flagged = [run for run in runs if run.flags]
    if flagged:
        say(
            f"{len(flagged)} of {len(runs)} runs left a valid range or a limit: "
            "dctwin run DESIGN --site SITE tells where"
        )


def transient(
    design: DesignArgument,
    site: SiteOption,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME_OR_FILE", help="What happens, and when.")
    ],
    step_s: Annotated[
        float | None,
        typer.Option(
            "--step-s",
            metavar="SECONDS",
            show_default=False,
            help="Time step, 0.001 to 60; the scenario's own when left out.",
        ),
    ] = None,
    set_: SetOption = None,
    as_json: JsonFlag = False,
    out: OutOption = None,
) -> None:
    """Simulate seconds to hours: faults, outages and ramps, and the time until a limit."""
    changes = changes_of(set_)
    check_out(out)
    if step_s is not None and not _STEP_S[0] <= step_s <= _STEP_S[1]:
        raise InputError(f"--step-s: allowed {_STEP_S[0]} to {_STEP_S[1]} s (got {step_s:g})")
    from dctwin.api import transient as follow

    with progress("per cent") as step_done:
        result = follow(
            design,
            site,
            scenario,
            step_s,
            changes or None,
            progress=lambda share: step_done(round(100 * share), 100),
        )
    if out is not None:
        result.save(out)
    if as_json:
        print_json(result.document())
    else:
        _print_transient(result, scenario)
    if out is not None:
        note(f"run.json and run.parquet are in {out}")


def _print_transient(run: Run, scenario: str) -> None:
    say(f"{run.design} at {run.site}: {scenario}", "bold")
    _heading("Events")
    events = [dict(event) for event in run.events]
    table(
        [("time [s]", "right"), ("event", "left"), ("detail", "left")],
        [
            (f"{event['time_s']:,.0f}", str(event["event"]), str(event.get("detail", "")))
            for event in events[:_EVENTS_SHOWN]
        ],
        2,
    )
    if len(events) > _EVENTS_SHOWN:
        say(f"  and {len(events) - _EVENTS_SHOWN} more (--json lists all)")
    _heading("Time to limit")
    reached_s = run.metrics["time_to_limit_s"]
    say(
        "  no limit was passed"
        if reached_s is None
        else f"  {reached_s:,.0f} s after the first event"
    )
    _print_closure_and_flags(run)
