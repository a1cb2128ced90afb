"""Chapter 9: what a sub-layer adds, and the normalisation after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app_pages.chapters.step import LAYER, Choice, Chosen, Step
from app_pages.chapters.walk import Walk, usual
from app_pages.i18n import N_, Translate
from viz.walkthrough.scene import Figure, Matrix, Piece, Table

SUBLAYERS = ("self_attention", "feed_forward")
SUBLAYER = Choice(
    "sublayer", N_("Sub-layer"), lambda walk: [(N_("self-attention"), {}), (N_("feed-forward"), {})], "sublayer"
)


def paths(walk: Walk, chosen: Chosen) -> dict[str, Any]:
    """Input, output and norm of the chosen sub-layer."""
    prefix, name = f"encoder.layers.{chosen['layer']}", SUBLAYERS[chosen["sublayer"]]
    return {
        "x": walk[f"{prefix}.{'residual_pre' if name == 'self_attention' else 'residual_mid'}"],
        "added": walk[f"{prefix}.{name}.output"],
        "before": walk[f"{prefix}.{name}_norm.input"],
        "after": walk[f"{prefix}.{name}_norm.output"],
    }


def add(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    arrays = paths(walk, chosen)
    parts = (
        ("x", "x", "encoder", ""),
        ("added", _("what the sub-layer adds"), "query", "+"),
        ("before", _("sum"), "encoder", "="),
    )
    limit = usual(*(arrays[name] for name, *_rest in parts))
    return [
        Matrix(
            name,
            arrays[name],
            title,
            role,
            rows=walk.source,
            link="sum",
            sign=sign,
            limit=limit,
            row_height=12,
            axes=(_("piece"), _("dimension")),
        )
        for name, title, role, sign in parts
    ]


def normalise(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    arrays = paths(walk, chosen)
    before, after = arrays["before"], arrays["after"]
    plain = (before - before.mean(-1, keepdims=True)) / before.std(-1, keepdims=True)
    rows: list[Sequence[str | float | Piece | None]] = [
        (Piece(piece, walk.source.lang), *(float(value) for each in (b, n, a) for value in (each.mean(), each.var())))
        for piece, b, n, a in zip(walk.source.pieces, before, plain, after, strict=True)
    ]
    heads = [
        "",
        *(
            f"{when}: {what}"
            for when in (_("before"), _("normalised"), _("after gain and bias"))
            for what in (_("mean"), _("variance"))
        ),
    ]
    return [
        Matrix(
            "before",
            before,
            _("before"),
            "encoder",
            rows=walk.source,
            link="norm",
            limit=usual(before),
            row_height=12,
            axes=(_("piece"), _("dimension")),
        ),
        Matrix(
            "after",
            after,
            _("after layer normalisation"),
            "encoder",
            rows=walk.source,
            link="norm",
            sign="→",
            limit=usual(after),
            row_height=12,
            axes=(_("piece"), _("dimension")),
        ),
        Table("moments", _("mean and variance of each word's numbers"), heads, rows, digits=3),
    ]


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    before = paths(walk, chosen)["before"]
    return {"least_variance": f"{before.var(-1).min():.2f}", "most_variance": f"{before.var(-1).max():.2f}"}


STEPS = (
    Step(
        "add",
        add,
        (LAYER, SUBLAYER),
        ('transformer.layers:Layer.forward:x = trace("residual_mid" … return', "transformer.layers:PostNorm.forward"),
    ),
    Step("normalise", normalise, (LAYER, SUBLAYER), ("transformer.layers:PostNorm.forward",), facts),
)
