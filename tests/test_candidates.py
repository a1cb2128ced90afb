"""The candidates of each step, against probabilities of a fresh pass at every temperature."""

from __future__ import annotations

import pytest
import torch

from transformer import load_translator
from transformer.candidates import TEMPERATURES, step_candidates
from transformer.tokenizers import START


@pytest.fixture(scope="module")
def pass_and_record():
    """A sentence drawn at random, so that unlikely pieces are written too: logits of a fresh pass, ids, record."""
    translator = load_translator("small")
    text, target = "My brother drinks coffee in the kitchen.", "fr"
    translation = translator.translate(text, target, temperature=1.6, seed=4)
    logits = translator.trace(text, target, translation)["logits"][0]
    record = step_candidates(logits, translation.ids, translator.tokenizer)
    source, read = translator.source(text, target), [START, *translation.ids[:-1]]
    with torch.no_grad():
        fresh = translator.model(torch.tensor([source]), torch.tensor([read]))[0].double()
    return fresh, translation, record


def test_temperatures_go_in_tenths_from_sharp_to_flat():
    assert TEMPERATURES[0] == 0.1 and TEMPERATURES[9] == 1.0 and TEMPERATURES[-1] == 2.0
    assert len(TEMPERATURES) == 20


@pytest.mark.parametrize("place", range(len(TEMPERATURES)))
def test_the_normalisers_give_the_softmax_of_the_whole_vocabulary(place, pass_and_record):
    logits, translation, record = pass_and_record
    temperature = TEMPERATURES[place]
    for row, token, step in zip(logits, translation.ids, record, strict=True):
        probabilities = (row / temperature).softmax(-1)
        logs = torch.tensor([*step.log_probabilities, step.log_probability], dtype=torch.float64)
        ours = (logs / temperature - step.log_normalisers[place]).exp()
        torch.testing.assert_close(ours, probabilities[[*step.ids, token]], rtol=1e-4, atol=1e-6)


def test_the_candidates_are_the_likeliest_and_the_written_one_is_told(pass_and_record):
    logits, translation, record = pass_and_record
    names = load_translator("small").tokenizer.pieces
    assert [step.piece for step in record] == translation.pieces
    assert [step.id for step in record] == translation.ids
    assert any(step.id not in step.ids for step in record), "nothing unlikely was drawn: take another seed"
    for row, step in zip(logits, record, strict=True):
        assert step.ids == row.topk(10).indices.tolist()
        assert step.pieces == names(step.ids)


def test_a_small_vocabulary_has_few_candidates(tokenizer):
    (step,) = step_candidates(torch.tensor([[0.0, 2.0, 1.0]]), [0], tokenizer)
    assert step.ids == [1, 2, 0]
