"""One long text as windows of equal length, or as streams of segments, for models that predict the next token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from transformer.data.batches import TextBatch
from transformer.tokenizers import PAD


class TextCorpus:
    """The ids of a text (N,), which windows of `length` tokens are cut from; ValueError if it has not one."""

    def __init__(self, ids: Sequence[int] | np.ndarray, length: int) -> None:
        if length < 1:
            raise ValueError(f"a window needs at least 1 token, got {length}")
        if len(ids) <= length:
            raise ValueError(
                f"a text of {len(ids)} tokens is too short for a window of {length} and the token after it: "
                "give a longer text or a smaller length"
            )
        self.ids = np.asarray(ids, dtype=np.int32)
        self.length = length

    def batches(
        self,
        batch_size: int,
        *,
        seed: int,
        device: torch.device | str,
        start: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[TextBatch]:
        """Endless batches of `batch_size` windows that begin anywhere, all of one shape.

        Of `world_size` processes each takes its own batches; `start` is how many of them it has had already.
        """
        ids = torch.from_numpy(self.ids).to(device)
        for number in count(rank + start * world_size, world_size):
            rng = np.random.default_rng((seed, number))  # a batch of its own: none before it need be drawn
            starts = rng.integers(len(self.ids) - self.length, size=batch_size)
            yield self._cut(ids, torch.from_numpy(starts))

    def once(self, batch_size: int, *, device: torch.device | str) -> Iterator[TextBatch]:
        """Windows side by side, the last one padded: every token but the first is predicted once."""
        starts = torch.arange(0, len(self.ids) - 1, self.length)
        padding = int(starts[-1]) + self.length + 1 - len(self.ids)
        ids = F.pad(torch.from_numpy(self.ids), (0, padding), value=PAD).to(device)
        for chosen in starts.split(batch_size):
            yield self._cut(ids, chosen)

    def _cut(self, ids: Tensor, starts: Tensor) -> TextBatch:
        places = starts.to(ids.device, non_blocking=True)[:, None] + torch.arange(self.length + 1, device=ids.device)
        windows = ids[places].long()
        return TextBatch(windows[:, :-1].contiguous(), windows[:, 1:].contiguous())


@dataclass(frozen=True)
class SegmentBatch(TextBatch):
    """Segments that go on where those of the batch before ended, unless `first` (a boolean) says that they begin."""

    first: Tensor


class StreamCorpus:
    """The ids of a text (N,), cut into parallel streams that are read segment after segment, for models with memory.

    ValueError if the text is too short for the streams. What is left of the text at the end of the streams is not read.
    """

    def __init__(self, ids: np.ndarray, length: int, streams: int) -> None:
        self.length, self.streams = length, streams
        long = (len(ids) - 1) // streams  # the token after the last one is needed too
        if long < 1:
            raise ValueError(f"a text of {len(ids)} tokens is too short for {streams} streams: give a longer text")
        places = np.arange(streams)[:, None] * long + np.arange(long + 1)
        self.rows = torch.from_numpy(np.asarray(ids, dtype=np.int32)[places])  # (B, long + 1)

    def once(self, *, device: torch.device | str) -> Iterator[SegmentBatch]:
        """Every stream from its beginning to its end; the last segments may be shorter."""
        rows = self.rows.to(device)
        for start in range(0, rows.size(1) - 1, self.length):
            ids = rows[:, start : start + self.length + 1].long()
            yield SegmentBatch(ids[:, :-1].contiguous(), ids[:, 1:].contiguous(), torch.tensor(start == 0))

    def batches(self, *, device: torch.device | str) -> Iterator[SegmentBatch]:
        """The streams again and again."""
        while True:
            yield from self.once(device=device)
