"""`evaluate`: BLEU and chrF of a model, a line a direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transformer.commands import options
from transformer.commands.progress import Countdown, Progress

if TYPE_CHECKING:
    from transformer.data.tatoeba import Pair
    from transformer.evaluation import Score

EXAMPLES = """\b
Examples:
  python -m transformer download tatoeba data/tatoeba
  python -m transformer evaluate --tatoeba data/tatoeba
  python -m transformer evaluate --tatoeba data/tatoeba --target ja --pairs 200 --model mine.safetensors
  python -m transformer evaluate --multi30k data/multi30k --model guide --beam-size 1 --json
"""


def evaluate(
    ctx: typer.Context,
    tatoeba: Annotated[Path | None, typer.Option(metavar="DIRECTORY", help="Tatoeba's files: held-out pairs.")] = None,
    multi30k: Annotated[
        Path | None, typer.Option(metavar="DIRECTORY", help="Multi30k's files: test_2016_flickr.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", help="Only from this language.", show_default="all")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="LANGUAGE", help="Only into this language.", show_default="all")
    ] = None,
    model: options.Model = None,
    pairs: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most N pairs a direction; fewer is quicker.")
    ] = 2000,
    beam_size: options.BeamSize = 4,
    length_penalty: options.LengthPenalty = 0.6,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure a model on held-out sentence pairs: BLEU and chrF.

    Each direction is a line, with the signatures by which sacreBLEU names its settings. BLEU splits words by 13a,
    Japanese by characters. Tatoeba's held-out pairs share no sentence with those that the bundled models and
    `train --tatoeba` learn from. All directions of the data that the model knows are measured unless you choose.
    """
    if (tatoeba is None) == (multi30k is None):
        ctx.fail("give the directory of one data set: --tatoeba DIRECTORY or --multi30k DIRECTORY")
    how = options.decoding(ctx, beam_size=beam_size, length_penalty=length_penalty)
    from transformer.evaluation import evaluate as measure
    from transformer.translator import load_translator

    translator = load_translator(model)
    data = "Tatoeba" if tatoeba else "Multi30k"
    with Progress(quiet=quiet) as progress:
        progress.show(f"reading {data}")
        held = tatoeba_pairs(tatoeba) if tatoeba else multi30k_pairs(multi30k, source, target)  # type: ignore[arg-type]
        work = directions(held, options.languages(translator), source, target)
        countdown = Countdown(sum(min(len(held[language]), pairs) for *_, language in work))
        if not as_json:
            typer.echo(f"{translator.name} on {data}, beam {beam_size}, length penalty {length_penalty:g}")
        finished = 0
        for begin, end, language in work:
            chosen = held[language][:pairs]
            say = _reporter(progress, countdown, f"{begin}-{end}", len(chosen), finished)
            result = measure(translator, chosen, begin, end, progress=say, **how)
            finished += len(chosen)
            progress.clear()
            if as_json:
                settings = {"beam_size": beam_size, "length_penalty": length_penalty}
                typer.echo(options.json_line({"model": translator.name, "data": data} | asdict(result) | settings))
            else:
                typer.echo(row(result))


def _reporter(
    progress: Progress, countdown: Countdown, direction: str, pairs: int, before: int
) -> Callable[[int], None]:
    def say(done: int) -> None:
        progress.show(f"{direction}  {done:,} of {pairs:,} pairs  {countdown.left(before + done)} in all")

    return say


def tatoeba_pairs(directory: Path) -> dict[str, list[Pair]]:
    """Return the test pairs of each language."""
    from transformer.data import tatoeba

    return tatoeba.split(tatoeba.read_pairs(directory)).test


def multi30k_pairs(directory: Path, *chosen: str | None) -> dict[str, list[Pair]]:
    """Return the pairs of test_2016_flickr of German and French, or of the one that was chosen."""
    from transformer.data import multi30k

    languages = [language for language in ("de", "fr") if language in chosen] or ["de", "fr"]
    return {language: multi30k.read_pairs(directory, "test_2016_flickr", language) for language in languages}


def directions(
    held: Mapping[str, Sequence[Pair]], known: Sequence[str], source: str | None, target: str | None
) -> list[tuple[str, str, str]]:
    """Return what to measure: source, target, and which of them is not English; ValueError if nothing is left."""
    possible = [
        (begin, end, language)
        for language in held
        if {"en", language} <= set(known)
        for begin, end in ((language, "en"), ("en", language))
    ]
    wanted = [(s, t, language) for s, t, language in possible if source in (None, s) and target in (None, t)]
    if not wanted:
        there = ", ".join(f"{begin}-{end}" for begin, end, _ in possible) or "none"
        raise ValueError(f"there is no direction from {source or 'any'} to {target or 'any'}; there is {there}")
    return wanted


def row(result: Score) -> str:
    """Write one direction as a line."""
    return (
        f"{result.source}-{result.target}  BLEU {result.bleu:5.2f}  chrF {result.chrf:5.2f}  "
        f"{result.sentences:,} pairs  BLEU|{result.bleu_signature}  chrF|{result.chrf_signature}"
    )
