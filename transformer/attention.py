"""Attention: a kernel-weighted mean of the visible values, in several heads. Every variant is a choice of slots."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from transformer.cache import NO_CACHE, KeysValues
from transformer.config import AttentionConfig, ModelConfig
from transformer.kernels import make_kernel
from transformer.masks import make_filter
from transformer.positions import VALUE_POSITIONS, make_position
from transformer.projections import PROJECTIONS, Linear, merge_heads
from transformer.trace import NO_TRACE, NoTrace

Recall = Callable[[Callable[[], KeysValues]], KeysValues]


class MultiHeadAttention(nn.Module):
    """sum over visible k of K(q, k) v / sum over visible k of K(q, k), per head, joined by W_o.

    Vaswani et al. 2017, section 3.2, and Tsai et al. 2019, equation 2, for the kernel.
    """

    def __init__(self, config: AttentionConfig, model: ModelConfig) -> None:
        super().__init__()
        sizes = model.d_model, model.num_heads, model.head_size
        self.projection = PROJECTIONS[config.projection](*sizes, model.value_size, bias=config.bias)
        self.kernel = make_kernel(config.kernel)
        self.position = make_position(config.position, *sizes)
        self.value_position = VALUE_POSITIONS[config.value_position]()
        self.set_filter = make_filter(config.filters)
        self.w_o = Linear(model.num_heads * model.value_size, model.d_model, config.bias)

    def keys_values(self, key: Tensor, value: Tensor, position: Tensor) -> KeysValues:
        """Project key and value inputs (B, L, D) at these positions (L,) to k and v (B, H, L, d)."""
        k = self.position.rotate(self.projection.keys(self.position.add(key, position)), position)
        return k, self.projection.values(self.value_position(value, position))

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        q_position: Tensor,
        k_position: Tensor,
        visible: Tensor,
        recall: Recall = NO_CACHE.self_attention,
        trace: NoTrace = NO_TRACE,
    ) -> Tensor:
        """Attend from query (B, Q, D) to key and value (B, L, D).

        Parameters
        ----------
        q_position, k_position : (Q,) and (K,) integers that leave none out and do not fall, except that all beams of
            a step stand at one; K counts recalled keys too, which come first
        visible : booleans that broadcast to (B, 1, Q, K); what is False, padding say, is hidden whatever the filter
        recall : what a cache does with the new keys and values; by default they are all there is

        Returns
        -------
        (B, Q, D)
        """
        visible = trace("visible", self.set_filter(q_position, k_position) & visible)
        new = k_position[-key.size(1) :]
        q = self.projection.queries(self.position.add(query, q_position))
        q = trace("q", self.position.rotate(q, q_position))
        k, v = recall(lambda: self.keys_values(key, value, new))
        k, v = trace("k", k), trace("v", v)
        content = trace("content_scores", self.kernel(q, k))
        scores = trace("scores", self.position.combine(content, q, k, q_position, k_position, self.kernel))
        weights = trace("weights", self.kernel.normalize(scores, visible))
        head_outputs = trace("head_outputs", weights @ v)
        return trace("output", self.w_o(merge_heads(head_outputs)))
