"""Patterns of positions against their formulas, and a source that stands elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from transformer.config import ModelConfig
from transformer.models import build
from transformer.position_patterns import (
    LAYOUTS,
    alike,
    by_distance,
    learned_patterns,
    rotary_alike,
    shifted,
    wavelengths,
)
from transformer.positions import LearnedSum, NoInputPosition, sinusoid
from transformer.translator import load_translator


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dim", [4, 64, 512])
def test_wavelengths_are_those_of_the_papers(layout: str, dim: int) -> None:
    i = np.arange(dim // 2)
    exponents = 2 * i / dim if layout == "interleaved" else i / (dim // 2 - 1)
    np.testing.assert_allclose(wavelengths(dim, layout).numpy(), 2 * np.pi * 10000.0**exponents, rtol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_likeness_of_sinusoids_depends_on_the_distance_alone(layout: str) -> None:
    similarity = alike(sinusoid(torch.arange(40), 16, layout)).numpy()
    turns = wavelengths(16, layout).numpy()
    distance = np.abs(np.arange(40)[:, None] - np.arange(40))
    expected = np.cos(2 * np.pi * distance[..., None] / turns).mean(-1)
    np.testing.assert_allclose(similarity, expected, atol=1e-5)
    np.testing.assert_allclose(by_distance(torch.tensor(similarity)).numpy(), expected[0], atol=1e-5)


def test_rotary_turns_by_the_same_waves() -> None:
    """<R_p 1, R_p' 1> / d is the mean of the cosines, that of sinusoids of the head's width."""
    torch.testing.assert_close(rotary_alike(30, 8), alike(sinusoid(torch.arange(30), 8)), rtol=0, atol=1e-6)


def test_a_learned_table_is_the_models_own_or_says_that_it_is_random() -> None:
    own = LearnedSum(16, 20)
    table, trained = learned_patterns(own, 12, 16)
    assert trained and torch.equal(table, own.table.weight[:12])
    assert len(learned_patterns(own, 50, 16)[0]) == 20
    table, trained = learned_patterns(NoInputPosition(512, 20), 64, 512)
    assert not trained
    assert alike(table).fill_diagonal_(0).abs().max() < 0.25  # random directions are nearly at right angles


def test_a_shifted_source_is_read_as_if_it_stood_there() -> None:
    translator = load_translator("small")
    source, written = translator.source("I am tired.", "de"), translator.translate("I am tired.", "de")
    zero, ten = shifted(translator.model, source, written.ids, [0, 10])
    assert zero == pytest.approx(written.score, abs=1e-4)
    model = translator.model
    embedded = model.embedding.content(torch.tensor([source]))
    place = torch.arange(len(source))
    x = embedded + sinusoid(place + 10, model.config.d_model)
    with torch.no_grad():
        states = model.encoder(x, place, place, torch.ones(1, 1, 1, len(source), dtype=torch.bool))
        encoded = replace(model.encode(torch.tensor([source])), states=states)
        logits = model.decode(torch.tensor([[2, *written.ids[:-1]]]), encoded)[0].log_softmax(-1)
    assert ten == pytest.approx(float(logits[range(len(written.ids)), written.ids].sum()), abs=1e-4)
    assert ten != pytest.approx(zero, abs=1e-3)


def test_what_cannot_be_shifted_says_why(tiny_config: ModelConfig) -> None:
    none = build(replace(tiny_config, input_position="none"))
    with pytest.raises(ValueError, match="nothing to shift"):
        shifted(none, [5, 6, 3], [7, 3], [0, 1])
    learned = build(replace(tiny_config, input_position="learned")).eval()
    assert len(shifted(learned, [5, 6, 3], [7, 3], [0, 37])) == 2
    with pytest.raises(ValueError, match="40 rows"):
        shifted(learned, [5, 6, 3], [7, 3], [0, 38])
