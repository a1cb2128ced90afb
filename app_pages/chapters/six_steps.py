"""Chapter 5: self-attention of one word in six steps, by hand and in the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app_pages.chapters.step import ATTENTION, HEAD, LAYER, Chosen, Step
from app_pages.chapters.walk import Walk, softmax
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, SixSteps, Tokens

WORDS = Tokens(("▁Thinking", "▁Machines"), "en")  # the article's words and size of a head
D_HEAD = 64
# Vectors of our own, of three numbers instead of 64: the products of query and keys are the article's, 112 and 96.
QUERY = np.array([[6.0, 4.0, 2.0]])
KEYS = np.array([[10.0, 12.0, 2.0], [8.0, 6.0, 12.0]])
VALUES = np.array([[2.0, 0.0, 1.0], [0.0, 4.0, 1.0]])


def by_hand(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    root = D_HEAD**0.5
    dots = QUERY @ KEYS.T
    scaled = dots / root
    weights = softmax(scaled)
    return [
        SixSteps(
            "hand",
            QUERY,
            KEYS,
            VALUES,
            dots,
            scaled,
            weights,
            weights @ VALUES,
            Tokens(WORDS.pieces[:1], "en"),
            WORDS,
            0,
            (0, 1),
            root,
        )
    ]


def by_model(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix, head = f"encoder.layers.{chosen['layer']}.self_attention", chosen["head"]
    q, k, v = (walk[f"{prefix}.{name}"][head] for name in "qkv")
    return [
        SixSteps(
            "model",
            q,
            k,
            v,
            q @ k.T,
            walk[f"{prefix}.scores"][head],
            walk[f"{prefix}.weights"][head],
            walk[f"{prefix}.head_outputs"][head],
            walk.source,
            walk.source,
            walk.link.query,
            (walk.link.query, walk.link.key),
            q.shape[-1] ** 0.5,
        )
    ]


_CODE = ("transformer.kernels:ExponentialKernel.forward", "transformer.kernels:masked_softmax")
STEPS = (
    Step("hand", by_hand, code=_CODE),
    Step("model", by_model, (LAYER, HEAD), (f"{ATTENTION}:q = … head_outputs =", *_CODE)),
)
