"""What a person does in the attention browser of the app: ask what if, scan, compare, look up, take away, come back."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app_pages.gallery import gallery
from app_pages.i18n import translator as interface
from transformer.changes import HeadChange, MaskToken
from transformer.importance import head_importance
from transformer.model_files import bundled
from transformer.translator import load_translator

TEXT = "I like green tea."
MODEL = "small"
HOSTILE = "</script><img src=x onerror=window.hacked=1>"


@pytest.fixture
def visit(page: Page, app_url: str):
    def open_with(query: str = "") -> Page:
        page.goto(f"{app_url}/?model={MODEL}&text=I+like+green+tea.{query}")
        page.wait_for_selector("button.head")
        expect(page.locator(".atlas-translation").first).to_contain_text("Tee")
        return page

    return open_with


def table(page: Page) -> np.ndarray:
    """Every number of the open head, from the page's own table, with its full value."""
    details = page.locator("details.numbers")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    expect(page.locator("table.weights").first).to_be_visible()
    rows = page.locator("table.weights").first.locator("tbody tr").all()
    return np.array([[float(x) for x in row.locator("data").evaluate_all("e => e.map(d => d.value)")] for row in rows])


def settled(page: Page) -> None:
    expect(page.locator(".atlas.waiting")).to_have_count(0)
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_have_count(1)


def softmax(trace, path: str, head: int) -> np.ndarray:
    """The weights again, in NumPy and float64, from the q and k that the pass recorded."""
    q, k = (trace[f"{path}.{name}"][0, head].double().numpy() for name in "qk")
    visible = trace[f"{path}.visible"][0, 0].numpy()
    scores = np.where(visible, q @ k.T / np.sqrt(q.shape[-1]), -np.inf)
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    ("kind", "stack", "name"),
    [
        ("encoder", "encoder", "self_attention"),
        ("decoder", "decoder", "self_attention"),
        ("cross", "decoder", "cross_attention"),
    ],
)
def test_the_numbers_on_the_page_are_those_of_numpy(visit, kind: str, stack: str, name: str) -> None:
    page = visit(f"&view=matrix&kind={kind}&layer=2&head=4")
    trace = load_translator(MODEL).trace(TEXT, "de")
    np.testing.assert_allclose(table(page), softmax(trace, f"{stack}.layers.1.{name}", 3), atol=1e-5, rtol=1e-5)


def test_a_changed_head_changes_the_numbers_and_is_undone_redone_and_reset(visit) -> None:
    page = visit("&view=matrix&kind=encoder&layer=1&head=2")
    before = table(page)
    page.get_by_label("this head").select_option("uniform")
    settled(page)
    expect(page.locator(".change-list li")).to_have_text(re.compile("layer 1 . head 2 looks everywhere alike"))
    np.testing.assert_allclose(table(page), np.full(before.shape, 1 / len(before)), atol=2e-5)
    page.locator('button.head[data-kind="encoder"][data-layer="2"][data-head="0"]').click()
    trace = load_translator(MODEL).trace(TEXT, "de", changes=[HeadChange("encoder", 0, 1, "uniform")])
    np.testing.assert_allclose(table(page), softmax(trace, "encoder.layers.2.self_attention", 0), atol=1e-5, rtol=1e-5)
    for button, count in (("Undo", 0), ("Redo", 1)):
        page.get_by_role("button", name=button, exact=True).click()
        settled(page)
        expect(page.locator(".change-list li")).to_have_count(count)
    page.get_by_label("hide a word").select_option(label="green")
    settled(page)
    expect(page.locator(".change-list li")).to_have_count(2)
    made = [HeadChange("encoder", 0, 1, "uniform"), MaskToken(3)]
    expect(page.locator(".atlas-translation")).to_have_text(
        load_translator(MODEL).translate(TEXT, "de", changes=made).text
    )
    expect(page.locator(".atlas-before")).to_contain_text(load_translator(MODEL).translate(TEXT, "de").text)
    page.reload()
    expect(page.locator(".change-list li")).to_have_count(2)
    page.get_by_role("button", name="Reset").click()
    settled(page)
    expect(page.locator(".change-list li")).to_have_count(0)
    page.wait_for_function("!location.search.includes('changes=')")


def test_the_difference_to_the_unchanged_head_is_a_difference(visit) -> None:
    page = visit("&view=matrix&kind=encoder&layer=3&head=1&changes=off.e.0.2&minus=before")
    translator = load_translator(MODEL)
    path = "encoder.layers.2.self_attention.weights"
    now = translator.trace(TEXT, "de", changes=[HeadChange("encoder", 0, 2, "off")])[path][0, 0].numpy()
    np.testing.assert_allclose(table(page), now - translator.trace(TEXT, "de")[path][0, 0].numpy(), atol=4e-5)


