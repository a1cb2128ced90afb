"""Chapter 7: many heads, joined by one more matrix."""

from __future__ import annotations

from collections.abc import Sequence

from app_pages.chapters.step import ATTENTION, LAYER, WEIGHTS, Chosen, Step
from app_pages.chapters.walk import Walk, usual
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, Links, Matrix, Product


def eight(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix = f"encoder.layers.{chosen['layer']}.self_attention"
    weights, outputs = walk[f"{prefix}.weights"], walk[f"{prefix}.head_outputs"]
    figures: list[Figure] = []
    for head in range(walk.config.num_heads):
        title = _("head {head}", head=head + 1)
        figures.append(
            Matrix(
                f"weights{head}",
                weights[head],
                title,
                "weight",
                "weight",
                walk.source,
                walk.source,
                link="w",
                width=0.25,
                bare=True,
                axes=(_("query"), _("key")),
            )
        )
    for head in range(walk.config.num_heads):
        figures.append(
            Matrix(
                f"z{head}",
                outputs[head],
                f"Z{head + 1}",
                "value",
                rows=walk.source,
                link="z",
                width=0.25,
                bare=True,
                row_height=6,
                axes=(_("piece"), _("dimension")),
            )
        )
    return figures


def joined(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix = f"encoder.layers.{chosen['layer']}.self_attention"
    outputs = walk[f"{prefix}.head_outputs"]
    w_o = walk.part(f"{prefix}.w_o")
    left = Matrix(
        "z",
        outputs.transpose(1, 0, 2).reshape(outputs.shape[1], -1),
        _("all Z, side by side"),
        "value",
        rows=walk.source,
    )
    right = Matrix("w_o", w_o.weight.detach().numpy().T, "W_O", "text")
    output = walk[f"{prefix}.output"]
    result = Matrix("output", output, _("output"), "encoder", rows=walk.source, bare=True, limit=usual(output))
    return [Product(left, right, result, w_o.bias.detach().numpy())]


def overlaid(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    layer, link = chosen["layer"], walk.link
    head = int(walk.encoder_weights[layer, :, link.query, link.key].argmax())
    return [
        Links("overlay", walk.encoder_weights, walk.source, walk.source, layer, head, link.query, link.key, many=True)
    ]


STEPS = (
    Step("eight", eight, (LAYER,), ("transformer.projections:split_heads",)),
    Step(
        "joined",
        joined,
        (LAYER,),
        ("transformer.projections:merge_heads", f"{ATTENTION}:return trace("),
    ),
    Step("overlaid", overlaid, (LAYER,), (WEIGHTS,)),
)
