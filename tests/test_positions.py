"""Positions: the papers' formulas by brute force, and what each promises about offsets and symmetry."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from transformer import config
from transformer.config import Choice
from transformer.kernels import make_kernel
from transformer.positions import (
    INPUT_POSITIONS,
    POSITIONS,
    VALUE_POSITIONS,
    make_position,
    sinusoid,
)

D_MODEL, HEADS, D_HEAD = 12, 3, 4
QUERIES, KEYS = torch.arange(3, 8), torch.arange(9)  # five queries after a memory of three, nine keys
EXPONENTIAL = make_kernel(Choice("exponential"))


def numpy_sinusoid(position: float, dim: int) -> np.ndarray:
    """Vaswani et al. 2017, section 3.5, component by component."""
    row = np.zeros(dim)
    for i in range(0, dim, 2):
        row[i] = math.sin(position / 10000 ** (i / dim))
        row[i + 1] = math.cos(position / 10000 ** (i / dim))
    return row


def position_of(name: str, randomize, **options):
    return randomize(make_position(Choice(name, options), D_MODEL, HEADS, D_HEAD)).double()


def vectors(length: int, *batch: int) -> torch.Tensor:
    return torch.randn(*batch, HEADS, length, D_HEAD, dtype=torch.float64)


def close(actual: torch.Tensor, expected: np.ndarray, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dim", [4, 12, 512])
def test_sinusoid_is_the_papers_formula(dim):
    position = torch.tensor([-5, 0, 1, 2, 19, 255])
    expected = [numpy_sinusoid(p, dim) for p in position.tolist()]
    close(sinusoid(position, dim), np.stack(expected), 2e-5)  # angles up to 255 in float32


def test_halves_are_the_guides_figure():
    """The toy rows of The Illustrated Transformer, which are Tensor2Tensor's layout and frequencies."""
    rows = sinusoid(torch.arange(3), 4, layout="halves")
    expected = [[math.sin(p), math.sin(p / 1e4), math.cos(p), math.cos(p / 1e4)] for p in range(3)]
    close(rows, np.array(expected), 1e-6)
    printed = [[0, 0, 1, 1], [0.84, 0.0001, 0.54, 1], [0.91, 0.0002, -0.42, 1]]
    close(rows, np.array(printed), 0.005)
    close(rows[:, 1], np.array(printed)[:, 1], 1e-7)
    wide = sinusoid(torch.arange(20), 12, "halves")  # wavelengths from 2 pi to 10000 * 2 pi, both ends included
    for p, i in np.ndindex(20, 6):
        angle = p / 10000 ** (i / 5)
        assert wide[p, [i, 6 + i]].tolist() == pytest.approx([math.sin(angle), math.cos(angle)], abs=1e-5)


def test_input_positions(randomize):
    x, position = torch.randn(2, 5, D_MODEL), torch.arange(3, 8)
    table = np.stack([numpy_sinusoid(p, D_MODEL) for p in range(3, 8)])
    none, sinusoidal, learned = (randomize(INPUT_POSITIONS[n](D_MODEL, 10)) for n in config.INPUT_POSITIONS)
    assert torch.equal(none(x, position), x)
    close(sinusoidal(x, position) - x, np.broadcast_to(table, x.shape))
    assert torch.equal(learned(x, position), x + learned.table.weight[3:8])
    close(VALUE_POSITIONS["sinusoidal"]()(x, position) - x, np.broadcast_to(table, x.shape))
    assert torch.equal(VALUE_POSITIONS["none"]()(x, position), x)


@pytest.mark.parametrize("name", config.POSITIONS)
def test_each_uses_only_its_own_slot(name, randomize):
    position = position_of(name, randomize)
    x, q, k = torch.randn(2, 5, D_MODEL, dtype=torch.float64), vectors(5, 2), vectors(9, 2)
    scores = EXPONENTIAL(q, k)
    combined = position.combine(scores, q, k, QUERIES, KEYS, EXPONENTIAL)
    changed = {
        "add": not torch.equal(position.add(x, QUERIES), x),
        "rotate": not torch.equal(position.rotate(q, QUERIES), q),
        "combine": not torch.equal(combined, scores),
    }
    slot = {"none": None, "direct_sum": "add", "rotary": "rotate"}.get(name, "combine")
    assert {name for name, is_changed in changed.items() if is_changed} == {slot} - {None}
    assert combined.shape == scores.shape


