"""Power chains compared, for people: the table as text, and one HTML page with figures.

No numbers are made here: every one is read off `chains.compare_chains` and its neighbours.
"""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dctwin.chains import chain_table, conductor_rows
from dctwin.files import write_text
from dctwin.report import PageFigures, conductor_html, html_page, html_table

if TYPE_CHECKING:
    import pandas as pd

    from dctwin.design import Facility

HEAD = (
    "design",
    "saves against",
    "load [%]",
    "efficiency [%]",
    "loss [kW]",
    "saves [%]",
    "ends at [V]",
    "busiest unit [%]",
    "one path lost [%]",
    "voltage drop [%]",
    "over its limits",
)
TEXT_COLUMNS = 2


def chain_rows(found: pd.DataFrame) -> list[list[str]]:
    """The comparison as text, one row a design and load; the baseline stands beside each saving."""
    return [
        [
            row["design"],
            "is the baseline" if row["design"] == row["baseline"] else row["baseline"],
            f"{100 * row['load_frac']:g}",
            f"{100 * row['efficiency_frac']:.2f}",
            f"{row['loss_kw']:,.1f}",
            "" if row["design"] == row["baseline"] else f"{100 * row['saving_frac']:+.2f}",
            "–" if row["end_v"] != row["end_v"] else f"{row['end_v']:.3g}",
            _percent(row["busiest_load_frac"]),
            _percent(row["path_lost_load_frac"]),
            _percent(row["voltage_drop_frac"], 2),
            "yes" if row["overloads"] else "no",
        ]
        for row in found.astype({"end_v": float}).to_dict("records")
    ]


def _percent(value: float | None, digits: int = 0) -> str:
    return "–" if value is None or value != value else f"{100 * value:.{digits}f}"


def unlike_rows(found: pd.DataFrame) -> list[tuple[str, str]]:
    """(design, in what it is not like the baseline, or overloaded), each said once."""
    rows: dict[tuple[str, str], None] = {}
    for row in found.to_dict("records"):
        if row["not_alike"]:
            rows[row["design"], f"not like {row['baseline']}: {row['not_alike']}"] = None
        if row["overloads"]:
            at = f"at {100 * row['load_frac']:g} % load"
            rows[row["design"], f"over its limits {at}: {row['overloads']}"] = None
    return list(rows)


def chains_html(
    found: pd.DataFrame, path: str | os.PathLike[str], facilities: Sequence[Facility]
) -> None:
    """Write one self-contained page: table, figure, stages at full load, conductors."""
    from dctwin.power_figures import chain_efficiency

    figures = PageFigures()
    base, it_kw = str(found["baseline"].iloc[0]), float(found["it_kw"].iloc[0])
    most = float(found["load_frac"].max())
    rows = chain_rows(found)
    classes = ["baseline" if row[0] == base else "" for row in rows]
    parts = [
        "<h1>Power chains compared</h1>",
        f'<p class="lead">Grid to servers on {it_kw:,.0f} kW of IT, without machinery and on-site '
        f"sources; every chain built for the same load. Baseline: {html.escape(base)}.</p>",
        "<h2>Efficiency, load of units, voltage</h2>",
        html_table(HEAD, rows, TEXT_COLUMNS, classes),
        figures.one(chain_efficiency(found)),
    ]
    unlike = unlike_rows(found)
    if unlike:
        parts += [
            "<h2>Not like for like</h2>",
            html_table(("design", "what differs or is overloaded"), unlike, 2, wrap=True),
        ]
    for facility in facilities:
        parts.append(f"<h2>{html.escape(facility.name)} at {100 * most:g} % load</h2>")
        parts.append(_stages(chain_table(facility, most)))
        parts.append(conductor_html(conductor_rows(facility)))
    write_text(path, html_page("power chains compared", parts))


def _stages(stages: pd.DataFrame) -> str:
    head = (
        "stage", "redundancy", "units", "load of each [%]", "one path lost [%]", "input [kW]",
        "loss [kW]", "efficiency [%]",
    )  # fmt: skip
    rows = [
        (
            row["stage"],
            row["redundancy"],
            f"{row['units_count']:g}",
            _percent(row["unit_load_frac"], 1),
            _percent(row["path_lost_load_frac"], 1),
            f"{row['input_kw']:,.1f}",
            f"{row['loss_kw']:,.2f}",
            _percent(row["efficiency_frac"], 2),
        )
        for row in stages.to_dict("records")
    ]
    return html_table(head, rows, 2)
