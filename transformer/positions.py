"""Position: what is added once at the input, and what happens inside every attention.

Two slots, since a variant uses either or both: an *input position* changes the embeddings, a `Position` the
inputs, the vectors or the kernel of an attention. A third slot says whether the values see position too. Each
has a null object. Positions are consecutive integers (L,), so that offsets form one range.

Letters: (B)atch, (H)eads, (Q)ueries, (K)eys, (L)ength, (D)model, d = width of a head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from transformer.config import Choice
from transformer.kernels import Kernel
from transformer.projections import split_heads


def sinusoid(position: Tensor, dim: int, layout: str = "interleaved") -> Tensor:
    """(L,) -> (L, dim): sines and cosines of geometrically spaced wavelengths.

    `interleaved` is the paper's: sin(p / 10000^(2i/dim)), then its cosine, in turn (Vaswani et al. 2017, section
    3.5). `halves` is Tensor2Tensor's and The Illustrated Transformer's: all sines, then all cosines, with exponents
    i / (dim/2 - 1).
    """
    pairs = torch.arange(dim // 2, device=position.device, dtype=torch.float32)
    if layout == "halves":
        angle = position[:, None] * 10000.0 ** (-pairs / max(dim // 2 - 1, 1))
        return torch.cat((angle.sin(), angle.cos()), -1)
    angle = position[:, None] * 10000.0 ** (-2 * pairs / dim)
    return torch.stack((angle.sin(), angle.cos()), -1).flatten(-2)


class NoInputPosition(nn.Module):
    """Add nothing to the embeddings."""

    def __init__(self, d_model: int, max_length: int) -> None:
        super().__init__()
        self.d_model = d_model

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        return x


class SinusoidalSum(NoInputPosition):
    """x + sinusoid(position) (Vaswani et al. 2017, section 3.5)."""

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        return x + sinusoid(position, self.d_model).to(x.dtype)


class LearnedSum(NoInputPosition):
    """x + a learned row for each position (Vaswani et al. 2017, table 3 row E)."""

    def __init__(self, d_model: int, max_length: int) -> None:
        super().__init__(d_model, max_length)
        self.table = nn.Embedding(max_length, d_model)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        return x + self.table(position)


class Position(nn.Module):
    """What position does inside attention: here nothing."""

    def __init__(self, d_model: int, num_heads: int, d_head: int) -> None:
        super().__init__()
        self.d_model, self.num_heads, self.d_head = d_model, num_heads, d_head

    def add(self, x: Tensor, position: Tensor) -> Tensor:
        """Change the query or key input (B, L, D) before its projection."""
        return x

    def rotate(self, x: Tensor, position: Tensor) -> Tensor:
        """Turn q or k (B, H, L, d)."""
        return x

    def combine(
        self, content: Tensor, q: Tensor, k: Tensor, q_position: Tensor, k_position: Tensor, kernel: Kernel
    ) -> Tensor:
        """Join position to the kernel of content (B, H, Q, K)."""
        return content


class DirectSum(Position):
    """f + t in the kernel of every layer, outside the residual stream, so that values need not see t (Tsai A.4)."""

    def add(self, x: Tensor, position: Tensor) -> Tensor:
        return x + sinusoid(position, self.d_model).to(x.dtype)


class RotaryPosition(Position):
    """Turn pairs of components by position, so that <q, k> depends on the offset alone (Su et al. 2021)."""

    def rotate(self, x: Tensor, position: Tensor) -> Tensor:
        sin, cos = sinusoid(position, self.d_head).to(x.dtype).unflatten(-1, (-1, 2)).unbind(-1)
        even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class ShawPosition(Position):
    """Look up a learned vector for each offset, up to `clip`: log factor q a_(i-j) (Shaw et al. 2018).

    Shaw's code divides by sqrt(d) like the content; the README of Tsai et al. writes the factor without: `scaled`.
    """

    def __init__(self, d_model: int, num_heads: int, d_head: int, clip: int = 16, scaled: bool = True) -> None:
        super().__init__(d_model, num_heads, d_head)
        self.clip, self.scale = clip, math.sqrt(d_head) if scaled else 1.0
        self.table = nn.Embedding(2 * clip + 1, d_head)

    def combine(
        self, content: Tensor, q: Tensor, k: Tensor, q_position: Tensor, k_position: Tensor, kernel: Kernel
    ) -> Tensor:
        offset = (q_position[:, None] - k_position).clamp(-self.clip, self.clip) + self.clip
        factor = (q @ self.table.weight.mT).gather(-1, offset.expand(*q.shape[:-1], -1)) / self.scale
        return kernel.multiply(content, factor)


class TransformerXLPosition(Position):
    """Content bias u k and position terms (q + v) W_R R_(i-j) (Dai et al. 2019, section 3.3)."""

    def __init__(self, d_model: int, num_heads: int, d_head: int) -> None:
        super().__init__(d_model, num_heads, d_head)
        self.w_r = nn.Linear(d_model, num_heads * d_head, bias=False)
        self.u = nn.Parameter(torch.zeros(num_heads, 1, d_head))
        self.v = nn.Parameter(torch.zeros(num_heads, 1, d_head))

    def combine(
        self, content: Tensor, q: Tensor, k: Tensor, q_position: Tensor, k_position: Tensor, kernel: Kernel
    ) -> Tensor:
        lowest = q_position[0] - k_position[-1]
        offsets = lowest + torch.arange(len(q_position) + len(k_position) - 1, device=q.device)
        r = split_heads(self.w_r(sinusoid(offsets, self.d_model).to(q.dtype)), self.num_heads)  # (H, Q + K - 1, d)
        index = q_position[:, None] - k_position - lowest
        of_position = ((q + self.v) @ r.mT).gather(-1, index.expand(*q.shape[:-1], -1))
        return kernel.multiply(content, (self.u @ k.mT + of_position) / math.sqrt(self.d_head))


class ProductKernelPosition(Position):
    """The symmetric product kernel k_F k_T, log k_T = <t_q W_T, t_k W_T> / sqrt(d) (Tsai et al. 2019, section 3).

    k_T does not depend on the input: (H, Q, K), one for the whole batch.
    """

    def __init__(self, d_model: int, num_heads: int, d_head: int) -> None:
        super().__init__(d_model, num_heads, d_head)
        self.w_t = nn.Linear(d_model, num_heads * d_head, bias=False)

    def combine(
        self, content: Tensor, q: Tensor, k: Tensor, q_position: Tensor, k_position: Tensor, kernel: Kernel
    ) -> Tensor:
        t_q, t_k = (
            split_heads(self.w_t(sinusoid(position, self.d_model).to(q.dtype)), self.num_heads)
            for position in (q_position, k_position)
        )
        return kernel.multiply(content, t_q @ t_k.mT / math.sqrt(self.d_head))


class BorjiPosition(Position):
    """The 2-D term of the Key-Value Transformer in its cheap, equal form (Borji 2023).

    Adding p channels of a 2-D encoding to the score and mapping them back by p weights is a temperature (the sum
    of the weights) and one number for each row and each column: no (Q, K, p) tensor. The row number and the bias
    cancel in the softmax. `maps` is 1 (one map a layer, as in the paper's synthetic tasks) or the number of heads.
    """

    def __init__(self, d_model: int, num_heads: int, d_head: int, channels: int = 10, maps: int = 1) -> None:
        super().__init__(d_model, num_heads, d_head)
        if maps not in (1, num_heads):
            raise ValueError(f"maps must be 1 or the number of heads, {num_heads}, got {maps}")
        self.row_channels = min(2 * math.ceil(channels / 4), channels)
        self.column_channels = channels - self.row_channels
        self.map_position = nn.Linear(channels, maps)
        nn.init.xavier_uniform_(self.map_position.weight)

    def encoding(self, position: Tensor) -> Tensor:
        """(L,) -> (L, 2 ceil(p / 4)): the sines and cosines of one of the two dimensions."""
        weight = self.map_position.weight
        return sinusoid(position, 2 * math.ceil(weight.size(-1) / 4)).to(weight.dtype)

    def combine(
        self, content: Tensor, q: Tensor, k: Tensor, q_position: Tensor, k_position: Tensor, kernel: Kernel
    ) -> Tensor:
        weight, bias = self.map_position.weight, self.map_position.bias
        of_rows = self.encoding(q_position)[:, : self.row_channels] @ weight[:, : self.row_channels].mT
        of_columns = self.encoding(k_position)[:, : self.column_channels] @ weight[:, self.row_channels :].mT
        factor = of_rows.mT[:, :, None] + of_columns.mT[:, None, :] + bias[:, None, None]
        tempered = kernel.power(content, weight.sum(-1)[:, None, None])
        return kernel.multiply(tempered, factor)


class BorjiLiteralPosition(BorjiPosition):
    """The same term as Borji's code computes it: every score becomes p channels, and a linear map joins them."""

    def combine(
        self, content: Tensor, q: Tensor, k: Tensor, q_position: Tensor, k_position: Tensor, kernel: Kernel
    ) -> Tensor:
        rows = self.encoding(q_position)[:, None, : self.row_channels].expand(-1, len(k_position), -1)
        columns = self.encoding(k_position)[None, :, : self.column_channels].expand(len(q_position), -1, -1)
        channels = content[..., None] + torch.cat((rows, columns), -1)  # (B, H, Q, K, p)
        weight, bias = self.map_position.weight, self.map_position.bias
        return torch.einsum("bhqkp,hp->bhqk", channels, weight.expand(self.num_heads, -1)) + bias[:, None, None]


class NoValuePosition(nn.Module):
    """Values do not see position, unless the residual stream carries it."""

    def forward(self, value: Tensor, position: Tensor) -> Tensor:
        return value


class SinusoidalValue(NoValuePosition):
    """Values of f + t (Tsai et al. 2019, section 2.3)."""

    def forward(self, value: Tensor, position: Tensor) -> Tensor:
        return value + sinusoid(position, value.size(-1)).to(value.dtype)


INPUT_POSITIONS: dict[str, type[NoInputPosition]] = {
    "none": NoInputPosition,
    "sinusoidal": SinusoidalSum,
    "learned": LearnedSum,
}
POSITIONS: dict[str, type[Position]] = {
    "none": Position,
    "direct_sum": DirectSum,
    "shaw": ShawPosition,
    "transformer_xl": TransformerXLPosition,
    "product": ProductKernelPosition,
    "borji": BorjiPosition,
    "borji_literal": BorjiLiteralPosition,
    "rotary": RotaryPosition,
}
VALUE_POSITIONS: dict[str, type[NoValuePosition]] = {"none": NoValuePosition, "sinusoidal": SinusoidalValue}


def make_position(choice: Choice, d_model: int, num_heads: int, d_head: int) -> Position:
    """Build the position that a config names."""
    return choice.make(POSITIONS, d_model, num_heads, d_head)
