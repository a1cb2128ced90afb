"""Chapter 14: what real systems keep between steps, and where to go from here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.step import Chosen, Step
from app_pages.chapters.walk import Walk
from app_pages.i18n import N_, Translate
from viz.walkthrough.scene import Cache, Curves, Figure

RUNS = 2
ONWARD = (
    ("app_pages/heads.py", N_("All heads of your sentence")),
    ("app_pages/kernels.py", N_("Its attention as a kernel")),
    ("app_pages/positions.py", N_("Its order, told and shuffled")),
)


def kept(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    steps, layers = len(walk.reads.pieces), walk.config.num_decoder_layers
    again = np.arange(1, steps + 1, dtype=np.float32) * layers
    return [Cache(walk.reads, np.full(steps, layers, np.float32), again)]


def timings(walk: Walk) -> NDArray[Any]:
    """Milliseconds of each step with and without a cache (2, T), measured where this runs.

    The least of a few runs: other work on the machine, and what is made on a first run, only add to a time.
    """
    return np.array([np.min([run(walk, cached, again) for again in range(RUNS)], 0) for cached in (True, False)])


def run(walk: Walk, cached: bool, again: int) -> list[float]:
    """Milliseconds of each step, in one of the runs."""
    found: list[float] = walk.once(f"run {cached} {again}", lambda: _run(walk, cached))
    return found


def _run(walk: Walk, cached: bool) -> list[float]:
    import torch

    from transformer.next_tokens import next_tokens
    from transformer.tokenizers import START

    step = next_tokens(walk.translator.model, torch.tensor([walk.source_ids]), cached=cached)
    times = []
    for token in (START, *walk.written_ids[:-1]):
        began = time.perf_counter()
        step(torch.tensor([token]))
        times.append(1000 * (time.perf_counter() - began))
    return times


def measured(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    milliseconds = timings(walk)
    names = [_("with the cache"), _("everything again")]
    x = np.arange(1, milliseconds.shape[1] + 1)
    return [
        Curves(
            "times",
            _("time of each step, on this machine"),
            x,
            milliseconds,
            names,
            _("step"),
            _("milliseconds"),
            from_zero=True,
        )
    ]


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    steps, layers = len(walk.reads.pieces), walk.config.num_decoder_layers
    with_cache, without = timings(walk).sum(-1)
    return {
        "kept_rows": f"{steps * layers:,}",
        "again_rows": f"{steps * (steps + 1) // 2 * layers:,}",
        "kept_time": f"{with_cache:.0f}",
        "again_time": f"{without:.0f}",
    }


def nothing(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    return []


STEPS = (
    Step("kept", kept, code=("transformer.cache:LayerCache.self_attention",)),
    Step(
        "measured",
        measured,
        code=("transformer.next_tokens:_from_cache", "transformer.next_tokens:_from_scratch"),
        facts=facts,
        ahead=tuple(partial(run, cached=cached, again=again) for cached in (True, False) for again in range(RUNS)),
    ),
    Step("onward", nothing, onward=ONWARD),
)
