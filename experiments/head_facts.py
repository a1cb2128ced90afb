"""Measure every head of a translator on held-out sentences: `python -m experiments.head_facts --tatoeba DIR`.

It writes `checkpoints/MODEL.facts.json`, which `transformer.corpus_facts` describes: the facts of each head over 500
sentences of Tatoeba's test split, the roles that follow, and how far the alignment score agrees with a statistical
alignment, learned from the training split, which a visitor's sentence does not have. With `--smoke` it runs in
miniature on made-up sentences, to see that it does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from experiments.small import smoke_pairs
from experiments.word_alignment import LONGEST, Model1, learn, links
from transformer.commands.progress import Countdown, Progress
from transformer.corpus_facts import FACTS
from transformer.data import tatoeba
from transformer.facts import Attention, as_grids, facts_of, recorded_attention
from transformer.model_files import DEFAULT_MODEL, checkpoint_hash, companion_file
from transformer.roles import ROLES, STEADY, THRESHOLD, roles
from transformer.translator import Translation, Translator, load_translator

SENTENCES, SMOKE_SENTENCES = 500, 12
LEARNED = 40_000  # training pairs a language that the statistical alignment is learned from
METHOD = "IBM Model 1 over word pieces, both directions agreeing, learned from {pairs:,} training pairs a language"
DIGITS = 3
Array = NDArray[Any]
Aligner = tuple[Model1, Model1]  # from source to target, and back
Facts = dict[str, Array]  # name -> (L, H), or (N, L, H) over N sentences


@dataclass(frozen=True)
class Sentence:
    text: str
    source: str
    target: str


@dataclass(frozen=True)
class Measured:
    """One sentence: its facts and those of a head that looks evenly, by kind; of the cross-attention, agreement."""

    facts: dict[str, Facts]
    even: dict[str, Facts]
    agreement: Facts
    links: int
    pieces: tuple[int, int]


def choose(held: Mapping[str, Sequence[tatoeba.Pair]], count: int) -> list[Sentence]:
    """Spread `count` sentences over the directions; no pair serves two of them."""
    sizes = iter([len(part) for part in np.array_split(np.arange(count), 2 * len(held))])
    chosen: list[Sentence] = []
    for language, pairs in sorted(held.items()):
        out, back = next(sizes), next(sizes)
        if len(pairs) < out + back:
            raise ValueError(f"{len(pairs)} held-out pairs of {language!r} are too few: {out + back} are needed")
        chosen += [Sentence(pair.english, "en", language) for pair in pairs[:out]]
        chosen += [Sentence(pair.other, language, "en") for pair in pairs[out : out + back]]
    return chosen


def aligners(translator: Translator, pairs: Sequence[tatoeba.Pair], most: int) -> dict[tuple[str, str], Aligner]:
    """Learn word alignments from at most so many pairs a language: (source, target) -> its two models."""
    found: dict[tuple[str, str], Aligner] = {}
    for language in sorted({pair.language for pair in pairs}):
        chosen = [pair for pair in pairs if pair.language == language]
        order = np.random.default_rng(2026).permutation(len(chosen))[:most]
        sides = [[chosen[i].english for i in order], [chosen[i].other for i in order]]
        encoded = zip(*map(translator.tokenizer.encode_all, sides), strict=True)
        short = [(e, o) for e, o in encoded if 0 < len(e) <= LONGEST and 0 < len(o) <= LONGEST]
        out, back = learn(short), learn([(o, e) for e, o in short])
        found |= {("en", language): (out, back), (language, "en"): (back, out)}
    return found


def measure(translator: Translator, sentence: Sentence, translation: Translation, aligner: Aligner) -> Measured:
    trace = translator.trace(sentence.text, sentence.target, translation)
    attention = recorded_attention(trace)
    words = translator.source(sentence.text, sentence.target)[1:-1]
    written, word = np.array(links(*aligner, words, translation.ids[:-1]), int).reshape(-1, 2).T
    cross = attention["cross"].weights
    strongest = cross[..., 1:-1].argmax(-1)[..., None] + 1 == np.arange(cross.shape[-1])  # among the words
    measured = {kind: facts_of(recorded) for kind, recorded in attention.items()}
    measured["cross"] |= on_links(cross, written, word)
    return Measured(
        facts=measured,
        even={kind: facts_of(looking_evenly(recorded)) for kind, recorded in attention.items()},
        agreement=on_links(strongest, written, word),
        links=len(written),
        pieces=(len(trace.tokens["source"][0]), len(trace.tokens["target"][0])),
    )


def looking_evenly(attention: Attention) -> Attention:
    """One head that gives every key that a query sees the same weight."""
    return replace(attention, weights=(attention.visible / attention.visible.sum(-1, keepdims=True))[None, None])


def on_links(maps: Array, written: Array, word: Array) -> Facts:
    """Mean of maps (L, H, Q, K) at the links of written pieces with source words, both counted from the first.

    Piece t is written at query t and read at query t + 1; source word s is key s + 1, behind the tag.
    """
    if not len(word):
        return {name: np.full(maps.shape[:2], np.nan) for name in ("written", "read")}
    return {
        "written": maps[..., written, word + 1].mean(-1),
        "read": maps[..., written + 1, word + 1].mean(-1),
    }


def join(sentences: Sequence[Facts]) -> Facts:
    """Stack the facts of sentences, NaN where one has not a fact that another has: name -> (N, L, H)."""
    missing = np.full_like(next(iter(sentences[0].values())), np.nan)
    names = dict.fromkeys(name for each in sentences for name in each)
    stacked = {name: np.stack([each.get(name, missing) for each in sentences]) for name in names}
    return {name: values for name, values in stacked.items() if not np.isnan(values).all()}


def describe(sentences: Sequence[Facts], even: Sequence[Facts]) -> dict[str, Any]:
    """One kind's part of the file."""
    facts = join(sentences)
    holds = {name: np.where(np.isnan(facts[name]), np.nan, facts[name] >= THRESHOLD) for name in ROLES if name in facts}
    means, steady = as_grids(average(facts), DIGITS), as_grids(average(holds), DIGITS)
    return {
        "mean": means,
        "low": as_grids({name: np.nanquantile(values, 0.1, 0) for name, values in facts.items()}, DIGITS),
        "high": as_grids({name: np.nanquantile(values, 0.9, 0) for name, values in facts.items()}, DIGITS),
        "even": {name: grid[0][0] for name, grid in as_grids(average(join(even)), DIGITS).items()},
        "steady": steady,
        "roles": [[found and asdict(found) for found in row] for row in roles(means, steady)],
    }


