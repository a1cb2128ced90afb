"""Chapter 2: the sentence becomes pieces, ids, and a vector each."""

from __future__ import annotations

from collections.abc import Sequence

from app_pages.chapters.step import Chosen, Step
from app_pages.chapters.walk import Walk
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, Matrix, Piece, Table


def pieces(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    sides = (
        ("source", _("Read by the encoder"), _("position"), 0, walk.source, walk.source_ids),
        ("written", _("Written by the decoder"), _("step"), 1, walk.writes, walk.written_ids),
    )
    return [
        Table(
            name,
            title,
            [place, _("piece"), _("id")],
            [
                (i, Piece(piece, tokens.lang), each)
                for i, (piece, each) in enumerate(zip(tokens.pieces, ids, strict=True), first)
            ],
            digits=0,
            width=0.5,
        )
        for name, title, place, first, tokens, ids in sides
    ]


def vectors(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    values = walk["encoder.token_embedding"]
    return [
        Matrix(
            "token_embedding",
            values,
            _("embeddings"),
            "embedding",
            rows=walk.source,
            row_height=20,
            axes=(_("piece"), _("dimension")),
        )
    ]


STEPS = (
    Step("pieces", pieces, code=("transformer.tokenizers:Tokenizer.source",)),
    Step("vectors", vectors, code=("transformer.models:TokenEmbedding",)),
)
