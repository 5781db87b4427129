"""`dctwin validate`, `weather` and `dashboard`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from dctwin.cli.console import (
    JsonFlag,
    OutOption,
    check_file,
    check_out,
    note,
    print_json,
    say,
    table,
)
from dctwin.errors import InputError

weather = typer.Typer(help="Look at a weather file, or make a weather year.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("validate", epilog="Example: dctwin validate")(validate)
    weather.command("inspect", epilog="Example: dctwin weather inspect tokyo.epw")(inspect)
    weather.command(
        "synthesize", epilog="Example: dctwin weather synthesize inzai --out inzai.csv"
    )(synthesize)
    app.add_typer(weather, name="weather")
    app.command("dashboard", epilog="Example: dctwin dashboard --port 8050")(dashboard)


def validate(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE]...", show_default=False, help="Cases by name; all when none is given."
        ),
    ] = None,
    as_json: JsonFlag = False,
    out: OutOption = None,
) -> None:
    """Predicted against published values: PASS or MISS, with tolerance, source and cause."""
    check_out(out)
    from importlib import import_module

    results = import_module("dctwin.validation.harness").run_cases(cases or [])
    rows = [asdict(result) for result in results]
    if out is not None:
        import json

        from dctwin.report import write_text

        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "validation.json", json.dumps(rows, indent=1, default=str))
    if as_json:
        print_json(rows)
    else:
        _print_validation(rows)
    if out is not None:
        note(f"validation.json is in {out}")


def _print_validation(rows: list[dict[str, Any]]) -> None:
    table(
        [
            ("", "left"),
            ("case", "left"),
            ("quantity", "left"),
            ("predicted", "right"),
            ("published", "right"),
            ("tolerance", "right"),
            ("source", "left"),
        ],
        [
            (
                "PASS" if row["passed"] else "MISS",
                row["case"],
                row["quantity"],
                _number(row["predicted"]),
                _number(row["published"]),
                _number(row["tolerance"]),
                " ".join(str(row["source"]).split()),
            )
            for row in rows
        ],
    )
    missed = [row for row in rows if not row["passed"]]
    for row in missed:
        say(f"MISS {row['case']} {row['quantity']}: {row['cause'] or 'cause not known'}", "red")
    say()
    say(f"{len(rows) - len(missed)} of {len(rows)} published values met within their tolerance")


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="EPW, TMY3, PVGIS JSON or CSV.")],
    as_json: JsonFlag = False,
) -> None:
    """Read a weather file and say what is in it: extremes, irradiation, gaps that were filled."""
    from dctwin.climate.files import read_weather

    summary = read_weather(file).head_summary()
    if as_json:
        print_json(summary)
        return
    rows: list[tuple[str, str, str]] = []
    for key, value in summary.items():
        if key == "notes":
            continue
        if isinstance(value, dict):
            rows += [
                (f"{key} {below}", *_with_unit(key, number)) for below, number in value.items()
            ]
        else:
            rows.append((key, *_with_unit(key, value)))
    table([("", "left"), ("", "left"), ("", "left")], rows)
    for text in summary["notes"]:
        say(f"note: {text}", "yellow")


def _with_unit(key: str, value: Any) -> tuple[str, str]:
    from dctwin.units import unit_of

    if value is None:
        return "not given", ""
    if isinstance(value, bool):
        return ("yes" if value else "no"), ""
    unit = unit_of(key.replace("_mean", "")) or ""
    if isinstance(value, float):
        return (f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"), unit
    return str(value), unit


def synthesize(
    site: Annotated[str, typer.Argument(metavar="SITE", help="Name of a site, or its file.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="CSV file to write.", show_default=False)
    ],
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", show_default=False, help="Another year of the same climate."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a weather year that has the site's monthly normals, and write it as CSV."""
    check_file(out, "--out")
    from dctwin.climate.csv_file import write_csv
    from dctwin.report import write_file
    from dctwin.site import load_site

    place = load_site(site)
    if place.file.climate is None:
        raise InputError(
            f"{place.name}: has a weather file and no monthly normals to make one from"
        )
    if seed is not None:
        place = place.replace({"climate.seed": seed})
    year = place.weather()
    write_file(out, lambda path: write_csv(year, path))
    if as_json:
        print_json({**year.head_summary(), "file": str(out)})
    else:
        say(f"{year.rows} rows of {year.source} are in {out}")


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8050,
) -> None:
    """Serve the web dashboard until interrupted."""
    from importlib import import_module

    try:
        start = import_module("dctwin.dashboard.app").main
    except ModuleNotFoundError as missing:
        raise InputError(f"the dashboard needs {missing.name}: pip install 'dctwin[web]'") from None
    start(host, port)
