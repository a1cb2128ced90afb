"""Chapter 6: the same for all words at once, as products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from app_pages.chapters.step import ATTENTION, HEAD, LAYER, Choice, Chosen, Step
from app_pages.chapters.walk import Walk, usual
from app_pages.i18n import N_, Translate
from viz.walkthrough.scene import Figure, Matrix, Product

ROLES = {"q": "query", "k": "key", "v": "value"}
PART = Choice("part", N_("Product"), lambda walk: [(name, {}) for name in "QKV"], "product")


def projection_weight(walk: Walk, layer: int, name: str, head: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """W (d_model, d_head) and bias (d_head,) of one head's q, k or v."""
    projection = walk.part(f"encoder.layers.{layer}.self_attention.projection")
    map_ = getattr(projection, f"w_{name}")
    size = map_.weight.shape[0] // walk.config.num_heads
    rows = slice(head * size, (head + 1) * size)
    return map_.weight.detach().numpy()[rows].T, map_.bias.detach().numpy()[rows]


def projections(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    layer, head, name = chosen["layer"], chosen["head"], "qkv"[chosen["part"]]
    prefix, role = f"encoder.layers.{layer}", ROLES[name]
    weight, bias = projection_weight(walk, layer, name, head)
    x = walk[f"{prefix}.residual_pre"]
    left = Matrix("x", x, "X", "encoder", rows=walk.source, limit=usual(x))
    right = Matrix("w", weight, f"W_{name.upper()}", role)
    result = Matrix(
        name, walk[f"{prefix}.self_attention.{name}"][head], name.upper(), role, rows=walk.source, bare=True
    )
    return [Product(left, right, result, bias)]


def scores(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix, head = f"encoder.layers.{chosen['layer']}.self_attention", chosen["head"]
    q, k = walk[f"{prefix}.q"][head], walk[f"{prefix}.k"][head]
    left = Matrix("q", q, "Q", "query", rows=walk.source)
    right = Matrix("kt", k.T, "Kᵀ", "key", columns=walk.source, bare=True)
    result = Matrix(
        "scores", walk[f"{prefix}.scores"][head], _("scores"), "query", rows=walk.source, columns=walk.source, bare=True
    )
    weights = Matrix(
        "weights",
        walk[f"{prefix}.weights"][head],
        _("softmax of each row: weights"),
        "weight",
        "weight",
        walk.source,
        walk.source,
        axes=(_("query"), _("key")),
    )
    return [Product(left, right, result, factor=q.shape[-1] ** -0.5, after=(weights,))]


def outputs(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    prefix, head = f"encoder.layers.{chosen['layer']}.self_attention", chosen["head"]
    left = Matrix("weights", walk[f"{prefix}.weights"][head], _("weights"), "weight", "weight", walk.source)
    right = Matrix("v", walk[f"{prefix}.v"][head], "V", "value", rows=walk.source, bare=True)
    result = Matrix("z", walk[f"{prefix}.head_outputs"][head], "Z", "value", rows=walk.source, bare=True)
    return [Product(left, right, result)]


STEPS = (
    Step("projections", projections, (PART, LAYER, HEAD), ("transformer.projections:QKVProjection",)),
    Step(
        "scores",
        scores,
        (LAYER, HEAD),
        ("transformer.kernels:ExponentialKernel.forward", "transformer.kernels:masked_softmax"),
    ),
    Step("outputs", outputs, (LAYER, HEAD), (f"{ATTENTION}:head_outputs =",)),
)
