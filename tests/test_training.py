"""Training against a loop and a loss written out by hand, and what it leaves behind when it stops."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, repeat

import numpy as np
import pytest
import torch

from transformer.data.batches import Batch, Ragged, make_batch, pad
from transformer.data.batches import DeviceRows as Rows
from transformer.decoding import greedy
from transformer.losses import translation_loss
from transformer.models import build
from transformer.next_tokens import next_tokens
from transformer.tokenizers import END, PAD
from transformer.training import NonFiniteLoss, TrainingConfig, learning_rate, train

SOURCES = [[4, 7, 9, END], [5, 9, 7, 8, 11, END], [4, 12, END], [5, 7, 7, 10, 9, END]]
TARGETS = [[9, 7, 12, END], [8, END], [6, 7, 8, 9, 10, 11, END], [12, 12, 6, END]]


def batch(rows: list[int] | None = None) -> Batch:
    chosen = np.arange(4) if rows is None else np.array(rows)
    widths = (max(len(table[i]) for i in chosen) for table in (SOURCES, TARGETS))
    return make_batch(*(Rows(Ragged.of(table), "cpu") for table in (SOURCES, TARGETS)), chosen, *widths)


def varied() -> Iterator[Batch]:
    while True:
        yield from map(batch, ([0, 1], [2, 3], [1, 2, 3]))


def weights(model) -> dict[str, torch.Tensor]:
    return copy.deepcopy(model.state_dict())


def equal(first, second) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


# --- the schedule ---


def test_the_papers_schedule():
    config = TrainingConfig(steps=10**6, warmup=4000)
    assert learning_rate(4000, config, 512) == pytest.approx(6.9877e-4, abs=1e-8)
    for step in (1, 37, 3999, 4000, 4001, 100_000):
        paper = 512**-0.5 * min(step**-0.5, step * 4000**-1.5)  # Vaswani et al. 2017, equation 3
        assert learning_rate(step, config, 512) == pytest.approx(paper, rel=1e-12)


def test_warm_up_decay_and_cooldown():
    config = TrainingConfig(steps=1000, warmup=100, peak_rate=2e-3, cooldown=250)
    rates = np.array([learning_rate(step, config, 64) for step in range(1, 1001)])
    assert rates.max() == rates[99] == pytest.approx(2e-3)
    np.testing.assert_allclose(rates[:100], 2e-5 * np.arange(1, 101), rtol=1e-12)
    np.testing.assert_allclose(rates[100:750], 2e-3 * np.sqrt(100 / np.arange(101, 751)), rtol=1e-12)
    without = np.array([learning_rate(step, replace(config, cooldown=0), 64) for step in range(1, 1001)])
    np.testing.assert_allclose(rates[750:] / without[750:], np.arange(250, 0, -1) / 251, rtol=1e-12)
    assert (rates > 0).all()


@pytest.mark.parametrize("settings", [{"steps": 0}, {"warmup": 0}, {"record_every": 0}, {"cooldown": 11}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match="must be"):
        TrainingConfig(**({"steps": 10} | settings))


# --- the loss and the step ---


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_smoothed_cross_entropy_without_padding(smoothing, tiny_config, randomize):
    model = randomize(build(tiny_config))
    data = batch()
    logits = model(data.source, data.target_input).detach().double().numpy()
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    vocabulary, losses = tiny_config.vocab_size, []
    for row, target in enumerate(TARGETS):
        for place, token in enumerate(target):
            wanted = np.full(vocabulary, smoothing / vocabulary)  # Szegedy et al. 2016: uniform over all classes
            wanted[token] += 1 - smoothing
            losses.append(-(wanted * log_p[row, place]).sum())
    total, count = translation_loss(model, data, smoothing)
    assert count == len(losses)
    assert total.item() == pytest.approx(np.sum(losses), rel=1e-6)


@pytest.mark.parametrize("clip", [0.05, 1e6])
def test_training_is_adam_with_clipping_written_out(clip, tiny_config, randomize):
    """Adam after Kingma & Ba 2015, algorithm 1, in NumPy's double precision over PyTorch's gradients."""
    model = randomize(build(tiny_config))
    oracle = copy.deepcopy(model).double()
    config = TrainingConfig(steps=6, warmup=2, peak_rate=1e-2, cooldown=2, clip_norm=clip)
    records = list(train(model, varied(), config, accelerator="cpu"))

    parameters = list(oracle.parameters())
    m, v = ([np.zeros(tuple(p.shape)) for p in parameters] for _ in range(2))
    firm = [np.ones(tuple(p.shape), dtype=bool) for p in parameters]  # Adam makes a whole step of a rounding error
    for t, data, record in zip(range(1, 7), varied(), records, strict=False):
        total, count = translation_loss(oracle, data, 0.1)
        loss = total / count
        gradients = [g.numpy() for g in torch.autograd.grad(loss, parameters)]
        norm = math.sqrt(sum((g**2).sum() for g in gradients))
        assert (record.step, record.loss) == (t, pytest.approx(loss.item(), rel=1e-4))
        assert record.gradient_norm == pytest.approx(norm, rel=1e-3)
        assert (norm > clip) == (clip < 1)
        rate = learning_rate(t, config, tiny_config.d_model)
        assert record.learning_rate == rate
        for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            firm[i] &= abs(g) > 1e-5
            g = g * min(1, clip / norm)
            m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.98 * v[i] + 0.02 * g**2
            step = rate * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.98**t)) + 1e-9)
            with torch.no_grad():
                p -= torch.from_numpy(step)
    for ours, theirs, where in zip(model.parameters(), parameters, firm, strict=True):
        np.testing.assert_allclose(ours.detach().numpy()[where], theirs.detach().numpy()[where], rtol=0, atol=1e-4)
    assert np.mean([where.mean() for where in firm]) > 0.5


# --- runs ---


def test_it_learns_four_sentences_by_heart(tiny_config):
    model = build(replace(tiny_config, d_model=32, d_ff=64))
    config = TrainingConfig(steps=200, warmup=30, peak_rate=5e-3, cooldown=60, record_every=50)
    records = list(train(model, repeat(batch()), config, accelerator="cpu"))
    assert [record.step for record in records] == [50, 100, 150, 200]
    assert records[-1].loss < records[0].loss
    with torch.no_grad():
        steps = list(greedy(next_tokens(model, pad(SOURCES)), 4, 12))
    written = torch.stack([step.chosen for step in steps], 1).tolist()
    assert [[i for i in row if i != PAD] for row in written] == TARGETS


def test_the_same_seed_gives_the_same_losses_bit_for_bit(tiny_config):
    start = build(replace(tiny_config, dropout=0.3))

    def losses(seed: int) -> list[float]:
        config = TrainingConfig(steps=8, warmup=4, peak_rate=1e-2, record_every=3, seed=seed)
        return [record.loss for record in train(copy.deepcopy(start), varied(), config, accelerator="cpu")]

    once = losses(1)
    torch.rand(7)
    assert once == losses(1)
    assert once != losses(2)  # dropout


def test_records_hold_the_mean_loss_since_the_last(tiny_config):
    start = build(tiny_config)

    def records(every: int):
        config = TrainingConfig(steps=8, warmup=4, peak_rate=1e-2, record_every=every)
        return list(train(copy.deepcopy(start), varied(), config, accelerator="cpu"))

    fine, coarse = records(1), records(3)
    assert [record.step for record in coarse] == [3, 6, 8]
    for record, chunk in zip(coarse, (fine[:3], fine[3:6], fine[6:]), strict=True):
        targets = [int((data.target_output != PAD).sum()) for data in islice(varied(), chunk[0].step - 1, record.step)]
        assert len(set(targets)) > 1
        assert record.loss == pytest.approx(np.average([x.loss for x in chunk], weights=targets), rel=1e-6)
        assert (record.learning_rate, record.gradient_norm) == (chunk[-1].learning_rate, chunk[-1].gradient_norm)
        assert record.tokens_per_second > 0


def spoil_weights(model) -> None:
    with torch.no_grad():
        next(model.parameters())[:] = math.nan


def spoil_gradients(model) -> None:  # the loss stays finite, and the step spoils the weights
    next(model.parameters()).register_hook(lambda gradient: gradient * math.inf)


@pytest.mark.parametrize("spoil", [spoil_weights, spoil_gradients])
@pytest.mark.parametrize("record_every", [1, 2])
def test_what_is_not_finite_puts_the_last_good_weights_back(spoil, record_every, tiny_config):
    model = build(tiny_config)

    def batches() -> Iterator[Batch]:
        for number, data in enumerate(varied(), 1):
            if number == 5:
                spoil(model)
            yield data

    seen = {}
    config = TrainingConfig(steps=20, warmup=4, peak_rate=1e-2, record_every=record_every)
    with pytest.raises(NonFiniteLoss, match="the weights of step 4 are kept; lower the peak rate"):
        for record in train(model, batches(), config, accelerator="cpu"):
            seen[record.step] = weights(model)
    assert max(seen) == 4
    assert equal(weights(model), seen[4])
    assert not model.training


def test_closing_early_leaves_a_usable_model(tiny_config):
    model = build(replace(tiny_config, dropout=0.5))
    before = weights(model)
    run = train(model, varied(), TrainingConfig(steps=10**6), accelerator="cpu")
    assert [record.step for record in islice(run, 3)] == [1, 2, 3]
    run.close()
    after = weights(model)
    assert not equal(before, after)
    assert not model.training
    data = batch()
    with torch.no_grad():
        logits = model(data.source, data.target_input)
        again = copy.deepcopy(model)(data.source, data.target_input)
    assert logits.isfinite().all()
    assert torch.equal(logits, again)  # no dropout left
    assert equal(weights(model), after)
