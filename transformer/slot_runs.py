"""The running model with another kernel, set filter or memory, on the translation that stands, and what it writes anew.

One teacher-forced pass says what becomes of each piece's probability; greedy decoding under the same edits says what
the model would write instead. (Q)ueries, (K)eys, (T)arget length, (V)ocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transformer.changes import Change, FilterChange, check
from transformer.config import ModelConfig
from transformer.decoding import MAX_EXTRA, follow, likeliest
from transformer.edits import Edit, Edits, EditsByPath, Here, attention_paths, edits_of, remember, replace_filter
from transformer.masks import make_filter
from transformer.models import EncoderDecoder
from transformer.next_tokens import next_tokens
from transformer.tokenizers import PAD, START
from transformer.trace import NoTrace, Trace
from transformer.translator import Translator


@dataclass(frozen=True)
class Variant:
    """A way to run the model: edits of its pass, and how many pieces of padding follow the sentence."""

    edits: EditsByPath
    padding: int = 0


def variant(changes: Sequence[Change], config: ModelConfig, source_length: int) -> Variant:
    """Run under changes; ValueError, with a sentence, where they do not fit."""
    check(changes, config, source_length)
    return Variant(edits_of(changes, config))


def with_memories(before: Variant, earlier: Mapping[str, Tensor], paths: Sequence[str]) -> Variant:
    """Put the keys and values of an earlier pass before those of the attentions at these paths."""
    edits = {path: list(each) for path, each in before.edits.items()}
    for path in paths:
        for leaf, edit in remember(earlier[f"{path}.k"], earlier[f"{path}.v"]).items():
            edits.setdefault(f"{path}.{leaf}", []).append(edit)
    return Variant(edits, before.padding)


def with_padding(before: Variant, pieces: int, seen: Sequence[str]) -> Variant:
    """Let so many pieces of padding follow the sentence; the attentions at the paths in `seen` take them for words."""
    edits = {path: list(each) for path, each in before.edits.items()}
    for path in seen:
        edits.setdefault(f"{path}.visible", []).append(_see_padding(pieces))
    return Variant(edits, pieces)


def _see_padding(pieces: int) -> Edit:
    def edit(visible: Tensor, here: Here) -> Tensor:
        last = torch.arange(visible.size(-1)) >= visible.size(-1) - pieces
        return visible | last

    return edit


def filtered(visible: Tensor, change: FilterChange, config: ModelConfig) -> Tensor:
    """What each query (Q, K) would see under another set filter, without running the model."""
    trained = make_filter(getattr(config, f"{change.kind}_attention").filters)
    queries, keys = (torch.arange(size) for size in visible.shape)
    here = Here(visible, keys, queries, {})
    return replace_filter(make_filter(change.filters), trained)(visible, here)


@torch.no_grad()
def run(
    model: EncoderDecoder, source: Sequence[int], written: Sequence[int], how: Variant, pieces: Mapping[str, list[str]]
) -> Trace:
    """Record one teacher-forced pass over the ids of a source and of what was written; `pieces` label its axes."""
    trace = Trace(changes=Edits(how.edits), tokens={axis: [each] for axis, each in pieces.items()})
    padded = [*source, *[PAD] * how.padding]
    model(torch.tensor([padded]), torch.tensor([[START, *written[:-1]]]), trace)
    return trace


@dataclass(frozen=True)
class Effect:
    """What a change does to each piece of a translation: its log-probability before and after, both (T,), in nats.

    `divergence` (T,) is the Kullback-Leibler divergence of the next-piece distributions, before from after, in nats.
    """

    before: Tensor
    after: Tensor
    divergence: Tensor


def effect(before: Tensor, after: Tensor, written: Sequence[int]) -> Effect:
    """Compare the logits (T, V) of two passes over what was written."""
    one, other = (logits.double().log_softmax(-1) for logits in (before, after))
    chosen = torch.tensor(written)[:, None]
    divergence = (one.exp() * (one - other)).sum(-1).clamp_min(0.0)
    return Effect(one.gather(-1, chosen)[:, 0], other.gather(-1, chosen)[:, 0], divergence)


def write_anew(translator: Translator, source: Sequence[int], how: Variant) -> list[int]:
    """Write greedily under the edits: ids, up to `</s>` or the most that the model writes."""
    model = translator.model
    most = min(len(source) + MAX_EXTRA, model.config.max_length)
    batch = torch.tensor([[*source, *[PAD] * how.padding]])
    edits: NoTrace = Edits(how.edits)
    steps = follow(next_tokens(model, batch, changes=edits), likeliest, 1, most)
    return [int(step.chosen[0]) for step in steps]


def paths_of(config: ModelConfig, kind: str, layer: int | None) -> list[str]:
    """Return the attentions of a kind, in one layer or in all."""
    paths = attention_paths(config, kind)
    return paths if layer is None else [paths[layer]]
