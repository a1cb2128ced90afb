"""Layers: attention and feed-forward, each inside a residual connection with its normalisation.

(B)atch, (Q)ueries, (D)model, (F)eed-forward width. States are (B, Q, D).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from transformer.attention import MultiHeadAttention
from transformer.cache import NO_CACHE, NoCache
from transformer.config import AttentionConfig, ModelConfig
from transformer.places import Place
from transformer.projections import Linear
from transformer.trace import NO_TRACE, NoTrace

Extend = Callable[[Tensor], Tensor]  # a layer's inputs -> those with its memory before them


def no_memory(x: Tensor) -> Tensor:
    """Keys are the layer's own inputs."""
    return x


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class FeedForward(nn.Module):
    """f(x W_1 + b_1) W_2 + b_2 at every position alike (Vaswani et al. 2017, equation 2)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.w_1 = Linear(config.d_model, config.d_ff)
        self.activation = ACTIVATIONS[config.activation]()
        self.w_2 = Linear(config.d_ff, config.d_model)

    def forward(self, x: Tensor, trace: NoTrace = NO_TRACE) -> Tensor:
        hidden = trace("hidden", self.activation(trace("pre_activation", self.w_1(x))))
        return trace("output", self.w_2(hidden))


class PostNorm(nn.Module):
    """LayerNorm(x + f(x)), as published (Vaswani et al. 2017, section 3.1)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor], trace: NoTrace = NO_TRACE) -> Tensor:
        return trace("output", self.norm(trace("input", x + self.dropout(sublayer(x)))))


class PreNorm(PostNorm):
    """x + f(LayerNorm(x)), which trains deep stacks more easily (Xiong et al. 2020)."""

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor], trace: NoTrace = NO_TRACE) -> Tensor:
        return x + self.dropout(sublayer(trace("output", self.norm(trace("input", x)))))


NORMS: dict[str, type[PostNorm]] = {"post": PostNorm, "pre": PreNorm}


class Layer(nn.Module):
    """Self-attention, then feed-forward: a layer of an encoder or of a language model."""

    def __init__(self, config: ModelConfig, attention: AttentionConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(attention, config)
        self.self_attention_norm = NORMS[config.norm](config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_norm = NORMS[config.norm](config)

    def forward(
        self,
        x: Tensor,
        q_position: Tensor,
        k_position: Tensor,
        visible: Tensor,
        cache: NoCache = NO_CACHE,
        extend: Extend = no_memory,
        trace: NoTrace = NO_TRACE,
    ) -> Tensor:
        def attend(h: Tensor) -> Tensor:
            key, scope = extend(h), trace.scope("self_attention")
            return self.self_attention(h, key, key, q_position, k_position, visible, cache.self_attention, scope)

        def transform(h: Tensor) -> Tensor:
            return self.feed_forward(h, trace.scope("feed_forward"))

        x = trace("residual_pre", x)
        x = trace("residual_mid", self.self_attention_norm(x, attend, trace.scope("self_attention_norm")))
        return trace("residual_post", self.feed_forward_norm(x, transform, trace.scope("feed_forward_norm")))


@dataclass(frozen=True)
class Encoded:
    """The encoder's output, and what decoders need to attend to it."""

    states: Tensor  # (B, S, D)
    position: Tensor  # (S,)
    not_padding: Tensor  # (B, 1, 1, S)

    def select(self, rows: Tensor) -> Encoded:
        """Keep these rows of the batch, in this order."""
        return Encoded(self.states[rows], self.position, self.not_padding[rows])


class DecoderLayer(nn.Module):
    """Masked self-attention, attention to the encoder's output, then feed-forward."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config.decoder_attention, config)
        self.self_attention_norm = NORMS[config.norm](config)
        self.cross_attention = MultiHeadAttention(config.cross_attention, config)
        self.cross_attention_norm = NORMS[config.norm](config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_norm = NORMS[config.norm](config)

    def forward(
        self,
        x: Tensor,
        source: Encoded,
        place: Place,
        cache: NoCache = NO_CACHE,
        trace: NoTrace = NO_TRACE,
    ) -> Tensor:
        def look_back(h: Tensor) -> Tensor:
            scope = trace.scope("self_attention")
            return self.self_attention(
                h, h, h, place.q_position, place.k_position, place.visible, cache.self_attention, scope
            )

        def look_at_source(h: Tensor) -> Tensor:
            states, scope = source.states, trace.scope("cross_attention", key="source")
            return self.cross_attention(
                h, states, states, place.q_position, source.position, source.not_padding, cache.cross_attention, scope
            )

        def transform(h: Tensor) -> Tensor:
            return self.feed_forward(h, trace.scope("feed_forward"))

        x = trace("residual_pre", x)
        x = trace("residual_mid", self.self_attention_norm(x, look_back, trace.scope("self_attention_norm")))
        x = trace("residual_cross", self.cross_attention_norm(x, look_at_source, trace.scope("cross_attention_norm")))
        return trace("residual_post", self.feed_forward_norm(x, transform, trace.scope("feed_forward_norm")))
