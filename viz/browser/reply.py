"""What a host answers when the browser asks for more than the payload holds: a header and numbers, as bytes.

``uint32`` little endian: length of the header; the header as JSON, padded with spaces so that the numbers begin
at a multiple of four; then the arrays one after the other, row by row, in ``float32``, or in ``uint8`` where plain
bytes are sent. The header's ``arrays`` names each with its shape, its type and its offset in bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def encode_reply(header: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> bytes:
    """Write an answer as bytes, for ``decodeReply`` of ``reply.js``.

    Parameters
    ----------
    header
        Anything that JSON can hold, except the key ``arrays``.
    arrays
        Name -> array or nested lists of any shape, sent as ``float32``; ``bytes`` are sent as they are.

    Raises
    ------
    ValueError
        If the header names ``arrays`` itself or holds what JSON cannot.
    """
    if "arrays" in header:
        raise ValueError("a reply's header may not name 'arrays': they are the second argument")
    places, blocks, offset = {}, [], 0
    for name, values in (arrays or {}).items():
        place, block = _block(values)
        places[name] = {**place, "offset": offset}
        blocks.append(block + bytes(-len(block) % 4))
        offset += len(blocks[-1])
    text = json.dumps({**header, "arrays": places}, separators=(",", ":"), allow_nan=False).encode("ascii")
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + b"".join(blocks)


def _block(values: Any) -> tuple[dict[str, Any], bytes]:
    """The shape and type of one array, and its bytes."""
    if isinstance(values, bytes):
        return {"shape": [len(values)], "type": "uint8"}, values
    import numpy as np

    array = np.asarray(values, dtype="<f4")
    return {"shape": list(array.shape), "type": "float32"}, array.tobytes()


def encode_refusal(sentence: str) -> bytes:
    """Write an answer that is none: ``decodeReply`` throws it as an ``Error`` with this sentence."""
    return encode_reply({"error": sentence})


def request_key(request: Mapping[str, Any]) -> str:
    """One spelling of a request, the same as ``requestKey`` of ``reply.js``: JSON with its keys in order."""
    return json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
