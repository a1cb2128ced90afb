"""The sizes and schedules of each data set, and how its files become a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from experiments.kernels.tasks import WIDTHS, Prediction, RememberingPrediction, Task, Translation
from transformer.config import ModelConfig
from transformer.data import iwslt14, multi30k, shakespeare, wikitext
from transformer.data.tatoeba import Pair
from transformer.tokenizers import Tokenizer, train_character_tokenizer
from transformer.training import TrainingConfig

SMALL_TRANSLATOR = ModelConfig(
    vocab_size=3000,
    max_length=128,
    d_model=128,
    num_heads=4,
    d_ff=256,
    num_encoder_layers=3,
    num_decoder_layers=3,
    dropout=0.2,
)
SMALL_PREDICTOR = ModelConfig(
    architecture="decoder", max_length=256, d_model=128, num_heads=4, d_ff=512, num_decoder_layers=4, dropout=0.1
)


def multi30k_task(directory: Path) -> Translation:
    """Captions, German to English: trained on `train`, tested on `test_2016_flickr`."""
    return Translation(
        "multi30k",
        SMALL_TRANSLATOR,
        TrainingConfig(steps=2500, warmup=400, peak_rate=3e-3, cooldown=1500, record_every=25, capture=True),
        multi30k.read_pairs(directory, "train", "de"),
        multi30k.read_pairs(directory, "test_2016_flickr", "de"),
        max_tokens=16_384,
    )


def shakespeare_task(directory: Path) -> Prediction:
    """Characters of the plays: trained on the first nine tenths, tested on the rest."""
    text = shakespeare.read_text(directory)
    tokenizer = Tokenizer(train_character_tokenizer(text))
    train, test = (np.array(tokenizer.encode(part)) for part in shakespeare.split(text))
    return Prediction(
        "shakespeare",
        replace(SMALL_PREDICTOR, vocab_size=len(tokenizer)),
        TrainingConfig(
            steps=2500, warmup=200, peak_rate=2e-3, cooldown=1500, label_smoothing=0.0, record_every=25, capture=True
        ),
        train,
        test,
        length=128,
        batch_size=64,
    )


def iwslt14_task(directory: Path) -> Translation:
    """Talks, German to English, as the paper had them: fairseq's `transformer_iwslt_de_en`, beam 5.

    Not as there: no weight decay, and BLEU by sacreBLEU instead of a script on tokens.
    """
    model = ModelConfig(
        vocab_size=10_000,
        max_length=256,
        d_model=512,
        num_heads=4,
        d_ff=1024,
        num_encoder_layers=6,
        num_decoder_layers=6,
        dropout=0.3,
    )
    training = TrainingConfig(
        steps=50_000, warmup=4000, peak_rate=5e-4, cooldown=10_000, record_every=100, capture=True
    )
    return Translation(
        "iwslt14",
        model,
        training,
        iwslt14.read_pairs(directory, "train"),
        iwslt14.read_pairs(directory, "test"),
        max_tokens=8192,
        widths=(*WIDTHS, 96, 128, 192, 256),
        beam_size=5,
    )


def wikitext103_task(directory: Path) -> RememberingPrediction:
    """Words of Wikipedia, as the paper had them: Transformer-XL's base model, with a memory of 150 states.

    Not as there: one softmax over all words, not an adaptive one, so a GPU of 80 GB; a rate that falls in a line, not
    in a cosine.
    """
    ids = wikitext.vocabulary(wikitext.read_words(directory, "train"))
    train, test = (wikitext.encode(wikitext.read_words(directory, part), ids) for part in ("train", "test"))
    model = ModelConfig(
        architecture="decoder",
        vocab_size=max(ids.values()) + 1,
        max_length=300,
        d_model=410,
        num_heads=10,
        d_head=41,
        d_ff=2100,
        num_decoder_layers=16,
        dropout=0.1,
    )
    training = TrainingConfig(
        steps=200_000,
        warmup=1000,
        peak_rate=2.5e-4,
        cooldown=199_000,
        label_smoothing=0.0,
        clip_norm=0.25,
        record_every=100,
    )
    return RememberingPrediction(
        "wikitext103", model, training, train, test, length=150, batch_size=60, unit="word", memory=150
    )


TASKS: dict[str, Callable[[Path], Task]] = {
    "multi30k": multi30k_task,
    "shakespeare": shakespeare_task,
    "iwslt14": iwslt14_task,
    "wikitext103": wikitext103_task,
}


@dataclass(frozen=True)
class Sources:
    """Where each data set lies, None where it is not asked for; `smoke` makes small ones up."""

    multi30k: Path | None = None
    shakespeare: Path | None = None
    iwslt14: Path | None = None
    wikitext103: Path | None = None
    smoke: bool = False


@cache
def load(sources: Sources) -> dict[str, Task]:
    """Read the data sets, once a process.

    Raises
    ------
    OSError, ValueError
        If files are missing or broken, naming them.
    """
    if sources.smoke:
        return {task.dataset: task for task in smoke_tasks()}
    tasks = [make(directory) for name, make in TASKS.items() if (directory := getattr(sources, name))]
    return {task.dataset: task for task in tasks}


def smoke_tasks() -> list[Task]:
    """Both tasks in miniature: a world of few sentences, a text that repeats itself."""
    animals, places = ("Hund dog", "Kater cat", "Vogel bird"), ("Haus house", "Feld field", "Boot boat")
    pairs = [
        Pair(
            f"The {animal.split()[1]} sits at the {place.split()[1]} {number}.",
            f"Der {animal.split()[0]} sitzt am {place.split()[0]} {number}.",
            "de",
        )
        for animal in animals
        for place in places
        for number in range(10)
    ]
    training = TrainingConfig(steps=60, warmup=10, peak_rate=1e-2, cooldown=30, record_every=10)
    translator = replace(SMALL_TRANSLATOR, vocab_size=100, d_model=32, num_heads=2, d_ff=64, max_length=64)
    tokenizer = Tokenizer(train_character_tokenizer("abcde\n"))
    text = np.array(tokenizer.encode("abcde\n" * 400))
    predictor = replace(SMALL_PREDICTOR, d_model=32, num_heads=2, d_ff=64, vocab_size=len(tokenizer))
    return [
        Translation("multi30k", translator, training, pairs[10:], pairs[:10], max_tokens=800, widths=(24, 32)),
        Prediction("shakespeare", predictor, training, text[:2000], text[2000:], length=16, batch_size=16),
    ]
