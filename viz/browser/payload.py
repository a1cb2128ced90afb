"""The message that carries every head of a sentence to the attention browser, version 2.

``uint32`` little endian: length of the header; the header as JSON, padded with spaces so that the data
begins at a multiple of four; then the codes (``viz.browser.codes``) of every kind of attention, each at its own
offset. The header says for each kind how many ``bits`` a code has and how many queries and keys it stands for
(``pool``, two whole numbers: [1, 1] unless the text is long).

Only the encoder and ``decode_weights`` need numpy, and they import it when they are called.
Shapes: (layers, heads, Q, K) with Q queries and K keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from viz.browser.codes import PAGE, Room, Storage, codes, storage, tiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 2


@dataclass(frozen=True)
class Axis:
    """The tokens along one axis; ``writes`` names the piece each decoder position goes on to write."""

    tokens: Sequence[str]
    lang: str = "en"
    writes: Sequence[str] | None = None


@dataclass(frozen=True)
class AttentionMap:
    """All weights of one kind of attention, (layers, heads, Q, K), and the names of its two axes."""

    kind: str
    weights: NDArray[Any]
    query_axis: str
    key_axis: str


def encode_attention(
    maps: Sequence[AttentionMap],
    *,
    axes: Mapping[str, Axis],
    model: Mapping[str, str],
    bits: int | None = None,
    room: Room = PAGE,
    strings: Mapping[str, str] | None = None,
    lang: str = "en",
    selection: Mapping[str, Any] | None = None,
    **extra: Any,
) -> bytes:
    """Write the maps and everything the renderer must know about them as one message.

    Parameters
    ----------
    maps
        One ``AttentionMap`` a kind; numbers of layers, heads and tokens may all differ.
    axes
        Name of an axis -> its tokens. Every map names two of them.
    model
        ``{"name": ..., "hash": ...}`` of the checkpoint that computed the weights.
    bits
        16, or 8 for half the bytes and no printed numbers; None chooses by size.
    room
        How many bytes the host takes; decides the bits, and whether a long text's weights are pooled.
    strings, lang
        Interface texts (keys of ``viz.browser.STRINGS``) and their language.
    selection
        The head that is open at first: ``{"kind": str, "layer": int, "head": int}``, counted from 0.
    **extra
        Any further header keys that JSON can hold.

    Raises
    ------
    ValueError
        If a shape disagrees with its axes, a weight is not in [0, 1], or a name is unknown or given twice.
    """
    for item in maps:
        _check_axes(item, axes)
    kinds, blocks, offset = [], [], 0
    for item, how in zip(maps, storage([item.weights.shape for item in maps], room, bits), strict=True):
        block = _codes(item, how)
        layers, heads = item.weights.shape[:2]
        kinds.append(
            {
                "id": item.kind,
                "layers": layers,
                "heads": heads,
                "query_axis": item.query_axis,
                "key_axis": item.key_axis,
                "bits": how.bits,
                "pool": how.pool,
                "offset": offset,
            }
        )
        blocks.append(block + bytes(-len(block) % 4))
        offset += len(blocks[-1])
    header = {
        **extra,
        "version": VERSION,
        "model": dict(model),
        "axes": {name: _axis_header(name, axis) for name, axis in axes.items()},
        "kinds": kinds,
        "strings": dict(strings or {}),
        "lang": lang,
        "selection": dict(selection) if selection else None,
    }
    return _join(header, b"".join(blocks))


def decode_header(payload: bytes) -> dict[str, Any]:
    """Read the header of a message, checked; standard library only.

    Raises ``ValueError`` if the bytes are cut off, are no such message, or are of another version.
    """
    return _split(payload)[0]


def with_header(payload: bytes, **changes: Any) -> bytes:
    """Return the message with header keys replaced (``lang``, ``strings``, ``selection``, ...).

    The weights are not touched, so ``version`` and ``kinds`` cannot be changed and the axes must keep
    their lengths; ``ValueError`` otherwise. Standard library only.
    """
    fixed = {"version", "kinds"} & changes.keys()
    if fixed:
        raise ValueError(f"{', '.join(sorted(fixed))} describe the stored weights; encode them anew instead")
    header, data = _split(payload)
    changed = _join({**header, **changes}, data)
    _split(changed)
    return changed


def with_reference(payload: bytes, reference: bytes) -> bytes:
    """Append another message, to compare with: of the unchanged model, say; ``ValueError`` if either is none."""
    _split(reference)
    return with_header(payload, reference=len(reference)) + reference


def reference_message(payload: bytes) -> bytes | None:
    """Return the message that `with_reference` appended; None if there is none."""
    size = decode_header(payload).get("reference", 0)
    return payload[-size:] if size else None


def reference_header(payload: bytes) -> dict[str, Any] | None:
    """Return the header of the message that `with_reference` appended; None if there is none."""
    reference = reference_message(payload)
    return None if reference is None else decode_header(reference)


def decode_weights(payload: bytes, kind_id: str) -> NDArray[np.float64]:
    """Read the weights of one kind back, (layers, heads, Q, K), within the error of its bits.

    Of a pooled kind these are the tiles: (layers, heads, tiles of queries, tiles of keys).
    """
    import numpy as np

    header, data = _split(payload)
    kind = next((kind for kind in header["kinds"] if kind["id"] == kind_id), None)
    if kind is None:
        known = ", ".join(kind["id"] for kind in header["kinds"])
        raise ValueError(f"no kind {kind_id!r} in this payload; it has: {known or 'none'}")
    shape = _stored(kind, header["axes"])
    stored = np.frombuffer(data, f"<u{kind['bits'] // 8}", count=prod(shape), offset=kind["offset"])
    return np.square(stored.reshape(shape) / float(2 ** kind["bits"] - 1))


def _check_axes(item: AttentionMap, axes: Mapping[str, Axis]) -> None:
    """Raise ``ValueError`` unless the map's shape is that of the axes it names."""
    if item.weights.ndim != 4:
        raise ValueError(
            f"weights of {item.kind!r} have shape {item.weights.shape}; give them as (layers, heads, queries, keys)"
        )
    for name, length, what in (
        (item.query_axis, item.weights.shape[2], "queries"),
        (item.key_axis, item.weights.shape[3], "keys"),
    ):
        if name not in axes:
            raise ValueError(f"{item.kind!r} names the axis {name!r}; axes has only: {', '.join(axes)}")
        if len(axes[name].tokens) != length:
            raise ValueError(
                f"{item.kind!r} has {length} {what} but its axis {name!r} has "
                f"{len(axes[name].tokens)} tokens; pass the tokens the weights were computed from"
            )


