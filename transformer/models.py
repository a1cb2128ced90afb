"""Models: encoder-decoder, decoder-only language model and encoder-only classifier, from the same layers.

(B)atch, (S)ource length, (T)arget length, (L)ength, (D)model, (V)ocabulary or classes. Tokens are int64 ids.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from transformer.cache import NO_CACHE, NO_MEMORY, NoCache, NoMemory
from transformer.config import AttentionConfig, ModelConfig
from transformer.layers import DecoderLayer, Encoded, Layer
from transformer.masks import not_padding
from transformer.places import Place, in_line, positions
from transformer.positions import INPUT_POSITIONS
from transformer.projections import linear
from transformer.trace import NO_TRACE, NoTrace


class TokenEmbedding(nn.Module):
    """Rows of a table, times sqrt(d_model) (Vaswani et al. 2017, section 3.4)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.table = nn.Embedding(config.vocab_size, config.d_model)
        nn.init.normal_(self.table.weight, std=config.d_model**-0.5)
        self.scale = math.sqrt(config.d_model)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.table(tokens) * self.scale


class VectorEmbedding(nn.Module):
    """A linear map of vectors (B, L, d_input): one-hot tokens (Borji 2023) or flattened image patches."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.linear = nn.Linear(config.d_input, config.d_model)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.linear(vectors)


class Embedding(nn.Module):
    """What enters a stack: content plus input position, with dropout (Vaswani et al. 2017, section 5.4)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.content = {"tokens": TokenEmbedding, "vectors": VectorEmbedding}[config.input](config)
        self.position = INPUT_POSITIONS[config.input_position](config.d_model, config.max_length)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, inputs: Tensor, position: Tensor, trace: NoTrace = NO_TRACE) -> Tensor:
        content = trace("token_embedding", self.content(inputs))
        return trace("embedding", self.dropout(self.position(content, position)))


class TiedOutput(nn.Module):
    """Logits by the embedding table itself (Vaswani et al. 2017, section 3.4)."""

    def __init__(self, config: ModelConfig, embedding: Embedding) -> None:
        super().__init__()
        content = embedding.content
        assert isinstance(content, TokenEmbedding)  # the config says so
        self._table = [content.table]  # in a list: the table belongs to the embedding, and is saved once

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self._table[0].weight)


def linear_output(config: ModelConfig, embedding: Embedding) -> nn.Module:
    """Logits by a linear map of their own."""
    return nn.Linear(config.d_model, config.vocab_size)


def mlp_output(config: ModelConfig, embedding: Embedding) -> nn.Module:
    """Linear, LayerNorm, ReLU, dropout, linear: the output net of Borji's synthetic tasks."""
    return nn.Sequential(
        nn.Linear(config.d_model, config.d_model),
        nn.LayerNorm(config.d_model),
        nn.ReLU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.d_model, config.vocab_size),
    )


OUTPUTS = {"tied": TiedOutput, "linear": linear_output, "mlp": mlp_output}
FINAL_NORMS = {"post": nn.Identity, "pre": nn.LayerNorm}  # pre-norm leaves the stack's output unnormalised


def every_position(x: Tensor, present: Tensor) -> Tensor:
    """States (B, L, D) as they are: the model answers at each position."""
    return x


def mean_of_present(x: Tensor, present: Tensor) -> Tensor:
    """Mean of the states (B, L, D) that are present (B, L), not padding: (B, D)."""
    return (x * present[..., None]).sum(1) / present.sum(1, keepdim=True).clamp_min(1)


def first_position(x: Tensor, present: Tensor) -> Tensor:
    """State of the first position (B, D)."""
    return x[:, 0]


POOLINGS = {"none": every_position, "mean": mean_of_present, "first": first_position}


class Stack(nn.Module):
    """Layers of self-attention: an encoder, or the body of a language model."""

    def __init__(self, config: ModelConfig, num_layers: int, attention: AttentionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config, attention) for _ in range(num_layers))
        self.norm = FINAL_NORMS[config.norm](config.d_model)

    def forward(
        self,
        x: Tensor,
        q_position: Tensor,
        k_position: Tensor,
        visible: Tensor,
        cache: NoCache = NO_CACHE,
        memory: NoMemory = NO_MEMORY,
        trace: NoTrace = NO_TRACE,
    ) -> Tensor:
        for index, layer in enumerate(self.layers):
            scope = trace.scope(f"layers.{index}")
            x = layer(x, q_position, k_position, visible, cache.layer(index), memory.layer(index), scope)
        return trace("output", self.norm(x))


