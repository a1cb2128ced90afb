"""Each explanation of a head's query, against its formula in NumPy, finite differences, or one pass a key."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas
import pytest
import torch

from transformer.changes import KINDS, MaskToken, read
from transformer.config import AttentionConfig
from transformer.edits import applied
from transformer.explanations import METHODS, Explanation, explain
from transformer.models import build
from transformer.tokenizers import END, START
from transformer.trace import Trace

SOURCE, WRITTEN = [5, 9, 4, 12, 7, 9, END], [8, 8, 10, 4, END]
STANDING = "mask.2~uniform.e.0.1~token.c.1.0.4~off.d.0.1"
QUESTIONS = [
    ("encoder", 0, 1, 3, ""),
    ("encoder", 1, 0, 0, STANDING),
    ("decoder", 0, 0, 3, STANDING),
    ("decoder", 1, 1, 4, ""),
    ("cross", 0, 0, 0, STANDING),
    ("cross", 1, 1, 2, ""),
]


@pytest.fixture(params=["exponential", "polynomial"])
def model(request, tiny_config, randomize):
    """In double precision, for finite differences."""
    attention = AttentionConfig(kernel=request.param)
    causal = replace(attention, filters=("causal",))
    kinds = {"encoder_attention": attention, "decoder_attention": causal, "cross_attention": attention}
    return randomize(build(replace(tiny_config, **kinds)), 0.3).double()


def traced(model, changes, edits=None) -> Trace:
    """Return a whole pass, also over what was written after the query."""
    trace = Trace(edits=edits, changes=applied(changes, model.config))
    with torch.no_grad():
        model(torch.tensor([SOURCE]), torch.tensor([[START, *WRITTEN[:-1]]]), trace)
    return trace


def explained(trace: Trace, kind: str, query: int) -> float:
    logs = trace["logits"][0].log_softmax(-1)[range(len(WRITTEN)), WRITTEN]
    return (logs.sum() if kind == "encoder" else logs[query]).item()


@pytest.fixture(params=QUESTIONS, ids=lambda question: f"{question[0]}-{question[1]}-{'changed' * bool(question[4])}")
def question(request):
    return request.param


@pytest.fixture
def asked(question, model) -> tuple[str, str, int, int, tuple, Trace, Explanation]:
    kind, layer, head, query, changes = question
    changes = read(changes)
    explanation = explain(model, SOURCE, WRITTEN, kind, layer, head, query, changes)
    return kind, KINDS[kind].format(layer), head, query, changes, traced(model, changes), explanation


def test_the_raw_weight_and_what_is_explained(asked):
    kind, path, head, query, _, trace, explanation = asked
    torch.testing.assert_close(explanation.vectors["raw"], trace[f"{path}.weights"][0, head, query])
    assert torch.equal(explanation.visible, trace[f"{path}.visible"][0, 0, query])
    assert explanation.log_probability == pytest.approx(explained(trace, kind, query))
    lengths = {"source": len(SOURCE), "target": len(WRITTEN)}
    assert tuple(explanation.vectors) == METHODS
    assert all(len(explanation.vectors[name]) == lengths[explanation.axes[name]] for name in METHODS)
    for name in METHODS:
        if explanation.axes[name] == explanation.axes["raw"] and name not in ("rollout", "occlusion"):
            assert (explanation.vectors[name][~explanation.visible] == 0).all()


def test_norm_is_the_length_of_what_each_key_adds(asked, model):
    """From the layer's input, in NumPy; over all heads and keys they add up to what the attention writes."""
    kind, path, head, query, _, trace, explanation = asked
    stack, _, layer, _ = path.split(".")
    inputs = trace["encoder.output" if kind == "cross" else f"{stack}.layers.{layer}.residual_pre"][0].numpy()
    attention = model.get_submodule(path)
    w_v, b_v = (x.detach().numpy() for x in (attention.projection.w_v.weight, attention.projection.w_v.bias))
    w_o, b_o = (x.detach().numpy() for x in (attention.w_o.weight, attention.w_o.bias))
    values = inputs @ w_v.T + b_v
    added = np.zeros((2, len(inputs), w_o.shape[0]))
    for h in range(2):
        for j, weight in enumerate(trace[f"{path}.weights"][0, h, query].numpy()):
            added[h, j] = weight * values[j, h * 8 : (h + 1) * 8] @ w_o[:, h * 8 : (h + 1) * 8].T
    np.testing.assert_allclose(explanation.vectors["norm"].numpy(), np.linalg.norm(added[head], axis=-1), atol=1e-9)
    if not any(str(change).startswith("off") and change.path == path for change in asked[4]):
        np.testing.assert_allclose(added.sum((0, 1)) + b_o, trace[f"{path}.output"][0, query].numpy(), atol=1e-9)


