"""What a visitor may change about a translation, as data: checked when made, and short enough for an address.

A change of a head, a kernel or a set filter acts at every position, a hidden token on both attentions to the source,
a given piece on the output from its place on. The order of several does not matter. Layers, heads and positions count
from 0, pieces are ids. Nothing here imports torch; `edits` applies the changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

from transformer.config import KERNELS, Choice, ModelConfig

KINDS = {
    "encoder": "encoder.layers.{}.self_attention",
    "decoder": "decoder.layers.{}.self_attention",
    "cross": "decoder.layers.{}.cross_attention",
}
HOWS = ("off", "uniform", "token")
FILTER_SIZES = {"everything": None, "causal": None, "window": "size", "strided": "stride"}  # and their numbers' names
PAD, START = 0, 2  # `tokenizers` has them too, and SentencePiece with them
SEPARATOR = "~"  # stays as it is in an address


def check_kind(kind: str) -> None:
    """Raise ValueError for a kind of attention that there is not."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of attention {kind!r}: choose one of {', '.join(KINDS)}")


def num_layers(config: ModelConfig, kind: str) -> int:
    """How many layers have this kind of attention; ValueError for a kind that there is not."""
    check_kind(kind)
    return config.num_encoder_layers if kind == "encoder" else config.num_decoder_layers


def check_layer(config: ModelConfig, kind: str, layer: int) -> None:
    """Raise ValueError if the model has no such layer."""
    count = num_layers(config, kind)
    if not 0 <= layer < count:
        raise ValueError(f"there is no {kind} layer {layer}: the model has {count}, counted from 0")


def check_head(config: ModelConfig, kind: str, layer: int, head: int) -> None:
    """Raise ValueError if the model has no such head."""
    check_layer(config, kind, layer)
    if not 0 <= head < config.num_heads:
        raise ValueError(f"there is no head {head}: a layer has {config.num_heads}, counted from 0")


def _check_counts(change: Change) -> None:
    for field in fields(change):
        value = getattr(change, field.name)
        if isinstance(value, int) and value < 0:
            raise ValueError(f"{field.name} must be at least 0, got {value}")


@dataclass(frozen=True)
class HeadChange:
    """One head otherwise than trained: its output zero (`off`), or its weights replaced.

    `uniform` gives every visible key the same weight; `token` gives all weight to the key at the position `token`
    where a query sees it, and leaves the other queries as they are.
    """

    kind: str
    layer: int
    head: int
    how: str
    token: int | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind)
        if self.how not in HOWS:
            raise ValueError(f"unknown change of a head {self.how!r}: choose one of {', '.join(HOWS)}")
        if (self.how == "token") != (self.token is not None):
            raise ValueError(f"a position goes with 'token' and with nothing else, got {self.how!r} and {self.token}")
        _check_counts(self)

    @property
    def path(self) -> str:
        """Where its attention is in a trace."""
        return KINDS[self.kind].format(self.layer)

    @property
    def place(self) -> tuple[str | int, ...]:
        """What it changes: nothing is changed twice."""
        return "head", self.kind, self.layer, self.head

    def check(self, config: ModelConfig, source_length: int) -> None:
        """Raise ValueError if the model or the sentence has no such place."""
        check_head(config, self.kind, self.layer, self.head)
        keys = config.max_length if self.kind == "decoder" else source_length
        if self.token is not None and self.token >= keys:
            raise ValueError(f"there is no position {self.token} to look at: there are {keys}, counted from 0")

    def __str__(self) -> str:
        token = () if self.token is None else (self.token,)
        return ".".join(map(str, (self.how, self.kind[0], self.layer, self.head, *token)))


@dataclass(frozen=True)
class MaskToken:
    """A source position that nobody may look at: hidden as a key in the encoder and in cross-attention."""

    position: int

    def __post_init__(self) -> None:
        _check_counts(self)

    @property
    def place(self) -> tuple[str | int, ...]:
        """What it changes: nothing is changed twice."""
        return "mask", self.position

    def check(self, config: ModelConfig, source_length: int) -> None:
        """Raise ValueError if the sentence has no such place."""
        if self.position >= source_length:
            raise ValueError(f"there is no position {self.position} to hide: there are {source_length}, from 0 on")

    def __str__(self) -> str:
        return f"mask.{self.position}"


