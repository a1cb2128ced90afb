"""Projections: heads are columns in order, and sharing one map makes the kernel symmetric."""

from __future__ import annotations

import pytest
import torch

from transformer import config
from transformer.config import Choice
from transformer.kernels import make_kernel
from transformer.projections import PROJECTIONS, merge_heads, split_heads

SHARED = [name for name in config.PROJECTIONS if name != "qkv"]


def test_heads_are_consecutive_columns():
    x = torch.randn(2, 5, 12)
    heads = split_heads(x, 3)
    assert heads.shape == (2, 3, 5, 4)
    for h in range(3):
        assert torch.equal(heads[:, h], x[:, :, 4 * h : 4 * h + 4])
    assert torch.equal(merge_heads(heads), x)
    assert torch.equal(split_heads(x[0], 3), heads[0])  # tables of positions have no batch


@pytest.mark.parametrize("name", config.PROJECTIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_each_is_its_map(name, bias):
    projection = PROJECTIONS[name](6, 2, 5, 4, bias=bias)  # no width of a head need be d_model / num_heads
    x = torch.randn(2, 4, 6)
    maps = {"queries": "w_k" if name in SHARED else "w_q", "keys": "w_k", "values": "w_v"}
    for method, attribute in maps.items():
        linear = getattr(projection, attribute)
        expected = x @ linear.weight.T + (linear.bias if bias else 0)
        actual = merge_heads(getattr(projection, method)(x))
        torch.testing.assert_close(actual, expected)
    widths = {"w_q": 10, "w_k": 10, "w_v": 8}
    count = sum(p.numel() for p in projection.parameters())
    assert count == sum(widths[each] * (6 + bias) for each in set(maps.values()))


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("kernel", config.KERNELS)
def test_a_shared_map_makes_scores_symmetric(name, kernel):
    projection = PROJECTIONS[name](6, 2, 3, 3, bias=True).double()
    x = torch.randn(2, 7, 6, dtype=torch.float64)
    scores = make_kernel(Choice(kernel))(projection.queries(x), projection.keys(x))
    torch.testing.assert_close(scores, scores.mT, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SHARED)
def test_of_two_tokens_one_prefers_itself(name):
    """K K^T: A_ij <= (A_ii + A_jj) / 2, Borji's bias to the diagonal."""
    projection = PROJECTIONS[name](6, 2, 3, 3, bias=True).double()
    x = torch.randn(3, 9, 6, dtype=torch.float64)
    scores = make_kernel(Choice("exponential"))(projection.queries(x), projection.keys(x))
    own = scores.diagonal(dim1=-2, dim2=-1)
    assert (scores <= (own[..., :, None] + own[..., None, :]) / 2 + 1e-12).all()


def test_registry():
    assert tuple(PROJECTIONS) == config.PROJECTIONS
