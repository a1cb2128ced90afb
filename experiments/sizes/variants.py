"""The rows of table 3 of Vaswani et al. 2017, for a small translator: each changes one thing of the base model.

The base is `experiments.kernels.recipes.SMALL_TRANSLATOR`: 3 + 3 layers, d_model 128, 4 heads, d_ff 256, dropout 0.2,
label smoothing 0.1, sinusoids at the input. Settings in `changes` are those of `ModelConfig`, and `label_smoothing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from transformer.config import ModelConfig
from transformer.models import build
from transformer.training import TrainingConfig

Changes = tuple[tuple[str, Any], ...]
OF_THE_MODEL = {field.name for field in fields(ModelConfig)}


@dataclass(frozen=True)
class Size:
    """One row: the settings in which it differs from the base model and its training."""

    changes: Changes

    def configure(self, model: ModelConfig) -> ModelConfig:
        """Return the model with those changes that are the model's."""
        return replace(model, **{name: value for name, value in self.changes if name in OF_THE_MODEL})

    def schedule(self, training: TrainingConfig) -> TrainingConfig:
        """Return the training with the others."""
        return replace(training, **{name: value for name, value in self.changes if name not in OF_THE_MODEL})


def size(**changes: Any) -> Size:
    """Name what a row changes."""
    return Size(tuple(changes.items()))


def layers(number: int) -> Size:
    """So many in the encoder, and as many in the decoder: the paper's N."""
    return size(num_encoder_layers=number, num_decoder_layers=number)


# Group -> row -> its size. With the number of heads their width changes too (d_model / heads), as in the paper, so that
# the work stays the same. Where the key is smaller (B), the value stays as wide as in the base model, as in the paper.
TABLE: Mapping[str, Mapping[str, Size]] = {
    "base": {"base": size()},
    "A": {f"heads-{heads}": size(num_heads=heads) for heads in (1, 2, 8, 16)},
    "B": {f"d_k-{width}": size(d_head=width, d_value=32) for width in (8, 16)},
    "C": {
        **{f"layers-{number}": layers(number) for number in (1, 2, 4, 6)},
        **{f"d_model-{width}": size(d_model=width) for width in (64, 256)},
        **{f"d_ff-{width}": size(d_ff=width) for width in (128, 512, 1024)},
    },
    "D": {
        **{f"dropout-{rate}": size(dropout=rate) for rate in (0.0, 0.1, 0.3)},
        **{f"smoothing-{rate}": size(label_smoothing=rate) for rate in (0.0, 0.2)},
    },
    "E": {"positions-learned": size(input_position="learned")},
}
COLUMNS = (
    "table",
    "variant",
    "layers",
    "d_model",
    "d_ff",
    "heads",
    "d_k",
    "d_v",
    "dropout",
    "label_smoothing",
    "positions",
    "parameters",
)


def settings(model: ModelConfig, training: TrainingConfig) -> list[tuple[object, ...]]:
    """Return what each row is, in the paper's columns, for a base model and its training."""
    lines: list[tuple[object, ...]] = []
    for group, rows in TABLE.items():
        for row, each in rows.items():
            its, trained = each.configure(model), each.schedule(training)
            parameters = sum(parameter.numel() for parameter in build(its).parameters())
            lines.append(
                (
                    group,
                    row,
                    its.num_encoder_layers,
                    its.d_model,
                    its.d_ff,
                    its.num_heads,
                    its.head_size,
                    its.value_size,
                    its.dropout,
                    trained.label_smoothing,
                    its.input_position,
                    parameters,
                )
            )
    return lines
