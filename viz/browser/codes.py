"""Weights as the codes that a message stores: how many bits they get, and how long texts are pooled.

A weight w in [0, 1] is stored as ``round(sqrt(w) * (2**bits - 1))``, little endian. The error is at most
``sqrt(w) * 2**-bits`` or so: 1.6e-5 with 16 bits, 0.004 with 8, from which no number is ever printed.
Of a pooled kind, a code stands for a tile of weights and is that of the largest: no peak is lost.
Shapes: (layers, heads, Q, K) with Q queries and K keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-5
"""How far a weight may leave [0, 1] by rounding; it is clipped."""


@dataclass(frozen=True)
class Room:
    """How many bytes of codes a host takes: 16 bits a weight up to ``fine``, else 8; above ``most``, tiles."""

    fine: int
    most: int


PAGE = Room(fine=600_000, most=2_500_000)
"""A page whose server answers: light on the line, numbers on demand."""
NOTEBOOK = Room(fine=6_000_000, most=12_000_000)
"""A kernel beside its page."""
FILE = Room(fine=20_000_000, most=10_000_000)
"""A file, for which nobody answers: what is not pooled fits with 16 bits, so that its numbers are there."""


@dataclass(frozen=True)
class Storage:
    """How one kind is stored: bits a code, and how many queries and keys share one."""

    bits: int
    pool: tuple[int, int] = (1, 1)


def storage(shapes: Sequence[tuple[int, ...]], room: Room, bits: int | None = None) -> list[Storage]:
    """Choose how kinds of these shapes are stored together; ``bits`` forces 8 or 16 where they are not pooled.

    Where all weights together fit into the room with 8 bits each, none are pooled. Otherwise the longest axis is cut
    into as many tiles as fit, no axis into more than it, and tiles get 8 bits, which are enough to look.
    """
    if bits not in (None, 8, 16):
        raise ValueError(f"bits is {bits!r}; choose 8 or 16, or None to choose by size")
    for pools in _pools(shapes):
        sizes = [prod(tiled(shape, pool)) for shape, pool in zip(shapes, pools, strict=True)]
        added = sum(size for size, pool in zip(sizes, pools, strict=True) if pool == (1, 1))  # by a second byte
        if sum(sizes) + (added if bits == 16 else 0) <= room.most:
            break
    chosen = bits or (16 if sum(sizes) + added <= room.fine else 8)
    return [Storage(chosen if pool == (1, 1) else 8, pool) for pool in pools]


def _pools(shapes: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, int]]]:
    """Ways to pool all kinds, from none to one tile for all: no axis has more tiles than the longest axis."""
    longest = max((length for shape in shapes for length in shape[-2:]), default=1)
    for factor in range(1, max(longest, 1) + 1):
        most = ceil(longest / factor)
        yield [(ceil(queries / most) or 1, ceil(keys / most) or 1) for *_, queries, keys in shapes]


def tiled(shape: Sequence[int], pool: Sequence[int]) -> tuple[int, ...]:
    """The shape of a kind's codes: the last tile of an axis may be smaller than the others."""
    return (*shape[:-2], ceil(shape[-2] / pool[0]), ceil(shape[-1] / pool[1]))


def codes(weights: NDArray[Any], how: Storage) -> NDArray[Any]:
    """Weights (layers, heads, Q, K) as codes, layer by layer, so that no copy of them all is made.

    Raises ``ValueError`` with the place of a weight that is not in [0, 1].
    """
    import numpy as np

    limit = 2**how.bits - 1
    stored = np.empty(tiled(weights.shape, how.pool), f"<u{how.bits // 8}")
    for number, (layer, into) in enumerate(zip(weights, stored, strict=True)):
        _check_range(layer, number)
        roots = _largest(_largest(layer, how.pool[0], axis=1), how.pool[1], axis=2).astype(np.float32)
        np.sqrt(np.clip(roots, 0, 1, out=roots), out=roots)
        into[...] = np.rint(np.multiply(roots, limit, out=roots), out=roots)
    return stored


def _check_range(layer: NDArray[Any], number: int) -> None:
    """Raise ``ValueError`` unless all weights of a layer (heads, Q, K) are in [0, 1]; NaN is not."""
    import numpy as np

    if not layer.size or (layer.min() >= -TOLERANCE and layer.max() <= 1 + TOLERANCE):
        return
    head, query, key = np.argwhere(~((layer >= -TOLERANCE) & (layer <= 1 + TOLERANCE)))[0]
    raise ValueError(
        f"{layer[head, query, key]} at layer {number}, head {head}, query {query}, key {key}; "
        "pass normalised weights between 0 and 1"
    )


def _largest(values: NDArray[Any], factor: int, axis: int) -> NDArray[Any]:
    """The largest of each ``factor`` neighbours along an axis."""
    import numpy as np

    if factor == 1:
        return values
    first = (slice(None),) * axis
    largest = values[(*first, slice(0, None, factor))].copy()
    for start in range(1, factor):
        others = values[(*first, slice(start, None, factor))]
        target = largest[(*first, slice(others.shape[axis]))]
        np.maximum(target, others, out=target)
    return largest
