"""The kernel zoo: small translators that differ in the kernel alone, and one sentence through one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_pages.analysis import record
from app_pages.languages import split_direction
from transformer.changes import KINDS, num_layers
from transformer.model_files import bundled, zoo

if TYPE_CHECKING:
    from torch import Tensor

    from transformer.trace import Trace
    from transformer.translator import Translator

ZOO_DIRECTION = "de-en"  # all that they learned
PREFIX = "kernel-"  # begins their names; the row of the table "kernel" follows
SIGNED_KERNEL = "linear"  # its weights leave [0, 1], so that no picture of heads is true of them
EXAMPLE = "Ein Mann mit einem roten Hut fährt mit dem Fahrrad durch die Stadt."


@dataclass(frozen=True)
class ZooLine:
    """What one model of the zoo makes of a sentence.

    `lowest` and `highest` are the extremes of all weights of all its heads, with the translation that it wrote.
    """

    model: str
    text: str
    pieces: int
    log_probability: float
    failed: bool
    lowest: float
    highest: float
    maps: Mapping[str, ZooMaps]  # by kind of attention


@dataclass(frozen=True)
class ZooMaps:
    """All heads of one kind of attention: their weights, and the pieces along both axes."""

    weights: Tensor  # (layers, heads, Q, K)
    queries: Sequence[str]
    keys: Sequence[str]


def variant(model: str) -> str:
    """The row of the table "kernel" that a model of the zoo is a run of."""
    return model.removeprefix(PREFIX)


def drawable() -> list[str]:
    """Models of the zoo whose heads can be drawn."""
    return [model for model in zoo() if variant(model).partition("-")[0] != SIGNED_KERNEL]


def card(model: str) -> str:
    """What a model is and what it was made of, in Markdown."""
    return bundled(model).with_suffix(".md").read_text("utf-8")


def run(translator: Translator, text: str) -> ZooLine:
    """Translate greedily, and measure all weights; raises what `analysis.record` raises."""
    translation, trace = record(translator, text, split_direction(ZOO_DIRECTION)[1])
    ends = [trace[path].aminmax() for path in trace if path.endswith(".weights")]
    return ZooLine(
        model=translator.name,
        text=translation.text,
        pieces=len(translation.ids),
        log_probability=translation.score,
        failed=bool(translator.card["failed"]),
        lowest=min(each.min.item() for each in ends),
        highest=max(each.max.item() for each in ends),
        maps={kind: _maps(translator, trace, kind) for kind in KINDS},
    )


def _maps(translator: Translator, trace: Trace, kind: str) -> ZooMaps:
    import torch

    paths = [f"{KINDS[kind].format(layer)}.weights" for layer in range(num_layers(translator.model.config, kind))]
    weights = torch.stack([trace[path][0] for path in paths])
    queries, keys = (trace.labels(paths[0], axis) for axis in ("query", "key"))
    return ZooMaps(weights, queries, keys)
