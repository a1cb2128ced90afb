"""How likely an output is under edits: the one number that importance and explanations ask about.

(B)atch: one row, or as many as an edit widens the pass to; (T)arget length.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from transformer.models import EncoderDecoder
from transformer.tokenizers import START
from transformer.trace import NO_TRACE, NoTrace, Trace


def log_probability(
    model: EncoderDecoder,
    source: Sequence[int],
    written: Sequence[int],
    trace: NoTrace | Trace = NO_TRACE,
    first: int = 0,
) -> Tensor:
    """Natural logarithm of the probability of the pieces from `first` on, given the source and those before: (B,).

    One teacher-forced pass, which `trace` edits or records. An edit may have dropped the states before `first`.
    """
    logits = model(torch.tensor([source]), torch.tensor([[START, *written[:-1]]]), trace)
    asked = torch.tensor(written[first:])
    logits = logits[:, -len(asked) :]
    chosen = logits.gather(-1, asked[None, :, None].expand(len(logits), -1, 1)).squeeze(-1)
    return (chosen - logits.logsumexp(-1)).double().sum(-1)
