"""The trace: the same numbers as without, a complete catalogue, edits, gradients, threads and labels."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import pytest
import torch

from transformer import config as names
from transformer import trace as trace_module
from transformer.cache import KeyValueCache, Memory
from transformer.config import AttentionConfig, ModelConfig, preset
from transformer.models import build
from transformer.trace import Trace

SOURCE, TARGET = 7, 5  # lengths
PIECES = {
    "source": [[f"s{b}{i}" for i in range(SOURCE)] for b in range(2)],
    "target": [[f"t{b}{i}" for i in range(TARGET)] for b in range(2)],
}


def model_of(name: str, architecture: str, tiny_config: ModelConfig, randomize, **settings):
    keys = (
        "vocab_size",
        "max_length",
        "d_model",
        "num_heads",
        "d_ff",
        "num_encoder_layers",
        "num_decoder_layers",
    )
    sizes = {key: getattr(tiny_config, key) for key in keys}
    return randomize(build(preset(name, architecture=architecture, dropout=0.0, **(sizes | settings))))


def inputs(architecture: str) -> tuple[torch.Tensor, ...]:
    source = torch.randint(1, 13, (2, SOURCE))
    source[1, 5:] = 0
    target = torch.randint(1, 13, (2, TARGET))
    return {"encoder_decoder": (source, target), "decoder": (target,), "encoder": (source,)}[architecture]


@pytest.fixture
def translator(tiny_config, randomize):
    return model_of("vaswani", "encoder_decoder", tiny_config, randomize)


@pytest.fixture
def pair() -> tuple[torch.Tensor, ...]:
    return inputs("encoder_decoder")


# --- the same numbers ---


@pytest.mark.parametrize("name", names.PRESETS)
@pytest.mark.parametrize("architecture", names.ARCHITECTURES)
@pytest.mark.parametrize("norm", names.NORMS)
def test_traced_equals_untraced_bit_for_bit(name, architecture, norm, tiny_config, randomize):
    model, x = model_of(name, architecture, tiny_config, randomize, norm=norm), inputs(architecture)
    trace, with_grad = Trace(), Trace(keep_grad=True)
    expected = model(*x)
    assert torch.equal(model(*x, trace=trace), expected)
    assert torch.equal(model(*x, trace=with_grad), expected)
    assert torch.equal(trace["logits"], expected)
    assert not any(tensor.requires_grad for tensor in trace.values())
    assert with_grad["logits"].requires_grad


@pytest.mark.parametrize("name", names.PRESETS)
def test_compiled_in_one_graph_equals_untraced(name, tiny_config, randomize):
    """Nothing in a forward breaks the graph."""
    torch.compiler.reset()
    one = {"num_encoder_layers": 1, "num_decoder_layers": 1}
    model, x = model_of(name, "encoder_decoder", tiny_config, randomize, **one), inputs("encoder_decoder")
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    with torch.no_grad():
        assert torch.equal(compiled(*x), model(*x))


@pytest.mark.parametrize("architecture", ["decoder", "encoder"])
def test_the_other_architectures_compile(architecture, tiny_config, randomize):
    torch.compiler.reset()
    model, x = model_of("tsai", architecture, tiny_config, randomize, norm="pre"), inputs(architecture)
    with torch.no_grad():
        assert torch.equal(torch.compile(model, fullgraph=True, backend="eager")(*x), model(*x))


def test_a_trace_is_recorded_inside_a_compiled_graph(translator, pair):
    torch.compiler.reset()
    plain, inside = Trace(tokens=PIECES), Trace(tokens=PIECES)
    with torch.no_grad():
        expected = translator(*pair, trace=plain)
        compiled = torch.compile(translator, fullgraph=True, backend="eager")
        assert torch.equal(compiled(*pair, trace=inside), expected)
    assert list(inside) == list(plain)
    assert all(torch.equal(inside[path], plain[path]) for path in plain)


# --- the catalogue ---


def catalogue() -> dict[str, str]:
    """Paths and shapes as the docstring lists them; {stack}, {i}, {sublayer} and {attention} are still open."""
    entries = {}
    for line in trace_module.__doc__.splitlines():
        match = re.match(r"    (\S+?)(?:, \.(\w+))?\s+(\(.*?\))(?:\s|$)", line)
        if match:
            first, second, shape = match.groups()
            entries[first] = shape
            if second:
                entries[f"{first.rpartition('.')[0]}.{second}"] = shape
    return entries


def expected_shapes(config: ModelConfig) -> dict[str, tuple[object, ...]]:
    """The catalogue written out for a model: every path, and its shape with letters turned into sizes."""
    encoder_decoder = config.architecture == "encoder_decoder"
    stacks = {"encoder_decoder": ("encoder", "decoder"), "decoder": ("decoder",), "encoder": ("encoder",)}
    layers = {"encoder": config.num_encoder_layers, "decoder": config.num_decoder_layers}
    length = {"encoder": SOURCE, "decoder": TARGET}
    result = {}
    for entry, shape in catalogue().items():
        for stack in stacks[config.architecture]:
            crosses = ["cross_attention"] if encoder_decoder and stack == "decoder" else []
            if (entry.startswith("decoder.") and stack == "encoder") or (
                entry.endswith("residual_cross") and not crosses
            ):
                continue
            attentions = ["self_attention", *crosses]
            for i, attention, sublayer in product(range(layers[stack]), attentions, [*attentions, "feed_forward"]):
                path = entry.format(stack=stack, i=i, attention=attention, sublayer=sublayer)
                sizes = {"B": 2, "H": config.num_heads, "D": config.d_model, "F": config.d_ff}
                sizes |= {"h": config.head_size, "V": config.vocab_size, "1": 1, "1 or B": (1, 2)}
                sizes["Q"] = TARGET if entry == "logits" and encoder_decoder else length[stack]
                sizes["K"] = SOURCE if attention == "cross_attention" else length[stack]
                result[path] = tuple(sizes[letter] for letter in shape.strip("()").split(", "))
    return result


@pytest.mark.parametrize("architecture", names.ARCHITECTURES)
@pytest.mark.parametrize("norm", names.NORMS)
@pytest.mark.parametrize("name", ["vaswani", "kv_pos"])
def test_the_catalogue_is_complete(name, architecture, norm, tiny_config, randomize):
    model = model_of(name, architecture, tiny_config, randomize, norm=norm, d_head=6)
    trace = Trace()
    model(*inputs(architecture), trace=trace)
    expected = expected_shapes(model.config)
    assert len(catalogue()) >= 20
    assert set(trace) == set(expected)
    for path, tensor in trace.items():
        allowed = [size if isinstance(size, tuple) else (size,) for size in expected[path]]
        assert tensor.dim() == len(allowed), path
        assert all(n in sizes for n, sizes in zip(tensor.shape, allowed, strict=True)), path
        assert len(trace.layout(path)) == tensor.dim(), path


def test_a_pooled_answer_has_no_positions(tiny_config, randomize):
    model, trace = model_of("kv", "encoder", tiny_config, randomize, pooling="mean"), Trace()
    model(*inputs("encoder"), trace=trace)
    assert trace["logits"].shape == (2, 13)
    assert trace.layout("logits") == ("batch", "entry")


def test_what_is_recorded_is_what_it_says(translator, pair):
    """Each tensor follows from the ones before it."""
    trace = Trace()
    translator(*pair, trace=trace)
    for stack, i in product(("encoder", "decoder"), range(2)):
        layer, at = getattr(translator, stack).layers[i], f"{stack}.layers.{i}."
        attentions = {"self_attention": "residual_pre"}
        if stack == "decoder":
            attentions["cross_attention"] = "residual_mid"
        for attention, before in attentions.items():
            one = {leaf: trace[f"{at}{attention}.{leaf}"] for leaf in ("q", "k", "v", "scores", "visible", "weights")}
            torch.testing.assert_close(one["scores"], one["q"] @ one["k"].mT / 8**0.5)
            hidden = one["scores"].masked_fill(~one["visible"], -torch.inf)
            torch.testing.assert_close(one["weights"], hidden.softmax(-1))
            heads = trace[f"{at}{attention}.head_outputs"]
            torch.testing.assert_close(heads, one["weights"] @ one["v"])
            output = trace[f"{at}{attention}.output"]
            joined = heads.transpose(1, 2).flatten(2)
            torch.testing.assert_close(output, getattr(layer, attention).w_o(joined))
            torch.testing.assert_close(trace[f"{at}{attention}_norm.input"], trace[at + before] + output)
        after = "residual_cross" if stack == "decoder" else "residual_mid"
        torch.testing.assert_close(
            trace[at + "feed_forward_norm.input"], trace[at + after] + trace[at + "feed_forward.output"]
        )
        torch.testing.assert_close(trace[at + "feed_forward.hidden"], trace[at + "feed_forward.pre_activation"].relu())
        following = f"{stack}.output" if i == 1 else f"{stack}.layers.{i + 1}.residual_pre"
        assert torch.equal(trace[at + "residual_post"], trace[following])


# --- edits and gradients ---


def test_an_identity_edit_changes_nothing(translator, pair):
    plain = Trace()
    expected = translator(*pair, trace=plain)
    edited = Trace(edits={path: lambda x: x.clone() for path in plain})
    assert torch.equal(translator(*pair, trace=edited), expected)
    assert list(edited) == list(plain)
    assert all(torch.equal(edited[path], plain[path]) for path in plain)
    assert edited.unused_edits() == []


@pytest.mark.parametrize("scope", ["encoder.layers.1.self_attention", "decoder.layers.0.cross_attention"])
def test_switching_a_head_off_changes_what_comes_later(scope, translator, pair):
    def off(weights: torch.Tensor) -> torch.Tensor:
        return weights * torch.tensor([1.0, 0.0])[:, None, None]

    plain, edited = Trace(), Trace(edits={scope + ".weights": off})
    before, after = translator(*pair, trace=plain), translator(*pair, trace=edited)
    assert torch.equal(edited[scope + ".weights"], off(plain[scope + ".weights"]))
    heads = edited[scope + ".head_outputs"]
    assert (heads[:, 1] == 0).all()
    assert torch.equal(heads[:, 0], plain[scope + ".head_outputs"][:, 0])
    paths = list(plain)
    earlier = paths[: paths.index(scope + ".weights")]
    assert all(torch.equal(edited[path], plain[path]) for path in earlier)
    assert not torch.allclose(edited[scope + ".output"], plain[scope + ".output"], atol=1e-2)
    assert not torch.allclose(before, after, atol=1e-2)
    assert torch.equal(translator(*pair), before)  # the model itself is as it was


def test_edits_that_no_forward_came_by(translator, pair):
    trace = Trace(edits={"encoder.layers.0.self_attention.wieghts": torch.zeros_like, "logits": torch.zeros_like})
    assert (translator(*pair, trace=trace) == 0).all()
    assert trace.unused_edits() == ["encoder.layers.0.self_attention.wieghts"]


def test_gradients_are_those_of_finite_differences(translator, pair):
    """With keep_grad on the shared model, whose own gradients stay untouched."""
    translator.double()
    path, place, step = "decoder.layers.0.cross_attention.weights", (1, 0, 3, 2), 1e-6
    trace = Trace(keep_grad=True)
    logits = translator(*pair, trace=trace)
    (gradient,) = torch.autograd.grad(logits[1, 4, 3], trace[path])
    assert gradient.shape == trace[path].shape

    def nudged(by: float) -> torch.Tensor:
        def edit(weights: torch.Tensor) -> torch.Tensor:
            weights = weights.clone()
            weights[place] += by
            return weights

        return translator(*pair, trace=Trace(edits={path: edit}))[1, 4, 3]

    slope = (nudged(step) - nudged(-step)) / (2 * step)
    assert gradient[place].item() == pytest.approx(slope.item(), rel=1e-4)
    assert gradient[place].abs() > 1e-6
    assert all(parameter.grad is None for parameter in translator.parameters())


# --- one trace, one pass, one thread ---


def test_recording_twice_is_an_error(translator, pair):
    trace = Trace()
    translator(*pair, trace=trace)
    with pytest.raises(KeyError, match="recorded twice"):
        translator(*pair, trace=trace)


def test_threads_keep_their_tensors_apart(translator):
    jobs = [inputs("encoder_decoder") for _ in range(24)]

    def traced(job: tuple[torch.Tensor, ...]) -> Trace:
        trace = Trace()
        with torch.no_grad():
            translator(*job, trace=trace)
        return trace

    expected = [traced(job) for job in jobs]
    with ThreadPoolExecutor(2) as pool:
        actual = list(pool.map(traced, jobs))
    for one, other in zip(actual, expected, strict=True):
        assert list(one) == list(other)
        assert all(torch.equal(one[path], other[path]) for path in one)


def test_a_trace_is_a_mapping_that_helps(translator, pair):
    trace = Trace()
    translator(*pair, trace=trace)
    assert len(trace) == len(list(trace)) == len(dict(trace))
    assert "logits" in trace
    assert "encoder.layers.9.self_attention.weights" not in trace
    with pytest.raises(KeyError, match=r"encoder\.layers\.0\.self_attention\.weights"):
        trace["encoder.layers.9.self_attention.weights"]


# --- tokens of the axes ---


def test_rows_are_queries_and_columns_are_keys(translator, pair):
    trace = Trace(tokens=PIECES)
    translator(*pair, trace=trace)
    axes = {
        "encoder.layers.0.self_attention": ("source", "source"),
        "decoder.layers.1.self_attention": ("target", "target"),
        "decoder.layers.1.cross_attention": ("target", "source"),
    }
    for scope, (query, key) in axes.items():
        for leaf, batch in product(("content_scores", "scores", "visible", "weights"), range(2)):
            path = f"{scope}.{leaf}"
            assert (trace.axis(path, "query"), trace.axis(path, "key")) == (query, key)
            assert trace.labels(path, "query", batch) == PIECES[query][batch]
            assert trace.labels(path, "key", batch) == PIECES[key][batch]
            assert trace.layout(path) == ("batch", "head", "query", "key")
            assert trace[path].shape[-2:] == (len(PIECES[query][0]), len(PIECES[key][0]))
        for leaf, name in {"q": query, "k": key, "v": key, "head_outputs": query, "output": query}.items():
            path = f"{scope}.{leaf}"
            (axis,) = set(trace.layout(path)) & {"query", "key"}
            assert trace.labels(path, axis, 1) == PIECES[name][1]
            assert trace[path].size(trace.layout(path).index(axis)) == len(PIECES[name][1])
    for path, name in {"encoder.output": "source", "decoder.output": "target", "logits": "target"}.items():
        assert trace.labels(path, "query") == PIECES[name][0]


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize(("leaf", "column"), [("weights", "weight"), ("scores", "score"), ("visible", "visible")])
@pytest.mark.parametrize("scope", ["encoder.layers.0.self_attention", "decoder.layers.1.cross_attention"])
def test_a_frame_holds_every_number_beside_its_tokens(scope, leaf, column, batch, translator, pair):
    trace = Trace(tokens=PIECES)
    translator(*pair, trace=trace)
    path = f"{scope}.{leaf}"
    frame = trace.to_frame(path, batch)
    assert list(frame.columns) == ["head", "query", "key", column]
    values = trace[path][batch]
    assert len(frame) == values.numel()
    queries, keys = trace.labels(path, "query", batch), trace.labels(path, "key", batch)
    for (h, i, j), row in zip(frame.index, frame.itertuples(index=False), strict=True):
        assert (row.head, row.query, row.key) == (h, queries[i], keys[j])
        assert getattr(row, column) == values[h, i, j].item()


def test_frames_of_every_tensor(translator, pair):
    trace = Trace(tokens=PIECES)
    translator(*pair, trace=trace)
    for path, tensor in trace.items():
        for batch in range(2):
            frame = trace.to_frame(path, batch)
            assert len(frame) == tensor[0].numel()
            assert frame.reset_index().shape[1] == len(frame.columns) + frame.index.nlevels
            assert len(frame.columns) == tensor.dim()


def test_a_repeated_word_stays_two_rows(translator, pair):
    trace = Trace(tokens={"source": [["the"] * SOURCE] * 2, "target": [["die"] * TARGET] * 2})
    translator(*pair, trace=trace)
    frame = trace.to_frame("decoder.layers.0.cross_attention.weights")
    assert len(frame) == 2 * TARGET * SOURCE
    assert frame.index.is_unique
    sums = frame.groupby("head")["weight"].sum()  # a column is a column: no level of the index has its name
    assert sums.tolist() == pytest.approx([TARGET, TARGET], abs=1e-4)


def test_a_step_with_a_cache_is_labelled_by_its_last_token(translator, pair):
    """The query of a decoding step is the newest token; its keys are all of them."""
    source, target = pair
    cache = KeyValueCache(2)
    encoded = translator.encode(source)
    translator.decode(target[:, :4], encoded, cache)
    trace = Trace(tokens=PIECES)
    translator.decode(target[:, 4:], encoded, cache, trace)
    path = "decoder.layers.0.self_attention.weights"
    assert trace[path].shape[-2:] == (1, 5)
    assert trace.labels(path, "query", 1) == PIECES["target"][1][4:]
    assert trace.labels(path, "key", 1) == PIECES["target"][1]
    assert len(trace.to_frame(path)) == 2 * 5
    assert trace.labels("decoder.layers.0.cross_attention.weights", "key") == PIECES["source"][0]


def test_a_segment_after_a_memory_is_labelled_by_its_own_tokens(tiny_config, randomize):
    model = model_of("transformer_xl", "decoder", tiny_config, randomize)
    text, memory = torch.randint(1, 13, (1, 8)), Memory(size=3)
    words = [f"w{i}" for i in range(8)]
    model(text[:, :4], memory=memory)
    trace = Trace(tokens={"target": [words]})
    model(text[:, 4:], memory=memory, trace=trace)
    path = "decoder.layers.1.self_attention.weights"
    assert trace.labels(path, "query") == words[4:]
    assert trace.labels(path, "key") == words[1:]  # three remembered, four of its own
    assert len(trace.to_frame(path)) == 2 * 4 * 7


def test_tokens_that_do_not_fit_are_an_error(translator, pair):
    trace = Trace(tokens={"source": [["too", "few"]] * 2, "target": PIECES["target"]})
    translator(*pair, trace=trace)
    with pytest.raises(ValueError, match=r"2 tokens.*7"):
        trace.labels("encoder.output", "query")


def test_every_slot_is_traced_alike(tiny_config, randomize):
    """The names do not depend on the kernel, the projection or the position."""
    recorded = []
    for kernel, projection, position in (("exponential", "qkv", "none"), ("polynomial", "kv", "shaw")):
        attention = AttentionConfig(kernel=kernel, projection=projection, position=position)
        config = replace(tiny_config, architecture="encoder", encoder_attention=attention)
        trace = Trace()
        randomize(build(config))(*inputs("encoder"), trace=trace)
        recorded.append(list(trace))
    assert recorded[0] == recorded[1]
