"""One forward pass: recording over not recording, and our layers over PyTorch's."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from benchmarks.measure import Figure, median_milliseconds
from benchmarks.peer import Peer
from benchmarks.sentence import default_inputs
from transformer.config import ModelConfig
from transformer.models import EncoderDecoder
from transformer.tokenizers import PAD
from transformer.trace import Trace
from transformer.translator import load_translator


@torch.no_grad()
def trace(repeats: int) -> Figure:
    """Return the cost of recording: one teacher-forced pass of the bundled model with a trace, over one without."""
    translator = load_translator()
    model, inputs = translator.model, default_inputs(translator)
    value, baseline = median_milliseconds(lambda: model(*inputs, Trace()), lambda: model(*inputs), repeats)
    return Figure("trace", value, "ms", baseline, bar=1.15)


def forward_1(repeats: int) -> Figure:
    """Return one sentence of 16 tokens over the same in `nn.Transformer`."""
    return _forward("forward_1", batch_size=1, length=16, repeats=repeats)


def forward_32(repeats: int) -> Figure:
    """Return 32 sentences of up to 24 tokens over the same in `nn.Transformer`."""
    return _forward("forward_32", batch_size=32, length=24, repeats=repeats)


@torch.no_grad()
def _forward(name: str, batch_size: int, length: int, repeats: int) -> Figure:
    torch.manual_seed(0)
    model = EncoderDecoder(ModelConfig()).eval()
    peer = Peer(model).eval()
    source, target = token_rows(batch_size, length), token_rows(batch_size, length)
    with warnings.catch_warnings():  # once a process: nested tensors, which the fused layers use, are a prototype
        warnings.simplefilter("ignore", UserWarning)
        torch.testing.assert_close(peer(source, target), model(source, target), rtol=1e-3, atol=1e-3)
    value, baseline = median_milliseconds(lambda: model(source, target), lambda: peer(source, target), repeats)
    return Figure(name, value, "ms", baseline, bar=1.1)


def token_rows(batch_size: int, length: int) -> Tensor:
    """Random tokens (B, L); lengths as in a sorted batch, from three quarters of the longest to all of it."""
    tokens = torch.randint(PAD + 4, ModelConfig().vocab_size, (batch_size, length))
    lengths = torch.linspace(length, 0.75 * length, batch_size).round()
    return tokens.where(torch.arange(length) < lengths[:, None], PAD)
