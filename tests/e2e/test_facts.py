"""The facts of a head in a real browser: the message's numbers, their bars, and a role only where it holds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.hosted import open_hosted, present, printed, values
from viz.browser import STRINGS, AttentionMap, Axis, encode_attention, with_header

LAYERS, HEADS = 2, 3
NAMES = ["entropy", "distance", "self", "previous", "next", "first", "punctuation"]
CORPUS_NAMES = ["previous", "self", "entropy", "distance", "next", "first", "end"]  # another order, and other facts


def table(names, seed):
    shares = np.random.default_rng(seed).random((LAYERS * HEADS, len(names)))
    scale = [{"entropy": 4, "distance": 9}.get(name, 1) for name in names]
    return {"names": names, "values": (shares * scale).round(4).tolist()}


HERE, CORPUS = table(NAMES, 0), table(CORPUS_NAMES, 1)
HERE["values"][4][NAMES.index("next")] = None
ROLES = [
    None,
    {"id": "previous", "value": 0.7234, "threshold": 0.5, "holds": True, "steady": 0.876},
    {"id": "first", "value": 0.3127, "threshold": 0.5, "holds": False},
    {"id": "self", "value": 0.9, "threshold": 0.5, "holds": True, "steady": 0.995},
    None,
    None,
]
FACTS = {
    "facts": {"encoder": HERE},
    "corpus": {"sentences": 500, "kinds": {"encoder": {**CORPUS, "roles": ROLES}}},
}


def payload():
    weights = np.full((LAYERS, HEADS, 2, 2), 0.5)
    maps = [AttentionMap("encoder", weights, "source", "source")]
    return encode_attention(maps, axes={"source": Axis(["▁a", "▁b"])}, model={"name": "m", "hash": "0"})


@pytest.fixture
def show(page, tmp_path):
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def open_head(layer, head, width=1280, **header):
        page.set_viewport_size({"width": width, "height": 900})
        query = f"?view=matrix&kind=encoder&layer={layer + 1}&head={head + 1}"
        open_hosted(page, tmp_path, with_header(payload(), **FACTS | header), lambda request: ({}, {}), query)
        return page

    yield open_head
    assert problems == []


def rows(page):
    """Name of the fact -> the texts of its cells."""
    lines = page.locator(".facts table tr:has(td.fact)")
    cells = lines.evaluate_all("all => all.map(row => [...row.cells].map(cell => cell.textContent))")
    return {name: texts for name, *texts in cells}


def fact(facts, name, head):
    return facts["values"][head][facts["names"].index(name)] if name in facts["names"] else None


@pytest.mark.parametrize(("layer", "head"), [(0, 1), (1, 1)])
def test_every_fact_stands_with_its_number_here_and_over_the_sentences(show, layer, head):
    page = show(layer, head)
    place = layer * HEADS + head
    shown = rows(page)
    known = [name for name in ("entropy", "distance", "self", "previous", "next", "first", "end", "punctuation")]
    assert list(shown) == [STRINGS[f"fact_{name}"] for name in known]
    for name in known:
        for text, facts in zip(shown[STRINGS[f"fact_{name}"]], (HERE, CORPUS), strict=True):
            value = fact(facts, name, place)
            assert text == ("–" if value is None else f"{value:.2f}"), name
    wanted = [fact(facts, name, place) for name in known for facts in (HERE, CORPUS)]
    assert values(page, ".facts table") == [value for value in wanted if value is not None]


def test_bars_of_shares_run_to_one_and_others_to_the_largest_of_all_heads(show):
    page = show(0, 2)
    bars = page.locator(".facts td.fact").evaluate_all(
        "all => all.map(each => Number(each.style.getPropertyValue('--share')))"
    )
    longest = max(row[facts["names"].index("entropy")] for facts in (HERE, CORPUS) for row in facts["values"])
    assert bars[:2] == pytest.approx([fact(HERE, "entropy", 2) / longest, fact(CORPUS, "entropy", 2) / longest])
    assert bars[4:6] == pytest.approx([fact(HERE, "self", 2), fact(CORPUS, "self", 2)])
    assert f"{longest:.2f}" in page.locator(".facts > .caption").inner_text()


def test_a_role_is_named_with_its_number_and_threshold(show):
    page = show(0, 1)
    assert page.locator(".facts-role").inner_text() == STRINGS["role_measured"].format(
        role=STRINGS["role_previous"], value="0.72", threshold="0.50", sentences=500, steady="88 %"
    )
    assert values(page, ".facts-role") == [0.7234, 0.876]
    arrow = page.locator(".facts-role .role-glyph").get_attribute("style")
    page.locator('button.head[data-layer="0"][data-head="2"]').click()
    assert page.locator(".facts-role").inner_text() == STRINGS["role_none"].format(
        role=STRINGS["role_first"], value="0.31", threshold="0.50", sentences=500
    )
    assert page.locator(".facts-role .role-glyph").get_attribute("style") != arrow
    page.locator('button.head[data-layer="1"][data-head="2"]').click()
    assert page.locator(".facts-role").inner_text() == STRINGS["role_unknown"]


def test_without_shipped_sentences_this_one_stands_alone_and_no_role_is_made_up(show):
    page = show(0, 1, corpus=None)
    assert page.locator(".facts th[scope=col]").all_inner_texts() == [STRINGS["facts_here"]]
    assert page.locator(".facts-role").is_hidden()
    assert printed(page, ".facts table") == [f"{value:.2f}" for value in HERE["values"][1]]


def test_without_facts_there_is_no_empty_frame_and_new_data_bring_them(show):
    page = show(0, 1, facts=None)
    assert page.locator(".facts").is_hidden()
    present(page, with_header(payload(), **FACTS))
    assert page.locator(".facts").is_visible()


def test_a_phone_sees_both_columns(show):
    page = show(1, 0, width=390)
    right = "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    assert page.locator(".facts data").evaluate_all(right) <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
