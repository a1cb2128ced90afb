"""What can be answered from the weights alone: the exact numbers of one head, or of a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from viz.browser.payload import AttentionMap
from viz.browser.reply import encode_refusal, encode_reply


def answer_weights(maps: Sequence[AttentionMap], request: Mapping[str, Any]) -> bytes:
    """Answer ``{"what": "weights", "kind", "layer", "head"}`` with the array ``weights``, (Q, K).

    ``queries`` and ``keys``, each [first, one past the last], cut a part out; the reply's header repeats them. What
    does not exist is refused.
    """
    if request.get("what") != "weights":
        return encode_refusal(f"Only weights can be had here, not {request.get('what')!r}.")
    item = next((item for item in maps if item.kind == request.get("kind")), None)
    if item is None:
        return encode_refusal(f"There is no attention {request.get('kind')!r} here.")
    layers, heads, queries, keys = item.weights.shape
    layer, head = request.get("layer"), request.get("head")
    if not (_inside(layer, layers) and _inside(head, heads)):
        return encode_refusal(f"There is no layer {layer!r}, head {head!r}: {item.kind!r} has {layers} × {heads}.")
    rows, columns = request.get("queries", [0, queries]), request.get("keys", [0, keys])
    if not (_range(rows, queries) and _range(columns, keys)):
        return encode_refusal(
            f"There are {queries} queries and {keys} keys; {rows!r} × {columns!r} is no part of them."
        )
    part = item.weights[layer, head, slice(*rows), slice(*columns)]
    return encode_reply({"queries": rows, "keys": columns}, {"weights": part})


def _inside(number: Any, count: int) -> bool:
    return isinstance(number, int) and 0 <= number < count


def _range(part: Any, length: int) -> bool:
    """Whether it is [first, one past the last] of an axis."""
    return (
        isinstance(part, list)
        and len(part) == 2
        and all(_inside(end, length + 1) for end in part)
        and part[0] <= part[1]
    )
