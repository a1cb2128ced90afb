"""Chapter 4: which head links 'it' to 'animal', and what it does when the street is too wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from app_pages.chapters.step import WEIGHTS, Chosen, Step
from app_pages.chapters.walk import Walk, make_walk
from app_pages.i18n import Translate
from viz.walkthrough.scene import Bars, Figure, Links, Table

SENTENCES = {
    "tired": "The animal didn't cross the street because it was too tired.",
    "wide": "The animal didn't cross the street because it was too wide.",
}
NOUNS = ("▁animal", "▁street")


def links(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    link = walk.link
    return [Links("words", walk.encoder_weights, walk.source, walk.source, link.layer, link.head, link.query, link.key)]


def of_another(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    """Whether the sentence is another than the article's, of which its note does not speak."""
    return {"other_sentence": walk.text.strip() != SENTENCES["tired"]}


def with_word(walk: Walk, word: str) -> Walk:
    """The article's sentence with this word, in the visitor's model, into the visitor's language."""
    target = "de" if walk.languages[1] == "en" else walk.languages[1]

    def translate() -> Walk:
        if (walk.text.strip(), walk.languages) == (SENTENCES[word], ("en", target)):
            return walk
        written = walk.translator.translate(SENTENCES[word], target)
        return make_walk(walk.translator, SENTENCES[word], f"en-{target}", written.pieces, written.text)

    found: Walk = walk.once(f"with {word}", translate)
    return found


def both(walk: Walk) -> dict[str, Walk]:
    """The article's sentence with 'tired' and with 'wide'."""
    return {word: with_word(walk, word) for word in SENTENCES}


def wide(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    walks = both(walk)
    first = walks["tired"]
    _query, _key, layer, head, _weight = first.link
    names, values, figures = [], [], []
    for name, each in walks.items():
        it = list(each.source.pieces).index("▁it")
        for noun, weight in given(each, layer, head).items():
            names.append(f"{name}: it → {noun}")
            values.append(weight)
        animal = list(each.source.pieces).index("▁animal")
        picture = Links(
            name,
            each.encoder_weights,
            each.source,
            each.source,
            layer,
            head,
            it,
            animal,
            title=name,
            choose=False,
            width=0.5,
        )
        figures.append(picture)
    rows = [(name, each.translation) for name, each in walks.items()]
    title = _("Layer {layer}, head {head}", layer=layer + 1, head=head + 1)
    return [
        *figures,
        Bars("nouns", title, names, np.array(values), "query", width=0.5),
        Table("translations", _("What the model writes"), ["", ""], rows, width=0.5),
    ]


def given(walk: Walk, layer: int, head: int) -> dict[str, float]:
    """What a head gives from 'it' to each of the nouns."""
    pieces = list(walk.source.pieces)
    row = walk.encoder_weights[layer, head, pieces.index("▁it")]
    return {noun[1:]: float(row[pieces.index(noun)]) for noun in NOUNS}


def facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    """What the head of 'tired' gives in both sentences; the other answer is that 'wide' does not turn it."""
    walks = both(walk)
    link = walks["tired"].link
    weights = {word: given(each, link.layer, link.head) for word, each in walks.items()}
    return {
        **{f"{word}_{noun}": f"{weight:.2f}" for word, nouns in weights.items() for noun, weight in nouns.items()},
        "other_answer": weights["wide"]["street"] <= weights["wide"]["animal"],
    }


_AHEAD = tuple(partial(with_word, word=word) for word in SENTENCES)
STEPS = (
    Step("links", links, code=(WEIGHTS,), facts=of_another),
    Step("wide", wide, code=(WEIGHTS,), facts=facts, ahead=_AHEAD),
)
