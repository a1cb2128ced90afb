"""One step of training: our loop over the same loop written plainly around `nn.Transformer`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import nn

from benchmarks.forward import token_rows
from benchmarks.measure import WARM_UP, Figure
from benchmarks.peer import Peer
from transformer.config import ModelConfig
from transformer.data.batches import Batch
from transformer.losses import translation_loss
from transformer.models import EncoderDecoder
from transformer.tokenizers import START
from transformer.training import TrainingConfig, learning_rate, train

BATCH_SIZE, LENGTH = 64, 20


def training_step(repeats: int) -> Figure:
    """Return a step on 64 sentences of up to 20 tokens, over the plain loop's.

    Our loop asks for a batch once a step. The plain loop makes its step before each batch is handed over, and from
    handing one over to being asked for the next is a step of ours.
    """
    steps = WARM_UP + repeats + 1  # the last one, which makes a record, is not seen
    config = TrainingConfig(steps=steps, record_every=steps)
    model = EncoderDecoder(ModelConfig())
    plain_step = plain_loop(Peer(model), config)
    batch = example()
    ours: list[float] = []
    theirs: list[float] = []

    def batches() -> Iterator[Batch]:
        for step in range(1, steps + 1):
            started = time.perf_counter()
            plain_step(step, batch)
            handed = time.perf_counter()
            yield batch
            ours.append(time.perf_counter() - handed)
            theirs.append(handed - started)

    for _ in train(model, batches(), config, accelerator="cpu"):
        pass
    return Figure("training_step", median(ours[WARM_UP:]), "s", median(theirs[WARM_UP:]), bar=1.1)


def plain_loop(model: nn.Module, config: TrainingConfig) -> Callable[[int, Batch], None]:
    """Make the step that one writes by hand: same loss, schedule, Adam and clipping."""
    d_model = ModelConfig().d_model
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    model.train()

    def step(number: int, batch: Batch) -> None:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(number, config, d_model)
        total, count = translation_loss(model, batch, config.label_smoothing)
        (total / count).backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimizer.step()
        optimizer.zero_grad()

    return step


def example() -> Batch:
    """Return a batch of random tokens; targets shifted as in a corpus."""
    torch.manual_seed(0)
    source, output = token_rows(BATCH_SIZE, LENGTH), token_rows(BATCH_SIZE, LENGTH)
    start = torch.full_like(output[:, :1], START)
    return Batch(source, torch.cat((start, output[:, :-1]), 1), output)
