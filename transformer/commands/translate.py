"""`translate`: texts, or the lines of standard input, to a line each."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transformer.commands import options
from transformer.commands.progress import Progress

if TYPE_CHECKING:
    from transformer.translator import Translation, Translator

EXAMPLES = """\b
Examples:
  python -m transformer translate "Je suis étudiant." --target en
  python -m transformer translate "Good morning." "How are you?" --target ja --model guide --beam-size 4
  python -m transformer translate --target en < german.txt > english.txt
  python -m transformer translate "I am tired." --temperature 0.8 --top-k 20 --seed 3
  python -m transformer translate "I am tired." --json --steps
"""
BATCH = 256  # lines that are read, translated and printed together


@dataclass(frozen=True)
class Line:
    """A line of input, and why it could not be read."""

    number: int
    text: str
    error: str = ""


def translate(
    ctx: typer.Context,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT",
            help="What to translate, in English, German, French or Japanese; without it, the lines of standard input.",
        ),
    ] = None,
    target: options.Target = "de",
    model: options.Model = None,
    beam_size: options.BeamSize = 1,
    length_penalty: options.LengthPenalty = 0.6,
    temperature: options.Temperature = 0.0,
    top_k: options.TopK = 0,
    top_p: options.TopP = 1.0,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    steps: Annotated[bool, typer.Option("--steps", help="With --json: the candidates of each step.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Print the translation of each text or line of input.

    Without TEXT, standard input is read and translated piece by piece, so it may be as long as you like. An empty
    line stays an empty line. A line that cannot be translated (too long, or no UTF-8) becomes an empty line too, so
    that inputs and outputs stay side by side; standard error names it, and the exit code is 1 in the end.
    """
    if steps and not as_json:
        ctx.fail("--steps needs --json: a line of text has no room for them")
    if not texts and sys.stdin.isatty():
        ctx.fail("give a TEXT to translate, or lines on standard input: ... translate --target en < german.txt")
    how = options.decoding(
        ctx,
        beam_size=beam_size,
        length_penalty=length_penalty,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
    )
    from transformer.translator import load_translator

    translator = load_translator(model)
    options.check_target(translator, target)
    if texts:
        check_texts(texts, translator, target)
    lines = (Line(number, text) for number, text in enumerate(texts, 1)) if texts else standard_input()
    quiet = quiet or bool(texts) or sys.stdout.isatty()  # a line of progress between lines of output helps nobody
    total = failed = 0
    started = time.perf_counter()
    with Progress(quiet=quiet) as progress:
        while batch := list(islice(lines, BATCH)):
            for line, done in zip(batch, translate_lines(batch, translator, target, how), strict=True):
                if isinstance(done, ValueError):
                    failed += 1
                    progress.clear()
                    typer.echo(f"line {line.number}: {done}", err=True)
                if as_json:
                    typer.echo(options.json_line(describe(line, target, done, steps=steps)))
                else:
                    typer.echo("" if done is None or isinstance(done, ValueError) else done.text)
            total += len(batch)
            progress.show(f"{total:,} lines, {total / (time.perf_counter() - started):,.0f} a second")
    if failed:
        typer.echo(f"{failed:,} of {total:,} lines could not be translated", err=True)
        raise typer.Exit(1)


def standard_input() -> Iterator[Line]:
    """Read lines of UTF-8, one that is something else with its error."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        line = line.rstrip(b"\r\n")
        try:
            yield Line(number, line.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            text = line.decode(errors="replace")
            yield Line(number, text, f"byte {error.start + 1} is no UTF-8: save the text as UTF-8")


def check_texts(texts: Sequence[str], translator: Translator, target: str) -> None:
    """Refuse the first text that cannot be translated, by a ValueError that says which one it is."""
    for number, text in enumerate(texts, 1):
        try:
            translator.source(text, target)
        except ValueError as error:
            raise ValueError(f"text {number}: {error}" if len(texts) > 1 else str(error)) from error


def translate_lines(
    lines: Iterable[Line], translator: Translator, target: str, how: dict[str, Any]
) -> list[Translation | ValueError | None]:
    """Translate the lines that can be; an empty one gives None, a bad one its error."""
    from transformer.tokenizers import clean

    results: list[Translation | ValueError | None] = []
    good: dict[int, str] = {}
    for place, line in enumerate(lines):
        results.append(ValueError(line.error) if line.error else None)
        if clean(line.text) and not line.error:
            try:
                translator.source(line.text, target)
                good[place] = line.text
            except ValueError as error:
                results[place] = error
    for place, translation in zip(good, translator.translate_all(list(good.values()), target, **how), strict=True):
        results[place] = translation
    return results


def describe(line: Line, target: str, done: Translation | ValueError | None, *, steps: bool) -> dict[str, Any]:
    """Return what `--json` prints of a line."""
    entry: dict[str, Any] = {"text": line.text, "target": target}
    if isinstance(done, ValueError):
        return entry | {"error": str(done)}
    if done is None:
        entry |= {"translation": "", "score": 0.0, "pieces": []}
        return entry | ({"steps": []} if steps else {})
    entry |= {"translation": done.text, "score": done.score, "pieces": done.pieces}
    if steps:
        entry["steps"] = [
            {
                "piece": step.piece,
                "probability": math.exp(step.log_probability),
                "candidates": [{"piece": piece, "probability": p} for piece, p in step.candidates],
            }
            for step in done.steps
        ]
    return entry