def test_direct_sum_adds_the_sinusoid(randomize):
    x = torch.zeros(2, 5, D_MODEL, dtype=torch.float64)
    table = np.stack([numpy_sinusoid(p, D_MODEL) for p in QUERIES.tolist()])
    close(position_of("direct_sum", randomize).add(x, QUERIES), np.broadcast_to(table, x.shape))


@pytest.mark.parametrize("name", ["rotary", "shaw", "transformer_xl"])
def test_relative_positions_depend_on_offsets_only(name, randomize):
    position, q, k = position_of(name, randomize), vectors(5, 2), vectors(9, 2)

    def scores(shift: int) -> torch.Tensor:
        q_position, k_position = QUERIES + shift, KEYS + shift
        turned_q, turned_k = position.rotate(q, q_position), position.rotate(k, k_position)
        content = EXPONENTIAL(turned_q, turned_k)
        return position.combine(content, turned_q, turned_k, q_position, k_position, EXPONENTIAL)

    torch.testing.assert_close(scores(50), scores(0), rtol=0, atol=1e-4)  # angles are float32
    assert not torch.allclose(scores(0), EXPONENTIAL(q, k), atol=0.1)


def test_rotary_turns_pairs_by_their_angle(randomize):
    position, q = position_of("rotary", randomize), vectors(5)
    turned = position.rotate(q, QUERIES)
    for h, n, i in np.ndindex(HEADS, 5, D_HEAD // 2):
        angle = QUERIES[n].item() * 10000 ** (-2 * i / D_HEAD)
        expected = complex(*q[h, n, 2 * i : 2 * i + 2].tolist()) * np.exp(1j * angle)
        actual = complex(*turned[h, n, 2 * i : 2 * i + 2].tolist())
        assert actual == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("scaled", [True, False])
def test_shaw_by_brute_force(scaled, randomize):
    position, q, k = position_of("shaw", randomize, clip=2, scaled=scaled), vectors(5, 2), vectors(9, 2)
    table = position.table.weight.detach().numpy()
    expected = np.zeros((2, HEADS, 5, 9))
    for b, h, i, j in np.ndindex(2, HEADS, 5, 9):
        offset = min(max(QUERIES[i].item() - KEYS[j].item(), -2), 2)
        content = q[b, h, i] @ k[b, h, j] / math.sqrt(D_HEAD)
        relative = q[b, h, i].numpy() @ table[offset + 2]
        expected[b, h, i, j] = content + relative / (math.sqrt(D_HEAD) if scaled else 1)
    close(position.combine(EXPONENTIAL(q, k), q, k, QUERIES, KEYS, EXPONENTIAL), expected, 1e-12)


def test_transformer_xl_by_brute_force(randomize):
    """Dai et al. 2019, section 3.3: terms (a) to (d), summed."""
    position, q, k = position_of("transformer_xl", randomize), vectors(5, 2), vectors(9, 2)
    u, v = (getattr(position, name).detach().numpy()[:, 0] for name in ("u", "v"))
    w_r = position.w_r.weight.detach().numpy()
    expected = np.zeros((2, HEADS, 5, 9))
    for b, h, i, j in np.ndindex(2, HEADS, 5, 9):
        query, key = q[b, h, i].numpy(), k[b, h, j].numpy()
        r = (w_r @ numpy_sinusoid(QUERIES[i].item() - KEYS[j].item(), D_MODEL))[D_HEAD * h : D_HEAD * (h + 1)]
        expected[b, h, i, j] = (query @ key + query @ r + u[h] @ key + v[h] @ r) / math.sqrt(D_HEAD)
    close(position.combine(EXPONENTIAL(q, k), q, k, QUERIES, KEYS, EXPONENTIAL), expected)


@pytest.mark.parametrize("kernel", ["exponential", "polynomial"])
def test_product_kernel_by_brute_force(kernel, randomize):
    """Tsai et al. 2019: k_F(f_q, f_k) k_T(t_q, t_k), the kernels themselves multiplied."""
    position, q, k = position_of("product", randomize), vectors(5, 2), vectors(9, 2)
    content = make_kernel(Choice(kernel))
    w_t = position.w_t.weight.detach().numpy()
    expected = np.zeros((2, HEADS, 5, 9))
    for b, h, i, j in np.ndindex(2, HEADS, 5, 9):
        dot = (q[b, h, i] @ k[b, h, j]).item()
        of_features = math.exp(dot / math.sqrt(D_HEAD)) if kernel == "exponential" else dot**2
        t_q, t_k = (
            (w_t @ numpy_sinusoid(p.item(), D_MODEL))[D_HEAD * h : D_HEAD * (h + 1)] for p in (QUERIES[i], KEYS[j])
        )
        expected[b, h, i, j] = of_features * math.exp(t_q @ t_k / math.sqrt(D_HEAD))
    expected /= expected.sum(-1, keepdims=True)
    scores = position.combine(content(q, k), q, k, QUERIES, KEYS, content)
    close(content.normalize(scores, torch.ones(1, 1, dtype=torch.bool)), expected)


def test_product_kernel_is_symmetric_and_positive_semidefinite(randomize):
    position, x, at = position_of("product", randomize), vectors(9), torch.arange(9)
    scores = position.combine(EXPONENTIAL(x, x), x, x, at, at, EXPONENTIAL)
    torch.testing.assert_close(scores, scores.mT, rtol=0, atol=1e-12)
    eigenvalues = torch.linalg.eigvalsh(scores.exp())
    assert eigenvalues.min() > -1e-10 * eigenvalues.max()


def positional_encoding_2d(rows: int, columns: int, channels: int) -> np.ndarray:
    """`PositionalEncoding2D` of the package Borji uses, by channels: rows, then columns, cut to p."""
    half = math.ceil(channels / 4) * 2
    encoding = np.zeros((rows, columns, 2 * half))
    for i, j, c in np.ndindex(rows, columns, 2 * half):
        place = i if c < half else j
        angle = place * 10000 ** (-(c % half - c % 2) / half)
        encoding[i, j, c] = math.cos(angle) if c % 2 else math.sin(angle)
    return encoding[:, :, :channels]


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 10, 20, 50])
@pytest.mark.parametrize("name", ["borji", "borji_literal"])
def test_borji_reads_the_2d_encoding_channel_by_channel(name, channels, randomize):
    position = position_of(name, randomize, channels=channels)
    expected = positional_encoding_2d(8, 9, channels)[3:8]
    q, k = vectors(5, 1), vectors(9, 1)
    nothing = torch.zeros(1, HEADS, 5, 9, dtype=torch.float64)
    for c in range(channels):
        with torch.no_grad():
            position.map_position.weight.copy_(F.one_hot(torch.tensor([c]), channels))
            position.map_position.bias.zero_()
        actual = position.combine(nothing, q, k, QUERIES, KEYS, EXPONENTIAL)
        close(actual, np.broadcast_to(expected[:, :, c], actual.shape))


