"""The hosts around the browser: what they hand to it, with a recorder in its place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from viz.browser import STRINGS, AttentionMap, Axis, encode_attention, encode_refusal, encode_reply, html, to_html
from viz.browser.bundle import in_order, join
from viz.browser.codes import Room

RECORDERS = {
    "render": """export function render(element, payload, host) {
  window.given = { payload, host };
  element.textContent = "given";
  return { atlas: { state: {} } };
}
""",
    "foreword": "export function showForeword() {}\n",
}
READ = """async (request) => { try { const { header, arrays } = await given.host.ask(request);
  return { header, weights: [...arrays.weights] }; } catch (error) { return error.message; } }"""


def recorded(host: str) -> str:
    """A host's bundle, with recorders for what draws."""
    table = f"const STRINGS = {json.dumps(STRINGS)};\n"
    return table + join(RECORDERS | {name: code for name, code in in_order(host).items() if name not in RECORDERS})


def payload_of(**fields):
    rng = np.random.default_rng(0)
    maps = [AttentionMap(kind, rng.random((2, 3, 5, 5)), "source", "source") for kind in ("encoder", "decoder")]
    return encode_attention(maps, axes={"source": Axis(list("abcde"))}, model={"name": "m", "hash": "0"}, **fields)


@pytest.fixture
def given(page, tmp_path: Path, monkeypatch):
    """Open an offline page whose renderer only records; its parts are in `given`."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    monkeypatch.setattr(html, "bundle", recorded)

    def open_page(payload, *replies):
        path = tmp_path / "page.html"
        path.write_text(to_html(payload, "A page", replies), "utf-8")
        page.goto(path.as_uri())
        page.get_by_text("given").wait_for()
        return page

    yield open_page
    assert problems == []


@pytest.mark.parametrize("fields", [{"bits": 16}, {"bits": 8}, {"room": Room(90, 90)}, {"reference": True}])
def test_a_page_gives_its_payload_back_byte_by_byte(given, fields):
    reference = payload_of(bits=16) if fields.pop("reference", None) else b""
    payload = payload_of(reference=len(reference), **fields) + reference
    assert bytes(given(payload).evaluate("[...given.payload]")) == payload


def test_a_page_answers_what_it_holds_and_says_of_the_rest_that_it_is_not_there(given):
    weights = np.random.default_rng(1).random((5, 5)).astype(np.float32)
    request = {"what": "weights", "kind": "encoder", "layer": 1, "head": 2}
    spoilt = {"what": "neuron", "kind": "encoder", "layer": 0, "head": 0}
    payload = payload_of(strings={"not_in_file": "ファイルにありません"})
    page = given(
        payload, (request, encode_reply({"note": 1}, {"weights": weights})), (spoilt, encode_refusal("Broken."))
    )
    answer = page.evaluate(READ, dict(reversed(request.items())))
    assert (answer["header"]["note"], answer["weights"]) == (1, weights.ravel().tolist())
    assert page.evaluate(READ, {**request, "head": 1}) == "ファイルにありません"
    assert page.evaluate(READ, spoilt) == "Broken."


def test_an_old_browser_is_told_so(page, tmp_path: Path):
    page.add_init_script("delete window.DecompressionStream")
    path = tmp_path / "page.html"
    path.write_text(to_html(payload_of(), "A page"), "utf-8")
    page.goto(path.as_uri())
    assert page.locator("#atlas").inner_text() == STRINGS["old_browser"]