@dataclass(frozen=True)
class ForceToken:
    """The output's piece at a position, given by its id; what was written before it stays, and decoding goes on."""

    position: int
    piece: int

    def __post_init__(self) -> None:
        _check_counts(self)
        if self.piece in (PAD, START):
            raise ValueError(f"the piece {self.piece} is padding or the start, which no output has: choose another")

    @property
    def place(self) -> tuple[str | int, ...]:
        """What it changes: nothing is changed twice."""
        return "force", self.position

    def check(self, config: ModelConfig, source_length: int) -> None:
        """Raise ValueError if the vocabulary has no such piece, or the model never writes so far."""
        if self.piece >= config.vocab_size:
            raise ValueError(f"there is no piece {self.piece}: the vocabulary has {config.vocab_size}, from 0 on")
        if self.position >= config.max_length:
            raise ValueError(f"there is no piece {self.position} to give: an output has at most {config.max_length}")

    def __str__(self) -> str:
        return f"force.{self.position}.{self.piece}"


@dataclass(frozen=True)
class FilterChange:
    """Another set filter, instead of the trained one, in a kind of attention: in one layer, or in all (None).

    `size` is the filter's number, where it has one: how far a window reaches, the stride of a strided filter. In the
    decoder these two look back only, and so are subsets of the causal one (Tsai et al. 2019, section 2.4).
    """

    kind: str
    layer: int | None
    name: str
    size: int | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind)
        if self.name not in FILTER_SIZES:
            raise ValueError(f"unknown set filter {self.name!r}: choose one of {', '.join(FILTER_SIZES)}")
        if (FILTER_SIZES[self.name] is None) != (self.size is None):
            raise ValueError(f"a size goes with window and strided, got {self.name!r} and {self.size}")
        if self.size is not None and self.size < 1:
            raise ValueError(f"a {self.name} filter of size {self.size} leaves a query with no key: give at least 1")
        _check_counts(self)

    @property
    def filters(self) -> tuple[Choice, ...]:
        """The set filters as a config names them."""
        name = FILTER_SIZES[self.name]
        own = Choice(self.name, {} if name is None else {name: self.size})
        return (own,) if name is None or self.kind != "decoder" else (Choice("causal"), own)

    @property
    def place(self) -> tuple[str | int, ...]:
        """What it changes: nothing is changed twice."""
        return "filter", self.kind, "all" if self.layer is None else self.layer

    def check(self, config: ModelConfig, source_length: int) -> None:
        """Raise ValueError if the model has no such layer."""
        check_layer(config, self.kind, self.layer or 0)

    def __str__(self) -> str:
        size = () if self.size is None else (self.size,)
        layer = "all" if self.layer is None else self.layer
        return ".".join(map(str, ("filter", self.kind[0], layer, self.name, *size)))


@dataclass(frozen=True)
class KernelChange:
    """Another kernel of the recorded q and k, instead of the trained one, position's part included.

    In one layer or in all (None), of one head or of all (None). `degree` goes with the polynomial kernel.
    """

    kind: str
    layer: int | None
    head: int | None
    name: str
    degree: int | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind)
        if self.name not in KERNELS:
            raise ValueError(f"unknown kernel {self.name!r}: choose one of {', '.join(KERNELS)}")
        if self.degree is not None and self.name != "polynomial":
            raise ValueError(f"a degree goes with the polynomial kernel, got {self.name!r} and {self.degree}")
        if self.degree is not None and (self.degree < 2 or self.degree % 2):
            raise ValueError(f"degree must be even and at least 2 for weights that are not negative, got {self.degree}")
        _check_counts(self)

    @property
    def kernel(self) -> Choice:
        """The kernel as a config names it."""
        return Choice(self.name, {} if self.degree is None else {"degree": self.degree})

    @property
    def place(self) -> tuple[str | int, ...]:
        """What it changes: nothing is changed twice."""
        return "kernel", self.kind, *("all" if each is None else each for each in (self.layer, self.head))

    def check(self, config: ModelConfig, source_length: int) -> None:
        """Raise ValueError if the model has no such layer or head."""
        check_head(config, self.kind, self.layer or 0, self.head or 0)

    def __str__(self) -> str:
        degree = () if self.degree is None else (self.degree,)
        layer, head = ("all" if each is None else each for each in (self.layer, self.head))
        return ".".join(map(str, ("kernel", self.kind[0], layer, head, self.name, *degree)))


