"""What a row of attention weights means: five numbers for each key, and how far their orders agree.

A weight says where a head looks, not what the model makes of it. For one query of one head, each method here asks
in its own way how much a token matters; where they disagree, the weight alone explains little. (S)ource length,
(T)arget length, (H)eads, (Q)ueries, (K)eys, (D)model, d = width of a head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from transformer.agreement import rank_correlation
from transformer.attention import MultiHeadAttention
from transformer.changes import KINDS, Change, check, check_head
from transformer.config import ModelConfig
from transformer.edits import Edit, Edits, EditsByPath, Here, attention_paths, edits_of
from transformer.likelihood import log_probability
from transformer.models import EncoderDecoder
from transformer.trace import Trace

METHODS = ("raw", "norm", "rollout", "gradient", "occlusion")
KEYS = {"encoder": "source", "decoder": "target", "cross": "source"}  # whose tokens the keys are
HIDDEN_IN = {"source": ("encoder", "cross"), "target": ("decoder",)}  # attentions in which occlusion hides a key


@dataclass(frozen=True)
class Explanation:
    """One query of one head, explained by each method.

    `axes` says for each method whose tokens its vector is over, "source" or "target": the head's keys, save for
    rollout, which always leads to the source. `agreement` has Spearman's rank correlation of each two methods, in the
    order of `METHODS`, over the keys that the query sees; None where they are over different tokens, or where it is
    undefined. `log_probability` is what gradient and occlusion explain: of the piece that the query's position writes,
    given those before it; for a query of the encoder, of the whole output.
    """

    vectors: Mapping[str, Tensor]
    axes: Mapping[str, str]
    visible: Tensor  # (K,) booleans
    agreement: list[list[float | None]]
    log_probability: float


def explain(
    model: EncoderDecoder,
    source: Sequence[int],
    written: Sequence[int],
    kind: str,
    layer: int,
    head: int,
    query: int,
    changes: Sequence[Change] = (),
) -> Explanation:
    """Explain one query of one head by all methods, under the changes, for what was `written` for a `source` (ids).

    - raw: the weight alpha_j.
    - norm: ||alpha_j v_j W_o^h||, the length of what a key adds to the query's state (Kobayashi et al. 2020),
      v_j with its bias.
    - rollout: see `rollout`.
    - gradient: alpha_j times the derivative of the log-probability by it.
    - occlusion: by how much the log-probability falls when nobody may see the key: for a source token, nowhere in the
      encoder and in cross-attention; for an output token, in no decoder self-attention.

    The decoder reads the output up to the query and no further, as it did when it wrote; what comes after is not
    seen, and counts 0. Of a head that is switched off, raw, norm and rollout say what it looks at all the same.

    Raises
    ------
    ValueError
        If there is no such head or query, or the changes do not fit the model or the source.
    """
    config = model.config
    check_head(config, kind, layer, head)
    check(changes, config, len(source))
    queries = len(source) if kind == "encoder" else len(written)
    if not 0 <= query < queries:
        raise ValueError(f"there is no query {query}: there are {queries}, counted from 0")
    path, keys, length = KINDS[kind].format(layer), KEYS[kind], {"source": len(source), "target": len(written)}
    read, first = (written, 0) if kind == "encoder" else (written[: query + 1], query)
    edits = edits_of(changes, config) | {"decoder.output": [keep_from(first)]}

    trace = Trace(keep_grad=True, edits={f"{path}.weights": as_leaf}, changes=Edits(edits))
    with torch.enable_grad():
        likely = log_probability(model, source, read, trace, first).sum()
        (slope,) = torch.autograd.grad(likely, trace[f"{path}.weights"])
    with torch.no_grad():
        hidden = Edits(with_each_hidden(edits, attention_paths(config, *HIDDEN_IN[keys])))
        weights, visible = trace[f"{path}.weights"][0, head, query], trace[f"{path}.visible"][0, 0, query]
        seen = {
            "raw": weights,
            "norm": weights.abs() * transformed_values(model, trace, path, head).norm(dim=-1),
            "rollout": rollout(trace, config, kind, layer)[query],
            "gradient": weights * slope[0, head, query],
            "occlusion": (likely - log_probability(model, source, read, hidden, first)).to(weights.dtype),
        }
    axes = dict.fromkeys(METHODS, keys) | {"rollout": "source"}
    return Explanation(
        {name: _up_to(length[axes[name]], vector.detach()) for name, vector in seen.items()},
        axes,
        _up_to(length[keys], visible),
        agreement({name: vector[visible] if axes[name] == keys else vector for name, vector in seen.items()}, axes),
        likely.item(),
    )


def _up_to(length: int, vector: Tensor) -> Tensor:
    return F.pad(vector, (0, length - len(vector)))


def agreement(vectors: Mapping[str, Tensor], axes: Mapping[str, str]) -> list[list[float | None]]:
    """Rank correlation of each two methods; None where they are over different tokens."""
    return [
        [rank_correlation(vectors[one], vectors[other]) if axes[one] == axes[other] else None for other in METHODS]
        for one in METHODS
    ]


def rollout(weights: Mapping[str, Tensor], config: ModelConfig, kind: str, layer: int) -> Tensor:
    """How much of each source token is in the states that a layer writes, by attention alone (Q, S).

    Abnar and Zuidema 2020: a layer passes on half of what it reads and half of what its heads, on average,
    look at. With A the mean of the heads' weights, each attention maps the shares R of the source tokens in its
    queries' states to

        R <- 1/2 R + 1/2 A R_keys.

    In the encoder R begins as the identity and R_keys is R. In the decoder R (T, S) begins at zero, as the output's
    own pieces are no source tokens; in self-attention R_keys is R, and in cross-attention it is the rollout of the
    whole encoder. A row sums to 1 in the encoder; in the decoder to less: the rest came from the pieces written
    before. `decoder` and `cross` are one thing here: both ask for the state after the whole layer.
    """
    encoder = torch.eye(weights["encoder.layers.0.self_attention.weights"].size(-1))
    for number in range(layer + 1 if kind == "encoder" else config.num_encoder_layers):
        encoder = _passed_on(weights, f"encoder.layers.{number}.self_attention", encoder, encoder)
    if kind == "encoder":
        return encoder
    decoder = torch.zeros(weights["decoder.layers.0.self_attention.weights"].size(-1), encoder.size(-1))
    for number in range(layer + 1):
        decoder = _passed_on(weights, f"decoder.layers.{number}.self_attention", decoder, decoder)
        decoder = _passed_on(weights, f"decoder.layers.{number}.cross_attention", decoder, encoder)
    return decoder


def _passed_on(weights: Mapping[str, Tensor], path: str, queries: Tensor, keys: Tensor) -> Tensor:
    attention = weights[f"{path}.weights"][0].mean(0)
    return 0.5 * queries.to(attention.dtype) + 0.5 * attention @ keys.to(attention.dtype)


def transformed_values(model: EncoderDecoder, trace: Mapping[str, Tensor], path: str, head: int) -> Tensor:
    """Return v_j W_o^h: what each key would add to a query's state at weight 1 (K, D)."""
    v, attention = trace[f"{path}.v"][0, head], model.get_submodule(path)
    assert isinstance(attention, MultiHeadAttention)  # as all that this project builds are
    size = v.size(-1)
    return v @ attention.w_o.weight[:, head * size : (head + 1) * size].mT


# --- what the passes are edited by ---


def as_leaf(weights: Tensor) -> Tensor:
    """Begin the graph here: nothing before the weights needs a gradient."""
    return weights.detach().requires_grad_()


def keep_from(first: int) -> Edit:
    """Drop the decoder's states (B, T, D) before a position: nobody asks what they write."""
    return lambda states, here: states[:, first:]


def hide_each(value: Tensor, here: Here) -> Tensor:
    """Widen what is visible (1, 1, Q, K) to K rows, of which each hides one key."""
    return value & ~torch.eye(len(here.position), dtype=torch.bool)[:, None, None]


def with_each_hidden(edits: EditsByPath, paths: Sequence[str]) -> EditsByPath:
    """Return the edits, and in the attentions at these paths each key hidden in a row of its own."""
    return edits | {f"{path}.visible": [*edits.get(f"{path}.visible", []), hide_each] for path in paths}
