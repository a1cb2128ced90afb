"""Set filters: which keys each query may see. True = takes part, everywhere, always (Tsai et al. 2019, M(x_q, S)).

A set filter takes the positions of the queries (Q,) and of the keys (K,) and gives booleans (Q, K). Memories are
no filter: they are more keys and values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import and_

import torch
from torch import Tensor

from transformer.config import Choice

SetFilter = Callable[[Tensor, Tensor], Tensor]


def everything() -> SetFilter:
    """Every query sees every key."""
    return lambda q, k: torch.ones(len(q), len(k), dtype=torch.bool, device=q.device)


def causal() -> SetFilter:
    """A query sees the keys at or before its own position."""
    return lambda q, k: k[None, :] <= q[:, None]


def window(size: int = 3) -> SetFilter:
    """A query sees keys fewer than `size` positions away."""
    return lambda q, k: (q[:, None] - k[None, :]).abs() < size


def strided(stride: int = 3) -> SetFilter:
    """A query sees its neighbours within `stride`, and beyond them every `stride`-th key (Child et al. 2019)."""
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    return lambda q, k: ((q[:, None] - k[None, :]).abs() < stride) | ((q[:, None] - k[None, :]) % stride == 0)


def self_and_bias(bias_position: int = 0) -> SetFilter:
    """A query sees itself and the bias token (Huben and Morris 2023, section 3)."""
    return lambda q, k: (q[:, None] == k[None, :]) | (k[None, :] == bias_position)


def intersection(filters: Iterable[SetFilter]) -> SetFilter:
    """A key is visible if every filter lets it through."""
    filters = list(filters)
    return lambda q, k: reduce(and_, (f(q, k) for f in filters))


FILTERS: dict[str, Callable[..., SetFilter]] = {
    "everything": everything,
    "causal": causal,
    "window": window,
    "strided": strided,
    "self_and_bias": self_and_bias,
}


def make_filter(choices: Iterable[Choice]) -> SetFilter:
    """Build the set filter that a config names."""
    return intersection(choice.make(FILTERS) for choice in choices)


def not_padding(tokens: Tensor, pad_id: int) -> Tensor:
    """(B, K) ids -> (B, 1, 1, K): the keys that are not padding."""
    return (tokens != pad_id)[:, None, None, :]
