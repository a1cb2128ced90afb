"""What a head does on a sentence, in numbers: where its weight goes, how far, how widely, how clearly it pairs words.

Functions over recorded weights, in NumPy. Letters: (L)ayers, (H)eads, (Q)ueries, (K)eys. Every fact is a mean over the
queries of the sentence, (L, H) in float64:

    entropy      bits; 0 where all weight is on one key
    breadth      0..1: over how many of the keys it sees a query spreads, (2^entropy - 1) / (keys - 1); 0 is one key,
                 1 is all of them evenly
    distance     positions between query and key, by weight (self-attention)
    self, previous, next    0..1: weight on the query's own position, the one before, the one after (self-attention)
    first        0..1: weight on position 0, which in our models is the language tag or `<s>`
    end          0..1: weight on the other marks (see `is_mark`), which in our models is `</s>`
    punctuation  0..1: weight on punctuation, where there is any
    alignment    0..1: see `alignment` (cross-attention)

A query that sees one key only, as the first of a decoder does, has no choice: its weight there is 1 whatever the head
is like. No mean counts it. `previous` counts the queries that have a token before them, `next` those that see one
after them: a decoder's see none. A token that is hidden (`visible`) counts as no key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from transformer.changes import KINDS

if TYPE_CHECKING:
    from transformer.trace import Trace

Array = NDArray[Any]
_MARK = re.compile(r"<[^<>\s]+>|\[[A-Z]+\]")
_UNKNOWN = {"<unk>", "[UNK]"}  # it stands for text


def is_mark(piece: str) -> bool:
    """Whether a piece is no text but a mark, such as `<s>`, `</s>`, `<2de>`, `<|endoftext|>` or `[SEP]`."""
    return piece not in _UNKNOWN and _MARK.fullmatch(piece) is not None


def is_punctuation(piece: str) -> bool:
    """Whether a piece is of Unicode's punctuation (category P, apostrophes and 。 too) and nothing else."""
    text = piece.lstrip("\u2581\u0120").removeprefix("##") or piece  # marks of a space before, or of none
    return all(unicodedata.category(character).startswith("P") for character in text)


@dataclass(frozen=True)
class Attention:
    """All heads of one kind on one sentence: `weights` (L, H, Q, K), `visible` (Q, K), and the pieces of the keys.

    `same` says that the queries are the same tokens, as in self-attention.
    """

    weights: Array
    visible: Array
    keys: Sequence[str]
    same: bool


def recorded_attention(trace: Trace, batch: int = 0) -> dict[str, Attention]:
    """Collect what a trace has of one sentence of its batch: "encoder", "decoder", "cross", those that there are."""
    found: dict[str, Attention] = {}
    for kind, pattern in KINDS.items():
        paths = list(takewhile(lambda path: f"{path}.weights" in trace, (pattern.format(n) for n in count())))
        if paths:
            weights = np.stack([trace[f"{path}.weights"][batch].cpu().numpy() for path in paths])
            visible = trace[f"{paths[0]}.visible"].cpu().numpy()
            path = f"{paths[0]}.weights"
            found[kind] = Attention(
                weights,
                np.broadcast_to(visible[batch if len(visible) > 1 else 0, 0], weights.shape[2:]),
                trace.labels(path, "key", batch),
                trace.axis(path, "query") == trace.axis(path, "key"),
            )
    return found


def sentence_facts(trace: Trace, batch: int = 0) -> dict[str, dict[str, Array]]:
    """Measure every head of a trace on one sentence of its batch: kind -> name of the fact -> (L, H)."""
    return {kind: facts_of(attention) for kind, attention in recorded_attention(trace, batch).items()}


def facts_of(attention: Attention) -> dict[str, Array]:
    """Measure every head of one kind: name of the fact -> (L, H); what applies to no head is left out."""
    particular = _to_neighbours if attention.same else _to_words
    found = _spread(attention) | particular(attention) | _to_places(attention)
    return {name: values for name, values in found.items() if not np.isnan(values).all()}


def alignment(weights: Array, words: Array | Sequence[bool]) -> Array:
    """How clearly a head pairs the queries with words, one with one: 0..1, (L, H); NaN if there are no words.

    Of the weight on the keys that are `words` (in our models the pieces between tag and end): a, the mean over the
    queries of the largest share that goes to one word; b, the mean over the words of the largest share that comes from
    one query. The score is sqrt(a b). It is 1 for a head that gives each of n queries, whole, a word of its own among
    n; 1/n for one that looks at all n evenly; 1/sqrt(n) for one that always looks at the same word. Of a single word it
    tells only how much weight that has.

    It does not tell whether the pairs are right: a visitor's sentence has no gold alignment, and pairing the first
    word with the first, the second with the second, scores 1 in any order of words. How far the score agrees over many
    sentences with a statistical alignment, `experiments/head_facts.py` measures.
    """
    chosen = weights[..., np.asarray(words, bool)].astype(float)
    if not chosen.shape[-1]:
        return np.full(weights.shape[:2], np.nan)
    return np.sqrt(chosen.max(-1).mean(-1) * chosen.max(-2).mean(-1))


def as_grids(facts: Mapping[str, Array], digits: int = 4) -> dict[str, list[list[float]]]:
    """Facts as lists that JSON can hold: fact -> a number a head, by layer and head."""
    return {name: [[round(float(x), digits) for x in row] for row in values] for name, values in facts.items()}


def _spread(attention: Attention) -> dict[str, Array]:
    weights, seen = attention.weights, attention.visible.sum(-1)
    entropy = -(weights * np.log2(np.where(weights > 0, weights, 1))).sum(-1, dtype=float)
    breadth = (np.exp2(entropy) - 1) / np.maximum(seen - 1, 1)
    return {"entropy": _mean(entropy, seen > 1), "breadth": _mean(breadth, seen > 1)}


def _to_neighbours(attention: Attention) -> dict[str, Array]:
    weights, visible = attention.weights, attention.visible
    position = np.arange(len(attention.keys))
    step = position - position[:, None]  # from query to key
    choice = visible.sum(-1) > 1
    neighbours = {name: (step == n) & visible for name, n in (("self", 0), ("previous", -1), ("next", 1))}
    return {
        "distance": _mean((weights * np.abs(step)).sum(-1), choice),
        **{name: _mean((weights * at).sum(-1), choice & at.any(-1)) for name, at in neighbours.items()},
    }


def _to_words(attention: Attention) -> dict[str, Array]:
    words = np.array([not is_mark(key) for key in attention.keys], bool) & attention.visible.any(0)
    return {"alignment": alignment(attention.weights, words)}


def _to_places(attention: Attention) -> dict[str, Array]:
    """Weight on keys that are the same ones for every query."""
    first = np.arange(len(attention.keys)) == 0
    places = {
        "first": first,
        "end": ~first & [is_mark(key) for key in attention.keys],
        "punctuation": np.array([is_punctuation(key) for key in attention.keys], bool),
    }
    choice = attention.visible.sum(-1) > 1
    return {name: _mean(attention.weights[..., at].sum(-1), choice & at.any()) for name, at in places.items()}


def _mean(values: Array, counted: Array) -> Array:
    """(L, H, Q) -> (L, H), over the queries that are counted; NaN if none is."""
    kept = values[..., counted].astype(float)
    return kept.mean(-1) if kept.shape[-1] else np.full(values.shape[:-1], np.nan)
