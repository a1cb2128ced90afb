"""The token's journey: the state of one written position after every sub-layer, from embedding to word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.decoder import likeliest
from app_pages.chapters.step import DECODER_SUBLAYERS, POSITION, Choice, Chosen, Step, shown_pieces
from app_pages.chapters.walk import Walk, softmax, usual
from app_pages.i18n import N_, Translate
from viz.walkthrough.scene import Figure, Journey, Piece, Tokens

SHOWN = 5
SOURCE = Choice(
    "source",
    N_("Piece of the sentence"),
    lambda walk: shown_pieces(walk.source),
    "read_piece",
    lambda walk: walk.link.query,
)


def longest(tokens: Tokens) -> int:
    """The place of the longest piece: a word that says something, most likely."""
    return max(range(len(tokens.pieces)), key=lambda place: len(tokens.pieces[place]))


WATCHED = Choice("position", POSITION.label, POSITION.options, POSITION.address, lambda walk: longest(walk.writes))


def looks_at(weights: NDArray[Any], tokens: Tokens) -> list[tuple[Piece, float, str]]:
    """Where a position looks most, the mean over all heads (H, K); what is masked has no weight at all."""
    mean = weights.mean(0)
    best = np.argsort(-mean, kind="stable")[:SHOWN]
    return [(Piece(tokens.pieces[i], tokens.lang), float(mean[i]), "percent") for i in best if mean[i] > 0]


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


class Route:
    """The stages of one position's way, one after the other."""

    def __init__(self, walk: Walk, stack: str, position: int, _: Translate) -> None:
        self.walk, self.stack, self.position, self._ = walk, stack, position, _
        self.states: list[NDArray[Any]] = []
        self.stages: list[dict[str, Any]] = []
        content, whole = walk[f"{stack}.token_embedding"][position], walk[f"{stack}.embedding"][position]
        self.stop(_("embedding"), "embedding", _("The row of the table for the piece that is read here."), content)
        says = _("The sines and cosines of its place are added.")
        self.stop(_("position"), "embedding", says, whole, added=whole - content)

    def stop(self, name: str, role: str, says: str, state: NDArray[Any], **more: Any) -> None:
        """Add a stage and the state after it."""
        self.states.append(state)
        self.stages.append({"name": name, "role": role, "says": says, "lens": lens(self.walk, state), **more})

    def sublayer(self, layer: int, name: str, role: str, title: str, says: str, after: str) -> None:
        """Add what a sub-layer does: what it adds, and where it looks or which of its units are strong."""
        walk, position, prefix = self.walk, self.position, f"{self.stack}.layers.{layer}"
        seen: dict[str, Any] = {
            "added": walk[f"{prefix}.{name}.output"][position],
            "before": walk[f"{prefix}.{name}_norm.input"][position],
        }
        if name == "feed_forward":
            seen["hidden"] = walk[f"{prefix}.{name}.hidden"][position]
            seen["units"] = units(seen["hidden"])
        else:
            tokens = walk.reads if (self.stack, name) == ("decoder", "self_attention") else walk.source
            seen["looks_at"] = looks_at(walk[f"{prefix}.{name}.weights"][:, position], tokens)
        self.stop(f"{layer + 1} {title}", role, says, walk[f"{prefix}.residual_{after}"][position], **seen)

    def feed_forward(self, layer: int) -> None:
        says = self._("Each unit looks for a pattern and adds its own vector, then normalised.")
        self.sublayer(layer, "feed_forward", "encoder", self._("feed-forward"), says, "post")

    def self_attention(self, layer: int, says: str) -> None:
        self.sublayer(layer, "self_attention", "query", self._("self-attention"), says, "mid")


def written(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    """Follow a written piece through the decoder."""
    route = Route(walk, "decoder", chosen["position"], _)
    for layer in range(walk.config.num_decoder_layers):
        route.self_attention(
            layer, _("Values of the piece itself and of those before it are mixed in, then normalised.")
        )
        says = _("Values of the sentence are mixed in, then normalised.")
        route.sublayer(layer, "cross_attention", "value", _("encoder-decoder"), says, "cross")
        route.feed_forward(layer)
    return [Journey("written", route.stages, np.stack(route.states), usual(*route.states), walk.languages[1])]


def read(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    """Follow a piece of the sentence through the encoder, and see which written pieces look at it."""
    position = chosen["source"]
    route = Route(walk, "encoder", position, _)
    for layer in range(walk.config.num_encoder_layers):
        route.self_attention(layer, _("Values of all pieces of the sentence are mixed in, then normalised."))
        route.feed_forward(layer)
    layers = walk.config.num_decoder_layers
    cross = walk.stack("decoder.layers.{}.cross_attention.weights", layers).mean(0)[:, :, position]
    says = _("The encoder's output: these written pieces look at it most, all decoder layers and heads together.")
    route.stop(_("output"), "decoder", says, walk["encoder.output"][position], looks_at=looks_at(cross, walk.writes))
    return [Journey("read", route.stages, np.stack(route.states), usual(*route.states), walk.languages[0])]


def facts(walk: Walk, chosen: Chosen) -> dict[str, Any]:
    position = chosen["position"]
    read, written = walk.reads.pieces[position], likeliest(walk, position, 1)[0][0]
    return {"read": read.replace("▁", ""), "reached": written.replace("▁", "")}


STEPS = (
    Step("journey", written, (WATCHED,), (DECODER_SUBLAYERS,), facts),
    Step("source", read, (SOURCE,), ("transformer.layers:Layer.forward",)),
)
