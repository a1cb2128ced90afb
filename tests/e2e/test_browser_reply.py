"""What Python answers, read by the browser's own code."""

from __future__ import annotations

import numpy as np
import pytest

from viz.browser.bundle import bundle
from viz.browser.reply import encode_refusal, encode_reply, request_key


@pytest.fixture
def evaluate(page):
    """Run an expression in a page that holds the bundle; a bytes argument arrives as a Uint8Array, not aligned."""
    page.goto("about:blank")
    page.add_script_tag(content=bundle("reply"))

    def run(expression: str, value: object):
        if isinstance(value, bytes):
            expression, value = f"(list) => ({expression})(Uint8Array.from([0, ...list]).subarray(1))", list(value)
        return page.evaluate(expression, value)

    return run


def test_arrays_arrive_as_they_were_sent(evaluate):
    weights = np.random.default_rng(0).random((2, 3)).astype(np.float32)
    reply = encode_reply({"note": "クエリ"}, {"page": b"<!doctype", "weights": weights, "none": np.zeros((0, 2))})
    header, types, values = evaluate(
        "(bytes) => { const { header, arrays } = decodeReply(bytes); return [header,"
        "  Object.values(arrays).map((array) => array.constructor.name), Object.values(arrays).map((a) => [...a])]; }",
        reply,
    )
    assert header["note"] == "クエリ"
    assert [place["shape"] for place in header["arrays"].values()] == [[9], [2, 3], [0, 2]]
    assert types == ["Uint8Array", "Float32Array", "Float32Array"]
    assert values == [list(b"<!doctype"), weights.ravel().tolist(), []]


def test_a_refusal_is_thrown_with_its_sentence(evaluate):
    caught = "(bytes) => { try { return decodeReply(bytes); } catch (error) { return error.message; } }"
    assert evaluate(caught, encode_refusal("There is no layer 9: this model has 6.")) == (
        "There is no layer 9: this model has 6."
    )


def test_a_request_is_spelt_as_in_python(evaluate):
    request = {
        "what": "x",
        "kind": 'エン"\u2028\n',
        "layer": 0,
        "edits": [{"b": 1.5, "a": [None, True, {"d": 1, "c": 2}]}],
    }
    assert evaluate("(request) => requestKey(request)", request) == request_key(request)
