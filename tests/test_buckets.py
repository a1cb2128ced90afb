"""Pairs in few full shapes, against the plain lists that they come from."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from transformer.data.batches import Batch, Ragged
from transformer.data.buckets import BucketedPairs
from transformer.tokenizers import PAD, START

LENGTHS = [(3, 2), (4, 4), (2, 7), (8, 8), (5, 9), (1, 1), (12, 3), (9, 30), (6, 6), (8, 1)]
# Row i holds i + 1 a hundred times over, and its own places: no two ids of a side are alike.
SOURCES = [[100 * (row + 1) + place for place in range(long)] for row, (long, _) in enumerate(LENGTHS)]
TARGETS = [[100 * (row + 1) + 50 + place for place in range(long)] for row, (_, long) in enumerate(LENGTHS)]


@pytest.fixture
def pairs() -> BucketedPairs:
    return BucketedPairs(Ragged.of(SOURCES), Ragged.of(TARGETS), widths=(12, 4, 8))


def rows_of(batch: Batch) -> list[int]:
    """Check that a batch is made of whole pairs, and return which."""
    rows = []
    for source, given, output in zip(
        *(x.tolist() for x in (batch.source, batch.target_input, batch.target_output)), strict=True
    ):
        row = source[0] // 100 - 1
        width = len(source)
        assert source == SOURCES[row] + [PAD] * (width - len(SOURCES[row]))
        assert output == TARGETS[row] + [PAD] * (width - len(TARGETS[row]))
        assert given == [START, *output[:-1]]
        rows.append(row)
    return rows


def test_every_batch_of_a_width_has_one_shape_and_holds_whole_pairs(pairs):
    narrowest = {0: 4, 1: 4, 5: 4, 2: 8, 3: 8, 8: 8, 9: 8, 4: 12, 6: 12}  # 7 is longer than all widths
    for batch in islice(pairs.batches(48, seed=1, device="cpu"), 50):
        width = batch.source.size(1)
        assert batch.source.shape == batch.target_output.shape == (48 // (2 * width), width)
        assert all(narrowest[row] == width for row in rows_of(batch))


def test_no_pair_comes_again_before_all_of_its_width_have_come(pairs):
    counts: Counter[int] = Counter()
    for batch in islice(pairs.batches(24, seed=3, device="cpu"), 2000):
        counts.update(rows_of(batch))
        for bucket in pairs.buckets.values():
            used = [counts[row] for row in bucket]
            assert max(used) - min(used) <= 1
    shares = np.array([counts[row] for row in range(10) if row != 7])
    assert shares.min() > 0.85 * shares.max()  # and widths come as often as they have pairs


def test_the_seed_chooses_the_order(pairs):
    def first(seed: int) -> list[list[int]]:
        return [rows_of(batch) for batch in islice(pairs.batches(48, seed=seed, device="cpu"), 9)]

    assert first(1) == first(1) != first(2)


def test_once_has_every_pair_that_fits_once(pairs):
    batches = list(pairs.once(48, device="cpu"))
    assert sorted(row for batch in batches for row in rows_of(batch)) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert all(batch.source.numel() + batch.target_output.numel() <= 48 for batch in batches)


def test_what_cannot_be_used_is_refused():
    with pytest.raises(ValueError, match="10 sources and 9 targets are no pairs"):
        BucketedPairs(Ragged.of(SOURCES), Ragged.of(TARGETS[:9]), widths=(8,))
    with pytest.raises(ValueError, match="no pair is as short as 3 pieces on both sides"):
        BucketedPairs(Ragged.of(SOURCES[6:8]), Ragged.of(TARGETS[6:8]), widths=(2, 3))
