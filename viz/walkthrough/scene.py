"""What a picture of the walkthrough is made of: figures as plain data, and the message that carries them.

A scene is a list of figures. Their fields are texts, numbers, lists of these, or arrays; the browser draws each
figure by its ``kind``. The message: ``uint32`` little endian, the length of the header; the header as JSON, padded
with spaces to a multiple of four; then all arrays as ``float32``, each named in the header by its place and shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

VERSION = 1


@dataclass(frozen=True)
class Tokens:
    """Word pieces and their language: the labels of an axis."""

    pieces: Sequence[str]
    lang: str


@dataclass(frozen=True)
class Piece:
    """One word piece, shown as a token in a table or as the name of a bar."""

    piece: str
    lang: str


Labels = Tokens | Sequence[str]


@dataclass(frozen=True)
class Matrix:
    """A matrix (rows, columns), hovered cell by cell.

    ``role`` is a name of `viz.style.MEANING` and gives the colour; ``scale`` is "signed" (zero in the middle, colours
    by the square root), "even" (the same, by the number itself) or "weight" (0 to 1). ``link`` names a group: pointing
    at a row of one shows it in all, and at a cell of those of one shape reads them all out, joined by their ``sign``.
    ``width`` is the share of the picture's width, ``limit`` the value of full colour (else the largest size).
    """

    kind: ClassVar[str] = "matrix"
    name: str
    values: Array
    title: str
    role: str = "text"
    scale: str = "signed"
    rows: Labels | None = None
    columns: Labels | None = None
    link: str = ""
    sign: str = ""
    width: float = 1.0
    limit: float | None = None
    note: str = ""
    bare: bool = False  # no names beside it; they are still read out
    row_height: float | None = None
    axes: tuple[str, str] | None = None  # what its rows are, and its columns
    cells: Labels | None = None  # a name for every cell, row by row, instead of those of its row and column


@dataclass(frozen=True)
class Product:
    """left (R, K) times right (K, C), plus ``added`` (C,), times ``factor``, is ``result`` (R, C)."""

    kind: ClassVar[str] = "product"
    left: Matrix
    right: Matrix
    result: Matrix
    added: Array | None = None
    factor: float = 1.0
    after: Sequence[Matrix] = ()


@dataclass(frozen=True)
class Bars:
    """Named numbers as bars from zero; ``format`` is "number", "percent" or "tiny" (powers of ten)."""

    kind: ClassVar[str] = "bars"
    name: str
    title: str
    labels: Labels
    values: Array
    role: str = "text"
    format: str = "number"
    width: float = 1.0
    limit: float | None = None
    marked: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of texts, tokens and numbers, under column heads; ``digits`` behind the point, for all columns or each.

    Negative digits: as many, and powers of ten for what is too small to show in them.
    """

    kind: ClassVar[str] = "table"
    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | float | Piece | None]]
    digits: int | Sequence[int] = 4
    width: float = 1.0
    marked: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True)
class Curves:
    """Lines over one x axis: ``values`` (series, points); ``logarithmic`` on both sides, ``logarithmic_y`` upwards.

    Upwards, a plain axis spans the values; ``from_zero`` begins it at 0, so that heights compare as the values do.
    """

    kind: ClassVar[str] = "curves"
    name: str
    title: str
    x: Array
    values: Array
    labels: Sequence[str]
    x_title: str
    y_title: str
    logarithmic: bool = False
    width: float = 1.0
    logarithmic_y: bool = False
    from_zero: bool = False
    note: str = ""


@dataclass(frozen=True)
class ReadOut:
    """Where the line stands that reads matrices out; without it, under all figures."""

    kind: ClassVar[str] = "readout"


@dataclass(frozen=True)
class Links:
    """Weights (layers, heads, Q, K) as lines from words to words; ``many`` lays several heads over each other."""

    kind: ClassVar[str] = "links"
    name: str
    weights: Array
    queries: Tokens
    keys: Tokens
    layer: int
    head: int
    query: int
    key: int
    many: bool = False
    width: float = 1.0
    title: str = ""
    choose: bool = True


