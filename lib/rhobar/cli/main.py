"""
The command ``rhobar``: parse, call the library, print.

Bad input ends with one line on standard error and a status other than 0; files appear complete or
not at all. Heavy libraries are imported by the commands that need them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from .audit import audit
from .data import data_app
from .describe import describe

app = typer.Typer(
    name="rhobar",
    help="Descriptors, kernels and models of atomic structures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(describe)
app.command()(audit)
app.add_typer(data_app, name="data")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(args=arguments, standalone_mode=False, prog_name="rhobar") or 0
    except typer.TyperException as error:
        status = getattr(error, "exit_code", 2)
        _complain(getattr(error, "format_message", error.__str__)())
    except (ValueError, OSError, MemoryError) as error:
        status = 1
        _complain(str(error) or type(error).__name__)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
        _complain("interrupted")
    sys.exit(status)


def _complain(message: str) -> None:
    """One line on standard error, whatever the message looks like."""
    print(f"rhobar: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201


def _print_version(wanted: bool) -> None:
    if wanted:
        from rhobar import __version__

        typer.echo(f"rhobar {__version__}")
        raise typer.Exit


@app.callback()
def _options_of_all(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say it and stop."),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
) -> None:
    del version  # its callback has answered
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(name)s: %(message)s",
    )
