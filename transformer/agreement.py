"""Whether several ways to explain say the same: Spearman's rank correlation."""

from __future__ import annotations

from torch import Tensor


def ranks(values: Tensor) -> Tensor:
    """Ranks (N,) of numbers (N,), from 0; those that tie share the mean of their ranks."""
    below = (values[None, :] < values[:, None]).sum(1)
    equal = (values[None, :] == values[:, None]).sum(1)
    return below + (equal - 1) / 2


def rank_correlation(one: Tensor, other: Tensor) -> float | None:
    """Spearman's rank correlation of two vectors (N,), in [-1, 1]: Pearson's of their ranks.

    None where it is undefined: fewer than two numbers, or all of one vector the same.
    """
    a, b = (ranks(values).double() for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    scale = (a.square().sum() * b.square().sum()).sqrt().item()
    return max(-1.0, min(1.0, (a @ b).item() / scale)) if scale > 0 else None
