"""Importance of heads in one batch, against one traced pass a head; and the likelihood that it asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from transformer.changes import KINDS, HeadChange, read
from transformer.config import AttentionConfig
from transformer.edits import applied
from transformer.importance import head_importance
from transformer.likelihood import log_probability
from transformer.models import build
from transformer.tokenizers import END, START
from transformer.trace import Trace

SOURCE, WRITTEN = [5, 9, 4, 12, 7, END], [8, 8, 10, 4, END]


@pytest.fixture(params=["exponential", "polynomial"])
def model(request, tiny_config, randomize):
    attention = AttentionConfig(kernel=request.param)
    causal = replace(attention, filters=("causal",))
    kinds = {"encoder_attention": attention, "decoder_attention": causal, "cross_attention": attention}
    return randomize(build(replace(tiny_config, num_heads=4, **kinds)))


def traced_log_probability(model, changes, first: int = 0) -> float:
    """One pass, recorded, in NumPy."""
    trace = Trace(changes=applied(changes, model.config))
    with torch.no_grad():
        model(torch.tensor([SOURCE]), torch.tensor([[START, *WRITTEN[:-1]]]), trace)
    logits = trace["logits"][0].numpy().astype(np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities = powers / powers.sum(-1, keepdims=True)
    return np.log(probabilities[range(len(WRITTEN)), WRITTEN])[first:].sum()


@pytest.mark.parametrize("first", [0, 2, 4])
@torch.no_grad()
def test_the_log_probability_of_the_last_pieces(first, model):
    (ours,) = log_probability(model, SOURCE, WRITTEN, first=first).tolist()
    assert ours == pytest.approx(traced_log_probability(model, (), first), abs=1e-5)


@pytest.mark.parametrize("changes", ["", "mask.2~uniform.e.0.1~token.c.1.3.0~off.d.1.2~force.0.7"])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_heads_is_each_alone(kind, layer, changes, model):
    standing = read(changes)
    ours = head_importance(model, SOURCE, WRITTEN, kind, layer, standing)
    before = traced_log_probability(model, standing)
    for head in range(4):
        change = HeadChange(kind, layer, head, "off")
        others = [each for each in standing if each.place != change.place]  # off is off, whatever it was
        expected = traced_log_probability(model, [*others, change]) - before
        assert ours[head].item() == pytest.approx(expected, abs=2e-5)
    assert ours.shape == (4,)
    assert ours.abs().max() > 1e-3


def test_a_head_that_is_off_already_changes_nothing(model):
    ours = head_importance(model, SOURCE, WRITTEN, "cross", 1, read("off.c.1.2"))
    assert ours[2].item() == pytest.approx(0, abs=1e-5)


def test_layers_that_there_are_not(model):
    with pytest.raises(ValueError, match="there is no cross layer 2: the model has 2"):
        head_importance(model, SOURCE, WRITTEN, "cross", 2)
    with pytest.raises(ValueError, match="unknown kind of attention 'middle'"):
        head_importance(model, SOURCE, WRITTEN, "middle", 0)
    with pytest.raises(ValueError, match="no position 9 to hide"):
        head_importance(model, SOURCE, WRITTEN, "cross", 0, read("mask.9"))
