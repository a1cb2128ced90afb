"""The kernel lens against NumPy: every kernel, the plane, the surface, and what the gallery says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from transformer.config import KERNELS, AttentionConfig, Choice, ModelConfig
from transformer.kernel_lens import (
    HeadRecord,
    gallery,
    gram_eigenvalues,
    head_record,
    kernel_of,
    norm_penalty,
    principal_plane,
    queries_without_key,
    smooth,
    surface,
)
from transformer.models import build
from transformer.trace import Trace

SOURCE, TARGET = torch.tensor([[3, 5, 7, 9, 4, 11]]), torch.tensor([[2, 6, 8, 10, 12]])
KINDS = ("encoder", "decoder", "cross")


def formula(name: str, q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Each kernel pair by pair, as the papers write it."""
    d = q.shape[-1]
    pairs = {
        "exponential": lambda a, b: np.exp(a @ b / np.sqrt(d)),
        "rbf": lambda a, b: np.exp(-((a - b) ** 2).sum() / np.sqrt(d)),
        "polynomial": lambda a, b: (a @ b) ** 2,
        "linear": lambda a, b: a @ b,
        "linear_nonnegative": lambda a, b: feature(a) @ feature(b),
    }
    return np.array([[pairs[name](a, b) for b in k] for a in q])


def feature(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x + 1, np.exp(x))


def smoothed(values: np.ndarray, visible: np.ndarray) -> np.ndarray:
    hidden = np.where(visible, values, 0)
    return hidden / hidden.sum(-1, keepdims=True)


def trace_of(config: ModelConfig, randomize, std: float = 0.4) -> tuple[torch.nn.Module, Trace]:
    model, trace = randomize(build(config), std), Trace()
    with torch.no_grad():
        model(SOURCE, TARGET, trace)
    return model, trace


