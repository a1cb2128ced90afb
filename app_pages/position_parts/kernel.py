"""Position in the kernel: the scores of a head in content and position parts, and position in its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app_pages.head_choice import choose_head
from app_pages.i18n import N_, Translate
from app_pages.position_parts.formulas import formulas
from app_pages.position_parts.reading import Picture, Reading, switch, tokens
from app_pages.position_parts.variants import choose_reading
from viz.walkthrough.scene import Figure, Matrix, ReadOut, Table, Tokens

if TYPE_CHECKING:
    from torch import Tensor

    from transformer.trace import Trace

FIRST = ("encoder", 0, 0)  # where content and position are still apart
AXES = {"encoder": ("source", "source"), "decoder": ("target", "target"), "cross": ("target", "source")}
PART_NAMES = {
    "content_content": N_("content · content"),
    "content_position": N_("content · position"),
    "position_content": N_("position · content"),
    "position_position": N_("position · position"),
    "bias_content": N_("u · content"),
    "bias_position": N_("v · position"),
    "position": N_("position"),
}
REASONS = {
    "deeper": N_(
        "From the second layer on, content and position are no longer apart: attention and the normalisation of the "
        "layer before have mixed them in every component. So there is one map here; the first layer has four."
    ),
    "cross": N_(
        "In cross-attention the keys come from the whole encoder, which has mixed content and position. So there is "
        "one map here; the first layers of encoder and decoder have four."
    ),
    "norm": N_("A normalisation before the attention mixes content and position, so there is one map here."),
    "kernel": N_("This kernel's scores are no sum of a content and a position part, so there is one map here."),
    "rotary": N_(
        "Rotary position turns q and k by their places: content and position multiply, they do not add up. So there "
        "is one map here."
    ),
}
ABREAST = 3  # maps side by side


def part(reading: Reading, language: str, _: Translate) -> Picture:
    """Show the choices; return the picture."""
    from transformer.changes import KINDS as PATHS
    from transformer.position_lens import NotSeparable, score_parts

    reading = choose_reading(reading, language, _)
    config = reading.translator.model.config
    with st.container(horizontal=True, vertical_alignment="bottom", key="kernel_choices"):
        places = [st.container(width="content") for _place in range(3)]
        kind, layer, head = choose_head(config, FIRST, language, _, places, st.segmented_control)
        centred = switch(_("Leave out what the softmax does not see"), "centred", language)
    _translation, trace = reading.recorded()
    path = PATHS[kind].format(layer)
    scores, visible = trace[f"{path}.scores"][0], trace[f"{path}.visible"][0, 0]
    visible = visible.expand(scores.shape[1:])
    try:
        parts, reason = score_parts(reading.translator.model, trace, kind, layer), ""
    except NotSeparable as error:
        parts, reason = {}, error.reason
        st.info(_(REASONS[reason]))
    axes = [tokens(trace, axis, reading) for axis in AXES[kind]]
    shown = {name: shown_scores(values[head], visible, centred) for name, values in parts.items()}
    whole = shown_scores(scores[head], visible, centred)
    figures = maps(whole, shown, trace[f"{path}.weights"][0, head], axes, _)
    figures.append(ReadOut())
    if parts:
        figures += shares(parts, visible, head, _)
    figures += values(reading, trace, kind, layer, head, _)
    told = [
        _(
            "A score is a sum: what the words say to each other, and what their places do; of each pair of names the "
            "first is the query's, in the rows, and the second the key's. Point at a cell to see its parts add up. "
            "Where *position · content* is strong, a place looks for a certain word wherever it stands; "
            "where *position · position* is strong, a place looks at a place whatever stands there."
        )
    ]
    return Picture(figures, [*told, *notes(reading, trace, kind, parts, centred, _), *formulas(_)])


def shown_scores(scores: Tensor, visible: Tensor, centred: bool) -> Tensor:
    """Scores (Q, K) where the query sees the key, zero elsewhere; `centred`: less their mean in each row."""
    from transformer.position_lens import within_queries

    return within_queries(scores, visible) if centred else scores.where(visible, scores.new_zeros(()))


def maps(
    whole: Tensor, parts: Mapping[str, Tensor], weights: Tensor, axes: Sequence[Tokens], _: Translate
) -> list[Figure]:
    """The score, its parts with their signs, and the weights that come of it; all parts in one scale."""
    limit = float(max(values.abs().max() for values in (whole, *parts.values()))) or 1.0
    signed = [("score", whole, _("score"), "")]
    for number, (name, values) in enumerate(parts.items()):
        signed.append((name, values, _(PART_NAMES[name]), "+" if number else "="))
    figures: list[Figure] = [
        Matrix(
            name, values.numpy(), title, "text" if name == "score" else "embedding", "even", rows=axes[0],
            columns=axes[1],
            link="parts", sign=sign, width=1 / ABREAST, limit=limit,
        )
        for name, values, title, sign in signed
    ]  # fmt: skip
    weight = Matrix("weights", weights.numpy(), _("weight"), "weight", "weight", axes[0], axes[1], width=1 / ABREAST)
    figures.insert(ABREAST if len(figures) > ABREAST else len(figures), weight)
    return figures


def shares(parts: Mapping[str, Tensor], visible: Tensor, head: int, _: Translate) -> list[Figure]:
    """How much of the variance of the scores each part is, for every head."""
    import torch

    from transformer.position_lens import variance_shares

    together, alone = variance_shares(torch.stack(list(parts.values())), visible)
    heads = [_(PART_NAMES[name]) for name in parts]
    rows = [
        (_("head {head}", head=number + 1), *(100 * share for share in row.tolist()))
        for number, row in enumerate(together.mT)
    ]
    of_head = [
        (name, 100 * float(share), 100 * float(own))
        for name, share, own in zip(heads, together[:, head], alone[:, head], strict=True)
    ]
    return [
        Table(
            "shares",
            _("share of the variance of the scores, per cent"),
            ["", *heads],
            rows,
            (0, *(1 for _each in parts)),
            marked=[head],
            width=0.5,
            note=_(
                "Within each query's keys, since the softmax does not see what is the same for all of them. The shares "
                "add up to 100; one below zero works against the whole."
            ),
        ),
        Table(
            "alone",
            _("head {head}: each part for itself", head=head + 1),
            ["", _("share"), _("its own variance")],
            of_head,
            (0, 1, 1),
            width=0.5,
            note=_(
                "Its own variance is also per cent of that of the scores: parts that cancel have more than their share."
            ),
        ),
    ]


def values(reading: Reading, trace: Trace, kind: str, layer: int, head: int, _: Translate) -> list[Figure]:
    """How much of the values, and of what the heads write, is position."""
    import torch

    from transformer.changes import KINDS as PATHS
    from transformer.position_lens import NotSeparable, output_shares, value_parts

    title = _("position in the value")
    try:
        content, position = value_parts(reading.translator.model, trace, kind, layer)
    except NotSeparable:
        told = _(
            "Here the values carry position too, by way of the residual stream; how much cannot be told apart any more."
        )
        return [Table("values", title, [told], [])]
    if not position.any():
        told = _("The values of this layer see no position: what a head writes is a mean of contents alone.")
        return [Table("values", title, [told], [])]
    weights = trace[f"{PATHS[kind].format(layer)}.weights"][0]
    of_values, _own = output_shares(torch.stack((content, position)))
    of_outputs, _own = output_shares(torch.stack((weights @ content, weights @ position)))
    sizes = position.norm(dim=-1).mean(-1) / (content + position).norm(dim=-1).mean(-1)
    rows = [
        (_("head {head}", head=number + 1), *(100 * each for each in row.tolist()))
        for number, row in enumerate(torch.stack((sizes, of_values[1], of_outputs[1])).mT)
    ]
    return [
        Table(
            "values",
            title,
            ["", _("its size, of the value's"), _("share of the variance of the values"), _("of what the head writes")],
            rows,
            (0, 1, 1, 1),
            marked=[head],
            note=_(
                "Per cent. v = (f + t) W_V: where position is added to the word, it is in the values too. Models that "
                "keep it in the kernel alone (Shaw, Transformer-XL, Tsai) leave it out."
            ),
        )
    ]


def notes(
    reading: Reading, trace: Trace, kind: str, parts: Mapping[str, Tensor], centred: bool, _: Translate
) -> list[str]:
    """What a reader of these numbers must know."""
    from transformer.position_lens import STACKS, constant_share

    told = []
    if len(parts) > 1 and reading.translator.model.config.input_position != "none":
        stack = STACKS[kind]
        share = constant_share((trace[f"{stack}.embedding"] - trace[f"{stack}.token_embedding"])[0])
        told.append(
            _(
                "The first layer reads f + t: √{size} times the embedding, and the pattern of the place. The biases "
                "of W_Q and W_K are counted with the content: they are there without position too. In a sentence "
                "this short the slow waves hardly turn: {percent} % of the size of t (its square) is the same at "
                "every place, so part of what is called position here works like a bias.",
                size=reading.translator.model.config.d_model,
                percent=f"{100 * share:.0f}",
            )
        )
    if kind == "decoder":
        told.append(_("The decoder does not see what comes later: those cells are left empty."))
    if centred:
        told.append(_("From every row its mean is taken off: the weights stay the same."))
    return told
