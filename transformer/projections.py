"""Projections: what becomes of the query, key and value inputs before they meet in the kernel.

(B)atch, (L)ength, (D)model, (H)eads, d = width of a head, of its key or of its value: inputs are (B, L, D), results
(B, H, L, d).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FEW = 4  # rows, from 2 on: up to here a matrix times columns is faster than rows times its transpose, by up to 2


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x W^T + b for x (..., D) and W (E, D).

    The beams of one sentence are a few rows. As columns, (W x^T + b)^T, they let MKL read W once at full speed.
    """
    if not 1 < x.numel() // x.size(-1) <= FEW:
        return F.linear(x, weight, bias)
    columns = x.flatten(0, -2).mT
    product = weight @ columns if bias is None else torch.addmm(bias[:, None], weight, columns)
    return product.mT.contiguous().unflatten(0, x.shape[:-1])


class Linear(nn.Linear):
    """nn.Linear, by `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(..., L, H d) -> (..., H, L, d)."""
    return x.unflatten(-1, (num_heads, -1)).transpose(-2, -3)


def merge_heads(x: Tensor) -> Tensor:
    """(..., H, L, d) -> (..., L, H d)."""
    return x.transpose(-2, -3).flatten(-2)


class QKVProjection(nn.Module):
    """Three maps W_q, W_k, W_v (Vaswani et al. 2017, section 3.2.2)."""

    def __init__(self, d_model: int, num_heads: int, d_head: int, d_value: int, bias: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.w_q = Linear(d_model, num_heads * d_head, bias)
        self.w_k = Linear(d_model, num_heads * d_head, bias)
        self.w_v = Linear(d_model, num_heads * d_value, bias)

    def queries(self, x: Tensor) -> Tensor:
        """q of a query input."""
        return split_heads(self.w_q(x), self.num_heads)

    def keys(self, x: Tensor) -> Tensor:
        """k of a key input."""
        return split_heads(self.w_k(x), self.num_heads)

    def values(self, x: Tensor) -> Tensor:
        """v of a value input."""
        return split_heads(self.w_v(x), self.num_heads)


class SharedProjection(nn.Module):
    """Two maps W_k, W_v: W_k serves queries too, so that self-attention's kernel is symmetric.

    One thing with two names: attention without queries, `K K^T` (Borji 2023), and a symmetric kernel, W_q = W_k
    (Tsai et al. 2019, table 2). In cross-attention the decoder's states pass through W_k; whether a query is
    used is never guessed from lengths.
    """

    def __init__(self, d_model: int, num_heads: int, d_head: int, d_value: int, bias: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.w_k = Linear(d_model, num_heads * d_head, bias)
        self.w_v = Linear(d_model, num_heads * d_value, bias)

    def queries(self, x: Tensor) -> Tensor:
        """q of a query input, by the keys' map."""
        return self.keys(x)

    def keys(self, x: Tensor) -> Tensor:
        """k of a key input."""
        return split_heads(self.w_k(x), self.num_heads)

    def values(self, x: Tensor) -> Tensor:
        """v of a value input."""
        return split_heads(self.w_v(x), self.num_heads)


PROJECTIONS: dict[str, type[QKVProjection | SharedProjection]] = {
    "qkv": QKVProjection,
    "kv": SharedProjection,
    "symmetric": SharedProjection,
}
