"""The command line: `python -m transformer`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Translate with the bundled transformer, on the command line.",
)


@app.callback()
def main() -> None:
    """Translate with the bundled transformer, on the command line."""


@app.command()
def translate(
    text: Annotated[str, typer.Argument(help="The text to translate, in English, German, French or Japanese.")],
    target: Annotated[str, typer.Option(help="Language to translate into: en, de, fr or ja.")] = "de",
    model: Annotated[str | None, typer.Option(help="Name of a bundled model, or path of a checkpoint.")] = None,
) -> None:
    """Print the translation of TEXT, and nothing else."""
    from transformer.translator import load_translator

    print(load_translator(model).translate(text, target).text)


if __name__ == "__main__":
    try:
        app()
    except ValueError as error:  # a slip of the user: one sentence, no traceback
        sys.exit(f"{error}")
