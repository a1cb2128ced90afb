"""Sentence pairs of one direction in batches of very few shapes, all of them full.

A small corpus cut by length gives few full batches of each shape and many ragged ones, and a CUDA graph serves one
shape. Here every width has its own endless stream of shuffled pairs, and every batch of a width is as high.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch

from transformer.data.batches import Batch, DeviceRows, Ragged, make_batch


class BucketedPairs:
    """Sources (with tag and end) and targets (with end), each pair in the narrowest of `widths` that holds both sides.

    Raises
    ------
    ValueError
        If there are not as many sources as targets, or no pair fits the largest width; longer ones are left out.
    """

    def __init__(self, sources: Ragged, targets: Ragged, widths: Sequence[int]) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets are no pairs")
        self.sources, self.targets = sources, targets
        needed = np.maximum(sources.lengths, targets.lengths)
        rows = {
            high: np.flatnonzero((low < needed) & (needed <= high)) for low, high in pairwise([0, *sorted(set(widths))])
        }
        self.buckets = {width: found for width, found in rows.items() if len(found)}
        if not self.buckets:
            raise ValueError(f"no pair is as short as {max(widths)} pieces on both sides: there is nothing to train on")

    def batches(self, max_tokens: int, *, seed: int, device: torch.device | str) -> Iterator[Batch]:
        """Endless batches of `max_tokens` source and target places, padding counted, a shape for each width.

        Widths come at random, as often as they have pairs; every pair of a width is used before any is used again.
        """
        rng = np.random.default_rng(seed)
        heights = {width: max(max_tokens // (2 * width), 1) for width in self.buckets}
        share = np.array([len(rows) / heights[width] for width, rows in self.buckets.items()])
        streams = {
            width: _shuffled_again_and_again(rows, heights[width], np.random.default_rng((seed, width)))
            for width, rows in self.buckets.items()
        }
        tables = DeviceRows(self.sources, device), DeviceRows(self.targets, device)
        while True:
            width = int(rng.choice(list(self.buckets), p=share / share.sum()))
            yield make_batch(*tables, next(streams[width]), width, width)

    def once(self, max_tokens: int, *, device: torch.device | str) -> Iterator[Batch]:
        """Every pair once, in batches of at most `max_tokens` places (one pair at least)."""
        tables = DeviceRows(self.sources, device), DeviceRows(self.targets, device)
        for width, rows in self.buckets.items():
            height = max(max_tokens // (2 * width), 1)
            for start in range(0, len(rows), height):
                yield make_batch(*tables, rows[start : start + height], width, width)


def _shuffled_again_and_again(rows: np.ndarray, height: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    waiting = rng.permutation(rows)
    while True:
        while len(waiting) < height:
            waiting = np.concatenate((waiting, rng.permutation(rows)))
        yield waiting[:height]
        waiting = waiting[height:]