def average(facts: Facts) -> Facts:
    """Mean over the sentences to which a fact applies: (N, L, H) -> (L, H)."""
    return {name: np.nanmean(values, 0) for name, values in facts.items()}


def rank_correlation(x: Array, y: Array) -> float:
    """Spearman's: the correlation of the ranks (of numbers that are all different)."""
    a, b = (values.ravel().argsort().argsort() for values in (x, y))
    return round(float(np.corrcoef(a, b)[0, 1]), DIGITS)


def check_alignment(measured: Sequence[Measured], learned: int) -> dict[str, Any]:
    """Compare the alignment score with the links, over the heads of the cross-attention."""
    agreement = average(join([m.agreement for m in measured]))
    facts = average(join([m.facts["cross"] for m in measured]))
    larger = {"agreement": agreement, "weight": facts}
    return {
        "method": METHOD.format(pairs=learned),
        "links": sum(m.links for m in measured),
        "agreement": as_grids(agreement, DIGITS),
        "rank_correlation": {
            name: rank_correlation(facts["alignment"], np.maximum(either["written"], either["read"]))
            for name, either in larger.items()
        },
    }


def head_facts(
    translator: Translator, split: tatoeba.Split, count: int, learned: int, progress: Progress
) -> dict[str, Any]:
    """Measure `count` held-out sentences: what the file holds."""
    progress.show("learning a statistical alignment")
    aligner = aligners(translator, split.train, learned)
    sentences = choose(split.test, count)
    directions = {
        direction: [sentence for sentence in sentences if (sentence.source, sentence.target) == direction]
        for direction in dict.fromkeys((sentence.source, sentence.target) for sentence in sentences)
    }
    measured: list[Measured] = []
    countdown = Countdown(count)
    for (source, target), chosen in directions.items():
        progress.show(f"{source}-{target}  translating  {countdown.left(len(measured))}")
        outputs = translator.translate_all([sentence.text for sentence in chosen], target)
        for sentence, output in zip(chosen, outputs, strict=True):
            measured.append(measure(translator, sentence, output, aligner[source, target]))
            progress.show(f"{len(measured)} of {count} sentences  {countdown.left(len(measured))}")
    source_pieces, target_pieces = np.mean([m.pieces for m in measured], 0)
    return {
        "model": translator.name,
        "hash": checkpoint_hash(translator.path),
        "corpus": {
            "name": "Tatoeba",
            "split": "test",
            "sentences": len(measured),
            "directions": {"-".join(direction): len(chosen) for direction, chosen in directions.items()},
            "decoding": "greedy",
            "source_pieces": round(float(source_pieces), 1),
            "target_pieces": round(float(target_pieces), 1),
        },
        "threshold": THRESHOLD,
        "steady": round(STEADY, DIGITS),
        "kinds": {
            kind: describe([m.facts[kind] for m in measured], [m.even[kind] for m in measured])
            for kind in measured[0].facts
        },
        "alignment": check_alignment(measured, learned),
    }


def main(
    data: Annotated[Path | None, typer.Option("--tatoeba", help="Directory of the Tatoeba files.")] = None,
    model: Annotated[str, typer.Option(help="Name of a bundled model, or a checkpoint's path.")] = DEFAULT_MODEL,
    output: Annotated[Path | None, typer.Option(help="File to write.", show_default="beside the model")] = None,
    smoke: Annotated[bool, typer.Option(help="Run in miniature, in seconds, without data.")] = False,
) -> None:
    """Measure the heads of a translator on 500 held-out sentences; minutes on one core."""
    if data is None and not smoke:
        raise typer.BadParameter("give the directory of the Tatoeba files with --tatoeba, or try --smoke")
    if smoke and output is None:
        raise typer.BadParameter("--smoke measures made-up sentences: name another file for them with --output")
    torch.set_num_threads(1)  # sentences are small
    with Progress(at_once=True) as progress:
        progress.show("reading")
        translator = load_translator(model)
        if data is None:
            split, count = tatoeba.split(smoke_pairs(), test_size=4, validation_size=1), SMOKE_SENTENCES
        else:
            split, count = tatoeba.split(tatoeba.read_pairs(data)), SENTENCES
        facts = head_facts(translator, split, count, LEARNED, progress)
    path = output or companion_file(translator.path, FACTS)
    path.write_text(json.dumps(facts, allow_nan=False, separators=(",", ":")) + "\n", "utf-8")
    typer.echo(f"wrote {path}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    typer.run(main)
