"""The six directions, and which language a sentence looks like."""

from __future__ import annotations

import re

from app_pages.i18n import N_

NAMES = {"en": N_("English"), "de": N_("German"), "fr": N_("French"), "ja": N_("Japanese")}
DIRECTIONS = ("en-de", "en-fr", "en-ja", "de-en", "fr-en", "ja-en")

# Words that sentences of one language can hardly do without, and the others hardly have.
_COMMON = {
    "en": "the is are was were and of to in it he she you we they not that this have has with for because my your",
    "de": "der die das ist sind war und nicht ich du er sie es wir ein eine mit für weil auf zu mein dein dass auch",
    "fr": "le la les est sont était et ne pas je tu il elle nous vous un une avec pour parce que qui dans mon ton ce",
}
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_LETTERS = {"de": "äöüß", "fr": "éèêàçùœîôâ"}


def split_direction(direction: str) -> tuple[str, str]:
    """`en-de` -> source `en`, target `de`."""
    source, target = direction.split("-")
    return source, target


def looks_like(text: str) -> str | None:
    """Guess the language of a text, or None where it could be several."""
    if _JAPANESE.search(text):
        return "ja"
    words = re.findall(r"[^\W\d_]+", text.lower())
    scores = {
        language: sum(word in common.split() for word in words)
        + sum(character in _LETTERS.get(language, "") for character in text.lower())
        for language, common in _COMMON.items()
    }
    best, second = sorted(scores, key=lambda language: scores[language], reverse=True)[:2]
    return best if scores[best] >= scores[second] + 2 else None
