"""Sentence pairs as padded batches of about the same number of tokens.

The corpus lies in memory as flat arrays with offsets; a batch is cut out by index arithmetic, on the device that
trains, so that the loop never waits for Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import torch
from torch import Tensor

from transformer.data.tatoeba import Pair
from transformer.tokenizers import END, PAD, START, Tokenizer


@dataclass(frozen=True)
class Ragged:
    """Rows of ids of different lengths: row i is `flat[offsets[i]:offsets[i + 1]]`."""

    flat: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Ragged:
        """Pack lists of ids."""
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        flat = np.fromiter((i for row in rows for i in row), dtype=np.int32, count=lengths.sum())
        return cls(flat, np.concatenate(([0], lengths.cumsum())))

    @property
    def lengths(self) -> np.ndarray:
        """Number of ids in each row."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: np.ndarray) -> Ragged:
        """Return these rows, in this order."""
        lengths = self.lengths[rows]
        offsets = np.concatenate(([0], lengths.cumsum()))
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return Ragged(self.flat[places], offsets)

    @classmethod
    def stack(cls, parts: Sequence[Ragged]) -> Ragged:
        """All rows of all parts, one after the other."""
        lengths = np.concatenate([part.lengths for part in parts])
        return cls(np.concatenate([part.flat for part in parts]), np.concatenate(([0], lengths.cumsum())))

    @classmethod
    def join(cls, parts: Sequence[Ragged]) -> Ragged:
        """Row i of the result is row i of every part, side by side."""
        number = len(parts[0])
        order = np.arange(len(parts) * number).reshape(len(parts), number).T.ravel()
        rows = cls.stack(parts).take(order)
        return cls(rows.flat, rows.offsets[:: len(parts)])


def constant(value: int, number: int) -> Ragged:
    """Return `number` rows of the one id."""
    return Ragged(np.full(number, value, dtype=np.int32), np.arange(number + 1))


@dataclass(frozen=True)
class Batch:
    """Padded ids: source (B, S) with tag and end, target inputs (B, T) from `<s>`, and outputs up to `</s>`."""

    source: Tensor
    target_input: Tensor
    target_output: Tensor


@dataclass(frozen=True)
class TextBatch:
    """Tokens (B, L), and the token after each of them (B, L)."""

    inputs: Tensor
    outputs: Tensor


@dataclass(frozen=True)
class LabelledBatch:
    """Tokens (B, L) or vectors (B, L, d_input), which of them are no padding (B, L), and classes: (B,) or (B, L)."""

    inputs: Tensor
    visible: Tensor
    labels: Tensor


