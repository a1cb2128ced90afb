"""The two tasks of Tsai et al. 2019, translation and prediction: data, loss, and how well a trained model does.

Scores are named by the metric; the first of a task is the one that the paper reports.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from experiments.kernels.variants import Kind
from transformer.config import ModelConfig
from transformer.data.batches import Ragged, TextBatch
from transformer.data.buckets import BucketedPairs
from transformer.data.tatoeba import Pair
from transformer.data.windows import StreamCorpus, TextCorpus
from transformer.evaluation import evaluate
from transformer.gradients import Loss
from transformer.losses import RememberingLoss, text_loss, translation_loss
from transformer.models import EncoderDecoder, Model
from transformer.tokenizers import END, Tokenizer, train_tokenizer
from transformer.training import TrainingConfig
from transformer.translator import Translator

WIDTHS = (12, 16, 20, 24, 32, 48, 64)  # of batches of sentence pairs, in pieces
LOWEST_BLEU = 1.0  # less is what a model writes that learned nothing of its source


@dataclass(frozen=True)
class Task(ABC):
    """A data set, and the model and the schedule that all its cells share."""

    dataset: str
    model: ModelConfig
    training: TrainingConfig

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """Which columns of the tables it fills."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[str, ...]:
        """Names of the scores."""

    @abstractmethod
    def loss(self) -> Loss:
        """Return the loss of a new run."""

    @abstractmethod
    def batches(self, seed: int, device: torch.device) -> Iterator[Any]:
        """Endless training batches."""

    @abstractmethod
    def score(self, model: Model) -> dict[str, float]:
        """How well a trained model does on what it was not trained on."""

    @abstractmethod
    def useless(self, scores: dict[str, float]) -> bool:
        """Whether such scores are those of a model that learned nothing of what it reads."""


@torch.no_grad()
def bits(model: nn.Module, batches: Iterable[Any], loss: Loss) -> float:
    """Mean cross-entropy of the targets of all batches, in bits a target."""
    total, count = 0.0, 0
    for batch in batches:
        part, number = loss(model, batch, 0.0)
        total, count = total + part.item(), count + int(number)
    return total / count / math.log(2)


def device_of(model: nn.Module) -> torch.device:
    """Where the weights are."""
    return next(model.parameters()).device


def unigram_bits(train: np.ndarray, test: np.ndarray, vocab_size: int) -> float:
    """Cross-entropy of the test ids when each is guessed by how often it occurs in training, in bits an id."""
    counts = np.bincount(train, minlength=vocab_size) + 1.0
    return float(-np.log2(counts / counts.sum())[test].mean())


@dataclass(frozen=True)
class Translation(Task):
    """German to English, by one vocabulary for both that is learned from the training pairs."""

    train: Sequence[Pair]
    test: Sequence[Pair]
    max_tokens: int  # places of a batch, source and target, padding counted
    widths: Sequence[int] = WIDTHS
    beam_size: int = 1
    kind = "translation"
    metrics = ("BLEU", "bits per piece")

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Its only target tag is that of English."""
        text = (side for pair in self.train for side in (pair.english, pair.other))
        return Tokenizer(train_tokenizer(text, self.model.vocab_size, languages=["en"]))

    def _encode(self, pairs: Sequence[Pair], widths: Sequence[int]) -> BucketedPairs:
        tag = self.tokenizer.tag("en")
        sources = [[tag, *ids, END] for ids in self.tokenizer.encode_all(pair.other for pair in pairs)]
        targets = [[*ids, END] for ids in self.tokenizer.encode_all(pair.english for pair in pairs)]
        return BucketedPairs(Ragged.of(sources), Ragged.of(targets), widths)

    @cached_property
    def _corpus(self) -> BucketedPairs:
        return self._encode(self.train, self.widths)

    @cached_property
    def _held_out(self) -> BucketedPairs:
        return self._encode(self.test, [*self.widths, self.model.max_length])

    def loss(self) -> Loss:
        return translation_loss

    def batches(self, seed: int, device: torch.device) -> Iterator[Any]:
        return self._corpus.batches(self.max_tokens, seed=seed, device=device)

    def score(self, model: Model) -> dict[str, float]:
        """Bits where the model is; then BLEU on the CPU, where decoding is at home."""
        assert isinstance(model, EncoderDecoder)
        held_out = self._held_out.once(self.max_tokens, device=device_of(model))
        information = bits(model, held_out, translation_loss)
        return {"BLEU": self.bleu(model.cpu()), "bits per piece": information}

    def bleu(self, model: EncoderDecoder) -> float:
        """BLEU by sacreBLEU of the test pairs' translations."""
        translator = Translator(model, self.tokenizer, {}, Path(self.dataset))
        return evaluate(translator, self.test, "de", "en", beam_size=self.beam_size).bleu

    def useless(self, scores: dict[str, float]) -> bool:
        return scores["BLEU"] < LOWEST_BLEU


@dataclass(frozen=True)
class Prediction(Task):
    """The next character or word of one long text, from windows of `length`, each read alone."""

    train: np.ndarray
    test: np.ndarray
    length: int
    batch_size: int  # windows
    unit: str = "character"
    kind = "prediction"

    @property
    def metrics(self) -> tuple[str, ...]:
        return (f"bits per {self.unit}",)

    def loss(self) -> Loss:
        return text_loss

    def batches(self, seed: int, device: torch.device) -> Iterator[TextBatch]:
        return TextCorpus(self.train, self.length).batches(self.batch_size, seed=seed, device=device)

    def score(self, model: Model) -> dict[str, float]:
        windows = TextCorpus(self.test, self.length).once(self.batch_size, device=device_of(model))
        return {self.metrics[0]: bits(model, windows, self.loss())}

    def useless(self, scores: dict[str, float]) -> bool:
        return scores[self.metrics[0]] >= unigram_bits(self.train, self.test, self.model.vocab_size)


@dataclass(frozen=True)
class RememberingPrediction(Prediction):
    """The same from `batch_size` streams of segments side by side, each with a memory of what came before."""

    memory: int = 0  # states a layer

    def loss(self) -> Loss:
        return RememberingLoss(self.memory)

    def batches(self, seed: int, device: torch.device) -> Iterator[TextBatch]:
        """Streams are read in order: the seed has no part in it."""
        return StreamCorpus(self.train, self.length, self.batch_size).batches(device=device)

    def score(self, model: Model) -> dict[str, float]:
        streams = StreamCorpus(self.test, self.length, self.batch_size).once(device=device_of(model))
        return {self.metrics[0]: bits(model, streams, self.loss())}
