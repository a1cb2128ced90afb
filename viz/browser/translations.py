"""The browser's texts in other languages, for hosts without an app around them: notebooks and the pages they write."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from viz.browser import STRINGS

_INSTALLED = Path(__file__).parent.parent / "locale"  # where pip puts locale/
LOCALE = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "locale"


@cache
def strings_in(language: str) -> dict[str, str]:
    """Return every text of ``STRINGS`` in a language: ``"en"``, or one that has a catalogue.

    Raises ``ValueError`` with the languages that there are.
    """
    if language == "en":
        return dict(STRINGS)
    known = sorted(path.name for path in LOCALE.iterdir())
    if language not in known:
        raise ValueError(f"there are no texts in {language!r}; choose one of en, {', '.join(known)}")
    from babel.messages.pofile import read_po

    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = {message.id: str(message.string) for message in read_po(file) if message.string}
    return {key: messages.get(text, text) for key, text in STRINGS.items()}
