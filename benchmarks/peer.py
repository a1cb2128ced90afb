"""The peer: PyTorch's own `nn.Transformer`, with our embedding and output around it and our weights inside."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from transformer.attention import MultiHeadAttention
from transformer.layers import DecoderLayer, Layer
from transformer.models import OUTPUTS, EncoderDecoder


class Peer(nn.Module):
    """The numbers of an `EncoderDecoder` of plain attention and post-norm, computed by `nn.Transformer`.

    It runs in the form its documentation recommends: batch first, boolean padding masks for the source, the causal
    mask with its hint, so that in evaluation the fused encoder layers and nested tensors are used. Padding in the
    target needs no mask, since it comes last and nothing before it sees it; our decoder has none either.
    """

    def __init__(self, model: EncoderDecoder) -> None:
        super().__init__()
        config = model.config
        self.pad_id = config.pad_id
        self.embedding = copy.deepcopy(model.embedding)
        self.output = OUTPUTS[config.output](config, self.embedding)
        self.stacks = nn.Transformer(
            config.d_model,
            config.num_heads,
            config.num_encoder_layers,
            config.num_decoder_layers,
            config.d_ff,
            config.dropout,
            batch_first=True,
        )
        self.stacks.encoder.norm = self.stacks.decoder.norm = None  # the paper's stacks end with the last layer
        for layer, theirs in zip(model.encoder.layers, self.stacks.encoder.layers, strict=True):
            assert isinstance(layer, Layer) and isinstance(theirs, nn.TransformerEncoderLayer)
            _copy_layer(layer, theirs, theirs.norm2)
        for layer, theirs in zip(model.decoder.layers, self.stacks.decoder.layers, strict=True):
            assert isinstance(layer, DecoderLayer) and isinstance(theirs, nn.TransformerDecoderLayer)
            _copy_layer(layer, theirs, theirs.norm3)
            _copy_attention(layer.cross_attention, theirs.multihead_attn)
            theirs.norm2.load_state_dict(layer.cross_attention_norm.norm.state_dict())

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Source (B, S) and target (B, T) to logits (B, T, V)."""
        length = target.size(1)
        padding = source == self.pad_id
        states = self.stacks(
            self.embedding(source, torch.arange(source.size(1))),
            self.embedding(target, torch.arange(length)),
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(length),
            tgt_is_causal=True,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
        )
        logits: Tensor = self.output(states)
        return logits


def _copy_layer(
    ours: Layer | DecoderLayer, theirs: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer, last_norm: nn.LayerNorm
) -> None:
    _copy_attention(ours.self_attention, theirs.self_attn)
    theirs.norm1.load_state_dict(ours.self_attention_norm.norm.state_dict())
    theirs.linear1.load_state_dict(ours.feed_forward.w_1.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.w_2.state_dict())
    last_norm.load_state_dict(ours.feed_forward_norm.norm.state_dict())
    theirs.dropout.p = 0.0  # inside the feed-forward: ours drops, as the paper does, only what a sub-layer returns


def _copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    maps = [ours.projection.get_submodule(name) for name in ("w_q", "w_k", "w_v")]
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([each.get_parameter("weight") for each in maps]),
            "in_proj_bias": torch.cat([each.get_parameter("bias") for each in maps]),
            **{f"out_proj.{name}": value for name, value in ours.w_o.state_dict().items()},
        }
    )
    theirs.dropout = 0.0  # of the weights: the same reason