def _codes(item: AttentionMap, how: Storage) -> bytes:
    try:
        return codes(item.weights, how).tobytes()
    except ValueError as error:
        raise ValueError(f"weights of {item.kind!r} hold {error}") from error


def _axis_header(name: str, axis: Axis) -> dict[str, Any]:
    header: dict[str, Any] = {"tokens": list(axis.tokens), "lang": axis.lang}
    if axis.writes is not None:
        if len(axis.writes) != len(axis.tokens):
            raise ValueError(
                f"axis {name!r} writes {len(axis.writes)} pieces at {len(axis.tokens)} positions; "
                "give one piece a position"
            )
        header["writes"] = list(axis.writes)
    return header


def _join(header: Mapping[str, Any], data: bytes) -> bytes:
    _check_kinds(header, len(data))
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + data


def _split(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and data of a message, checked against each other."""
    length = int.from_bytes(payload[:4], "little")
    if len(payload) < 4 or length > len(payload) - 4:
        raise ValueError(f"the payload of {len(payload)} bytes is cut off; send it whole")
    try:
        header = json.loads(payload[4 : 4 + length])
    except ValueError as error:
        raise ValueError("the bytes are no attention payload: their header is not JSON") from error
    version = header.get("version") if isinstance(header, dict) else None
    if version != VERSION:
        raise ValueError(f"the payload has version {version!r}, this code reads {VERSION}; encode it anew")
    _check_kinds(header, len(payload) - 4 - length)
    return header, payload[4 + length :]


def _check_kinds(header: Mapping[str, Any], size: int) -> None:
    """Raise ``ValueError`` unless every kind is named once and lies inside ``size`` bytes of data."""
    try:
        names = [kind["id"] for kind in header["kinds"]]
        ends = [kind["offset"] + kind_size(kind, header["axes"]) for kind in header["kinds"]]
    except (KeyError, TypeError, AttributeError, IndexError, ZeroDivisionError) as error:
        raise ValueError(f"the header lacks or misuses {error}; encode the payload anew") from error
    if len(set(names)) != len(names):
        raise ValueError(f"a kind is given twice: {', '.join(names)}; name each map once")
    if max(ends, default=0) > size:
        raise ValueError(
            f"the header promises {max(ends)} bytes of weights, there are {size}; "
            "axes must keep their lengths and the payload must be whole"
        )
    for axis in header["axes"].values():
        if "writes" in axis and len(axis["writes"]) != len(axis["tokens"]):
            raise ValueError("an axis has unequal numbers of tokens and writes; give one piece a position")


def _stored(kind: Mapping[str, Any], axes: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape of a kind's codes."""
    lengths = [len(axes[kind[name]]["tokens"]) for name in ("query_axis", "key_axis")]
    return tiled((kind["layers"], kind["heads"], *lengths), kind["pool"])


def kind_size(kind: Mapping[str, Any], axes: Mapping[str, Any]) -> int:
    """How many bytes the codes of one kind of a header take."""
    if kind["bits"] not in (8, 16) or min(kind["pool"]) < 1:
        raise TypeError(f"bits {kind['bits']!r} or pool {kind['pool']!r}")
    return prod(_stored(kind, axes)) * kind["bits"] // 8
