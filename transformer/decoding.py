"""Decoding: from next-token probabilities to an output, one record a step.

(B)atch, (V)ocabulary, (C)andidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from transformer.cache import KeyValueCache
from transformer.models import EncoderDecoder
from transformer.tokenizers import END, PAD, START

MAX_EXTRA = 50  # an output is at most this much longer than its input (Vaswani et al. 2017, section 6.1)

NextTokens = Callable[[Tensor], Tensor]  # last tokens (B,) -> log-probabilities of the next (B, V)


@dataclass(frozen=True)
class Step:
    """One step of a batch: the likeliest next tokens, the one chosen, and which sentences have ended.

    A sentence that ended before goes on with padding, whose log-probability counts as 0.
    """

    candidates: Tensor  # (B, C) ids, likeliest first
    log_probabilities: Tensor  # (B, C) natural logarithms
    chosen: Tensor  # (B,) ids
    chosen_log_probability: Tensor  # (B,)
    finished: Tensor  # (B,) booleans


def next_tokens(model: EncoderDecoder, source: Tensor, *, cached: bool = True) -> NextTokens:
    """Make the step function of a batch of sources (B, S).

    `cached` keeps keys and values from step to step; without it every step runs the whole output again, which
    gives the same numbers more slowly.
    """
    encoded = model.encode(source)
    cache = KeyValueCache(model.config.num_decoder_layers)
    so_far: list[Tensor] = []

    def from_cache(last: Tensor) -> Tensor:
        return model.decode(last[:, None], encoded, cache)[:, -1].log_softmax(-1)

    def from_scratch(last: Tensor) -> Tensor:
        so_far.append(last)
        return model.decode(torch.stack(so_far, 1), encoded)[:, -1].log_softmax(-1)

    return from_cache if cached else from_scratch


def greedy(step: NextTokens, batch_size: int, max_steps: int, *, num_candidates: int = 5) -> Iterator[Step]:
    """Take the likeliest token at every step, until every sentence has ended or `max_steps` are done."""
    last = torch.full((batch_size,), START)
    finished = torch.zeros(batch_size, dtype=torch.bool)
    for _ in range(max_steps):
        log_probabilities, candidates = step(last).topk(num_candidates)
        last = torch.where(finished, PAD, candidates[:, 0])
        score = torch.where(finished, 0.0, log_probabilities[:, 0])
        finished = finished | (last == END)
        yield Step(candidates, log_probabilities, last, score, finished)
        if finished.all():
            return
