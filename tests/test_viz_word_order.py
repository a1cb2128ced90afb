"""The words that change places: one script, every text in its table, colours that exist."""

from __future__ import annotations

import re
from pathlib import Path

from viz.style import css_variables
from viz.word_order import STRINGS, css, streamlit_js

FOLDER = Path(__file__).parent.parent / "viz" / "word_order"
SOURCES = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


def test_every_module_is_in_the_script_once() -> None:
    script = streamlit_js()
    for name in SOURCES:
        assert script.count(f"// --- {name}.js\n") == 1
    assert re.findall(r"^export .*", script, re.MULTILINE) == ["export default function (component) {"]


def test_every_text_is_in_the_table_and_every_row_is_used() -> None:
    assert set(re.findall(r'words\(\s*"(\w+)"', "".join(SOURCES.values()))) == STRINGS.keys()


def test_the_style_sheet_uses_only_colours_that_exist() -> None:
    used = set(re.findall(r"var\((--atlas-[\w-]+)", css()))
    assert used <= set(re.findall(r"(--atlas-[\w-]+):", css_variables(".word-order")))


def test_tokens_never_become_markup() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", "".join(SOURCES.values()))
