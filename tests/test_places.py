"""Beams in one row of a cache, against each beam in a row of its own and nothing kept."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from transformer.config import PRESETS, AttentionConfig, ModelConfig, preset
from transformer.decoding import beam_search
from transformer.models import build
from transformer.next_tokens import NextTokens, next_tokens
from transformer.tokenizers import END, PAD, START

WIDTH, STEPS = 3, 9
SIZES = ("vocab_size", "max_length", "d_model", "num_heads", "d_ff", "num_encoder_layers", "num_decoder_layers")


def configs(sizes: ModelConfig) -> dict[str, ModelConfig]:
    kept = {name: getattr(sizes, name) for name in SIZES}
    shifted = AttentionConfig(position="shaw", filters=("causal", "window"))
    return {name: preset(name, **kept) for name in PRESETS} | {
        "window": ModelConfig(**kept, decoder_attention=shifted, cross_attention=AttentionConfig(position="rotary")),
    }


@pytest.fixture(params=[*PRESETS, "window"])
def model(request, tiny_config, randomize):
    return randomize(build(configs(tiny_config)[request.param]))


@pytest.fixture
def source() -> torch.Tensor:
    source = torch.randint(END + 1, 13, (4, 6))
    source[1, 4:] = PAD
    return source


def recorded(step: NextTokens, seen: list[torch.Tensor]) -> NextTokens:
    def record(last: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
        seen.append(step(last, rows))
        return seen[-1]

    return record


@torch.no_grad()
def test_beams_that_share_a_row_have_the_numbers_of_beams_that_do_not(model, source):
    seen: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    for cached, steps in seen.items():
        step = next_tokens(model, source, width=WIDTH, cached=cached)
        beam_search(recorded(step, steps), len(source), STEPS, beam_size=WIDTH)
    assert len(seen[True]) == len(seen[False]) > 1
    for shared, alone in zip(seen[True], seen[False], strict=True):
        assert_close(shared, alone, rtol=0, atol=2e-5)


@torch.no_grad()
def test_beams_fork_and_die_in_any_order(model, source):
    """Rows drawn at random reach more trees than a search does: all on one parent, crossed over, none moved."""
    cached, uncached = (next_tokens(model, source, width=WIDTH, cached=cached) for cached in (True, False))
    last, rows = torch.full((len(source) * WIDTH,), START), None
    for number in range(STEPS):
        assert_close(cached(last, rows), uncached(last, rows), rtol=0, atol=2e-5)
        last = torch.randint(END + 1, 13, last.shape)
        parents = torch.randint(WIDTH, (len(source), WIDTH)) + torch.arange(len(source))[:, None] * WIDTH
        rows = None if number == 3 else parents.flatten()
