"""What position does in the kernel and in the values: scores and outputs in content and position parts that add up.

Direct sum (Vaswani et al. 2017): f + t meets f + t, so a score has four terms. They are exact where f and t are still
apart: in the first layer, or in every layer where t is added inside the kernel alone. Biases count as content: they are
there without position too. The other variants multiply the kernel by another, and their logarithms add (Tsai et al.
2019, section 3). (P)arts, (H)eads, (Q)ueries, (K)eys, (L)ength, (D)model, d = width of a head; one sentence, no batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from transformer.attention import MultiHeadAttention
from transformer.changes import KINDS
from transformer.config import AttentionConfig
from transformer.models import EncoderDecoder
from transformer.positions import ShawPosition, TransformerXLPosition, sinusoid
from transformer.trace import Trace

BILINEAR = ("exponential", "linear")  # kernels whose scores of a sum are the sum of the scores
STACKS = {"encoder": "encoder", "decoder": "decoder", "cross": "decoder"}
CONFIGS = {"encoder": "encoder_attention", "decoder": "decoder_attention", "cross": "cross_attention"}

Parts = dict[str, Tensor]  # name -> (H, Q, K)


class NotSeparable(ValueError):
    """Scores or values that are no sum of a content and a position part; `reason` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"content and position are not apart here: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Attended:
    """One attention of a recorded pass: its module, its settings, and what it read and computed."""

    attention: MultiHeadAttention
    config: AttentionConfig
    trace: Trace
    path: str
    kind: str
    layer: int
    model: EncoderDecoder

    def __getitem__(self, name: str) -> Tensor:
        """Return a recorded tensor of this attention, without the batch."""
        return self.trace[f"{self.path}.{name}"][0]

    @property
    def places(self) -> tuple[Tensor, Tensor]:
        """Positions of the queries (Q,) and of the keys (K,)."""
        queries, keys = self["scores"].shape[-2:]
        return torch.arange(queries), torch.arange(keys)


def attended(model: EncoderDecoder, trace: Trace, kind: str, layer: int) -> Attended:
    """Find an attention by its kind ("encoder", "decoder", "cross") and layer in a pass that was recorded."""
    path = KINDS[kind].format(layer)
    module = model.get_submodule(path)
    assert isinstance(module, MultiHeadAttention)
    return Attended(module, getattr(model.config, CONFIGS[kind]), trace, path, kind, layer, model)


def input_position(one: Attended) -> tuple[Tensor, Tensor]:
    """Return content and position (L, D) of the input of an attention, where they are apart.

    Raises
    ------
    NotSeparable
        "cross": one side comes from a whole stack; "deeper": an earlier layer mixed them; "norm": a normalisation did.
    """
    if one.kind == "cross":
        raise NotSeparable("cross")
    if one.layer:
        raise NotSeparable("deeper")
    if one.model.config.norm == "pre":
        raise NotSeparable("norm")
    content = one.trace[f"{STACKS[one.kind]}.token_embedding"][0]
    t = one.model.embedding.position(torch.zeros_like(content), torch.arange(len(content)))
    return content, t


def linear_part(project: Callable[[Tensor], Tensor], t: Tensor) -> Tensor:
    """Return what a projection makes of t (L, D) without its bias: (H, L, d)."""
    return project(t) - project(torch.zeros_like(t))


def cross_terms(one: Attended, query: tuple[Tensor, Tensor], key: tuple[Tensor, Tensor]) -> Parts:
    """Return the four terms of <(f + t) W_q, (f + t) W_k>, from content and position of queries and keys."""
    if one.config.kernel.name not in BILINEAR:
        raise NotSeparable("kernel")
    project, kernel = one.attention.projection, one.attention.kernel
    q = {"content": project.queries(query[0]), "position": linear_part(project.queries, query[1])}
    k = {"content": project.keys(key[0]), "position": linear_part(project.keys, key[1])}
    return {f"{of_q}_{of_k}": kernel(q[of_q], k[of_k]) for of_q in q for of_k in k}


def content_alone(one: Attended) -> Parts:
    """Return the kernel of q and k, in parts where position was added at the input and is still apart."""
    if one.model.config.input_position == "none":
        return {"content_content": one["content_scores"]}
    f_and_t = input_position(one)
    return cross_terms(one, f_and_t, f_and_t)


def sum_inside(one: Attended) -> Parts:
    """Direct sum in the kernel of this layer: four terms, whatever the layer reads."""
    if one.model.config.input_position != "none" or one.model.config.norm == "pre":
        raise NotSeparable("deeper" if one.model.config.norm == "post" else "norm")
    inputs = [one.trace[path][0] for path in read_by(one)]
    places = one.places
    query, key = ((x, sinusoid(p, x.size(-1)).to(x.dtype)) for x, p in zip(inputs, places, strict=True))
    return cross_terms(one, query, key)


def read_by(one: Attended) -> tuple[str, str]:
    """Paths of what the queries and the keys of an attention are made of, in a post-norm stack."""
    layer = f"{STACKS[one.kind]}.layers.{one.layer}"
    if one.kind == "cross":
        return f"{layer}.residual_mid", "encoder.output"
    return f"{layer}.residual_pre", f"{layer}.residual_pre"


