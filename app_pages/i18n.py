"""The interface's languages: English in the code, the others from gettext catalogues in `locale/`.

A page takes its visitor's function and marks what it says with it: `_ = translator(language)`, then `_("Heads")` or
`_("layer {layer}", layer=3)`. A string that is written down in one place and shown in another (a label in a table,
the texts of the browser code) is marked with `N_` there and goes through `_` where it is shown. Sessions are threads
with languages of their own, so nothing here holds a current language.

`make translations` carries new strings into the catalogues; a missing translation fails a test.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO

LANGUAGES = {"en": "English", "ja": "日本語"}
SOURCE_LANGUAGE = "en"
LOCALE = Path(__file__).parent.parent / "locale"

Translate = Callable[..., str]


def N_(message: str) -> str:
    """Mark a string for translation and leave it as it is."""
    return message


@cache
def translator(language: str) -> Translate:
    """Make the function that says an English string in `language`, then fills in its `{name}`s.

    An unknown language speaks English: it comes from the address bar.
    """
    messages = catalogue(language)

    def translate(message: str, /, **values: object) -> str:
        text = messages.get(message, message)
        return text.format(**values) if values else text

    return translate


def translate_all(messages: Mapping[str, str], language: str) -> dict[str, str]:
    """Translate the values of a table, such as the texts that the browser code shows."""
    translate = translator(language)
    return {key: translate(message) for key, message in messages.items()}


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Read the translations of one language, once a process; two threads that come first read it twice."""
    if language == SOURCE_LANGUAGE or language not in LANGUAGES:
        return {}
    from babel.messages.pofile import read_po  # 40 ms that an English visitor does not wait for

    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id and message.string}


def extract_tables(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Find the strings of the tables named STRINGS: a Babel extractor, for `make translations` and its test."""
    for node in ast.walk(ast.parse(file.read())):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="STRINGS")], value=ast.Dict(values=texts))
                | ast.AnnAssign(target=ast.Name(id="STRINGS"), value=ast.Dict(values=texts))
            ):
                for text in texts:
                    yield text.lineno, None, ast.literal_eval(text), []