class DecoderStack(nn.Module):
    """Layers of masked self-attention and cross-attention."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_decoder_layers))
        self.norm = FINAL_NORMS[config.norm](config.d_model)

    def forward(
        self,
        x: Tensor,
        source: Encoded,
        place: Place,
        cache: NoCache = NO_CACHE,
        trace: NoTrace = NO_TRACE,
    ) -> Tensor:
        for index, layer in enumerate(self.layers):
            x = layer(x, source, place, cache.layer(index), trace.scope(f"layers.{index}"))
        return trace("output", self.norm(x))


class Model(nn.Module):
    """What all architectures have: the config that they were built from."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config


class EncoderDecoder(Model):
    """A translator: source tokens and the target so far to logits of the next target token (Vaswani et al. 2017)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embedding = Embedding(config)  # one table for source, target and output
        self.encoder = Stack(config, config.num_encoder_layers, config.encoder_attention)
        self.decoder = DecoderStack(config)
        self.output = OUTPUTS[config.output](config, self.embedding)

    def encode(self, source: Tensor, trace: NoTrace = NO_TRACE) -> Encoded:
        """Source tokens (B, S) to states (B, S, D)."""
        scope = trace.scope("encoder", query="source", key="source")
        position = positions(0, source.size(1), source)
        visible = not_padding(source, self.config.pad_id)
        x = self.embedding(source, position, scope)
        return Encoded(self.encoder(x, position, position, visible, trace=scope), position, visible)

    def decode(
        self,
        target: Tensor,
        source: Encoded,
        cache: NoCache = NO_CACHE,
        trace: NoTrace = NO_TRACE,
        place: Place | None = None,
    ) -> Tensor:
        """Target tokens (B, T) to logits (B, T, V) of each one's next token.

        They stand one after the other, after those in the cache, unless `place` says where.
        """
        scope = trace.scope("decoder", query="target", key="target")
        place = place or in_line(cache.length, target)
        x = self.embedding(target, place.q_position, scope)
        x = self.decoder(x, source, place, cache, scope)
        return trace.scope("", query="target")("logits", self.output(x))

    def forward(self, source: Tensor, target: Tensor, trace: NoTrace = NO_TRACE) -> Tensor:
        """Source (B, S) and target (B, T) to logits (B, T, V), every position at once (teacher forcing)."""
        return self.decode(target, self.encode(source, trace), trace=trace)


class LanguageModel(Model):
    """Decoder-only: tokens to logits of each one's next token."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embedding = Embedding(config)
        self.decoder = Stack(config, config.num_decoder_layers, config.decoder_attention)
        self.output = OUTPUTS[config.output](config, self.embedding)

    def forward(
        self,
        tokens: Tensor,
        cache: NoCache = NO_CACHE,
        memory: NoMemory = NO_MEMORY,
        trace: NoTrace = NO_TRACE,
    ) -> Tensor:
        """Tokens (B, L), after those in the cache or in the memory, to logits (B, L, V).

        Padding belongs at the end, behind a causal filter, where nothing sees it.
        """
        if cache.length and memory.length:
            raise ValueError("give a cache or a memory, not both: they hold the same positions")
        scope = trace.scope("decoder", query="target", key="target")
        before = cache.length + memory.length
        place = in_line(before, tokens)
        x = self.embedding(tokens, place.q_position, scope)
        x = self.decoder(x, place.q_position, place.k_position, place.visible, cache, memory, scope)
        return trace.scope("", query="target")("logits", self.output(x))


class Classifier(Model):
    """Encoder-only: tokens (B, L) or vectors (B, L, d_input) to logits of classes, pooled or at each position."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embedding = Embedding(config)
        self.encoder = Stack(config, config.num_encoder_layers, config.encoder_attention)
        self.output = OUTPUTS[config.output](config, self.embedding)
        self.pool = POOLINGS[config.pooling]

    def forward(self, inputs: Tensor, visible: Tensor | None = None, trace: NoTrace = NO_TRACE) -> Tensor:
        """Inputs, and which of them are not padding (B, L), to logits (B, L, V), or (B, V) where the model pools."""
        scope = trace.scope("encoder", query="source", key="source")
        position = positions(0, inputs.size(1), inputs)
        present = torch.ones(inputs.shape[:2], dtype=torch.bool, device=inputs.device) if visible is None else visible
        x = self.embedding(inputs, position, scope)
        x = self.encoder(x, position, position, present[:, None, None, :], trace=scope)
        return trace.scope("", query="source")("logits", self.output(self.pool(x, present)))


ARCHITECTURES: dict[str, type[Model]] = {
    "encoder_decoder": EncoderDecoder,
    "decoder": LanguageModel,
    "encoder": Classifier,
}


def build(config: ModelConfig) -> Model:
    """Build the untrained model that a config describes; linear maps start Xavier-uniform, biases at zero."""
    model = ARCHITECTURES[config.architecture](config)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
