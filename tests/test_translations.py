"""Every string of the interface exists in every language, with the same placeholders."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from app_pages import i18n

ROOT = Path(__file__).parent.parent
LANGUAGES = sorted(set(i18n.LANGUAGES) - {i18n.SOURCE_LANGUAGE})


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def in_code(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The strings that `make translations` finds."""
    template = tmp_path_factory.mktemp("locale") / "messages.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run(["pybabel", "-q", "extract", "-F", "pyproject.toml", "-o", str(template), "."])
    return {message.id for message in read(template) if message.id}


def test_the_pictures_strings_are_found(in_code: set[str]) -> None:
    from viz.browser import STRINGS

    assert set(STRINGS.values()) <= in_code


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_exactly_the_strings_of_the_code(language: str, in_code: set[str]) -> None:
    catalogue = read(i18n.LOCALE / language / "LC_MESSAGES" / "messages.po")
    in_catalogue = {message.id for message in catalogue if message.id}
    assert in_code - in_catalogue == set(), "not in the catalogue: run `make translations`, then translate"
    assert in_catalogue - in_code == set(), "no longer in the code: run `make translations`"
    assert not catalogue.obsolete, "obsolete entries: run `make translations`"


def test_no_string_hides_where_it_is_not_found() -> None:
    """The extractor does not look into f-strings: a text there would never be translated."""
    for path in (ROOT / "app_pages").rglob("*.py"):
        texts = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)]
        for part in (part for text in texts for part in ast.walk(text)):
            match part:
                case ast.Call(func=ast.Name(id="_" | "N_"), args=[ast.Constant(), *_]):
                    raise AssertionError(f"{path.name}:{part.lineno}: take the text out of the f-string")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    messages = [m for m in read(i18n.LOCALE / language / "LC_MESSAGES" / "messages.po") if m.id]
    assert [m.id for m in messages if not m.string] == []
    assert [m.id for m in messages if m.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    messages = [m for m in read(i18n.LOCALE / language / "LC_MESSAGES" / "messages.po") if m.id]
    assert [m.id for m in messages if placeholders(m.id) != placeholders(m.string)] == []


def test_english_is_the_code_itself() -> None:
    assert i18n.translator("en")("layer {layer}", layer=3) == "layer 3"


def test_japanese_fills_in_its_own_sentence() -> None:
    assert i18n.translator("ja")("layer {layer}", layer=3) == "第3層"


def test_a_brace_in_a_value_is_text() -> None:
    assert i18n.translator("en")("goes on to write “{token}”", token="{x}") == "goes on to write “{x}”"


def test_unknown_language_speaks_english() -> None:
    assert i18n.translator("../../etc")("query") == "query"


def test_a_table_keeps_its_keys() -> None:
    assert i18n.translate_all({"rows": "query"}, "ja") == {"rows": "クエリ"}
