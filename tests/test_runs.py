"""Runs on disk: stopped and gone on with, cut off by a full disk, averaged, and spread over processes."""

from __future__ import annotations

import copy
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from transformer.checkpoints import average_weights, load_checkpoint, save_checkpoint
from transformer.config import ModelConfig
from transformer.data.batches import Batch
from transformer.model_files import CheckpointError
from transformer.models import build
from transformer.runs import Keeping, load_state, run, save_state
from transformer.tokenizers import END, PAD, START
from transformer.training import NonFiniteLoss, TrainingConfig, make_fabric, train

ROWS = torch.randint(4, 13, (4, 12), generator=torch.Generator().manual_seed(5))
LENGTHS = torch.tensor([[5, 4], [3, 6], [6, 2], [4, 5]])  # of sources and targets, the end counted
CONFIG = TrainingConfig(steps=12, warmup=4, peak_rate=1e-2, cooldown=3)


def batch_of(rows: list[int]) -> Batch:
    """Return random sentences, as wide for any choice of rows."""
    sides = ROWS[rows].unflatten(1, (2, 6)).clone()
    place, lengths = torch.arange(6), LENGTHS[rows][..., None]
    sides[place == lengths - 1], sides[place >= lengths] = END, PAD
    source, output = sides.unbind(1)
    start = torch.full_like(output[:, :1], START)
    return Batch(source, torch.cat((start, output[:, :-1]), 1), output)


def varied() -> Iterator[Batch]:
    while True:
        yield from map(batch_of, ([0, 1], [2, 3], [1, 2, 3]))


def weights(model) -> dict[str, torch.Tensor]:
    return copy.deepcopy(model.state_dict())


def equal(first, second) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture
def start(tiny_config, tokenizer):
    torch.manual_seed(3)
    return build(replace(tiny_config, dropout=0.3, vocab_size=len(tokenizer)))


def batches(fabric, done: int) -> Iterator[Batch]:
    return islice(varied(), done, None)


def begin(model, tokenizer, output: Path, config=CONFIG, **options):
    return run(
        model, batches, config, Keeping(output, **options.pop("keeping", {})), tokenizer, {"name": "x"}, **options
    )


@pytest.mark.parametrize("stop", [1, 5, 11])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(stop, start, tokenizer, tmp_path):
    whole = copy.deepcopy(start)
    records = list(begin(whole, tokenizer, tmp_path / "whole.safetensors"))
    part = begin(copy.deepcopy(start), tokenizer, tmp_path / "part.safetensors")
    first = list(islice(part, stop))
    part.close()  # as Ctrl-C does
    again = build(start.config)  # a new process knows only the files
    rest = list(begin(again, tokenizer, tmp_path / "part.safetensors", resume=True))
    assert [(r.step, r.loss, r.gradient_norm) for r in [*first, *rest]] == [
        (r.step, r.loss, r.gradient_norm) for r in records
    ]
    assert equal(weights(whole), weights(again))
    assert load_checkpoint(tmp_path / "part.safetensors").card["training"]["done"] == 12


def test_an_interrupt_in_the_middle_of_a_step_keeps_the_last_record(start, tokenizer, tmp_path):
    def interrupted(fabric, done: int) -> Iterator[Batch]:
        yield from islice(varied(), 7)
        raise KeyboardInterrupt

    output = tmp_path / "x.safetensors"
    seen = {}
    with pytest.raises(KeyboardInterrupt):
        for record in run(start, interrupted, CONFIG, Keeping(output), tokenizer, {}):
            seen[record.step] = weights(start)
    state = load_state(Keeping(output).state, CONFIG)
    assert state.step == load_checkpoint(output).card["training"]["done"] == 7
    assert equal(state.weights, seen[7])


def test_a_full_disk_leaves_the_last_good_files(start, tokenizer, tmp_path):
    output = tmp_path / "x.safetensors"
    training = begin(start, tokenizer, output, keeping={"seconds": 0})
    next(training)
    next(training)  # what the first record had is on disk by now
    kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(kept) == 2
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(CheckpointError, match=r"cannot be written.*the file that was there is as it was"):
            list(training)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == kept
    load_checkpoint(output)
    assert load_state(Keeping(output).state, CONFIG).step == 2


def test_a_state_of_other_settings_or_another_model_or_broken_is_refused(start, tokenizer, tmp_path):
    output = tmp_path / "x.safetensors"
    list(begin(start, tokenizer, output))
    with pytest.raises(CheckpointError, match="another peak_rate: go on with the same settings"):
        list(begin(start, tokenizer, output, replace(CONFIG, peak_rate=1.0), resume=True))
    other = build(replace(start.config, d_ff=48))
    with pytest.raises(ValueError, match="the state is of another model"):
        list(begin(other, tokenizer, output, resume=True))
    Keeping(output).state.write_bytes(b"not a state")
    with pytest.raises(CheckpointError, match="cannot be read as the state of a run"):
        list(begin(start, tokenizer, output, resume=True))
    with pytest.raises(CheckpointError, match="cannot be read as the state of a run"):
        list(begin(start, tokenizer, tmp_path / "never.safetensors", resume=True))


