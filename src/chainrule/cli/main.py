"""The command `chainrule`: a file a command, each loaded when it is called. One style of error for all."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from chainrule import __version__
from chainrule.graph.errors import ChainruleError

COMMANDS = (
    "demo",
    "train",
    "predict",
    "evaluate",
    "explain",
    "diagnose",
    "derive",
    "work",
    "notes",
    "figures",
)
"""The commands, in the order of the help; each is the module of its name, with a Typer application `app`."""
DONE, BAD_INPUT, BAD_CALL, INTERRUPTED = 0, 1, 2, 130


class _Commands(TyperGroup):
    """Finds a command by importing its module."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command: Any = get_command(import_module(f"chainrule.cli.{cmd_name}").app)
        command.name, command.rich_markup_mode = cmd_name, "markdown"
        return command


app = typer.Typer(
    cls=_Commands,
    help="Neural networks that show their working.",
    epilog="Each command has --help with examples.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    if version:
        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 0 done, 1 the input or the data is at fault, 2 the call is.

    A command finds how it was called, as one line, as `obj` of its context.
    """
    try:
        called = shlex.join(["chainrule", *(sys.argv[1:] if arguments is None else arguments)])
        result = get_command(app).main(arguments, prog_name="chainrule", standalone_mode=False, obj=called)
        sys.stdout.flush()
    except ChainruleError as fault:
        return _failed(str(fault), BAD_INPUT)
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    except OSError as fault:
        what = fault.strerror or str(fault)
        return _failed(f"{what}: {fault.filename}" if fault.filename else what, BAD_INPUT)
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    except Exception as fault:
        show = getattr(fault, "show", None)  # a wrong call: Typer knows how to say it
        if show is None:
            raise
        show()
        return BAD_CALL
    return result if isinstance(result, int) else DONE


def _noted(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"chainrule: note: {message}", file=sys.stderr)


def _failed(message: str, status: int) -> int:
    sys.stdout.flush()
    print(f"chainrule: {message}", file=sys.stderr)
    return status


def entry() -> None:
    """The console script: warnings are notes on standard error."""
    warnings.showwarning = _noted
    sys.exit(main())
