"""One run: a variant of a task's model, trained from one seed, scored, and judged."""

from __future__ import annotations

import gc
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from experiments.kernels.recipes import Sources, load
from experiments.kernels.results import Outcome
from experiments.kernels.tasks import Task
from experiments.kernels.variants import Variant
from experiments.kernels.zoo import put_into_zoo
from transformer.models import build
from transformer.training import NonFiniteLoss, train


@dataclass(frozen=True)
class Run:
    """What a process needs to know to train one model; where `zoo` is a file, the model is kept there."""

    sources: Sources
    dataset: str
    variant: Variant
    seed: int
    zoo: Path | None = None


def accelerator() -> str:
    """What runs train on."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def set_up() -> None:
    """Get a process ready: one thread, as many processes share the cores; TensorFloat-32 on a GPU."""
    torch.set_num_threads(1)
    if accelerator() == "cuda":
        torch.set_float32_matmul_precision("high")


def work(run: Run) -> Outcome:
    """Do a run in a process of its own, which keeps the data that it read for the next one."""
    set_up()
    task = load(run.sources)[run.dataset]
    outcome = train_and_score(task, run)
    gc.collect()  # captured graphs hold memory of the GPU
    if accelerator() == "cuda":
        torch.cuda.empty_cache()
    return outcome


def train_and_score(task: Task, run: Run) -> Outcome:
    """Train from random weights to the end, or until the loss is no longer finite."""
    started = time.perf_counter()
    torch.manual_seed(run.seed)
    model = build(run.variant.configure(task.model))
    training = replace(run.variant.schedule(task.training), seed=run.seed)
    where = accelerator()
    device = torch.device(where)
    curve = []
    values: dict[str, float | None] = dict.fromkeys(task.metrics)
    try:
        for record in train(model, task.batches(run.seed, device), training, loss=task.loss(), accelerator=where):
            curve.append((record.step, record.loss, record.gradient_norm, record.learning_rate))
    except NonFiniteLoss:
        last = curve[-1][0] if curve else 0
        curve.append((last + training.record_every, math.nan, math.nan, math.nan))
        failed = True
    else:
        scores = task.score(model)
        values |= scores
        failed = task.useless(scores)
    outcome = Outcome(
        values,
        curve if failed else [],
        sum(parameter.numel() for parameter in model.parameters()),
        time.perf_counter() - started,
        torch.cuda.get_device_name() if where == "cuda" else "CPU",
    )
    if run.zoo:
        put_into_zoo(run.zoo, task, model, run.variant, outcome)
    return outcome
