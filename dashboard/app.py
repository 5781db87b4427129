"""The dashboard as a Dash app, and the server that `dctwin dashboard` starts."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import dash
from waitress import create_server

import dctwin

from . import callbacks, sweeps, weather
from .layout import page
from .notices import unexpected
from .service import MIB, Service
from .text import say

REQUEST_BYTES = 16 * MIB
_THREADS = 8  # a browser keeps six connections open
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The page may load from its own server only. Dash and plotly need inline script and style, and
# plotly compiles its expressions ('unsafe-eval'); images are drawn by the browser itself.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)


def make_app(service: Service | None = None) -> dash.Dash:
    """The app; `app.server` is the WSGI application for any other server."""
    service = service or Service()
    app = dash.Dash(
        __name__,
        title=say("title"),
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,  # set-points and buttons come and go
        on_error=unexpected,
        index_string=_index(),
    )
    app.layout = lambda: page(service, weather.card(), sweeps.section(service))
    callbacks.register(app, service)
    weather.register(app, service)
    sweeps.register(app, service)
    app.server.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES

    @app.server.after_request
    def guard(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app


def _index() -> str:
    return """<!DOCTYPE html>
<html lang="en">
  <head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
  <body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def main(host: str = "127.0.0.1", port: int = 8050, results: str | Path = "results") -> None:
    """Serve the dashboard until interrupted; port 0 takes a free one.

    results   folder whose sweeps are shown
    """
    app = make_app(Service(results))
    # Requests of one page that wait a moment for each other are no news for the terminal.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        server = create_server(
            app.server,
            host=host,
            port=port,
            threads=_THREADS,
            max_request_body_size=REQUEST_BYTES,
            ident="dctwin",
        )
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        fault = say("cannot_listen", host=host, port=port, why=why)
        raise dctwin.InputError(fault) from None
    # A name such as localhost may stand for several addresses; each has its own socket then.
    bound = getattr(server, "effective_port", None) or server.effective_listen[0][1]
    shown = f"[{host}]" if ":" in host else host
    print(say("serving", address=f"http://{shown}:{bound}/"), flush=True)
    if host not in LOOPBACK:
        print(say("open_to_all", host=shown), flush=True)
    server.run()