def test_rollout_is_a_walk_through_all_states(asked, question, model):
    """One matrix a sublayer over the states of both sides together, each row a distribution; their product."""
    kind, _, _, query, _, trace, explanation = asked
    source, target = len(SOURCE), len(WRITTEN)
    walk = np.eye(source + target)

    def step(path: str, queries: slice, keys: slice) -> None:
        nonlocal walk
        matrix = np.eye(source + target)
        matrix[queries] *= 0.5
        matrix[queries, keys] += 0.5 * trace[f"{path}.weights"][0].numpy().mean(0)
        walk = matrix @ walk

    left, right = slice(0, source), slice(source, None)
    for layer in range(question[1] + 1 if kind == "encoder" else 2):
        step(f"encoder.layers.{layer}.self_attention", left, left)
    for layer in range(0 if kind == "encoder" else question[1] + 1):
        step(f"decoder.layers.{layer}.self_attention", right, right)
        step(f"decoder.layers.{layer}.cross_attention", right, left)
    np.testing.assert_allclose(walk.sum(1), 1)
    row = walk[query if kind == "encoder" else source + query]
    np.testing.assert_allclose(explanation.vectors["rollout"].numpy(), row[:source], atol=1e-12)
    assert explanation.axes["rollout"] == "source"


def test_gradient_is_that_of_finite_differences(asked, model):
    kind, path, head, query, changes, trace, explanation = asked
    step = 1e-6
    for key, weight in enumerate(trace[f"{path}.weights"][0, head, query].tolist()):

        def nudged(by: float, key: int = key) -> float:
            def edit(weights: torch.Tensor) -> torch.Tensor:
                weights = weights.clone()
                weights[0, head, query, key] += by
                return weights

            return explained(traced(model, changes, {f"{path}.weights": edit}), kind, query)

        slope = (nudged(step) - nudged(-step)) / (2 * step)
        assert explanation.vectors["gradient"][key].item() == pytest.approx(weight * slope, rel=1e-4, abs=1e-8)
    if not any(str(change).startswith("token") and change.path == path for change in changes):
        assert explanation.vectors["gradient"].abs().max() > 1e-6
    assert all(parameter.grad is None for parameter in model.parameters())


def test_occlusion_is_one_pass_a_key(asked, model):
    kind, _, _, query, changes, trace, explanation = asked
    before = explained(trace, kind, query)
    hidden = {change.position for change in changes if isinstance(change, MaskToken)}
    drops = explanation.vectors["occlusion"].tolist()
    for key, drop in enumerate(drops):
        if kind == "decoder":

            def hide(visible: torch.Tensor, key: int = key) -> torch.Tensor:
                visible = visible.clone()
                visible[..., key] = False
                return visible

            edits = {f"decoder.layers.{layer}.self_attention.visible": hide for layer in range(2)}
            without = traced(model, changes, edits)
        else:
            without = traced(model, changes if key in hidden else [*changes, MaskToken(key)])
        assert drop == pytest.approx(before - explained(without, kind, query), abs=1e-9)
    assert max(map(abs, drops)) > 1e-5


def test_agreement_is_pandas_over_the_keys_that_are_seen(asked):
    kind, *_, explanation = asked
    frame = pandas.DataFrame(
        {name: explanation.vectors[name][explanation.visible].numpy() for name in METHODS if name != "rollout"}
    )
    if kind != "decoder":
        frame["rollout"] = explanation.vectors["rollout"][explanation.visible].numpy()
    expected = frame.rank().corr()
    for i, one in enumerate(METHODS):
        for j, other in enumerate(METHODS):
            ours = explanation.agreement[i][j]
            if kind == "decoder" and "rollout" in (one, other):
                assert ours == (1.0 if one == other else None)
            elif math.isnan(expected.loc[one, other]):
                assert ours is None
            else:
                assert ours == pytest.approx(expected.loc[one, other])


def test_a_model_that_is_not_trained_is_explained_alike(model, question):
    """Checkpoints come without gradients; no caller's mode matters."""
    kind, layer, head, query, changes = question
    expected = explain(model, SOURCE, WRITTEN, kind, layer, head, query, read(changes))
    model.requires_grad_(False)
    with torch.no_grad():
        ours = explain(model, SOURCE, WRITTEN, kind, layer, head, query, read(changes))
    for name in METHODS:
        torch.testing.assert_close(ours.vectors[name], expected.vectors[name], rtol=1e-9, atol=1e-12)
        assert not ours.vectors[name].requires_grad


def test_the_only_key_that_is_seen_can_be_hidden(model):
    explanation = explain(model, SOURCE, WRITTEN, "decoder", 1, 0, 0)
    assert explanation.visible.tolist() == [True, False, False, False, False]
    assert explanation.vectors["raw"].tolist() == pytest.approx([1, 0, 0, 0, 0])
    assert abs(explanation.vectors["occlusion"][0].item()) > 1e-4
    assert explanation.agreement[0] == [None] * 5
    all_but_one = read("~".join(f"mask.{position}" for position in range(1, len(SOURCE))))
    explanation = explain(model, SOURCE, WRITTEN, "cross", 0, 0, 1, all_but_one)
    assert all(vector.isfinite().all() for vector in explanation.vectors.values())


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (("encoder", 2, 0, 0), "there is no encoder layer 2"),
        (("middle", 0, 0, 0), "unknown kind of attention 'middle'"),
        (("cross", 0, 2, 0), "there is no head 2"),
        (("cross", 0, 0, 5), "there is no query 5: there are 5"),
        (("encoder", 0, 0, 7), "there is no query 7: there are 7"),
        (("decoder", 0, 0, -1), "there is no query -1"),
        (("decoder", 0, 0, 0, read("mask.7")), "no position 7 to hide"),
    ],
)
def test_questions_that_do_not_fit(question, message, model):
    with pytest.raises(ValueError, match=message):
        explain(model, SOURCE, WRITTEN, *question)
