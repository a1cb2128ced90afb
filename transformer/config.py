"""What a model is, as data: names and numbers, checked when made. Nothing here imports torch.

A `Choice` names one variant of a slot and its options; the registries in `kernels`, `projections`, `positions`
and `masks` turn it into an object. Presets carry the papers' names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

KERNELS = ("exponential", "rbf", "polynomial", "linear", "linear_nonnegative")
LOG_KERNELS = ("exponential", "rbf")  # given by their logarithm
PROJECTIONS = ("qkv", "kv", "symmetric")
INPUT_POSITIONS = ("none", "sinusoidal", "learned")
POSITIONS = (
    "none",
    "direct_sum",
    "shaw",
    "transformer_xl",
    "product",
    "borji",
    "borji_literal",
    "rotary",
)
VALUE_POSITIONS = ("none", "sinusoidal")
FILTERS = ("everything", "causal", "window", "strided", "self_and_bias")
ACTIVATIONS = ("relu", "gelu", "silu")
NORMS = ("post", "pre")
INPUTS = ("tokens", "vectors")
OUTPUTS = ("tied", "linear", "mlp")
POOLINGS = ("none", "mean", "first")
ARCHITECTURES = ("encoder_decoder", "decoder", "encoder")

T = TypeVar("T")


def _read(cls: type[T], data: Mapping[str, Any]) -> T:
    """Make a dataclass of a mapping, strictly: an unknown key is an error, not ignored."""
    unknown = set(data) - {f.name for f in fields(cls)}  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"unknown settings {sorted(unknown)}: was this written by a newer version?")
    return cls(**data)


@dataclass(frozen=True)
class Choice:
    """One variant of a slot: its registered name, and the options its constructor takes."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, value: str | Mapping[str, Any] | Choice) -> Choice:
        """Read a name, or a mapping with `name` and `options`, as a choice."""
        if isinstance(value, Choice):
            return value
        return cls(value) if isinstance(value, str) else _read(cls, value)

    def make(self, registry: Mapping[str, Callable[..., T]], *sizes: int) -> T:
        """Build the variant from its registry; options it does not take are a ValueError."""
        try:
            return registry[self.name](*sizes, **self.options)
        except TypeError as error:
            raise ValueError(f"{self.name!r} cannot be made with the options {dict(self.options)}: {error}") from error


def _check(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}: choose one of {', '.join(known)}")


@dataclass(frozen=True)
class AttentionConfig:
    """The slots of one kind of attention (encoder self-, decoder self-, or cross-attention).

    Raises
    ------
    ValueError
        If a name is unknown, or the position asks for a kernel given by its logarithm and gets another.
    """

    kernel: Choice = Choice("exponential")
    projection: str = "qkv"
    position: Choice = Choice("none")
    value_position: str = "none"  # sinusoids added to the value input of every layer, or nothing
    filters: tuple[Choice, ...] = (Choice("everything"),)  # a key is visible if all of them let it through
    bias: bool = True

    def __post_init__(self) -> None:
        filters = (self.filters,) if isinstance(self.filters, str | Choice) else self.filters
        object.__setattr__(self, "kernel", Choice.of(self.kernel))
        object.__setattr__(self, "position", Choice.of(self.position))
        object.__setattr__(self, "filters", tuple(Choice.of(x) for x in filters))
        _check("kernel", self.kernel.name, KERNELS)
        _check("projection", self.projection, PROJECTIONS)
        _check("position", self.position.name, POSITIONS)
        _check("value_position", self.value_position, VALUE_POSITIONS)
        for choice in self.filters:
            _check("set filter", choice.name, FILTERS)
        if self.position.name.startswith("borji") and self.kernel.name not in LOG_KERNELS:
            raise ValueError(
                f"position {self.position.name!r} scales the logarithm of the kernel, and the {self.kernel.name} "
                f"kernel has none: choose one of {', '.join(LOG_KERNELS)}"
            )


CAUSAL = AttentionConfig(filters=(Choice("causal"),))


