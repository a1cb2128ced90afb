"""Greedy decoding over a made-up step function, and over random models with and without a cache."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from torch.testing import assert_close

from transformer.config import PRESETS, preset
from transformer.data.batches import pad
from transformer.decoding import Step, greedy
from transformer.models import build
from transformer.next_tokens import next_tokens
from transformer.tokenizers import END, PAD, START

A, B, C = 4, 5, 6
# (sentence, last token) -> what comes next, with which probability; the rest is shared by all others.
CHAINS = [
    {START: (A, 0.9), A: (B, 0.5), B: (C, 0.8), C: (END, 0.6)},
    {START: (B, 0.7), B: (END, 0.95)},
    {START: (C, 0.4), C: (C, 0.99)},  # never ends
]
VOCABULARY = 8


def mock(asked: list[list[int]]):
    def step(last: torch.Tensor) -> torch.Tensor:
        asked.append(last.tolist())
        rows = []
        for chain, token in zip(CHAINS, last.tolist(), strict=True):
            following, p = chain.get(token, (A, 0.3))
            row = torch.full((VOCABULARY,), (1 - p) / (VOCABULARY - 1))
            row[following] = p
            rows.append(row)
        return torch.stack(rows).log()

    return step


def test_greedy_follows_the_likeliest_and_keeps_the_finished():
    asked: list[list[int]] = []
    steps = list(greedy(mock(asked), 3, 6, num_candidates=3))
    assert len(steps) == 6  # the third never ends
    chosen = torch.stack([step.chosen for step in steps], 1).tolist()
    assert chosen == [[A, B, C, END, PAD, PAD], [B, END, PAD, PAD, PAD, PAD], [C] * 6]
    assert asked == [[START] * 3, *([row[i] for row in chosen] for i in range(5))]
    finished = torch.stack([step.finished for step in steps], 1).tolist()
    assert finished == [[False] * 3 + [True] * 3, [False] + [True] * 5, [False] * 6]
    probabilities = torch.stack([step.chosen_log_probability for step in steps], 1).exp()
    expected = [[0.9, 0.5, 0.8, 0.6, 1, 1], [0.7, 0.95, 1, 1, 1, 1], [0.4] + [0.99] * 5]
    assert_close(probabilities, torch.tensor(expected))
    for step in steps:
        assert step.candidates.shape == step.log_probabilities.shape == (3, 3)
        assert (step.log_probabilities.diff(dim=1) <= 0).all()
        running = step.chosen != PAD
        assert torch.equal(step.candidates[running, 0], step.chosen[running])
        assert torch.equal(step.log_probabilities[running, 0], step.chosen_log_probability[running])


def test_greedy_stops_when_all_have_ended_and_not_later_than_allowed():
    def ending(last: torch.Tensor) -> torch.Tensor:
        return mock([])(torch.cat((last, torch.tensor([C]))))[:2]

    assert len(list(greedy(ending, 2, 50))) == 4
    assert [step.finished.tolist() for step in greedy(ending, 2, 2)] == [[False, False], [False, True]]
    assert list(greedy(ending, 2, 0)) == []


def test_greedy_takes_a_step_only_when_asked():
    asked: list[list[int]] = []
    assert len(list(islice(greedy(mock(asked), 3, 6), 2))) == len(asked) == 2


SOURCES = [[5, 7, 9, 11, 4, 12, 6, END], [4, END], [12, 4, 6, 8, END], [9, END], [5, 5, 5, 10, 4, END]]


@pytest.fixture(
    params=[(name, seed) for name in PRESETS for seed in (0, 1)], ids=lambda param: f"{param[0]}-{param[1]}"
)
def model(request, tiny_config, randomize):
    name, seed = request.param
    torch.default_generator.manual_seed(seed)
    sizes = ("vocab_size", "max_length", "d_model", "num_heads", "d_ff", "num_encoder_layers", "num_decoder_layers")
    return randomize(build(preset(name, **{key: getattr(tiny_config, key) for key in sizes})))


def decode(model, sources: list[list[int]], *, cached: bool = True) -> list[Step]:
    with torch.no_grad():
        return list(greedy(next_tokens(model, pad(sources), cached=cached), len(sources), 12))


def test_the_cache_changes_nothing(model):
    for ours, theirs in zip(decode(model, SOURCES), decode(model, SOURCES, cached=False), strict=True):
        assert torch.equal(ours.chosen, theirs.chosen)
        running = ours.chosen != PAD  # what follows the end of a sentence is nobody's
        assert_close(ours.log_probabilities[running], theirs.log_probabilities[running], rtol=0, atol=1e-5)


def test_a_batch_gives_what_each_sentence_gives_alone(model):
    together = decode(model, SOURCES)
    for row, source in enumerate(SOURCES):
        alone = decode(model, [source])
        assert len(alone) <= len(together)
        for ours, theirs in zip(together, alone, strict=False):
            assert ours.chosen[row] == theirs.chosen[0]
            assert_close(ours.log_probabilities[row], theirs.log_probabilities[0], rtol=0, atol=1e-5)
        assert all(step.chosen[row] == PAD for step in together[len(alone) :])


def test_decoding_agrees_with_one_teacher_forced_pass(model):
    for source in SOURCES:
        steps = decode(model, [source])
        written = [int(step.chosen) for step in steps]
        with torch.no_grad():
            log_p = model(torch.tensor([source]), torch.tensor([[START, *written[:-1]]])).log_softmax(-1)[0]
        assert log_p.argmax(-1).tolist() == written
        for step, row in zip(steps, log_p, strict=True):
            assert_close(step.log_probabilities[0], row[step.candidates[0]], rtol=0, atol=1e-5)
