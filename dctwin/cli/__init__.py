"""The command line: `dctwin COMMAND`. Verbs in, exit codes out; the work is done elsewhere.

Exit codes: 0 done, 1 the computation failed for a stated reason, 2 bad input (one line a fault),
130 interrupted. A traceback appears only with --debug.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from dctwin.cli import catalogue, compare, power, simulate, sweep, tools
from dctwin.errors import DctwinError

INTERRUPTED = 130

app = typer.Typer(
    name="dctwin",
    help="Digital twin of a data center's cooling and power: every watt, litre and gram accounted "
    "for.",
    epilog="Start with: dctwin list designs, then dctwin run chilled-water-tower-ac --site inzai",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(version("dctwin"))
        except PackageNotFoundError:
            typer.echo("0+source")
        raise typer.Exit()


@app.callback()
def _everywhere(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (anywhere in the line).")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """`main` reads --debug itself, so that it works after the command too."""


catalogue.add_to(app)
simulate.add_to(app)
compare.add_to(app)
power.add_to(app)
sweep.add_to(app)
tools.add_to(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `dctwin`: run the command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without UTF-8 shows ? instead of failing
            stream.reconfigure(errors="replace")
    sys.exit(_run([word for word in given if word != "--debug"], "--debug" in given))


def _run(words: list[str], debug: bool) -> int:
    try:
        code = app(words, prog_name="dctwin", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        return _reader_left()
    except SystemExit as leaving:  # typer turns a closed pipe into this, and exit code 1
        if isinstance(leaving.__context__, BrokenPipeError):
            return _reader_left()
        raise
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except DctwinError as problem:
        if debug:
            raise
        print(problem, file=sys.stderr)
        return problem.exit_code
    except Exception as problem:
        if debug:
            raise
        return _unexpected(problem)


def _reader_left() -> int:
    """The reader has seen enough (`dctwin list | head`): say nothing, also not at shutdown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return 0


def _unexpected(problem: Exception) -> int:
    """One line for a wrong command line, for a full disk, and for a fault of ours."""
    say = getattr(problem, "format_message", None)  # typer's usage errors
    if say is not None:
        text = " ".join(str(say()).split())
        if text:
            context = getattr(problem, "ctx", None)
            command = context.command_path if context is not None else "dctwin"
            print(f"{text} (see {command} --help)", file=sys.stderr)
        elif context := getattr(problem, "ctx", None):  # a bare `dctwin weather`
            print(context.get_help())
        return 2
    if isinstance(problem, typer.Abort):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    if isinstance(problem, OSError):
        place = f"{problem.filename}: " if problem.filename else ""
        print(f"{place}{problem.strerror or problem}", file=sys.stderr)
        return 1
    print(
        f"internal error: {type(problem).__name__}: {' '.join(str(problem).split())} "
        "(--debug shows where)",
        file=sys.stderr,
    )
    return 1
