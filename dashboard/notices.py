"""Notifications in the corner of the page."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from dash import html, no_update, set_props

from .text import say

_LOG = logging.getLogger("dctwin.dashboard")


def unexpected(problem: Exception) -> Any:
    """A fault of ours: said on the page, shown in the terminal, and the page goes on."""
    _LOG.error("callback failed", exc_info=problem)
    kind = type(problem).__name__
    notify(say("internal"), [say("internal_body", kind=kind)], "red")
    return no_update


def notify(title: str, lines: Sequence[str], color: str, stay: bool = False) -> None:
    """A notification in the corner; `stay` keeps it until it is closed."""
    set_props(
        "notify",
        {
            "sendNotifications": [
                {
                    "action": "show",
                    "title": title,
                    "color": color,
                    "autoClose": False if stay else 8000,
                    "message": html.Div([html.Div(line) for line in lines], className="lines"),
                }
            ]
        },
    )
