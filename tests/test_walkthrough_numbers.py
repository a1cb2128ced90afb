"""Every number that the walkthrough shows, chapter by chapter, against NumPy in double precision.

The other side is computed here from the checkpoint's weights and the inputs that the trace recorded, by the paper's
formulas; nothing of `transformer` but its parameters is used for it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from app_pages.chapters import NAMES, ahead, chapter
from app_pages.chapters.loss import by_likelihood
from app_pages.chapters.output import two_digits
from app_pages.chapters.show import show
from app_pages.chapters.training import seeding
from app_pages.chapters.walk import Walk, make_walk
from transformer.models import build
from transformer.translator import load_translator
from viz.walkthrough.scene import decode_scene

TEXT = "The animal didn't cross the street because it was too tired."
LAYER, HEAD = 2, 3
Array = np.ndarray
Scene = Callable[..., dict[str, Any]]


def near(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(actual, float), np.asarray(expected, float), rtol=1e-5, atol=1e-5)


class Formulas:
    """The Transformer as the paper writes it, on the parameters of a model, in float64."""

    def __init__(self, model: torch.nn.Module, num_heads: int) -> None:
        self.parameters = {name: each.detach().double().numpy() for name, each in model.named_parameters()}
        self.heads = num_heads

    def linear(self, x: Array, path: str) -> Array:
        return x @ self.parameters[f"{path}.weight"].T + self.parameters[f"{path}.bias"]

    def split(self, x: Array) -> Array:
        return x.reshape(len(x), self.heads, -1).transpose(1, 0, 2)

    def qkv(self, x: Array, memory: Array, path: str) -> tuple[Array, Array, Array]:
        inputs = (("q", x), ("k", memory), ("v", memory))
        q, k, v = (self.split(self.linear(each, f"{path}.projection.w_{name}")) for name, each in inputs)
        return q, k, v

    def attention(self, x: Array, memory: Array, path: str, causal: bool = False) -> dict[str, Array]:
        q, k, v = self.qkv(x, memory, path)
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        weights = softmax(np.where(np.tri(*scores.shape[1:]), scores, -np.inf) if causal else scores)
        z = weights @ v
        joined = z.transpose(1, 0, 2).reshape(len(x), -1)
        return {"scores": scores, "weights": weights, "z": z, "output": self.linear(joined, f"{path}.w_o")}

    def feed_forward(self, x: Array, path: str) -> Array:
        return self.linear(np.maximum(0, self.linear(x, f"{path}.w_1")), f"{path}.w_2")

    def norm(self, x: Array, path: str) -> Array:
        plain = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return plain * self.parameters[f"{path}.norm.weight"] + self.parameters[f"{path}.norm.bias"]

    @property
    def table(self) -> Array:
        return self.parameters["embedding.content.table.weight"]

    def embed(self, ids: list[int]) -> Array:
        return self.table[ids] * math.sqrt(self.table.shape[1])

    def run(self, source: list[int], target: list[int], layers: int) -> Array:
        """Logits of every target position."""
        x = self.embed(source) + positions(len(source), self.table.shape[1])
        for i in range(layers):
            path = f"encoder.layers.{i}"
            x = self.norm(x + self.attention(x, x, f"{path}.self_attention")["output"], f"{path}.self_attention_norm")
            x = self.norm(x + self.feed_forward(x, f"{path}.feed_forward"), f"{path}.feed_forward_norm")
        memory, x = x, self.embed(target) + positions(len(target), self.table.shape[1])
        for i in range(layers):
            path = f"decoder.layers.{i}"
            attended = self.attention(x, x, f"{path}.self_attention", causal=True)["output"]
            x = self.norm(x + attended, f"{path}.self_attention_norm")
            attended = self.attention(x, memory, f"{path}.cross_attention")["output"]
            x = self.norm(x + attended, f"{path}.cross_attention_norm")
            x = self.norm(x + self.feed_forward(x, f"{path}.feed_forward"), f"{path}.feed_forward_norm")
        return x @ self.table.T


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def positions(count: int, size: int) -> Array:
    """Sines in the even columns, cosines in the odd ones, entry by entry (section 3.5)."""
    return np.array(
        [[(math.sin, math.cos)[i % 2](p / 10000 ** ((i - i % 2) / size)) for i in range(size)] for p in range(count)]
    )


@pytest.fixture(scope="module")
def walk() -> Walk:
    translator = load_translator()
    written = translator.translate(TEXT, "de")
    return make_walk(translator, TEXT, "en-de", written.pieces, written.text)


@pytest.fixture(scope="module")
def formulas(walk: Walk) -> Formulas:
    return Formulas(walk.translator.model, walk.config.num_heads)


@pytest.fixture(scope="module")
def scene(walk: Walk) -> Scene:
    def of(number: int, name: str, **chosen: int) -> dict[str, Any]:
        """The figures of a step by their names, decoded from the message; other choices are at their first."""
        steps = chapter(number).steps
        step = next(i for i, each in enumerate(steps) if each.name == name)
        options = tuple(chosen.get(choice.name, choice.first(walk)) for choice in steps[step].choices)
        figures = decode_scene(show(walk, number, step, options, "en")[0])["figures"]
        return {figure.get("name", figure["kind"]): figure for figure in figures}

    return of


def state(walk: Walk, path: str) -> Array:
    return walk[path].astype(float)


def check_product(figure: Mapping[str, Any], left: Array, right: Array, bias: Array | None, factor: float = 1) -> None:
    near(figure["left"]["values"], left)
    near(figure["right"]["values"], right)
    near(figure["result"]["values"], factor * (left @ right) + (0 if bias is None else bias))
    assert figure["factor"] == pytest.approx(factor)


def test_1_the_boxes_count_their_parameters(walk: Walk, scene: Scene) -> None:
    sizes = walk.config
    d, ff, layers = sizes.d_model, sizes.d_ff, sizes.num_encoder_layers
    attention, feed_forward, norm = 4 * (d * d + d), 2 * d * ff + ff + d, 2 * d
    encoder, decoder = attention + feed_forward + 2 * norm, 2 * attention + feed_forward + 3 * norm
    for name in ("box", "stacks", "layers", "sublayers"):
        assert scene(1, name)["machine"]["parameters"] == {
            "all": layers * (encoder + decoder) + sizes.vocab_size * d,  # what is drawn is all there is
            "embedding": sizes.vocab_size * d,
            "encoder_layer": encoder,
            "decoder_layer": decoder,
            "self_attention": attention,
            "cross_attention": attention,
            "feed_forward": feed_forward,
            "encoder_norms": 2 * norm,
            "decoder_norms": 3 * norm,
        }


def test_2_pieces_ids_and_embeddings(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    tables = scene(2, "pieces")
    for name, ids in (("source", walk.source_ids), ("written", walk.written_ids)):
        assert [row[2] for row in tables[name]["rows"]] == list(ids)
        assert [row[1]["piece"] for row in tables[name]["rows"]] == walk.translator.tokenizer.pieces(ids)
    near(scene(2, "vectors")["token_embedding"]["values"], formulas.embed(list(walk.source_ids)))


def test_3_paths_through_a_layer(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    path = f"encoder.layers.{LAYER}"
    figures = scene(3, "path", layer=LAYER)
    x = figures["residual_pre"]["values"].astype(float)
    near(x, state(walk, f"encoder.layers.{LAYER - 1}.residual_post"))
    attended = formulas.attention(x, x, f"{path}.self_attention")["output"]
    near(figures["residual_mid"]["values"], formulas.norm(x + attended, f"{path}.self_attention_norm"))
    mid = figures["residual_mid"]["values"].astype(float)
    transformed = formulas.feed_forward(mid, f"{path}.feed_forward")
    near(figures["residual_post"]["values"], formulas.norm(mid + transformed, f"{path}.feed_forward_norm"))
    bars = scene(3, "alone", layer=LAYER)
    alone = np.array([formulas.attention(row, row, f"{path}.self_attention")["output"][0] for row in x[:, None]])
    near(bars["attention"]["values"], np.abs(alone - attended).max(-1))
    assert bars["feed_forward"]["values"].max() < 1e-5 < bars["attention"]["values"].min()


def test_4_the_head_that_links_it_to_animal(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    figure = scene(4, "links")["words"]
    for layer in range(walk.config.num_encoder_layers):
        x = state(walk, f"encoder.layers.{layer}.residual_pre")
        near(figure["weights"][layer], formulas.attention(x, x, f"encoder.layers.{layer}.self_attention")["weights"])
    pieces = list(walk.source.pieces)
    assert (figure["query"], figure["key"]) == (pieces.index("▁it"), pieces.index("▁animal"))
    linking = figure["weights"][:, :, figure["query"], figure["key"]]
    assert linking[figure["layer"], figure["head"]] == linking.max()
    both = scene(4, "wide")
    expected = []
    for name in ("tired", "wide"):
        each = both[name]
        row = each["weights"][figure["layer"], figure["head"], each["queries"]["pieces"].index("▁it")]
        expected += [row[each["keys"]["pieces"].index(noun)] for noun in ("▁animal", "▁street")]
    near(both["nouns"]["values"], expected)
    told = show(walk, 4, 1, (), "en")[1]
    names = ("tired_animal", "tired_street", "wide_animal", "wide_street")
    assert [told[name] for name in names] == [f"{float(each):.2f}" for each in expected]
    assert told["other_answer"] == (expected[3] <= expected[2])
    near(both["tired"]["weights"], figure["weights"])


def test_5_six_steps_by_hand_and_in_the_model(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    hand = scene(5, "hand")["hand"]
    near(hand["q"] @ hand["k"].T, [[112, 96]])  # the article's
    near(hand["dots"], [[112, 96]])
    near(hand["scaled"], [[14, 12]])
    near(hand["z"], [[sum(w * v[i] for w, v in zip(hand["weights"][0], hand["v"], strict=True)) for i in range(3)]])
    near(hand["weights"], [[1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))]])
    assert [round(float(each), 2) for each in hand["weights"][0]] == [0.88, 0.12]  # as the article prints them
    figure = scene(5, "model", layer=LAYER, head=HEAD)["model"]
    path = f"encoder.layers.{LAYER}.self_attention"
    x = state(walk, f"encoder.layers.{LAYER}.residual_pre")
    expected, qkv = formulas.attention(x, x, path), formulas.qkv(x, x, path)
    for name, each in zip("qkv", qkv, strict=True):
        near(figure[name], each[HEAD])
    near(figure["dots"], expected["scores"][HEAD] * figure["root"])
    near(figure["scaled"], expected["scores"][HEAD])
    near(figure["weights"], expected["weights"][HEAD])
    near(figure["z"], expected["z"][HEAD])


@pytest.mark.parametrize("part", range(3))
def test_6_projections(walk: Walk, scene: Scene, formulas: Formulas, part: int) -> None:
    path = f"encoder.layers.{LAYER}.self_attention.projection.w_{'qkv'[part]}"
    size = walk.config.head_size
    rows = slice(HEAD * size, (HEAD + 1) * size)
    figure = scene(6, "projections", layer=LAYER, head=HEAD, part=part)["product"]
    x = state(walk, f"encoder.layers.{LAYER}.residual_pre")
    bias = formulas.parameters[f"{path}.bias"][rows]
    check_product(figure, x, formulas.parameters[f"{path}.weight"][rows].T, bias)
    near(figure["added"], bias)


def test_6_scores_and_outputs(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    path = f"encoder.layers.{LAYER}.self_attention"
    x = state(walk, f"encoder.layers.{LAYER}.residual_pre")
    q, k, v = (each[HEAD] for each in formulas.qkv(x, x, path))
    weights = formulas.attention(x, x, path)["weights"][HEAD]
    figure = scene(6, "scores", layer=LAYER, head=HEAD)["product"]
    check_product(figure, q, k.T, None, walk.config.head_size**-0.5)
    near(figure["after"][0]["values"], weights)
    check_product(scene(6, "outputs", layer=LAYER, head=HEAD)["product"], weights, v, None)


def test_7_many_heads(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    path = f"encoder.layers.{LAYER}.self_attention"
    x = state(walk, f"encoder.layers.{LAYER}.residual_pre")
    expected = formulas.attention(x, x, path)
    figures = scene(7, "eight", layer=LAYER)
    for head in range(walk.config.num_heads):
        near(figures[f"weights{head}"]["values"], expected["weights"][head])
        near(figures[f"z{head}"]["values"], expected["z"][head])
    joined = np.concatenate(list(expected["z"]), axis=-1)
    w_o, bias = formulas.parameters[f"{path}.w_o.weight"], formulas.parameters[f"{path}.w_o.bias"]
    check_product(scene(7, "joined", layer=LAYER)["product"], joined, w_o.T, bias)
    overlay = scene(7, "overlaid", layer=LAYER)["overlay"]
    near(overlay["weights"][LAYER], expected["weights"])
    assert overlay["layer"] == LAYER


def test_8_positions(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    content, size = formulas.embed(list(walk.source_ids)), walk.config.d_model
    figures = scene(8, "added")
    near(figures["token_embedding"]["values"], content)
    near(figures["position"]["values"], positions(len(content), size))
    near(figures["embedding"]["values"], content + positions(len(content), size))
    layouts = scene(8, "layouts")
    near(layouts["interleaved"]["values"], positions(20, size))
    angles = np.arange(20)[:, None] / 10000 ** (np.arange(size // 2) / (size // 2 - 1))
    near(layouts["halves"]["values"], np.concatenate((np.sin(angles), np.cos(angles)), -1))
    printed = [[0, 0, 1, 1], [0.84, 0.0001, 0.54, 1], [0.91, 0.0002, -0.42, 1]]  # in the article, to two digits or four
    np.testing.assert_allclose([row[1:] for row in layouts["toy_halves"]["rows"]], printed, atol=5e-3)
    near([row[1:] for row in layouts["toy_interleaved"]["rows"]], positions(3, 4))
    alike = scene(8, "alike")
    distances = np.abs(np.subtract.outer(np.arange(64), np.arange(64)))[..., None]
    cosines = np.cos(distances / 10000 ** (np.arange(0, size, 2) / size)).mean(-1)
    near(alike["similarity"]["values"], cosines)
    near(alike["decay"]["values"], cosines[:1])
    longest = [row[-1] for row in alike["wavelengths"]["rows"]]
    near(
        longest,
        [2 * math.pi * 10000 ** ((d - 2) / d) if paper else 20000 * math.pi for d in (size, 4) for paper in (1, 0)],
    )


@pytest.mark.parametrize(("sublayer", "name", "before"), [(0, "self_attention", "pre"), (1, "feed_forward", "mid")])
def test_9_residuals(walk: Walk, scene: Scene, formulas: Formulas, sublayer: int, name: str, before: str) -> None:
    path = f"encoder.layers.{LAYER}"
    x = state(walk, f"{path}.residual_{before}")
    attended = formulas.attention(x, x, f"{path}.self_attention")["output"]
    added = (attended, formulas.feed_forward(x, f"{path}.feed_forward"))[sublayer]
    figures = scene(9, "add", layer=LAYER, sublayer=sublayer)
    for figure, expected in (("x", x), ("added", added), ("before", x + added)):
        near(figures[figure]["values"], expected)
    figures = scene(9, "normalise", layer=LAYER, sublayer=sublayer)
    after = formulas.norm(x + added, f"{path}.{name}_norm")
    near(figures["before"]["values"], x + added)
    near(figures["after"]["values"], after)
    moments = np.array([row[1:] for row in figures["moments"]["rows"]])
    near(moments[:, :2], np.stack([(x + added).mean(-1), (x + added).var(-1)], -1))
    near(moments[:, 2:4], np.tile([0, 1], (len(x), 1)))
    near(moments[:, 4:], np.stack([after.mean(-1), after.var(-1)], -1))


def test_10_the_decoder(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    path = f"decoder.layers.{LAYER}"
    x = state(walk, f"{path}.residual_pre")
    figures = scene(10, "mask", layer=LAYER, head=HEAD)
    expected = formulas.attention(x, x, f"{path}.self_attention", causal=True)
    near(figures["scores"]["values"], expected["scores"][HEAD])
    near(figures["visible"]["values"], np.tri(len(x)))
    near(figures["weights"]["values"], expected["weights"][HEAD])
    mid, memory = state(walk, f"{path}.residual_mid"), state(walk, "encoder.output")
    q, k, _v = (each[HEAD] for each in formulas.qkv(mid, memory, f"{path}.cross_attention"))
    figure = scene(10, "ask", layer=LAYER, head=HEAD)["product"]
    check_product(figure, q, k.T, None, walk.config.head_size**-0.5)
    near(figure["after"][0]["values"], softmax(q @ k.T / walk.config.head_size**0.5))
    last = f"decoder.layers.{walk.config.num_decoder_layers - 1}"
    writing = scene(10, "writing")["writing"]
    x, mid = state(walk, f"{last}.residual_pre"), state(walk, f"{last}.residual_mid")
    back = formulas.attention(x, x, f"{last}.self_attention", causal=True)["weights"].mean(0)
    near(writing["looks_back"], back)
    near(writing["looks_at_source"], formulas.attention(mid, memory, f"{last}.cross_attention")["weights"].mean(0))
    shares = softmax(state(walk, "decoder.output") @ formulas.table.T)
    for row, candidates in zip(shares, writing["candidates"], strict=True):
        near([share for _piece, share in candidates], sorted(row, reverse=True)[:5])
        assert candidates[0][0] == walk.piece(int(row.argmax()))


def test_11_logits_and_probabilities(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    position = 4
    figures = scene(11, "logits", position=position)
    vector = state(walk, "decoder.output")[position]
    near(figures["vector"]["values"][0], vector)
    logits = vector @ formulas.table.T
    near(figures["logits"]["values"].ravel(), logits)
    assert figures["logits"]["cells"]["pieces"] == walk.translator.tokenizer.pieces(range(len(logits)))
    bars = scene(11, "probabilities", position=position)
    best = np.argsort(-logits)[:10]
    near(bars["logits"]["values"], logits[best])
    near(bars["probabilities"]["values"], softmax(logits)[best])
    assert bars["probabilities"]["labels"]["pieces"] == walk.translator.tokenizer.pieces(best.tolist())


@pytest.mark.parametrize(("value", "text"), [(1.234, "1.2"), (9.97, "10"), (94.4, "94"), (9414.4, "9,400")])
def test_11_how_much_likelier_has_no_more_digits_than_the_logits_support(value: float, text: str) -> None:
    assert two_digits(value) == text


def test_12_targets_untrained_and_trained(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    figures = scene(12, "targets")
    ids = [row[1] for row in figures["vocabulary"]["rows"]]
    expected = [[float(target == each) for each in ids] for target in walk.written_ids]
    near(figures["one_hot"]["values"], expected)
    with seeding:  # other tests' pages may look ahead meanwhile
        torch.manual_seed(0)
        random = Formulas(build(walk.config), walk.config.num_heads)
    read = [2, *walk.written_ids[:-1]]  # <s> has the id 2
    guesses = softmax(random.run(list(walk.source_ids), read, walk.config.num_encoder_layers))
    outputs = scene(12, "before_and_after")
    near(outputs["target"]["values"], expected)
    near(outputs["untrained"]["values"], guesses[:, ids])
    trained = softmax(formulas.run(list(walk.source_ids), read, walk.config.num_encoder_layers))
    np.testing.assert_allclose(outputs["trained"]["values"], trained[:, ids], atol=1e-4)  # twelve layers in float32
    rows = outputs["guesses"]["rows"]
    near([row[1] for row in rows], guesses[np.arange(len(rows)), walk.written_ids])
    near([row[3] for row in rows], guesses.max(-1))
    assert [row[2]["piece"] for row in rows] == [walk.piece(int(each)) for each in guesses.argmax(-1)]


@pytest.mark.parametrize(("option", "smoothing"), [(0, 0.0), (1, 0.1), (2, 0.2)])
def test_13_losses(walk: Walk, scene: Scene, formulas: Formulas, option: int, smoothing: float) -> None:
    *rows, mean = scene(13, "loss", smoothing=option)["losses"]["rows"]
    shares = softmax(state(walk, "decoder.output") @ formulas.table.T)
    for row, p, target in zip(rows, shares, walk.written_ids, strict=True):
        y = np.full(len(p), smoothing / len(p))
        y[target] += 1 - smoothing
        some = y > 0
        kl = (y[some] * np.log(y[some] / p[some])).sum()
        near(row[1:], [p[target], -math.log(p[target]), -(y * np.log(p)).sum(), kl])
    near(mean[1:], np.mean([row[1:] for row in rows], 0))


def test_13_the_guides_rows(scene: Scene) -> None:
    rows = scene(13, "printed")["printed"]["rows"]
    near([row[7] for row in rows], [1.010, 1.000, 0.996, 0.974, 1.003])
    np.testing.assert_allclose([row[8] for row in rows], [0.073, 0.223, 0.010, 0.062, 0.020], atol=6e-4)
    for row in rows:
        assert row[9] == pytest.approx(row[8] + math.log(row[7]))


def test_13_greedy_and_beam(walk: Walk, scene: Scene) -> None:
    figures = decode_scene(show(walk, 13, 2, (), "en")[0])["figures"]
    greedy, beam = figures
    logs = np.log(softmax(walk.logits.astype(float)))[np.arange(len(walk.written_ids)), walk.written_ids]
    living = [next(each for each in step if not each["ended"]) for step in greedy["steps"][:-1]]
    np.testing.assert_allclose([each["score"] for each in living], logs.cumsum()[:-1], atol=1e-3)
    for figure, width in ((greedy, 1), (beam, 2)):
        for step, before in zip(figure["steps"][1:], figure["steps"], strict=False):
            scores = [each["score"] for each in step]
            assert scores == sorted(scores, reverse=True)
            for each in step:
                parent = before[each["parent"]]
                assert not parent["ended"] and parent["score"] >= each["score"]
        text = walk.translator.translate(walk.text, "de", beam_size=width).text
        assert figure["title"].endswith(text)
        place, pieces = figure["best"]["place"], []
        for step in reversed(figure["steps"]):
            pieces.append(step[place]["piece"])
            place = step[place]["parent"]
        assert walk.translator.tokenizer.decode(walk.translator.tokenizer.ids(pieces[::-1])) == text


def test_13_what_has_ended_stands_among_the_living_by_its_likelihood() -> None:
    def each(piece: str, parent: int, score: float, ended: bool = False) -> dict[str, Any]:
        return {"piece": piece, "parent": parent, "score": score, "ended": ended}

    steps = [
        [each("a", 0, -1), each("b", 0, -2)],
        [each("c", 1, -3), each("d", 0, -5), each(".", 0, -2, True), each("!", 1, -4, True)],
        [each("e", 1, -6), each(".", 0, -4, True)],
    ]
    found, places = by_likelihood(steps)
    assert [[each["piece"] for each in step] for step in found] == [["a", "b"], [".", "c", "!", "d"], [".", "e"]]
    for step, (before, after) in enumerate(zip(steps, found, strict=True)):
        for i, each_before in enumerate(before):
            each_after = after[places[step][i]]
            assert each_after["piece"] == each_before["piece"]
            if step:
                came = steps[step - 1][each_before["parent"]], found[step - 1][each_after["parent"]]
                assert came[0]["piece"] == came[1]["piece"]


def test_14_the_cache_counts_rows(walk: Walk, scene: Scene) -> None:
    figure, layers = scene(14, "kept")["cache"], walk.config.num_decoder_layers
    near(figure["rows_kept"], [layers for _ in walk.written_ids])
    near(figure["rows_again"], [layers * (step + 1) for step, _ in enumerate(walk.written_ids)])
    times = scene(14, "measured")["times"]["values"]
    assert times.shape == (2, len(walk.written_ids)) and (times > 0).all()


def test_15_the_journey(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    position = 3
    figure = scene(15, "journey", position=position)["written"]
    states, stages = figure["states"].astype(float), figure["stages"]
    near(states[0], formulas.embed([[2, *walk.written_ids][position]])[0])
    near(states[1], states[0] + positions(position + 1, walk.config.d_model)[position])
    names = ("self_attention", "cross_attention", "feed_forward")
    for i, stage in enumerate(stages[2:]):
        path, name = f"decoder.layers.{i // 3}", names[i % 3]
        near(stage["before"], states[i + 1] + stage["added"])
        near(states[i + 2], formulas.norm(stage["before"].astype(float), f"{path}.{name}_norm"))
        if name == "feed_forward":
            near(stage["added"], formulas.feed_forward(states[i + 1], f"{path}.{name}"))
            near(stage["hidden"], np.maximum(0, formulas.linear(states[i + 1], f"{path}.{name}.w_1")))
            near([unit[1] for unit in stage["units"]], sorted(stage["hidden"], reverse=True)[: len(stage["units"])])
        else:
            weights = state(walk, f"{path}.{name}.weights")[:, position].mean(0)
            if name == "self_attention":
                weights = weights[: position + 1]  # what is later is masked, and not spoken of
            near([share for _piece, share, _form in stage["looks_at"]], sorted(weights, reverse=True)[:5])
        shares = softmax(states[i + 2] @ formulas.table.T)
        near([share for _piece, share, _form in stage["lens"]], sorted(shares, reverse=True)[:3])
    assert stages[-1]["lens"][0][0]["piece"] == walk.writes.pieces[position]


def test_15_the_journey_of_a_word_that_is_read(walk: Walk, scene: Scene, formulas: Formulas) -> None:
    position = 5
    figure = scene(15, "source", source=position)["read"]
    states, stages = figure["states"].astype(float), figure["stages"]
    near(states[0], formulas.embed([walk.source_ids[position]])[0])
    for i, stage in enumerate(stages[2:-1]):
        name = ("self_attention", "feed_forward")[i % 2]
        near(stage["before"], states[i + 1] + stage["added"])
        near(states[i + 2], formulas.norm(stage["before"].astype(float), f"encoder.layers.{i // 2}.{name}_norm"))
    near(states[-1], states[-2])
    layers = range(walk.config.num_decoder_layers)
    looks = np.mean([state(walk, f"decoder.layers.{i}.cross_attention.weights").mean(0) for i in layers], 0)
    near([share for _piece, share, _form in stages[-1]["looks_at"]], sorted(looks[:, position], reverse=True)[:5])


def test_16_costs_and_the_papers_table(scene: Scene) -> None:
    figures = scene(16, "measured")
    assert figures["times"]["values"].shape == (3, 6) and (figures["times"]["values"] > 0).all()
    rows = scene(16, "experiments")["table_3"]["rows"]
    for row in rows[:5]:  # as many numbers in all heads together, however many there are
        assert row[4] * row[5] == 512
    by_bleu = sorted(rows, key=lambda row: row[10])
    assert [by_bleu[0][1], by_bleu[-1][0]] == [
        2,
        "big model",
    ]  # two layers are the worst of all, the big model the best


def test_what_takes_long_is_computed_ahead_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    translator = load_translator("small")
    written = translator.translate("I am a student.", "de")
    walk = make_walk(translator, "I am a student.", "en-de", written.pieces, written.text)
    monkeypatch.setattr(ahead, "QUIET", 0.0)
    ahead.prepare(walk)
    steps = [(n, i, step) for n in range(1, len(NAMES) + 1) for i, step in enumerate(chapter(n).steps) if step.ahead]
    assert steps
    before = set(walk._kept)
    for number, index, step in steps:
        show(walk, number, index, tuple(choice.first(walk) for choice in step.choices), "en")
    assert set(walk._kept) == before


@pytest.mark.parametrize(
    ("model", "text", "direction"),
    [("small", "Oui.", "fr-en"), ("small", "私は学生です。", "ja-en"), ("small", "A", "en-ja")],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_step_has_a_picture_for_any_sentence(model: str, text: str, direction: str, language: str) -> None:
    translator = load_translator(model)
    written = translator.translate(text, direction[3:])
    walk = make_walk(translator, text, direction, written.pieces, written.text)
    for number in range(1, len(NAMES) + 1):
        for index, step in enumerate(chapter(number).steps):
            chosen = tuple(choice.first(walk) for choice in step.choices)
            scene = decode_scene(show(walk, number, index, chosen, language)[0])
            assert scene["figures"] or step.name == "onward"


def test_whoever_comes_meanwhile_waits_for_what_is_being_computed(walk: Walk) -> None:
    begun, release, computed = threading.Event(), threading.Event(), []

    def compute() -> str:
        begun.set()
        assert release.wait(10)
        computed.append(1)
        return "done"

    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(walk.once, "slow", compute)
        assert begun.wait(10)
        second = visitors.submit(walk.once, "slow", compute)
        release.set()
        assert (first.result(10), second.result(10), computed) == ("done", "done", [1])
