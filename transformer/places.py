"""Places: where tokens stand in an output, and which keys each may see there.

(B)atch, (W)idth of the beam, (Q)ueries, (K)eys, (L)ength.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def positions(start: int, length: int, like: Tensor) -> Tensor:
    """Return consecutive positions (length,) on the device of `like`."""
    return torch.arange(start, start + length, device=like.device)


@dataclass(frozen=True)
class Place:
    """Where new target tokens stand: their positions, those of all keys so far, and which keys each may see."""

    q_position: Tensor  # (Q,)
    k_position: Tensor  # (K,), the new tokens' last
    visible: Tensor  # booleans that broadcast to (B, 1, Q, K)


def in_line(before: int, tokens: Tensor) -> Place:
    """Put tokens (B, L) one after the other, after so many; the set filter alone says what they see."""
    k_position = positions(0, before + tokens.size(1), tokens)
    everything = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=tokens.device)
    return Place(k_position[before:], k_position, everything)


class Beams:
    """Where the beams of each sentence stand in its one growing row of tokens: one to start with, then W a step.

    Every beam sees, of all that was written, its own ancestors. So beams are reordered by what they see, no key or
    value is copied, and all of them share those of the source.
    """

    def __init__(self, batch_size: int, width: int) -> None:
        self._itself = torch.eye(width, dtype=torch.bool).expand(batch_size, -1, -1)
        self._visible = torch.ones(batch_size, 1, 1, dtype=torch.bool)  # (B, W, K)
        self._position = torch.zeros(1, dtype=torch.long)  # (K,)

    def start(self) -> Place:
        """Return the place of the token that all beams begin with."""
        return Place(self._position, self._position, self._visible[:, None])

    def grow(self, rows: Tensor | None) -> Place:
        """Add a token to each beam, where beams continue those of these rows (B W,), or each itself."""
        visible = self._visible.expand(-1, self._itself.size(-1), -1)
        if rows is not None:
            visible = visible.flatten(0, 1)[rows].view_as(visible)
        self._visible = torch.cat((visible, self._itself), -1)
        new = (self._position[-1:] + 1).expand(self._itself.size(-1))
        self._position = torch.cat((self._position, new))
        return Place(new, self._position, self._visible[:, None])
