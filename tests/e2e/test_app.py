"""What a person does on the first page, in a real browser."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from app_pages.examples import DEFAULT_TEXT, EXAMPLES
from app_pages.i18n import translator as interface
from app_pages.languages import split_direction
from transformer.changes import ForceToken
from transformer.translator import load_translator


def heads(page: Page) -> int:
    page.wait_for_selector("button.head")
    return page.locator("button.head").count()


def type_sentence(page: Page, text: str) -> None:
    box = page.get_by_role("textbox")
    box.fill(text)
    box.press("Enter")


def test_every_head_of_the_default_sentence(page: Page, app_url: str) -> None:
    page.goto(app_url)
    assert heads(page) == (6 + 6 + 6) * 8
    painted = page.locator(".overview canvas").evaluate_all(
        "canvases => canvases.every(c => new Set(new Uint32Array(c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.buffer)).size > 20)"
    )
    assert painted
    expect(page.locator(".atlas-translation")).to_contain_text("Straße")
    assert page.locator(".atlas-translation").get_attribute("lang") == "de"


def test_typing_a_sentence_shows_its_translation_and_its_numbers(page: Page, app_url: str) -> None:
    page.goto(app_url)
    heads(page)
    type_sentence(page, "I like green tea.")
    model = load_translator()
    expect(page.locator(".atlas-translation")).to_have_text(model.translate("I like green tea.", "de").text)
    page.locator('button.head[data-kind="cross"][data-layer="1"][data-head="2"]').click()
    expect(page.locator(".detail h3.title")).to_contain_text("layer 2")
    weights = model.trace("I like green tea.", "de")["decoder.layers.1.cross_attention.weights"][0, 2]
    shown = float(page.locator(".lines-read data").get_attribute("value"))
    assert abs(shown - weights.max().item()) < 2e-5  # with nothing pointed at, the strongest line is read out
    page.wait_for_function("location.search.includes('kind=cross&layer=2&head=3')")  # written after a short delay
    assert "text=" in page.url


def test_a_link_restores_everything(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?lang=ja&direction=fr-en&text=Je+suis+%C3%A9tudiant.&kind=decoder&layer=1&head=4")
    heads(page)
    expect(page.locator(".atlas-translation")).to_contain_text("student")
    expect(page.locator(".detail h3.title")).to_contain_text("第1層・ヘッド4")
    assert page.get_by_role("textbox").input_value() == "Je suis étudiant."
    assert "direction=fr-en" in page.url and "head=4" in page.url


def test_the_keyboard_alone(page: Page, app_url: str) -> None:
    page.goto(app_url)
    heads(page)
    page.locator("button.head").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".detail h3.title")).to_have_text(re.compile("layer 2 . head 2"))


def test_the_chosen_head_stays_when_the_sentence_changes(page: Page, app_url: str) -> None:
    page.goto(app_url)
    heads(page)
    page.locator('button.head[data-kind="encoder"][data-layer="2"][data-head="5"]').click()
    type_sentence(page, "He reads a book.")
    expect(page.locator(".atlas-translation")).to_contain_text("Buch")
    expect(page.locator(".detail h3.title")).to_have_text(re.compile("layer 3 . head 6"))


def test_an_example_keeps_its_meaning_when_the_direction_changes(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?text={EXAMPLES[1]['en']}")
    heads(page)
    page.get_by_role("combobox", name="Direction").click()
    page.get_by_role("option", name="French → English").click()
    expect(page.get_by_role("textbox")).to_have_value(EXAMPLES[1]["fr"])
    expect(page.locator(".atlas-translation")).to_contain_text("student")


def test_the_interface_changes_language_in_place(page: Page, app_url: str) -> None:
    page.goto(app_url)
    heads(page)
    page.get_by_text("日本語", exact=True).click()
    ja = interface("ja")
    expect(page.get_by_label(ja("Your sentence"), exact=True)).to_be_visible()
    expect(page.locator(".detail h3.title")).to_contain_text("第")
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert page.get_by_role("textbox").input_value() == DEFAULT_TEXT
    type_sentence(page, "He reads a book.")
    expect(page.locator(".atlas-translation")).to_contain_text("Buch")
    page.get_by_text("English", exact=True).click()
    expect(page.locator(".detail h3.title")).to_contain_text("layer")
    type_sentence(page, "She drinks tea.")
    expect(page.locator(".atlas-translation")).to_contain_text("Tee")


def test_the_address_keeps_sentence_and_head_together(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?kind=decoder&layer=2&head=3")
    heads(page)
    page.locator('button.head[data-kind="encoder"][data-layer="0"][data-head="1"]').click()
    type_sentence(page, "He reads a book.")
    expect(page.locator(".atlas-translation")).to_contain_text("Buch")
    page.wait_for_function("location.search.includes('kind=encoder&layer=1&head=2')")
    page.reload()
    expect(page.locator(".detail h3.title")).to_have_text(re.compile("Encoder self-attention . layer 1 . head 2"))
    expect(page.get_by_role("textbox")).to_have_value("He reads a book.")


def test_a_beam_is_chosen_and_its_candidates_are_shown(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?text=I+like+green+tea.")
    heads(page)
    page.get_by_role("button", name="Greedy").click()
    page.get_by_text("Beam search", exact=True).click()
    page.wait_for_function("location.search.includes('decoding=beam-4-0.6')")
    expected = load_translator().translate("I like green tea.", "de", beam_size=4)
    expect(page.locator(".atlas-translation")).to_have_text(expected.text)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Decoding").click()
    steps = page.locator(".timeline .steps button")
    expect(steps).to_have_count(len(expected.steps))
    for number, step in enumerate(expected.steps):
        steps.nth(number).click()
        shown = page.locator(".candidates tr.written data").get_attribute("value")
        assert abs(float(shown) - math.exp(step.log_probability)) < 0.0001
    record = load_translator().beam("I like green tea.", "de", beam_size=4)
    expect(page.locator(".tree .node.best")).to_have_count(len(record.best.pieces))  # open, as a beam wrote the text
    page.reload()
    expect(page.get_by_role("button", name="Beam search")).to_be_visible()
    expect(page.locator(".tree .node.best")).to_have_count(len(record.best.pieces))


def test_another_piece_is_written_instead(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?text=I+like+green+tea.&view=decoding")
    heads(page)
    steps = page.locator(".timeline .steps button")
    steps.nth(1).click()
    row = page.locator(".candidates tr:not(.written)").first
    piece = row.locator(".token").get_attribute("title")
    row.get_by_role("button").click()
    model = load_translator()
    (number,) = model.tokenizer.encode(piece.removeprefix("\u2581"))
    expected = model.translate("I like green tea.", "de", changes=[ForceToken(1, number)])
    expect(page.locator(".atlas-translation").first).to_have_text(expected.text)
    expect(page.locator(".candidates tr.written .badge").last).to_have_text("forced")
    expect(page.locator(".player .place")).to_have_text(f"step 2 of {len(expected.pieces)}")
    assert steps.nth(1).locator(".token").get_attribute("title") == piece


def test_a_step_back_brings_the_sentence_back(page: Page, app_url: str) -> None:
    page.goto(app_url)
    heads(page)
    for sentence, word in (("He reads a book.", "Buch"), ("She drinks tea.", "Tee")):
        type_sentence(page, sentence)
        expect(page.locator(".atlas-translation")).to_contain_text(word)
    page.go_back()
    expect(page.locator(".atlas-translation")).to_contain_text("Buch")
    expect(page.get_by_role("textbox")).to_have_value("He reads a book.")


def test_markup_in_a_sentence_is_only_text(page: Page, app_url: str) -> None:
    page.goto(app_url)
    heads(page)
    type_sentence(page, '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> tea')
    expect(page.locator(".atlas-translation")).not_to_contain_text("Straße")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_fits_every_screen(browser: Browser, app_url: str, scheme: str, width: int, language: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page.goto(f"{app_url}/?lang={language}")
        heads(page)
        page.evaluate("document.fonts.ready")
        widest = page.evaluate(
            "Math.max(...[...document.querySelectorAll('*')].map(e => e.getBoundingClientRect().right))"
        )
        assert widest <= width + 1
        fonts = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
        assert any("Noto Sans JP" in font for font in fonts), "the shipped font is not used"
        background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 17, 23)"}[scheme]
    finally:
        page.close()


def test_two_visitors_at_once_see_their_own(browser: Browser, app_url: str) -> None:
    sentences = {"en-de": "The sun is shining.", "en-fr": "I have two brothers."}
    visitors = {direction: browser.new_context().new_page() for direction in sentences}
    model = load_translator()
    for direction, visitor in visitors.items():
        visitor.goto(f"{app_url}/?direction={direction}")
    for direction, visitor in visitors.items():
        visitor.set_default_timeout(60_000)
        heads(visitor)
        type_sentence(visitor, sentences[direction])
    for direction, visitor in visitors.items():
        expected = model.translate(sentences[direction], split_direction(direction)[1]).text
        expect(visitor.locator(".atlas-translation")).to_have_text(expected)
        visitor.context.close()


@pytest.mark.parametrize("other", ["second=The+dog+sleeps.", "second_model=small"])
def test_the_same_heads_stand_beside_each_other(page, app_url, other):
    page.goto(f"{app_url}/?view=lines&kind=encoder&layer=2&head=1&compare=side&{other}")
    expect(page.locator(".atlas .lines-stage")).to_have_count(2)
    tops = """(atlas) => Object.fromEntries([...atlas.querySelectorAll("button.head, .view")]
      .filter((each) => each.offsetParent).map((each) => [
        ["kind", "layer", "head"].map((name) => each.dataset[name]).join(" "),
        Math.round(each.getBoundingClientRect().top)]))"""
    for _ in range(40):  # until the second has heard of the first
        left, right = (page.locator(".atlas").nth(place).evaluate(tops) for place in (0, 1))
        if len(right) > 0 and left | right == left:
            break
        page.wait_for_timeout(200)
    assert left | right == left
    assert len(right) - 1 == (64 if "model" in other else 0)
