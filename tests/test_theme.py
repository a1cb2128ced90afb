"""The page's theme and the pictures agree, and its font is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from viz import style

ROOT = Path(__file__).parent.parent
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_the_pictures_colours(scheme: str) -> None:
    shared = {
        "backgroundColor": "background",
        "secondaryBackgroundColor": "surface",
        "textColor": "text",
        "primaryColor": "primary",
    }
    assert THEME[scheme] == {option: style.PAGE[name].of(scheme) for option, name in shared.items()}


def test_font_is_the_pictures_font() -> None:
    first, pictures_first = (stack.split(",")[0].strip("'\"") for stack in (THEME["font"], style.FONT_STACK))
    assert first == pictures_first == THEME["fontFaces"][0]["family"]


def test_font_files_are_served() -> None:
    files = {ROOT / face["url"].removeprefix("app/") for face in THEME["fontFaces"]}
    assert files == set((ROOT / "static" / "fonts").glob("*.woff2"))
