"""Models against torch.nn.Transformer, the papers' counts, and what must not change the numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from transformer import config as names
from transformer import layers, models
from transformer.cache import KeyValueCache, Memory
from transformer.config import CAUSAL, PRESETS, AttentionConfig, Choice, ModelConfig, preset
from transformer.models import build
from transformer.trace import Trace

PAD = 0
RELATIVE = ["shaw", "transformer_xl", "rotary"]


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(1, 13, shape)


def sized(name: str, tiny_config: ModelConfig, **settings) -> ModelConfig:
    """A preset in the size of the tests."""
    sizes = {key: getattr(tiny_config, key) for key in ("vocab_size", "max_length", "d_model", "num_heads", "d_ff")}
    layer_counts = {"num_encoder_layers": 2, "num_decoder_layers": 2, "dropout": 0.0}
    return preset(name, **(sizes | layer_counts | settings))


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


# --- an independent implementation ---


def copy_attention(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    maps = [ours.projection.w_q, ours.projection.w_k, ours.projection.w_v]
    theirs.in_proj_weight.copy_(torch.cat([m.weight for m in maps]))
    theirs.in_proj_bias.copy_(torch.cat([m.bias for m in maps]))
    theirs.out_proj.load_state_dict(ours.w_o.state_dict())


def copy_layer(ours: nn.Module, theirs: nn.Module) -> None:
    copy_attention(ours.self_attention, theirs.self_attn)
    theirs.linear1.load_state_dict(ours.feed_forward.w_1.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.w_2.state_dict())
    norms = [ours.self_attention_norm, ours.feed_forward_norm]
    if hasattr(ours, "cross_attention"):
        copy_attention(ours.cross_attention, theirs.multihead_attn)
        norms.insert(1, ours.cross_attention_norm)
    for index, norm in enumerate(norms, 1):
        getattr(theirs, f"norm{index}").load_state_dict(norm.norm.state_dict())


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")  # torch's word on a fast path that pre-norm lacks
@pytest.mark.parametrize("norm", names.NORMS)
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_decoder_equals_torchs(norm, activation, tiny_config, randomize):
    config = replace(tiny_config, norm=norm, activation=activation)
    model = randomize(build(config))
    oracle = nn.Transformer(
        config.d_model,
        config.num_heads,
        config.num_encoder_layers,
        config.num_decoder_layers,
        config.d_ff,
        dropout=0.0,
        activation=activation,
        norm_first=norm == "pre",
        batch_first=True,
    )  # left in training mode: its fast path is a different one
    with torch.no_grad():
        for ours, theirs in ((model.encoder, oracle.encoder), (model.decoder, oracle.decoder)):
            for our_layer, their_layer in zip(ours.layers, theirs.layers, strict=True):
                copy_layer(our_layer, their_layer)
            if norm == "pre":
                theirs.norm.load_state_dict(ours.norm.state_dict())
            else:
                theirs.norm = None  # the paper's stack has none; torch adds one

    source, target = tokens(3, 7), tokens(3, 5)
    source[1, 5:] = PAD
    source[2, 2:] = PAD
    table = model.embedding.content.table.weight
    angle = torch.arange(7)[:, None] / 10000 ** (torch.arange(0, 16, 2) / 16)
    sinusoids = torch.stack([angle.sin(), angle.cos()], -1).flatten(1)
    hidden = source == PAD  # torch: True is hidden
    states = oracle(
        table[source] * math.sqrt(16) + sinusoids,
        table[target] * math.sqrt(16) + sinusoids[:5],
        tgt_mask=torch.ones(5, 5, dtype=torch.bool).triu(1),
        src_key_padding_mask=hidden,
        memory_key_padding_mask=hidden,
    )
    close(model(source, target), states @ table.T, 1e-4)


@pytest.mark.parametrize(
    ("slots", "count"),
    [
        ({}, 10_346),
        ({"projection": "kv"}, 9_290),
        ({"projection": "kv", "position": "borji"}, 9_301),
        ({"projection": "kv", "position": "borji_literal"}, 9_301),
    ],
)
def test_borjis_parameter_counts(slots, count):
    config = ModelConfig(
        architecture="encoder",
        input="vectors",
        d_input=10,
        vocab_size=10,
        d_model=32,
        num_heads=1,
        d_ff=64,
        num_encoder_layers=1,
        output="mlp",
        encoder_attention=AttentionConfig(**slots),
    )
    assert sum(p.numel() for p in build(config).parameters()) == count


# --- order (Tsai et al. 2019, section 3) ---


def order_model(tiny_config: ModelConfig, randomize, architecture: str, num_layers: int) -> nn.Module:
    config = replace(tiny_config, architecture=architecture, input_position="none", num_decoder_layers=num_layers)
    return randomize(build(config)).double()


def test_full_attention_is_equivariant_and_causal_is_not(tiny_config, randomize):
    x, order = tokens(2, 9), torch.randperm(9)
    full = order_model(tiny_config, randomize, "encoder", 2)
    close(full(x[:, order]), full(x)[:, order], 1e-12)
    causal = order_model(tiny_config, randomize, "decoder", 2)
    assert (causal(x[:, order]) - causal(x)[:, order]).abs().max() > 1e-2


def test_one_causal_layer_sees_a_set_and_two_see_an_order(tiny_config, randomize):
    x = torch.stack([torch.randperm(12)[:9] + 1 for _ in range(2)])
    mixed = torch.cat([x[:, :8].flip(1), x[:, 8:]], 1)
    one, two = (order_model(tiny_config, randomize, "decoder", n) for n in (1, 2))
    close(one(mixed)[:, -1], one(x)[:, -1], 1e-12)
    assert (two(mixed)[:, -1] - two(x)[:, -1]).abs().max() > 1e-2


# --- what must not change the numbers ---


@pytest.mark.parametrize("name", PRESETS)
def test_padding_changes_nothing(name, tiny_config, randomize):
    model = randomize(build(sized(name, tiny_config)))
    source, target = tokens(2, 9), tokens(2, 5)
    source[1, 6:] = PAD
    target[1, 4:] = PAD
    together = model(source, target)
    close(model(source[:1], target[:1]), together[:1])
    close(model(source[1:, :6], target[1:, :4]), together[1:, :4])


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("pooling", names.POOLINGS)
def test_padding_changes_nothing_for_a_classifier(name, pooling, tiny_config, randomize):
    model = randomize(build(sized(name, tiny_config, architecture="encoder", pooling=pooling)))
    x = tokens(2, 9)
    present = torch.arange(9) < torch.tensor([[9], [6]])
    together = model(x, present)
    alone = model(x[1:, :6])
    close(together[1:] if pooling != "none" else together[1:, :6], alone)
    close(model(x, torch.ones(2, 9, dtype=torch.bool)), model(x), 0)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("norm", names.NORMS)
def test_the_future_does_not_reach_the_past(name, norm, tiny_config, randomize):
    source, target = tokens(2, 7), tokens(2, 9)
    changed = torch.cat([target[:, :5], target[:, 5:] % 12 + 1], 1)
    translator = randomize(build(sized(name, tiny_config, norm=norm)))
    language_model = randomize(build(sized(name, tiny_config, norm=norm, architecture="decoder")))
    for run in (lambda t: translator(source, t), language_model):
        before, after = run(target), run(changed)
        assert torch.equal(before[:, :5], after[:, :5])
        assert not torch.allclose(before[:, 5:], after[:, 5:], atol=1e-3)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("norm", names.NORMS)
def test_a_cache_changes_nothing(name, norm, tiny_config, randomize):
    source, target = tokens(2, 7), tokens(2, 6)
    source[1, 4:] = PAD
    translator = randomize(build(sized(name, tiny_config, norm=norm)))
    encoded, cache = translator.encode(source), KeyValueCache(2)
    steps = [translator.decode(part, encoded, cache) for part in target.split([1, 1, 3, 1], 1)]
    close(torch.cat(steps, 1), translator(source, target))
    assert cache.length == 6

    language_model = randomize(build(sized(name, tiny_config, norm=norm, architecture="decoder")))
    cache = KeyValueCache(2)
    steps = [language_model(part, cache) for part in target.split([2, 1, 1, 2], 1)]
    close(torch.cat(steps, 1), language_model(target))


# --- memories (Dai et al. 2019) ---


def in_segments(model: nn.Module, text: torch.Tensor, lengths: list[int], size: int) -> torch.Tensor:
    memory = Memory(size)
    return torch.cat([model(segment, memory=memory) for segment in text.split(lengths, 1)], 1)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("norm", names.NORMS)
def test_a_memory_that_forgets_nothing_is_one_long_pass(name, norm, tiny_config, randomize):
    """In any depth: behind a causal filter, the kept states are the same states."""
    model = randomize(build(sized(name, tiny_config, norm=norm, architecture="decoder")))
    text = tokens(2, 12)
    close(in_segments(model, text, [3, 5, 4], size=12), model(text), 2e-5)


@pytest.mark.parametrize("position", RELATIVE)
def test_a_memory_as_long_as_the_window_forgets_nothing(position, tiny_config, randomize):
    """With offsets in place of positions, since those count from the start of the memory."""
    filters = (Choice("causal"), Choice("window", {"size": 4}))
    attention = AttentionConfig(position=position, filters=filters)
    config = replace(tiny_config, architecture="decoder", input_position="none", decoder_attention=attention)
    model = randomize(build(config))
    text = tokens(2, 20)
    whole = model(text)
    close(in_segments(model, text, [4] * 5, size=3), whole, 1e-4)
    assert not torch.allclose(in_segments(model, text, [4] * 5, size=2), whole, atol=1e-2)


@pytest.mark.parametrize("position", RELATIVE)
@pytest.mark.parametrize("num_layers", [1, 2])
def test_a_memory_reaches_its_size_a_layer(position, num_layers, tiny_config, randomize):
    """One layer sees the last `size` tokens and no more; in two, kept states remember further back."""
    config = replace(
        tiny_config,
        architecture="decoder",
        input_position="none",
        num_decoder_layers=num_layers,
        decoder_attention=replace(CAUSAL, position=Choice(position)),
    )
    model = randomize(build(config))
    text = tokens(2, 12)
    memory = Memory(size=5)
    for start in (0, 4):
        model(text[:, start : start + 4], memory=memory)
        assert memory.length == min(start + 4, 5)
    actual, only_the_last = model(text[:, 8:], memory=memory), model(text[:, 3:])[:, 5:]
    assert torch.allclose(actual, only_the_last, rtol=0, atol=1e-4) is (num_layers == 1)


def test_no_gradient_reaches_a_memory(tiny_config, randomize):
    config = replace(tiny_config, architecture="decoder", output="linear")
    model, memory = randomize(build(config)), Memory(size=4)
    first, second = torch.full((1, 4), 3), torch.full((1, 4), 5)
    model(first, memory=memory)
    logits = model(second, memory=memory)
    (gradient,) = torch.autograd.grad(logits.square().sum(), model.embedding.content.table.weight)
    assert gradient.abs().sum(-1).nonzero().flatten().tolist() == [5]


# --- classifiers ---


@pytest.mark.parametrize("output", ["linear", "mlp"])
@pytest.mark.parametrize("pooling", names.POOLINGS)
def test_vectors_that_are_one_hot_are_tokens(output, pooling, tiny_config, randomize):
    by_token = replace(tiny_config, architecture="encoder", output=output, pooling=pooling)
    by_vector = replace(by_token, input="vectors", d_input=by_token.vocab_size)
    token_model, vector_model = randomize(build(by_token)), build(by_vector).eval()
    state = token_model.state_dict()
    table = state.pop("embedding.content.table.weight")
    state |= {
        "embedding.content.linear.weight": table.T * math.sqrt(by_token.d_model),
        "embedding.content.linear.bias": torch.zeros(by_token.d_model),
    }
    vector_model.load_state_dict(state)
    x = tokens(3, 8)
    one_hot = nn.functional.one_hot(x, by_token.vocab_size).float()
    close(vector_model(one_hot), token_model(x))


def test_poolings(tiny_config, randomize):
    x = tokens(3, 8)
    config = replace(tiny_config, architecture="encoder", output="linear")
    model = randomize(build(config))
    each = model(x)
    assert each.shape == (3, 8, config.vocab_size)
    pooled = {}
    for pooling in ("mean", "first"):
        other = build(replace(config, pooling=pooling)).eval()
        other.load_state_dict(model.state_dict())
        pooled[pooling] = other(x)
    close(pooled["first"], each[:, 0])
    close(pooled["mean"], each.mean(1))  # the output map is linear, so the mean may come after it


# --- configs and presets ---


def elaborate() -> ModelConfig:
    attention = AttentionConfig(
        kernel=Choice("rbf", {"divisor": 2.0}),
        projection="symmetric",
        position=Choice("shaw", {"clip": 4, "scaled": False}),
        value_position="sinusoidal",
        filters=(Choice("causal"), Choice("window", {"size": 5})),
        bias=False,
    )
    return ModelConfig(d_model=16, num_heads=3, d_head=6, d_value=5, norm="pre", encoder_attention=attention)


@pytest.mark.parametrize("name", [*PRESETS, "elaborate"])
def test_a_config_survives_json(name, tiny_config):
    config = elaborate() if name == "elaborate" else sized(name, tiny_config)
    copy = ModelConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert copy == config
    shapes = [{n: tuple(p.shape) for n, p in build(c).named_parameters()} for c in (config, copy)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("path", [(), ("encoder_attention",), ("cross_attention", "kernel")])
def test_unknown_settings_are_refused(path):
    data = json.loads(json.dumps(ModelConfig().to_dict()))
    inner = data
    for key in path:
        inner = inner[key]
    inner["tremolo"] = 3
    with pytest.raises(ValueError, match=r"unknown settings.*tremolo"):
        ModelConfig.from_dict(data)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"architecture": "recurrent"}, "unknown architecture"),
        ({"activation": "sine"}, "unknown activation"),
        ({"norm": "batch"}, "unknown norm"),
        ({"input": "images"}, "unknown input"),
        ({"input_position": "shaw"}, "unknown input_position"),
        ({"output": "softmax"}, "unknown output"),
        ({"pooling": "max"}, "unknown pooling"),
        ({"d_model": 20, "num_heads": 3}, "d_model 20 is not a multiple of num_heads 3"),
        ({"d_model": 9, "num_heads": 3}, "d_model must be even"),
        ({"num_heads": 0}, "num_heads must be at least 1"),
        ({"num_decoder_layers": 0}, "num_decoder_layers must be at least 1"),
        ({"dropout": 1.0}, "dropout"),
        ({"architecture": "encoder", "input": "vectors", "output": "linear"}, "needs d_input"),
        ({"architecture": "encoder", "input": "vectors", "d_input": 4}, "use 'linear'"),
        ({"input": "vectors", "d_input": 4, "output": "linear"}, "needs architecture 'encoder'"),
        (
            {"d_head": 5, "decoder_attention": AttentionConfig(position="rotary")},
            "width of a head, 5, must be even",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ModelConfig(**settings)


def test_registries_hold_what_config_lists():
    registries = {
        "INPUTS": ("tokens", "vectors"),
        "ACTIVATIONS": layers.ACTIVATIONS,
        "NORMS": layers.NORMS,
        "OUTPUTS": models.OUTPUTS,
        "POOLINGS": models.POOLINGS,
        "ARCHITECTURES": models.ARCHITECTURES,
    }
    assert {name: tuple(entries) for name, entries in registries.items()} == {
        name: getattr(names, name) for name in registries
    }
    assert set(models.FINAL_NORMS) == set(names.NORMS)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("architecture", names.ARCHITECTURES)
def test_presets_have_what_their_papers_say(name, architecture, tiny_config, randomize):
    config = sized(name, tiny_config, architecture=architecture)
    model, trace = randomize(build(config)), Trace()
    x = tokens(2, 7)
    model(x, tokens(2, 5), trace=trace) if architecture == "encoder_decoder" else model(x, trace=trace)
    stack = "decoder" if architecture == "decoder" else "encoder"
    scope = f"{stack}.layers.0.self_attention."

    positions_at_the_input = name in ("vaswani", "kv", "kv_pos")
    added = trace[f"{stack}.embedding"] - trace[f"{stack}.token_embedding"]
    assert bool(added.abs().max() > 0) is positions_at_the_input

    content, scores = trace[scope + "content_scores"], trace[scope + "scores"]
    symmetric = name in ("tsai", "kv", "kv_pos")
    assert torch.allclose(content, content.mT, rtol=0, atol=1e-5) is symmetric
    assert torch.allclose(scores, scores.mT, rtol=0, atol=1e-5) is (name in ("tsai", "kv"))
    assert torch.equal(content, scores) is (name in ("vaswani", "kv"))

    parameters = {n.rsplit("self_attention.", 1)[1] for n, _ in model.named_parameters() if ".0.self_attention." in n}
    assert ("projection.w_q.weight" in parameters) is not symmetric
    inside, cross = config.encoder_attention, config.cross_attention
    assert config.decoder_attention == replace(inside, filters=(Choice("causal"),))
    assert cross.projection == inside.projection
    assert cross.position.name == ("product" if name == "tsai" else "none")
    assert config.decoder_attention.filters == (Choice("causal"),)
    assert config.encoder_attention.filters == config.cross_attention.filters == (Choice("everything"),)


@pytest.mark.parametrize("name", PRESETS)
def test_position_reaches_values_only_through_the_input(name, tiny_config, randomize):
    """Papers that put position into the kernel keep it out of the values of the first layer."""
    model, trace = randomize(build(sized(name, tiny_config, architecture="encoder"))), Trace()
    model(torch.full((1, 6), 4), trace=trace)  # one token, six times
    values = trace["encoder.layers.0.self_attention.v"]
    alike = torch.allclose(values, values[:, :, :1].expand_as(values), rtol=0, atol=1e-5)
    assert alike is (name in ("shaw", "transformer_xl", "tsai"))


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="unknown preset"):
        preset("perceiver")


def test_the_embedding_table_is_one(tiny_config):
    model = build(tiny_config)
    tables = [n for n, p in model.named_parameters() if p.shape == (tiny_config.vocab_size, tiny_config.d_model)]
    assert tables == ["embedding.content.table.weight"]
    assert not [n for n in model.state_dict() if n.startswith("output")]
    embedding = model.embedding.content(torch.arange(13))
    assert embedding.std().item() == pytest.approx(1, abs=0.3)  # std D**-0.5, times sqrt(D)
    np.testing.assert_allclose(embedding.detach(), model.embedding.content.table.weight.detach() * 4, rtol=1e-6)
