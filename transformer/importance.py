"""How much a translation needs each head: what becomes of its log-probability without it.

As in Michel et al. 2019, one head is switched off at a time; but it is the model's own output that is
scored, not a corpus.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from transformer.changes import KINDS, Change, check, check_layer
from transformer.edits import Edits, Here, edits_of
from transformer.likelihood import log_probability
from transformer.models import EncoderDecoder


def each_off(head_outputs: Tensor, here: Here) -> Tensor:
    """Widen one row of head outputs (1, H, Q, d) to 1 + H: as it is, then without each head."""
    heads = head_outputs.size(1)
    kept = torch.cat((head_outputs.new_ones(1, heads), 1 - torch.eye(heads, dtype=head_outputs.dtype)))
    return head_outputs * kept[:, :, None, None]


@torch.no_grad()
def head_importance(
    model: EncoderDecoder,
    source: Sequence[int],
    written: Sequence[int],
    kind: str,
    layer: int,
    changes: Sequence[Change] = (),
) -> Tensor:
    """Log-probability of the output with each head of a layer off, minus that with nothing more changed: (H,), in nats.

    Below zero: the output gets less likely, the head helps to write it. `written` is what was written for the
    `source`, both ids; everything runs under the `changes`, of which given pieces count for nothing here: the output
    is given as a whole. All heads take one batch, and what is before the layer is computed once.

    Raises
    ------
    ValueError
        If there is no such layer, or the changes do not fit the model or the source.
    """
    check_layer(model.config, kind, layer)
    check(changes, model.config, len(source))
    edits = edits_of(changes, model.config)
    edits.setdefault(f"{KINDS[kind].format(layer)}.head_outputs", []).append(each_off)
    likely = log_probability(model, source, written, Edits(edits))
    return likely[1:] - likely[0]