def test_a_scan_finds_the_importance_of_every_head_and_sorts_them(visit) -> None:
    page = visit()
    page.get_by_label("Sort heads by").select_option("importance")
    page.get_by_role("button", name="Switch off each head in turn").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden(timeout=60_000)
    translator = load_translator(MODEL)
    source, written = translator.source(TEXT, "de"), translator.translate(TEXT, "de").ids
    values = {
        (layer, head): -value
        for layer in range(2)
        for head, value in enumerate(head_importance(translator.model, source, written, "cross", layer).tolist())
    }
    shown = page.locator('button.head[data-kind="cross"]').evaluate_all(
        "heads => heads.map(h => [Number(h.dataset.layer), Number(h.dataset.head)])"
    )
    found = [values[layer, head] for layer, head in shown]
    assert len(found) == 16
    assert all(first >= second - 1e-4 for first, second in itertools.pairwise(found))


def test_a_scan_is_cancelled(visit) -> None:
    page = visit("&measure=importance")
    page.get_by_role("button", name="Switch off each head in turn").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Switch off each head in turn")).to_be_visible()


def test_two_sentences_side_by_side_show_the_same_head(visit) -> None:
    page = visit("&compare=side&second=I+like+black+tea.")
    expect(page.locator(".atlas-translation")).to_have_count(2)
    expect(page.locator(".detail h3.title")).to_have_count(2)
    page.locator('button.head[data-kind="encoder"][data-layer="1"][data-head="5"]').first.click()
    for title in page.locator(".detail h3.title").all():
        expect(title).to_have_text(re.compile("layer 2 . head 6"))


def test_an_example_opens_the_head_that_shows_it(page: Page, app_url: str) -> None:
    entries = gallery("guide", interface("en"))
    texts = [entry["text"] for entry in entries]
    entry = next(entry for entry in entries if entry["head"] and texts.count(entry["text"]) == 1)
    page.goto(app_url)
    page.wait_for_selector("button.head")
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name=entry["text"]).first.click()
    expect(page.get_by_role("textbox").first).to_have_value(entry["text"])
    expect(page.locator(".atlas-look")).to_contain_text(entry["phenomenon_name"])
    head = entry["head"]
    expect(page.locator(".detail h3.title")).to_have_text(
        re.compile(f"layer {head['layer'] + 1} . head {head['head'] + 1}$")
    )
    page.wait_for_function("location.search.includes('pins=')")


def test_what_was_asked_before_is_asked_again(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?text=She+drinks+tea.")
    expect(page.locator(".atlas-translation")).to_contain_text("Tee")
    box = page.get_by_role("textbox").first
    box.fill("He reads a book.")
    box.press("Enter")
    expect(page.locator(".atlas-translation")).to_contain_text("Buch")
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="She drinks tea.").click()
    expect(page.locator(".atlas-translation")).to_contain_text("Tee")
    expect(box).to_have_value("She drinks tea.")


def test_numbers_code_pictures_and_pages_are_taken_away(visit, page: Page, tmp_path: Path) -> None:
    visit("&view=matrix&kind=cross&layer=1&head=2&pins=q2.k3")
    expected = load_translator(MODEL).trace(TEXT, "de")["decoder.layers.0.cross_attention.weights"][0, 1].numpy()

    def take(name: str) -> bytes:
        if page.locator(".popover.menu").get_attribute("open") is None:
            page.locator(".popover.menu summary").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        path = tmp_path / "taken"
        download.value.save_as(path)
        return path.read_bytes()

    rows = list(csv.DictReader(io.StringIO(take("The numbers, CSV").decode("utf-8-sig"))))
    for row in rows:
        value = expected[int(row["query_position"]) - 1, int(row["key_position"]) - 1]
        assert abs(float(row["weight"]) - value) < 2e-5
    assert len(rows) == expected.size
    assert json.loads(take("The numbers, JSON"))
    assert take("This picture, PNG").startswith(b"\x89PNG")
    assert b"<svg" in take("This picture, SVG")
    assert take("All heads, PNG").startswith(b"\x89PNG")
    code = page.locator(".menu pre.code").inner_text()
    printed: list[float] = []
    exec(compile(code, "code", "exec"), {"print": lambda value: printed.append(float(value))})
    assert abs(printed[0] - expected[1, 2]) < 1e-6
    page_file = tmp_path / "page.html"
    page_file.write_bytes(take("A page that works offline"))
    page.context.set_offline(True)
    page.goto(page_file.as_uri())
    page.wait_for_selector("button.head")
    assert page.locator("button.head").count() == (4 + 2 + 2) * 8


