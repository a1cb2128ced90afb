"""A reply's bytes, read back by hand; `tests/e2e/test_browser_reply.py` has the browser read them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from viz.browser.reply import encode_refusal, encode_reply, request_key


def read(reply: bytes) -> tuple[dict, dict]:
    length = int.from_bytes(reply[:4], "little")
    header, data = json.loads(reply[4 : 4 + length]), reply[4 + length :]
    types = {"float32": "<f4", "uint8": "u1"}
    return header, {
        name: np.frombuffer(data, types[at["type"]], int(np.prod(at["shape"])), at["offset"]).reshape(at["shape"])
        for name, at in header["arrays"].items()
    }


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.binary(max_size=9) | arrays(np.float32, array_shapes(min_dims=0, min_side=0, max_side=4)),
        max_size=4,
    ),
    st.dictionaries(st.sampled_from(["note", "クエリ"]), st.text(max_size=5)),
)
def test_header_and_arrays_come_back_whole_and_aligned(given_arrays, given_header):
    reply = encode_reply(given_header, given_arrays)
    header, back = read(reply)
    assert {name: value for name, value in header.items() if name != "arrays"} == given_header
    assert back.keys() == given_arrays.keys()
    for name, values in given_arrays.items():
        expected = np.frombuffer(values, np.uint8) if isinstance(values, bytes) else values
        assert np.array_equal(back[name], expected, equal_nan=expected.dtype == np.float32)
    starts = [len(reply) - (len(reply) - 4 - int.from_bytes(reply[:4], "little")), len(reply)]
    assert [start % 4 for start in starts] == [0, 0]
    assert all(place["offset"] % 4 == 0 for place in header["arrays"].values())


def test_lists_and_doubles_become_float32():
    _, back = read(encode_reply({}, {"list": [[1, 2], [3, 4]], "double": np.array([0.1])}))
    assert back["list"].tolist() == [[1, 2], [3, 4]]
    assert back["double"][0] == np.float32(0.1)


def test_a_header_may_not_name_arrays():
    with pytest.raises(ValueError, match="arrays"):
        encode_reply({"arrays": 1})
    with pytest.raises(ValueError, match="JSON"):
        encode_reply({"score": float("nan")})


def test_a_refusal_is_a_sentence():
    assert read(encode_refusal("no such head")) == ({"error": "no such head", "arrays": {}}, {})


def test_equal_requests_have_one_spelling():
    request = {"what": "weights", "kind": "ja-エン", "layer": 0, "edits": [{"b": 1, "a": [2]}]}
    turned = {"edits": [{"a": [2], "b": 1}], "layer": 0, "kind": "ja-エン", "what": "weights"}
    assert request_key(request) == request_key(turned)
    assert json.loads(request_key(request)) == request
