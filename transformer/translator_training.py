"""Training a translator on sentence pairs: what the recipes of the bundled models and the command line share."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from transformer.data.batches import Batch, TranslationCorpus
from transformer.data.tatoeba import Pair, read_file
from transformer.models import Model
from transformer.runs import Keeping, run
from transformer.tokenizers import LANGUAGES, Tokenizer, train_tokenizer
from transformer.training import TrainingConfig, TrainingStep

MARKS = 4 + len(LANGUAGES)  # the pieces that are no text: padding and so on, and a tag for each language


def train_translator(
    model: Model,
    pairs: Sequence[Pair],
    tokenizer: Tokenizer,
    training: TrainingConfig,
    keeping: Keeping,
    card: Mapping[str, Any],
    *,
    max_tokens: int,
    accelerator: str = "cpu",
    resume: bool = False,
) -> Generator[TrainingStep, None, None]:
    """Train on the pairs in both directions, in batches of `max_tokens` places; keep and yield as `runs.run`."""
    corpus = TranslationCorpus(pairs, tokenizer)

    def batches(fabric: Fabric, done: int) -> Iterator[Batch]:
        return corpus.batches(
            max_tokens,
            seed=training.seed,
            device=fabric.device,
            max_length=model.config.max_length,
            start=done,
            rank=fabric.global_rank,
            world_size=fabric.world_size,
        )

    facts = dict(card) | {"max_tokens": max_tokens}
    return run(model, batches, training, keeping, tokenizer, facts, accelerator=accelerator, resume=resume)


def read_pair_file(path: Path, language: str) -> list[Pair]:
    """Read the cleaned, distinct pairs of a file with lines of `English<TAB>other`, plain or `.gz`.

    Raises
    ------
    ValueError
        If the file is broken or a line has no tab, naming file and line, or if there is no pair at all.
    """
    pairs = list(dict.fromkeys(Pair(english, other, language) for english, other in read_file(Path(path))))
    if not pairs:
        raise ValueError(f"{path} has no pairs: it needs lines of English<TAB>{language}")
    return pairs


def learn_vocabulary(sentences: Iterable[str], size: int = 0) -> Tokenizer:
    """Train a vocabulary of `size` pieces; 0: of 8,000, or fewer where there is little text.

    Raises
    ------
    ValueError
        If the sentences give fewer than `size` pieces, or need more.
    """
    sentences = list(sentences)
    wanted = size or fitting_vocabulary(sentences)
    try:
        return Tokenizer(train_tokenizer(sentences, wanted))
    except RuntimeError as error:
        too_many, too_few = re.search(r"<= (\d+)", str(error)), re.search(r"\d+ vs (\d+)", str(error))
        if too_many and not size:
            return Tokenizer(train_tokenizer(sentences, int(too_many[1])))
        limit = f"at most {too_many[1]}" if too_many else f"at least {too_few[1]}" if too_few else "another number"
        raise ValueError(f"these sentences cannot have a vocabulary of {wanted} pieces: take {limit}") from error


def fitting_vocabulary(sentences: Sequence[str]) -> int:
    """Return how many pieces occur often enough to be learned: one for 50 characters of text, and at most 8,000."""
    characters = sum(map(len, sentences))
    distinct = len(set().union(*sentences))
    return max(min(characters // 50, 8000), 2 * distinct + MARKS)
