"""What attention costs beside recurrence and convolution, measured here, and the paper's own experiments."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.paper_tables import COMPLEXITY
from app_pages.chapters.sizes import experiments, of_the_paper
from app_pages.chapters.step import Chosen, Step
from app_pages.chapters.training import seeding
from app_pages.chapters.walk import Walk
from app_pages.i18n import Translate
from viz.walkthrough.scene import Curves, Figure, Table

LENGTHS = (16, 32, 64, 128, 256, 512)
WIDTH, KERNEL, REPEATS = 256, 3, 3


@cache
def times() -> NDArray[Any]:
    """Milliseconds of one layer (3, lengths): self-attention, recurrence, convolution; the least of a few runs.

    Of the machine, whatever the sentence: measured once a process.
    """
    import torch
    from torch import nn

    from transformer.attention import MultiHeadAttention
    from transformer.config import AttentionConfig, ModelConfig

    with seeding, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sizes = ModelConfig(vocab_size=2, d_model=WIDTH, num_heads=4)
        attention = MultiHeadAttention(AttentionConfig(), sizes).eval()
        recurrent = nn.GRU(WIDTH, WIDTH, batch_first=True).eval()
        convolution = nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2).eval()

    def attend(x: Any) -> None:
        place = torch.arange(x.size(1))
        attention(x, x, x, place, place, torch.ones(1, 1, 1, 1, dtype=torch.bool))

    layers: tuple[Callable[[Any], Any], ...] = (attend, recurrent, lambda x: convolution(x.mT))
    found = np.empty((len(layers), len(LENGTHS)))
    with torch.no_grad():
        for row, layer in enumerate(layers):
            for column, length in enumerate(LENGTHS):
                x = torch.ones(1, length, WIDTH)
                layer(x)
                runs = []
                for _run in range(REPEATS):
                    began = time.perf_counter()
                    layer(x)
                    runs.append(1000 * (time.perf_counter() - began))
                found[row, column] = min(runs)
    return found


def measured(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    names = [_("self-attention"), _("recurrence (GRU)"), _("convolution, {width} wide", width=KERNEL)]
    heads = [_("layer"), _("work in a layer"), _("steps one after the other"), _("longest path")]
    kinds = [_("self-attention"), _("recurrence"), _("convolution"), _("self-attention to r neighbours")]
    rows = [(kind, *costs) for kind, costs in zip(kinds, COMPLEXITY, strict=True)]
    return [
        Curves(
            "times",
            _("one layer, {width} wide, on this machine", width=WIDTH),
            np.array(LENGTHS),
            times(),
            names,
            _("length"),
            _("milliseconds"),
            True,
        ),
        Table("complexity", _("Vaswani et al. 2017, table 1: length n, width d, kernel k"), heads, rows),
    ]


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    found = times()
    return {
        "attention_growth": f"{found[0, -1] / found[0, -2]:.1f}",
        "recurrent_growth": f"{found[1, -1] / found[1, -2]:.1f}",
    }


STEPS = (
    Step(
        "measured",
        measured,
        code=("transformer.kernels:ExponentialKernel.forward",),
        facts=facts,
        ahead=(lambda walk: times(),),
    ),
    Step("experiments", experiments, facts=of_the_paper),
)
