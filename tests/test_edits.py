"""Changes at work: each against an oracle that changes the model or recomputes its numbers, and all decodings alike."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from transformer.changes import HeadChange, MaskToken, read
from transformer.config import KERNELS, AttentionConfig
from transformer.decoding import beam_search, follow, given, greedy, likeliest, sampler
from transformer.edits import Edits, applied, attention_paths
from transformer.models import build
from transformer.next_tokens import next_tokens
from transformer.tokenizers import END, PAD, START
from transformer.trace import NO_TRACE, Trace

WIDTH, STEPS = 3, 9
CHANGES = [
    "off.e.1.0",
    "uniform.d.0.1",
    "uniform.c.1.0~uniform.e.0.1",
    "token.d.0.0.0~token.d.1.1.2",
    "token.d.0.1.4",
    "token.c.0.1.3",
    "mask.2~mask.0",
    "off.d.1.1~uniform.c.0.0~token.c.0.1.1~token.d.0.1.1~mask.1~mask.3",
]


def numpy_masked_softmax(scores: np.ndarray, visible: np.ndarray) -> np.ndarray:
    hidden = np.where(visible, scores.astype(np.float64), -np.inf)
    powers = np.exp(hidden - hidden.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.fixture
def model(tiny_config, randomize):
    return randomize(build(tiny_config))


@pytest.fixture
def source() -> torch.Tensor:
    source = torch.randint(END + 1, 13, (4, 6))
    source[1, 4:] = PAD
    return source


@pytest.fixture
def target() -> torch.Tensor:
    return torch.randint(END + 1, 13, (4, 5))


def run(model, source, target, changes: str = "") -> Trace:
    trace = Trace(changes=applied(read(changes), model.config))
    with torch.no_grad():
        model(source, target, trace)
    return trace


# --- each change, in one whole pass ---


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_off_is_a_model_without_the_heads_columns_of_w_o(kind, model, source, target):
    change = HeadChange(kind, 1, 1, "off")
    without = copy.deepcopy(model)
    w_o = without.get_submodule(change.path).w_o.weight
    with torch.no_grad():
        w_o[:, w_o.size(1) // 2 :] = 0
    plain, off, expected = run(model, source, target), run(model, source, target, str(change)), without(source, target)
    assert_close(off["logits"], expected, rtol=0, atol=1e-5)
    assert not torch.allclose(off["logits"], plain["logits"], atol=1e-2)
    assert torch.equal(off[f"{change.path}.weights"], plain[f"{change.path}.weights"])


@pytest.mark.parametrize("kernel", KERNELS)
def test_uniform_and_token_of_any_kernel(kernel, tiny_config, randomize, source, target):
    attention = {name: replace(getattr(tiny_config, name), kernel=kernel) for name in ("encoder_attention",)}
    causal = AttentionConfig(kernel=kernel, filters=("causal",))
    config = replace(tiny_config, **attention, decoder_attention=causal, cross_attention=AttentionConfig(kernel=kernel))
    model = randomize(build(config), 0.2)
    changed = run(model, source, target, "uniform.e.1.0~token.d.0.1.2~uniform.c.0.1~token.c.0.0.5")
    plain = run(model, source, target)
    present = (source != PAD).numpy()
    expected = np.repeat(present[:, None] / present.sum(-1)[:, None, None], 6, axis=1)
    assert_close(changed["encoder.layers.1.self_attention.weights"][:, 0].numpy(), expected, check_dtype=False)
    assert_close(changed["decoder.layers.0.cross_attention.weights"][:, 1].numpy(), expected[:, :5], check_dtype=False)
    looks = changed["decoder.layers.0.self_attention.weights"][:, 1]
    assert torch.equal(looks[:, 2:], torch.eye(5)[2].expand(4, 3, 5))
    assert torch.equal(looks[:, :2], plain["decoder.layers.0.self_attention.weights"][:, 1, :2])
    last = changed["decoder.layers.0.cross_attention.weights"][:, 0]
    assert torch.equal(last[[0, 2, 3]], torch.eye(6)[5].expand(3, 5, 6))
    assert last[1, :, 5].abs().max() == 0  # padding there: nobody sees it, so the weights are their own
    assert_close(last[1].sum(-1), torch.ones(5), rtol=0, atol=1e-3)  # a signed kernel's divide by a little more
    for path in attention_paths(config, "encoder", "decoder", "cross"):
        values = changed[f"{path}.weights"] @ changed[f"{path}.v"]
        assert_close(changed[f"{path}.head_outputs"], values)


def test_a_hidden_token_is_a_column_of_minus_infinity(model, source, target):
    masked = run(model, source, target, "mask.2~mask.0")
    present = (source != PAD).numpy()[:, None, None, :] & ~np.isin(np.arange(6), (0, 2))
    paths = attention_paths(model.config, "encoder", "cross")
    assert len(paths) == 4
    for path in paths:
        expected = numpy_masked_softmax(masked[f"{path}.scores"].numpy(), present)
        assert_close(masked[f"{path}.weights"].numpy(), expected, check_dtype=False, rtol=0, atol=1e-5)
    plain = run(model, source, target)
    for path in attention_paths(model.config, "decoder"):
        assert torch.equal(masked[f"{path}.visible"], plain[f"{path}.visible"])
    assert not torch.allclose(masked["logits"], plain["logits"], atol=1e-2)


def test_what_a_hidden_token_says_is_nowhere_in_the_output(model, source, target):
    other = source.clone()
    other[:, 3] = (source[:, 3] - END) % 9 + END + 1
    first, second = run(model, source, target, "mask.3"), run(model, other, target, "mask.3")
    assert torch.equal(first["logits"], second["logits"])
    assert not torch.allclose(run(model, other, target)["logits"], run(model, source, target)["logits"])


def test_changes_compose_in_any_order(model, source, target):
    parts = CHANGES[-1].split("~")
    expected = run(model, source, target, CHANGES[-1])
    for order in itertools.islice(itertools.permutations(parts), 0, 720, 97):
        changed = run(model, source, target, "~".join(order))
        assert all(torch.equal(changed[path], expected[path]) for path in expected)


def test_a_visitors_own_edits_come_after_the_changes(model, source, target):
    seen = {}

    def look(weights: torch.Tensor) -> torch.Tensor:
        seen["weights"] = weights
        return weights

    path = "encoder.layers.0.self_attention.weights"
    trace = Trace(edits={path: look}, changes=applied(read("uniform.e.0.1"), model.config))
    model(source, target, trace)
    assert torch.equal(seen["weights"], run(model, source, target, "uniform.e.0.1")[path])


def test_no_change_is_nothing_at_all(tiny_config):
    assert applied((), tiny_config) is NO_TRACE
    assert applied(read("force.2.7"), tiny_config) is NO_TRACE
    assert isinstance(applied([MaskToken(1)], tiny_config), Edits)


# --- the same in every decoding ---


@pytest.fixture(params=["causal", "window"])
def writer(request, tiny_config, randomize):
    """With a window, what a position is can't be told from how many keys are seen."""
    filters = {"causal": ("causal",), "window": ("causal", "window")}[request.param]
    return randomize(build(replace(tiny_config, decoder_attention=AttentionConfig(filters=filters))))


