"""What Python writes, read by the browser's own code."""

from __future__ import annotations

import numpy as np
import pytest

from viz.browser.bundle import in_order, join
from viz.browser.codes import Room
from viz.browser.payload import AttentionMap, Axis, decode_header, decode_weights, encode_attention
from viz.browser.reply import encode_refusal, encode_reply, request_key


@pytest.fixture
def evaluate(page):
    """Run an expression in a page that holds the bundle; a bytes argument arrives as a Uint8Array, not aligned."""
    page.goto("about:blank")
    for name in ("reply", "payload"):
        page.add_script_tag(content=join(in_order(name)))  # the last module's names are the page's

    def run(expression: str, value: object, *more: object):
        if isinstance(value, bytes):
            unaligned = "Uint8Array.from([0, ...list]).subarray(1)"
            expression, value = f"([list, more]) => ({expression})({unaligned}, ...more)", [list(value), more]
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


KINDS = {"encoder": (2, 3, 5, 5), "cross": (3, 2, 7, 5)}


def payload_of(**fields):
    rng = np.random.default_rng(0)
    axes = {"source": Axis(list("abcde")), "target": Axis(list("tuvwxyz"))}
    queries = {"encoder": "source", "cross": "target"}
    maps = [AttentionMap(kind, rng.random(shape), queries[kind], "source") for kind, shape in KINDS.items()]
    return encode_attention(maps, axes=axes, model={"name": "m", "hash": "0"}, **fields)


@pytest.mark.parametrize("fields", [{"bits": 16}, {"bits": 8}, {"room": Room(80, 80)}])
@pytest.mark.parametrize("kind", KINDS)
def test_the_heads_of_a_payload_are_those_python_reads(evaluate, fields, kind):
    payload = payload_of(**fields)
    expected = decode_weights(payload, kind)
    limit = {8: 255, 16: 65535}
    place = next(each for each in decode_header(payload)["kinds"] if each["id"] == kind)
    read = """(bytes, id, layer, head) => {
      const kind = decodePayload(bytes).kinds.find((each) => each.id === id);
      const plain = (matrix) => matrix && { ...matrix, values: [...matrix.values] };
      const sent = Float32Array.from({ length: kind.queries * kind.keys }, (_, i) => i);
      return { stored: plain(headMatrix(kind, layer, head)), full: plain(fullMatrix(kind, layer, head)),
        supplied: plain(fullMatrix(kind, layer, head, sent)), exact: kind.exact, pooled: kind.pooled,
        note: pooledNote(kind, (key, values) => `${key} ${values.queries} ${values.keys}`) };
    }"""
    pooled = "room" in fields
    for layer, head in np.ndindex(expected.shape[:2]):
        seen = evaluate(read, payload, kind, layer, head)
        stored, full, rows, columns = seen["stored"], seen["full"], *KINDS[kind][2:]
        weights = np.square(np.array(stored["values"]) / limit[place["bits"]])
        assert (stored["rows"], stored["columns"]) == expected.shape[2:]
        np.testing.assert_array_equal(weights.reshape(expected.shape[2:]), expected[layer, head])
        assert (seen["pooled"], seen["exact"]) == (pooled, fields.get("bits") == 16)
        assert seen["note"] == (f"pooled {place['pool'][0]} {place['pool'][1]}" if pooled else "")
        assert seen["supplied"] == {"values": list(range(rows * columns)), "rows": rows, "columns": columns}
        assert pooled == (full is None)
        if full:
            assert (full["rows"], full["columns"]) == (rows, columns)
            np.testing.assert_allclose(np.reshape(full["values"], (rows, columns)), expected[layer, head], rtol=1e-6)


def test_another_version_or_half_a_message_is_no_payload(evaluate):
    payload = payload_of()
    caught = "(bytes) => { try { decodePayload(bytes); return ''; } catch (error) { return error.message; } }"
    assert evaluate(caught, payload) == ""
    assert evaluate(caught, payload.replace(b'"version":2', b'"version":1')) == "version 1"
    assert evaluate(caught, payload[:-9]) == f"{len(payload) - 9} bytes"