def whole_factor(one: Attended) -> Tensor:
    """Return what the position of this layer did to the score altogether: its difference to the kernel of q and k."""
    if one.config.kernel.name not in ("exponential", "rbf"):
        raise NotSeparable("kernel")
    return one["scores"] - one["content_scores"]


def shaw(one: Attended) -> Parts:
    """q meets the vector of the offset: q a_(i-j) (Shaw et al. 2018)."""
    assert isinstance(one.attention.position, ShawPosition)
    return {**content_alone(one), "content_position": whole_factor(one)}


def transformer_xl(one: Attended) -> Parts:
    """The four terms of Dai et al. 2019, section 3.3: q k, q r, u k and v r."""
    position = one.attention.position
    assert isinstance(position, TransformerXLPosition)
    of_content = (position.u @ one["k"].mT / math.sqrt(position.d_head)).expand_as(one["scores"])
    zero = torch.zeros_like(one["q"])
    both = position.combine(torch.zeros_like(one["scores"]), zero, one["k"], *one.places, one.attention.kernel)
    of_offset = both - of_content
    return {
        **content_alone(one),
        "content_position": whole_factor(one) - both,
        "bias_content": of_content,
        "bias_position": of_offset,
    }


def product(one: Attended) -> Parts:
    """A second kernel of positions alone: <t_q W_T, t_k W_T> (Tsai et al. 2019, section 3)."""
    return {**content_alone(one), "position_position": whole_factor(one)}


def other_factor(one: Attended) -> Parts:
    """What another variant adds to the score, in one part."""
    return {**content_alone(one), "position": whole_factor(one)}


def turned(one: Attended) -> Parts:
    """Rotary position turns q and k: content and position multiply within every pair of components."""
    raise NotSeparable("rotary")


SPLITS: Mapping[str, Callable[[Attended], Parts]] = {
    "none": content_alone,
    "direct_sum": sum_inside,
    "shaw": shaw,
    "transformer_xl": transformer_xl,
    "product": product,
    "borji": other_factor,
    "borji_literal": other_factor,
    "rotary": turned,
}


@torch.no_grad()
def score_parts(model: EncoderDecoder, trace: Trace, kind: str, layer: int) -> Parts:
    """Return the scores of one attention in named parts (H, Q, K) that add up to them.

    Raises
    ------
    NotSeparable
        Where they are no such sum: see `reason`.
    """
    one = attended(model, trace, kind, layer)
    return SPLITS[one.config.position.name](one)


@torch.no_grad()
def value_parts(model: EncoderDecoder, trace: Trace, kind: str, layer: int) -> tuple[Tensor, Tensor]:
    """Return the content and the position part of the values, (H, K, d) each; biases count as content.

    Raises
    ------
    NotSeparable
        Where position came into the residual stream before: see `reason`.
    """
    one = attended(model, trace, kind, layer)
    project = one.attention.projection.values
    if one.config.value_position != "none":
        if one.model.config.input_position != "none":
            raise NotSeparable("deeper")
        t = sinusoid(one.places[1], model.config.d_model).to(one["v"].dtype)
        of_position = linear_part(project, t)
    elif model.config.input_position == "none":
        of_position = torch.zeros_like(one["v"])
    else:
        of_position = linear_part(project, input_position(one)[1])
    return one["v"] - of_position, of_position


def within_queries(scores: Tensor, visible: Tensor) -> Tensor:
    """Take each query's mean over its visible keys off scores (..., Q, K): the softmax does not see it."""
    shown = torch.where(visible, scores, 0.0)
    mean = shown.sum(-1, keepdim=True) / visible.sum(-1, keepdim=True).clamp_min(1)
    return torch.where(visible, scores - mean, 0.0)


def variance_shares(parts: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    """Say how much of the variance of the scores (P, H, Q, K) each part is: (P, H) twice.

    The first is cov(part, whole) / var(whole): these add up to 1, and are negative where a part works against the
    whole. The second is var(part) / var(whole), each part for itself. Both within each query's visible keys (Q, K). A
    head whose scores do not vary has zeros.
    """
    return explained(within_queries(parts.double(), visible))


def output_shares(parts: Tensor) -> tuple[Tensor, Tensor]:
    """Say the same of vectors (P, H, L, d), about their means over the sentence."""
    parts = parts.double()
    return explained(parts - parts.mean(-2, keepdim=True))


def constant_share(patterns: Tensor) -> float:
    """Say how much of the size of position patterns (L, D) is the same at every place, from 0 to 1.

    Slow waves hardly turn within a sentence: what they add to every word alike works like a bias.
    """
    return float(patterns.double().mean(0).square().sum() / patterns.double().square().sum(-1).mean())


def explained(centred: Tensor) -> tuple[Tensor, Tensor]:
    """Return cov(part, whole) / var(whole) and var(part) / var(whole) of centred parts (P, H, ., .)."""
    whole = centred.sum(0)
    variance = whole.square().sum((-2, -1))
    varies = variance > 1e-20 * centred.square().sum((0, -2, -1)).clamp_min(torch.finfo(torch.double).tiny)
    ratios = ((centred * whole).sum((-2, -1)) / variance, centred.square().sum((-2, -1)) / variance)
    together, alone = (torch.where(varies, ratio, 0.0) for ratio in ratios)
    return together, alone
