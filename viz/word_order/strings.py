"""Every text that the words of an order show, in English."""

from __future__ import annotations

STRINGS: dict[str, str] = {
    "your_words": "Your words, in the order that the model reads them",
    "how": "Drag a word, or click two words to swap them; the arrow keys move the one in focus.",
    "word": "{word}, place {place} of {places}; in your sentence place {home}",
    "swap_with": "“{word}” is chosen: click another word to swap the two, or press Escape",
}
