"""The command line: `python -m transformer`."""

from __future__ import annotations

import os
import sys
import zlib
from typing import Any

import typer
from typer.core import TyperGroup

from transformer.commands import download, evaluate, models, trace, train, translate


class Commands(TyperGroup):
    """The commands; whatever goes wrong in one is a sentence on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was chosen."""
        if not sys.stdout.isatty():
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:  # the reader, such as `head`, has had enough
            forget_output()
            raise typer.Exit(0) from None
        except (ValueError, OSError, EOFError, zlib.error) as error:  # a slip of the user, or of the disk: no traceback
            typer.echo(sentence(error), err=True)
            forget_output()
            raise typer.Exit(1) from error


def sentence(error: Exception) -> str:
    """Say in one line what an error is."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'output'}: {error.strerror.lower()}"
    if isinstance(error, UnicodeDecodeError):
        return f"a file is no UTF-8 text: {error.reason}"
    return " ".join(str(error).split())


def forget_output() -> None:
    """Drop what standard output cannot take, so that Python does not stumble over it once more at the end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # no boxes: commands in it stay whole, to be copied
    epilog="""Results go to standard output, progress and errors to standard error.

\b
Exit codes:
  0    done; also when the reader of a pipe, such as head, has had enough
  1    bad input, or it could not be done: one sentence says why
  2    wrong usage
  130  stopped by Ctrl-C

\b
Begin with:
  python -m transformer translate "Je suis étudiant." --target en
  python -m transformer train --help
""",
)


@app.callback()
def main() -> None:
    """Translate with a small transformer, look inside it, measure it, and train one of your own."""


for module in (models, translate, trace, evaluate, download, train):
    name = module.__name__.rpartition(".")[2]
    app.command(name, epilog=module.EXAMPLES)(getattr(module, name))

if __name__ == "__main__":
    app()
