"""Chapter 11: from the decoder's last vector to a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app_pages.chapters.decoder import likeliest
from app_pages.chapters.step import POSITION, Chosen, Step
from app_pages.chapters.walk import Walk
from app_pages.i18n import Translate
from viz.walkthrough.scene import Bars, Figure, Matrix, Tokens

WIDEST = 200  # columns in which the vocabulary is laid out
TOP = 10


def sheet(count: int) -> tuple[int, int]:
    """Rows and columns that hold so many numbers exactly, as near to `WIDEST` columns as possible."""
    columns = max(size for size in range(1, WIDEST + 1) if count % size == 0)
    return count // columns, columns


def logits(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    position = chosen["position"]
    vector = walk["decoder.output"][position : position + 1]
    row = walk.logits[position]
    vocabulary = Tokens(walk.translator.tokenizer.pieces(range(len(row))), "")
    return [
        Matrix(
            "vector", vector, _("the decoder's last vector"), "decoder", rows=[_("state")], bare=True, row_height=24
        ),
        Matrix(
            "logits",
            row.reshape(sheet(len(row))),
            _("logits, one for each piece of the vocabulary"),
            "text",
            cells=vocabulary,
            row_height=3,
        ),
    ]


def probabilities(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    position = chosen["position"]
    row = walk.logits[position]
    best = np.argsort(-row, kind="stable")[:TOP]
    labels = Tokens(walk.translator.tokenizer.pieces(best.tolist()), walk.languages[1])
    written = walk.written_ids[position]
    marked = best.tolist().index(written) if written in best else None
    rest = 1 - walk.probabilities[position][best].sum()
    note = _("all other pieces together: {share} %", share=f"{100 * rest:.1f}")
    return [
        Bars("logits", _("logits"), labels, row[best], "text", width=0.5, marked=marked),
        Bars(
            "probabilities",
            _("probabilities"),
            labels,
            walk.probabilities[position][best],
            "decoder",
            "percent",
            0.5,
            1.0,
            marked,
            note,
        ),
    ]


def two_digits(value: float) -> str:
    """A number in two digits, as its exponent's two places behind the point support: 9.4, 94, 9,400."""
    return f"{float(f'{value:.2g}'):,.{1 if value < 9.95 else 0}f}"


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    (first, share), (second, _share) = likeliest(walk, chosen["position"], 2)
    row = np.sort(walk.logits[chosen["position"]])
    return {
        "first": first.replace("▁", ""),
        "second": second.replace("▁", ""),
        "share": f"{100 * share:.1f}",
        "gap": f"{row[-1] - row[-2]:.2f}",
        "odds": two_digits(float(np.exp(row[-1] - row[-2]))),
    }


STEPS = (
    Step("logits", logits, (POSITION,), ("transformer.models:TiedOutput",)),
    Step(
        "probabilities",
        probabilities,
        (POSITION,),
        ("transformer.models:TiedOutput.forward", "transformer.candidates:probabilities"),
        facts,
    ),
)
