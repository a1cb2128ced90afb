"""The facts of a head in a real browser: its own numbers, its role, and a plain word where nothing was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app_pages import i18n
from viz.browser import STRINGS, AttentionMap, Axis, encode_attention, to_html

TOKENS = ["<2de>", "▁I", "▁am", "</s>"]
NAMES = ["entropy", "previous", "alignment", "read"]
LAYERS, HEADS = 2, 3


def table(seed: int, columns: int) -> list[list[float]]:
    return np.random.default_rng(seed).uniform(0, 3, (LAYERS * HEADS, columns)).round(2).tolist()


FACTS = {"cross": {"names": NAMES[:3], "values": table(1, 3)}}
ROLES = [None] * 4 + [{"name": "previous", "value": 0.72, "steady": 0.987}, None]
CORPUS = {
    "name": "Tatoeba",
    "sentences": 500,
    "threshold": 0.5,
    "steady": 0.667,
    "alignment": {"links": 3132, "correlation": 0.82},
    "kinds": {
        "cross": {
            "names": NAMES,
            **{name: table(seed, 4) for seed, name in enumerate(("mean", "low", "high"), 2)},
            "even": [2.0, 0.25, 0.25, None],
            "roles": ROLES,
        }
    },
}


@pytest.fixture
def show(page, tmp_path: Path):
    """Open the facts of a head of a page with these headers; any error on the page fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def open_page(layer: int, head: int, size=(1280, 800), **header):
        weights = np.full((LAYERS, HEADS, 3, 4), 0.25)
        axes = {"source": Axis(TOKENS, "en"), "target": Axis(["<s>", "▁Ich", "▁bin"], "de")}
        maps = [AttentionMap("cross", weights, "target", "source")]
        payload = encode_attention(maps, axes=axes, model={"name": "small", "hash": "0"}, **header)
        path = tmp_path / "page.html"
        path.write_text(to_html(payload, "A page"), "utf-8")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{path.as_uri()}?view=facts&kind=cross&layer={layer}&head={head}")
        page.wait_for_selector("button.head[aria-selected=true]")
        return page

    yield open_page
    assert problems == []


def cells(page) -> dict[str, list[str]]:
    """Name of the fact -> its numbers, as a reader of tables finds them: by the row's header."""
    rows = page.locator(".facts tr").all()[1:]
    return {
        row.locator("th").evaluate("cell => cell.firstChild.data"): row.locator("td").all_inner_texts() for row in rows
    }


@pytest.mark.parametrize(("layer", "head"), [(1, 0), (0, 2)])
def test_the_numbers_are_those_of_the_head(show, layer: int, head: int) -> None:
    page = show(layer + 1, head + 1, facts=FACTS, corpus=CORPUS)
    place = layer * HEADS + head
    kind = CORPUS["kinds"]["cross"]
    expected = {}
    for column, name in enumerate(NAMES):
        here = f"{FACTS['cross']['values'][place][column]:.2f}" if column < 3 else "–"
        mean, low, high = (f"{kind[rows][place][column]:.2f}" for rows in ("mean", "low", "high"))
        even = "–" if kind["even"][column] is None else f"{kind['even'][column]:.2f}"
        expected[STRINGS[f"fact_{name}"]] = [here, f"{mean} ({low}–{high})", even]
    assert cells(page) == expected
    assert page.locator(".facts th[scope=col]").all_inner_texts() == [
        "this sentence",
        "500 held-out sentences",
        "even head, on those 500",
    ]
    assert "3132 words" in page.locator(".facts .notes").inner_text()


def test_a_role_comes_with_what_named_it(show) -> None:
    page = show(2, 2, facts=FACTS, corpus=CORPUS)
    assert page.locator(".facts .role").inner_text() == "Looks at the previous token: 0.72 of its weight."
    measured = "The mean of 500 held-out sentences; on 99 % of them it is 0.50 or more."
    assert page.locator(".facts > .caption").first.inner_text() == measured
    page.locator('button.head[data-layer="1"][data-head="2"]').click()
    assert page.locator(".facts .role").inner_text() == "No clear role."
    assert "on 67 % of them" in page.locator(".facts > .caption").first.inner_text()


def test_without_other_sentences_it_says_so(show) -> None:
    page = show(1, 1, facts=FACTS)
    assert page.locator(".facts .role").inner_text() == STRINGS["role_unknown"]
    assert list(cells(page).values()) == [[f"{value:.2f}"] for value in FACTS["cross"]["values"][0]]
    assert page.locator(".facts .notes").inner_text() == ""


def test_without_any_facts_there_is_no_such_tab(show) -> None:
    page = show(1, 1)
    assert page.locator('.tab[data-view="facts"]').is_hidden()
    assert page.locator(".facts").count() == 0


def test_in_japanese_on_a_narrow_screen_nothing_runs_out_of_the_page(show) -> None:
    strings = i18n.translate_all(STRINGS, "ja")
    page = show(2, 2, size=(390, 800), facts=FACTS, corpus=CORPUS, strings=strings, lang="ja")
    assert page.locator(".facts .role").inner_text() == strings["role_previous"].format(value="0.72")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_bars_begin_at_zero_and_a_kind_without_the_measure_says_so(show) -> None:
    page = show(1, 1, facts=FACTS, corpus=CORPUS)
    page.get_by_label(STRINGS["sort_by"]).select_option("entropy")
    values = np.array([row[0] for row in FACTS["cross"]["values"]])
    for button in page.locator("button.head").all():
        layer, head = (int(button.get_attribute(f"data-{name}")) for name in ("layer", "head"))
        share = float(button.evaluate("head => head.style.getPropertyValue('--share')"))
        assert share == pytest.approx(values[layer * HEADS + head] / values.max())
    note = page.locator(".kind > p.caption")
    assert not note.is_visible()
    page = show(1, 1, facts={"decoder": FACTS["cross"]}, corpus=CORPUS)
    page.get_by_label(STRINGS["sort_by"]).select_option("entropy")
    assert note.inner_text() == STRINGS["measure_none"].format(measure="entropy")
