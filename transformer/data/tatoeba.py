"""Sentence pairs of Tatoeba (tatoeba.org, CC-BY 2.0 FR), in the `manythings.org/anki` format, and their split.

One language a file, lines of `English<TAB>other[<TAB>credit]`: `en-de.tsv.gz` or `en-de.tsv`, or as manythings.org has
them, `deu-eng.zip` with `deu.txt` in it, or `deu.txt`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from transformer.data.files import read_lines
from transformer.tokenizers import clean

CODES = {"de": "deu", "fr": "fra", "ja": "jpn"}  # in the names of manythings.org
LANGUAGES = tuple(CODES)


@dataclass(frozen=True)
class Pair:
    """An English sentence and its translation into `language`."""

    english: str
    other: str
    language: str


@dataclass(frozen=True)
class Split:
    """Pairs in three parts that share no sentence, in any language."""

    train: list[Pair]
    validation: dict[str, list[Pair]]
    test: dict[str, list[Pair]]


def read_pairs(directory: Path, languages: Iterable[str] = LANGUAGES) -> list[Pair]:
    """Read the cleaned, distinct pairs of `languages`, each from the first of its files that there is.

    Raises
    ------
    FileNotFoundError
        If a language has no file, naming where it was looked for.
    ValueError
        If a file is broken or a line has no tab, naming the file and the line.
    """
    pairs = (
        Pair(english, other, language)
        for language in languages
        for english, other in read_file(_find(Path(directory), language))
    )
    return list(dict.fromkeys(pairs))


def _find(directory: Path, language: str) -> Path:
    name, code = f"en-{language}.tsv", CODES.get(language, language)
    for path in (directory / file for file in (f"{name}.gz", name, f"{code}-eng.zip", f"{code}.txt")):
        if path.exists():
            return path
    raise FileNotFoundError(
        f"no {name}.gz and no {name} in {directory}, nor {code}-eng.zip or {code}.txt: is this the Tatoeba directory?"
    )


def read_file(path: Path) -> Iterator[tuple[str, str]]:
    """Cleaned English sentences of one file, and what each was translated into; ValueError as of `read_pairs`."""
    for number, line in read_lines(path, member=f"{path.stem.removesuffix('-eng')}.txt"):
        fields = line.split("\t")
        if not line.strip():
            continue
        if len(fields) < 2:
            raise ValueError(f"{path}, line {number}: expected English<TAB>translation, got {line[:60]!r}")
        english, other = clean(fields[0]), clean(fields[1])
        if english and other:
            yield english, other


def components(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Group pairs that are joined by a shared sentence, directly or through others (union-find)."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    pairs = list(pairs)
    for pair in pairs:
        parent[root(("en", pair.english))] = root((pair.language, pair.other))
    groups: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(root(("en", pair.english)), []).append(pair)
    return list(groups.values())


def split(pairs: Iterable[Pair], *, test_size: int = 2000, validation_size: int = 500, seed: int = 2026) -> Split:
    """Hold out whole components until every language has `test_size` and `validation_size` pairs.

    A held-out component gives at most one pair a language, so that every pair has a single reference and no
    sentence occurs twice; its other pairs are used nowhere.

    Raises
    ------
    ValueError
        If the pairs are too few for the sizes asked for.
    """
    groups = components(pairs)
    rng = random.Random(seed)
    rng.shuffle(groups)
    languages = sorted({pair.language for group in groups for pair in group})
    remaining = iter(groups)
    test = _hold_out(remaining, languages, test_size, rng)
    validation = _hold_out(remaining, languages, validation_size, rng)
    train = [pair for group in remaining for pair in group]
    if not train:
        raise ValueError(
            f"{len(groups)} groups of sentences are too few for {test_size} test and {validation_size} validation "
            "pairs a language: ask for fewer"
        )
    return Split(train, validation, test)


def _hold_out(
    groups: Iterator[list[Pair]], languages: list[str], size: int, rng: random.Random
) -> dict[str, list[Pair]]:
    held: dict[str, list[Pair]] = {language: [] for language in languages}
    while any(len(chosen) < size for chosen in held.values()):
        group = next(groups, None)
        if group is None:
            break
        for language in languages:
            candidates = [pair for pair in group if pair.language == language]
            if candidates and len(held[language]) < size:
                held[language].append(rng.choice(candidates))
    return held
