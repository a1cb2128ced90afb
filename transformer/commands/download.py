"""`download`: data sets from their homes, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transformer.commands import options

EXAMPLES = """\b
Examples:
  python -m transformer download tatoeba data/tatoeba
  python -m transformer download multi30k data/multi30k --json
"""


def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="tatoeba, multi30k or shakespeare.")],
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="Where the files go; it is made if need be.")],
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Fetch a data set from its own home, and check it.

    It prints the files that it wrote, and their licence. `tatoeba` has sentence pairs of English with German, French
    and Japanese; `multi30k` image captions in English, German and French; `shakespeare` one text, for models of
    language.
    """
    from transformer.data.download import DATASETS, fetch

    if name not in DATASETS:
        raise ValueError(f"there is no data set {name!r}: choose one of {', '.join(DATASETS)}")
    about = DATASETS[name]
    files = fetch(name, directory, progress=not quiet)
    if as_json:
        entry = {"name": name, "title": about.title, "licence": about.licence}
        typer.echo(options.json_line(entry | {"files": [str(file) for file in files]}))
        return
    for file in files:
        typer.echo(f"{file}  {options.size(file)}")
    typer.echo(f"{about.title}; licence: {about.licence}")
