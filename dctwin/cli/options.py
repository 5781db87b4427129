"""Options and arguments that commands share, and how the others are declared in a line or two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def optional(metavar: str, help_text: str, *names: str, **more: Any) -> Any:
    """An option that is nothing when it is left out; of the parameter's name when none is given."""
    return typer.Option(*names, metavar=metavar, show_default=False, help=help_text, **more)


JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
OutOption = Annotated[Path | None, optional("DIR", "Folder for the files of the result.", "--out")]
DesignArgument = Annotated[
    str, typer.Argument(metavar="DESIGN", help="Name of a design, or its file.")
]
SiteOption = Annotated[
    str, typer.Option("--site", metavar="SITE", help="Name of a site, or its file.")
]
SetOption = Annotated[
    list[str] | None,
    optional(
        "PATH=VALUE",
        "Change a value of the design, e.g. cooling.loops.fws.supply_c=40; may be repeated.",
        "--set",
    ),
]
SetSiteOption = Annotated[
    list[str] | None,
    optional(
        "PATH=VALUE",
        "Change a value of the site, e.g. tariff.carbon_jpy_per_kg=4.3; may be repeated.",
        "--set-site",
    ),
]
StepOption = Annotated[
    str, typer.Option("--step", metavar="5min|15min|30min|1h", help="Length of a time step.")
]
