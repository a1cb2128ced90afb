"""What a model might have written at each step of an output, and how a temperature would change the odds.

(Q)ueries: the positions that write, one a step. (V)ocabulary, (C)andidates, (T)emperatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transformer.tokenizers import Tokenizer

TEMPERATURES = tuple(tenths / 10 for tenths in range(1, 21))


@dataclass(frozen=True)
class StepCandidates:
    """One step: the piece written there and the C likeliest pieces, likeliest first, with natural log-probabilities.

    A temperature T divides the logits, so log p_T(y) = log p(y) / T - log Z(T) with Z(T) = sum over the whole
    vocabulary of p(y)^(1/T) (Holtzman et al. 2020, equation 4). `log_normalisers` holds log Z of each of
    `TEMPERATURES`: whoever has them needs no other piece's probability.
    """

    id: int
    piece: str
    log_probability: float
    ids: list[int]  # (C,)
    pieces: list[str]  # (C,)
    log_probabilities: list[float]  # (C,)
    log_normalisers: list[float]  # (T,)


def probabilities(logits: Tensor) -> Tensor:
    """Softmax over the vocabulary (..., V): all are positive, and their sum is 1 (Vaswani et al. 2017, section 3.4)."""
    return logits.softmax(-1)


def step_candidates(
    logits: Tensor, written: Sequence[int], tokenizer: Tokenizer, *, count: int = 10
) -> list[StepCandidates]:
    """Read the candidates of each step off one pass over an output.

    Parameters
    ----------
    logits : (Q, V), as in `trace["logits"][0]`
    written : the Q ids written there
    tokenizer : names the ids
    count : how many candidates to keep a step
    """
    log_p = logits.double().log_softmax(-1)
    top, ids = log_p.topk(min(count, log_p.size(-1)))
    chosen = log_p.gather(-1, torch.tensor([*written])[:, None])
    normalisers = torch.stack([(log_p / temperature).logsumexp(-1) for temperature in TEMPERATURES], -1)
    return [
        StepCandidates(
            token,
            tokenizer.pieces([token])[0],
            _whole(own),
            likeliest,
            tokenizer.pieces(likeliest),
            [_whole(each) for each in values],
            [_whole(each) for each in each_normaliser],
        )
        for token, (own,), likeliest, values, each_normaliser in zip(
            written, chosen.tolist(), ids.tolist(), top.tolist(), normalisers.tolist(), strict=True
        )
    ]


def _whole(number: float) -> float:
    """Keep the nine digits that a 32-bit number has."""
    return float(f"{number:.9g}")
