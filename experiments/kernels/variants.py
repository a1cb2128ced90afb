"""The four tables of Tsai et al. 2019 as choices of slots: which attention stands in which row.

A row is a `Smoother`; rows of several tables that are the same attention are one run. A = encoder self-attention,
B = encoder-decoder attention, C = decoder self-attention.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from transformer.config import AttentionConfig, Choice, ModelConfig
from transformer.training import TrainingConfig

Kind = Literal["translation", "prediction"]
RELATIVE = ("shaw", "transformer_xl")  # offsets between places of two texts say nothing: these stay out of B
KERNELS = ("linear", "polynomial", "exponential", "rbf")
SYMMETRIES = ("asymmetric", "symmetric")


class Variant(Hashable, Protocol):
    """What makes a row of a table differ from the others of its task; equal variants are one run."""

    def configure(self, model: ModelConfig) -> ModelConfig:
        """Change the task's model."""
        ...

    def schedule(self, training: TrainingConfig) -> TrainingConfig:
        """Change the task's training."""
        ...


@dataclass(frozen=True)
class Smoother:
    """One way to attend, everywhere in a model: the slots that the tables vary."""

    kernel: str = "exponential"
    symmetric: bool = False  # W_q = W_k
    position: str = "none"  # in the kernel of every layer
    at_input: bool = False  # or sinusoids summed to the embeddings, once, as in Vaswani et al. 2017
    places: str = "ABC"  # where `position` goes
    in_value: bool = False  # whether values see position too, where `position` goes

    def configure(self, model: ModelConfig) -> ModelConfig:
        """Return the model with these slots."""
        return replace(
            model,
            input_position="sinusoidal" if self.at_input else "none",
            encoder_attention=self._attention("A", model.encoder_attention),
            cross_attention=self._attention("B", model.cross_attention),
            decoder_attention=self._attention("C", model.decoder_attention),
        )

    def schedule(self, training: TrainingConfig) -> TrainingConfig:
        """Return the training as it is: no table varies it."""
        return training

    def _attention(self, place: str, attention: AttentionConfig) -> AttentionConfig:
        placed = place in self.places and not (place == "B" and self.position in RELATIVE)
        return replace(
            attention,
            kernel=Choice(self.kernel),
            projection="symmetric" if self.symmetric else "qkv",
            position=Choice(self.position if placed else "none"),
            value_position="sinusoidal" if placed and self.in_value else "none",
        )


NONE = Smoother()
AT_INPUT = Smoother(at_input=True)  # Vaswani et al. 2017; values see position by way of the residual stream
INSIDE = Smoother(position="direct_sum")  # the same sum in every layer, so that values may do without
SHAW = Smoother(position="shaw")
TRANSFORMER_XL = Smoother(position="transformer_xl")
PRODUCT = Smoother(position="product", symmetric=True)  # the paper's own


def with_position(smoother: Smoother) -> Smoother:
    """Let values see position too."""
    return replace(smoother, in_value=True)


def _kernels(base: Smoother) -> dict[str, Smoother]:
    return {
        f"{kernel}-{symmetry}": replace(base, kernel=kernel, symmetric=symmetry == "symmetric")
        for kernel in KERNELS
        for symmetry in SYMMETRIES
    }


POSITION = {
    "none": NONE,
    "direct_sum": AT_INPUT,
    "shaw": SHAW,
    "transformer_xl": TRANSFORMER_XL,
    "product": PRODUCT,
}
VALUE = {
    f"{name}-{value}": with_position(smoother) if value == "with" else smoother
    for name, smoother in (POSITION | {"direct_sum": INSIDE}).items()
    if name != "none"
    for value in ("with", "without")
}
# Kernels: translation as Vaswani et al., prediction as Dai et al.; table 3 has no A and B in prediction.
TABLES: Mapping[str, Mapping[Kind, Mapping[str, Smoother]]] = {
    "position": {"translation": POSITION, "prediction": POSITION},
    "kernel": {"translation": _kernels(AT_INPUT), "prediction": _kernels(TRANSFORMER_XL)},
    "placement": {
        "translation": {
            "product-ABC": PRODUCT,
            "product-AB": replace(PRODUCT, places="AB"),
            "direct_sum-ABC": with_position(INSIDE),
            "direct_sum-AB": with_position(replace(INSIDE, places="AB")),
            "none": NONE,
        },
        "prediction": {"product-C": PRODUCT, "direct_sum-C": AT_INPUT, "none": NONE},
    },
    "value": {"translation": VALUE, "prediction": VALUE},
}
