"""Training: one generator of records, for a recipe's terminal, a page and a test alike.

Adam, the warm-up schedule, label smoothing and clipping as in Vaswani et al. 2017, section 5, on Lightning Fabric. The
same function trains every architecture: the loss is a slot, and so is the data.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from transformer.gradients import Captured, Eager, Loss
from transformer.losses import translation_loss
from transformer.models import Model

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class TrainingConfig:
    """What one training run is, besides its model and its data.

    `peak_rate` 0 is the paper's, (d_model warmup)^-0.5. In the last `cooldown` steps the rate falls in a straight
    line to zero. Records come every `record_every` steps. `capture` replays steps as CUDA graphs on a single GPU.
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
    capture: bool = False

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup < 1 or self.record_every < 1:
            raise ValueError("steps, warmup and record_every must be at least 1")
        if not 0 <= self.cooldown <= self.steps:
            raise ValueError(f"cooldown must be between 0 and steps ({self.steps}), got {self.cooldown}")


@dataclass(frozen=True)
class TrainingState:
    """All that a run needs to go on exactly: its step, its weights, and Adam's two moments of each parameter."""

    step: int
    weights: Weights
    first: Weights
    second: Weights


@dataclass(frozen=True)
class TrainingStep:
    """What happened up to `step`: mean loss in nats a target since the last record, targets a second, and the state.

    `loss` and `tokens_per_second` are of all processes together, without padding.
    """

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    state: TrainingState = field(repr=False, compare=False)


class NonFiniteLoss(RuntimeError):
    """The loss or its gradient became infinite or NaN; the model holds the weights of the last good record."""


def learning_rate(step: int, config: TrainingConfig, d_model: int) -> float:
    """Warm-up in a straight line, then the inverse square root of the step (Vaswani et al. 2017, equation 3)."""
    peak = config.peak_rate or (d_model * config.warmup) ** -0.5
    rate = peak * min(step / config.warmup, math.sqrt(config.warmup / step))
    return rate * min(1.0, (config.steps - step + 1) / (config.cooldown + 1))


def make_fabric(accelerator: str = "cpu", precision: Any = "32-true") -> Fabric:
    """Return one device; or, under `torchrun` and `fabric run`, this process's own among all that were started."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1:
        return Fabric(accelerator=accelerator, devices=1, precision=precision)
    here = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
    fabric = Fabric(
        accelerator=accelerator, devices=here, num_nodes=processes // here, strategy="ddp", precision=precision
    )
    if os.environ.get("LT_CLI_USED", "0") == "0":  # `fabric run` has launched already
        fabric.launch()
    return fabric


def train(
    model: Model,
    batches: Iterable[Any],
    config: TrainingConfig,
    *,
    loss: Loss = translation_loss,
    fabric: Fabric | None = None,
    accelerator: str = "cpu",
    state: TrainingState | None = None,
) -> Iterator[TrainingStep]:
    """Train `model` in place, yielding a record every `record_every` steps; closing the generator stops it.

    Parameters
    ----------
    batches : what `loss` takes; with several processes, those of this one; with a `state`, from its step on
    fabric : the device, of `make_fabric`; without it, one device of the `accelerator`
    state : of an earlier record, to go on from as if nothing had happened in between

    Raises
    ------
    NonFiniteLoss
        After putting back the weights of the last good record.
    ValueError
        If the batches end before the steps are done, or the state is of another model.
    """
    fabric = fabric or make_fabric(accelerator, config.precision)
    d_model = model.config.d_model
    on_gpu = fabric.device.type == "cuda"
    adam = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9, fused=on_gpu)
    wrapped, optimizer = fabric.setup(model, adam)
    wrapped.train()
    if state:
        restore(model, adam, state)
    method = Captured if config.capture and on_gpu and fabric.world_size == 1 else Eager
    gradient = method(fabric, wrapped, loss, config.label_smoothing)
    good = snapshot(model, adam, state.step if state else 0)
    first = good.step + 1
    sums, since, started = torch.zeros(2, dtype=torch.double, device=fabric.device), 0, time.perf_counter()
    stream = iter(batches)
    try:
        for step in range(first, config.steps + 1):
            batch = next(stream, None)
            if batch is None:
                raise ValueError(f"the batches ended after step {step - 1} of {config.steps}")
            # Dropout depends on the step alone: a run that goes on draws what it would have drawn.
            torch.manual_seed((config.seed * 1_000_003 + step) * fabric.world_size + fabric.global_rank)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, config, d_model)
            sums += torch.stack(gradient(batch))
            norm = fabric.clip_gradients(wrapped, optimizer, max_norm=config.clip_norm, error_if_nonfinite=False)
            assert norm is not None  # it is None only for clipping by value
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            since += 1
            if since == config.record_every or step == config.steps:
                fabric.all_reduce(sums, reduce_op="sum")
                (total, targets), size = sums.tolist(), norm.item()  # waits for the device, hence not at every step
                mean = total / targets
                if not (math.isfinite(mean) and math.isfinite(size)):  # such a gradient has spoilt the weights
                    restore(model, adam, good)
                    raise NonFiniteLoss(
                        f"the loss became {mean} and its gradient {size} near step {step}: the weights of step "
                        f"{good.step} are kept; lower the peak rate or lengthen the warm-up"
                    )
                good = snapshot(model, adam, step)
                speed = targets / (time.perf_counter() - started)
                yield TrainingStep(step, mean, learning_rate(step, config, d_model), size, speed, good)
                since, started = 0, time.perf_counter()
                sums.zero_()
    finally:
        model.eval()


def snapshot(model: nn.Module, adam: torch.optim.Adam, step: int) -> TrainingState:
    """Copy all that `restore` needs."""
    moments = {name: adam.state[p] for name, p in model.named_parameters() if p in adam.state}
    return TrainingState(
        step,
        {name: weight.detach().clone() for name, weight in model.state_dict().items()},
        {name: moment["exp_avg"].clone() for name, moment in moments.items()},
        {name: moment["exp_avg_sq"].clone() for name, moment in moments.items()},
    )


def restore(model: nn.Module, adam: torch.optim.Adam, state: TrainingState) -> None:
    """Put weights and moments back; ValueError if they are another model's."""
    try:
        model.load_state_dict(state.weights)
    except RuntimeError as error:
        raise ValueError(f"the state is of another model: {str(error).splitlines()[-1].strip()}") from error
    for name, parameter in model.named_parameters():
        if name in state.first:
            step = torch.tensor(float(state.step), device=parameter.device if adam.defaults["fused"] else "cpu")
            moments = {"exp_avg": state.first[name], "exp_avg_sq": state.second[name]}
            adam.state[parameter] = {"step": step} | {k: m.to(parameter.device, copy=True) for k, m in moments.items()}
        else:
            adam.state.pop(parameter, None)
