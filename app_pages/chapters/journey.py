"""The token's journey: the state of one written position after every sub-layer, from embedding to word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.decoder import likeliest
from app_pages.chapters.step import POSITION, Choice, Chosen, Step
from app_pages.chapters.walk import Walk, softmax
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, Journey, Piece, Tokens

SHOWN = 5
WATCHED = Choice("position", POSITION.label, POSITION.options, lambda walk: len(walk.writes.pieces) // 2)


def looks_at(weights: NDArray[Any], tokens: Tokens) -> list[tuple[Piece, float, str]]:
    """Where a position looks most, the mean over all heads (H, K)."""
    mean = weights.mean(0)
    best = np.argsort(-mean, kind="stable")[:SHOWN]
    return [(Piece(tokens.pieces[i], tokens.lang), float(mean[i]), "percent") for i in best]


def lens(walk: Walk, state: NDArray[Any]) -> list[tuple[Piece, float, str]]:
    """The likeliest words if the output layer read this state (d_model,) already."""
    table = walk.parameter("embedding.content.table.weight")
    shares = softmax(table @ state)
    best = np.argsort(-shares, kind="stable")[:3]
    return [(Piece(walk.piece(int(i)), walk.languages[1]), float(shares[i]), "percent") for i in best]


def units(hidden: NDArray[Any]) -> list[tuple[str, float, str]]:
    """The strongest units of a feed-forward (d_ff,), numbered from 1."""
    best = np.argsort(-hidden, kind="stable")[:SHOWN]
    return [(f"#{i + 1}", float(hidden[i]), "number") for i in best if hidden[i] > 0]


def journey(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    position = chosen["position"]
    states: list[NDArray[Any]] = []
    stages: list[dict[str, Any]] = []

    def stop(name: str, role: str, says: str, state: NDArray[Any], **more: Any) -> None:
        states.append(state)
        stages.append({"name": name, "role": role, "says": says, "lens": lens(walk, state), **more})

    content, whole = walk["decoder.token_embedding"][position], walk["decoder.embedding"][position]
    stop(_("embedding"), "embedding", _("The row of the table for the piece that the decoder reads here."), content)
    stop(_("position"), "embedding", _("The sines and cosines of its place are added."), whole, added=whole - content)
    for layer in range(walk.config.num_decoder_layers):
        prefix = f"decoder.layers.{layer}"
        sublayers = (
            (
                "self_attention",
                "query",
                _("self-attention"),
                _("Values of the pieces before it are mixed in, then normalised."),
                "mid",
            ),
            (
                "cross_attention",
                "value",
                _("encoder-decoder"),
                _("Values of the sentence are mixed in, then normalised."),
                "cross",
            ),
            (
                "feed_forward",
                "encoder",
                _("feed-forward"),
                _("Each unit looks for a pattern and adds its own vector, then normalised."),
                "post",
            ),
        )
        for name, role, title, says, after in sublayers:
            seen: dict[str, Any] = {
                "added": walk[f"{prefix}.{name}.output"][position],
                "before": walk[f"{prefix}.{name}_norm.input"][position],
            }
            if name == "feed_forward":
                seen["hidden"] = walk[f"{prefix}.{name}.hidden"][position]
                seen["units"] = units(walk[f"{prefix}.{name}.hidden"][position])
            else:
                tokens = walk.source if name == "cross_attention" else walk.reads
                seen["looks_at"] = looks_at(walk[f"{prefix}.{name}.weights"][:, position], tokens)
            stop(f"{layer + 1} {title}", role, says, walk[f"{prefix}.residual_{after}"][position], **seen)
    language = walk.languages[1]
    reached = Piece(likeliest(walk, position, 1)[0][0], language)
    return [Journey(stages, np.stack(states), Piece(walk.reads.pieces[position], language), reached)]


def facts(walk: Walk, chosen: Chosen) -> dict[str, Any]:
    position = chosen["position"]
    read, written = walk.reads.pieces[position], likeliest(walk, position, 1)[0][0]
    return {"read": read.replace("▁", ""), "reached": written.replace("▁", "")}


STEPS = (Step("journey", journey, (WATCHED,), ("transformer.layers:DecoderLayer.forward",), facts),)
