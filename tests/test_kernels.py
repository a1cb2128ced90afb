"""Kernels: the papers' identities, checked in float64 against formulas written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from transformer import config
from transformer.config import Choice
from transformer.kernels import KERNELS, LogKernel, PolynomialKernel, make_kernel, masked_softmax

ALL = torch.ones(1, 1, dtype=torch.bool)


def vectors(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def weights(name: str, q: torch.Tensor, k: torch.Tensor, visible: torch.Tensor = ALL, **options) -> torch.Tensor:
    kernel = make_kernel(Choice(name, options))
    return kernel.normalize(kernel(q, k), visible)


def test_the_guides_numbers():
    """Scores 112 and 96 of 64 components become 14 and 12, then 0.88 and 0.12."""
    q = torch.zeros(1, 1, 1, 64)
    q[..., 0] = 1
    k = torch.zeros(1, 1, 2, 64)
    k[..., 0] = torch.tensor([112.0, 96.0])
    assert make_kernel(Choice("exponential"))(q, k).flatten().tolist() == [14, 12]
    assert weights("exponential", q, k).flatten().tolist() == pytest.approx([0.880797, 0.119203], abs=1e-6)


@pytest.mark.parametrize("name", config.KERNELS)
def test_scores_are_the_formula(name):
    q, k = vectors(2, 3, 4, 6), vectors(2, 3, 5, 6)

    def elu_plus_1(x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))

    formula = {
        "exponential": lambda x, y: x @ y / math.sqrt(6),
        "rbf": lambda x, y: -np.sum((x - y) ** 2) / math.sqrt(6),
        "polynomial": lambda x, y: (x @ y) ** 2,
        "linear": lambda x, y: x @ y,
        "linear_nonnegative": lambda x, y: elu_plus_1(x) @ elu_plus_1(y),
    }[name]
    scores = make_kernel(Choice(name))(q, k)
    for b, h, i, j in np.ndindex(2, 3, 4, 5):
        assert scores[b, h, i, j].item() == pytest.approx(formula(q[b, h, i].numpy(), k[b, h, j].numpy()), abs=1e-12)


def test_options():
    q, k = vectors(1, 1, 3, 4), vectors(1, 1, 5, 4)
    dot = q @ k.mT
    distance = torch.cdist(q, k).square()
    torch.testing.assert_close(make_kernel(Choice("exponential", {"scale": 4.0}))(q, k), dot / 4)
    torch.testing.assert_close(make_kernel(Choice("rbf", {"divisor": 2.0}))(q, k), -distance / 4)
    polynomial = make_kernel(Choice("polynomial", {"degree": 4, "coef0": 1.0, "scale": 2.0}))
    torch.testing.assert_close(polynomial(q, k), (dot / 2 + 1) ** 4)
    with pytest.raises(ValueError, match="even"):
        PolynomialKernel(degree=3)


def test_rbf_is_exponential_with_a_penalty_on_long_keys():
    q, k = vectors(2, 3, 7, 8), vectors(2, 3, 9, 8)
    expected = ((2 * q @ k.mT - k.square().sum(-1)[..., None, :]) / math.sqrt(8)).softmax(-1)
    torch.testing.assert_close(weights("rbf", q, k), expected, rtol=0, atol=1e-12)


def test_polynomial_is_a_softmax_of_logarithms():
    q, k = vectors(2, 3, 7, 8), vectors(2, 3, 9, 8)
    expected = (2 * (q @ k.mT).abs().log()).softmax(-1)
    torch.testing.assert_close(weights("polynomial", q, k), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", config.KERNELS)
def test_symmetric_kernels_are_positive_semidefinite(name):
    x = vectors(10, 4)  # ten points in four dimensions: the linear Gram matrix is singular, not negative
    kernel = make_kernel(Choice(name))
    gram = kernel(x, x).exp() if isinstance(kernel, LogKernel) else kernel(x, x)
    torch.testing.assert_close(gram, gram.mT)
    eigenvalues = torch.linalg.eigvalsh(gram)
    assert eigenvalues.min() > -1e-12 * eigenvalues.max()


@pytest.mark.parametrize("name", config.KERNELS)
def test_multiply_multiplies_the_kernel_itself(name):
    """A factor given by its logarithm has the same effect on a kernel given by logarithm or by value."""
    kernel = make_kernel(Choice(name))
    scores, log_factor = kernel(vectors(1, 2, 4, 6).abs(), vectors(1, 2, 5, 6).abs()), vectors(1, 2, 4, 5)
    value = scores.exp() if isinstance(kernel, LogKernel) else scores
    expected = value * log_factor.exp() / (value * log_factor.exp()).sum(-1, keepdim=True)
    actual = kernel.normalize(kernel.multiply(scores, log_factor), ALL)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-6)  # the signed kernel's epsilon is 1e-6


@pytest.mark.parametrize("name", config.LOG_KERNELS)
def test_power_is_an_inverse_temperature(name):
    kernel = make_kernel(Choice(name))
    scores = kernel(vectors(1, 2, 4, 6), vectors(1, 2, 5, 6))
    expected = scores.exp() ** 3 / (scores.exp() ** 3).sum(-1, keepdim=True)
    actual = kernel.normalize(kernel.power(scores, torch.tensor(3.0)), ALL)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_the_signed_kernel_leaves_the_unit_interval():
    """Its known trouble: weights sum to 1 and are no probabilities; a sum of zero stays finite."""
    q = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    signed = weights("linear", q, torch.tensor([[[[3.0], [-2.0], [-0.5]]]], dtype=torch.float64))
    assert signed.flatten().tolist() == pytest.approx([6, -4, -1], abs=1e-4)
    negative = weights("linear", q, torch.tensor([[[[-3.0], [-1.0]]]], dtype=torch.float64))
    assert negative.flatten().tolist() == pytest.approx([0.75, 0.25], abs=1e-5)
    for total in (0.0, 1e-6, -1e-6, 1e-7, -1e-7):  # epsilon keeps the sum away from zero, on its own side
        near_zero = weights("linear", q, torch.tensor([[[[1.0], [total - 1.0]]]], dtype=torch.float64))
        assert near_zero.isfinite().all()
        assert near_zero.abs().max() < 1.1e6


@pytest.mark.parametrize("name", config.KERNELS)
def test_hidden_keys_count_as_absent(name):
    """Whatever stands at a hidden key, were it huge; and a query that sees none gives zeros and no NaN."""
    q, k = vectors(1, 1, 3, 4), vectors(1, 1, 6, 4)
    visible = torch.tensor([[True, False, True, True, False, True], [True] * 6, [False] * 6])
    k[..., 1, :] = 1e6
    k.requires_grad_()
    actual = weights(name, q, k, visible)
    few = k[..., [0, 2, 3, 5], :]
    torch.testing.assert_close(actual[..., 0, [0, 2, 3, 5]], weights(name, q, few)[..., 0, :], rtol=0, atol=1e-12)
    assert (actual[..., 2, :] == 0).all()
    (gradient,) = torch.autograd.grad((actual * vectors(*actual.shape))[..., [0, 2], :].sum(), k)
    assert gradient.isfinite().all()
    assert (gradient[..., [1, 4], :] == 0).all()


@pytest.mark.parametrize("name", config.KERNELS)
def test_keys_of_no_likeness_at_all(name):
    """All zero queries: the kernels by value have nothing to divide, and still no NaN."""
    q, k = torch.zeros(1, 1, 2, 4, requires_grad=True), torch.randn(1, 1, 3, 4)
    actual = weights(name, q, k)
    (gradient,) = torch.autograd.grad((100 * actual.square()).sum() + actual[..., 0].sum(), q)
    assert actual.isfinite().all()
    assert gradient.isfinite().all()


def test_masked_softmax_bears_large_scores():
    scores = torch.tensor([[3e38, -3e38, 0.0], [-3e38, -3e38, -3e38]])
    assert masked_softmax(scores, ALL).tolist() == pytest.approx(np.array([[1, 0, 0], [1 / 3] * 3]))
    assert masked_softmax(scores, torch.tensor([[False, False, True]])).tolist() == [[0, 0, 1], [0, 0, 1]]


def test_registry():
    assert tuple(KERNELS) == config.KERNELS
    assert {name for name, kernel in KERNELS.items() if issubclass(kernel, LogKernel)} == set(config.LOG_KERNELS)
