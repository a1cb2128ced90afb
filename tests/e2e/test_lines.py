"""The head view in a real browser: its lines and numbers are the weights, for the mouse, the keyboard and the ear."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.browser import message
from tests.e2e.scenes import HOSTILE, as_shown, payload_of, scene_page
from viz.browser import decode_weights
from viz.style import HEADS, MEANING

RECORD = """
window.written = []; window.stroked = [];
const {prototype} = CanvasRenderingContext2D;
for (const [name, hear] of Object.entries({
  clearRect(context) { if (context.canvas.className === "lines-all") window.stroked = []; else window.written = []; },
  beginPath(context) { context.curves = []; },
  moveTo(context, x, y) { context.start = [x, y]; },
  bezierCurveTo(context, a, b, c, d, x, y) { context.curves.push([...context.start, x, y]); },
  stroke(context) {
    if (context.canvas.className !== "lines-all") return;
    const {strokeStyle: color, globalAlpha: opacity, lineWidth: width} = context;
    for (const [x0, y0, x1, y1] of context.curves) window.stroked.push({y0, y1, color, opacity, width});
  },
  fillText(context, text) {
    const {e, f, a} = context.getTransform();
    window.written.push({text, x: e / a, y: f / a});
  },
})) {
  const original = prototype[name];
  prototype[name] = function (...values) { hear(this, ...values); return original.apply(this, values); };
}
"""
SET = """([state, pins]) => {
  const {atlas} = document.getElementById("atlas").attentionBrowser;
  if (pins) state.pinned = {queries: new Set(pins[0]), keys: new Set(pins[1])};
  atlas.actions.set(state);
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def show(page, tmp_path: Path):
    """Open a payload with the lines of a head; any error on the page fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.add_init_script(RECORD)

    def open_page(payload, kind="cross", layer=1, head=2, size=(1280, 800), pins=None, **state):
        path = tmp_path / "page.html"
        path.write_text(scene_page(payload), "utf-8")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(path.as_uri())
        page.wait_for_selector("button.head[aria-selected=true]")
        page.evaluate(
            SET, [{"view": "lines", "selection": {"kind": kind, "layer": layer, "head": head}, **state}, pins]
        )
        return page

    yield open_page
    assert problems == []


def token(page, side, index):
    return page.locator(f".lines-side.{side} .token").nth(index)


def pitch(page):
    return token(page, "query", 1).bounding_box()["y"] - token(page, "query", 0).bounding_box()["y"]


def numbers_beside(page):
    """What stands beside the tokens: row -> texts, left to right."""
    page.evaluate(FRAME)
    rows: dict[int, list[tuple[float, str]]] = {}
    for mark in page.evaluate("() => window.written"):
        rows.setdefault(int(mark["y"] // pitch(page)), []).append((mark["x"], mark["text"]))
    return {row: [text for _, text in sorted(marks)] for row, marks in rows.items()}


def digits(weight):
    return as_shown(np.float32(weight), 2)


def test_pointing_at_either_side_shows_the_weights_of_the_other(show):
    payload = payload_of()
    page = show(payload)
    weights = decode_weights(payload, "cross")[1, 2]
    for query in range(len(weights)):
        token(page, "query", query).hover()
        assert numbers_beside(page) == {key: [digits(weight)] for key, weight in enumerate(weights[query])}
        best = np.float32(weights[query].max())
        assert f" attends {best:.4f} to " in page.locator(".lines-read").inner_text()
        assert np.float32(page.locator(".lines-read data").get_attribute("value")) == best
    for key in range(weights.shape[1]):
        token(page, "key", key).hover()
        assert numbers_beside(page) == {query: [digits(weight)] for query, weight in enumerate(weights[:, key])}
    page.mouse.move(5, 5)
    assert numbers_beside(page) == {}


def test_few_heads_give_a_number_each_and_pins_a_column_each(show):
    payload = payload_of()
    page = show(payload, more=[{"layer": 0, "head": 5, "share": 1}], pins=[[], [3]])
    first, second = (decode_weights(payload, "cross")[head] for head in ((1, 2), (0, 5)))
    expected = {query: [digits(first[query, 3]), digits(second[query, 3])] for query in range(len(first))}
    assert numbers_beside(page) == expected
    page.evaluate(SET, [{"more": []}, [[1, 4], []]])
    assert numbers_beside(page) == {
        key: [digits(first[1, key]), digits(first[4, key])] for key in range(first.shape[1])
    }


@pytest.mark.parametrize(("count", "threshold"), [(0, 0.0), (1, 0.0), (3, 0.0), (0, 0.1), (2, 0.25)])
def test_the_lines_drawn_are_the_strongest(show, count, threshold):
    payload = payload_of()
    heads = [(1, 2), (1, 7), (0, 0)]
    more = [{"layer": layer, "head": head, "share": 1} for layer, head in heads[1:]]
    page = show(payload, count=count, threshold=threshold, more=more)
    drawn = {(line["color"], int(line["y0"] // pitch(page)), int(line["y1"] // pitch(page))) for line in strokes(page)}
    expected, all_weights = set(), 0
    for place in heads:
        weights = decode_weights(payload, "cross")[place].astype(np.float32)
        all_weights += (weights > 0).sum()
        for query, row in enumerate(weights):
            chosen = np.argsort(-row, kind="stable")[: count or None]
            expected |= {
                (HEADS[place[1]].light, query, key) for key in chosen if row[key] > 0 and row[key] >= threshold
            }
    assert drawn == expected
    assert len(strokes(page)) == len(expected)
    assert page.locator(".lines p.caption").inner_text() == f"{len(expected)} of {all_weights} lines shown"


def test_many_tokens_and_heads_are_no_hairball_unless_asked_for(show):
    payload = message(64, layers=1, heads=8)
    more = [{"layer": 0, "head": head, "share": 1} for head in range(1, 8)]
    page = show(payload, kind="encoder", layer=0, head=0, threshold=0, more=more)
    tied = decode_weights(payload, "encoder")[0].astype(np.float32)
    drawn = {(int(line["y0"] // pitch(page)), int(line["y1"] // pitch(page))) for line in strokes(page)}
    assert {(query, int(row.argmax())) for head in tied for query, row in enumerate(head)} <= drawn
    assert len(strokes(page)) <= 600
    page.evaluate(SET, [{"count": 0}, None])
    assert len(strokes(page)) == np.count_nonzero(tied)


def strokes(page):
    return page.evaluate("() => window.stroked")


def test_a_stronger_weight_is_never_the_fainter_or_thinner_line(show):
    payload = payload_of()
    page = show(payload, kind="encoder", threshold=0)
    weights = decode_weights(payload, "encoder")[1, 2]
    height = pitch(page)
    lines = sorted(strokes(page), key=lambda line: weights[int(line["y0"] // height), int(line["y1"] // height)])
    for look in ("opacity", "width"):
        values = [line[look] for line in lines]
        assert values == sorted(values) and values[-1] > 2 * values[0]


def test_a_difference_has_the_colours_of_its_signs(show):
    payload = payload_of()
    page = show(payload, minus="1.1", threshold=0)
    weights = decode_weights(payload, "cross").astype(np.float32)
    difference = weights[1, 2] - weights[0, 0]
    for line in strokes(page):
        value = difference[int(line["y0"] // pitch(page)), int(line["y1"] // pitch(page))]
        sign = "negative" if value < 0 else "positive"
        assert line["color"] == page.evaluate(
            "name => document.getElementById('atlas').attentionBrowser.atlas.theme.color(name)", sign
        )
    token(page, "query", 2).hover()
    expected = {key: [digits(value)] for key, value in enumerate(difference[2])}
    assert numbers_beside(page) == expected


def test_the_keyboard_moves_pins_and_lets_go(show):
    page = show(payload_of())
    token(page, "query", 0).focus()
    assert page.locator(".lines [tabindex='0']").count() == 1

    def focused():
        return page.evaluate(
            "() => [document.activeElement.parentElement.classList[1], document.activeElement.textContent]"
        )

    for key, expected in (
        ("ArrowDown", ["query", "Das"]),
        ("End", ["query", "."]),
        ("ArrowDown", ["query", "."]),
        ("ArrowRight", ["key", "t"]),
        ("ArrowRight", ["key", "t"]),
        ("ArrowUp", ["key", "'"]),
        ("Enter", ["key", "'"]),
        ("Home", ["key", "<2de>"]),
        ("Enter", ["key", "<2de>"]),
        ("ArrowLeft", ["query", "<s>"]),
    ):
        page.keyboard.press(key)
        assert focused() == expected, key
    assert page.locator(".lines [tabindex='0']").count() == 1
    pinned = page.locator(".lines [aria-selected='true']")
    expect(pinned).to_have_text(["<2de>", "'"])
    page.keyboard.press("Escape")
    expect(pinned).to_have_count(0)
    page.keyboard.press("Tab")
    assert page.evaluate("() => !document.activeElement.closest('.lines')")


def test_a_click_pins_either_side_and_the_address_remembers(show):
    page = show(payload_of())
    token(page, "query", 2).click()
    token(page, "key", 5).click()
    page.wait_for_url("**pins=q3.k6**")
    token(page, "query", 2).click()
    page.wait_for_url("**pins=k6**")
    expect(page.locator(".lines [aria-selected='true']")).to_have_text(["t"])


def test_everything_is_said_in_words(show):
    payload = payload_of()
    page = show(payload)
    weights = decode_weights(payload, "cross")[1, 2]
    queries = [each.inner_text() for each in page.locator(".lines-side.query .token").all()]
    keys = [each.inner_text() for each in page.locator(".lines-side.key .token").all()]
    query, key = np.unravel_index(weights.argmax(), weights.shape)
    summary = page.locator(".lines canvas[role=img]").get_attribute("aria-label")
    assert f"Strongest: “{queries[query]}” attends {digits(weights.max())} to “{keys[key]}”;" in summary
    for side, own, others, table in (("query", queries, keys, weights), ("key", keys, queries, weights.T)):
        for index, row in enumerate(table):
            best = np.argsort(-row, kind="stable")[:3]
            partners = ", ".join(f"“{others[each]}” {digits(row[each])}" for each in best)
            label = token(page, side, index).get_attribute("aria-label")
            assert label.startswith(own[index]) and label.endswith(partners), label


def test_eight_bits_are_drawn_but_never_printed(show):
    page = show(payload_of(bits=8))
    token(page, "query", 1).hover()
    assert {text for texts in numbers_beside(page).values() for text in texts} == {"…"}
    said = page.locator(".lines-read").inner_text() + page.locator(".lines canvas[role=img]").get_attribute(
        "aria-label"
    )
    assert "…" in said and not re.search(r"0\.\d", said)
    assert strokes(page)


def test_tokens_are_text_and_one_element_each(show):
    page = show(payload_of(source=HOSTILE, writes=[*HOSTILE, "</s>"], heads=8), threshold=0)
    shown = page.locator(".lines-side.key .token").all_inner_texts()
    assert shown[:4] == HOSTILE[:4]
    assert page.locator(".lines img, .lines script").count() == 0
    assert page.locator(".lines *").count() == len(HOSTILE) * 2 + 1 + 13


@pytest.mark.parametrize("size", [(1280, 800), (390, 800)])
def test_a_long_text_scrolls_inside_its_box(show, size):
    many = [f"▁{number}" for number in range(96)]
    page = show(payload_of(source=many, writes=many), kind="encoder", size=size, count=2)
    box = page.locator(".lines-box")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
    assert pitch(page) >= 14
    assert box.bounding_box()["height"] < 96 * 14
    token(page, "key", 0).focus()
    page.keyboard.press("End")
    last, frame = token(page, "key", 95).bounding_box(), box.bounding_box()
    assert last["y"] + last["height"] <= frame["y"] + frame["height"] + 1
    page.evaluate(SET, [{"selection": {"kind": "encoder", "layer": 2, "head": 0}}, None])
    assert box.evaluate("element => element.scrollTop") > 0
    assert page.evaluate("() => document.activeElement.textContent") == "95"


def test_sides_have_their_titles_in_their_colours(show):
    page = show(payload_of())
    for side in ("query", "key"):
        title = page.locator(f".lines-titles .{side}")
        red, green, blue = (int(MEANING[side].light[i : i + 2], 16) for i in (1, 3, 5))
        assert title.inner_text() == side
        assert title.evaluate("element => getComputedStyle(element).color") == f"rgb({red}, {green}, {blue})"
    assert token(page, "query", 0).bounding_box()["x"] < token(page, "key", 0).bounding_box()["x"]
    assert page.locator(".lines-side.query .token").count() == 6
    assert page.locator(".lines-side.key .token").count() == 9


def test_columns_of_several_pins_say_whose_they_are(show):
    page = show(payload_of())
    page.evaluate(SET, [{"more": []}, [[1, 4], [2]]])
    numbers_beside(page)
    titles = page.locator(".value-titles .token")
    queries = page.locator(".lines-side.query .token").all_inner_texts()
    keys = page.locator(".lines-side.key .token").all_inner_texts()
    assert titles.all_inner_texts() == [keys[2], queries[1], queries[4]]
    rights = titles.evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    stage = page.locator(".lines-stage").bounding_box()["x"]
    written = sorted({round(mark["x"]) for mark in page.evaluate("() => window.written")})
    assert [round(right - stage - 5) for right in rights] == written  # numbers end where their names do


def test_an_apostrophe_within_a_word_belongs_to_it(show):
    page = show(payload_of(), kind="encoder", merge=True)
    words = page.locator(".lines-side.query .token").all_inner_texts()
    assert words == ["<2de>", "The", "animal", "didn't", "cross", "it", "</s>"]
