"""Attention against three independent oracles, and its invariants over every combination of slots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from transformer import config as names
from transformer.attention import MultiHeadAttention
from transformer.cache import LayerCache
from transformer.config import AttentionConfig, Choice, ModelConfig
from transformer.trace import Trace

SIZES = ModelConfig(d_model=12, num_heads=3, d_ff=8)  # d_head 4
BATCH, LENGTH, PADDING, BLIND = 2, 9, 2, (1, 4)  # the second sentence has 2 pads, its query 4 sees nothing
FILTER_OPTIONS = {
    "everything": {},
    "causal": {},
    "window": {"size": 3},
    "strided": {"stride": 3},
    "self_and_bias": {},
}
ACCEPTED = [  # kernel, position and projection; each with every set filter and value position, in one test
    pytest.param(*slots, id="-".join(slots))
    for slots in product(names.KERNELS, names.POSITIONS, names.PROJECTIONS)
    if not (slots[1].startswith("borji") and slots[0] not in names.LOG_KERNELS)  # they scale the logarithm
]
SIGNED = "linear"  # the one kernel that may be negative


def combinations(kernel: str, position: str, projection: str) -> Iterator[AttentionConfig]:
    place = Choice(position, {"clip": 3} if position == "shaw" else {})
    for set_filter, value in product(names.FILTERS, names.VALUE_POSITIONS):
        filters = (Choice(set_filter, FILTER_OPTIONS[set_filter]),)
        yield AttentionConfig(Choice(kernel), projection, place, value, filters)


def inputs(attention: MultiHeadAttention) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """States, positions, and what the set filter and the padding leave visible, with one blind query."""
    x = torch.randn(BATCH, LENGTH, SIZES.d_model, dtype=attention.w_o.weight.dtype)
    position = torch.arange(LENGTH)
    visible = attention.set_filter(position, position).repeat(BATCH, 1, 1, 1)
    visible[1, :, :, -PADDING:] = False
    visible[BLIND[0], :, BLIND[1]] = False
    return x, position, visible


@pytest.mark.parametrize("d_value", [0, 7])  # as wide as a key, or not
def test_exponential_equals_scaled_dot_product_attention(randomize, d_value):
    attention = randomize(MultiHeadAttention(AttentionConfig(), replace(SIZES, d_value=d_value)))
    x, position, visible = inputs(attention)
    visible[BLIND[0], :, BLIND[1]] = True  # the oracle answers a blind query with NaN
    w = attention.projection
    q, k, v = (m(x).view(BATCH, LENGTH, 3, -1).transpose(1, 2) for m in (w.w_q, w.w_k, w.w_v))
    assert (k.size(-1), v.size(-1)) == (4, d_value or 4)
    heads = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)
    expected = attention.w_o(heads.transpose(1, 2).reshape(BATCH, LENGTH, -1))
    torch.testing.assert_close(attention(x, x, x, position, position, visible), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_exponential_equals_multihead_attention_of_torch(randomize, causal):
    attention = randomize(MultiHeadAttention(AttentionConfig(filters="causal" if causal else "everything"), SIZES))
    oracle = nn.MultiheadAttention(SIZES.d_model, SIZES.num_heads, batch_first=True)
    w = attention.projection
    with torch.no_grad():
        oracle.in_proj_weight.copy_(torch.cat([w.w_q.weight, w.w_k.weight, w.w_v.weight]))
        oracle.in_proj_bias.copy_(torch.cat([w.w_q.bias, w.w_k.bias, w.w_v.bias]))
    oracle.out_proj = attention.w_o
    query, memory = torch.randn(BATCH, 5, SIZES.d_model), torch.randn(BATCH, 7, SIZES.d_model)
    padded = torch.zeros(BATCH, 7, dtype=torch.bool)
    padded[1, -PADDING:] = True  # torch: True = hidden; here: True = takes part
    q_position, k_position = torch.arange(5), torch.arange(7)
    visible = attention.set_filter(q_position, k_position) & ~padded[:, None, None, :]
    above = torch.ones(5, 7, dtype=torch.bool).triu(1) if causal else None
    expected, weights = oracle(
        query, memory, memory, key_padding_mask=padded, attn_mask=above, average_attn_weights=False
    )
    trace = Trace()
    actual = attention(query, memory, memory, q_position, k_position, visible, trace=trace)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(trace["weights"], weights.detach(), rtol=0, atol=1e-6)


def test_exponential_equals_the_formula_in_float64(randomize):
    attention = randomize(MultiHeadAttention(AttentionConfig(), SIZES)).double()
    x, position, visible = inputs(attention)

    def matrix(linear: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
        return linear.weight.detach().numpy().T, linear.bias.detach().numpy()

    (wq, bq), (wk, bk), (wv, bv) = (matrix(getattr(attention.projection, n)) for n in ("w_q", "w_k", "w_v"))
    wo, bo = matrix(attention.w_o)
    expected = np.zeros((BATCH, LENGTH, SIZES.d_model))
    for b, i in product(range(BATCH), range(LENGTH)):
        joined = []
        for h in range(SIZES.num_heads):
            part = slice(4 * h, 4 * h + 4)
            total, mixed = 0.0, np.zeros(4)
            for j in range(LENGTH):
                if visible[b, 0, i, j]:
                    q = x[b, i].numpy() @ wq[:, part] + bq[part]
                    k = x[b, j].numpy() @ wk[:, part] + bk[part]
                    likeness = math.exp(q @ k / math.sqrt(4))
                    total += likeness
                    mixed += likeness * (x[b, j].numpy() @ wv[:, part] + bv[part])
            joined.append(mixed / total if total else mixed)
        expected[b, i] = np.concatenate(joined) @ wo + bo
    actual = attention(x, x, x, position, position, visible).detach().numpy()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("position", ["none", "direct_sum"])
@pytest.mark.parametrize("value", names.VALUE_POSITIONS)
def test_sums_of_position_are_plain_attention_to_other_inputs(position, value, randomize):
    """k(f_q + t_q, f_k + t_k), and values of f or of f + t, each on its own (Tsai et al. 2019, sections 2.2, 2.3)."""
    attention = randomize(MultiHeadAttention(AttentionConfig(position=position, value_position=value), SIZES))
    plain = MultiHeadAttention(AttentionConfig(), SIZES)
    plain.load_state_dict(attention.state_dict())
    query, memory = torch.randn(BATCH, 5, SIZES.d_model), torch.randn(BATCH, 7, SIZES.d_model)
    q_position, k_position, visible = torch.arange(2, 7), torch.arange(7), torch.ones(1, 1, 5, 7, dtype=torch.bool)
    angle = torch.arange(7)[:, None] / 10000 ** (torch.arange(0, 12, 2) / 12)
    table = torch.stack([angle.sin(), angle.cos()], -1).flatten(1)
    in_kernel, in_value = position == "direct_sum", value == "sinusoidal"
    inside = query + in_kernel * table[2:7], memory + in_kernel * table, memory + in_value * table
    actual = attention(query, memory, memory, q_position, k_position, visible)
    torch.testing.assert_close(actual, plain(*inside, q_position, k_position, visible), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("kernel", "position", "projection"), ACCEPTED)
def test_weights_are_those_of_a_smoother(kernel, position, projection, randomize):
    for slots in combinations(kernel, position, projection):
        check_weights_are_those_of_a_smoother(slots, randomize)


def check_weights_are_those_of_a_smoother(slots: AttentionConfig, randomize) -> None:
    attention = randomize(MultiHeadAttention(slots, SIZES))
    x, at, visible = inputs(attention)
    trace = Trace()
    with torch.no_grad():
        traced = attention(x, x, x, at, at, visible, trace=trace)
        assert torch.equal(traced, attention(x, x, x, at, at, visible))

    weights = trace["weights"]
    seen = visible.expand_as(weights)
    assert weights.isfinite().all()
    assert (weights[~seen] == 0).all()
    if slots.kernel.name == SIGNED:  # a sum near zero is its known trouble
        usual = (trace["scores"] * seen).sum(-1).abs() > 0.1
    else:
        usual = seen.any(-1)
        assert weights.min() >= 0
        assert weights.max() <= 1
    assert usual.float().mean() > 0.5
    torch.testing.assert_close(weights.sum(-1)[usual], torch.ones(int(usual.sum())), rtol=0, atol=1e-4)

    sentence, query = BLIND
    assert (trace["head_outputs"][sentence, :, query] == 0).all()
    assert torch.equal(traced[sentence, query], attention.w_o.bias)


@pytest.mark.parametrize(("kernel", "position", "projection"), ACCEPTED)
def test_a_row_does_not_need_the_others(kernel, position, projection, randomize):
    for slots in combinations(kernel, position, projection):
        check_a_row_does_not_need_the_others(slots, randomize)


def check_a_row_does_not_need_the_others(slots: AttentionConfig, randomize) -> None:
    attention = randomize(MultiHeadAttention(slots, SIZES)).double()
    x, at, visible = inputs(attention)
    with torch.no_grad():
        whole = attention(x, x, x, at, at, visible)
        row = attention(x[:, 7:8], x, x, at[7:8], at, visible[:, :, 7:8])
        torch.testing.assert_close(row[:, 0], whole[:, 7], rtol=1e-5, atol=1e-5)

        visible = visible & (at[None, :] <= at[:, None])  # later keys are not there yet
        whole = attention(x, x, x, at, at, visible)
        cache, steps = LayerCache(), []
        for start, end in ((0, 4), (4, 5), (5, 6), (6, LENGTH)):
            new = x[:, start:end]
            shown = visible[:, :, start:end, :end]
            steps.append(attention(new, new, new, at[start:end], at[:end], shown, cache.self_attention))
        torch.testing.assert_close(torch.cat(steps, 1), whole, rtol=1e-5, atol=1e-5)


def is_constant_along_keys(name: str, slots: AttentionConfig) -> bool:
    """Whether normalising cancels a parameter, so that its gradient is zero by nature."""
    position = slots.position.name
    if name == "position.map_position.bias":  # Borji's beta: one number added to every score
        return True
    if name != "projection.w_k.bias" or position == "rotary":  # turned by position, a bias is no constant
        return False
    if slots.projection == "qkv":  # <q, k + b> = <q, k> + <q, b>
        return slots.kernel.name == "exponential"
    # |(x + b) - (y + b)| = |x - y|, unless a term outside the kernel reads q
    return slots.kernel.name == "rbf" and position not in ("shaw", "transformer_xl")


@pytest.mark.parametrize(("kernel", "position", "projection"), ACCEPTED)
def test_every_parameter_learns(kernel, position, projection, randomize):
    for slots in combinations(kernel, position, projection):
        check_every_parameter_learns(slots, randomize)


def check_every_parameter_learns(slots: AttentionConfig, randomize) -> None:
    attention = randomize(MultiHeadAttention(slots, SIZES)).double()
    x, at, visible = inputs(attention)
    x.requires_grad_()
    out = attention(x, x, x, at, at, visible)  # with the blind query, whose gradient must not be NaN
    (out * torch.randn_like(out)).sum().backward()
    assert x.grad.isfinite().all()
    largest = max(p.grad.abs().max() for p in attention.parameters())
    for name, parameter in attention.named_parameters():
        assert parameter.grad.isfinite().all(), name
        moves = bool(parameter.grad.abs().max() > 1e-10 * largest)
        assert moves is not is_constant_along_keys(name, slots), name


def test_the_source_is_projected_once():
    cache, calls = LayerCache(), []

    def project() -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(1)
        return torch.randn(1, 1, 3, 2), torch.randn(1, 1, 3, 2)

    first, second = cache.cross_attention(project), cache.cross_attention(project)
    assert first is second
    assert len(calls) == 1


@pytest.mark.parametrize("kernel", sorted(set(names.KERNELS) - set(names.LOG_KERNELS)))
@pytest.mark.parametrize("position", ["borji", "borji_literal"])
def test_refused_combinations(kernel, position):
    with pytest.raises(ValueError, match="logarithm"):
        AttentionConfig(kernel=kernel, position=position)


@pytest.mark.parametrize("slot", ["kernel", "projection", "position", "value_position", "filters"])
def test_unknown_names_are_refused(slot):
    with pytest.raises(ValueError, match="choose one of"):
        AttentionConfig(**{slot: "telepathy"})


def test_filters_are_joined_by_intersection():
    filters = (Choice("causal"), Choice("window", {"size": 3}))
    attention = MultiHeadAttention(AttentionConfig(filters=filters), SIZES)
    visible = attention.set_filter(torch.arange(6), torch.arange(6))
    assert visible.tolist() == [[0 <= i - j < 3 for j in range(6)] for i in range(6)]
