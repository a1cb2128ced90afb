"""Beam search and sampling, against exhaustive search and known distributions."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from transformer.decoding import (
    MAX_EXTRA,
    beam_search,
    follow,
    greedy,
    length_normaliser,
    likeliest,
    sampler,
)
from transformer.models import build
from transformer.next_tokens import next_tokens
from transformer.tokenizers import END, START

VOCABULARY, LONGEST = 6, 4


class Language:
    """A made-up language: the next token's probabilities depend on everything written so far."""

    def __init__(self, seed: int, batch_size: int, width: int) -> None:
        self.seed = seed
        self.rows = [(row // width, (START,)) for row in range(batch_size * width)]

    def log_probabilities(self, sentence: int, so_far: tuple[int, ...]) -> torch.Tensor:
        generator = torch.Generator().manual_seed(hash((self.seed, sentence, so_far)) % 2**63)
        scores = 2 * torch.randn(VOCABULARY, generator=generator, dtype=torch.float64)
        scores[:END] = -torch.inf  # padding, unknown and start are never written
        return scores.log_softmax(-1)

    def __call__(self, last: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
        order = range(len(self.rows)) if rows is None else rows.tolist()
        kept = [self.rows[row] for row in order]
        started = self.rows[0][1] != (START,) or rows is not None
        pairs = zip(kept, last.tolist(), strict=True)
        self.rows = [(s, (*ids, token)) if started or token != START else (s, ids) for (s, ids), token in pairs]
        return torch.stack([self.log_probabilities(*row) for row in self.rows])


def every_output(language: Language, sentence: int, length_penalty: float) -> list[tuple[float, tuple[int, ...]]]:
    outputs = []
    for length in range(1, LONGEST + 1):
        for body in itertools.product(range(END + 1, VOCABULARY), repeat=length - 1):
            ids, total = (START,), 0.0
            for token in (*body, END):
                total += language.log_probabilities(sentence, ids)[token].item()
                ids = (*ids, token)
            outputs.append((total / length_normaliser(length, length_penalty), ids[1:]))
    return sorted(outputs, reverse=True)


@given(seed=st.integers(0, 10**6), length_penalty=st.sampled_from([0.0, 0.6, 1.0]))
@settings(max_examples=25, deadline=None)
def test_a_wide_beam_finds_what_exhaustive_search_finds(seed: int, length_penalty: float) -> None:
    width = 2 ** (LONGEST + 1)
    language = Language(seed, 2, width)
    outputs, _ = beam_search(language, 2, LONGEST, beam_size=width, length_penalty=length_penalty)
    for sentence in range(2):
        score, ids = every_output(language, sentence, length_penalty)[0]
        assert outputs[sentence][0].ids == list(ids)
        assert outputs[sentence][0].score == pytest.approx(score, abs=1e-9)


@given(seed=st.integers(0, 10**6), width=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_the_record_leads_back_to_every_output(seed: int, width: int) -> None:
    language = Language(seed, 1, width)
    outputs, steps = beam_search(language, 1, LONGEST, beam_size=width, num_candidates=VOCABULARY)
    assert [output.score for output in outputs[0]] == sorted((o.score for o in outputs[0]), reverse=True)
    for output in outputs[0]:
        for step, place, token, gain in zip(steps, output.path, output.ids, output.log_probabilities, strict=False):
            found = step.candidates[0, place].tolist().index(token)
            assert gain == pytest.approx(step.log_probabilities[0, place, found].item(), abs=1e-9)
        assert output.score == pytest.approx(
            sum(output.log_probabilities) / length_normaliser(len(output.ids), 0.6), abs=1e-9
        )


@pytest.fixture(scope="module")
def model_and_source() -> tuple[torch.nn.Module, torch.Tensor]:
    from transformer.config import ModelConfig

    torch.manual_seed(3)
    sizes = {"vocab_size": 40, "d_model": 16, "num_heads": 2, "d_ff": 32}
    model = build(ModelConfig(num_encoder_layers=1, num_decoder_layers=2, **sizes)).eval()
    with torch.no_grad():
        model.embedding.content.table.weight.mul_(6)
    source = torch.randint(4, 40, (3, 7))
    source[1, 5:] = 0
    return model, source


@torch.no_grad()
def test_a_beam_of_one_is_greedy(model_and_source: tuple[torch.nn.Module, torch.Tensor]) -> None:
    model, source = model_and_source
    steps = list(greedy(next_tokens(model, source), 3, 20))
    outputs, _ = beam_search(next_tokens(model, source), 3, 20, beam_size=1)
    for sentence in range(3):
        ids = [int(step.chosen[sentence]) for step in steps]
        ids = ids[: ids.index(END) + 1] if END in ids else ids
        assert outputs[sentence][0].ids == ids


@torch.no_grad()
def test_cached_beams_equal_uncached(model_and_source: tuple[torch.nn.Module, torch.Tensor]) -> None:
    model, source = model_and_source
    both = [
        beam_search(next_tokens(model, source, width=3, cached=cached), 3, 15, beam_size=3)[0]
        for cached in (True, False)
    ]
    for cached, uncached in zip(*both, strict=True):
        assert [h.ids for h in cached] == [h.ids for h in uncached]
        torch.testing.assert_close(
            torch.tensor([h.score for h in cached]), torch.tensor([h.score for h in uncached]), atol=1e-5, rtol=0
        )


@torch.no_grad()
def test_a_batch_of_beams_equals_each_alone(model_and_source: tuple[torch.nn.Module, torch.Tensor]) -> None:
    model, source = model_and_source
    limits = [15, 6, 9]
    together, _ = beam_search(next_tokens(model, source, width=4), 3, limits)
    for sentence in range(3):
        row = source[sentence][source[sentence] != 0][None]
        alone, _ = beam_search(next_tokens(model, row, width=4), 1, limits[sentence])
        assert alone[0][0].ids == together[sentence][0].ids


def test_the_length_penalty_is_gnmts() -> None:
    assert length_normaliser(1, 0.6) == 1.0
    assert length_normaliser(7, 0.6) == pytest.approx(math.exp(0.6 * math.log(2)))


def drawn(choose, probabilities: list[float], number: int = 20_000) -> torch.Tensor:
    log_probabilities = torch.tensor(probabilities).log().expand(number, -1)
    return torch.bincount(choose(log_probabilities), minlength=len(probabilities)) / number


def test_sampling_follows_the_distribution() -> None:
    probabilities = [0.5, 0.3, 0.15, 0.05]
    torch.testing.assert_close(drawn(sampler(seed=1), probabilities), torch.tensor(probabilities), atol=0.02, rtol=0)
    hot = torch.tensor(probabilities).sqrt()
    torch.testing.assert_close(
        drawn(sampler(temperature=2.0, seed=1), probabilities), hot / hot.sum(), atol=0.02, rtol=0
    )


def test_top_k_and_top_p_cut_the_tail() -> None:
    probabilities = [0.5, 0.3, 0.15, 0.05]
    assert (drawn(sampler(top_k=2), probabilities) > 0).tolist() == [True, True, False, False]
    assert (drawn(sampler(top_p=0.79), probabilities) > 0).tolist() == [True, True, False, False]
    assert (drawn(sampler(top_p=0.81), probabilities) > 0).tolist() == [True, True, True, False]
    assert (drawn(sampler(top_p=0.1), probabilities) > 0).tolist() == [True, False, False, False]


def test_a_cold_sampler_is_greedy_and_a_seed_repeats() -> None:
    log_probabilities = torch.randn(50, 9).log_softmax(-1)
    assert torch.equal(sampler(temperature=1e-4)(log_probabilities), likeliest(log_probabilities))
    assert torch.equal(sampler(seed=5)(log_probabilities), sampler(seed=5)(log_probabilities))
    for wrong in ({"temperature": 0.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"top_k": -1}):
        with pytest.raises(ValueError, match="temperature"):
            sampler(**wrong)


@torch.no_grad()
def test_sampled_outputs_have_the_models_probabilities(model_and_source) -> None:
    model, source = model_and_source
    steps = list(follow(next_tokens(model, source), sampler(seed=2), 3, MAX_EXTRA, num_candidates=40))
    for step in steps:
        found = (step.candidates == step.chosen[:, None]).nonzero()
        for sentence, place in found.tolist():
            if step.chosen_log_probability[sentence] != 0:
                assert step.log_probabilities[sentence, place] == step.chosen_log_probability[sentence]