@dataclass(frozen=True)
class SixSteps:
    """Attention of one query, step by step: k, v (K, d), q (Q, d), dots, scaled and weights (Q, K), z (Q, d)."""

    kind: ClassVar[str] = "steps"
    name: str
    q: Array
    k: Array
    v: Array
    dots: Array
    scaled: Array
    weights: Array
    z: Array
    queries: Tokens
    keys: Tokens
    query: int
    pair: tuple[int, int]
    root: float


@dataclass(frozen=True)
class Machine:
    """The model as boxes that open: ``level`` 0 is one box, 1 two stacks, 2 all layers, 3 a layer of each opened."""

    kind: ClassVar[str] = "machine"
    level: int
    source: str
    source_lang: str
    target: str
    target_lang: str
    layers: tuple[int, int]
    parameters: Mapping[str, int]


@dataclass(frozen=True)
class Writing:
    """The decoder at work: step t reads ``reads[:t + 1]`` and writes ``writes[t]``, looking at ``source``."""

    kind: ClassVar[str] = "writing"
    source: Tokens
    reads: Tokens
    writes: Tokens
    looks_back: Array
    looks_at_source: Array
    candidates: Sequence[Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class Beam:
    """Hypotheses step by step: for each step the tokens that live, where they come from, and what ended."""

    kind: ClassVar[str] = "beam"
    steps: Sequence[Sequence[Mapping[str, Any]]]
    lang: str
    title: str
    best: Mapping[str, int]
    note: str = ""


@dataclass(frozen=True)
class Cache:
    """What each step computes with and without kept keys and values."""

    kind: ClassVar[str] = "cache"
    reads: Tokens
    rows_kept: Array
    rows_again: Array


@dataclass(frozen=True)
class Journey:
    """One token's way: the state after every stage (stages, d), what each added, and what is seen there."""

    kind: ClassVar[str] = "journey"
    name: str
    stages: Sequence[Mapping[str, Any]]
    states: Array
    limit: float
    lang: str


Figure = (
    Matrix | Product | Bars | Table | Curves | ReadOut | Links | SixSteps | Machine | Writing | Beam | Cache | Journey
)


def encode_scene(figures: Sequence[Figure], **header: Any) -> bytes:
    """Write figures, and further header keys that JSON can hold, as one message.

    Raises
    ------
    ValueError
        If an array holds a number that is not finite.
    """
    import numpy as np

    blocks: list[bytes] = []
    size = 0

    def plain(value: Any) -> Any:
        nonlocal size
        if is_dataclass(value) and not isinstance(value, type):
            named = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
            return {"kind": value.kind, **named} if hasattr(value, "kind") else named
        if isinstance(value, np.ndarray):
            if not np.isfinite(value).all():
                raise ValueError("a picture's numbers must be finite: replace what is masked before it is drawn")
            block = np.ascontiguousarray(value, "<f4").tobytes()
            place = {"array": size, "shape": list(value.shape)}
            blocks.append(block)
            size += len(block)
            return place
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, Mapping):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        return value

    whole = {"version": VERSION, **header, "figures": plain(list(figures))}
    text = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode("ascii")
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + b"".join(blocks)


def decode_scene(message: bytes) -> dict[str, Any]:
    """Read a message back, with its arrays as numpy's."""
    import numpy as np

    length = int.from_bytes(message[:4], "little")
    data = message[4 + length :]

    def revive(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"array", "shape"}:
                count = int(np.prod(value["shape"]))
                return np.frombuffer(data, "<f4", count, value["array"]).reshape(value["shape"])
            return {key: revive(each) for key, each in value.items()}
        return [revive(each) for each in value] if isinstance(value, list) else value

    scene: dict[str, Any] = revive(json.loads(message[4 : 4 + length]))
    if scene.get("version") != VERSION:
        raise ValueError(f"the scene has version {scene.get('version')!r}, this code reads {VERSION}")
    return scene
