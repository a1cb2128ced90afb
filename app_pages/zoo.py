"""The kernel zoo: small translators that differ in the kernel alone, and one sentence through one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_pages.analysis import record
from app_pages.languages import split_direction
from transformer.model_files import zoo

if TYPE_CHECKING:
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


def variant(model: str) -> str:
    """The row of the table "kernel" that a model of the zoo is a run of."""
    return model.removeprefix(PREFIX)


def drawable() -> list[str]:
    """Models of the zoo whose heads can be drawn."""
    return [model for model in zoo() if variant(model).partition("-")[0] != SIGNED_KERNEL]


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
    )
