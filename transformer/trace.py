"""The record of one forward pass, and the seam for changing it.

Every forward takes `trace=NO_TRACE` and writes `x = trace("name", x)`. `NO_TRACE` returns `x`; a `Trace` records
it under its path, after applying an edit where one was asked for. The numbers are the same either way.

Catalogue of recorded names. Letters: (B)atch, (H)eads, (Q)ueries, (K)eys, (D)model, d_(h)ead, d_(F)eed-forward,
(V)ocabulary. Stacks are `encoder` and `decoder`, layers count from 0.

    {stack}.embedding                       (B, Q, D)    scaled embedding plus input position
    {stack}.token_embedding                 (B, Q, D)    before position is added, scaled by sqrt(D)
    {stack}.layers.{i}.residual_pre         (B, Q, D)    what the layer reads
    {stack}.layers.{i}.residual_mid         (B, Q, D)    after self-attention
    decoder.layers.{i}.residual_cross       (B, Q, D)    after cross-attention, where there is one
    {stack}.layers.{i}.residual_post        (B, Q, D)    after the feed-forward: what the layer writes
    {stack}.layers.{i}.{sublayer}_norm.input, .output   (B, Q, D)   around each layer normalisation
    {stack}.layers.{i}.{attention}.q        (B, H, Q, h)     {attention}: self_attention, cross_attention
    {stack}.layers.{i}.{attention}.k, .v    (B, H, K, h)
    {stack}.layers.{i}.{attention}.content_scores  (B, H, Q, K)   kernel of q and k alone
    {stack}.layers.{i}.{attention}.scores   (B, H, Q, K)     with position; logits for kernels given by their
                                                             logarithm, else kernel values; before the set filter
    {stack}.layers.{i}.{attention}.visible  (1 or B, 1, Q, K)   the set filter: True takes part
    {stack}.layers.{i}.{attention}.weights  (B, H, Q, K)     each visible row sums to 1
    {stack}.layers.{i}.{attention}.head_outputs  (B, H, Q, h)
    {stack}.layers.{i}.{attention}.output   (B, Q, D)        heads joined, times W_o
    {stack}.layers.{i}.feed_forward.pre_activation, .hidden   (B, Q, F)
    {stack}.layers.{i}.feed_forward.output  (B, Q, D)
    {stack}.output                          (B, Q, D)    what leaves the stack
    logits                                  (B, Q, V)    (B, V) where the model pools
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    from torch import Tensor

_ATTENTION = ("batch", "head", "query", "key")
LAYOUT: dict[str, tuple[str, ...]] = {
    "q": ("batch", "head", "query", "component"),
    "k": ("batch", "head", "key", "component"),
    "v": ("batch", "head", "key", "component"),
    "content_scores": _ATTENTION,
    "scores": _ATTENTION,
    "visible": _ATTENTION,
    "weights": _ATTENTION,
    "head_outputs": ("batch", "head", "query", "component"),
    "logits": ("batch", "query", "entry"),
}
_STATES = ("batch", "query", "component")  # everything else: one vector a position
_VALUE_COLUMN = {"weights": "weight", "scores": "score", "content_scores": "score", "visible": "visible"}


class NoTrace:
    """Record nothing: the default of every forward."""

    __slots__ = ()

    def __call__(self, name: str, value: Tensor) -> Tensor:
        return value

    def scope(self, name: str, **axes: str) -> NoTrace:
        return self

    def at(self, position: Tensor) -> NoTrace:
        """Return the same for a pass whose output's keys stand at these positions (K,), not one after the other."""
        return self


NO_TRACE = NoTrace()


