"""Chapter 13: how wrong a distribution is, label smoothing, and two ways of writing beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app_pages.chapters.step import Choice, Chosen, Step
from app_pages.chapters.walk import Walk
from app_pages.i18n import N_, Translate
from viz.walkthrough.scene import Beam, Figure, Piece, Table

SMOOTHINGS = (0.0, 0.1, 0.2)
SMOOTHING = Choice(
    "smoothing",
    N_("Label smoothing"),
    lambda walk: [("{number}", {"number": each}) for each in SMOOTHINGS],
    "smoothing",
    lambda w: 1,
)
BEAMS = (1, 2)  # as in the article
PENALTY = 0.6
# The article's picture of a trained model: its words, and a row for each position of "i am a student <eos>".
ARTICLE_WORDS = ("a", "am", "I", "thanks", "student", "<eos>")
ARTICLE_TARGETS = (2, 1, 0, 4, 5)
ARTICLE_ROWS = np.array(
    [
        [0.01, 0.02, 0.93, 0.01, 0.03, 0.01],
        [0.01, 0.8, 0.1, 0.05, 0.01, 0.03],
        [0.99, 0.001, 0.001, 0.001, 0.002, 0.001],
        [0.001, 0.002, 0.001, 0.02, 0.94, 0.01],
        [0.01, 0.01, 0.001, 0.001, 0.001, 0.98],
    ]
)


def losses(logits: NDArray[Any], targets: Sequence[int], smoothing: float) -> dict[str, NDArray[Any]]:
    """Of each position (T,): probability of the target, cross-entropy, that with smoothed targets, and its KL part."""
    logits = logits.astype(np.float64)
    log = logits - logits.max(-1, keepdims=True)
    log -= np.log(np.exp(log).sum(-1, keepdims=True))
    size, rows = log.shape[-1], np.arange(len(targets))
    of_target = log[rows, targets]
    smoothed = -((1 - smoothing) * of_target + smoothing * log.mean(-1))
    on, off = 1 - smoothing + smoothing / size, smoothing / size
    entropy = -(on * np.log(on) + (size - 1) * off * np.log(off)) if smoothing else 0.0
    return {
        "probability": np.exp(of_target),
        "cross_entropy": -of_target,
        "smoothed": smoothed,
        "kl": smoothed - entropy,
    }


def loss(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    smoothing = SMOOTHINGS[chosen["smoothing"]]
    found = losses(walk.logits, walk.written_ids, smoothing)
    columns = [found[name].tolist() for name in ("probability", "cross_entropy", "smoothed", "kl")]
    rows = [
        (Piece(piece, walk.languages[1]), *numbers)
        for piece, *numbers in zip(walk.writes.pieces, *columns, strict=True)
    ]
    mean: Sequence[str | float | Piece | None] = (_("mean"), *(float(np.mean(column)) for column in columns))
    heads = [
        _("target"),
        _("its probability p"),
        _("cross-entropy −ln p"),
        _("with smoothing {number}", number=smoothing),
        _("of which KL divergence"),
    ]
    return [Table("losses", _("the loss at each position, in nats"), heads, [*rows, mean], marked=[len(rows)])]


def printed(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    rows = []
    for row, target in zip(ARTICLE_ROWS, ARTICLE_TARGETS, strict=True):
        total = float(row.sum())
        rows.append(
            (
                ARTICLE_WORDS[target],
                *row.tolist(),
                total,
                float(-np.log(row[target])),
                float(-np.log(row[target] / total)),
            )
        )
    heads = [_("target"), *ARTICLE_WORDS, _("sum of the row"), _("−ln p as printed"), _("−ln p, row made to sum to 1")]
    return [Table("printed", _("the article's example of a trained model"), heads, rows, digits=3)]


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    found = losses(walk.logits, walk.written_ids, SMOOTHINGS[chosen.get("smoothing", 1)])
    return {
        "mean_loss": f"{found['cross_entropy'].mean():.3f}",
        "blind_loss": f"{np.log(walk.config.vocab_size):.2f}",
        "mean_smoothed": f"{found['smoothed'].mean():.3f}",
    }


Searched = tuple[list[list[dict[str, Any]]], dict[str, int], str]


def search_steps(walk: Walk, width: int) -> Searched:
    """The living and ended hypotheses after each step, likeliest first, the place of the best one, and its text."""
    found: Searched = walk.once(f"search {width}", lambda: _search_steps(walk, width))
    return found


def _search_steps(walk: Walk, width: int) -> Searched:
    import torch

    from transformer.decoding import MAX_EXTRA, beam_search
    from transformer.next_tokens import next_tokens

    source = torch.tensor([walk.source_ids])
    most = min(len(walk.source_ids) + MAX_EXTRA, walk.config.max_length)
    step = next_tokens(walk.translator.model, source, width=width)
    outputs, records = beam_search(step, 1, most, beam_size=width, length_penalty=PENALTY)
    best = outputs[0][0]
    steps: list[list[dict[str, Any]]] = []
    for record in records:
        living = [
            {"piece": walk.piece(int(token)), "parent": int(parent), "score": float(score), "ended": False}
            for token, parent, score in zip(record.chosen[0], record.parents[0], record.scores[0], strict=True)
            if np.isfinite(float(score))
        ]
        end = walk.piece(walk.translator.tokenizer.ids(["</s>"])[0])
        steps.append(living + [{"piece": end, "parent": p, "score": s, "ended": True} for _row, p, s in record.ended])
    last = len(best.ids) - 1
    place = next((i for i, each in enumerate(steps[last]) if each["ended"] and each["parent"] == best.path[-1]), 0)
    sorted_steps, places = by_likelihood(steps[: last + 1])
    return sorted_steps, {"step": last, "place": places[last][place]}, walk.translator.tokenizer.decode(best.ids)


def by_likelihood(steps: list[list[dict[str, Any]]]) -> tuple[list[list[dict[str, Any]]], list[list[int]]]:
    """Sort the hypotheses of each step, living and ended, by log-probability; and say where each one went."""
    found: list[list[dict[str, Any]]] = []
    places: list[list[int]] = []
    for step in steps:
        order = sorted(range(len(step)), key=lambda i: -step[i]["score"])
        found.append([{**step[i], "parent": places[-1][step[i]["parent"]] if places else 0} for i in order])
        places.append([order.index(i) for i in range(len(step))])
    return found, places


def search(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    figures: list[Figure] = []
    legend = _(
        "Likeliest on top. A line leads from a beginning to what it goes on with; the strong one leads to the output, "
        "the coloured box. Grey boxes have ended."
    )
    for width in BEAMS:
        steps, best, text = search_steps(walk, width)
        name = _("Greedy") if width == 1 else _("Beam of {width}", width=width)
        figures.append(Beam(steps, walk.languages[1], f"{name}: {text}", best, legend if width > 1 else ""))
    return figures


STEPS = (
    Step("loss", loss, (SMOOTHING,), ("transformer.losses:cross_entropy",), facts),
    Step("printed", printed, code=("transformer.losses:cross_entropy",)),
    Step(
        "search",
        search,
        code=(
            "transformer.decoding:beam_search:for length in … parents, chosen = parents",
            "transformer.decoding:length_normaliser",
        ),
        ahead=tuple(partial(search_steps, width=width) for width in BEAMS),
    ),
)
