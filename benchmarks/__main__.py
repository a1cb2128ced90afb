"""The command line: `python -m benchmarks [NAME ...]` prints one line of JSON a figure."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import torch
import typer

from benchmarks import browser
from benchmarks.decoding import beam_1, beam_1_ctranslate2, beam_32, beam_32_ctranslate2
from benchmarks.first_picture import first_picture
from benchmarks.forward import forward_1, forward_32, trace
from benchmarks.lens import filter_change, kernel_change, word_order
from benchmarks.measure import Figure, Unavailable, progress
from benchmarks.sentence import new_sentence
from benchmarks.training import training_step
from benchmarks.what_if import head_off

Benchmark = Callable[[int], Figure]  # how many rounds -> the figure

BENCHMARKS: dict[str, tuple[Benchmark, int]] = {  # and how many rounds it takes to tell something
    "trace": (trace, 400),
    "forward_1": (forward_1, 400),
    "forward_32": (forward_32, 60),
    "training_step": (training_step, 12),
    "beam_1": (beam_1, 20),
    "beam_32": (beam_32, 8),
    "beam_1_ctranslate2": (beam_1_ctranslate2, 20),
    "beam_32_ctranslate2": (beam_32_ctranslate2, 8),
    "new_sentence": (new_sentence, 30),
    "first_picture": (first_picture, 5),
    "head_off": (head_off, 10),
    "kernel_change": (kernel_change, 12),
    "filter_change": (filter_change, 12),
    "word_order": (word_order, 12),
    **browser.FIGURES,
}


def main(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Figures to measure; all of them.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Name the figures and measure none.")] = False,
    repeats: Annotated[int, typer.Option(min=0, help="Rounds of each figure; 0 for its own number.")] = 0,
) -> None:
    """Measure speed as ratios: ours over a baseline, run in turn."""
    if show:
        print("\n".join(BENCHMARKS))
        return
    chosen = names or list(BENCHMARKS)
    if unknown := set(chosen) - set(BENCHMARKS):
        raise ValueError(f"no figure {unknown.pop()!r}: choose of {', '.join(BENCHMARKS)}")
    torch.set_num_threads(1)  # as in the app; two threads on two busy cores wait for each other 15 times as long
    for name in chosen:
        benchmark, usual = BENCHMARKS[name]
        progress(f"{name}: {repeats or usual} rounds")
        try:
            print(benchmark(repeats or usual).to_json(), flush=True)
        except Unavailable as reason:  # the others can be measured all the same
            progress(f"{name}: {reason}")


if __name__ == "__main__":
    try:
        typer.run(main)
    except ValueError as error:  # a slip of the user: one sentence, no traceback
        sys.exit(f"{error}")
