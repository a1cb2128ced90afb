"""Patterns of positions: how long their waves are, how alike two positions are, and what lies beyond training.

(L)ength, (D)model, d = width of a head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from transformer.edits import Edit, Edits, Here
from transformer.likelihood import log_probability
from transformer.models import EncoderDecoder
from transformer.positions import LearnedSum, NoInputPosition, RotaryPosition, sinusoid

LAYOUTS = ("interleaved", "halves")


def wavelengths(dim: int, layout: str = "interleaved") -> Tensor:
    """Positions that a full turn of each pair of sine and cosine takes (dim / 2,), read off `sinusoid` at position 1.

    The angle at position 1 is the angle of one step; a turn has 2 pi.
    """
    at_one = sinusoid(torch.ones(1, dtype=torch.double), dim, layout)[0].double()
    sines, cosines = at_one.chunk(2) if layout == "halves" else (at_one[::2], at_one[1::2])
    return 2 * math.pi / torch.atan2(sines, cosines)


def alike(patterns: Tensor) -> Tensor:
    """Cosines of the patterns (L, D) of every two positions (L, L)."""
    unit = patterns.double() / patterns.double().norm(dim=-1, keepdim=True)
    return unit @ unit.mT


def rotary_alike(length: int, d_head: int) -> Tensor:
    """Cosine of one vector of ones, turned by every two positions (L, L): what rotary position does to <q, k>."""
    position = torch.arange(length)
    ones = torch.ones(1, 1, length, d_head, dtype=torch.double)
    return alike(RotaryPosition(d_head, 1, d_head).rotate(ones, position)[0, 0])


def learned_patterns(position: NoInputPosition, length: int, d_model: int) -> tuple[Tensor, bool]:
    """Return a learned table's rows (at most `length`, D) and whether it was trained.

    Where the model has none: the table that a training begins with, from a fixed seed.
    """
    if isinstance(position, LearnedSum):
        return position.table.weight[:length], True
    generator = torch.Generator().manual_seed(0)
    return torch.randn(length, d_model, generator=generator), False  # as nn.Embedding starts


def by_distance(similarity: Tensor) -> Tensor:
    """Mean of each diagonal of (L, L) from the main one up: (L,), by distance."""
    return torch.stack([similarity.diagonal(distance).mean() for distance in range(len(similarity))])


@torch.no_grad()
def shifted(model: EncoderDecoder, source: Sequence[int], written: Sequence[int], shifts: Sequence[int]) -> list[float]:
    """Log-probability of an output when the source stands that many places later in the encoder's positions.

    Raises
    ------
    ValueError
        If the model adds nothing to its embeddings, or its learned table ends before.
    """
    position = model.embedding.position
    if model.config.input_position == "none":
        raise ValueError("the model adds no position to its embeddings, so there is nothing to shift")
    rows = position.table.num_embeddings if isinstance(position, LearnedSum) else math.inf
    if len(source) + max(shifts) > rows:
        raise ValueError(f"the learned table has {rows} rows: {len(source)} pieces cannot stand {max(shifts)} later")
    logs = log_probability(model, source, written, Edits({"encoder.embedding": [_shift(position, shifts)]}))
    return [float(each) for each in logs]


def _shift(position: NoInputPosition, shifts: Sequence[int]) -> Edit:
    """Make of embeddings (1, L, D) one row for each shift (S, L, D)."""

    def edit(embedding: Tensor, here: Here) -> Tensor:
        zero, places = torch.zeros_like(embedding), torch.arange(embedding.size(1))
        content = embedding - position(zero, places)
        return torch.cat([content + position(zero, places + by) for by in shifts])

    return edit
