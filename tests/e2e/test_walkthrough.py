"""The walkthrough in a real browser: numbers read back off the page, keys, links, and every screen."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from app_pages.chapters import NAMES
from app_pages.chapters.walk import Walk, make_walk
from app_pages.lessons import lesson
from tests.e2e.reading import NOTHING_UNREADABLE, READABLE, numbers
from transformer.translator import load_translator

TEXT = "I like green tea because it is good."
LAYER, HEAD = 1, 2  # counted from 0


@pytest.fixture(scope="module")
def walk() -> Walk:
    translator = load_translator("small")
    written = translator.translate(TEXT, "de")
    return make_walk(translator, TEXT, "en-de", written.pieces, written.text)


@pytest.fixture
def open_step(page: Page, app_url: str) -> Callable[..., Page]:
    page.set_viewport_size({"width": 1280, "height": 1000})

    def open_at(number: int, step: int = 1, **address: str) -> Page:
        query = {"model": "small", "text": TEXT, "chapter": str(number), "step": str(step), **address}
        page.goto(f"{app_url}/walkthrough?" + "&".join(f"{key}={value}" for key, value in query.items()))
        page.wait_for_selector(f'.walk[data-scene^="{number}-"]', state="attached")
        return page

    return open_at


def near(shown: list[float], expected: object) -> None:
    np.testing.assert_allclose(shown, np.asarray(expected, float), rtol=1e-5, atol=1e-5)


def choose(page: Page, label: str, option: int) -> None:
    page.get_by_role("radiogroup", name=label).get_by_text(str(option + 1), exact=True).click()


def hover(page: Page, figure: Locator, rows: int, columns: int, row: int, column: int) -> None:
    box = figure.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * (column + 0.5) / columns, box["y"] + box["height"] * (row + 0.5) / rows)


def test_the_weight_from_word_to_word(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(4)
    near(numbers(page.locator(".links-side data")), [walk.link.weight])
    page.locator(".words.from button").nth(3).click()
    page.locator(".words.to button").nth(2).click()
    page.locator(".head-cell").nth(LAYER * walk.config.num_heads + HEAD).click()
    near(numbers(page.locator(".links-side data")), [walk.encoder_weights[LAYER, HEAD, 3, 2]])


def test_six_steps_by_hand_and_in_the_model(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(5)
    share = 1 / (1 + math.exp(-2))
    shown = np.array(numbers(page.locator(".six tbody data"))).reshape(2, -1)
    near(shown[:, 3:6].tolist(), [[112, 14, share], [96, 12, 1 - share]])
    query, total = (numbers(page.locator(f".vector-line.step{step} data")) for step in (1, 6))
    near((shown[:, :3] @ query).tolist(), [112, 96])
    near(shown[:, 9:].tolist(), shown[:, 5:6] * shown[:, 6:9])
    near(total, shown[:, 9:].sum(0))
    visible = []
    for button in page.locator(".step-buttons button").all():
        button.click()
        cells = page.locator(".six data").all()
        visible.append(sum(each.is_visible() for each in cells))
    assert visible == sorted(set(visible)) and visible[0] > 0  # each step adds something
    expect(page.locator(".hint")).to_have_count(0)
    page = open_step(5, 2)
    page.get_by_label("Query").select_option("4")
    link, path = walk.link, f"encoder.layers.{walk.link.layer}.self_attention"
    scores, weights = walk[f"{path}.scores"][link.head, 4], walk[f"{path}.weights"][link.head, 4]
    shown = np.array(numbers(page.locator(".six tbody data"))).reshape(-1, 3)
    near(shown[:, 0].tolist(), scores * math.sqrt(walk.config.head_size))
    near(shown[:, 1].tolist(), scores)
    near(shown[:, 2].tolist(), weights)


def test_a_cell_of_a_product_says_where_it_came_from(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(6)
    size, path = walk.config.head_size, f"encoder.layers.{walk.link.layer}"
    rows = len(walk.source.pieces)
    hover(page, page.locator(".product-result"), rows, size, 3, 5)
    expect(page.locator(".sum .place")).to_have_text("6")
    column = walk.link.head * size + 5
    projection = walk.part(f"{path}.self_attention.projection.w_q")
    total = walk[f"{path}.residual_pre"][3] @ projection.weight[column].detach().numpy()
    bias = projection.bias[column].item()
    expect(page.locator(".tip")).to_be_in_viewport()
    assert numbers(page.locator(".tip data")) == numbers(page.locator(".sum data"))
    near(numbers(page.locator(".sum data")), [total, bias, walk[f"{path}.self_attention.q"][walk.link.head, 3, 5]])
    expect(page.locator(".product-left .grid-mark.row.shown")).to_have_count(1)
    expect(page.locator(".product-right .grid-mark.column.shown")).to_have_count(1)
    page.locator(".strip.terms canvas").hover()
    middle = int(page.locator(".tip .place").inner_text()) - 1
    assert abs(middle - walk.config.d_model / 2) <= 1
    q = walk[f"{path}.self_attention.q"][walk.link.head]
    row, column = divmod(int(np.abs(q).argmax()), size)  # what is shown while nothing is pointed at
    weight = projection.weight[walk.link.head * size + column, middle].item()
    near(numbers(page.locator(".tip data")), [walk[f"{path}.residual_pre"][row, middle] * weight])


def test_embedding_and_position_and_their_sum(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(8)
    rows, size = len(walk.source.pieces), walk.config.d_model
    page.locator(".grid-frame").nth(1).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    content, whole = walk["encoder.token_embedding"], walk["encoder.embedding"]
    shown = numbers(page.locator(".readout data"))
    assert numbers(page.locator(".tip data")) == shown
    row, column = min(2, rows - 1), min(1, size - 1)
    near(shown, [content[row, column], whole[row, column] - content[row, column], whole[row, column]])
    assert "chapter=8" in page.url and "step=2" not in page.url  # the arrow keys moved the cell, not the page


def test_means_and_variances(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(9, 2)
    before = walk[f"encoder.layers.{walk.link.layer}.self_attention_norm.input"]
    after = walk[f"encoder.layers.{walk.link.layer}.self_attention_norm.output"]
    shown = np.array(numbers(page.locator(".numbers tbody data"))).reshape(len(before), 6)
    near(shown[:, :2].ravel().tolist(), np.stack([before.mean(-1), before.var(-1)], -1).ravel())
    near(shown[:, 4:].ravel().tolist(), np.stack([after.mean(-1), after.var(-1)], -1).ravel())


def test_the_decoder_plays(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(10)
    expect(page.locator(".writing-row.decoder .chip:visible")).to_have_count(1)
    page.get_by_role("button", name="Step forward").click()
    expect(page.locator(".writing-row.decoder .chip:visible")).to_have_count(2)
    near(numbers(page.locator(".candidates data")), np.sort(walk.probabilities[1])[::-1][:5])
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".writing-row.decoder .chip:visible")).to_have_count(3)
    page.get_by_role("button", name="Pause").click()


def test_pictures_side_by_side_begin_together(open_step: Callable[..., Page]) -> None:
    tops = open_step(10, 2).locator(".grid-frame").evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    assert len(tops) == 3 and max(tops) - min(tops) < 0.5


def test_on_a_phone_the_words_stay_beside_each_other_and_the_beams_at_the_same_steps(
    open_step: Callable[..., Page], page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    sides = [open_step(4).locator(f".words.{side}").bounding_box() for side in ("from", "to")]
    assert sides[0]["y"] == sides[1]["y"] and sides[0]["x"] + sides[0]["width"] + 60 < sides[1]["x"]
    beams = open_step(13, 3).locator(".beam-scroll")
    expect(beams).to_have_count(2)
    beams.first.evaluate("beam => { beam.scrollLeft = 50; }")
    expect(beams.last).to_have_class(re.compile("before"))
    assert beams.evaluate_all("all => all.map(beam => beam.scrollLeft)") == [50, 50]


def test_no_press_of_an_arrow_is_lost_and_the_way_back_is_the_way_come(open_step: Callable[..., Page]) -> None:
    page = open_step(3, 2)
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_have_count(1)
    length = page.evaluate("history.length")
    page.keyboard.press("ArrowRight")
    expect(page.locator('.walk[data-scene^="4-"]')).to_be_attached()
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_have_count(1)
    assert page.evaluate("history.length") == length + 1
    page.go_back()
    expect(page.locator('.walk[data-scene^="3-"]')).to_be_attached()
    assert parse_qs(urlsplit(page.url).query)["step"] == ["2"]
    for key in ["ArrowRight"] * 7 + ["ArrowLeft"] * 3:  # faster than any leaf can turn
        page.keyboard.press(key)
    page.wait_for_url(re.compile("chapter=5&step=2|step=2.*chapter=5"))
    expect(page.locator('.walk[data-scene^="5-"]')).to_be_attached()
    expect(page.locator(".st-key-walk_navigation [aria-checked=true]")).to_contain_text("2 ·")


def test_logits_and_probabilities(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(11, 2)
    shown = numbers(page.locator(".bars data"))
    best = np.argsort(-walk.logits[0], kind="stable")[:10]
    near(shown, [*walk.logits[0][best], *walk.probabilities[0][best]])


def test_the_loss_at_each_position(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(13)
    shown = np.array(numbers(page.locator(".numbers tbody data"))).reshape(-1, 4)
    of_target = walk.probabilities[np.arange(len(walk.written_ids)), walk.written_ids]
    near(shown[:-1, 0].tolist(), of_target)
    near([shown[-1, 1]], [-np.log(of_target).mean()])


def test_the_journey_of_a_token(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(15)
    page.locator(".stream-line").nth(2).click()
    position = max(range(len(walk.writes.pieces)), key=lambda i: len(walk.writes.pieces[i]))
    added = walk["decoder.layers.0.self_attention.output"][position]
    near(numbers(page.locator(".stage-detail .vector-block data")), [np.sqrt((added**2).sum())])
    expect(page.locator(".stream-line.ahead")).to_have_count(1 + 3 * walk.config.num_decoder_layers - 2)


def test_ids_of_the_pieces(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(2)
    shown = np.array(numbers(page.locator(".numbers").first.locator("tbody data"))).reshape(-1, 2)
    assert shown[:, 1].astype(int).tolist() == list(walk.source_ids)


def test_arrow_keys_turn_the_leaves(open_step: Callable[..., Page]) -> None:
    page = open_step(1)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Two halves")).to_be_visible()
    page.wait_for_function("location.search.includes('step=2')")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="One box")).to_be_visible()


def test_arrow_keys_turn_the_leaves_whatever_was_clicked(open_step: Callable[..., Page]) -> None:
    page = open_step(7)
    headings = [section.heading for section in lesson(7, "en").sections.values()]
    choose(page, "Layer", 1)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=headings[1], exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Chapter").click()
    page.keyboard.press("Escape")  # shut again, and still held
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=headings[2], exact=True)).to_be_visible()
    page.get_by_role("textbox").first.click()
    page.keyboard.press("ArrowLeft")  # goes through the sentence
    expect(page.get_by_role("heading", name=headings[2], exact=True)).to_be_visible()
    page.wait_for_timeout(500)  # nothing is to happen
    assert "step=3" in page.url


def test_the_answer_of_one_leaf_does_not_open_the_next(open_step: Callable[..., Page], walk: Walk) -> None:
    def opened(page: Page) -> list[bool]:
        return page.get_by_test_id("stExpander").evaluate_all(
            "all => all.map(each => each.querySelector('details').open)"
        )

    page = open_step(6, 2)
    for name in ("The answer", "Show me the code"):
        page.get_by_text(name, exact=True).click()
    assert opened(page) == [True, True]
    choose(page, "Head", (walk.link.head + 1) % walk.config.num_heads)
    page.wait_for_function("location.search.includes('encoder_head=')")
    assert opened(page) == [True, True]  # the same leaf, drawn again
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=lesson(6, "en").sections["outputs"].heading)).to_be_visible()
    assert opened(page) == [False, False]
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name=lesson(6, "en").sections["scores"].heading)).to_be_visible()
    assert opened(page) == [False, False]


def test_boxes_open_and_their_parameters_add_up(open_step: Callable[..., Page], walk: Walk) -> None:
    def counts() -> list[int]:
        return [int(re.sub(r"\D", "", text)) for text in page.locator(".machine-box small").all_inner_texts()]

    page = open_step(1)
    (whole,) = counts()
    page.locator(".black-box").click()
    expect(page.get_by_role("heading", name="Two halves")).to_be_visible()
    page.wait_for_selector('.walk[data-scene="1-stacks"]', state="attached")
    assert sum(counts()) == whole
    page.locator(".machine-box.encoder").click()
    page.wait_for_selector('.walk[data-scene="1-layers"]', state="attached")
    assert sum(counts()) == whole
    page.locator(".machine-box.decoder").first.click()
    expect(page.locator(".sublayers .cross_attention")).to_be_visible()
    layer = counts()[walk.config.num_encoder_layers]
    inside = page.locator(".opened.decoder .sublayers small").all_inner_texts()
    assert sum(int(re.sub(r"\D", "", text)) for text in inside) == layer
    page.reload()
    expect(page.locator(".sublayers .cross_attention")).to_be_visible()


def test_what_is_chosen_in_a_picture_is_in_the_link_of_its_leaf(open_step: Callable[..., Page], walk: Walk) -> None:
    page = open_step(4)
    page.locator(".words.from button").nth(3).click()
    page.locator(".words.to button").nth(2).click()
    page.locator(".head-cell").nth(LAYER * walk.config.num_heads + HEAD).click()
    chosen = walk.encoder_weights[LAYER, HEAD, 3, 2]
    page.reload()
    page.wait_for_selector('.walk[data-scene="4-links"]', state="attached")
    near(numbers(page.locator(".links-side data")), [chosen])
    page.keyboard.press("ArrowRight")
    page.wait_for_selector('.walk[data-scene="4-wide"]', state="attached")
    page.wait_for_function("!location.search.includes('picture=')")
    page.go_back()
    page.wait_for_selector('.walk[data-scene="4-links"]', state="attached")
    near(numbers(page.locator(".links-side data")), [chosen])


def test_a_link_opens_the_words_and_the_steps_of_its_picture_and_of_no_other(
    open_step: Callable[..., Page], walk: Walk
) -> None:
    page = open_step(5, 2)
    page.get_by_label("Query").select_option("4")
    page.locator(".step-buttons button").nth(3).click()
    choose(page, "Head", (walk.link.head + 1) % walk.config.num_heads)  # the server writes the address
    page.wait_for_function("/encoder_head=.*picture=/.test(location.search)")
    page.goto(page.url)
    page.wait_for_selector('.walk[data-scene="5-model"]', state="attached")
    expect(page.get_by_label("Query")).to_have_value("4")
    expect(page.locator(".step-buttons [aria-pressed=true]")).to_have_count(4)
    chosen = page.evaluate("new URLSearchParams(location.search).get('picture')")
    page.get_by_role("button", name="For a class").click()
    expect(page.get_by_test_id("stPopoverBody").locator("code")).to_contain_text(f"picture={chosen}")
    page.keyboard.press("Escape")
    for scene in ("6-projections", "6-scores"):
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(f'.walk[data-scene="{scene}"]', state="attached")
        page.wait_for_function("!location.search.includes('picture=')")
    page = open_step(7, 3)
    page.locator(".switch").nth(3).click()
    page.wait_for_function("location.search.includes('picture=')")
    other = page.url.replace("tea", "ham")  # a link with the choice for another sentence
    shown = page.locator(".switch[aria-pressed=true]").all_inner_texts()
    page.reload()
    page.wait_for_selector('.walk[data-scene="7-overlaid"]', state="attached")
    expect(page.locator(".switch[aria-pressed=true]")).to_have_text(shown)
    page.goto(other)
    page.wait_for_selector('.walk[data-scene="7-overlaid"]', state="attached")
    expect(page.locator(".switch[aria-pressed=true]")).to_have_count(1)


def test_presenting_leaves_the_chapter_alone(open_step: Callable[..., Page]) -> None:
    page = open_step(3, present="1")
    expect(page.get_by_role("textbox")).to_be_hidden()
    expect(page.get_by_role("heading", name="Through a layer")).to_be_visible()
    expect(page.locator(".walk-pointer")).to_be_hidden()  # until the mouse says where
    page.mouse.move(300, 400)
    expect(page.locator(".walk-pointer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox")).to_be_visible()
    expect(page.locator(".walk-pointer")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.get_by_role("textbox")).to_be_hidden()


def test_markup_in_a_sentence_is_only_text(open_step: Callable[..., Page]) -> None:
    page = open_step(2, text='<img src=x onerror="window.hacked=1"> tea')
    expect(page.locator(".numbers .token", has_text="<").first).to_be_visible()
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(("scheme", "language", "first"), [("light", "en", 1), ("dark", "ja", 2)])
def test_every_step_is_for_everyone(browser: Browser, app_url: str, scheme: str, language: str, first: int) -> None:
    """Nothing serious for axe, contrast of 4.5:1, texts for pictures, names for controls, no wider than a telephone.

    Every other chapter in one theme and language, the rest in the other, all at both widths.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    try:
        for number in range(first, len(NAMES) + 1, 2):
            page.goto(f"{app_url}/walkthrough?model=small&lang={language}&chapter={number}")
            for name, section in lesson(number, language).sections.items():
                page.wait_for_selector(f'.walk[data-scene="{number}-{name}"]', state="attached")
                expect(page.get_by_role("heading", name=section.heading, exact=True)).to_be_visible()
                assert page.locator(".st-key-walk_navigation").bounding_box()["height"] < 60, number  # one row
                for width in (390, 1280):
                    page.set_viewport_size({"width": width, "height": 900})
                    check_for_everyone(page, f"{number} {name} {width}")
                page.keyboard.press("ArrowRight")
    finally:
        page.close()


def settle(page: Page) -> None:
    """Wait until nothing is computed, and what Streamlit dimmed meanwhile is back."""
    page.wait_for_selector('.stApp[data-test-script-state="notRunning"]', state="attached")
    page.wait_for_function("!document.querySelector('[data-stale=true]')")
    page.wait_for_function("document.getAnimations().every((each) => each.playState !== 'running')")


def check_for_everyone(page: Page, where: str) -> None:
    settle(page)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
    assert serious == [], where
    assert page.evaluate(READABLE) == NOTHING_UNREADABLE, where
    sideways = "() => { const main = document.querySelector('.stMain'); return main.scrollWidth - main.clientWidth }"
    assert page.evaluate(sideways) <= 1, where
