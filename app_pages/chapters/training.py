"""Chapter 12: what training starts from and aims at: one-hot targets, an untrained model and the trained one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.step import Chosen, Step
from app_pages.chapters.walk import Walk, softmax
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, Matrix, Piece, Table, Tokens

SEED = 0
seeding = threading.Lock()  # the seed is of the process, visitors are threads


def vocabulary(walk: Walk) -> list[int]:
    """The ids that the output is made of, once each, in the order of the output."""
    return list(dict.fromkeys(walk.written_ids))


def one_hot(walk: Walk) -> NDArray[Any]:
    """Targets (T, U) over the ids of `vocabulary`."""
    return (np.array(walk.written_ids)[:, None] == np.array(vocabulary(walk))).astype(np.float32)


def untrained(walk: Walk) -> NDArray[Any]:
    """Probabilities (T, V) of a model of the same shape with fresh random weights."""
    found: NDArray[Any] = walk.once("untrained", lambda: _untrained(walk))
    return found


def _untrained(walk: Walk) -> NDArray[Any]:
    import torch

    from transformer.models import build
    from transformer.tokenizers import START

    with seeding, torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(SEED)
        model = build(walk.config).eval()
        logits = model(torch.tensor([walk.source_ids]), torch.tensor([[START, *walk.written_ids[:-1]]]))
    return softmax(logits[0].numpy())


def targets(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    ids = vocabulary(walk)
    labels = Tokens([walk.piece(each) for each in ids], walk.languages[1])
    rows = [(Piece(piece, walk.languages[1]), each) for piece, each in zip(labels.pieces, ids, strict=True)]
    return [
        Table("vocabulary", _("a small part of the vocabulary"), [_("piece"), _("id")], rows, 0, width=1 / 3),
        Matrix(
            "one_hot",
            one_hot(walk),
            _("targets, one row a position"),
            "decoder",
            "weight",
            walk.writes,
            labels,
            width=2 / 3,
            axes=(_("position"), _("piece")),
        ),
    ]


def before_and_after(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    ids = vocabulary(walk)
    labels = Tokens([walk.piece(each) for each in ids], walk.languages[1])
    guesses, language = untrained(walk), walk.languages[1]
    parts = (
        ("target", one_hot(walk), _("target")),
        ("untrained", guesses[:, ids], _("random weights")),
        ("trained", walk.probabilities[:, ids], _("this model, trained")),
    )
    rows = [
        (
            Piece(walk.piece(target), language),
            float(p[target]),
            Piece(walk.piece(int(p.argmax())), language),
            float(p.max()),
            float(q[target]),
        )
        for target, p, q in zip(walk.written_ids, guesses, walk.probabilities, strict=True)
    ]
    heads = [_("target"), _("random weights"), _("their likeliest piece"), "", _("this model, trained")]
    return [
        *(
            Matrix(
                name,
                values,
                title,
                "decoder",
                "weight",
                walk.writes,
                labels,
                link="outputs",
                width=1 / 3,
                axes=(_("position"), _("piece")),
            )
            for name, values, title in parts
        ),
        Table("guesses", _("probabilities"), heads, rows, digits=5),
    ]


STEPS = (
    Step("targets", targets, code=("transformer.losses:translation_loss",)),
    Step(
        "before_and_after",
        before_and_after,
        code=("transformer.models:build", "transformer.candidates:probabilities"),
        ahead=(untrained,),
    ),
)
