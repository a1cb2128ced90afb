"""Changes at work: what edits a forward pass through the seam that a trace records by.

The same edits serve a whole pass and cached decoding, step by step. (B)atch, (H)eads, (Q)ueries, (K)eys,
d = width of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from transformer.changes import KINDS, Change, HeadChange, MaskToken, num_layers
from transformer.config import ModelConfig
from transformer.trace import NO_TRACE, NoTrace

Edit = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A tensor, which keys each query sees there (1 or B, 1, Q, K), and the keys' positions (K,) -> what replaces it."""
EditsByPath = dict[str, list[Edit]]


class Edits(NoTrace):
    """Change tensors on their way, and record nothing: at each path, its edits in their order.

    An edit may widen the batch from one row to several: what is computed before it is then computed once.
    """

    __slots__ = ("_edits", "_key", "_position", "_prefix", "_visible")

    def __init__(self, edits: Mapping[str, Sequence[Edit]]) -> None:
        self._edits = edits
        self._prefix, self._key = "", ""
        self._position: Tensor | None = None  # of the output's keys; None: one after the other
        self._visible: Tensor | None = None  # in the attention that this scope is for

    def __call__(self, name: str, value: Tensor) -> Tensor:
        for edit in self._edits.get(self._prefix + name, ()):
            visible = value if self._visible is None else self._visible
            value = edit(value, visible, self._positions(visible))
        if name == "visible":
            self._visible = value
        return value

    def _positions(self, visible: Tensor) -> Tensor:
        if self._position is None or self._key == "source":
            return torch.arange(visible.size(-1), device=visible.device)
        return self._position

    def scope(self, name: str, **axes: str) -> Edits:
        child = Edits(self._edits)
        child._prefix = f"{self._prefix}{name}." if name else self._prefix
        child._key, child._position = axes.get("key", self._key), self._position
        return child

    def at(self, position: Tensor) -> Edits:
        child = self.scope("")
        child._position = position
        return child


def switch_off(change: HeadChange) -> Edit:
    """Set a head's outputs (B, H, Q, d) to zero."""

    def edit(head_outputs: Tensor, visible: Tensor, position: Tensor) -> Tensor:
        return head_outputs.index_fill(1, torch.tensor(change.head, device=head_outputs.device), 0.0)

    return edit


def spread(change: HeadChange) -> Edit:
    """Give every visible key the same of a head's weights (B, H, Q, K); a query that sees none keeps zeros."""

    def edit(weights: Tensor, visible: Tensor, position: Tensor) -> Tensor:
        weights = weights.clone()
        weights[:, change.head] = (visible / visible.sum(-1, keepdim=True).clamp_min(1))[:, 0].to(weights.dtype)
        return weights

    return edit


def concentrate(change: HeadChange) -> Edit:
    """Give all of a head's weights (B, H, Q, K) to the key at a position, where a query sees it."""

    def edit(weights: Tensor, visible: Tensor, position: Tensor) -> Tensor:
        chosen, weights = (visible & (position == change.token))[:, 0], weights.clone()
        as_it_is = weights[:, change.head]
        weights[:, change.head] = torch.where(chosen.any(-1, keepdim=True), chosen.to(weights.dtype), as_it_is)
        return weights

    return edit


def hide(token: int) -> Edit:
    """Let nobody see the key at a position."""
    return lambda value, visible, position: value & (position != token)


HEAD_EDITS: dict[str, tuple[str, Callable[[HeadChange], Edit]]] = {
    "off": ("head_outputs", switch_off),
    "uniform": ("weights", spread),
    "token": ("weights", concentrate),
}


def edits_of(changes: Iterable[Change], config: ModelConfig) -> EditsByPath:
    """Say what the changes edit, path by path. Given pieces edit nothing: they are the decoding's affair."""
    edits: EditsByPath = {}
    for change in changes:
        if isinstance(change, HeadChange):
            leaf, make = HEAD_EDITS[change.how]
            edits.setdefault(f"{change.path}.{leaf}", []).append(make(change))
        elif isinstance(change, MaskToken):
            for path in attention_paths(config, "encoder", "cross"):
                edits.setdefault(f"{path}.visible", []).append(hide(change.position))
    return edits


def attention_paths(config: ModelConfig, *kinds: str) -> list[str]:
    """Return the paths of all attentions of these kinds."""
    return [KINDS[kind].format(layer) for kind in kinds for layer in range(num_layers(config, kind))]


def applied(changes: Iterable[Change], config: ModelConfig) -> NoTrace:
    """Return what a forward takes as its trace to run under the changes: nothing at all where there are none."""
    edits = edits_of(changes, config)
    return Edits(edits) if edits else NO_TRACE