def test_a_link_restores_the_view(visit) -> None:
    page = visit(
        "&view=lines&kind=cross&layer=2&head=3&heads=1.4_2.5&pins=q2.k3&words=1&hide=1&top=2&changes=off.c.0.0"
    )
    assert page.locator(".tab[aria-selected=true]").inner_text() == "Lines"
    expect(page.locator(".head-chip")).to_have_count(3)
    expect(page.locator(".change-list li")).to_have_count(1)
    page.locator(".popover.aids summary").click()
    expect(page.get_by_label("whole words")).to_be_checked()
    expect(page.get_by_label("lines a query")).to_have_value("2")
    link = page.evaluate("location.search")
    for part in ("view=lines" if "view=" in link else "kind=cross", "heads=1.4_2.5", "pins=q2.k3", "words=1", "top=2"):
        assert part in link


def test_the_way_back_is_to_the_view_and_the_head_that_were_open(visit) -> None:
    page = visit("&view=facts&kind=cross&layer=2&head=3&pins=k2")
    page.get_by_role("tab", name="Matrix").click()
    page.wait_for_url("**view=matrix**")
    page.get_by_label("Your sentence").fill("She bought a red car.")
    page.keyboard.press("Enter")
    expect(page.locator(".atlas-translation")).not_to_contain_text("Tee")
    page.get_by_role("tab", name="Facts").click()
    page.locator('button.head[data-kind="encoder"]').nth(9).click()
    page.wait_for_url("**kind=encoder**")
    page.go_back()
    expect(page.locator(".atlas-translation")).to_contain_text("Tee")
    expect(page.get_by_role("tab", name="Matrix")).to_have_attribute("aria-selected", "true")
    expect(page.locator('button.head[aria-selected="true"]')).to_have_attribute(
        "aria-label", re.compile("^Cross.*layer 2 · head 3")
    )
    page.wait_for_timeout(500)  # what would be written over the address is written by now
    for part in ("view=matrix", "kind=cross", "layer=2", "head=3", "pins=k2"):
        assert part in page.evaluate("location.search")


def test_where_further_heads_and_aids_are_not_used_the_view_says_so(visit) -> None:
    page = visit("&view=matrix&kind=cross&layer=2&head=3&heads=1.4")
    unused = page.get_by_text("Further heads and reading aids are not used in this view.")
    expect(unused).to_be_hidden()
    page.get_by_role("tab", name="Query × key").click()
    expect(unused).to_be_visible()


def test_on_a_phone_all_of_the_menu_is_on_the_screen(visit) -> None:
    page = visit("&kind=cross&layer=2&head=3")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".popover.menu summary").click()
    box = page.locator(".popover.menu .sheet").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.locator("pre.code").evaluate("code => code.scrollWidth <= code.clientWidth")


def test_a_model_of_ones_own_is_opened_and_nobody_else_sees_it(
    page: Page, app_url: str, tmp_path: Path, browser
) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes(bundled("small").read_bytes())
    page.goto(app_url)
    page.wait_for_selector("button.head")
    page.get_by_role("button", name="guide").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("button", name="mine")).to_be_visible()
    expect(page.locator('button.head[data-kind="encoder"]')).to_have_count(4 * 8)
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.wait_for_selector("button.head")
    expect(other.get_by_role("button", name="guide")).to_be_visible()
    other.context.close()


@pytest.mark.parametrize("content", [b"nonsense", b"", b"\x80\x04K\x01."])
def test_a_file_that_is_no_model_is_refused_in_a_sentence(
    page: Page, app_url: str, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.safetensors"
    file.write_bytes(content)
    page.goto(app_url)
    page.wait_for_selector("button.head")
    page.get_by_role("button", name="guide").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("This file is no translator of this project")).to_be_visible()
    assert page.locator("button.head").count() == (6 + 6 + 6) * 8


def test_markup_is_only_text_in_every_view(page: Page, app_url: str) -> None:
    page.goto(app_url)
    page.wait_for_selector("button.head")
    box = page.get_by_role("textbox").first
    box.fill(f"{HOSTILE} tea")
    box.press("Enter")
    expect(page.locator(".atlas-translation")).not_to_contain_text("Straße")
    shown = {
        "lines": "Lines",
        "heatmap": "Matrix",
        "neuron": "Query × key",
        "meaning": "What it means",
        "facts": "Facts",
    }
    for view, name in {**shown, "decoding": "Decoding"}.items():
        page.get_by_role("tab", name=name).click()
        expect(page.locator(f".view > .{view}")).to_be_visible()
        assert page.locator(".view > *").count() == 1
        settled(page)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0
