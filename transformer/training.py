"""Training: one generator of records, for a recipe's terminal, a page and a test alike.

Adam, the warm-up schedule, label smoothing and clipping as in Vaswani et al. 2017, section 5, on Lightning Fabric.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from lightning_fabric import Fabric, seed_everything
from torch import Tensor, nn
from torch.nn import functional as F

from transformer.data.batches import Batch
from transformer.models import Model
from transformer.tokenizers import PAD


@dataclass(frozen=True)
class TrainingConfig:
    """What one training run is, besides its model and its data.

    `peak_rate` 0 is the paper's, (d_model warmup)^-0.5. In the last `cooldown` steps the rate falls in a straight
    line to zero. Records come every `record_every` steps.
    """

    steps: int
    warmup: int = 4000
    peak_rate: float = 0.0
    cooldown: int = 0
    label_smoothing: float = 0.1
    clip_norm: float = 1.0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    record_every: int = 1
    seed: int = 2026

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup < 1 or self.record_every < 1:
            raise ValueError("steps, warmup and record_every must be at least 1")
        if not 0 <= self.cooldown <= self.steps:
            raise ValueError(f"cooldown must be between 0 and steps ({self.steps}), got {self.cooldown}")


@dataclass(frozen=True)
class TrainingStep:
    """What happened up to `step`: mean loss in nats a token since the last record, tokens of the target a second."""

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float


class NonFiniteLoss(RuntimeError):
    """The loss or its gradient became infinite or NaN; the model holds the weights of the last good record."""


def learning_rate(step: int, config: TrainingConfig, d_model: int) -> float:
    """Warm-up in a straight line, then the inverse square root of the step (Vaswani et al. 2017, equation 3)."""
    peak = config.peak_rate or (d_model * config.warmup) ** -0.5
    rate = peak * min(step / config.warmup, math.sqrt(config.warmup / step))
    return rate * min(1.0, (config.steps - step + 1) / (config.cooldown + 1))


def translation_loss(model: nn.Module, batch: Batch, label_smoothing: float) -> Tensor:
    """Cross-entropy in nats a target token, teacher-forced; padding does not count."""
    logits = model(batch.source, batch.target_input)
    return F.cross_entropy(
        logits.flatten(0, 1), batch.target_output.flatten(), ignore_index=PAD, label_smoothing=label_smoothing
    )


def train(
    model: Model, batches: Iterable[Batch], config: TrainingConfig, *, accelerator: str = "cpu"
) -> Iterator[TrainingStep]:
    """Train `model` in place, yielding a record every `record_every` steps; closing the generator stops it.

    Raises
    ------
    NonFiniteLoss
        After putting back the weights of the last good record.
    """
    fabric = Fabric(accelerator=accelerator, devices=1, precision=config.precision)
    seed_everything(config.seed, verbose=False)
    d_model = model.config.d_model
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    wrapped, optimizer = fabric.setup(model, optimizer)
    wrapped.train()
    good = copy.deepcopy(model.state_dict())
    total = torch.zeros((), device=fabric.device)
    tokens, since, started = 0, 0, time.perf_counter()
    try:
        for step, batch in zip(range(1, config.steps + 1), batches, strict=False):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, config, d_model)
            loss = translation_loss(wrapped, batch, config.label_smoothing)
            fabric.backward(loss)
            norm = fabric.clip_gradients(wrapped, optimizer, max_norm=config.clip_norm, error_if_nonfinite=False)
            assert norm is not None  # it is None only for clipping by value
            optimizer.step()
            optimizer.zero_grad()
            total, tokens, since = total + loss.detach(), tokens + batch.target_output.numel(), since + 1
            if since == config.record_every or step == config.steps:
                mean, size = (total / since).item(), norm.item()  # waits for the device, hence not at every step
                if not (math.isfinite(mean) and math.isfinite(size)):  # such a gradient has spoilt the weights
                    model.load_state_dict(good)
                    raise NonFiniteLoss(
                        f"the loss became {mean} and its gradient {size} near step {step}: the weights of step "
                        f"{step - since} are kept; lower the peak rate or lengthen the warm-up"
                    )
                good = copy.deepcopy(model.state_dict())
                speed = tokens / (time.perf_counter() - started)
                yield TrainingStep(step, mean, learning_rate(step, config, d_model), size, speed)
                total = torch.zeros_like(total)
                tokens, since, started = 0, 0, time.perf_counter()
    finally:
        model.eval()