class Trace(Mapping[str, "Tensor"]):
    """Every named tensor of one forward pass, in the order of computation, with the tokens of its axes.

    Parameters
    ----------
    edits : mapping from a path to a function that takes the tensor there and returns another of its shape
    changes : what changes tensors before these edits do, as `edits.applied` makes it; by default nothing
    keep_grad : record the tensors as part of the graph, for `torch.autograd.grad` (never `.backward()` on a
        shared model); else they are detached
    tokens : the pieces of each axis, by its name ("source", "target"), one list a sentence of the batch
    """

    def __init__(
        self,
        *,
        edits: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
        changes: NoTrace = NO_TRACE,
        keep_grad: bool = False,
        tokens: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ) -> None:
        self.tokens = dict(tokens or {})
        self._edits = dict(edits or {})
        self._changes = changes
        self._keep_grad = keep_grad
        self._tensors: dict[str, Tensor] = {}
        self._axes: dict[str, dict[str, str]] = {}
        self._prefix = ""
        self._scope_axes: dict[str, str] = {}

    def __call__(self, name: str, value: Tensor) -> Tensor:
        path = self._prefix + name
        if path in self._tensors:
            raise KeyError(f"{path!r} is recorded twice: one trace is for one forward pass")
        value = self._changes(name, value)
        edit = self._edits.get(path)
        if edit is not None:
            shape, value = value.shape, edit(value)
            if value.shape != shape:
                raise ValueError(f"the edit of {path!r} gave the shape {tuple(value.shape)}, not {tuple(shape)}")
        self._tensors[path] = value if self._keep_grad else value.detach()
        self._axes[path] = self._scope_axes
        return value

    def scope(self, name: str, **axes: str) -> Trace:
        """Return the same trace under a longer prefix; `query` and `key` say whose tokens label the axes there."""
        child = Trace.__new__(Trace)
        child.__dict__.update(self.__dict__)
        child._prefix = f"{self._prefix}{name}." if name else self._prefix
        child._changes = self._changes.scope(name, **axes)
        child._scope_axes = self._scope_axes | axes if axes else self._scope_axes
        return child

    def __getitem__(self, path: str) -> Tensor:
        try:
            return self._tensors[path]
        except KeyError:
            leaf = path.rsplit(".", 1)[-1]
            near = [known for known in self._tensors if known.rsplit(".", 1)[-1] == leaf] or list(self._tensors)
            raise KeyError(f"nothing was recorded as {path!r}; there is, for example, {near[:3]}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def unused_edits(self) -> list[str]:
        """Paths with an edit that no forward came by: most likely a slip of the pen."""
        return [path for path in self._edits if path not in self._tensors]

    def layout(self, path: str) -> tuple[str, ...]:
        """Names of the axes at a path, such as ("batch", "head", "query", "key")."""
        names = LAYOUT.get(path.rsplit(".", 1)[-1], _STATES)
        return names if self[path].dim() == len(names) else (names[0], *names[-self[path].dim() + 1 :])

    def axis(self, path: str, name: str) -> str:
        """Whose tokens label the axis `query` or `key` at a path: "source" or "target"."""
        self[path]
        return self._axes[path][name]

    def labels(self, path: str, name: str, batch: int = 0) -> list[str]:
        """Return the pieces along the axis `query` or `key` at a path, for one sentence of the batch.

        They are the last ones: where a cache or a memory holds the positions before, queries are the newest.
        """
        length = self[path].size(self.layout(path).index(name))
        tokens = self.tokens[self.axis(path, name)][batch]
        if len(tokens) < length:
            raise ValueError(f"{len(tokens)} tokens for the {length} positions of {path!r}: padding needs pieces too")
        return list(tokens[-length:])

    def to_frame(self, path: str, batch: int = 0) -> pandas.DataFrame:
        """One row a number, for one sentence of the batch.

        For attention weights the columns are `head`, `query`, `key`, `weight`: the pieces stand in the columns,
        and the index (`head_index`, ...) counts heads and positions from 0, so that a repeated word stays two rows.
        """
        import pandas

        tensor = self[path]
        values = tensor[batch if len(tensor) > 1 else 0].double().cpu().numpy()  # `visible` may serve the whole batch
        layout = self.layout(path)[1:]
        index = pandas.MultiIndex.from_product(
            [range(n) for n in values.shape], names=[f"{name}_index" for name in layout]
        )
        columns: dict[str, Any] = {}
        for name, codes in zip(layout, index.codes, strict=True):
            tokens = self.labels(path, name, batch) if name in self._axes[path] else None
            columns[name] = [tokens[i] for i in codes] if tokens else codes
        columns[_VALUE_COLUMN.get(path.rsplit(".", 1)[-1], "value")] = values.ravel()
        return pandas.DataFrame(columns, index=index)
