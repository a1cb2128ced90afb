"""What is taken away of the views made of elements: the picture on the screen, and the beam's numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app_pages import analysis, answers, i18n
from tests.e2e.hosted import open_hosted
from transformer.translator import load_translator
from viz.browser import STRINGS, with_header, with_reference

TEXT = "The animal was too tired."
AWAY = ".hint, .switch, .player button, .view input, .instead, .opener { visibility: hidden !important; }"
ROLLED = ".neuron-scroll, .meaning-tables, .tree-box { max-height: none !important; overflow: visible !important; }"
PARTS = {"neuron": ".neuron", "meaning": ".meaning", "facts": ".facts", "decoding": ".decoding", "beam": ".tree"}
READY = {
    "lines": ".lines-read data",
    "matrix": ".large-number data",
    "neuron": ".neuron-body:visible",
    "meaning": ".meaning-body:not(.stale)[aria-busy=false] .method-bars",
    "facts": ".facts td",
    "decoding": ".candidates td.share",
    "beam": ".tree button.node",
}


@cache
def passed():
    translator = load_translator("small")
    translation, trace = analysis.record(translator, TEXT, "de", "")
    payload = analysis.encode(translator, TEXT, "en", "de", translation, trace, "")
    return answers.Pass(translator, translation, trace, TEXT, "de", "", {}, None, lambda room: payload), payload


@pytest.fixture
def show(page, tmp_path):
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    english = i18n.translator("en")

    def open_part(part, scheme="light", width=1280):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 1400})
        done, payload = passed()
        payload = with_header(payload, offers=["neuron", "meaning", "beam"])
        view = "decoding" if part == "beam" else part
        query = f"?view={view}&kind=decoder&layer=2&head=3&pins=q4.k2"
        open_hosted(page, tmp_path, payload, lambda asked: answers.ANSWERS[asked["what"]](asked, done, english), query)
        if part == "beam":
            page.locator(".beam .opener").click()
        page.wait_for_selector(READY[part])
        page.wait_for_timeout(400)  # what fades is there

    yield open_part
    assert problems == []


def taken(page, words):
    """The bytes of a file that the menu gives."""
    page.evaluate("document.querySelector('details.menu').open = true")
    with page.expect_download() as waiting:
        page.locator("details.menu .item", has_text=words).click()
    page.evaluate("document.querySelector('details.menu').open = false")
    return Path(waiting.value.path()).read_bytes()


def cells(image):
    """Means of squares of eight pixels: letters may lie a pixel aside, marks may not."""
    rows, columns = (length // 8 for length in image.shape[:2])
    return image[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8, 3).mean((1, 3))


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)


@pytest.fixture
def browser_context_args(browser_context_args):
    return {**browser_context_args, "device_scale_factor": 2}  # that of pictures, too


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", PARTS)
def test_a_picture_is_what_is_on_the_screen(show, page, part, scheme):
    show(part, scheme)
    picture = pixels(taken(page, STRINGS["save_beam_png" if part == "beam" else "save_png"]))
    page.add_style_tag(content=AWAY + ROLLED)
    screen = pixels(page.locator(PARTS[part]).screenshot(animations="disabled"))
    (top, left), (above, before) = first_ink(screen), first_ink(picture[110:])  # 110: the title
    above += 110
    height, width = screen.shape[0] - top - 4, screen.shape[1] - left - 4
    differences = [
        cells(picture[above + y : above + y + height, before + x : before + x + width])
        - cells(
            screen[top : top + height, left : left + width][
                : picture.shape[0] - above - y, : picture.shape[1] - before - x
            ]
        )
        for y in (-1, 0, 1, 2)
        for x in (-1, 0, 1, 2)
    ]
    best = min(differences, key=lambda difference: np.abs(difference).mean())
    ink = np.abs(cells(screen) - screen[0, -1]).max(-1) > 20
    apart = np.abs(best).max(-1) > 60
    assert ink.mean() > 0.02
    assert apart.sum() / ink.sum() < 0.04, (apart.sum() / ink.sum(), np.abs(best).mean())


def first_ink(image):
    """Where the first mark begins, from above and from the left."""
    ink = np.abs(image - image[0, -1]).max(-1) > 40
    return ink.any(1).argmax(), ink.any(0).argmax()


WIDTHS = "() => [...document.querySelectorAll('text')].map((text) => text.getBBox().width)"


def widths_in(page, folder, drawing, font):
    """How wide each text of an SVG document is where only another font is installed."""
    file = folder / "figure.svg"
    file.write_text(re.sub('font-family="[^"]*"', f'font-family="{font}"', drawing, count=1), "utf-8")
    page.goto(file.as_uri())
    return np.array(page.evaluate(WIDTHS))


@pytest.mark.parametrize("part", ["lines", "matrix", *PARTS])
def test_texts_of_an_svg_keep_their_places_in_another_font(show, page, tmp_path, part):
    show(part)
    drawing = taken(page, STRINGS["save_beam_svg" if part == "beam" else "save_svg"]).decode()
    own = re.search('font-family="([^"]*)"', drawing)[1]
    expected = widths_in(page, tmp_path, re.sub(' textLength="[^"]*"', "", drawing), own)
    held = widths_in(page, tmp_path, drawing, "monospace")
    assert (np.abs(held - expected) < 1.5 + 0.01 * expected).all()  # a pair of letters is a pixel closer on a canvas
    free = widths_in(page, tmp_path, re.sub(' textLength="[^"]*"', "", drawing), "monospace")
    assert np.abs(free - expected).max() > 40  # the other font would need other room


def test_a_picture_has_what_scrolls_away(show, page):
    show("neuron")
    whole = pixels(taken(page, STRINGS["save_png"]))
    page.add_style_tag(content=".atlas .neuron-scroll { max-height: 80px; }")
    box = page.locator(".neuron-scroll")
    assert box.evaluate("box => { box.scrollTo(0, 30); return box.scrollTop; }") == 30
    assert np.array_equal(pixels(taken(page, STRINGS["save_png"])), whole)
    assert box.evaluate("box => box.scrollTop") == 30


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_beam_reads_back_as_its_record(show, page, form):
    show("beam")
    record = passed()[0].translator.beam(TEXT, "de", beam_size=4, length_penalty=0.6)
    text = taken(page, STRINGS[f"save_beam_{form}"]).decode("utf-8-sig")
    if form == "json":
        found = json.loads(text)
        rows = found["hypotheses"]
        assert (found["counts_from"], found["about"]["beam_size"]) == (1, 4)
        assert found["about"]["best"]["pieces"] == record.best.pieces
    else:
        written = {"true": True, "false": False, "": None}
        rows = [
            {name: written.get(value, value) for name, value in row.items()}
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
    assert len(rows) == sum(map(len, record.steps))
    place = iter(rows)
    for step, nodes in enumerate(record.steps):
        parents = {node.parent for node in record.steps[step + 1]} if step + 1 < len(record.steps) else set()
        for number, node in enumerate(nodes):
            row = next(place)
            assert (int(row["step"]), int(row["hypothesis"])) == (step + 1, number + 1)
            assert row["parent"] is None if node.parent is None else int(row["parent"]) == node.parent + 1
            assert row["piece"] == node.piece
            assert np.float32(row["log_probability"]) == np.float32(node.log_probability)
            assert (row["score"] is None) == (node.score is None)
            assert (row["ended"], row["best"]) == (node.ended, node.best)
            assert row["given_up"] == (node.score is None and number not in parents)
    best = [row for row in rows if row["best"]][-1]
    assert best["text"] == record.best.text


LINK = "?view=decoding&kind=cross&layer=2&head=3&at=4&temperature=0.5&beam=3-1"


def open_link(page, folder, query):
    done, payload = passed()
    english = i18n.translator("en")
    payload = with_header(payload, offers=["neuron", "meaning", "beam"])
    open_hosted(page, folder, payload, lambda asked: answers.ANSWERS[asked["what"]](asked, done, english), query)
    page.wait_for_selector("button.head[aria-selected=true]")


def test_a_link_restores_step_temperature_and_beam(page, tmp_path):
    open_link(page, tmp_path, LINK)
    page.wait_for_selector(".tree button.node")
    assert (
        page.locator(".timeline .steps button[aria-current=step]").evaluate(
            "e => [...e.closest('ol').children].indexOf(e.parentElement)"
        )
        == 3
    )
    assert page.locator(".temperature output").inner_text() == "0.5"
    record = passed()[0].translator.beam(TEXT, "de", beam_size=3, length_penalty=1.0)
    assert page.locator(".tree button.node.best").count() == len(record.best.pieces)
    assert page.locator(".beam-controls select").input_value() == "3"
    assert not page.locator(".note").is_visible()
    page.locator(".timeline .steps button").nth(1).click()
    page.locator(".opener").click()
    page.wait_for_url("**at=2*")
    page.wait_for_function("!location.search.includes('beam')")
    assert "temperature=0.5" in page.url and page.url.endswith("at=2&temperature=0.5")


@pytest.mark.parametrize(
    ("wrong", "said", "after"),
    [
        ("layer=9", STRINGS["mend_layer"].format(given="9", count=2), "layer=1"),
        ("layer=x", STRINGS["mend_layer"].format(given="x", count=2), "layer=1"),
        ("head=44", STRINGS["mend_head"].format(given="44", count=8), "head=1"),
        ("kind=memory", STRINGS["mend_kind"].format(given="memory", shown="Cross-attention"), "kind=cross"),
        ("at=99", STRINGS["mend_step"].format(given="99", count=len(passed()[0].translation.pieces)), ""),
        ("pins=q2.k99", STRINGS["mend_pins"].format(count=1), "pins=q2"),
        ("heads=1.2_9.9", STRINGS["mend_heads"].format(count=1), "heads=1.2"),
        ("beam=9-1", STRINGS["mend_unread"].format(name="beam", given="9-1"), ""),
        ("scale=cube", STRINGS["mend_unread"].format(name="scale", given="cube"), ""),
        ("temperature=0.55", STRINGS["mend_unread"].format(name="temperature", given="0.55"), ""),
    ],
)  # fmt: skip
def test_a_wrong_link_is_put_right_and_says_so(page, tmp_path, wrong, said, after):
    name = wrong.partition("=")[0]
    right = {"view": "decoding", "kind": "cross", "layer": "2", "head": "3"}
    query = "&".join([*(f"{each}={value}" for each, value in right.items() if each != name), wrong])
    open_link(page, tmp_path, f"?{query}")
    assert page.locator(".note p").all_inner_texts() == [said]
    page.wait_for_function("wrong => !location.search.slice(1).split('&').includes(wrong)", arg=wrong)
    assert (f"{name}=" in page.url) == bool(after) and after in page.url
    page.locator(".note button").click()
    assert not page.locator(".note").is_visible()


CHANGES = "off.c.1.2~mask.3"
BEFORE = "«< & before"


@cache
def changed():
    """A pass under changes, whose unchanged translation is another one."""
    translator = load_translator("small")
    record = lambda changes: analysis.record(translator, TEXT, "de", changes)  # noqa: E731
    made = {changes: (*record(changes), changes) for changes in ("", CHANGES)}
    plain, payload = (analysis.encode(translator, TEXT, "en", "de", *each) for each in made.values())
    plain = with_header(plain, translation=BEFORE)
    done = answers.Pass(translator, *made[CHANGES][:2], TEXT, "de", CHANGES, {}, plain, lambda room: payload)
    return done, with_reference(payload, plain)


STATE = """() => JSON.stringify(document.getElementById("atlas").attentionBrowser.atlas.state,
  (key, value) => value instanceof Set ? [...value] : key === "cell" ? null : value)"""
ORDER = "() => [...document.querySelectorAll('button.head')].map((head) => Object.values(head.dataset).join(' '))"
HEAD_AND_PINS = "kind=decoder&layer=2&head=3&pins=q4.k2"


def open_changed(page, folder, query):
    done, payload = changed()
    english = i18n.translator("en")
    payload = with_header(payload, offers=["neuron", "meaning", "beam", "importance", "html"])
    open_hosted(page, folder, payload, lambda asked: answers.ANSWERS[asked["what"]](asked, done, english), query)
    page.wait_for_selector("button.head[aria-selected=true]")


def take_page(page, folder):
    file = folder / "taken.html"
    file.write_bytes(taken(page, STRINGS["save_html"]))
    return file.as_uri()


@pytest.mark.parametrize(
    "query",
    [
        f"view=matrix&{HEAD_AND_PINS}&heads=1.2_1.5.2&mean=1&words=1&hide=1&scale=linear",
        f"view=lines&{HEAD_AND_PINS}&heads=1.2&top=3&weight=0.1&minus=2.5&measure=distance&sort=1&least=2",
        "view=facts&kind=encoder&layer=1&head=2&minus=before&measure=entropy",
        f"view=neuron&{HEAD_AND_PINS}",
        f"view=meaning&{HEAD_AND_PINS}",
        "view=decoding&kind=cross&layer=2&head=1&at=3&temperature=0.5&beam=3-1",
    ],
)
def test_a_page_taken_away_opens_as_it_was_left(page, tmp_path, query):
    open_changed(page, tmp_path, f"?{query}")
    view = query.partition("=")[2].partition("&")[0]
    page.wait_for_selector({**READY, "decoding": READY["beam"], "facts": ".facts"}[view])
    left, order = page.evaluate(STATE), page.evaluate(ORDER)
    assert not page.locator(".note").is_visible()
    file = take_page(page, tmp_path)
    page.goto(file)
    page.wait_for_selector("button.head[aria-selected=true]")
    page.wait_for_selector({**READY, "decoding": READY["beam"], "facts": ".facts"}[view])
    assert page.evaluate(STATE) == left and page.evaluate(ORDER) == order
    assert not page.locator(".note").is_visible()
    page.goto(f"{file}?view=lines&kind=encoder&layer=2&head=4")
    page.wait_for_selector(".lines-read data")
    assert page.locator("h3.title").inner_text() == "Encoder self-attention · layer 2 · head 4"
    assert json.loads(page.evaluate(STATE))["pinned"] == {"queries": [], "keys": []}


def test_a_page_taken_away_is_sorted_by_the_importance_that_was_found(page, tmp_path):
    open_changed(page, tmp_path, "?measure=importance&sort=1&kind=cross&layer=1&head=1")
    page.get_by_role("button", name=STRINGS["scan"]).click()
    page.wait_for_function("document.getElementById('atlas').attentionBrowser.atlas.importance?.size === 8")
    page.wait_for_selector(".measure-bar progress", state="hidden")
    order = page.evaluate(ORDER)
    page.goto(take_page(page, tmp_path))
    page.wait_for_function("document.getElementById('atlas').attentionBrowser?.atlas.importance?.size === 8")
    page.wait_for_selector(".measure-bar progress", state="hidden")
    assert page.evaluate(ORDER) == order


def test_a_page_taken_away_says_what_was_written_by_what_and_under_which_changes(page, tmp_path):
    open_changed(page, tmp_path, "?kind=cross&layer=2&head=3")
    page.goto(take_page(page, tmp_path))
    page.wait_for_selector("button.head[aria-selected=true]")
    done, _ = changed()
    lines = page.locator("#foreword p")
    assert lines.nth(0).inner_text() == done.translation.text
    assert lines.nth(0).get_attribute("lang") == "de"
    assert (
        lines.nth(1).inner_text().startswith(f"The model “small” wrote this. Word pieces: {len(done.translation.ids)},")
    )
    assert lines.nth(1).inner_text().endswith(f"Unchanged, it writes: {BEFORE}")  # text, never markup
    assert lines.nth(2).inner_text() == "What if: Cross · layer 2 · head 3 is switched off · nobody sees “was”"
    assert page.locator("#foreword *:not(p)").count() == 0


@pytest.mark.parametrize(
    ("query", "title", "name"),
    [
        ("&heads=1.2_2.6", "", "layer2-head1"),
        ("&heads=1.2&minus=1.4", " minus layer 1 · head 4", "layer2-head1-minus-layer1-head4"),
        ("&minus=before", " minus the same head, unchanged", "layer2-head1-minus-unchanged"),
    ],
)
def test_a_picture_of_a_matrix_is_called_after_the_one_head_that_is_in_it(page, tmp_path, query, title, name):
    open_changed(page, tmp_path, f"?view=matrix&kind=cross&layer=2&head=1{query}")
    page.evaluate("document.querySelector('details.menu').open = true")
    with page.expect_download() as waiting:
        page.locator("details.menu .item", has_text=STRINGS["save_svg"]).click()
    assert waiting.value.suggested_filename == f"small-cross-{name}-matrix.svg"
    first, second, *_ = re.findall("<text[^>]*>([^<]*)<", Path(waiting.value.path()).read_text("utf-8"))
    expected = f"Cross-attention · layer 2 · head 1{title}"
    assert expected in (first, f"{first} {second}")
    said = page.locator(".heatmap .which")
    count = 1 + query.count("_") + query.count("heads=")
    assert said.is_visible() == (count > 1)
    if count > 1:
        assert said.inner_text() == STRINGS["matrix_first"].format(head="layer 2 · head 1", count=count, lines="Lines")


def test_what_is_said_of_a_head_switched_off_names_it(page, tmp_path):
    _, payload = changed()
    given = with_header(payload, offers=["changes"])
    open_hosted(page, tmp_path, given, lambda asked: ({}, {}), "?view=lines&kind=cross&layer=2&head=1&heads=2.3")
    page.evaluate("""() => { const { atlas } = document.getElementById("atlas").attentionBrowser;
        atlas.host.changed = () => 0; atlas.actions.set({}); }""")
    assert page.locator(".changes > .caption").inner_text() == STRINGS["note_off"].format(head="layer 2 · head 3")
