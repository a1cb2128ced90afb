"""Fill cells: make the runs that are left, side by side, and write what each gives as soon as it is there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence

import typer

from experiments.kernels.results import Cell, Outcome, Results
from experiments.kernels.runs import Run, accelerator, work
from experiments.kernels.sweep import open_pool, sweep


def fill(results: Results, runs: Mapping[Run, Sequence[Cell]], workers: int, minutes: float = 0) -> int:
    """Make the runs in their order, `workers` at a time, each for its cells; return how many were left.

    Parameters
    ----------
    workers : 0 is one for each core
    minutes : no run begins that might end later; 0 is no limit
    """
    workers = workers or os.cpu_count() or 1
    os.environ["OMP_NUM_THREADS"] = "1"  # in the processes that are started from here
    typer.echo(f"{len(runs)} runs to make, {workers} at a time, on {accelerator()}")
    started, done = time.monotonic(), 0
    with open_pool(workers, accelerator() == "cuda") as pool:
        for run, outcome in sweep(pool, work, runs, workers, minutes):
            results.add(runs[run], outcome)
            done += 1
            typer.echo(f"{(time.monotonic() - started) / 60:5.1f} min  {describe(run, outcome, runs[run])}")
    if done < len(runs):
        typer.echo(f"{len(runs) - done} runs are left: the same command goes on with them")
    return len(runs) - done


def describe(run: Run, outcome: Outcome, cells: Iterable[Cell]) -> str:
    """Say in one line what came out."""
    names = ", ".join(f"{cell.table}/{cell.variant}" for cell in cells) or "zoo"
    values = ", ".join(f"{m} {'-' if v is None else f'{v:.3f}'}" for m, v in outcome.values.items())
    fate = f"  FAILED after step {outcome.curve[-1][0]:.0f}" if outcome.curve else ""
    return f"{run.dataset} seed {run.seed}: {values}  ({outcome.seconds:.0f} s) {names}{fate}"
