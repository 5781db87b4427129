"""The grid of the comparison: its columns, how wide they are and how numbers are written."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag

from .look import GRID_THEME
from .text import say

# column -> how d3 writes it; totals are shown in thousands (MWh, m³, t), shares in per cent.
COLUMNS: dict[str, str] = {
    "pue": "d3.format('.3f')(params.value)",
    "wue_l_per_kwh": "d3.format('.3f')(params.value)",
    "cue_kg_per_kwh": "d3.format('.3f')(params.value)",
    "facility_kwh": "d3.format(',.0f')(params.value / 1000)",
    "water_l": "d3.format(',.0f')(params.value / 1000)",
    "carbon_operational_kg": "d3.format(',.0f')(params.value / 1000)",
    "unmet_cooling_h": "d3.format(',.0f')(params.value)",
    "free_cooling_h_frac": "d3.format('.1f')(100 * params.value)",
    "mean_chiller_cop": "d3.format('.2f')(params.value)",
}
# Least widths [px]: together they fit beside the choice in a window of 1,400.
_WIDTHS: dict[str, int] = {
    "design": 202,
    "site": 82,
    "pue": 58,
    "wue_l_per_kwh": 66,
    "cue_kg_per_kwh": 76,
    "facility_kwh": 70,
    "water_l": 70,
    "carbon_operational_kg": 64,
    "unmet_cooling_h": 60,
    "free_cooling_h_frac": 66,
    "mean_chiller_cop": 66,
    "flags": 54,
    "weather": 110,
}
WARN_ABOVE_0 = ("unmet_cooling_h",)


def table() -> Any:
    """The grid; its rows come later."""
    numbers = [
        {
            "field": name,
            "headerName": say(f"column_{name}"),
            "headerTooltip": say(f"tip_{name}"),
            "type": "rightAligned",
            "minWidth": _WIDTHS[name],
            "valueFormatter": {"function": f"params.value == null ? '–' : {text}"},
            **({"cellClassRules": {"bad": "params.value > 0"}} if name in WARN_ABOVE_0 else {}),
        }
        for name, text in COLUMNS.items()
    ]
    columns = [
        {
            "field": "design",
            "headerName": say("column_design"),
            "minWidth": _WIDTHS["design"],
            "pinned": "left",
        },
        {"field": "site", "headerName": say("column_site"), "minWidth": _WIDTHS["site"]},
        *numbers,
        {
            "field": "flags",
            "headerName": say("column_flags"),
            "headerTooltip": say("tip_flags"),
            "type": "rightAligned",
            "minWidth": _WIDTHS["flags"],
        },
        {
            "field": "weather",
            "headerName": say("column_weather"),
            "headerTooltip": say("tip_weather"),
            "tooltipField": "weather",
            "minWidth": _WIDTHS["weather"],
            "flex": 1,
        },
    ]
    return dag.AgGrid(
        id="table",
        columnDefs=columns,
        rowData=[],
        getRowId="params.data.id",
        columnSize="responsiveSizeToFit",
        className="table",
        style={"height": None, "width": "100%"},
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        dashGridOptions={
            "theme": GRID_THEME,
            "rowSelection": {
                "mode": "singleRow",
                "enableClickSelection": True,
                "checkboxes": False,
            },
            "animateRows": False,
            "suppressCellFocus": False,
            "tooltipShowDelay": 300,
            "localeText": {"noRowsToShow": say("choose")},
        },
    )