class TranslationCorpus:
    """Encoded pairs of several languages, each used in both directions.

    An epoch has every pair of a direction once, and besides `joined` times as many examples made of two or three
    pairs side by side, freshly drawn: few pairs of Tatoeba are longer than twelve words, and typed sentences are.
    """

    def __init__(self, pairs: Sequence[Pair], tokenizer: Tokenizer, *, joined: float = 0.25) -> None:
        self.joined = joined
        self._directions: list[tuple[int, Ragged, Ragged]] = []
        for language in sorted({pair.language for pair in pairs}):
            chosen = [pair for pair in pairs if pair.language == language]
            english = Ragged.of(tokenizer.encode_all(pair.english for pair in chosen))
            other = Ragged.of(tokenizer.encode_all(pair.other for pair in chosen))
            self._directions.append((tokenizer.tag(language), english, other))
            self._directions.append((tokenizer.tag("en"), other, english))

    def epoch(self, rng: np.random.Generator) -> tuple[Ragged, Ragged]:
        """Sources (tag, text, end) and targets (text, end) of one epoch."""
        sources, targets = [], []
        for tag, source, target in self._directions:
            groups = [np.arange(len(source))[None]]
            for size, share in ((2, 0.7), (3, 0.3)):
                groups.append(rng.integers(len(source), size=(size, round(self.joined * share * len(source)))))
            for rows in groups:
                end = constant(END, rows.shape[1])
                sources.append(Ragged.join([constant(tag, rows.shape[1]), *map(source.take, rows), end]))
                targets.append(Ragged.join([*map(target.take, rows), end]))
        return Ragged.stack(sources), Ragged.stack(targets)

    def batches(
        self,
        max_tokens: int,
        *,
        seed: int,
        device: torch.device | str,
        max_length: int,
        start: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[Batch]:
        """Endless batches of at most `max_tokens` source and target places, padding counted, of few fixed shapes.

        An example longer than that is a batch of its own; one longer than `max_length` on either side is left out.
        Of `world_size` processes each takes its own batches; `start` is how many of them it has had already.
        """
        for tables, rows, widths in islice(
            self._groups(max_tokens, seed, device, max_length), rank + start * world_size, None, world_size
        ):
            yield make_batch(*tables, rows, *widths)

    def _groups(
        self, max_tokens: int, seed: int, device: torch.device | str, max_length: int
    ) -> Iterator[tuple[tuple[DeviceRows, DeviceRows], np.ndarray, tuple[int, int]]]:
        def prepare(number: int) -> tuple[Ragged, Ragged, list[Group]]:
            rng = np.random.default_rng((seed, number))
            source, target = self.epoch(rng)
            return source, target, shuffled_groups(source.lengths, target.lengths, max_tokens, max_length, rng)

        with ThreadPoolExecutor(1) as ahead:  # the next epoch is made while this one is learned from
            coming = ahead.submit(prepare, 0)
            for number in count(1):
                source, target, groups = coming.result()
                coming = ahead.submit(prepare, number)
                # Not in the other thread: moving data spoils a CUDA graph that is being captured in this one.
                tables = DeviceRows(source, device), DeviceRows(target, device)
                for rows, *widths in groups:
                    yield tables, rows, (widths[0], widths[1])


Group = tuple[np.ndarray, int, int]  # row numbers, and the widths of source and target
SHAPES = 4  # full groups have widths that are multiples of this


def shuffled_groups(
    source: np.ndarray, target: np.ndarray, max_tokens: int, max_length: int, rng: np.random.Generator
) -> list[Group]:
    """Group examples of these lengths by likeness, and put the groups in random order.

    As many as possible are full: of widths rounded up, and with all the rows that `max_tokens` allows, so that there
    are few shapes. The rest, few or long, is grouped as tightly as it goes.
    """
    kept = np.flatnonzero((source <= max_length) & (target <= max_length))
    if not len(kept):
        raise ValueError(f"no example is as short as {max_length} pieces on both sides: there is nothing to train on")
    widths = [np.minimum(-(-lengths // SHAPES) * SHAPES, max_length) for lengths in (source[kept], target[kept])]
    order = np.lexsort((rng.random(len(kept)), widths[1], widths[0]))  # equal widths in a new order every time
    changes = np.flatnonzero(np.diff(widths[0][order]) | np.diff(widths[1][order])) + 1
    groups: list[Group] = []
    rest = []
    for alike in np.split(order, changes):
        s, t = int(widths[0][alike[0]]), int(widths[1][alike[0]])
        full = max(max_tokens // (s + t), 1)
        whole = len(alike) // full * full
        groups += [(kept[rows], s, t) for rows in alike[:whole].reshape(-1, full)]
        rest.append(kept[alike[whole:]])
    groups += tight_groups(np.concatenate(rest), source, target, max_tokens)
    return [groups[i] for i in rng.permutation(len(groups))]


def tight_groups(rows: np.ndarray, source: np.ndarray, target: np.ndarray, max_tokens: int) -> list[Group]:
    """Group rows by length, each group as wide as its longest row and as high as `max_tokens` allows."""
    rows = rows[np.lexsort((target[rows], source[rows]))]
    groups: list[Group] = []
    start, widest = 0, (0, 0)
    for i, row in enumerate(rows):
        wider = max(widest[0], int(source[row])), max(widest[1], int(target[row]))
        if i > start and sum(wider) * (i + 1 - start) > max_tokens:
            groups.append((rows[start:i], *widest))
            start, wider = i, (int(source[row]), int(target[row]))
        widest = wider
    return [*groups, (rows[start:], *widest)] if len(rows) else groups


class DeviceRows:
    """Ragged rows on a device, to be cut out padded."""

    def __init__(self, rows: Ragged, device: torch.device | str) -> None:
        self.flat = torch.from_numpy(rows.flat).to(device)
        self.offsets = torch.from_numpy(rows.offsets).to(device)

    def padded(self, rows: Tensor, width: int) -> Tensor:
        """(B,) row numbers -> (B, width) ids, padded at the end."""
        start, end = self.offsets[rows], self.offsets[rows + 1]
        places = start[:, None] + torch.arange(width, device=rows.device)
        ids = self.flat[places.clamp_max(len(self.flat) - 1)].long()
        return torch.where(places < end[:, None], ids, PAD)


def make_batch(source: DeviceRows, target: DeviceRows, rows: np.ndarray, s_width: int, t_width: int) -> Batch:
    """Cut out one batch; the target's input is its output shifted behind `<s>`."""
    index = torch.from_numpy(rows).to(source.flat.device, non_blocking=True)
    output = target.padded(index, int(t_width))
    start = torch.full_like(output[:, :1], START)
    return Batch(source.padded(index, int(s_width)), torch.cat((start, output[:, :-1]), 1), output)


def pad(rows: Sequence[Sequence[int]]) -> Tensor:
    """Lists of ids -> (B, L) padded at the end."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows])


def by_length(texts: Mapping[int, Sequence[int]], size: int) -> Iterator[list[int]]:
    """Keys of the longest rows first, in groups of `size`: little padding, and memory trouble shows at once."""
    order = sorted(texts, key=lambda key: len(texts[key]), reverse=True)
    for start in range(0, len(order), size):
        yield order[start : start + size]
