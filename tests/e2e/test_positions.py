"""The page 'Positions' in a real browser: numbers read back, words moved by mouse and keys, every screen readable."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.reading import NOTHING_UNREADABLE, READABLE, numbers
from transformer.order import Trial, piece_order, reorder, words
from transformer.position_lens import score_parts
from transformer.trace import Trace
from transformer.translator import Translation, Translator, load_translator

TEXT = "I like green tea because it is good."
PARTS = ("order", "patterns", "kernel")
HEAD = 4  # counted from 0


@pytest.fixture(scope="module")
def recorded() -> tuple[Translator, Translation, Trace]:
    translator = load_translator("small")
    written = translator.translate(TEXT, "de")
    return translator, written, translator.trace(TEXT, "de", written)


def address(url: str, part: str, **more: str) -> str:
    return f"{url}/positions?" + urlencode({"model": "small", "text": TEXT, "part": part, **more})


@pytest.fixture
def open_part(page: Page, app_url: str) -> Callable[..., Page]:
    page.set_viewport_size({"width": 1280, "height": 1000})

    def open_at(part: str, **more: str) -> Page:
        page.goto(address(app_url, part, **more))
        page.wait_for_selector(f'.walk[data-scene="positions-{part}"]', state="attached")
        return page

    return open_at


def table(page: Page, title: str) -> Locator:
    return page.locator("figure.numbers").filter(has_text=title)


def shows(page: Page, order: list[int]) -> None:
    expect(page.locator(".word-order .home")).to_have_text([str(word + 1) for word in order])


def test_the_parts_of_a_score_are_read_out(open_part: Callable[..., Page], recorded) -> None:
    translator, _written, trace = recorded
    page = open_part("kernel", head=str(HEAD + 1))
    page.locator(".grid-frame").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    parts = score_parts(translator.model, trace, "encoder", 0)
    expected = [trace["encoder.layers.0.self_attention.scores"][0, HEAD, 3, 1]]
    expected += [values[HEAD, 3, 1] for values in parts.values()]
    shown = numbers(page.locator(".readout data"))
    np.testing.assert_allclose(shown, np.array(expected), atol=1e-5)
    assert sum(shown[1:]) == pytest.approx(shown[0], abs=1e-5)
    shares = np.array(numbers(table(page, "share of the variance of the scores").locator("data"))).reshape(-1, 4)
    assert len(shares) == translator.model.config.num_heads
    np.testing.assert_allclose(shares.sum(1), 100, atol=1e-6)


@pytest.mark.parametrize("variant", ["shaw", "transformer_xl", "product"])
def test_the_parts_of_a_trained_model_with_position_inside(open_part: Callable[..., Page], variant: str) -> None:
    text = "Zwei Hunde spielen im Schnee."
    translator = load_translator(f"position-{variant}")
    written = translator.translate(text, "en")
    trace = translator.trace(text, "en", written)
    page = open_part("kernel", text=text, direction="de-en", variant=variant, kind="decoder", layer="2", head="3")
    expect(page.get_by_text(f"It writes: “{written.text}”")).to_be_visible()
    page.locator(".grid-frame").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    parts = score_parts(translator.model, trace, "decoder", 1)
    expected = [trace["decoder.layers.1.self_attention.scores"][0, 2, 3, 1]]
    expected += [values[2, 3, 1] for values in parts.values()]
    shown = numbers(page.locator(".readout data"))
    np.testing.assert_allclose(shown, np.array(expected), atol=1e-5)
    assert sum(shown[1:]) == pytest.approx(shown[0], abs=1e-5)


def test_words_move_and_the_numbers_follow(open_part: Callable[..., Page], recorded) -> None:
    translator, written, trace = recorded
    page = open_part("order", order="0.1.2.3.4.5.6.7")
    chips = page.locator(".word-order button")
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    chips.nth(5).click()  # swaps the two
    expect(page).to_have_url(re.compile(re.escape("order=0.5.2.3.4.1.6.7")))
    chips.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(re.escape("order=5.0.2.3.4.1.6.7")))
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_have_count(1)  # it draws the words again
    page.wait_for_timeout(500)
    chips.nth(7).drag_to(chips.nth(2))
    expect(page).to_have_url(re.compile(re.escape("order=5.0.7.2.3.4.1.6")))
    order = [5, 0, 7, 2, 3, 4, 1, 6]
    shows(page, order)

    source = translator.source(TEXT, "de")
    pieces = piece_order(words(trace.tokens["source"][0]), order, len(source))
    trial = Trial(translator.model)
    home = trial.log_probabilities(source, written.ids)
    away = trial.log_probabilities([source[place] for place in pieces], written.ids)
    rows = [[home[position], away[position], away[position] - home[position]] for position in (True, False)]
    whole = table(page, "The whole model").locator("data")
    settled = f"{away[True]:.3f}"[:-1].replace("-", "−")  # the address is there before the picture
    expect(whole.nth(1)).to_have_text(re.compile(re.escape(settled)))
    np.testing.assert_allclose(np.array(numbers(whole)).reshape(2, 3), rows, atol=1e-3)
    cases = np.array(numbers(table(page, "The model's own layers").locator("data"))).reshape(-1, 4)
    embeddings = trace["encoder.token_embedding"][0]
    exact = reorder(trial, embeddings, pieces, trial.outputs(embeddings, torch.float64))
    np.testing.assert_allclose(cases[:, 1], [pair.difference for pair in exact.values()], rtol=1e-6, atol=1e-13)
    assert cases[0, 1] < 1e-12 < 1e-8 < cases[1, 1]

    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile(re.escape("order=5.0.2.3.4.1.6.7")))
    shows(page, [5, 0, 2, 3, 4, 1, 6, 7])


def test_the_numbers_are_taken_along(open_part: Callable[..., Page]) -> None:
    page = open_part("patterns")
    with page.expect_download() as download:
        page.get_by_role("button", name="The numbers, CSV").click()
    path = download.value.path()
    assert download.value.suggested_filename == "positions-patterns.csv"
    assert path.read_text("utf-8").startswith("figure,row,row_name,column,column_name,value")


def test_markup_in_a_sentence_is_only_text(page: Page, app_url: str) -> None:
    page.goto(address(app_url, "order", text="<b id=x>bold</b> and <i>more</i>"))
    page.wait_for_selector(".word-order button")
    assert page.locator(".word-order :is(b, i, #x)").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_readable(browser: Browser, app_url: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    for part in PARTS:
        page.goto(address(app_url, part))
        page.wait_for_selector(f'.walk[data-scene="positions-{part}"]', state="attached")
        assert page.evaluate(READABLE) == NOTHING_UNREADABLE
    context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_part_fits_a_telephone(browser: Browser, app_url: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    for part in PARTS:
        page.goto(address(app_url, part, lang=language))
        page.wait_for_selector(f'.walk[data-scene="positions-{part}"]', state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = page.locator(".walk canvas").evaluate_all("all => all.filter(each => each.clientWidth > 370).length")
        assert wide == 0
    context.close()