@pytest.mark.parametrize("channels", [1, 2, 10, 20])
@pytest.mark.parametrize("maps", [1, HEADS])
@pytest.mark.parametrize("kernel", config.LOG_KERNELS)
def test_borjis_term_is_a_temperature_and_a_number_a_key(channels, maps, kernel, randomize):
    """Literal == cheap == softmax(tau K K^T / s + g(j)): rows and the bias cancel in the softmax."""
    cheap = position_of("borji", randomize, channels=channels, maps=maps)
    literal = position_of("borji_literal", randomize, channels=channels, maps=maps)
    literal.load_state_dict(cheap.state_dict())
    content, x, at = make_kernel(Choice(kernel)), vectors(9, 2), torch.arange(9)
    scores = content(x, x)
    actual, expected = (p.combine(scores, x, x, at, at, content) for p in (cheap, literal))
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)

    weight = cheap.map_position.weight.detach()
    tau = weight.sum(-1)[:, None, None]
    columns = torch.from_numpy(positional_encoding_2d(9, 9, channels)[0].copy())
    columns[:, : 2 * math.ceil(channels / 4)] = 0  # the row channels
    of_keys = (weight @ columns.mT)[:, None, :]
    everything = torch.ones(1, 1, dtype=torch.bool)
    expected = (tau * scores + of_keys).softmax(-1)
    close(content.normalize(actual, everything), expected.numpy())


def test_borji_refuses_other_numbers_of_maps():
    with pytest.raises(ValueError, match="maps must be 1 or the number of heads, 3"):
        make_position(Choice("borji", {"maps": 2}), D_MODEL, HEADS, D_HEAD)


def test_registries():
    assert tuple(POSITIONS) == config.POSITIONS
    assert tuple(INPUT_POSITIONS) == config.INPUT_POSITIONS
    assert tuple(VALUE_POSITIONS) == config.VALUE_POSITIONS
