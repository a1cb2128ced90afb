"""The prose of the walkthrough: `lessons/LANGUAGE/NN-name.md`, a file a chapter, the same sections in every language.

    # Title                  the chapter
    One line: what to look for.
    ## name: Heading         a step, by the name that its chapter gives it, then its text
    ### Formula              any of these, in this order, their names in English in every language
    ### Note
    ### Other note           instead of the note, where the facts have `other_sentence`: not the article's
    ### Question
    ### Answer
    ### Other answer         instead of the answer, where the facts have `other_answer`

`{{name}}` is filled in with a number of the model. A translation says on its first line which text it translates:
`<!-- translates HASH -->`. After a change of the English text, translate anew, then `python -m app_pages.lessons`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app_pages.i18n import LANGUAGES, SOURCE_LANGUAGE

FOLDER = Path(__file__).parent.parent / "lessons"
PARTS = ("Formula", "Note", "Other note", "Question", "Answer", "Other answer")
_TRANSLATES = re.compile(r"<!-- translates (\w*) -->\n")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Section:
    """A step's text, and its parts by name."""

    heading: str
    text: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A chapter's title, its one line, and its sections by the names of the steps."""

    title: str
    lead: str
    sections: Mapping[str, Section]


def path(number: int, language: str) -> Path:
    """The file of a chapter."""
    return next((FOLDER / language).glob(f"{number:02}-*.md"))


@cache
def lesson(number: int, language: str) -> Lesson:
    """Read a chapter's lesson, once a process."""
    return parse(path(number, language if language in LANGUAGES else SOURCE_LANGUAGE).read_text("utf-8"))


def parse(text: str) -> Lesson:
    """Read a lesson; ValueError says where it is not of the form above."""
    head, *sections = re.split(r"^## ", _TRANSLATES.sub("", text), flags=re.MULTILINE)
    title, _, lead = head.strip().partition("\n")
    if not title.startswith("# ") or not sections:
        raise ValueError(f"a lesson begins with '# Title' and has sections, not {title!r}")
    found = {}
    for section in sections:
        first, _, rest = section.partition("\n")
        name, colon, heading = first.partition(": ")
        if not colon:
            raise ValueError(f"a section begins with '## name: Heading', not {first!r}")
        body, *parts = re.split(r"^### ", rest, flags=re.MULTILINE)
        named = {name: part.strip() for name, _, part in (part.partition("\n") for part in parts)}
        if not named.keys() <= set(PARTS):
            raise ValueError(f"section {name!r} has a part that is none of {', '.join(PARTS)}: {', '.join(named)}")
        found[name] = Section(heading.strip(), body.strip(), named)
    return Lesson(title.removeprefix("# ").strip(), lead.strip(), found)


def placeholders(text: str) -> set[str]:
    """Names of the numbers that a text asks for."""
    return set(_PLACEHOLDER.findall(text))


def fill(text: str, facts: Mapping[str, Any]) -> str:
    """Put the numbers in."""
    return _PLACEHOLDER.sub(lambda found: str(facts[found[1]]), text)


def fingerprint(text: str) -> str:
    """What a translation names its source by."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def translates(text: str) -> str:
    """The fingerprint that a translation names."""
    found = _TRANSLATES.match(text)
    return found[1] if found else ""


if __name__ == "__main__":
    for source in sorted((FOLDER / SOURCE_LANGUAGE).glob("*.md")):
        for other in set(LANGUAGES) - {SOURCE_LANGUAGE}:
            file = FOLDER / other / source.name
            first = f"<!-- translates {fingerprint(source.read_text('utf-8'))} -->\n"
            file.write_text(first + _TRANSLATES.sub("", file.read_text("utf-8")), "utf-8")
