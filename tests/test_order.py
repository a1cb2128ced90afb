"""Order: equivariance of attention over everything, and what a causal filter and position do to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from transformer.config import ModelConfig, preset
from transformer.models import EncoderDecoder, build
from transformer.order import Reordered, Setting, Trial, piece_order, reorder, settings, without_position, words
from transformer.translator import load_translator

ORDER = [0, 4, 2, 1, 3, 5]  # of pieces; tag and end stay


@pytest.fixture
def model(tiny_config: ModelConfig, randomize) -> EncoderDecoder:
    return randomize(build(replace(tiny_config, num_encoder_layers=3)))


def embeddings(model: EncoderDecoder, length: int = 6) -> torch.Tensor:
    return torch.randn(length, model.config.d_model)


def test_words_are_groups_of_pieces() -> None:
    assert words(["<2de>", "▁an", "imal", "▁sleeps", ".", "</s>"]) == [[1], [2], [3], [4]]  # two words are too few
    assert words(["<2de>", "▁The", "▁an", "imal", "▁sleeps", ".", "</s>"]) == [[1], [2, 3], [4, 5]]
    assert words(["<2en>", "▁犬", "が", "寝", "</s>"]) == [[1], [2], [3]]
    assert words(["<2en>", "</s>"]) == []


def test_an_order_of_words_moves_whole_words() -> None:
    groups = [[1], [2, 3], [4, 5]]
    assert piece_order(groups, [2, 0, 1], 7) == [0, 4, 5, 1, 2, 3, 6]
    assert piece_order(groups, [0, 1, 2], 7) == list(range(7))
    for wrong in ([0, 1], [0, 0, 1], [0, 1, 3]):
        with pytest.raises(ValueError, match="each of them once"):
            piece_order(groups, wrong, 7)


def both_ways(
    model: EncoderDecoder, x: torch.Tensor, order: Sequence[int] = ORDER, dtype: torch.dtype = torch.double
) -> dict[Setting, Reordered]:
    trial = Trial(model)
    return reorder(trial, x, order, trial.outputs(x, dtype))


def outcomes(model: EncoderDecoder, order: Sequence[int] = ORDER) -> dict[Setting, tuple[bool, bool]]:
    found = both_ways(model, embeddings(model), order)
    return {setting: (each.same, each.last_same) for setting, each in found.items()}


def test_the_claims_about_order(model: EncoderDecoder) -> None:
    """Tsai et al. 2019, section 2.4: the set alone, a causal filter, one layer and more."""
    found = outcomes(model)
    assert list(found) and set(found) == set(settings(3))
    for setting, (same, last_same) in found.items():
        unfiltered = setting.set_filter == "everything" and not setting.position
        assert same is unfiltered
        assert last_same is (unfiltered or (setting.set_filter == "causal" and setting.num_layers == 1))


def test_rounding_shrinks_with_the_precision_and_a_difference_does_not(model: EncoderDecoder) -> None:
    x = embeddings(model)
    single, double = (both_ways(model, x, dtype=dtype) for dtype in (torch.float32, torch.float64))
    for setting, exact in double.items():
        if exact.same:
            assert exact.difference < 1e-12 * exact.size
            assert single[setting].same
        else:
            np.testing.assert_allclose(single[setting].difference, exact.difference, rtol=1e-3)


def test_the_same_order_changes_nothing(model: EncoderDecoder) -> None:
    found = both_ways(model, embeddings(model), range(6))
    assert {each.difference for each in found.values()} == {0.0}


def test_one_layer_is_what_numpy_computes(model: EncoderDecoder) -> None:
    x = embeddings(model)
    layer = model.double().encoder.layers[0]
    p = {name: value.detach().numpy() for name, value in layer.named_parameters()}
    found = both_ways(model, x)

    def norm(h: np.ndarray, name: str) -> np.ndarray:
        h = (h - h.mean(-1, keepdims=True)) / np.sqrt(h.var(-1, keepdims=True) + 1e-5)
        return h * p[f"{name}.norm.weight"] + p[f"{name}.norm.bias"]

    def run(h: np.ndarray, causal: bool) -> np.ndarray:
        def project(name: str) -> np.ndarray:
            whole = h @ p[f"self_attention.projection.{name}.weight"].T + p[f"self_attention.projection.{name}.bias"]
            return whole.reshape(len(h), model.config.num_heads, -1).swapaxes(0, 1)

        q, k, v = map(project, ("w_q", "w_k", "w_v"))
        scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        if causal:
            scores = np.where(np.tri(len(h), dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        z = (weights @ v).swapaxes(0, 1).reshape(len(h), -1)
        h = norm(h + z @ p["self_attention.w_o.weight"].T + p["self_attention.w_o.bias"], "self_attention_norm")
        hidden = np.maximum(h @ p["feed_forward.w_1.weight"].T + p["feed_forward.w_1.bias"], 0)
        return norm(h + hidden @ p["feed_forward.w_2.weight"].T + p["feed_forward.w_2.bias"], "feed_forward_norm")

    rows = x.double().numpy()
    for causal in (False, True):
        pair = found[Setting("causal" if causal else "everything", 1)]
        np.testing.assert_allclose(pair.before.numpy(), run(rows, causal), atol=1e-10)
        np.testing.assert_allclose(pair.after.numpy()[ORDER], run(rows[ORDER], causal), atol=1e-10)


@pytest.mark.parametrize("name", ["shaw", "transformer_xl", "tsai"])
def test_position_inside_the_kernel_is_taken_out_too(tiny_config: ModelConfig, randomize, name: str) -> None:
    sizes = {key: getattr(tiny_config, key) for key in ("vocab_size", "max_length", "d_model", "num_heads", "d_ff")}
    model = randomize(build(preset(name, **sizes, num_encoder_layers=2, num_decoder_layers=1, dropout=0.0)))
    found = outcomes(model)
    assert found[Setting("everything", 2)] == (True, True)
    assert found[Setting("everything", 1, position=True)] == (False, False)
    blind = without_position(model)
    assert blind.encoder.layers[0].self_attention.w_o.weight is not None
    assert (
        blind.encoder.layers[0].self_attention.w_o.weight.data_ptr()
        == model.encoder.layers[0].self_attention.w_o.weight.data_ptr()
    )


def test_a_translator_without_position_cannot_tell_orders_apart() -> None:
    translator = load_translator("small")
    text = "The animal didn't cross the street because it was too tired."
    source, written = translator.source(text, "de"), translator.translate(text, "de")
    groups = words(translator.tokenizer.pieces(source))
    order = piece_order(groups, list(range(len(groups)))[::-1], len(source))
    moved = [source[place] for place in order]
    trial = Trial(translator.model)
    logs = {
        (position, ids is moved): log
        for ids in (source, moved)
        for position, log in trial.log_probabilities(ids, written.ids).items()
    }
    assert logs[True, False] == pytest.approx(written.score, abs=1e-3)
    assert logs[True, True] < logs[True, False] - 1
    assert logs[False, True] == pytest.approx(logs[False, False], abs=1e-3)
    assert trial.write(source) == written.ids
    assert trial.write(moved) != written.ids
    assert trial.write(moved, position=False) == trial.write(source, position=False)
