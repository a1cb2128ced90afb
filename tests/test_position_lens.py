"""Scores and values in content and position parts: they add up, and each is what NumPy makes of its formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from transformer.changes import KINDS
from transformer.checkpoints import save_checkpoint
from transformer.config import AttentionConfig, Choice, ModelConfig, preset
from transformer.models import EncoderDecoder, build
from transformer.position_lens import NotSeparable, output_shares, score_parts, value_parts, variance_shares
from transformer.position_models import read_config
from transformer.positions import sinusoid
from transformer.tokenizers import Tokenizer
from transformer.trace import Trace
from transformer.translator import Translator, load_translator

SOURCE, TARGET = torch.tensor([[5, 7, 6, 4, 9, 3]]), torch.tensor([[2, 8, 5, 5]])
EXACT = 1e-12  # of the largest score, in float64
Make = Callable[..., tuple[EncoderDecoder, Trace]]


@pytest.fixture
def recorded(tiny_config: ModelConfig, randomize) -> Make:
    """Build a model in float64 with random weights, biases too, and record a pass."""

    def make(name: str = "vaswani", **settings) -> tuple[EncoderDecoder, Trace]:
        sizes = {key: getattr(tiny_config, key) for key in ("vocab_size", "max_length", "d_model", "num_heads", "d_ff")}
        config = replace(preset(name, **sizes, num_encoder_layers=2, num_decoder_layers=2, dropout=0.0), **settings)
        model = randomize(build(config)).double()
        trace = Trace()
        with torch.no_grad():
            model(SOURCE, TARGET, trace)
        return model, trace

    return make


def everywhere(**settings) -> dict[str, AttentionConfig]:
    attention = AttentionConfig(**settings)
    causal = replace(attention, filters=(Choice("causal"),))
    return {"encoder_attention": attention, "cross_attention": attention, "decoder_attention": causal}


def worst(parts: dict[str, torch.Tensor], trace: Trace, kind: str, layer: int) -> float:
    scores = trace[f"{KINDS[kind].format(layer)}.scores"][0]
    return float((sum(parts.values()) - scores).abs().max() / scores.abs().max())


def weights(model: EncoderDecoder, path: str) -> tuple[np.ndarray, np.ndarray]:
    """A projection of the second head: (D, d) and its bias (d,)."""
    linear = model.get_submodule(path)
    d = model.config.head_size
    return linear.weight[d : 2 * d].detach().numpy().T, linear.bias[d : 2 * d].detach().numpy()


@pytest.mark.parametrize(("kind", "stack", "tokens"), [("encoder", "encoder", SOURCE), ("decoder", "decoder", TARGET)])
def test_direct_sum_is_four_terms(recorded: Make, kind: str, stack: str, tokens: torch.Tensor) -> None:
    model, trace = recorded()
    parts = score_parts(model, trace, kind, 0)
    assert worst(parts, trace, kind, 0) < EXACT
    f = model.embedding.content.table.weight[tokens[0]].detach().numpy() * math.sqrt(model.config.d_model)
    p, i = np.arange(len(f))[:, None], np.arange(model.config.d_model // 2)
    angle = p / 10000 ** (2 * i / model.config.d_model)
    t = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(len(f), -1)
    (w_q, b_q), (w_k, b_k) = (weights(model, f"{stack}.layers.0.self_attention.projection.{w}") for w in ("w_q", "w_k"))
    q, k = {"content": f @ w_q + b_q, "position": t @ w_q}, {"content": f @ w_k + b_k, "position": t @ w_k}
    for name, part in parts.items():
        of_q, of_k = name.split("_")
        expected = q[of_q] @ k[of_k].T / math.sqrt(model.config.head_size)
        np.testing.assert_allclose(part[1].numpy(), expected, rtol=0, atol=2e-6)  # sinusoids are made in float32
    assert set(parts) == {f"{a}_{b}" for a in q for b in k}


@pytest.mark.parametrize("name", ["shaw", "transformer_xl", "tsai", "kv_pos"])
@pytest.mark.parametrize("layer", [0, 1])
def test_parts_of_every_variant_add_up(recorded: Make, name: str, layer: int) -> None:
    model, trace = recorded(name)
    if name == "kv_pos" and layer:  # its embeddings carry sinusoids
        with pytest.raises(NotSeparable, match="deeper"):
            score_parts(model, trace, "encoder", layer)
        return
    for kind in ("encoder", "decoder"):
        parts = score_parts(model, trace, kind, layer)
        assert worst(parts, trace, kind, layer) < EXACT
        assert len(parts) > 1


def test_transformer_xl_has_the_four_terms_of_its_paper(recorded: Make) -> None:
    model, trace = recorded("transformer_xl")
    parts = score_parts(model, trace, "encoder", 1)
    q, k = (trace[f"encoder.layers.1.self_attention.{name}"][0, 1].numpy() for name in ("q", "k"))
    position = model.encoder.layers[1].self_attention.position
    d, length = model.config.head_size, len(q)
    u, v = (getattr(position, name)[1, 0].detach().numpy() for name in ("u", "v"))
    w_r = position.w_r.weight[d : 2 * d].detach().numpy().T
    offsets = torch.arange(length)[:, None] - torch.arange(length)
    r = np.stack([sinusoid(row, model.config.d_model).numpy() for row in offsets]) @ w_r
    expected = {
        "content_content": q @ k.T,
        "content_position": np.einsum("qd,qkd->qk", q, r),
        "bias_content": np.tile(k @ u, (length, 1)),
        "bias_position": r @ v,
    }
    for name, term in expected.items():
        np.testing.assert_allclose(parts[name][1].numpy(), term / math.sqrt(d), rtol=0, atol=1e-6)


def test_the_product_kernel_of_positions_does_not_depend_on_the_words(recorded: Make) -> None:
    model, trace = recorded("tsai")
    other = Trace()
    with torch.no_grad():
        model(SOURCE.flip(1), TARGET, other)
    one, two = (score_parts(model, each, "encoder", 0) for each in (trace, other))
    torch.testing.assert_close(one["position_position"], two["position_position"], rtol=0, atol=1e-11)
    torch.testing.assert_close(one["position_position"], one["position_position"].mT, rtol=0, atol=1e-11)
    assert not torch.allclose(one["content_content"], two["content_content"])


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_sum_inside_the_kernel_is_apart_in_every_layer(recorded: Make, kind: str, layer: int) -> None:
    settings = everywhere(position=Choice("direct_sum"), value_position="sinusoidal")
    model, trace = recorded(input_position="none", **settings)
    parts = score_parts(model, trace, kind, layer)
    assert worst(parts, trace, kind, layer) < EXACT
    assert len(parts) == 4
    content, position = value_parts(model, trace, kind, layer)
    v = trace[f"{KINDS[kind].format(layer)}.v"][0]
    torch.testing.assert_close(content + position, v, rtol=0, atol=1e-12)
    assert position.abs().max() > 0


@pytest.mark.parametrize(
    ("reason", "kind", "layer", "settings"),
    [
        ("deeper", "encoder", 1, {}),
        ("deeper", "decoder", 1, {}),
        ("cross", "cross", 0, {}),
        ("norm", "encoder", 0, {"norm": "pre"}),
        ("kernel", "encoder", 0, everywhere(kernel="rbf")),
        ("kernel", "encoder", 0, {"input_position": "none", **everywhere(kernel="polynomial", position="shaw")}),
        ("rotary", "encoder", 0, {"input_position": "none", **everywhere(position="rotary")}),
    ],
)
def test_what_is_no_sum_says_why(recorded: Make, reason: str, kind: str, layer: int, settings: dict) -> None:
    model, trace = recorded(**settings)
    with pytest.raises(NotSeparable) as refused:
        score_parts(model, trace, kind, layer)
    assert refused.value.reason == reason


def test_values_carry_position_only_where_it_was_put(recorded: Make) -> None:
    model, trace = recorded()
    content, position = value_parts(model, trace, "encoder", 0)
    w_v, _ = weights(model, "encoder.layers.0.self_attention.projection.w_v")
    t = sinusoid(torch.arange(SOURCE.size(1)), model.config.d_model).double().numpy()
    np.testing.assert_allclose(position[1].numpy(), t @ w_v, rtol=0, atol=1e-12)
    torch.testing.assert_close(content + position, trace["encoder.layers.0.self_attention.v"][0], rtol=0, atol=1e-12)
    with pytest.raises(NotSeparable, match="deeper"):
        value_parts(model, trace, "encoder", 1)
    model, trace = recorded("shaw")
    assert value_parts(model, trace, "encoder", 1)[1].abs().max() == 0


def test_shares_of_the_variance_are_numpys(recorded: Make) -> None:
    model, trace = recorded()
    parts = torch.stack(list(score_parts(model, trace, "decoder", 0).values()))
    visible = trace["decoder.layers.0.self_attention.visible"][0, 0]
    together, alone = variance_shares(parts, visible)
    np.testing.assert_allclose(together.sum(0).numpy(), 1, atol=1e-12)
    for head in range(model.config.num_heads):
        rows = [
            [row[seen] - row[seen].mean() for row, seen in zip(part[head].numpy(), visible.numpy(), strict=True)]
            for part in parts
        ]
        flat = np.stack([np.concatenate(each) for each in rows])
        whole = flat.sum(0)
        np.testing.assert_allclose(together[:, head].numpy(), flat @ whole / (whole @ whole), atol=1e-10)
        np.testing.assert_allclose(alone[:, head].numpy(), (flat**2).sum(1) / (whole @ whole), atol=1e-10)


def test_shares_ignore_what_the_softmax_ignores_and_scores_that_do_not_vary() -> None:
    parts, visible = torch.randn(2, 3, 4, 5, dtype=torch.double), torch.ones(4, 5, dtype=torch.bool)
    lifted = parts + torch.randn(2, 3, 4, 1, dtype=torch.double)
    torch.testing.assert_close(variance_shares(lifted, visible), variance_shares(parts, visible))
    together, alone = variance_shares(torch.stack((parts[0], -parts[0])), visible)
    assert not together.any() and not alone.any()


def test_shares_of_outputs_add_up() -> None:
    together, alone = output_shares(torch.randn(2, 3, 6, 4))
    torch.testing.assert_close(together.sum(0), torch.ones(3, dtype=torch.double))
    assert (alone > 0).all()


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_the_shipped_model_adds_up_in_float32(kind: str) -> None:
    translator = load_translator("small")
    trace = translator.trace("The animal didn't cross the street because it was too tired.", "de")
    assert worst(score_parts(translator.model, trace, kind, 0), trace, kind, 0) < 1e-6


def test_any_checkpoint_can_be_split(tiny_config: ModelConfig, tokenizer: Tokenizer, tmp_path: Path, randomize) -> None:
    """What a training wrote, read back by its path."""
    config = replace(
        tiny_config,
        vocab_size=len(tokenizer),
        input_position="none",
        encoder_attention=AttentionConfig(position="transformer_xl"),
    )
    path = tmp_path / "xl.safetensors"
    save_checkpoint(path, randomize(build(config)), tokenizer, {})
    assert read_config(path) == config
    translator: Translator = load_translator(path)
    trace = translator.trace("A dog is near the house.", "de", "Ein Hund.")
    assert worst(score_parts(translator.model, trace, "encoder", 1), trace, "encoder", 1) < 1e-6


def test_foreign_files_have_no_config(tmp_path: Path) -> None:
    for content in (b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0{}"):
        (tmp_path / "x.safetensors").write_bytes(content)
        assert read_config(tmp_path / "x.safetensors") is None
