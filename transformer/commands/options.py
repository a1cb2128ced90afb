"""What several commands share: their options, what those must agree on, and how JSON and sizes are written."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transformer.model_files import DEFAULT_MODEL

if TYPE_CHECKING:
    from transformer.translator import Translator

Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="A bundled model (see `models`), or a checkpoint of your own.",
        show_default=DEFAULT_MODEL,
    ),
]
Target = Annotated[str, typer.Option(metavar="LANGUAGE", help="Language to translate into: en, de, fr or ja.")]
BeamSize = Annotated[
    int, typer.Option(metavar="N", min=1, help="Beam search with N beginnings; 1: take the likeliest piece each time.")
]
LengthPenalty = Annotated[
    float, typer.Option(metavar="X", min=0, help="How much a beam favours longer outputs; 0: not at all.")
]
Temperature = Annotated[
    float, typer.Option(metavar="X", min=0, help="Draw at random, the wilder the higher; 0: do not draw.")
]
TopK = Annotated[int, typer.Option(metavar="N", min=0, help="Draw from the N likeliest pieces; 0: from all.")]
TopP = Annotated[
    float, typer.Option(metavar="P", min=0, max=1, help="Draw from the likeliest pieces that hold the probability P.")
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Draw the same again with the same number.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def decoding(
    ctx: typer.Context,
    *,
    beam_size: int,
    length_penalty: float,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what `Translator.translate_all` takes; options that contradict each other end the program."""
    if not (math.isfinite(length_penalty) and math.isfinite(temperature)):
        ctx.fail("--length-penalty and --temperature must be finite numbers")
    if beam_size > 1 and temperature > 0:
        ctx.fail("choose --beam-size or --temperature: a beam does not draw at random")
    if temperature == 0 and (top_k > 0 or top_p != 1 or seed > 0):
        ctx.fail("--top-k, --top-p and --seed are about what is drawn: add a --temperature above 0")
    if not top_p > 0:
        ctx.fail("--top-p must be above 0")
    return {
        "beam_size": beam_size,
        "length_penalty": length_penalty,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
    }


def languages(translator: Translator) -> tuple[str, ...]:
    """Return the languages that the model was trained on, where its card says so; else those it has a tag for."""
    return tuple(translator.card.get("languages", translator.targets))


def check_target(translator: Translator, target: str) -> None:
    """Refuse a language that the model does not write with a ValueError."""
    if target not in languages(translator):
        raise ValueError(f"cannot translate into {target!r}: choose one of {', '.join(languages(translator))}")


def json_line(entry: Any) -> str:
    """Write one object, in the characters that it has."""
    return json.dumps(entry, ensure_ascii=False)


def size(path: Path) -> str:
    """Write the size of a file as `27 kB` or `9.8 MB`."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
