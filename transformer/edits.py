"""Changes at work: what edits a forward pass through the seam that a trace records by.

The same edits serve a whole pass and cached decoding, step by step. (B)atch, (H)eads, (Q)ueries, (K)eys,
d = width of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transformer.changes import KINDS, Change, FilterChange, HeadChange, KernelChange, MaskToken, num_layers
from transformer.config import ModelConfig
from transformer.kernels import Kernel, make_kernel
from transformer.masks import SetFilter, make_filter
from transformer.trace import NO_TRACE, NoTrace


@dataclass(frozen=True)
class Here:
    """What an edit may look at in its attention: who sees whom, where they stand, and q and k once they are computed.

    Keys that an edit put before a layer's own, a memory, stand at negative positions.
    """

    visible: Tensor  # (1 or B, 1, Q, K)
    position: Tensor  # (K,), of the keys
    q_position: Tensor  # (Q,), of the queries
    vectors: Mapping[str, Tensor]  # "q" (B, H, Q, d) and "k" (B, H, K, d)


Edit = Callable[[Tensor, Here], Tensor]
"""A tensor, and what else is known where it is computed -> what replaces it."""
EditsByPath = dict[str, list[Edit]]


class Edits(NoTrace):
    """Change tensors on their way, and record nothing: at each path, its edits in their order.

    An edit may widen the batch from one row to several: what is computed before it is then computed once.
    """

    __slots__ = ("_edits", "_key", "_own", "_position", "_prefix", "_vectors", "_visible")

    def __init__(self, edits: Mapping[str, Sequence[Edit]]) -> None:
        self._edits = edits
        self._prefix, self._key = "", ""
        self._position: Tensor | None = None  # of the output's keys; None: one after the other
        self._visible: Tensor | None = None  # in the attention that this scope is for
        self._own = 0  # how many keys it has without those that edits put before them
        self._vectors: dict[str, Tensor] = {}

    def __call__(self, name: str, value: Tensor) -> Tensor:
        if name == "visible":
            self._own = value.size(-1)
        for edit in self._edits.get(self._prefix + name, ()):
            value = edit(value, self._here(value if self._visible is None else self._visible))
        if name == "visible":
            self._visible = value
        elif name in ("q", "k"):
            self._vectors[name] = value
        return value

    def _here(self, visible: Tensor) -> Here:
        own = self._own or visible.size(-1)
        known = self._position if self._position is not None else torch.arange(own, device=visible.device)
        position = torch.arange(own, device=visible.device) if self._key == "source" else known
        if visible.size(-1) > own:
            position = torch.cat((torch.arange(own - visible.size(-1), 0, device=position.device), position))
        return Here(visible, position, self._queries(visible), self._vectors)

    def _queries(self, visible: Tensor) -> Tensor:
        """Positions of the queries: the output's newest where it grows, else one after the other."""
        queries = visible.size(-2)
        if self._position is None:
            return torch.arange(queries, device=visible.device)
        return self._position[len(self._position) - queries :]

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

    def edit(head_outputs: Tensor, here: Here) -> Tensor:
        return head_outputs.index_fill(1, torch.tensor(change.head, device=head_outputs.device), 0.0)

    return edit


def spread(change: HeadChange) -> Edit:
    """Give every visible key the same of a head's weights (B, H, Q, K); a query that sees none keeps zeros."""

    def edit(weights: Tensor, here: Here) -> Tensor:
        weights, visible = weights.clone(), here.visible
        weights[:, change.head] = (visible / visible.sum(-1, keepdim=True).clamp_min(1))[:, 0].to(weights.dtype)
        return weights

    return edit


def concentrate(change: HeadChange) -> Edit:
    """Give all of a head's weights (B, H, Q, K) to the key at a position, where a query sees it."""

    def edit(weights: Tensor, here: Here) -> Tensor:
        chosen, weights = (here.visible & (here.position == change.token))[:, 0], weights.clone()
        as_it_is = weights[:, change.head]
        weights[:, change.head] = torch.where(chosen.any(-1, keepdim=True), chosen.to(weights.dtype), as_it_is)
        return weights

    return edit


def hide(token: int) -> Edit:
    """Let nobody see the key at a position."""
    return lambda value, here: value & (here.position != token)


def replace_filter(new: SetFilter, trained: SetFilter) -> Edit:
    """Let another set filter say which keys each query sees (1 or B, 1, Q, K), instead of the trained one.

    What padding or the beams hide among the keys that the trained filter lets through stays hidden.
    """

    def edit(visible: Tensor, here: Here) -> Tensor:
        places = here.q_position, here.position
        return new(*places) & (visible | ~trained(*places))

    return edit


def rescore(kernel: Kernel, heads: slice) -> Edit:
    """Put the kernel of the recorded q and k in the place of some heads' scores (B, H, Q, K)."""

    def edit(scores: Tensor, here: Here) -> Tensor:
        scores = scores.clone()
        scores[:, heads] = kernel(here.vectors["q"][:, heads], here.vectors["k"][:, heads])
        return scores

    return edit


def reweigh(kernel: Kernel, heads: slice) -> Edit:
    """Put the normalised kernel of the recorded q and k in the place of some heads' weights (B, H, Q, K)."""

    def edit(weights: Tensor, here: Here) -> Tensor:
        weights = weights.clone()
        scores = kernel(here.vectors["q"][:, heads], here.vectors["k"][:, heads])
        weights[:, heads] = kernel.normalize(scores, here.visible)
        return weights

    return edit


def remember(k: Tensor, v: Tensor) -> dict[str, Edit]:
    """Put keys and values (1, H, M, d) of an earlier text before an attention's own, visible to every query.

    Extra memories (Dai et al. 2019; Tsai et al. 2019, section 2.4): the set that a query sees grows. What each leaf
    of the attention is edited by.
    """

    def before(memory: Tensor) -> Edit:
        return lambda own, here: torch.cat((memory.expand(own.size(0), -1, -1, -1), own), -2)

    def seen(visible: Tensor, here: Here) -> Tensor:
        return torch.cat((visible.new_ones(*visible.shape[:-1], k.size(-2)), visible), -1)

    return {"visible": seen, "k": before(k), "v": before(v)}


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
        elif isinstance(change, FilterChange):
            trained = make_filter(getattr(config, f"{change.kind}_attention").filters)
            for path in changed_paths(change, config):
                edits.setdefault(f"{path}.visible", []).insert(0, replace_filter(make_filter(change.filters), trained))
        elif isinstance(change, KernelChange):
            kernel = make_kernel(change.kernel)
            heads = slice(None) if change.head is None else slice(change.head, change.head + 1)
            for path in changed_paths(change, config):
                edits.setdefault(f"{path}.scores", []).append(rescore(kernel, heads))
                edits.setdefault(f"{path}.weights", []).insert(0, reweigh(kernel, heads))
    return edits


def changed_paths(change: FilterChange | KernelChange, config: ModelConfig) -> list[str]:
    """Return the paths of the attentions that a change is for: of one layer, or of all."""
    paths = attention_paths(config, change.kind)
    return paths if change.layer is None else [paths[change.layer]]


def attention_paths(config: ModelConfig, *kinds: str) -> list[str]:
    """Return the paths of all attentions of these kinds."""
    return [KINDS[kind].format(layer) for kind in kinds for layer in range(num_layers(config, kind))]


def applied(changes: Iterable[Change], config: ModelConfig) -> NoTrace:
    """Return what a forward takes as its trace to run under the changes: nothing at all where there are none."""
    edits = edits_of(changes, config)
    return Edits(edits) if edits else NO_TRACE
