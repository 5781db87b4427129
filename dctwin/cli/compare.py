"""`dctwin compare`: designs at sites in one table, and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dctwin.cli.console import (
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
from dctwin.cli.options import (
    JsonFlag,
    OutOption,
    SetOption,
    SetSiteOption,
    StepOption,
    optional,
)
from dctwin.cli.simulate import changes_of, site_of
from dctwin.errors import InputError, nearest

if TYPE_CHECKING:
    from dctwin.comparison import GridFiles
    from dctwin.result import Outcome
    from dctwin.site import Site


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command(
        "compare", epilog="Example: dctwin compare --site inzai --site ishikari --html report.html"
    )(compare)


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
        optional(
            "SITE", "Site by name or file, may be repeated; all when none is given.", "--site"
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        optional(
            "DESIGN",
            "Design that the others are held against; the first one given, or the "
            "one with the highest PUE.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        optional("FILE", "Write a self-contained report with figures.", "--html"),
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
    columns: Annotated[
        str | None,
        optional(
            "METRIC,...",
            "Columns of the table: names of metrics, or regions; the key figures if left out.",
        ),
    ] = None,
    grid: Annotated[
        list[str] | None,
        optional("[SITE=]FILE", "Hourly carbon intensity of a site (CSV); may be repeated."),
    ] = None,
    price: Annotated[
        list[str] | None,
        optional(
            "[SITE=]FILE",
            "Energy price of a site (CSV), or the spot file of JEPX for all that have an "
            "area in it; may be repeated.",
        ),
    ] = None,
    set_: SetOption = None,
    set_site: SetSiteOption = None,
    step: StepOption = "1h",
    as_json: JsonFlag = False,
    out: OutOption = None,
) -> None:
    """Compare designs at sites: a table by PUE, WUE, CUE and the rest, best first."""
    check_out(out)
    check_file(html, "--html")
    changes = changes_of(set_)
    from dctwin.comparison import (
        Comparison,
        each_run,
        metrics_table,
        rows_by_pue,
        worst_design,
    )
    from dctwin.design import load_design
    from dctwin.files import write_text
    from dctwin.labels import column_metrics
    from dctwin.library import entries

    metrics = column_metrics("key" if columns is None else columns)
    facilities = [load_design(name) for name in _once(designs or list(entries("designs")))]
    if changes:
        facilities = [facility.replace(changes) for facility in facilities]
    if chains:
        if site or set_site or grid or price or columns:
            raise InputError(
                "--chains: needs no site, leave --site, --set-site, --grid, --price and "
                "--columns out"
            )
        from dctwin.cli.power import compare_chains

        compare_chains(facilities, baseline, it_kw, load_frac, as_json, html, out)
        return
    if it_kw is not None or load_frac:
        raise InputError("--it-kw and --load-frac go with --chains")
    places = [site_of(name, set_site) for name in _once(site or list(entries("sites")))]
    if not facilities:
        raise InputError("no designs found: name a design file")
    names = _names("design", facilities)
    _names("site", places)
    if baseline is not None and baseline not in names:
        raise InputError(f"--baseline: {baseline!r} is not compared, {nearest(baseline, names)}")
    files = _grid_files(places, grid, price)
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
            files,
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

        compare_html(found, html, base, metrics)
    if out is not None:
        write_text(out / "compare.csv", metrics_table(runs).to_csv(index=False))
    if as_json:
        print_json(rows_by_pue(runs))
    else:
        _print_comparison(runs, base, metrics)
    if html is not None:
        note(f"the report is {html}")
    if out is not None:
        note(f"compare.csv and a folder for every run are in {out}")


def _grid_files(
    places: Sequence[Site], grid: Sequence[str] | None, price: Sequence[str] | None
) -> dict[str, GridFiles]:
    """The files of `--grid` and `--price` by the name of the site they are for."""
    from dctwin.comparison import GridFiles

    found = {"grid": _by_site("--grid", grid, places), "price": _by_site("--price", price, places)}
    return {
        place.name: GridFiles(found["grid"].get(place.name), found["price"].get(place.name))
        for place in places
    }


def _by_site(option: str, words: Sequence[str] | None, places: Sequence[Site]) -> dict[str, Path]:
    """Site -> file, from `SITE=FILE`, or from `FILE` for a single site or the file of JEPX."""
    from dctwin.jepx import is_jepx

    names, found = [place.name for place in places], {}
    for word in words or ():
        name, equals, file = word.partition("=")
        if equals and name not in names:
            raise InputError(f"{option}: {name!r} is not compared, {nearest(name, names)}")
        path = Path(file if equals else word)
        check_readable(path)
        some = [name] if equals else names
        if not equals and option == "--price" and is_jepx(path):
            some = [place.name for place in places if place.file.jepx_area]
            left = sorted(set(names) - set(some))
            if left:
                note(f"{path}: has no area of {', '.join(left)}, whose own prices stay")
        elif len(some) > 1:
            raise InputError(f"{option}: {path} is of one place, write {names[0]}={path}")
        for one in some:
            if one in found:
                raise InputError(f"{option}: {one} is given twice")
            found[one] = path
    return found


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


def _print_comparison(runs: list[Outcome], baseline: str, metrics: Sequence[str]) -> None:
    from dctwin.labels import ASSUMED_NOTE
    from dctwin.report import SITE_HEAD, comparison_head, comparison_rows, site_rows

    columns = [
        (name, "left" if name in ("design", "site") else "right")
        for name in comparison_head(runs, metrics)
    ]
    rows = comparison_rows(runs, baseline, metrics)
    fitting = columns_that_fit(columns, rows)
    table(columns[:fitting], [row[:fitting] for row in rows])
    if fitting < len(columns):
        left_out = ", ".join(name for name, _ in columns[fitting:])
        say(f"no room here for {left_out}: --out, --html and --json have all", "dim")
    say()
    table([(name, "left") for name in SITE_HEAD], site_rows(runs))
    say()
    say(f"{ASSUMED_NOTE} (--html and --json name them)")
    if "pue" in metrics:
        say(f"vs baseline: facility energy per IT energy against {baseline} at the same site")
    flagged = [run for run in runs if run.flags]
    if flagged:
        say(
            f"{len(flagged)} of {len(runs)} runs left a valid range or a limit: "
            "dctwin run DESIGN --site SITE tells where"
        )
