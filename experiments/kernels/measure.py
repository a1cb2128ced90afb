"""How many runs at a time pay, measured: steps a second of all together, for 1, 2, 4 ... runs side by side."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

import torch
import typer

from experiments.kernels.recipes import Sources, load
from experiments.kernels.runs import Run, accelerator, set_up
from experiments.kernels.sweep import Pool, open_pool
from experiments.kernels.tasks import Task
from experiments.kernels.variants import AT_INPUT, TRANSFORMER_XL
from transformer.models import build
from transformer.training import train

STEPS = {"cuda": 100, "cpu": 2}  # as many again come before, in which graphs are captured
TYPICAL = {"translation": AT_INPUT, "prediction": TRANSFORMER_XL}
NEARLY = 0.95  # of the best pace: as good, and fewer runs at a time end sooner


def pace(run: Run) -> float:
    """Steps a second of one run, from when it is warm."""
    set_up()
    task, where = load(run.sources)[run.dataset], accelerator()
    steps = STEPS[where]
    training = replace(task.training, steps=2 * steps, warmup=steps, cooldown=0, record_every=steps)
    model = build(run.variant.configure(task.model))
    batches = task.batches(run.seed, torch.device(where))
    times = [time.perf_counter() for _ in train(model, batches, training, loss=task.loss(), accelerator=where)]
    return steps / (times[-1] - times[-2])


def measure(sources: Sources, tasks: Sequence[Task], runs: Sequence[Run], most: int) -> None:
    """Print the paces, what all runs would take, and on the last line how many at a time to choose."""
    numbers = [1 << power for power in range(most.bit_length()) if 1 << power <= most]
    planned = Counter(run.dataset for run in runs)
    seconds = dict.fromkeys(numbers, 0.0)
    with open_pool(most, accelerator() == "cuda") as pool:
        for task in tasks:
            typical = Run(sources, task.dataset, TYPICAL[task.kind], seed=1)
            together(pool, typical, most)  # until every process has read the data
            for number in numbers:
                steps = together(pool, typical, number)
                takes = planned[task.dataset] * task.training.steps / steps
                seconds[number] += takes
                typer.echo(
                    f"{task.dataset}: {number} at a time {steps:.1f} steps a second together, {1000 / steps:.2f} ms a "
                    f"step; {task.training.steps / steps:.1f} s of training a run, {takes / 60:.1f} min for "
                    f"{planned[task.dataset]} runs, without scoring"
                )
    best = min(seconds.values())
    chosen = min(number for number, takes in seconds.items() if takes * NEARLY <= best)
    typer.echo(f"all {len(runs)} runs: {seconds[chosen] / 60:.1f} min of training on {accelerator()}")
    typer.echo("runs at a time, one of them being scored:")
    typer.echo(chosen + 1)


def together(pool: Pool, run: Run, number: int) -> float:
    """Steps a second of so many runs at once."""
    begun: list[Future[float]] = [pool.submit(pace, run) for _ in range(number)]
    return sum(future.result() for future in begun)
