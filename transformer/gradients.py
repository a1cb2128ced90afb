"""How the gradient of one step is computed: plainly, or by replaying a CUDA graph captured for the batch's shape.

A small model spends more time launching kernels than running them. A graph launches all of a step at once, but is
of one shape: hence the corpora's batches of fixed shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

Batch = Any  # a dataclass of tensors; the loss knows which
Loss = Callable[[nn.Module, Batch, float], tuple[Tensor, Tensor]]  # the sum over targets, and how many they are


class Eager:
    """Run loss and backward pass; gradients are of the mean over the targets of all processes together."""

    def __init__(self, fabric: Fabric, model: nn.Module, loss: Loss, label_smoothing: float) -> None:
        self.fabric, self.model, self.loss, self.label_smoothing = fabric, model, loss, label_smoothing

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Add to the parameters' gradients; return the loss summed over this process's targets, and their number."""
        total, count = self.loss(self.model, batch, self.label_smoothing)
        # DDP takes the mean of the processes' gradients: with the mean number of targets that is the global mean.
        mean_count = self.fabric.all_reduce(count.float(), reduce_op="mean")
        assert isinstance(mean_count, Tensor)  # as what went in
        self.fabric.backward(total / mean_count)
        return total.detach(), count


class Captured(Eager):
    """The same on one CUDA device: a shape seen for the second time is captured, and from then on replayed."""

    def __init__(self, fabric: Fabric, model: nn.Module, loss: Loss, label_smoothing: float) -> None:
        super().__init__(fabric, model, loss, label_smoothing)
        self.seen: Counter[tuple[torch.Size, ...]] = Counter()
        self.graphs: dict[tuple[torch.Size, ...], Callable[[list[Tensor]], tuple[Tensor, Tensor]]] = {}
        self.pool = torch.cuda.graph_pool_handle()  # one graph runs at a time: they share their memory

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor]:
        tensors = [getattr(batch, field.name) for field in fields(batch)]
        shape = tuple(tensor.shape for tensor in tensors)
        self.seen[shape] += 1
        if self.seen[shape] == 1:  # a rare shape is not worth a graph, and the first run warms up
            return super().__call__(batch)
        if shape not in self.graphs:
            self.graphs[shape] = self._capture(type(batch), [tensor.clone() for tensor in tensors])
        return self.graphs[shape](tensors)

    def _capture(self, kind: type, inputs: list[Tensor]) -> Callable[[list[Tensor]], tuple[Tensor, Tensor]]:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):  # nothing runs yet; gradients are added in place
            result = super().__call__(kind(*inputs))

        def replay(tensors: list[Tensor]) -> tuple[Tensor, Tensor]:
            for place, tensor in zip(inputs, tensors, strict=True):
                place.copy_(tensor)
            graph.replay()
            return result

        return replay
