"""What a person hands over, arrays and strings in many forms, as the maps and axes of a message.

Letters: L layers, H heads, Q queries, K keys. A kind of attention is (L, H, Q, K), and may be given as such, as
(H, Q, K) of one layer, as (Q, K) of one head, or as a list with an array (H, Q, K), (1, H, Q, K) or (Q, K) a layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from viz.browser.payload import AttentionMap, Axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tokens = Sequence[str] | Mapping[str, Sequence[str]]

SIDES = {"encoder": ("source", "source"), "decoder": ("target", "target"), "cross": ("target", "source")}
"""Whose tokens are the queries and the keys of a translator's three kinds."""
_SHAPES = (
    "give (layers, heads, queries, keys), (heads, queries, keys), (queries, keys), or a list with an array a layer"
)


def read_inputs(
    weights: Any,
    queries: Tokens,
    keys: Tokens | None = None,
    *,
    writes: Sequence[str] | None = None,
    query_lang: str = "",
    key_lang: str | None = None,
) -> tuple[list[AttentionMap], dict[str, Axis]]:
    """Return maps and axes for ``encode_attention``; the parameters are those of ``viz.attention_browser``.

    Raises ``ValueError`` or ``TypeError`` with a sentence that says what is wrong and what to give instead.
    """
    kinds = weights if isinstance(weights, Mapping) else {"attention": weights}
    langs = {"target": query_lang, "source": query_lang if key_lang is None else key_lang}
    maps: list[AttentionMap] = []
    axes: dict[str, Axis] = {}
    for kind, values in kinds.items():
        sides = SIDES.get(kind, ("target", "source"))
        rows, columns = _tokens(kind, sides, queries, keys)
        query = Axis(rows, langs[sides[0]], _texts(writes, "writes") if writes and sides[0] == "target" else None)
        query_axis = _place(axes, query, sides[0], f"{kind} queries")
        own = rows == columns and kind != "cross"
        key_axis = query_axis if own else _place(axes, Axis(columns, langs[sides[1]]), sides[1], f"{kind} keys")
        maps.append(AttentionMap(kind, _layers(kind, values), query_axis, key_axis))
        _check_lengths(maps[-1], len(rows), len(columns))
    if not maps:
        raise ValueError("weights is an empty dict; give at least one kind of attention, such as {'encoder': array}")
    if writes and all(axis.writes is None for axis in axes.values()):
        raise ValueError("writes is what a decoder goes on to write; an encoder's weights have no such positions")
    return maps, axes


def _check_lengths(item: AttentionMap, queries: int, keys: int) -> None:
    lengths = item.weights.shape[2:]
    if lengths == (queries, keys):
        return
    hint = "are they the other way round?" if lengths == (keys, queries) else "give one token a row, one a column"
    raise ValueError(
        f"weights of {item.kind!r} are {lengths[0]} queries × {lengths[1]} keys, the tokens {queries} × {keys}: {hint}"
    )


def _tokens(kind: str, sides: tuple[str, str], queries: Tokens, keys: Tokens | None) -> tuple[list[str], list[str]]:
    """The tokens of one kind's two axes: from a list for each kind, or from those of the target and of the source."""
    if isinstance(queries, Mapping) or isinstance(keys, Mapping):
        rows = _of_kind(kind, queries, "queries")
        return rows, rows if keys is None else _of_kind(kind, keys, "keys")
    target = _texts(queries, "queries")
    lists = {"target": target, "source": target if keys is None else _texts(keys, "keys")}
    return lists[sides[0]], lists[sides[1]]


def _of_kind(kind: str, tokens: Tokens, what: str) -> list[str]:
    if not isinstance(tokens, Mapping):
        raise TypeError(f"{what} is a list while the other tokens are a dict; give a list for each kind in both")
    if kind not in tokens:
        raise ValueError(f"{what} has no tokens of {kind!r}, only of: {', '.join(tokens)}; give a list for each kind")
    return _texts(tokens[kind], f"{what}[{kind!r}]")


def _texts(tokens: Any, what: str) -> list[str]:
    """A list of strings, checked."""
    if isinstance(tokens, (str, bytes)):
        raise TypeError(f"{what} is one text; give a list of tokens, such as text.split()")
    try:
        texts = list(tokens)
    except TypeError:
        raise TypeError(f"{what} is {tokens!r}; give a list of tokens, one text a position") from None
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            hint = "; the tokenizer's convert_ids_to_tokens makes texts of ids" if hasattr(text, "__index__") else ""
            raise TypeError(f"token {position} of {what} is {text!r}, not a text{hint}")
    return [str(text) for text in texts]


def _place(axes: dict[str, Axis], axis: Axis, *names: str) -> str:
    """Put an axis under the first name that is free or that holds the same tokens already; return the name."""
    return next(name for name in names if axes.setdefault(name, axis) == axis)


def _layers(kind: str, values: Any) -> NDArray[Any]:
    """One kind's weights as (L, H, Q, K)."""
    import numpy as np

    listed = isinstance(values, (list, tuple)) and any(hasattr(each, "__array__") for each in values)
    if listed:
        layers = [_layer(kind, number, each) for number, each in enumerate(values)]
        shapes = {layer.shape for layer in layers}
        if len(shapes) > 1:
            raise ValueError(
                f"the layers of {kind!r} have unequal shapes {sorted(shapes)}; give equal ones as one kind"
            )
        return np.stack(layers)
    array = _array(kind, values)
    if array.ndim not in (2, 3, 4):
        raise ValueError(f"weights of {kind!r} have shape {array.shape}; {_SHAPES}")
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def _layer(kind: str, number: int, values: Any) -> NDArray[Any]:
    """One layer's weights as (H, Q, K); a batch of one sentence is that sentence."""
    array = _array(kind, values)
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.ndim == 4:
        raise ValueError(
            f"layer {number} of {kind!r} has a batch of {len(array)} sentences; give one: weights[{number}][i]"
        )
    if array.ndim not in (2, 3):
        raise ValueError(f"layer {number} of {kind!r} has shape {array.shape}; give (heads, queries, keys) a layer")
    return array.reshape((1,) * (3 - array.ndim) + array.shape)


def _array(kind: str, values: Any) -> NDArray[Any]:
    """Numbers of any library as NumPy's. A tensor of PyTorch comes off its graph and its device first."""
    import numpy as np

    for method in ("detach", "cpu", "float"):
        values = getattr(values, method)() if hasattr(values, method) else values
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of unequal lengths
        raise ValueError(f"weights of {kind!r} are no array of numbers ({error}); {_SHAPES}") from error
    if array.dtype.kind not in "fiub":
        raise TypeError(f"weights of {kind!r} are no numbers but {array.dtype}; {_SHAPES}")
    return array
