"""Chapter 10: the decoder writes, sees nothing of the future, and asks the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app_pages.chapters.step import ATTENTION, DECODER_HEAD, DECODER_LAYER, Chosen, Step
from app_pages.chapters.walk import Walk
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, Matrix, Product, Writing

CANDIDATES = 5
DECODER = "transformer.layers:DecoderLayer.forward"


def likeliest(walk: Walk, position: int, count: int = CANDIDATES) -> list[tuple[str, float]]:
    """The likeliest pieces at a target position with their probabilities, likeliest first."""
    row = walk.probabilities[position]
    best = np.argsort(-row, kind="stable")[:count]
    return list(zip(walk.translator.tokenizer.pieces(best.tolist()), row[best].tolist(), strict=True))


def writing(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    last = f"decoder.layers.{walk.config.num_decoder_layers - 1}"
    return [
        Writing(
            walk.source,
            walk.reads,
            walk.writes,
            walk[f"{last}.self_attention.weights"].mean(0),
            walk[f"{last}.cross_attention.weights"].mean(0),
            [likeliest(walk, position) for position in range(len(walk.writes.pieces))],
        )
    ]


def mask(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix, head = f"decoder.layers.{chosen['layer']}.self_attention", chosen["head"]
    parts = (
        ("scores", walk[f"{prefix}.scores"][head], _("scores, before the mask"), "query", "signed"),
        ("visible", walk[f"{prefix}.visible"][0].astype(np.float32), _("mask: 1 is seen"), "weight", "weight"),
        ("weights", walk[f"{prefix}.weights"][head], _("weights"), "weight", "weight"),
    )
    return [
        Matrix(
            name,
            values,
            title,
            role,
            scale,
            walk.reads,
            walk.reads,
            link="mask",
            width=1 / 3,
            axes=(_("query"), _("key")),
        )
        for name, values, title, role, scale in parts
    ]


def ask(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix, head = f"decoder.layers.{chosen['layer']}.cross_attention", chosen["head"]
    q, k = walk[f"{prefix}.q"][head], walk[f"{prefix}.k"][head]
    left = Matrix("q", q, _("Q, from the decoder"), "decoder", rows=walk.reads)
    right = Matrix("kt", k.T, _("Kᵀ, from the encoder's top"), "encoder", columns=walk.source, bare=True)
    result = Matrix(
        "scores", walk[f"{prefix}.scores"][head], _("scores"), "query", rows=walk.reads, columns=walk.source, bare=True
    )
    weights = Matrix(
        "weights",
        walk[f"{prefix}.weights"][head],
        _("softmax of each row: weights"),
        "weight",
        "weight",
        walk.reads,
        walk.source,
        axes=(_("query"), _("key")),
    )
    return [Product(left, right, result, factor=q.shape[-1] ** -0.5, after=(weights,))]


STEPS = (
    Step("writing", writing, code=("transformer.decoding:follow",)),
    Step(
        "mask", mask, (DECODER_LAYER, DECODER_HEAD), ("transformer.masks:causal", "transformer.kernels:masked_softmax")
    ),
    Step(
        "ask",
        ask,
        (DECODER_LAYER, DECODER_HEAD),
        (f"{DECODER}:def look_at_source … )", f"{ATTENTION}:content = … weights ="),
    ),
)
