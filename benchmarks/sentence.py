"""A new sentence, from its text to the bytes of its picture, over the plain computing that it cannot do without."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.measure import Figure, median_milliseconds
from transformer.decoding import MAX_EXTRA, greedy, next_tokens
from transformer.tokenizers import START
from transformer.trace import Trace
from transformer.translator import Translator, load_translator
from viz.browser import AttentionMap, Axis, encode_attention

SENTENCE, TARGET = "The animal didn't cross the street because it was too tired.", "de"
KINDS = (  # name in the picture, stack, attention
    ("encoder", "encoder", "self_attention"),
    ("decoder", "decoder", "self_attention"),
    ("cross", "decoder", "cross_attention"),
)


@torch.no_grad()
def write(translator: Translator, source: list[int]) -> list[int]:
    """Decode greedily: the ids of the translation, and nothing else kept."""
    steps = greedy(next_tokens(translator.model, torch.tensor([source])), 1, len(source) + MAX_EXTRA)
    return [int(step.chosen) for step in steps]


def payload(trace: Trace) -> bytes:
    """The message of every head of a trace."""
    maps = []
    for kind, stack, attention in KINDS:
        paths = [path for path in trace if path.startswith(stack) and path.endswith(f".{attention}.weights")]
        weights = np.concatenate([trace[path].numpy() for path in paths])
        maps.append(AttentionMap(kind, weights, trace.axis(paths[0], "query"), trace.axis(paths[0], "key")))
    (source,), (target,), (output,) = (trace.tokens[name] for name in ("source", "target", "output"))
    axes = {"source": Axis(source), "target": Axis(target, TARGET, output)}
    return encode_attention(maps, axes=axes, model={"name": "small", "hash": ""})


def new_sentence(repeats: int) -> Figure:
    """Return translating, tracing and encoding the default sentence, over plain decoding and one plain forward."""
    translator = load_translator()

    def to_picture() -> None:
        translation = translator.translate(SENTENCE, TARGET)
        payload(translator.trace(SENTENCE, TARGET, translation.text))

    @torch.no_grad()
    def plain() -> None:
        source = translator.source(SENTENCE, TARGET)
        written = write(translator, source)
        translator.model(torch.tensor([source]), torch.tensor([[START, *written[:-1]]]))

    value, baseline = median_milliseconds(to_picture, plain, repeats)
    return Figure("new_sentence", value, "ms", baseline, bar=None)
