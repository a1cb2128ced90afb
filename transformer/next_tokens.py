"""The step function of decoding: from the tokens written last to the probabilities of the next.

(B)atch, (W)idth of the beam, (R)ows = B or B W, (V)ocabulary.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from transformer.cache import KeyValueCache
from transformer.layers import Encoded
from transformer.models import EncoderDecoder
from transformer.places import Beams
from transformer.trace import NO_TRACE, NoTrace


class NextTokens(Protocol):
    """A step function: last tokens (R,) -> log-probabilities of the next token (R, V).

    `rows` (R,) says which row of the step before each row continues; None: each its own.
    """

    def __call__(self, last: Tensor, rows: Tensor | None = None) -> Tensor: ...


@torch.inference_mode()
def next_tokens(
    model: EncoderDecoder, source: Tensor, *, width: int = 1, cached: bool = True, changes: NoTrace = NO_TRACE
) -> NextTokens:
    """Make the step function of a batch of sources (B, S), each in `width` rows one after the other.

    All rows of a sentence begin with the same token, and go on with rows of the same sentence. `cached` keeps keys
    and values from step to step; without it every step runs the whole output again, which gives the same numbers
    more slowly. `changes` are what every pass runs under (see `edits.applied`).
    """
    encoded = model.encode(source, changes)
    make = _from_cache if cached else _from_scratch
    return make(model, encoded, width, changes)


def _from_cache(model: EncoderDecoder, encoded: Encoded, width: int, changes: NoTrace) -> NextTokens:
    cache, beams = KeyValueCache(model.config.num_decoder_layers), Beams(len(encoded.states), width)

    @torch.inference_mode()
    def step(last: Tensor, rows: Tensor | None = None) -> Tensor:
        place = beams.grow(rows) if cache.length else beams.start()
        tokens = last.unflatten(0, (-1, width))[:, : len(place.q_position)]
        logits = model.decode(tokens, encoded, cache, changes.at(place.k_position), place)
        return logits.expand(-1, width, -1).flatten(0, 1).log_softmax(-1)

    return step


def _from_scratch(model: EncoderDecoder, encoded: Encoded, width: int, changes: NoTrace) -> NextTokens:
    encoded = encoded.select(torch.arange(len(encoded.states)).repeat_interleave(width))
    so_far = torch.empty(len(encoded.states), 0, dtype=torch.long)

    @torch.inference_mode()
    def step(last: Tensor, rows: Tensor | None = None) -> Tensor:
        nonlocal so_far
        so_far = torch.cat((so_far if rows is None else so_far[rows], last[:, None]), 1)
        return model.decode(so_far, encoded, trace=changes)[:, -1].log_softmax(-1)

    return step