Change = HeadChange | MaskToken | ForceToken | FilterChange | KernelChange


def check(changes: Iterable[Change], config: ModelConfig, source_length: int) -> None:
    """Raise ValueError, with a sentence, unless a model can be changed so for a source of so many pieces.

    Whether an output is long enough for a given piece shows only when it is written.
    """
    changes = list(changes)
    _check_once(changes)
    for change in changes:
        change.check(config, source_length)
    if sum(isinstance(change, MaskToken) for change in changes) >= source_length:
        raise ValueError("every token of the sentence is hidden: show one of them")


def _check_once(changes: Sequence[Change]) -> None:
    for number, change in enumerate(changes):
        for earlier in changes[:number]:
            if earlier.place == change.place:
                raise ValueError(f"{earlier} and {change} change the same thing: keep one of them")


def given_pieces(changes: Iterable[Change]) -> dict[int, int]:
    """Pieces of the output that are given, by their positions, in order."""
    given = {change.position: change.piece for change in changes if isinstance(change, ForceToken)}
    return dict(sorted(given.items()))


def write(changes: Iterable[Change]) -> str:
    """Spell changes for an address: `off.e.3.5~token.d.1.2.3~mask.4~force.2.1234~filter.e.all.window.3`, or ""."""
    return SEPARATOR.join(map(str, changes))


_NUMBER = "(0|[1-9][0-9]{0,8})"  # one spelling each
_PART = f"(all|{_NUMBER[1:]}"  # of a layer or a head
_KIND_OF = {kind[0]: kind for kind in KINDS}
_SPELLINGS: dict[str, Callable[..., Change]] = {
    rf"(off|uniform)\.([edc])\.{_NUMBER}\.{_NUMBER}": lambda how, kind, layer, head: HeadChange(
        _KIND_OF[kind], int(layer), int(head), how
    ),
    rf"(token)\.([edc])\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}": lambda how, kind, layer, head, token: HeadChange(
        _KIND_OF[kind], int(layer), int(head), how, int(token)
    ),
    rf"filter\.([edc])\.{_PART}\.([a-z]+)(?:\.{_NUMBER})?": lambda kind, layer, name, size: FilterChange(
        _KIND_OF[kind], _part(layer), name, size and int(size)
    ),
    rf"kernel\.([edc])\.{_PART}\.{_PART}\.([a-z_]+)(?:\.{_NUMBER})?": lambda kind, layer, head, name, degree: (
        KernelChange(_KIND_OF[kind], _part(layer), _part(head), name, degree and int(degree))
    ),
    rf"mask\.{_NUMBER}": lambda position: MaskToken(int(position)),
    rf"force\.{_NUMBER}\.{_NUMBER}": lambda position, piece: ForceToken(int(position), int(piece)),
}


def _part(written: str) -> int | None:
    return None if written == "all" else int(written)


def read(text: str) -> tuple[Change, ...]:
    """Read what `write` wrote; ValueError, with a sentence, for anything else."""
    changes = tuple(_read_one(part) for part in text.split(SEPARATOR)) if text else ()
    _check_once(changes)
    return changes


def _read_one(part: str) -> Change:
    for spelling, make in _SPELLINGS.items():
        found = re.fullmatch(spelling, part)
        if found:
            return make(*found.groups())
    raise ValueError(f"cannot read the change {part[:40]!r}: it should look like off.e.3.5, mask.4 or force.2.1234")
