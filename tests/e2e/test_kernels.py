"""The page of kernels in a real browser: numbers read back off the page, no server for what the browser can do."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.reading import numbers
from transformer.changes import read
from transformer.kernel_lens import gallery, head_record, kernel_of, smooth
from transformer.trace import Trace
from transformer.translator import Translation, Translator, load_translator
from viz.browser.bundle import in_order, join
from viz.kernels.bundle import FOLDER

TEXT = "I like green tea because it is good."
LAYER, HEAD, QUERY = 1, 2, 4  # counted from 0


@pytest.fixture(scope="module")
def done() -> tuple[Translator, Translation, Trace]:
    translator = load_translator("small")
    written = translator.translate(TEXT, "de")
    return translator, written, translator.trace(TEXT, "de", written)


@pytest.fixture
def open_lens(page: Page, app_url: str) -> Callable[..., Page]:
    page.set_viewport_size({"width": 1280, "height": 1000})

    def open_at(view: str = "smoother", **address: str) -> Page:
        head = {"kind": "encoder", "layer": str(LAYER + 1), "head": str(HEAD + 1)}
        query = {"model": "small", "text": TEXT, "query": str(QUERY + 1), **head, **address}
        page.goto(f"{app_url}/kernels?" + "&".join(f"{key}={value}" for key, value in query.items()))
        page.wait_for_selector(f'.lens[data-view="{view}"]')
        return page

    return open_at


def near(shown: list[float], expected: object, tolerance: float = 2e-5) -> None:
    np.testing.assert_allclose(shown, np.asarray(expected, float), rtol=1e-4, atol=tolerance)


def record_of(done: tuple[Translator, Translation, Trace]):
    return head_record(done[0].model, done[2], "encoder", LAYER, HEAD)


def set_number(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.dispatch_event("change")


def test_softmax_attention_is_the_exponential_kernel_at_bandwidth_one(open_lens, done) -> None:
    page, record = open_lens(), record_of(done)
    rows = page.locator(".lens-table tbody tr")
    near(numbers(rows.locator("data.computed")), record.weights[QUERY])
    near(numbers(rows.locator("td:last-child data")), record.weights[QUERY])
    near(numbers(rows.locator("td:nth-child(2) data")), record.scores[QUERY], 1e-4)
    weight, output = numbers(page.locator(".lens-agreement data"))
    assert weight < 1e-5 and output < 1e-4
    expect(page.locator(".lens-agreement")).to_contain_text("exactly the model's attention")


@pytest.mark.parametrize("name", ["exponential", "rbf", "polynomial", "linear_nonnegative"])
def test_the_bandwidth_is_the_browsers_own(name, page, open_lens, done) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_lens(smoother=name)
    page.wait_for_timeout(500)  # what opening the page still sends
    record, before = record_of(done), len(sent)
    rows = page.locator(".lens-table tbody tr data.computed")
    for bandwidth in (0.5, 2.5):
        set_number(page, "Bandwidth as a number", str(bandwidth))
        expected = smooth(kernel_of(name), record.q, record.k, record.visible, bandwidth)[QUERY]
        near(numbers(rows), expected)
    page.locator(".lens-token").nth(6).click()
    near(numbers(rows), smooth(kernel_of(name), record.q, record.k, record.visible, 2.5)[6])
    assert "bandwidth=2.5" in page.url and "query=7" in page.url
    assert before > 0 and len(sent) == before


def test_a_zero_bandwidth_and_an_odd_degree_get_a_sentence_and_the_picture_stays(open_lens, done) -> None:
    page = open_lens(smoother="polynomial")
    rows = page.locator(".lens-table tbody tr data.computed")
    before = numbers(rows)
    set_number(page, "Bandwidth as a number", "0")
    expect(page.get_by_role("alert").filter(has_text="above 0")).to_be_visible()
    assert numbers(rows) == before
    set_number(page, "Bandwidth as a number", "1")
    set_number(page, "Degree", "3")
    expect(page.get_by_role("alert").filter(has_text="even")).to_be_visible()
    assert numbers(rows) == before
    set_number(page, "Degree", "4")
    record = record_of(done)
    near(numbers(rows), smooth(kernel_of("polynomial", 4), record.q, record.k, record.visible)[QUERY])


@pytest.mark.parametrize("name", ["exponential", "rbf", "polynomial", "linear_nonnegative"])
def test_towards_bandwidth_zero_all_weight_goes_to_one_key(name, open_lens, done) -> None:
    """The root of a kernel overflows long before it is 0: a weight is still a weight, and the picture is drawn."""
    page, record = open_lens(smoother=name, bandwidth="1e-320"), record_of(done)
    heaviest = int(smooth(kernel_of(name), record.q, record.k, record.visible)[QUERY].argmax())
    for bandwidth in ("1e-320", "0.00001", "1e-12"):
        set_number(page, "Bandwidth as a number", bandwidth)
        shown = numbers(page.locator(".lens-table tbody tr data.computed"))
        assert shown[heaviest] > 0.999 and sum(shown) == pytest.approx(1, abs=1e-3)
    set_number(page, "Bandwidth as a number", "0.1")
    expected = smooth(kernel_of(name), record.q, record.k, record.visible, 0.1)[QUERY]
    near(numbers(page.locator(".lens-table tbody tr data.computed")), expected)


def test_a_link_with_a_bad_number_shows_the_model_as_trained(open_lens, done) -> None:
    page, record = open_lens(smoother="polynomial", bandwidth="0"), record_of(done)
    expect(page.get_by_role("alert").filter(has_text="as it was trained")).to_be_visible()
    near(numbers(page.locator(".lens-table tbody tr data.computed")), record.weights[QUERY])
    set_number(page, "Bandwidth as a number", "1")
    set_number(page, "Degree", "")
    expect(page.get_by_role("alert").filter(has_text="degree is empty")).to_contain_text("stays as it was")


def test_a_choice_is_in_the_link_and_goes_to_another_page_and_back(page, open_lens, done) -> None:
    open_lens(smoother="polynomial", bandwidth="2")
    set_number(page, "Degree", "4")
    record, rows = record_of(done), page.locator(".lens-table tbody tr data.computed")
    expected = smooth(kernel_of("polynomial", 4), record.q, record.k, record.visible, 2)[QUERY]
    near(numbers(rows), expected)
    for name in ("Heads", "Kernels"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(re.compile(f"/{'kernels' if name == 'Kernels' else ''}\\?.*text="))
    page.wait_for_url(re.compile("smoother=polynomial"))
    near(numbers(rows), expected)
    page.reload()
    page.wait_for_selector('.lens[data-view="smoother"]')
    near(numbers(rows), expected)
    assert {"degree=4", "bandwidth=2", f"query={QUERY + 1}"} <= set(page.url.partition("?")[2].split("&"))


def test_the_linear_kernel_has_no_bandwidth_and_weights_outside(open_lens, done) -> None:
    page, record = open_lens(smoother="linear"), record_of(done)
    expect(page.get_by_label("Bandwidth as a number")).to_be_disabled()
    expected = smooth(kernel_of("linear"), record.q, record.k, record.visible)[QUERY]
    np.testing.assert_allclose(numbers(page.locator(".lens-table tbody tr data.computed")), expected, rtol=1e-3)


def test_the_keyboard_walks_through_the_queries(open_lens) -> None:
    page = open_lens()
    page.locator('.lens-token[aria-checked="true"]').focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".lens-token:focus").get_attribute("aria-checked") == "true"
    page.keyboard.press("Home")
    assert page.locator(".lens-token").first.get_attribute("aria-checked") == "true"


def test_pictures_are_painted_and_can_be_taken_away(open_lens, done) -> None:
    page = open_lens()
    colors = page.locator(".lens-picture canvas").evaluate_all(
        "canvases => canvases.map(c => new Set(new Uint32Array(c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.buffer)).size)"
    )
    assert len(colors) == 3 and min(colors) > 20
    taken = {}
    for kind, name in (("svg", "These pictures, SVG"), ("csv", "The numbers, CSV"), ("png", "These pictures, PNG")):
        page.locator(".lens-takeaway summary").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        taken[kind] = Path(download.value.path()).read_bytes()
    assert taken["png"].startswith(b"\x89PNG")
    assert taken["svg"].count(b"<path") > 20 and b"layer 2" in taken["svg"]
    lines = taken["csv"].decode("utf-8-sig").split("\r\n")
    rows = list(csv.DictReader(lines[:-1]))
    near([float(row["weight"]) for row in rows], record_of(done).weights[QUERY])
    assert [row["key_position"] for row in rows] == [str(place + 1) for place in range(len(rows))]
    assert {(row["kernel"], row["degree"], row["bandwidth"], row["query_position"]) for row in rows} == {
        ("exponential", "", "1", str(QUERY + 1))
    }


def test_a_filter_on_the_running_model(open_lens, done) -> None:
    page = open_lens("running", lens="filter", filter="trained", where="all")
    page.get_by_role("button", name="window").click()
    expect(page.locator('.lens-filter[aria-pressed="true"]')).to_have_text("window")
    translator, written, before = done
    after = translator.trace_ids(translator.source(TEXT, "de"), written.ids, changes=read("filter.e.all.window.3"))
    places = np.arange(len(written.ids)), written.ids
    rows = page.locator(".lens-steps tbody tr")
    logs = [trace["logits"][0].double().log_softmax(-1).numpy() for trace in (before, after)]
    near(numbers(rows.locator("td:nth-child(2) data")), logs[0][places], 1e-4)
    near(numbers(rows.locator("td:nth-child(3) data")), logs[1][places], 1e-4)
    near(numbers(rows.locator("td:nth-child(4) data")), (np.exp(logs[0]) * (logs[0] - logs[1])).sum(-1), 1e-4)
    assert "filter=window" not in page.url and "where=all" in page.url  # what is chosen at first is not written
    page.locator(".lens-picture canvas").last.focus()
    page.keyboard.press("ArrowRight")
    weights = after[f"encoder.layers.{LAYER}.self_attention.weights"][0, HEAD]
    near(numbers(page.locator(".lens-readout data"))[1:], [weights[0, 0]])


def test_the_gallery_reads_one_cell_in_every_map(open_lens, done) -> None:
    page, record = open_lens("gallery", lens="gallery"), record_of(done)
    page.locator(".lens-card canvas").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    readings = gallery(record)
    expected = [record.weights[1, 1], *(each.weights[1, 1] for each in readings)]
    near(
        numbers(page.locator(".lens-card >> nth=0").locator("xpath=../..").locator(".lens-readout data")),
        expected,
        1e-4,
    )
    moved = page.locator(".lens-card .lens-table tr:nth-child(3) data")
    near(numbers(moved), [each.moved for each in readings], 1e-4)
    linear = next(each for each in readings if each.name == "linear")
    shown = numbers(page.locator(".lens-card .lens-problem:visible data"))
    near(shown, [linear.outside, linear.lowest, linear.highest, linear.total], 1e-4)


def test_contours_run_where_the_height_is(page: Page) -> None:
    """On (x^2 + y^2) / 4 over a grid, every end of a segment has the level, to the error of straight edges."""
    page.set_content("<!doctype html>")
    page.add_script_tag(
        type="module",
        content=join(in_order("contours", FOLDER)) + "\nwindow.contour = contour; "
        "window.levels = levelsBetween; window.step = niceStep;",
    )
    page.wait_for_function("() => Boolean(window.contour)")
    size = 9
    values = [(x * x + y * y) / 4 for y in range(size) for x in range(size)]
    for level in (0.6, 4.3, 9.1):
        found = np.array(
            page.evaluate("([values, size, level]) => contour(values, size, level)", [values, size, level])
        )
        ends = found.reshape(-1, 2)
        assert len(ends) >= 4
        for x, y in ends:
            along, fixed = (x, y) if y % 1 == 0 else (y, x)
            low = np.floor(along)
            heights = (fixed**2 + np.array([low, low + 1]) ** 2) / 4
            assert abs(heights @ [low + 1 - along, along - low] - level) < 1e-9
    saddle = np.array(page.evaluate("contour([3, 0, 0, 3], 2, 1)")).reshape(2, 2, 2)
    np.testing.assert_allclose(
        sorted(saddle.mean(1).tolist()), [[1 / 6, 5 / 6], [5 / 6, 1 / 6]]
    )  # round the low corners
    assert page.evaluate("levels(0.5, 30, 1, 11)") == list(range(3, 31, 3))
    assert page.evaluate("[0.9, 7, 130].map((range) => step(range, 5))") == [0.2, 2, 50]


@pytest.mark.parametrize(("width", "scheme", "lang"), [(390, "dark", "en"), (390, "light", "ja"), (1280, "dark", "ja")])
@pytest.mark.parametrize(("lens", "view"), [("smoother", "smoother"), ("filter", "running"), ("gallery", "gallery")])
def test_every_lens_fits_every_screen(lens, view, width, scheme, lang, browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{app_url}/kernels?model=small&text=I+like+green+tea.&lens={lens}&lang={lang}")
    page.wait_for_selector(f'.lens[data-view="{view}"]')
    page.wait_for_timeout(300)
    root = page.locator(".lens").first
    assert root.get_attribute("lang") == lang
    assert root.get_attribute("data-scheme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert root.evaluate("root => [...root.querySelectorAll('canvas')].every(c => c.offsetWidth <= root.clientWidth)")
    if lang == "ja":
        texts = root.evaluate("root => [...root.querySelectorAll('.lens-title, .caption')].map(e => e.textContent)")
        assert all(re.search(r"[\u3040-\u9fff]|^$|RBF", text) for text in texts), texts
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_head_goes_along_from_page_to_page(page: Page, app_url: str, width: int) -> None:
    """By the menu: from all heads to one, and, where another was chosen there, back."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{app_url}/?model=small&text=I+like+tea.")
    page.locator('button.head[data-kind="encoder"][data-layer="2"][data-head="6"]').click()
    page.locator(".detail h3.title").filter(has_text="layer 3 · head 7").wait_for()

    def go(name: str) -> None:
        if width < 700:
            page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_role("link", name=name, exact=True).click()

    go("Kernels")
    page.wait_for_url(re.compile("/kernels.*text=I.like.tea.*kind=encoder&layer=3&head=7"))
    boxes = [page.get_by_role("combobox", name=name, exact=True) for name in ("Attention", "Layer", "Head")]
    for box, value in zip(boxes, ("Encoder self-attention", "3", "7"), strict=True):
        expect(box).to_have_value(value)
    page.wait_for_selector(".lens[data-view]")
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_have_count(1)
    boxes[2].press("ArrowDown")  # a list that was opened by a click closes when the page scrolls
    page.get_by_role("option", name="2", exact=True).click()
    page.wait_for_url(re.compile("head=2"))
    go("Heads")
    expect(page.locator(".detail h3.title")).to_contain_text("layer 3 · head 2")
    expect(page.get_by_label("Your sentence")).to_have_value("I like tea.")
