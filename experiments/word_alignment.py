"""Which words of a sentence pair belong together, by counting: IBM Model 1 (Brown et al. 1993, section 4.1).

t(f | e), the probability that the piece e is translated as f, is learned from sentence pairs by expectation
maximisation; every f comes from one of the pieces of the other sentence or from none (NULL), each as likely as another.
Two models, one a direction, must agree on a link (the intersection of Och and Ney 2003, section 4): few links, mostly
right ones. It knows nothing of attention, of order, or of the translator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[int]
NULL = -1
ROUNDS = 5  # of expectation maximisation
LONGEST = 20  # pieces: longer sentences say less for more time


@dataclass(frozen=True)
class Model1:
    """t(f | e) for the pairs that occurred: `codes` is sorted, `_code` of a pair; (N,) each."""

    codes: NDArray[np.int64]
    t: NDArray[np.float64]

    def table(self, given: Ids, written: Ids) -> NDArray[np.float64]:
        """t of every written piece, (F, E + 1), given each piece and, in the last column, NULL."""
        codes = _code(np.array([*given, NULL])[None], np.array(written, int)[:, None])
        found = np.searchsorted(self.codes, codes).clip(max=len(self.codes) - 1)
        return np.where(self.codes[found] == codes, self.t[found], 0)


def _code(given: NDArray[np.int64], written: NDArray[np.int64]) -> NDArray[np.int64]:
    return (given + 1 << 32) + written


def learn(pairs: Sequence[tuple[Ids, Ids]]) -> Model1:
    """Learn t(written | given) from pairs of (given, written)."""
    links = [_code(np.array([*given, NULL])[None], np.array(written)[:, None]) for given, written in pairs]
    widths = np.repeat([grid.shape[1] for grid in links], [grid.shape[0] for grid in links])
    token = np.repeat(np.arange(len(widths)), widths)  # the written token that a link explains
    codes, which = np.unique(np.concatenate([grid.ravel() for grid in links]), return_inverse=True)
    given = np.unique(codes >> 32, return_inverse=True)[1]
    t = np.ones(len(codes))
    for _ in range(ROUNDS):
        explained = t[which] / np.bincount(token, t[which])[token]
        counts = np.bincount(which, explained, len(codes))
        t = counts / np.bincount(given, counts)[given]
    return Model1(codes, t)


def links(forward: Model1, backward: Model1, source: Ids, target: Ids) -> list[tuple[int, int]]:
    """Positions (in target, in source) of the pieces that are each other's likeliest partner."""
    if not source or not target:
        return []
    origin = forward.table(source, target).argmax(-1)  # of each target piece; the number of source pieces is NULL
    goal = backward.table(target, source).argmax(-1)
    return [(t, s) for t, s in enumerate(origin) if s < len(source) and goal[s] == t]