@dataclass(frozen=True)
class ModelConfig:
    """A whole model. Sizes are counts; `d_*` are widths in components; `dropout` is a probability.

    Raises
    ------
    ValueError
        If a name is unknown or sizes do not fit each other; the message names both and what to change.
    """

    architecture: str = "encoder_decoder"
    vocab_size: int = 16000  # classes of the output, and tokens of the input where it is tokens
    max_length: int = 256  # the longest sequence a visitor may ask for; learned tables have as many rows
    d_model: int = 256
    num_heads: int = 8
    d_head: int = 0  # width of a head's query and key; 0: d_model / num_heads
    d_value: int = 0  # width of a head's value; 0: as its key
    d_ff: int = 1024
    num_encoder_layers: int = 4
    num_decoder_layers: int = 2
    activation: str = "relu"
    norm: str = "post"
    dropout: float = 0.1
    input: str = "tokens"
    d_input: int = 0  # width of an input vector (a one-hot token, an image patch), where input is vectors
    input_position: str = "sinusoidal"
    output: str = "tied"
    pooling: str = "none"
    pad_id: int = 0
    encoder_attention: AttentionConfig = AttentionConfig()
    decoder_attention: AttentionConfig = CAUSAL
    cross_attention: AttentionConfig = AttentionConfig()

    def __post_init__(self) -> None:
        for name in ("encoder_attention", "decoder_attention", "cross_attention"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                object.__setattr__(self, name, _read(AttentionConfig, value))
        _check("architecture", self.architecture, ARCHITECTURES)
        _check("activation", self.activation, ACTIVATIONS)
        _check("norm", self.norm, NORMS)
        _check("input", self.input, INPUTS)
        _check("input_position", self.input_position, INPUT_POSITIONS)
        _check("output", self.output, OUTPUTS)
        _check("pooling", self.pooling, POOLINGS)
        for name in (
            "vocab_size",
            "max_length",
            "d_model",
            "num_heads",
            "d_ff",
            "num_encoder_layers",
            "num_decoder_layers",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.d_head == 0 and self.d_model % self.num_heads:
            raise ValueError(
                f"d_model {self.d_model} is not a multiple of num_heads {self.num_heads}: change one, or give d_head"
            )
        if self.d_model % 2:
            raise ValueError(f"d_model must be even for pairs of sine and cosine, got {self.d_model}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")
        if self.input == "vectors" and self.d_input < 1:
            raise ValueError("input 'vectors' needs d_input, the width of an input vector")
        if self.input == "vectors" and self.architecture != "encoder":
            raise ValueError(f"input 'vectors' needs architecture 'encoder', got {self.architecture!r}")
        for attention in (self.encoder_attention, self.decoder_attention, self.cross_attention):
            if attention.position.name == "rotary" and self.head_size % 2:
                raise ValueError(f"position 'rotary' turns pairs: the width of a head, {self.head_size}, must be even")
        if self.output == "tied" and self.input == "vectors":
            raise ValueError("output 'tied' shares the token embedding, and input 'vectors' has none: use 'linear'")

    @property
    def head_size(self) -> int:
        """Width of one head: `d_head` where given, else d_model / num_heads."""
        return self.d_head or self.d_model // self.num_heads

    @property
    def value_size(self) -> int:
        """Width of one head's value: `d_value` where given, else that of its key."""
        return self.d_value or self.head_size

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelConfig:
        """Rebuild from `to_dict`, strictly: an unknown key is an error, not ignored."""
        return _read(cls, data)


# What each paper changes: the attention slots everywhere, in cross-attention, and the input position.
_SINUSOIDS_AT_THE_INPUT: dict[str, Any] = {"input_position": "sinusoidal"}
_POSITION_INSIDE: dict[str, Any] = {"input_position": "none"}
PRESETS: dict[str, dict[str, Any]] = {
    "vaswani": {"attention": {}, "cross": {}, **_SINUSOIDS_AT_THE_INPUT},
    "shaw": {"attention": {"position": "shaw"}, "cross": {"position": "none"}, **_POSITION_INSIDE},
    "transformer_xl": {"attention": {"position": "transformer_xl"}, "cross": {"position": "none"}, **_POSITION_INSIDE},
    "tsai": {"attention": {"projection": "symmetric", "position": "product"}, "cross": {}, **_POSITION_INSIDE},
    "kv": {"attention": {"projection": "kv"}, "cross": {}, **_SINUSOIDS_AT_THE_INPUT},
    "kv_pos": {
        "attention": {"projection": "kv", "position": "borji"},
        "cross": {"position": "none"},
        **_SINUSOIDS_AT_THE_INPUT,
    },
}


def preset(name: str, **settings: Any) -> ModelConfig:
    """Return the paper's attention (see `PRESETS`) in a model of the given sizes.

    Examples
    --------
    >>> preset("kv", d_model=32, num_heads=1).encoder_attention.projection
    'kv'
    """
    _check("preset", name, tuple(PRESETS))
    changes = PRESETS[name]
    config = ModelConfig(**settings)
    inside: dict[str, Any] = {k: Choice.of(v) if k == "position" else v for k, v in changes["attention"].items()}
    cross = inside | {k: Choice.of(v) for k, v in changes["cross"].items()}
    return replace(
        config,
        input_position=changes["input_position"],
        encoder_attention=replace(config.encoder_attention, **inside),
        decoder_attention=replace(config.decoder_attention, **inside),
        cross_attention=replace(config.cross_attention, **cross),
    )
