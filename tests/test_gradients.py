"""Steps replayed as CUDA graphs are the steps that would have run; needs a GPU."""

from __future__ import annotations

import pytest
import torch

from transformer.config import ModelConfig
from transformer.data.batches import Batch
from transformer.models import build
from transformer.training import TrainingConfig, train

SMALL = ModelConfig(
    vocab_size=50,
    max_length=40,
    d_model=32,
    num_heads=2,
    d_ff=64,
    num_encoder_layers=2,
    num_decoder_layers=2,
    dropout=0,
)


def batches():
    """Three shapes in turn, each often enough to be captured and replayed, and always with other numbers."""
    generator = torch.Generator().manual_seed(0)
    for step in range(15):
        rows, width = ((4, 6), (3, 9), (5, 5))[step % 3]
        ids = torch.randint(4, 50, (3, rows, width), generator=generator).cuda()
        yield Batch(*ids)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_captured_steps_equal_eager_ones():
    runs = []
    for capture in (False, True):
        torch.manual_seed(0)
        model = build(SMALL)
        config = TrainingConfig(steps=15, warmup=5, peak_rate=1e-3, capture=capture)
        records = list(train(model, batches(), config, accelerator="cuda"))
        runs.append(([(record.loss, record.gradient_norm) for record in records], model.state_dict()))
    (eager, weights), (captured, same) = runs
    for once, again in zip(eager, captured, strict=True):
        assert again == pytest.approx(once, rel=1e-5)
    for name, weight in weights.items():
        if not name.endswith("w_k.bias"):  # the softmax cancels it: its gradient is rounding, which Adam magnifies
            torch.testing.assert_close(same[name], weight, rtol=0, atol=1e-4)
