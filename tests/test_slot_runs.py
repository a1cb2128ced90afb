"""Another kernel, filter or memory on the running model: against a model built so, and against NumPy."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from transformer.changes import FilterChange, KernelChange, read, write
from transformer.config import KERNELS, AttentionConfig, Choice
from transformer.edits import Edits, applied, attention_paths, edits_of
from transformer.models import build
from transformer.next_tokens import next_tokens
from transformer.slot_runs import Variant, effect, filtered, paths_of, run, variant, with_memories, with_padding
from transformer.trace import Trace

SOURCE, WRITTEN = [3, 5, 7, 9, 4, 11], [6, 8, 10, 12, 3]
FIELD = {"encoder": "encoder_attention", "decoder": "decoder_attention", "cross": "cross_attention"}


@pytest.fixture
def model(tiny_config, randomize):
    return randomize(build(tiny_config))


def rebuilt(model, kind: str, **slots):
    """The same weights in a model that was built with other slots."""
    attention = replace(getattr(model.config, FIELD[kind]), **slots)
    other = build(replace(model.config, **{FIELD[kind]: attention})).eval()
    other.load_state_dict(model.state_dict())
    return other


def logits(model, how: Variant | None = None) -> torch.Tensor:
    return run(model, SOURCE, WRITTEN, how or Variant({}), {})["logits"][0]


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("kind", FIELD)
def test_a_kernel_everywhere_is_a_model_built_with_it(kind, name, model):
    how = variant([KernelChange(kind, None, None, name)], model.config, len(SOURCE))
    torch.testing.assert_close(logits(model, how), logits(rebuilt(model, kind, kernel=name)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "size"), [("everything", None), ("causal", None), ("window", 2), ("strided", 2)])
@pytest.mark.parametrize("kind", FIELD)
def test_a_filter_everywhere_is_a_model_built_with_it(kind, name, size, model):
    change = FilterChange(kind, None, name, size)
    how = variant([change], model.config, len(SOURCE))
    other = rebuilt(model, kind, filters=change.filters)
    torch.testing.assert_close(logits(model, how), logits(other), rtol=0, atol=1e-5)
    path = attention_paths(model.config, kind)[1]
    plain = run(model, SOURCE, WRITTEN, Variant({}), {})
    changed = run(model, SOURCE, WRITTEN, how, {})
    visible = plain[f"{path}.visible"][0, 0].expand(plain[f"{path}.weights"].shape[-2:])
    seen = filtered(visible, change, model.config)
    assert torch.equal(seen, changed[f"{path}.visible"][0, 0].expand_as(seen))


def test_one_layer_and_one_head_leave_the_others(model):
    plain = run(model, SOURCE, WRITTEN, Variant({}), {})
    changed = run(model, SOURCE, WRITTEN, variant([KernelChange("encoder", 1, 0, "rbf")], model.config, 6), {})
    path = "encoder.layers.{}.self_attention.{}"
    assert torch.equal(plain[path.format(0, "weights")], changed[path.format(0, "weights")])
    assert torch.equal(plain[path.format(1, "weights")][:, 1], changed[path.format(1, "weights")][:, 1])
    q, k = (changed[path.format(1, name)][0, 0].double().numpy() for name in "qk")
    scores = -((q[:, None] - k[None]) ** 2).sum(-1) / np.sqrt(q.shape[-1])
    np.testing.assert_allclose(changed[path.format(1, "scores")][0, 0].numpy(), scores, atol=1e-4)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    np.testing.assert_allclose(
        changed[path.format(1, "weights")][0, 0].numpy(), weights / weights.sum(-1, keepdims=True), atol=1e-5
    )


@pytest.mark.parametrize(
    "changes",
    [
        "filter.d.all.window.2",
        "kernel.d.all.all.rbf",
        "filter.c.all.window.4",
        "kernel.c.1.0.polynomial.4~filter.d.0.strided.2",
    ],
)
def test_step_by_step_is_the_whole_pass(changes, model):
    """Cached decoding runs under the same edits: for filters that look back only, the numbers are the same."""
    edits = applied(read(changes), model.config)
    trace = Trace(changes=applied(read(changes), model.config))
    source = torch.tensor([SOURCE])
    with torch.no_grad():
        model(source, torch.tensor([[2, *WRITTEN[:-1]]]), trace)
    step = next_tokens(model, source, changes=edits)
    whole = trace["logits"][0].log_softmax(-1)
    for place, last in enumerate([2, *WRITTEN[:-1]]):
        torch.testing.assert_close(step(torch.tensor([last]))[0], whole[place], rtol=0, atol=1e-4)


def test_hidden_padding_changes_nothing_and_seen_padding_does(model):
    plain = logits(model)
    hidden = with_padding(Variant({}), 3, [])
    torch.testing.assert_close(logits(model, hidden), plain, rtol=0, atol=1e-5)
    seen = run(model, SOURCE, WRITTEN, with_padding(Variant({}), 3, paths_of(model.config, "encoder", None)), {})
    assert not torch.allclose(seen["logits"][0], plain, atol=1e-2)
    assert seen["encoder.layers.0.self_attention.weights"][..., -3:].min() > 0


@pytest.mark.parametrize("kind", FIELD)
def test_memories_are_more_keys_and_values(kind, model):
    earlier = run(model, [9, 4, 3], [7, 6], Variant({}), {})
    paths = paths_of(model.config, kind, 1)
    changed = run(model, SOURCE, WRITTEN, with_memories(Variant({}), earlier, paths), {})
    path = paths[0]
    q, v = changed[f"{path}.q"][0].double(), changed[f"{path}.v"][0].double()
    k = torch.cat((earlier[f"{path}.k"], changed[f"{path}.k"][..., earlier[f"{path}.k"].size(-2) :, :]), -2)[0].double()
    assert torch.equal(changed[f"{path}.k"][0].double(), k)
    scores = (q @ k.mT / k.size(-1) ** 0.5).numpy()
    memory = earlier[f"{path}.k"].size(-2)
    visible = np.ones(scores.shape[1:], bool)
    if kind == "decoder":
        visible[:, memory:] = np.tri(len(WRITTEN), dtype=bool)
    powers = np.where(visible, np.exp(scores), 0)
    weights = powers / powers.sum(-1, keepdims=True)
    np.testing.assert_allclose(changed[f"{path}.weights"][0].numpy(), weights, atol=1e-5)
    np.testing.assert_allclose(changed[f"{path}.head_outputs"][0].numpy(), weights @ v.numpy(), atol=1e-4)


def test_a_memory_keeps_the_positions_of_the_sentences_own_keys(model):
    """A hidden token and a window mean the same keys with a memory before them."""
    earlier = run(model, [9, 4, 3], [7, 6], Variant({}), {})
    how = with_memories(variant(read("mask.1"), model.config, 6), earlier, paths_of(model.config, "encoder", None))
    changed = run(model, SOURCE, WRITTEN, how, {})
    visible = changed["encoder.layers.0.self_attention.visible"][0, 0, 0]
    assert visible.tolist() == [True] * 3 + [True, False, True, True, True, True]
    after = copy.deepcopy(how)
    after.edits["encoder.layers.0.self_attention.weights"] = edits_of(read("token.e.0.1.2"), model.config)[
        "encoder.layers.0.self_attention.weights"
    ]
    weights = run(model, SOURCE, WRITTEN, after, {})["encoder.layers.0.self_attention.weights"][0, 1]
    assert torch.equal(weights, torch.eye(9)[5].expand(6, 9))  # key 2 of the sentence, behind three of the memory


def test_the_effect_is_numpys(model):
    before, after = logits(model), logits(model, variant(read("kernel.c.all.all.rbf"), model.config, 6))
    found = effect(before, after, WRITTEN)
    one, other = (np.exp(each.double().numpy()) for each in (before, after))
    one, other = one / one.sum(-1, keepdims=True), other / other.sum(-1, keepdims=True)
    places = np.arange(len(WRITTEN))
    np.testing.assert_allclose(found.before.numpy(), np.log(one[places, WRITTEN]), rtol=1e-9)
    np.testing.assert_allclose(found.after.numpy(), np.log(other[places, WRITTEN]), rtol=1e-9)
    np.testing.assert_allclose(found.divergence.numpy(), (one * np.log(one / other)).sum(-1), rtol=1e-7)
    assert effect(before, before, WRITTEN).divergence.abs().max() == 0


def test_no_edit_is_the_model_itself(model):
    with torch.no_grad():
        expected = model(torch.tensor([SOURCE]), torch.tensor([[2, *WRITTEN[:-1]]]))
    assert torch.equal(run(model, SOURCE, WRITTEN, Variant({}), {})["logits"], expected)
    assert Edits({})("weights", expected) is expected


# --- the changes as data ---


@pytest.mark.parametrize(
    "text",
    [
        "filter.e.all.everything",
        "filter.d.0.window.3",
        "filter.c.1.strided.2",
        "kernel.e.all.all.rbf",
        "kernel.c.1.0.polynomial.4",
    ],
)
def test_a_change_is_read_as_it_is_written(text):
    assert write(read(text)) == text


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("filter.d.0.window", "size goes with"),
        ("filter.d.0.causal.3", "size goes with"),
        ("filter.d.0.window.0", "no key"),
        ("filter.d.0.round", "unknown set filter"),
        ("kernel.d.0.0.polynomial.3", "even"),
        ("kernel.d.0.0.rbf.2", "degree goes with"),
        ("kernel.d.0.0.cosine", "unknown kernel"),
        ("kernel.d.00.0.rbf", "cannot read"),
        ("filter.d.0.causal~filter.d.0.everything", "same thing"),
    ],
)
def test_a_bad_change_gets_a_sentence(text, match):
    with pytest.raises(ValueError, match=match):
        read(text)


def test_a_change_that_does_not_fit_the_model_is_refused(model):
    with pytest.raises(ValueError, match="no encoder layer 2"):
        variant(read("filter.e.2.causal"), model.config, 6)
    with pytest.raises(ValueError, match="no head 2"):
        variant(read("kernel.e.0.2.rbf"), model.config, 6)


def test_positions_part_goes_with_a_new_kernel(tiny_config, randomize):
    """A kernel change takes the place of the whole score: what the position had added is not in it."""
    attention = AttentionConfig(position=Choice("shaw", {"clip": 2}))
    model = randomize(build(replace(tiny_config, encoder_attention=attention)), 0.3)
    changed = run(model, SOURCE, WRITTEN, variant(read("kernel.e.0.all.exponential"), model.config, 6), {})
    path = "encoder.layers.0.self_attention"
    torch.testing.assert_close(changed[f"{path}.scores"], changed[f"{path}.content_scores"])
