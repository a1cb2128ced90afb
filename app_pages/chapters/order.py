"""Chapter 8: positions, added to the embeddings; both layouts of the sinusoids; how alike positions are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.step import Chosen, Step
from app_pages.chapters.walk import Walk, usual
from app_pages.i18n import Translate
from viz.walkthrough.scene import Curves, Figure, Matrix, Table

LAYOUTS = ("interleaved", "halves")
ROWS = 20  # as many words as in the article's picture
TOY_WORDS, TOY_SIZE = ("Je", "suis", "étudiant"), 4  # the article's example
SPAN = 64  # positions that are compared


def sinusoids(positions: int, size: int, layout: str) -> NDArray[Any]:
    """Positional encodings (positions, size), by the model's own function."""
    import torch

    from transformer.positions import sinusoid

    return sinusoid(torch.arange(positions), size, layout).numpy()


def added(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    content, whole = walk["encoder.token_embedding"], walk["encoder.embedding"]
    parts = (
        ("token_embedding", content, _("embedding"), ""),
        ("position", whole - content, _("position"), "+"),
        ("embedding", whole, _("sum"), "="),
    )
    limit = usual(content, whole)
    return [
        Matrix(
            name,
            values,
            title,
            "embedding",
            rows=walk.source,
            link="sum",
            sign=sign,
            limit=limit,
            row_height=12,
            axes=(_("piece"), _("dimension")),
        )
        for name, values, title, sign in parts
    ]


def layouts(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    titles = {
        "interleaved": _("interleaved, the paper's"),
        "halves": _("sines left, cosines right, the article's picture"),
    }
    figures: list[Figure] = [
        Matrix(
            layout,
            sinusoids(ROWS, walk.config.d_model, layout),
            titles[layout],
            "embedding",
            limit=1.0,
            row_height=8,
            axes=(_("position"), _("dimension")),
        )
        for layout in LAYOUTS
    ]
    for layout in LAYOUTS:
        toy = sinusoids(len(TOY_WORDS), TOY_SIZE, layout).tolist()
        heads = [_("size {size}", size=TOY_SIZE), *map(str, range(1, TOY_SIZE + 1))]
        rows = [(word, *row) for word, row in zip(TOY_WORDS, toy, strict=True)]
        figures.append(Table(f"toy_{layout}", titles[layout], heads, rows, width=0.5))
    return figures


def alike(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    import torch

    from transformer import position_patterns
    from transformer.positions import sinusoid

    similarity = position_patterns.alike(sinusoid(torch.arange(SPAN), walk.config.d_model)).numpy()
    titles = {
        "interleaved": _("interleaved, the paper's"),
        "halves": _("sines left, cosines right, the article's picture"),
    }
    heads = ["", _("size"), _("shortest"), _("second"), _("longest")]
    rows: list[tuple[str | float, ...]] = []
    for size in (walk.config.d_model, TOY_SIZE):
        for layout in LAYOUTS:
            turns = position_patterns.wavelengths(size, layout).tolist()
            rows.append((titles[layout], size, *(turns[i] for i in (0, 1, -1))))
    return [
        Matrix(
            "similarity",
            similarity,
            _("how alike two positions are: cosine"),
            "embedding",
            "even",
            width=0.5,
            limit=1.0,
            row_height=6,
            axes=(_("position"), _("position")),
        ),
        Curves(
            "decay",
            _("cosine of position {first} and the one so far away", first=1),
            np.arange(SPAN),
            similarity[:1],
            [_("interleaved, the paper's")],
            _("distance"),
            _("cosine"),
            width=0.5,
        ),
        Table("wavelengths", _("wavelengths, in positions"), heads, rows, (0, 0, 1, 1, 1)),
    ]


_CODE = ("transformer.positions:sinusoid",)
STEPS = (
    Step("added", added, code=("transformer.models:Embedding.forward", "transformer.positions:SinusoidalSum")),
    Step("layouts", layouts, code=_CODE),
    Step("alike", alike, code=("transformer.position_patterns:alike", "transformer.position_patterns:wavelengths")),
)
