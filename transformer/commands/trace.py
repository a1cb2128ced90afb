"""`trace`: every number of one pass, in a file for numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transformer.commands import options

if TYPE_CHECKING:
    import numpy as np

    from transformer.trace import Trace

EXAMPLES = """\b
Examples:
  python -m transformer trace "I am tired." --target de --list
  python -m transformer trace "I am tired." --target de --output tired.npz
  python -m transformer trace "I am tired." --only "*.cross_attention.weights" --output cross.npz

\b
Read it with numpy:
  file = np.load("tired.npz")
  file["encoder.layers.0.self_attention.weights"]  # batch, head, query, key
  file["tokens.source"]  # the pieces that label queries and keys
"""


def trace(
    ctx: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What to translate, in English, German, French or Japanese.")
    ],
    target: options.Target = "de",
    model: options.Model = None,
    output: Annotated[Path | None, typer.Option(metavar="NAME.npz", help="File to write.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATHS", help="Only these paths; * stands for anything. May be given again."),
    ] = None,
    list_paths: Annotated[bool, typer.Option("--list", help="Print the paths, with shapes and axes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print tokens, paths, shapes and axes as JSON.")] = False,
    force: options.Force = False,
) -> None:
    """Translate a text and write down every number on the way.

    TEXT is translated greedily. The file holds one array a path: q, k, v, scores, weights and head_outputs of every
    attention, the residual stream, the feed-forward parts, the logits. The pieces are in tokens.source and
    tokens.target, which encoder and decoder read, and tokens.output, which the decoder writes.
    """
    if output is None and not (list_paths or as_json):
        ctx.fail("say where to write, --output NAME.npz, or look first, --list")
    if output and output.suffix != ".npz":
        ctx.fail(f"--output must end in .npz, got {output.name!r}")
    if output and output.exists() and not force:
        raise ValueError(f"{output} exists: choose another name, or replace it by --force")
    from transformer.translator import load_translator

    translator = load_translator(model)
    options.check_target(translator, target)
    translation = translator.translate(text, target)
    recorded = translator.trace(text, target, translation)
    paths = matching(recorded, only)
    if output:
        arrays = {path: recorded[path].numpy() for path in paths}
        write_arrays(output, arrays | token_arrays(recorded.tokens))
    if as_json:
        entry = {"text": text, "target": target, "translation": translation.text}
        entry |= {"file": str(output)} if output else {}
        tokens = {side: rows[0] for side, rows in recorded.tokens.items()}
        described = {path: {"shape": list(recorded[path].shape), "axes": list(recorded.layout(path))} for path in paths}
        typer.echo(options.json_line(entry | {"tokens": tokens, "paths": described}))
    elif list_paths or not output:
        width = max(map(len, paths))
        for path in paths:
            shape = " x ".join(map(str, recorded[path].shape))
            typer.echo(f"{path:{width}}  {shape:16}  {', '.join(recorded.layout(path))}")
    else:
        typer.echo(f"wrote {output}: {len(paths)} arrays, {options.size(output)}")


def matching(recorded: Trace, patterns: Sequence[str] | None) -> list[str]:
    """Return the paths that fit one of the patterns, in the order of computation; ValueError if one fits none."""
    for pattern in patterns or ():
        if not any(fnmatchcase(path, pattern) for path in recorded):
            raise ValueError(f"nothing is recorded at {pattern!r}: --list prints what there is")
    return [path for path in recorded if not patterns or any(fnmatchcase(path, pattern) for pattern in patterns)]


def token_arrays(tokens: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, np.ndarray]:
    """Make the pieces of the one sentence arrays: `tokens.source` and so on."""
    import numpy as np

    return {f"tokens.{side}": np.array(rows[0], dtype=np.str_) for side, rows in tokens.items()}


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an .npz file whole or not at all; ValueError if the disk is full or not to be written on."""
    import numpy as np

    unfinished = path.with_suffix(path.suffix + ".part")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        unfinished.replace(path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
