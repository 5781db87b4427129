"""Commands about the power path alone: chains compared, swings of power."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dctwin.cli.console import (
    check_out,
    columns_that_fit,
    note,
    print_json,
    say,
    table,
)
from dctwin.cli.options import DesignArgument, JsonFlag, OutOption, optional
from dctwin.errors import InputError

if TYPE_CHECKING:
    from dctwin.design import Facility


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command(
        "swing",
        epilog="Example: dctwin swing dtc-warm-water-ac --frequency-hz 0.5 --low-frac 0.2 "
        "--buffer 2:1500:5",
    )(swing)


def compare_chains(
    facilities: Sequence[Facility],
    baseline: str | None,
    it_kw: float | None,
    load_frac: Sequence[float] | None,
    as_json: bool,
    html: Path | None,
    out: Path | None,
) -> None:
    """Power chains alone on one IT load, with the baseline named beside every saving."""
    from dctwin.chains import DEFAULT_IT_KW, LOAD_FRACS
    from dctwin.chains import compare_chains as compare
    from dctwin.chains_report import HEAD, TEXT_COLUMNS, chain_rows, chains_html, unlike_rows

    kw = DEFAULT_IT_KW if it_kw is None else it_kw
    found = compare(facilities, kw, tuple(load_frac or LOAD_FRACS), baseline)
    if out is not None:
        from dctwin.files import write_text

        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "chains.csv", found.to_csv(index=False))
    if html is not None:
        chains_html(found, html, facilities)
    if as_json:
        # What is not a number in the table is null.
        print_json(found.astype(object).where(found.notna(), None).to_dict("records"))
    else:
        say(f"Grid to servers on {kw:,.0f} kW of IT; every chain built for the same load", "bold")
        left = ["left"] * TEXT_COLUMNS + ["right"] * (len(HEAD) - TEXT_COLUMNS)
        columns, rows = list(zip(HEAD, left, strict=True)), chain_rows(found)
        fitting = columns_that_fit(columns, rows)
        table(columns[:fitting], [row[:fitting] for row in rows])
        if fitting < len(columns):
            say(f"no room here for {', '.join(HEAD[fitting:])}: --html and --json have all", "dim")
        for design, text in unlike_rows(found):
            say(f"  {design}: {text}", "yellow")
    if html is not None:
        note(f"the report is {html}")
    if out is not None:
        note(f"chains.csv is in {out}")


def swing(
    design: DesignArgument,
    frequency_hz: Annotated[
        float, typer.Option("--frequency-hz", help="How often the job repeats.")
    ] = 0.5,
    low_frac: Annotated[
        float, typer.Option("--low-frac", help="Load of the servers while they communicate.")
    ] = 0.2,
    high_frac: Annotated[
        float, typer.Option("--high-frac", help="Load of the servers while they compute.")
    ] = 1.0,
    duty_frac: Annotated[
        float, typer.Option("--duty-frac", help="Share of a period spent computing.")
    ] = 0.7,
    pattern: Annotated[str, typer.Option("--pattern", metavar="square|sine")] = "square",
    rise_s: Annotated[float, typer.Option("--rise-s", help="Time to rise and to fall.")] = 0.05,
    racks: Annotated[
        list[str] | None,
        optional("GROUP", "Who swings; all.", "--racks"),
    ] = None,
    floor_frac: Annotated[
        float, typer.Option("--floor-frac", help="Software keeps racks above this share of full.")
    ] = 0.0,
    ramp_frac_per_s: Annotated[
        float | None,
        typer.Option(
            "--ramp-frac-per-s", show_default=False, help="Software limits the ramp, of full a s."
        ),
    ] = None,
    buffer: Annotated[
        list[str] | None,
        optional(
            "KWH:KW:S|NAME:COUNT:S|own:S",
            "Store beside the racks: energy, power and time constant; a store of the "
            "catalogue; or those in the design's racks. Repeat, nearest first.",
            "--buffer",
        ),
    ] = None,
    as_json: JsonFlag = False,
    out: OutOption = None,
) -> None:
    """Follow a synchronous job's power within seconds: what the grid sees, with and without
    smoothing."""
    check_out(out)
    if pattern not in ("square", "sine"):
        raise InputError(f"--pattern: square or sine (got {pattern!r})")
    from dctwin.swings import power_swing

    done = power_swing(
        design,
        frequency_hz,
        low_frac,
        high_frac,
        duty_frac,
        pattern,  # type: ignore[arg-type]
        rise_s,
        racks or None,
        floor_frac,
        float("inf") if ramp_frac_per_s is None else ramp_frac_per_s,
        list(buffer or ()),
    )
    if out is not None:
        from dctwin.files import write_text

        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "swing.csv", done.frame.to_csv(index=False))
    found = done.metrics
    if as_json:
        print_json({**found, "closure_rel": done.closure_rel()})
    else:
        say(f"{done.design}: {pattern} of {frequency_hz:g} Hz at the grid", "bold")
        rows = [
            (label, f"{found[f'unsmoothed_grid_{key}']:,.1f}", f"{found[f'grid_{key}']:,.1f}", unit)
            for label, key, unit in (
                ("mean", "mean_kw", "kW"),
                ("peak", "peak_kw", "kW"),
                ("swing", "swing_kw", "kW"),
                ("steepest ramp", "ramp_kw_per_s", "kW/s"),
                ("swing within 0.1-20 Hz, rms", "band_rms_kw", "kW"),
                ("strongest sine", "strongest_kw", "kW"),
            )
        ]
        table([("", "left"), ("without", "right"), ("smoothed", "right"), ("", "left")], rows, 2)
        for label, key in (
            ("burned by software", "burned_frac"),
            ("work held back", "held_back_frac"),
            ("lost in buffers", "buffer_loss_frac"),
        ):
            say(f"  {label}: {100 * found[key]:.2f} % of what the servers asked")
    if out is not None:
        note(f"swing.csv is in {out}")
