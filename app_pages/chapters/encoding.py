"""Chapter 3: each position's own path through a layer, and what happens to a word alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.step import LAYER, Chosen, Step
from app_pages.chapters.walk import Walk, usual
from app_pages.i18n import Translate
from viz.walkthrough.scene import Bars, Figure, Matrix

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def path(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix = f"encoder.layers.{chosen['layer']}"
    stations = (
        ("residual_pre", _("x, what the layer reads")),
        ("residual_mid", _("after self-attention")),
        ("residual_post", _("after the feed-forward")),
    )
    states = {name: walk[f"{prefix}.{name}"] for name, _title in stations}
    limit = usual(*states.values())
    return [
        Matrix(
            name,
            states[name],
            title,
            "encoder",
            rows=walk.source,
            link="path",
            limit=limit,
            row_height=12,
            axes=(_("piece"), _("dimension")),
        )
        for name, title in stations
    ]


def alone(walk: Walk, layer: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Run each sub-layer on each word alone: how far its output is from that in the sentence, (S,) each."""
    found: tuple[NDArray[Any], NDArray[Any]] = walk.once(f"alone {layer}", lambda: _alone(walk, layer))
    return found


def _alone(walk: Walk, layer: int) -> tuple[NDArray[Any], NDArray[Any]]:
    import torch

    prefix, block = f"encoder.layers.{layer}", walk.part(f"encoder.layers.{layer}")
    differences = []
    with torch.no_grad():
        for word in range(len(walk.source.pieces)):
            x = walk.trace[f"{prefix}.residual_pre"][:, word : word + 1]
            mid = walk.trace[f"{prefix}.residual_mid"][:, word : word + 1]
            place, visible = torch.tensor([word]), torch.ones(1, 1, 1, 1, dtype=torch.bool)
            attended = block.self_attention(x, x, x, place, place, visible)[0, 0].numpy()
            transformed = block.feed_forward(mid)[0, 0].numpy()
            differences.append(
                (
                    np.abs(attended - walk[f"{prefix}.self_attention.output"][word]).max(),
                    np.abs(transformed - walk[f"{prefix}.feed_forward.output"][word]).max(),
                )
            )
    attention, feed_forward = np.array(differences).T
    return attention, feed_forward


def compare(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    attention, feed_forward = alone(walk, chosen["layer"])
    limit = float(attention.max())
    note = _("largest difference between the outputs for the word alone and for the word in the sentence")
    return [
        Bars("attention", _("self-attention"), walk.source, attention, "query", width=0.5, limit=limit, note=note),
        Bars(
            "feed_forward", _("feed-forward"), walk.source, feed_forward, "encoder", width=0.5, limit=limit, note=note
        ),
    ]


def power_of_ten(value: float) -> str:
    """A number in two digits and a power of ten, as the bars have it: 1.2 × 10⁻⁶."""
    digits, power = f"{value:.1e}".split("e")
    return f"{digits} × 10{str(int(power)).translate(RAISED)}"


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    attention, feed_forward = alone(walk, chosen["layer"])
    return {"attention_alone": f"{attention.max():.2f}", "feed_forward_alone": power_of_ten(float(feed_forward.max()))}


STEPS = (
    Step("path", path, (LAYER,), ("transformer.layers:Layer.forward",)),
    Step("alone", compare, (LAYER,), ("transformer.layers:FeedForward.forward",), facts),
)