@pytest.mark.parametrize("changes", CHANGES)
@torch.no_grad()
def test_cached_steps_equal_uncached_ones_and_the_whole_pass(changes, writer, source):
    edits = applied(read(changes), writer.config)
    cached, uncached = (
        list(greedy(next_tokens(writer, source, cached=cached, changes=edits), 4, STEPS)) for cached in (True, False)
    )
    written = torch.stack([step.chosen for step in cached], 1)
    target = torch.cat((torch.full((4, 1), START), written[:, :-1]), 1)
    whole = run(writer, source, target, changes)["logits"].log_softmax(-1)
    for number, (ours, theirs) in enumerate(zip(cached, uncached, strict=True)):
        running = ours.chosen != PAD
        assert torch.equal(ours.chosen, theirs.chosen)
        assert_close(ours.log_probabilities[running], theirs.log_probabilities[running], rtol=0, atol=2e-5)
        expected = whole[:, number].gather(1, ours.candidates)
        assert_close(ours.log_probabilities[running], expected[running], rtol=0, atol=2e-5)


@pytest.mark.parametrize("changes", CHANGES)
@torch.no_grad()
def test_beams_that_share_a_row_are_changed_as_beams_that_do_not(changes, writer, source):
    """Rows drawn at random reach more trees than a search does."""
    edits = applied(read(changes), writer.config)
    cached, uncached, plain = (
        next_tokens(writer, source, width=WIDTH, cached=cached, changes=changes)
        for cached, changes in ((True, edits), (False, edits), (True, NO_TRACE))
    )
    last, rows, differences = torch.full((len(source) * WIDTH,), START), None, []
    for number in range(STEPS):
        ours = cached(last, rows)
        assert_close(ours, uncached(last, rows), rtol=0, atol=2e-5)
        differences.append((ours - plain(last, rows)).abs().max().item())
        last = torch.randint(END + 1, 13, last.shape)
        parents = torch.randint(WIDTH, (len(source), WIDTH)) + torch.arange(len(source))[:, None] * WIDTH
        rows = None if number == 3 else parents.flatten()
    assert max(differences) > 1e-3  # and not because nothing is changed


