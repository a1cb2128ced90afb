"""Train the vocabulary that all bundled models share: `python -m experiments.tokenizer DATA OUTPUT`.

What a head attends to should be a word, so pieces never cross the borders that a reader sees: apostrophes and,
in Japanese, the words that a morphological analyser finds. The analyser (`experiments/requirements.txt`) is
needed here alone: at run time the vocabulary cuts the text by itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from transformer.data import tatoeba
from transformer.tokenizers import BORDER, train_tokenizer


def mark_apostrophes(text: str) -> str:
    """Put a border on both sides of every apostrophe."""
    return re.sub("'", f"{BORDER}'{BORDER}", text)


def mark_words(sentences: Iterable[str]) -> Iterator[str]:
    """Put a border between the words of Japanese sentences."""
    import fugashi

    tagger = fugashi.Tagger("-Owakati")
    for sentence in sentences:
        yield BORDER.join(tagger.parse(sentence).split())


def training_text(pairs: Iterable[tatoeba.Pair], seed: int) -> Iterator[str]:
    """Yield as many distinct sentences of each language, so that the vocabulary is shared fairly."""
    pairs = list(pairs)
    texts = {"en": list(dict.fromkeys(pair.english for pair in pairs))}
    for language in tatoeba.LANGUAGES:
        texts[language] = list(dict.fromkeys(pair.other for pair in pairs if pair.language == language))
    smallest = min(len(sentences) for sentences in texts.values())
    rng = random.Random(seed)
    for language, sentences in texts.items():
        chosen = rng.sample(sentences, min(len(sentences), 2 * smallest))
        yield from mark_words(chosen) if language == "ja" else map(mark_apostrophes, chosen)


def main(data: Path, output: Path, vocab_size: int = 16000, model_type: str = "bpe", seed: int = 2026) -> None:
    """Train the vocabulary on the training part of DATA (a Tatoeba directory) and write it to OUTPUT."""
    pairs = tatoeba.split(tatoeba.read_pairs(data), seed=seed).train
    output.write_bytes(train_tokenizer(training_text(pairs, seed), vocab_size, model_type))


if __name__ == "__main__":
    typer.run(main)
