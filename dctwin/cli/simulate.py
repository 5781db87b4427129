"""`dctwin run` and `transient`: the engines from the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dctwin.cli.console import (
    check_out,
    check_readable,
    note,
    print_json,
    progress,
    say,
    table,
)
from dctwin.cli.options import (
    DesignArgument,
    JsonFlag,
    OutOption,
    SetOption,
    SetSiteOption,
    SiteOption,
    StepOption,
    optional,
)
from dctwin.errors import InputError

if TYPE_CHECKING:
    from dctwin.result import Run
    from dctwin.site import Site

_FLAGS_SHOWN = 5
_EVENTS_SHOWN = 60
_STEP_S = (0.001, 60)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command(
        "run", epilog="Example: dctwin run chilled-water-tower-ac --site inzai --out results/inzai"
    )(run)
    app.command(
        "transient",
        epilog="Example: dctwin transient chilled-water-tower-ac --site inzai "
        "--scenario utility-outage",
    )(transient)


def changes_of(words: Iterable[str] | None, option: str = "--set") -> dict[str, Any]:
    """`path=value` words as changes of a design or a site; values are read as in a file.

    A value that begins with a bracket or a brace is a list or a mapping.
    """
    from dctwin.document import load_document, parse_scalar

    changes: dict[str, Any] = {}
    for word in words or ():
        path, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not path:
            raise InputError(f"{option}: must be path=value (got {word!r})")
        if path in changes:
            raise InputError(f"{option}: {path} is given twice")
        if value.startswith(("[", "{")):
            changes[path] = load_document(option, f"{path}: {value}").data[path]
        else:
            changes[path] = parse_scalar(value)
    return changes


def site_of(name: str, words: Iterable[str] | None) -> Site:
    """A site by name or file, with the values of `--set-site`."""
    from dctwin.site import load_site

    changes = changes_of(words, "--set-site")
    site = load_site(name)
    return site.replace(changes) if changes else site


def run(
    design: DesignArgument,
    site: SiteOption,
    weather: Annotated[
        Path | None,
        optional("FILE", "Weather in place of the site's: EPW, TMY3, PVGIS JSON or CSV."),
    ] = None,
    grid: Annotated[
        Path | None,
        optional("FILE", "Hourly carbon intensity (CSV, Electricity Maps columns accepted)."),
    ] = None,
    price: Annotated[
        Path | None,
        optional("FILE", "Hourly energy price (CSV)."),
    ] = None,
    set_: SetOption = None,
    set_site: SetSiteOption = None,
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

    place = site_of(site, set_site)
    result = simulate(design, place, weather, grid, price, step, changes or None)
    if out is not None:
        result.save(out)
    if as_json:
        print_json(result.document())
    else:
        _print_run(result)
    if out is not None:
        note(f"run.json and run.parquet are in {out}")


def _print_run(run: Run) -> None:
    from dctwin.labels import ASSUMED_MARK, METRIC_GROUPS, metric_text, metric_unit, money_of

    _print_head(run)
    money = money_of(run.metrics)
    energy = run.energy_kwh()
    for group, labels in METRIC_GROUPS.items():
        rows = [
            (
                label,
                metric_text(name, run.metrics[name]),
                ASSUMED_MARK if name in run.assumed else "",
                metric_unit(name, money),
                name,
            )
            for name, label in labels.items()
            if run.metrics.get(name) is not None
        ]
        if rows:
            _heading(group)
            table([("", "left"), ("", "right"), *[("", "left")] * 3], rows, 2)
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
    if link := run.provenance["site"].get("connection"):
        say(f"a new grid connection: from {link['available_from']} ({link['status']})", "dim")


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
    from dctwin.labels import ASSUMED_NOTE

    assumed, factors = books["assumed"], books["factors"]
    say(
        f"  {ASSUMED_NOTE}: {len(assumed)} of {len(factors)} here are (--json lists them with "
        f"their ranges, and which stand behind which figure); defaults are of "
        f"{books['default_price_year']}",
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


def transient(
    design: DesignArgument,
    site: SiteOption,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME_OR_FILE", help="What happens, and when.")
    ],
    step_s: Annotated[
        float | None,
        optional(
            "SECONDS", "Time step, 0.001 to 60; the scenario's own when left out.", "--step-s"
        ),
    ] = None,
    set_: SetOption = None,
    set_site: SetSiteOption = None,
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
            site_of(site, set_site),
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
