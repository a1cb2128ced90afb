"""A new sentence, from its text to the bytes of its picture, over the plain computing that it cannot do without."""

from __future__ import annotations

import torch
from torch import Tensor

from app_pages.analysis import analyse, model_hash
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT
from app_pages.languages import split_direction
from benchmarks.measure import Figure, median_milliseconds
from transformer.decoding import MAX_EXTRA, greedy
from transformer.next_tokens import next_tokens
from transformer.tokenizers import START
from transformer.translator import Translator, load_translator

FROM, TO = split_direction(DEFAULT_DIRECTION)


def default_inputs(translator: Translator) -> tuple[Tensor, Tensor]:
    """Decode the default sentence greedily: what each side reads in a teacher-forced pass, (1, S) and (1, T)."""
    source = translator.source(DEFAULT_TEXT, TO)
    with torch.no_grad():
        steps = greedy(next_tokens(translator.model, torch.tensor([source])), 1, len(source) + MAX_EXTRA)
        written = [int(step.chosen) for step in steps]
    return torch.tensor([source]), torch.tensor([[START, *written[:-1]]])


def new_sentence(repeats: int) -> Figure:
    """Return translating, tracing and encoding the default sentence, over plain decoding and one plain pass."""
    translator = load_translator()
    model_hash(translator.name)  # read once a process

    @torch.no_grad()
    def plain() -> None:
        translator.model(*default_inputs(translator))

    value, baseline = median_milliseconds(lambda: analyse(translator, DEFAULT_TEXT, FROM, TO), plain, repeats)
    return Figure("new_sentence", value, "ms", baseline, bar=None)
