"""Colours of the page, and figures of dctwin made to fit a light or a dark page."""

from __future__ import annotations

from typing import Any

# Ink, quiet ink and grid lines of a figure on a light and on a dark page.
_LIGHT = {"ink": "#1c2733", "quiet": "#5a6875", "grid": "#e3e7eb"}
_DARK = {"ink": "#dfe3e8", "quiet": "#a3adb8", "grid": "#3a4048"}
_CLEAR = "rgba(0,0,0,0)"

THEME = {
    "primaryColor": "blue",
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
    "defaultRadius": "sm",
    "headings": {"fontWeight": "600"},
}
# AG Grid takes its colours from the page, so that it follows light and dark without a word.
GRID_THEME = {
    "function": "themeQuartz.withParams({"
    "backgroundColor: 'var(--surface)', foregroundColor: 'var(--ink)', "
    "headerBackgroundColor: 'var(--surface-2)', borderColor: 'var(--line)', "
    "selectedRowBackgroundColor: 'var(--chosen)', rowHoverColor: 'var(--surface-2)', "
    "accentColor: 'var(--accent)', browserColorScheme: 'inherit', "
    "fontFamily: 'inherit', fontSize: 13, spacing: 5, cellHorizontalPadding: 7, "
    "wrapperBorderRadius: 4})"
}
GRAPH_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


def themed(figure: Any, dark: bool, height: int | None = None) -> Any:
    """The figure on the page's own background, its title smaller, its ink in the page's."""
    colors = _DARK if dark else _LIGHT
    axis = {"gridcolor": colors["grid"], "linecolor": colors["grid"]}
    figure.update_layout(
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        font={"color": colors["ink"], "size": 12},
        title={"font": {"size": 14, "color": colors["ink"]}},
        legend={"bgcolor": _CLEAR},
        modebar={"bgcolor": _CLEAR, "color": colors["quiet"], "activecolor": colors["ink"]},
        **({"height": height} if height else {}),
    )
    figure.update_traces(textfont_color=colors["ink"], selector={"type": "sankey"})
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure
