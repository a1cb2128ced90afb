"""Kernels, Positions and Results for everyone: axe finds nothing serious, and nothing is wider than a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from app_pages.zoo import EXAMPLE

READABLE = (Path(__file__).parent / "readable.js").read_text("utf-8")
PARTS = {
    "one query": ("kernels", {"lens": "smoother"}, ".lens[data-view=smoother]"),
    "filters": ("kernels", {"lens": "filter"}, ".lens[data-view=running]"),
    "gallery": ("kernels", {"lens": "gallery", "sides": "keys", "surface": "rbf"}, ".lens[data-view=running]"),
    "zoo": ("kernels", {"lens": "zoo", "text": EXAMPLE, "direction": "de-en"}, ".lens[data-view=zoo]"),
    "order": ("positions", {"part": "order", "anew": "1"}, "[data-scene=positions-order]"),
    "patterns": ("positions", {"part": "patterns"}, "[data-scene=positions-patterns]"),
    "position in the kernel": ("positions", {"part": "kernel"}, "[data-scene=positions-kernel]"),
    "results": ("results", {}, ".atlas-results"),
}
STREAMLITS_OWN = "keyboard_double_arrow_right"  # the sign that opens its menu on a telephone
SIDEWAYS = "() => { const main = document.querySelector('.stMain'); return main.scrollWidth - main.clientWidth; }"


@pytest.fixture(params=[("light", "en"), ("dark", "ja")], ids=["light-en", "dark-ja"], scope="module")
def tab(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, str]]:
    scheme, language = request.param
    page = browser.new_page(color_scheme=scheme)
    page.set_default_timeout(60_000)
    yield page, language
    page.close()


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_for_everyone(tab: tuple[Page, str], app_url: str, part: str) -> None:
    page, language = tab
    name, address, shown = PARTS[part]
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{app_url}/{name}?" + urlencode({"model": "small", "lang": language, **address}))
    page.locator(shown).first.wait_for()
    page.wait_for_selector(".stApp[data-test-script-state=notRunning]")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)  # drawn anew at this width
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [
            (each["id"], node["html"]) for each in found if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]  # fmt: skip
        assert serious == [], width
        read = page.evaluate(READABLE)
        assert [text for text in read["faint"] if text != STREAMLITS_OWN] == [], width
        assert read["mute"] == [], width
        assert page.evaluate(SIDEWAYS) <= 1, width
