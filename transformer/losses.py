"""Losses: each takes a model and a batch, and gives the sum over the targets and how many they are.

Sum and number are kept apart, so that the mean over several processes or batches is the mean over all targets.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from transformer.cache import Memory
from transformer.data.batches import Batch, LabelledBatch, TextBatch
from transformer.data.windows import SegmentBatch
from transformer.tokenizers import PAD


def cross_entropy(logits: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Sum in nats of logits (..., V) against ids (...), and the number of ids; padding does not count.

    Smoothing spreads its share over all classes alike (Szegedy et al. 2016; Vaswani et al. 2017, section 5.4).
    """
    total = F.cross_entropy(
        logits.flatten(0, -2), targets.flatten(), ignore_index=PAD, label_smoothing=label_smoothing, reduction="sum"
    )
    return total, (targets != PAD).sum()


def translation_loss(model: nn.Module, batch: Batch, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the target's tokens, teacher-forced."""
    return cross_entropy(model(batch.source, batch.target_input), batch.target_output, label_smoothing)


def text_loss(model: nn.Module, batch: TextBatch, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the next token at every position."""
    return cross_entropy(model(batch.inputs), batch.outputs, label_smoothing)


class RememberingLoss:
    """`text_loss` of a model that also attends to `size` states of the segments before (Dai et al. 2019, section 3.2).

    One object serves one run: it holds the memory from batch to batch.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.memory = Memory(size)

    def __call__(self, model: nn.Module, batch: SegmentBatch, label_smoothing: float) -> tuple[Tensor, Tensor]:
        if batch.first:
            self.memory = Memory(self.size)
        return cross_entropy(model(batch.inputs, memory=self.memory), batch.outputs, label_smoothing)


def class_loss(model: nn.Module, batch: LabelledBatch, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the classes; a class is a number from 0 on, so there is no padding among the labels."""
    logits, labels = model(batch.inputs, batch.visible), batch.labels
    total = F.cross_entropy(logits.flatten(0, -2), labels.flatten(), label_smoothing=label_smoothing, reduction="sum")
    return total, labels.new_tensor(labels.numel())
