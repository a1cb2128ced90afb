"""The notebook's widget in a real browser: its own module, a stand-in for the notebook, the real Python behind it."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

import viz.notebook
from viz import attention_browser
from viz.browser import STRINGS
from viz.browser.bundle import bundle, css
from viz.browser.codes import Room

TOKENS = ["▁The", "▁animal", "▁cross", "ed", "▁it", "</s>"]
NOTEBOOK = """async ([code, style, payload, selection]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const view = (array) => new DataView(array.buffer, array.byteOffset, array.byteLength);
  const listeners = [];
  window.model = {
    state: { payload: view(Uint8Array.from([0, ...bytes(payload)]).subarray(1)), selection },
    saved: [],
    get: (name) => model.state[name],
    set(name, value) { model.state[name] = value; model.emit(`change:${name}`); },
    save_changes: () => model.saved.push(model.state.selection),
    on: (event, listener) => listeners.push([event, listener]),
    off(event, listener) {
      listeners.splice(listeners.findIndex(([name, each]) => name === event && each === listener), 1);
    },
    emit(event, ...values) {
      for (const [name, listener] of [...listeners]) if (name === event) listener(...values);
    },
    listeners,
    async send(content) {
      const [answer, buffers] = await window.kernel(content);
      model.emit("msg:custom", answer, buffers.map((text) => view(bytes(text))));
    },
  };
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const { default: host } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  window.show = () => {
    const el = document.body.appendChild(document.createElement("div"));
    return { el, end: host.render({ model, el }) };
  };
  window.views = [window.show()];
}"""


def softmax(*shape: int) -> np.ndarray:
    scores = np.exp(2 * np.random.default_rng(0).normal(size=shape)).astype(np.float32)
    return scores / scores.sum(-1, keepdims=True)


@pytest.fixture
def notebook(page, monkeypatch):
    """Show a widget as a notebook does; any error on the page fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def show(widget):
        sent: list = []
        monkeypatch.setattr(type(widget), "send", lambda self, content, buffers=None: sent.append((content, buffers)))

        def kernel(content):
            widget._handle_custom_msg(content, [])
            answer, buffers = sent.pop()
            return [answer, [base64.b64encode(each).decode() for each in buffers]]

        page.expose_function("kernel", kernel)
        page.goto("about:blank")
        payload = base64.b64encode(widget.payload).decode()
        page.evaluate(NOTEBOOK, [bundle("host_widget"), css(), payload, widget.selection])
        page.wait_for_selector("button.head[aria-selected=true]")
        return page

    yield show
    assert problems == []


def number_of(page, query: int, key: int) -> str:
    """Walk to a cell with the keyboard and read its number."""
    page.get_by_role("tab", name="Matrix").click()
    page.locator(".matrix").focus()
    for press in ["Home", "PageUp", *["ArrowDown"] * query, *["ArrowRight"] * key]:
        page.keyboard.press(press)
    return page.locator(".large-number data").get_attribute("value")


@pytest.mark.parametrize("room", [Room(10_000, 10_000), Room(0, 10_000), Room(0, 100)])
def test_every_number_is_exact_however_little_the_message_holds(notebook, monkeypatch, room):
    """With 16 bits, with 8, and with tiles: the kernel has the numbers that the message lacks."""
    monkeypatch.setattr(viz.notebook, "NOTEBOOK", room)
    weights = softmax(2, 3, 6, 6)
    page = notebook(attention_browser(weights, TOKENS))
    page.locator('button.head[data-layer="1"][data-head="2"]').click()
    page.get_by_role("tab", name="Matrix").click()
    expect(page.locator(".large-number")).not_to_contain_text("…")
    for query, key in ((0, 0), (3, 1), (5, 4)):
        expected = weights[1, 2, query, key]
        assert float(number_of(page, query, key)) == pytest.approx(expected, abs=1e-5, rel=1e-5)
    assert (page.locator(".overview .pooled").inner_text() != "") == (room.most == 100)


def test_python_follows_the_reader_and_the_reader_python(notebook):
    page = notebook(attention_browser(softmax(2, 3, 6, 6), TOKENS))
    page.locator('button.head[data-layer="1"][data-head="0"]').click()
    assert page.evaluate("model.saved.at(-1)") == {"kind": "attention", "layer": 1, "head": 0}
    page.evaluate("model.set('selection', { kind: 'attention', layer: 0, head: 2 })")
    chosen = page.locator("button.head[aria-selected=true]")
    assert (chosen.get_attribute("data-layer"), chosen.get_attribute("data-head")) == ("0", "2")


