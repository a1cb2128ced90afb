"""What the tests of the pages read off them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator

READABLE = (Path(__file__).parent / "readable.js").read_text("utf-8")
NOTHING_UNREADABLE: dict[str, list[str]] = {"faint": [], "mute": [], "nameless": []}


def numbers(locator: Locator) -> list[float]:
    """The full numbers of <data> elements."""
    return [float(each) for each in locator.evaluate_all("found => found.map(each => each.value)")]
