"""Decoder-only and encoder-only models learn, by the function that trains translators, what can be worked out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from transformer.config import ModelConfig
from transformer.data.batches import LabelledBatch
from transformer.data.windows import TextCorpus
from transformer.losses import class_loss, text_loss
from transformer.models import Model, build
from transformer.tokenizers import PAD
from transformer.training import TrainingConfig, train

TRAINING = TrainingConfig(
    steps=200, warmup=20, peak_rate=1e-2, cooldown=150, label_smoothing=0.0, record_every=200, seed=1
)


def mean_loss(model: Model, corpus: TextCorpus) -> float:
    with torch.no_grad():
        sums = [torch.stack(text_loss(model, batch, 0.0)) for batch in corpus.once(64, device="cpu")]
    total, targets = torch.stack(sums).sum(0).tolist()
    return total / targets


def language_model(config: ModelConfig, text: np.ndarray) -> Model:
    """Train on windows of 12 tokens."""
    model = build(replace(config, architecture="decoder", num_decoder_layers=1))
    batches = TextCorpus(text, 12).batches(64, seed=1, device="cpu")
    record = list(train(model, batches, TRAINING, loss=text_loss))[-1]
    assert record.step == TRAINING.steps
    return model


def test_a_language_model_learns_a_period_by_heart(tiny_config):
    text = np.tile([4, 7, 5, 9, 6, 11, 8], 40)
    assert mean_loss(language_model(tiny_config, text), TextCorpus(text, 12)) < 0.02


def markov_chain(number: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ids 4 to 9 in a ring, going on by one step with probability 0.8 and by two otherwise; and where by two."""
    twice = rng.random(number) < 0.2
    return 4 + (1 + twice).cumsum() % 6, twice


def test_a_language_model_reaches_the_entropy_of_its_text(tiny_config):
    rng = np.random.default_rng(0)
    model = language_model(tiny_config, markov_chain(20_000, rng)[0])
    text, twice = markov_chain(6001, rng)
    entropy = -np.where(twice[1:], math.log(0.2), math.log(0.8)).mean()  # in nats, of this very text
    assert entropy == pytest.approx(0.5004, abs=0.05)  # -0.8 ln 0.8 - 0.2 ln 0.2
    assert mean_loss(model, TextCorpus(text, 12)) == pytest.approx(entropy, abs=0.02)


def labelled(rng: np.random.Generator, pooled: bool) -> LabelledBatch:
    """Padded rows of ids 4 to 12; is there a 7 in the row? The answer is asked for once, or at every place."""
    lengths = rng.integers(3, 9, size=32)
    inputs = rng.integers(4, 13, size=(32, 8))
    visible = np.arange(8) < lengths[:, None]
    inputs[~visible] = PAD
    labels = (inputs == 7).any(1, keepdims=True)
    labels = labels[:, 0] if pooled else labels.repeat(8, 1)
    return LabelledBatch(*(torch.from_numpy(x) for x in (inputs, visible, labels.astype(np.int64))))


@pytest.mark.parametrize("pooling", ["mean", "first", "none"])
def test_a_classifier_learns_a_rule(pooling, tiny_config):
    def batches() -> Iterator[LabelledBatch]:
        rng = np.random.default_rng(1)
        while True:
            yield labelled(rng, pooling != "none")

    model = build(replace(tiny_config, architecture="encoder", output="linear", pooling=pooling))
    list(train(model, batches(), TRAINING, loss=class_loss))
    unseen = [labelled(np.random.default_rng((2, i)), pooling != "none") for i in range(10)]
    with torch.no_grad():
        right = [(model(batch.inputs, batch.visible).argmax(-1) == batch.labels).float().mean() for batch in unseen]
    assert torch.stack(right).mean() > 0.98
    guess = max(torch.stack([batch.labels.float() for batch in unseen]).mean().item(), 0.5)
    assert guess < 0.8, "it is no rule if one answer is nearly always right"
