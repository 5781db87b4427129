"""`dctwin validate`, `weather` and `dashboard`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from dctwin.cli.console import (
    check_file,
    check_out,
    json_text,
    note,
    print_json,
    progress,
    say,
    table,
)
from dctwin.cli.options import JsonFlag, OutOption
from dctwin.errors import InputError
from dctwin.files import write_file, write_text

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
    """Predicted against published values: pass or MISS, with tolerance, source and cause."""
    check_out(out)
    from importlib import import_module

    harness = import_module("dctwin.validation.harness")
    names = list(dict.fromkeys(cases)) if cases else harness.case_names()
    with progress("cases") as step_done:
        begun = iter(range(len(names)))
        results = harness.run_cases(names, progress=lambda _: step_done(next(begun), len(names)))
    rows = [{**asdict(result), "verdict": result.verdict} for result in results]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "validation.json", json_text(rows))
    if as_json:
        print_json(rows)
    else:
        for line in harness.format_results(results).splitlines():
            say(line, "bold red" if line.endswith("MISS") else "")
    if out is not None:
        note(f"validation.json is in {out}")


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
    results: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder whose sweeps are shown.")
    ] = Path("results"),
) -> None:
    """Serve the web dashboard until interrupted."""
    from importlib import import_module

    try:
        start = import_module("dctwin.dashboard.app").main
    except ModuleNotFoundError as missing:
        raise InputError(f"the dashboard needs {missing.name}: pip install 'dctwin[web]'") from None
    start(host, port, results)
