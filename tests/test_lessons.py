"""The lessons: the same steps, parts, formulas and numbers in every language, none of them stale."""

from __future__ import annotations

import re

import pytest

from app_pages.chapters import NAMES, chapter
from app_pages.chapters.show import show
from app_pages.chapters.walk import Walk, make_walk
from app_pages.i18n import LANGUAGES, SOURCE_LANGUAGE
from app_pages.lessons import FOLDER, PARTS, fill, fingerprint, lesson, parse, path, placeholders, translates
from transformer.translator import load_translator

NUMBERS = range(1, len(NAMES) + 1)
OTHERS = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})


@pytest.fixture(scope="module")
def walk() -> Walk:
    translator = load_translator("small")
    written = translator.translate("I am a student.", "de")
    return make_walk(translator, "I am a student.", "en-de", written.pieces, written.text)


def test_every_chapter_has_one_lesson_in_every_language() -> None:
    for language in LANGUAGES:
        names = sorted(file.name for file in (FOLDER / language).iterdir())
        assert [name[:2] for name in names] == [f"{number:02}" for number in NUMBERS]
        assert names == sorted(file.name for file in (FOLDER / SOURCE_LANGUAGE).iterdir())


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lesson_has_its_chapters_steps_with_question_and_answer(number: int) -> None:
    told = lesson(number, SOURCE_LANGUAGE)
    assert list(told.sections) == [step.name for step in chapter(number).steps]
    assert told.title and told.lead
    for section in told.sections.values():
        assert section.heading and section.text
        assert ("Question" in section.parts) == ("Answer" in section.parts)
    assert any("Question" in section.parts for section in told.sections.values())


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_translation_says_the_same(number: int, language: str) -> None:
    source, other = lesson(number, SOURCE_LANGUAGE), lesson(number, language)
    assert list(other.sections) == list(source.sections)
    for name, section in source.sections.items():
        translated = other.sections[name]
        assert list(translated.parts) == list(section.parts), name
        assert translated.parts.get("Formula") == section.parts.get("Formula"), name
        for text, of in (
            (section.text, translated.text),
            *((section.parts[p], translated.parts[p]) for p in section.parts),
        ):
            assert placeholders(of) == placeholders(text), name
            assert links(of) == links(text), name


def links(text: str) -> set[str]:
    return set(re.findall(r"\((https?://[^)]+)\)", text))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_translation_is_of_the_present_text(number: int, language: str) -> None:
    source = path(number, SOURCE_LANGUAGE).read_text("utf-8")
    stale = "translate the changed text, then run `python -m app_pages.lessons`"
    assert translates(path(number, language).read_text("utf-8")) == fingerprint(source), stale


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_that_a_lesson_names_is_there(number: int, walk: Walk) -> None:
    told = lesson(number, SOURCE_LANGUAGE)
    for index, step in enumerate(chapter(number).steps):
        facts = show(walk, number, index, tuple(choice.first(walk) for choice in step.choices), "en")[1]
        section = told.sections[step.name]
        for text in (told.lead, section.text, *section.parts.values()):
            assert "{{" not in fill(text, facts)


def test_staleness_shows() -> None:
    assert fingerprint("a text") != fingerprint("a text, changed")
    assert translates(f"<!-- translates {fingerprint('a text')} -->\n# Titel") == fingerprint("a text")
    assert translates("# A title") == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no title", "# Title"),
        ("# Title\n\nno sections", "# Title"),
        ("# Title\n## no name\n", "## name: Heading"),
        ("# Title\n## one: One\ntext\n### Riddle\nwhat?", "Riddle"),
    ],
)
def test_a_lesson_of_another_form_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(text)


def test_the_parts_are_read() -> None:
    parts = "\n".join(f"### {part}\n{part.lower()} {{{{number}}}}\n" for part in PARTS)
    section = parse(f"# Title\nLead.\n## one: One\nText.\n\n{parts}").sections["one"]
    assert (section.heading, section.text) == ("One", "Text.")
    assert {name: fill(text, {"number": 3}) for name, text in section.parts.items()} == {
        part: f"{part.lower()} 3" for part in PARTS
    }