def test_a_run_that_diverges_keeps_what_was_good(start, tokenizer, tmp_path):
    def spoiled(fabric, done: int) -> Iterator[Batch]:
        for number, batch in enumerate(varied(), 1):
            if number == 5:
                with torch.no_grad():
                    next(start.parameters())[:] = torch.nan
            yield batch

    output = tmp_path / "x.safetensors"
    with pytest.raises(NonFiniteLoss):
        list(run(start, spoiled, CONFIG, Keeping(output), tokenizer, {}))
    state = load_state(Keeping(output).state, CONFIG)
    assert state.step == 4
    assert all(weight.isfinite().all() for weight in state.weights.values())


def test_the_mean_of_the_last_checkpoints(start, tokenizer, tmp_path):
    output = tmp_path / "x.safetensors"
    seen = {}
    for record in begin(start, tokenizer, output, keeping={"average": 3, "spacing": 2}):
        seen[record.step] = record.state.weights
    kept = load_checkpoint(output)
    assert kept.card["averaged"] == 3
    steps = sorted(path.name for path in tmp_path.glob("*.step-*"))
    assert steps == ["x.step-10.safetensors", "x.step-12.safetensors", "x.step-8.safetensors"]
    for name, weight in kept.model.state_dict().items():
        mean = np.mean([seen[step][name].double().numpy() for step in (8, 10, 12)], axis=0)
        np.testing.assert_allclose(weight.numpy(), mean, rtol=0, atol=np.abs(mean).max() / 250)  # 8-bit rows
    save_checkpoint(tmp_path / "one.safetensors", start, tokenizer, {}, quantize=False)
    assert equal(average_weights([tmp_path / "one.safetensors"] * 2), weights(start))
    with pytest.raises(ValueError, match="nothing to average"):
        average_weights([])


def test_a_state_survives_its_file(start, tmp_path):
    record = next(iter(train(start, varied(), CONFIG)))
    save_state(tmp_path / "s.safetensors", record.state, CONFIG)
    again = load_state(tmp_path / "s.safetensors", CONFIG)
    assert again.step == 1
    for part in ("weights", "first", "second"):
        assert equal(getattr(record.state, part), getattr(again, part))


# --- several processes ---


PARTS = ([[0], [1, 2, 3]], [[2, 3], [1]], [[0, 1], [2]])  # of each step, the rows of either process: unequal
DISTRIBUTED = TrainingConfig(steps=6, warmup=2, peak_rate=1e-2)


def one_of_two(config_file: str, output: str) -> None:
    """Run what each of two processes does: train on its own rows, and let the first write what came of it."""
    torch.manual_seed(0)
    model = build(ModelConfig.from_dict(json.loads(Path(config_file).read_text())))
    fabric = make_fabric()
    assert fabric.world_size == 2
    mine = (batch_of(PARTS[step % 3][fabric.global_rank]) for step in range(6))
    losses = [record.loss for record in train(model, mine, DISTRIBUTED, fabric=fabric)]
    if fabric.is_global_zero:
        save_file(model.state_dict() | {"losses": torch.tensor(losses, dtype=torch.double)}, output)


@pytest.mark.parametrize("launcher", ["torchrun", "fabric run"])
def test_two_processes_train_as_one(launcher, tiny_config, tmp_path):
    torch.manual_seed(0)
    config = replace(tiny_config, dropout=0.0)
    alone = build(config)
    joined = (batch_of(PARTS[step % 3][0] + PARTS[step % 3][1]) for step in range(6))
    records = list(train(alone, joined, DISTRIBUTED))
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    script = tmp_path / "worker.py"
    arguments = [str(tmp_path / "config.json"), str(tmp_path / "out.safetensors")]
    script.write_text(f"from test_runs import one_of_two\none_of_two(*{arguments!r})\n")
    programs = {
        "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"],
        "fabric run": ["-m", "lightning_fabric.cli", "--accelerator=cpu", "--strategy=ddp", "--devices=2"],
    }
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, *programs[launcher], str(script)],
        env=os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parent}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        cwd=here.parent,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    together = load_file(tmp_path / "out.safetensors")
    assert together.pop("losses").tolist() == pytest.approx([record.loss for record in records], abs=1e-6)
    for name, weight in alone.state_dict().items():
        if not name.endswith("w_k.bias"):  # the softmax cancels it: its gradient is rounding, which Adam magnifies
            torch.testing.assert_close(together[name], weight, rtol=0, atol=1e-6)
