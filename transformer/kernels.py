"""Kernels of attention: how alike a query and a key are, and how the likeness becomes weights.

Attention is a kernel smoother (Tsai et al. 2019, section 2): `weights(q, k) = K(q, k) / sum over visible k' of
K(q, k')`. A kernel is given either by its logarithm, so that a product is a sum and the normaliser a softmax,
or by its value. `scores` are what `forward` returns: logarithms for the first kind, values for the second.

Letters: (B)atch, (H)eads, (Q)ueries, (K)eys, d = width of a head. q is (B, H, Q, d), k is (B, H, K, d), scores
and weights are (B, H, Q, K), `visible` broadcasts to that and is True where a key takes part.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer.config import Choice


def masked_softmax(scores: Tensor, visible: Tensor) -> Tensor:
    """Softmax over the visible keys; a query that sees no key gets zeros, not NaN."""
    lowest = torch.finfo(scores.dtype).min
    return torch.where(visible, torch.where(visible, scores, lowest).softmax(-1), 0.0)


def masked_ratio(values: Tensor, visible: Tensor) -> Tensor:
    """Non-negative kernel values over their sum; a query that sees no key, or only zeros, gets zeros."""
    values = torch.where(visible, values, 0.0)
    return values / values.sum(-1, keepdim=True).clamp_min(torch.finfo(values.dtype).tiny)


class LogKernel(nn.Module):
    """A kernel given by its logarithm."""

    def multiply(self, scores: Tensor, log_factor: Tensor) -> Tensor:
        """Multiply the kernel by another, given by its logarithm."""
        return scores + log_factor

    def power(self, scores: Tensor, exponent: Tensor | float) -> Tensor:
        """Raise the kernel to a power: an inverse temperature."""
        return scores * exponent

    def normalize(self, scores: Tensor, visible: Tensor) -> Tensor:
        """Return the weights: each query's visible keys sum to 1."""
        return masked_softmax(scores, visible)


class ValueKernel(nn.Module):
    """A non-negative kernel given by its value."""

    def multiply(self, scores: Tensor, log_factor: Tensor) -> Tensor:
        """Multiply the kernel by another, given by its logarithm."""
        return scores * log_factor.exp()

    def power(self, scores: Tensor, exponent: Tensor | float) -> Tensor:
        """Raise the kernel to a power: an inverse temperature."""
        return scores**exponent

    def normalize(self, scores: Tensor, visible: Tensor) -> Tensor:
        """Return the weights: each query's visible keys sum to 1."""
        return masked_ratio(scores, visible)


class ExponentialKernel(LogKernel):
    """exp(<q, k> / scale): softmax attention (Vaswani et al. 2017, equation 1).

    `scale` is sqrt(d) by default; Borji's vision and character models divide by sqrt(d_model) instead.
    """

    def __init__(self, scale: float | None = None) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return (q / (self.scale or math.sqrt(q.size(-1)))) @ k.mT


class RBFKernel(LogKernel):
    """exp(-||q - k||^2 / (divisor sqrt(d))) (Tsai et al. 2019, table 2, with divisor 1; scikit-learn's has 2)."""

    def __init__(self, divisor: float = 1.0) -> None:
        super().__init__()
        self.divisor = divisor

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        squared_distance = q.square().sum(-1)[..., :, None] + k.square().sum(-1)[..., None, :] - 2 * q @ k.mT
        return squared_distance / (-self.divisor * math.sqrt(q.size(-1)))


class PolynomialKernel(ValueKernel):
    """(<q, k> / scale + coef0) ** degree (Tsai et al. 2019, table 2: degree 2, scale 1, coef0 0)."""

    def __init__(self, degree: int = 2, coef0: float = 0.0, scale: float = 1.0) -> None:
        super().__init__()
        if degree % 2:
            raise ValueError(f"degree must be even for weights that are not negative, got {degree}")
        self.degree, self.coef0, self.scale = degree, coef0, scale

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.mT / self.scale + self.coef0) ** self.degree


class LinearKernel(ValueKernel):
    """<q, k>, signed, as in the paper, where it did not converge (Tsai et al. 2019, table 2).

    The sum over the keys may come near zero or below it, so weights may leave [0, 1] by far.
    """

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ k.mT

    def power(self, scores: Tensor, exponent: Tensor | float) -> Tensor:
        """A signed kernel has no powers but the first."""
        if torch.as_tensor(exponent).ne(1).any():
            raise ValueError("the linear kernel is negative in places, and has no power but itself: leave it at 1")
        return scores

    def normalize(self, scores: Tensor, visible: Tensor, epsilon: float = 1e-6) -> Tensor:
        """Divide by the signed sum, kept `epsilon` away from zero on its own side."""
        scores = torch.where(visible, scores, 0.0)
        total = scores.sum(-1, keepdim=True)
        return scores / (total + torch.where(total < 0, -epsilon, epsilon))


class NonNegativeLinearKernel(ValueKernel):
    """<elu(q) + 1, elu(k) + 1> (Katharopoulos et al. 2020): linear, with features that are never negative."""

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return (F.elu(q) + 1) @ (F.elu(k) + 1).mT


Kernel = LogKernel | ValueKernel

KERNELS: dict[str, Callable[..., Kernel]] = {
    "exponential": ExponentialKernel,
    "rbf": RBFKernel,
    "polynomial": PolynomialKernel,
    "linear": LinearKernel,
    "linear_nonnegative": NonNegativeLinearKernel,
}


def make_kernel(choice: Choice) -> Kernel:
    """Build the kernel that a config names."""
    return choice.make(KERNELS)
