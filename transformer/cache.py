"""What attention keeps from one call to the next: projected keys and values, or the states before them.

Both are arguments of the same forward that runs without them; the null objects keep nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

KeysValues = tuple[Tensor, Tensor]  # k and v, both (B, H, K, d)
Project = Callable[[], KeysValues]


class NoCache:
    """Keep nothing: keys and values are projected at every call."""

    length = 0

    def layer(self, index: int) -> NoCache:
        return self

    def self_attention(self, project: Project) -> KeysValues:
        return project()

    def cross_attention(self, project: Project) -> KeysValues:
        return project()


NO_CACHE = NoCache()


class LayerCache(NoCache):
    """Keys and values of one decoder layer: growing for self-attention, fixed for cross-attention."""

    def __init__(self) -> None:
        self._self: KeysValues | None = None
        self._cross: KeysValues | None = None

    def self_attention(self, project: Project) -> KeysValues:
        """Append the new positions' keys and values, and give all."""
        k, v = project()
        if self._self is not None:
            k, v = torch.cat((self._self[0], k), -2), torch.cat((self._self[1], v), -2)
        self._self = k, v
        return k, v

    def cross_attention(self, project: Project) -> KeysValues:
        """Project the source once, and lay it out as it is read at every step."""
        if self._cross is None:
            k, v = project()
            self._cross = k.contiguous(), v.contiguous()
        return self._cross


class KeyValueCache(NoCache):
    """Keys and values of a whole decoder, for one growing output."""

    def __init__(self, num_layers: int) -> None:
        self._layers = [LayerCache() for _ in range(num_layers)]

    @property
    def length(self) -> int:  # type: ignore[override]
        """How many positions are kept."""
        kept = self._layers[0]._self
        return 0 if kept is None else kept[0].size(-2)

    def layer(self, index: int) -> LayerCache:
        """Return the part of one layer."""
        return self._layers[index]


class NoMemory:
    """No memory: a layer's keys are its own inputs."""

    length = 0

    def layer(self, index: int) -> Callable[[Tensor], Tensor]:
        """Return what makes a layer's inputs its keys: here the identity."""
        return lambda x: x


NO_MEMORY = NoMemory()


class Memory(NoMemory):
    """The states of earlier segments as more keys and values, without gradient (Dai et al. 2019, section 3.2).

    `size` is how many positions each layer keeps. One object serves a text from its first segment to its last.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: dict[int, Tensor] = {}

    @property
    def length(self) -> int:  # type: ignore[override]
        """How many positions are kept at the start of a segment."""
        return next(iter(self._states.values())).size(1) if self._states else 0

    def layer(self, index: int) -> Callable[[Tensor], Tensor]:
        """Return what puts a layer's memory before its inputs x: (B, L, D) -> (B, M + L, D)."""

        def extend(x: Tensor) -> Tensor:
            extended = torch.cat((self._states[index], x), 1) if index in self._states else x
            self._states[index] = extended[:, max(0, extended.size(1) - self._size) :].detach()
            return extended

        return extend