def test_two_views_of_one_widget_both_get_their_numbers(notebook, monkeypatch):
    monkeypatch.setattr(viz.notebook, "NOTEBOOK", Room(0, 10_000))
    page = notebook(attention_browser(softmax(1, 2, 6, 6), TOKENS))
    page.evaluate("window.views.push(window.show())")
    for view in (0, 1):
        page.get_by_role("tab", name="Matrix").nth(view).click()
        expect(page.locator(".large-number").nth(view)).not_to_contain_text("…")


def test_new_weights_replace_the_old_and_the_end_leaves_nothing(notebook):
    page = notebook(attention_browser(softmax(1, 1, 6, 6), TOKENS))
    payload = attention_browser(softmax(2, 4, 3, 3), TOKENS[:3]).payload
    page.evaluate("(list) => model.set('payload', new DataView(Uint8Array.from(list).buffer))", list(payload))
    assert page.locator("button.head").count() == 8
    assert page.evaluate("views[0].end(), [model.listeners.length, document.querySelectorAll('.atlas').length]") == [
        0,
        0,
    ]


def test_a_silent_kernel_is_said_to_be_silent(notebook, monkeypatch):
    monkeypatch.setattr(viz.notebook, "NOTEBOOK", Room(0, 10_000))
    notebook_page = notebook(attention_browser(softmax(1, 2, 6, 6), TOKENS))
    notebook_page.evaluate("window.model.send = () => {}")
    notebook_page.clock.install()
    notebook_page.locator("button.head").nth(1).click()
    notebook_page.clock.run_for(25_000)
    notebook_page.get_by_text(STRINGS["kernel_silent"]).wait_for(state="attached")


def test_the_page_looks_like_the_editor_around_it(notebook):
    page = notebook(attention_browser(softmax(1, 2, 6, 6), TOKENS))
    assert page.locator(".atlas").get_attribute("data-scheme") == "light"
    page.evaluate("""() => { document.body.style.setProperty("--jp-layout-color0", "#111111");
      document.body.setAttribute("data-jp-theme-light", "false"); }""")
    page.wait_for_selector(".atlas[data-scheme=dark]")


HOSTILE = [
    "</script><img src=x onerror='window.hacked = 1'>",
    "<svg onload='window.hacked = 1'>",
    "<!--",
    "&lt;",
    "\u2028",
    "}",
]


@pytest.mark.parametrize("host", ["html", "widget"])
def test_a_token_is_only_ever_text(notebook, page, tmp_path, host):
    weights = softmax(1, 2, 6, 6)
    widget = attention_browser({"cross": weights}, HOSTILE, HOSTILE, writes=HOSTILE, title=HOSTILE[0], model=HOSTILE[0])
    if host == "widget":
        notebook(widget)
    else:
        page.goto(widget.to_html(tmp_path / "page.html").as_uri())
        page.wait_for_selector("button.head[aria-selected=true]")
    for tab in page.get_by_role("tab").all():
        tab.click()
    number_of(page, 0, 1)
    assert page.locator(".labels.query .token:not(.float)").first.inner_text() == HOSTILE[0]
    assert page.locator("img, svg[onload], script[src]").count() == 0
    assert page.evaluate("window.hacked") is None


def test_a_page_of_a_long_text_has_the_open_heads_numbers_and_says_what_it_lacks(page, tmp_path, monkeypatch):
    monkeypatch.setattr(viz.notebook, "FILE", Room(100, 100))
    weights = softmax(2, 3, 6, 6)
    widget = attention_browser(weights, TOKENS, selection={"kind": "attention", "layer": 1, "head": 1})
    page.goto(widget.to_html(tmp_path / "page.html").as_uri())
    page.wait_for_selector("button.head[aria-selected=true]")
    page.get_by_role("tab", name="Matrix").click()
    expect(page.locator(".large-number")).not_to_contain_text("…")
    assert float(number_of(page, 2, 3)) == pytest.approx(weights[1, 1, 2, 3], abs=1e-7)
    assert page.locator(".overview .pooled").inner_text() == STRINGS["pooled"].format(queries=2, keys=2)
    page.locator("button.head").first.click()
    page.get_by_text(STRINGS["not_in_file"]).wait_for(state="attached")
    assert page.locator(".large-number").inner_text() == "…"