# --- given pieces ---


@torch.no_grad()
def test_a_given_piece_has_its_real_probability_and_decoding_goes_on(model, source):
    step = next_tokens(model, source)
    steps = list(follow(step, given({1: 7, 2: 5}, likeliest), 4, STEPS))
    target = torch.stack([torch.full((4,), START), *(step.chosen for step in steps)], 1)
    whole = run(model, source, target[:, :-1])["logits"].log_softmax(-1)
    plain = list(greedy(next_tokens(model, source), 4, STEPS))
    assert torch.equal(steps[0].chosen, plain[0].chosen)
    assert not all(torch.equal(a.chosen, b.chosen) for a, b in zip(steps[1:], plain[1:], strict=False))
    for number, record in enumerate(steps):
        running = record.chosen != PAD
        probability = whole[:, number].gather(1, record.chosen[:, None])[:, 0]
        assert_close(record.chosen_log_probability[running], probability[running], rtol=0, atol=2e-5)
        best = whole[:, number].argmax(-1) if number not in (1, 2) else torch.full((4,), {1: 7, 2: 5}[number])
        alive = torch.ones(4, dtype=torch.bool) if number == 0 else ~steps[number - 1].finished
        assert torch.equal(record.chosen[alive], best[alive])
        top = whole[:, number].topk(record.candidates.size(1)).values
        assert_close(record.log_probabilities[running], top[running], rtol=0, atol=2e-5)


@torch.no_grad()
def test_given_pieces_do_not_disturb_what_is_drawn_elsewhere(model, source):
    probabilities = torch.randn(4, 13).log_softmax(-1)
    free, held = sampler(seed=3), given({1: 7}, sampler(seed=3))
    drawn = [(free(probabilities), held(probabilities)) for _ in range(6)]
    for number, (ours, theirs) in enumerate(drawn):
        assert torch.equal(theirs, torch.full((4,), 7)) if number == 1 else torch.equal(theirs, ours)


@pytest.mark.parametrize("cached", [True, False])
@torch.no_grad()
def test_a_beam_after_a_prefix_is_the_best_of_all_that_begin_so(cached, tiny_config, randomize):
    """A beam as wide as all outputs, against every output scored one by one."""
    model = randomize(build(replace(tiny_config, vocab_size=6)), 0.6)
    source, longest, width = torch.tensor([[4, 5, 4, END], [5, 5, END, PAD]]), 4, 70
    prefix = torch.tensor([[5, 4], [4, 4]])
    step = next_tokens(model, source, width=width, cached=cached)
    outputs, steps = beam_search(step, 2, longest, beam_size=width, length_penalty=0, prefix=prefix, num_candidates=6)
    for sentence in range(2):
        start, scores = prefix[sentence].tolist(), {}
        for body in itertools.chain(*(itertools.product((0, 1, 2, 4, 5), repeat=n) for n in range(2))):
            ids = [*start, *body, END]
            logits = model(source[sentence : sentence + 1], torch.tensor([[START, *ids[:-1]]]))[0]
            scores[tuple(ids)] = logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None]).sum().item()
        found = {tuple(output.ids): output.score for output in outputs[sentence]}
        best = max(scores, key=scores.get)
        assert outputs[sentence][0].ids == list(best)
        assert found.keys() <= scores.keys()
        for ids, score in found.items():
            assert score == pytest.approx(scores[ids], abs=1e-4)
        for record, place, token, gain in zip(
            steps,
            outputs[sentence][0].path,
            outputs[sentence][0].ids,
            outputs[sentence][0].log_probabilities,
            strict=False,
        ):
            where = record.candidates[sentence, place].tolist().index(token)
            assert gain == pytest.approx(record.log_probabilities[sentence, place, where].item(), abs=1e-5)
            assert record.log_probabilities[sentence, place].exp().sum() == pytest.approx(1, abs=1e-4)


@torch.no_grad()
def test_a_beam_that_is_given_its_end_ends(model, source):
    prefix = torch.tensor([[5, END]]).expand(4, 2)
    outputs, steps = beam_search(next_tokens(model, source, width=WIDTH), 4, STEPS, beam_size=WIDTH, prefix=prefix)
    assert len(steps) == 2
    assert [[output.ids for output in found] for found in outputs] == [[[5, END]]] * 4