@pytest.fixture
def record(tiny_config, randomize) -> HeadRecord:
    return head_record(*trace_of(tiny_config, randomize), "decoder", 1, 1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("name", KERNELS)
def test_a_smoother_is_its_formula(name, temperature, record):
    if name == "linear" and temperature != 1:
        with pytest.raises(ValueError, match="no power"):
            smooth(kernel_of(name), record.q, record.k, record.visible, temperature)
        return
    weights = smooth(kernel_of(name), record.q, record.k, record.visible, temperature)
    values = formula(name, record.q.numpy(), record.k.numpy()) ** (1 / temperature if name != "linear" else 1)
    tolerance = 1e-4 if name == "linear" else 1e-12  # the signed sum is kept 1e-6 away from zero
    np.testing.assert_allclose(weights.numpy(), smoothed(values, record.visible.numpy()), rtol=tolerance, atol=1e-12)


@pytest.mark.parametrize("name", ["exponential", "rbf", "polynomial", "linear_nonnegative"])
@pytest.mark.parametrize("position", ["none", "product", "shaw"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_recorded_kernel_and_positions_factor_give_the_recorded_weights(
    kind, position, name, tiny_config, randomize
):
    attention = AttentionConfig(kernel=name, position=position)
    causal = AttentionConfig(kernel=name, position=position, filters=("causal",))
    config = replace(tiny_config, encoder_attention=attention, cross_attention=attention, decoder_attention=causal)
    record = head_record(*trace_of(config, randomize, 0.3), kind, 0, 1)
    kernel = kernel_of(record.kernel.name, trained=record.kernel)
    weights = smooth(kernel, record.q, record.k, record.visible, factor=record.factor)
    np.testing.assert_allclose(weights.numpy(), record.weights.numpy(), atol=3e-6)
    np.testing.assert_allclose((weights @ record.v).numpy(), record.outputs.numpy(), atol=3e-5)
    assert (record.factor.abs().max() > 0) == (position != "none")


def test_a_product_of_kernels_is_a_sum_of_logits(record):
    """Tsai et al. 2019, section 3: in float64, to 1e-12 of the largest score."""
    one, other = (formula(name, record.q.numpy(), record.k.numpy()) for name in ("exponential", "rbf"))
    scores = kernel_of("exponential")(record.q, record.k) + kernel_of("rbf")(record.q, record.k)
    error = np.abs(np.log(one * other) - scores.numpy()).max()
    assert error <= 1e-12 * np.abs(scores.numpy()).max()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_no_bandwidth_at_or_below_zero(temperature, record):
    with pytest.raises(ValueError, match="above 0"):
        smooth(kernel_of("rbf"), record.q, record.k, record.visible, temperature)


@pytest.mark.parametrize("degree", [1, 3])
def test_no_odd_degree(degree):
    with pytest.raises(ValueError, match="even"):
        kernel_of("polynomial", degree)


def test_the_plane_is_numpys_principal_components(record):
    plane = principal_plane(record.q, record.k)
    points = np.concatenate((record.q, record.k))
    variances, directions = np.linalg.eigh(np.cov(points.T))
    np.testing.assert_allclose(plane.share, variances[-2:].sum() / variances.sum(), rtol=1e-10)
    overlap = plane.axes.numpy() @ directions[:, :-3:-1]
    np.testing.assert_allclose(np.abs(overlap), np.eye(2), atol=1e-8)
    np.testing.assert_allclose(plane.axes.numpy() @ plane.axes.numpy().T, np.eye(2), atol=1e-12)
    inside = plane.lift(torch.tensor([[0.3, -2.0]], dtype=torch.float64))
    np.testing.assert_allclose(plane.project(inside).numpy(), [[0.3, -2.0]], atol=1e-12)
    assert all(axis[axis.abs().argmax()] > 0 for axis in plane.axes)


def test_one_point_has_a_plane_too():
    plane = principal_plane(torch.ones(1, 1, dtype=torch.float64))
    assert (plane.share, plane.axes.shape) == (1.0, (2, 1))


@pytest.mark.parametrize("name", ["exponential", "rbf", "polynomial"])
def test_the_surface_is_the_smoother_of_keys_in_the_plane(name, record):
    plane, query = principal_plane(record.q, record.k), 3
    found = surface(record, kernel_of(name), plane, query, steps=5)
    q = record.q.numpy()[query : query + 1]
    origin, axes = plane.origin.numpy(), plane.axes.numpy()
    flat = origin + (record.k.numpy()[record.visible[query]] - origin) @ axes.T @ axes
    total = formula(name, q, flat).sum()
    np.testing.assert_allclose(found.heights.numpy(), formula(name, q, flat)[0] / total, rtol=1e-10)
    corner = origin + found.x.numpy()[4] * axes[0] + found.y.numpy()[1] * axes[1]
    np.testing.assert_allclose(found.values.numpy()[1, 4], formula(name, q, corner[None])[0, 0] / total, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_symmetric_sides_pass_through_one_map(kind, tiny_config, randomize):
    """W_k, or W_q, with its bias, of the states that each side reads."""
    model, trace = trace_of(tiny_config, randomize)
    record = head_record(model, trace, kind, 1, 1)
    stack = "encoder" if kind == "encoder" else "decoder"
    attention = model.get_submodule(f"{stack}.layers.1.{'cross' if kind == 'cross' else 'self'}_attention")
    reads = f"{stack}.layers.1.residual_{'mid' if kind == 'cross' else 'pre'}"
    sides = trace[reads][0], trace["encoder.output" if kind == "cross" else reads][0]
    for name, linear in (("keys", attention.projection.w_k), ("queries", attention.projection.w_q)):
        weight, bias = linear.weight.detach().numpy()[8:], linear.bias.detach().numpy()[8:]
        for side, found in zip(sides, record.symmetric[name], strict=True):
            np.testing.assert_allclose(found.numpy(), side.numpy() @ weight.T + bias, atol=1e-5)


def test_cross_attention_before_a_norm_reads_what_is_normalised(tiny_config, randomize):
    model, trace = trace_of(replace(tiny_config, norm="pre"), randomize)
    record = head_record(model, trace, "cross", 0, 0)
    np.testing.assert_allclose(record.symmetric["queries"][0].numpy(), record.q.numpy())
    again = model.decoder.layers[0].cross_attention.projection.queries(
        trace["decoder.layers.0.cross_attention_norm.output"]
    )
    np.testing.assert_allclose(again[0, 0].detach().numpy(), record.q.numpy(), atol=1e-5)


def test_values_may_be_narrower_than_keys(tiny_config, randomize):
    """What all heads add is what the layer's attention gives, whatever the width of a value."""
    model, trace = trace_of(replace(tiny_config, d_value=5), randomize)
    records = [head_record(model, trace, "decoder", 1, head) for head in range(tiny_config.num_heads)]
    assert all((each.k.size(-1), each.v.size(-1)) == (8, 5) for each in records)
    added = sum(each.outputs @ each.w_o for each in records)
    path = "decoder.layers.1.self_attention"
    bias = model.get_submodule(path).w_o.bias.double()
    torch.testing.assert_close(added + bias, trace[f"{path}.output"][0].double(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("symmetric", [None, "keys", "queries"])
def test_the_gallerys_numbers(symmetric, record):
    readings = {each.name: each for each in gallery(record, symmetric)}
    assert tuple(readings) == KERNELS
    q, k = (record.q, record.k) if symmetric is None else record.symmetric[symmetric]
    visible, recorded = record.visible.numpy(), record.weights.numpy()
    for name, each in readings.items():
        values = np.where(visible, formula(name, q.numpy(), k.numpy()), 0)
        weights = each.weights.numpy()
        np.testing.assert_allclose(weights, smoothed(values, visible), rtol=1e-3 if name == "linear" else 1e-10)
        np.testing.assert_allclose(each.distance, np.abs(weights - recorded).sum(-1).mean() / 2, rtol=1e-10)
        moved = (weights - recorded) @ record.v.numpy() @ record.w_o.numpy()
        norm = np.linalg.norm(record.layer_output.numpy())
        np.testing.assert_allclose(each.moved, np.linalg.norm(moved) / norm, rtol=1e-6, atol=1e-12)
        outside = ((weights < -1e-9) | (weights > 1 + 1e-9)).sum()
        assert (each.outside, each.lowest, each.highest) == (outside, weights.min(), weights.max())
        shares = values.sum(-1) / np.abs(values).sum(-1)
        np.testing.assert_allclose(each.total, shares[each.worst], rtol=1e-9)
        assert abs(shares[each.worst]) <= np.abs(shares).min() + 1e-12
        if each.entropy is not None:
            logs = np.log2(np.where(weights > 0, weights, 1))
            np.testing.assert_allclose(each.entropy, -(weights * logs).sum(-1).mean(), atol=1e-9)
        if symmetric is None:
            assert each.eigenvalues is None
    trained = readings["exponential"]
    assert (trained.distance < 1e-6) == (trained.moved < 1e-5) == (symmetric is None)
    assert readings["linear"].outside > 0 or symmetric  # signed sums cancel
    assert readings["linear"].entropy is None or readings["linear"].outside == 0


@pytest.mark.parametrize("name", KERNELS)
def test_every_symmetric_gram_matrix_is_positive_semi_definite(name):
    points = torch.randn(14, 6, dtype=torch.float64)
    found = gram_eigenvalues(kernel_of(name), points).numpy()
    matrix = formula(name, points.numpy(), points.numpy())
    np.testing.assert_allclose(
        found, np.linalg.eigvalsh(matrix)[::-1] / np.abs(np.linalg.eigvalsh(matrix)).max(), atol=1e-9
    )
    assert found.min() > -1e-9


def test_an_indefinite_kernel_is_found_out():
    class Distance(torch.nn.Module):  # ||x - y||^2 has zeros on its diagonal, so a negative eigenvalue
        def forward(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
            return torch.cdist(q, k).square()

    assert gram_eigenvalues(Distance(), torch.randn(5, 3, dtype=torch.float64))[-1] < -0.1


def test_rbf_is_exponential_with_a_penalty_on_long_keys(record):
    found = norm_penalty(record)
    assert found.error < 1e-12
    np.testing.assert_allclose(found.penalty.numpy(), (record.k.numpy() ** 2).sum(-1) / np.sqrt(record.k.shape[-1]))
    assert norm_penalty(replace(record, k=2 * record.k)).error < 1e-12


def test_queries_that_see_nothing_are_named():
    visible = torch.tensor([[True, False], [False, False], [False, True], [False, False]])
    assert queries_without_key(visible) == [1, 3]


def test_an_option_of_training_stays_with_the_trained_kernel():
    trained = Choice("rbf", {"divisor": 3.0})
    q = torch.randn(2, 4, dtype=torch.float64)
    expected = kernel_of("rbf")(q, q) / 3
    torch.testing.assert_close(kernel_of("rbf", trained=trained)(q, q), expected)
    torch.testing.assert_close(kernel_of("exponential", trained=trained)(q, q), kernel_of("exponential")(q, q))


def test_there_is_no_such_head(tiny_config, randomize):
    model, trace = trace_of(tiny_config, randomize)
    with pytest.raises(ValueError, match="no head"):
        head_record(model, trace, "cross", 0, 7)
