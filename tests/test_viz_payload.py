"""The payload: what goes in comes out, within the stated error; what is wrong is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from viz.browser import STRINGS
from viz.browser.codes import FILE, Room, storage, tiled
from viz.browser.payload import (
    AttentionMap,
    Axis,
    decode_header,
    decode_weights,
    encode_attention,
    with_header,
)

ERROR = {16: 1.6e-5, 8: 4e-3}
MODEL = {"name": "small", "hash": "0f"}


@st.composite
def attention(draw):
    """Two axes of any tokens and three kinds whose layers, heads and lengths all differ."""
    tokens = st.lists(st.text(max_size=8), min_size=1, max_size=6)
    axes = {"source": Axis(draw(tokens), "en"), "target": Axis(draw(tokens), "ja")}
    axes["target"] = Axis(axes["target"].tokens, "ja", draw(st.permutations(axes["target"].tokens)))
    maps = []
    for kind, query, key in (
        ("encoder", "source", "source"),
        ("decoder", "target", "target"),
        ("cross", "target", "source"),
    ):
        lengths = (len(axes[query].tokens), len(axes[key].tokens))
        shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)), *lengths)
        weights = draw(arrays(np.float32, shape, elements=st.floats(0, 1, width=32)))
        maps.append(AttentionMap(kind, weights, query, key))
    return maps, axes


def encoded(tokens=("a", "b"), weights=None, **fields):
    weights = np.full((1, 2, 2, 2), 0.5) if weights is None else weights
    fields = {"axes": {"source": Axis(tokens)}, "model": MODEL, **fields}
    return encode_attention([AttentionMap("encoder", weights, "source", "source")], **fields)


@settings(max_examples=60, deadline=None)
@given(attention(), st.sampled_from([8, 16]))
def test_weights_come_back_within_the_error_of_their_bits(drawn, bits):
    maps, axes = drawn
    payload = encode_attention(maps, axes=axes, model=MODEL, bits=bits)
    for item in maps:
        back = decode_weights(payload, item.kind)
        assert back.shape == item.weights.shape
        assert np.abs(back - item.weights).max() <= ERROR[bits]


@settings(max_examples=60, deadline=None)
@given(attention(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_the_header_comes_back_whole(drawn, strings):
    maps, axes = drawn
    selection = {"kind": "cross", "layer": 0, "head": 0}
    payload = encode_attention(maps, axes=axes, model=MODEL, strings=strings, lang="ja", selection=selection, note=[1])
    header = decode_header(payload)
    assert header["version"] == 2
    assert header["model"] == MODEL
    assert header["strings"] == strings
    assert (header["lang"], header["selection"], header["note"]) == ("ja", selection, [1])
    for name, axis in axes.items():
        assert header["axes"][name]["tokens"] == list(axis.tokens)
        assert header["axes"][name].get("writes") == (list(axis.writes) if axis.writes is not None else None)


def test_the_data_of_every_kind_begins_at_a_multiple_of_four():
    tokens = ["x", "y", "z"]
    maps = [AttentionMap(name, np.ones((1, 1, 3, 3)), "source", "source") for name in ("encoder", "decoder")]
    payload = encode_attention(maps, axes={"source": Axis(tokens)}, model=MODEL, bits=8)
    header = decode_header(payload)
    assert (4 + int.from_bytes(payload[:4], "little")) % 4 == 0
    assert [kind["offset"] % 4 for kind in header["kinds"]] == [0, 0]


def test_zero_and_one_are_exact():
    weights = np.array([[0.0, 1.0], [1.0, 0.0]]).reshape(1, 1, 2, 2)
    for bits in (8, 16):
        assert np.array_equal(decode_weights(encoded(weights=weights, bits=bits), "encoder"), weights)


def largest_of_tiles(weights, pool):
    """The largest weight of each tile, a tile at a time."""
    layers, heads, queries, keys = weights.shape
    shape = (layers, heads, -(-queries // pool[0]), -(-keys // pool[1]))
    tiles = np.empty(shape)
    for row, column in np.ndindex(shape[2:]):
        tile = weights[..., row * pool[0] : (row + 1) * pool[0], column * pool[1] : (column + 1) * pool[1]]
        tiles[..., row, column] = tile.max((2, 3))
    return tiles


@settings(max_examples=60, deadline=None)
@given(attention(), st.integers(1, 200))
def test_what_does_not_fit_comes_back_as_the_largest_weight_of_each_tile(drawn, most):
    maps, axes = drawn
    payload = encode_attention(maps, axes=axes, model=MODEL, room=Room(most, most))
    kinds = decode_header(payload)["kinds"]
    for item, kind in zip(maps, kinds, strict=True):
        back, expected = decode_weights(payload, item.kind), largest_of_tiles(item.weights, kind["pool"])
        assert back.shape == expected.shape
        assert np.abs(back - expected).max() <= ERROR[kind["bits"]]
    smallest = sum(item.weights.shape[0] * item.weights.shape[1] for item in maps)
    data = sum(decode_weights(payload, kind["id"]).size * kind["bits"] // 8 for kind in kinds)
    assert data <= max(most, smallest)
    if sum(item.weights.size for item in maps) <= most:
        assert all(kind["pool"] == [1, 1] for kind in kinds)


@pytest.mark.parametrize(
    ("tokens", "bits", "pool", "most"),
    [(20, 16, [1, 1], 0.2e6), (64, 8, [1, 1], 0.642e6), (128, 8, [1, 1], 2.59e6), (512, 8, [4, 4], 2.59e6)],
)
def test_twelve_layers_of_twelve_heads_stay_small(tokens, bits, pool, most):
    weights = np.zeros((12, 12, tokens, tokens), np.float32)
    payload = encoded([f"▁word{i}" for i in range(tokens)], weights, strings=STRINGS)
    kind = decode_header(payload)["kinds"][0]
    assert (kind["bits"], kind["pool"]) == (bits, pool)
    assert len(payload) <= most


@given(st.lists(st.tuples(*[st.integers(1, 40)] * 2, *[st.integers(1, 1000)] * 2), min_size=1, max_size=3))
def test_a_file_has_every_number_or_tiles(shapes):
    chosen = storage(shapes, FILE)
    assert all(how.bits == (16 if how.pool == (1, 1) else 8) for how in chosen)
    assert (
        sum(np.prod(tiled(shape, how.pool)) * how.bits // 8 for shape, how in zip(shapes, chosen, strict=True)) <= 20e6
    )


def test_with_header_changes_the_header_and_not_one_weight():
    payload = encoded()
    changed = with_header(payload, lang="ja", strings={"query": "クエリ"}, added={"a": 1})
    header = decode_header(changed)
    assert (header["lang"], header["strings"], header["added"]) == ("ja", {"query": "クエリ"}, {"a": 1})
    assert header["kinds"] == decode_header(payload)["kinds"]
    assert np.array_equal(decode_weights(changed, "encoder"), decode_weights(payload, "encoder"))


@pytest.mark.parametrize(
    ("weights", "names"),
    [
        (np.full((1, 2, 2, 2), 1.5), ["1.5", "between 0 and 1"]),
        (np.full((1, 2, 2, 2), -0.1), ["-0.1"]),
        (np.full((1, 2, 2, 2), np.nan), ["nan"]),
        (np.full((2, 2, 2), 0.5), ["(2, 2, 2)", "layers, heads"]),
        (np.full((1, 2, 3, 2), 0.5), ["3 queries", "2 tokens"]),
        (np.full((1, 2, 2, 5), 0.5), ["5 keys", "2 tokens"]),
    ],
)
def test_wrong_weights_are_named(weights, names):
    with pytest.raises(ValueError) as error:
        encoded(weights=weights)
    assert all(name in str(error.value) for name in names)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: encoded(bits=12), "12"),
        (lambda: encoded(axes={"target": Axis(["a", "b"])}), "source"),
        (lambda: encoded(axes={"source": Axis(["a", "b"], "de", ["a"])}), "one piece a position"),
        (lambda: decode_header(b""), "cut off"),
        (lambda: decode_header(encoded()[:50]), "cut off"),
        (lambda: decode_header(encoded()[:-4]), "promises"),
        (lambda: decode_header((4).to_bytes(4, "little") + b"\xff{}x"), "not JSON"),
        (lambda: decode_header((4).to_bytes(4, "little") + b"[1] "), "version"),
        (lambda: decode_header(encoded().replace(b'"version":2', b'"version":1')), "version 1"),
        (lambda: decode_header(encoded().replace(b'"pool":[1,1]', b'"pool":[0,1]')), "misuses"),
        (lambda: decode_header(encoded().replace(b'"pool"', b'"pond"')), "pool"),
        (lambda: decode_header(encoded(bits=8).replace(b'"bits":8', b'"bits":4')), "bits 4"),
        (lambda: decode_weights(encoded(), "cross"), "encoder"),
        (lambda: with_header(encoded(), kinds=[]), "kinds"),
        (lambda: with_header(encoded(), axes={"source": {"tokens": ["a"] * 9}}), "promises"),
        (lambda: with_header(encoded(), axes={}), "source"),
        (lambda: with_header(encoded(), score=float("nan")), "JSON"),
    ],
)
def test_bad_input_is_refused_with_the_reason(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_a_kind_may_be_given_only_once():
    twice = [AttentionMap("encoder", np.ones((1, 1, 1, 1)), "source", "source")] * 2
    with pytest.raises(ValueError, match="twice"):
        encode_attention(twice, axes={"source": Axis(["a"])}, model=MODEL)


def test_a_ready_payload_needs_only_the_standard_library(tmp_path: Path):
    (tmp_path / "payload").write_bytes(encoded())
    code = f"""
import sys
from viz.browser import css, decode_header, streamlit_js, to_html, with_header
payload = with_header(open({str(tmp_path / "payload")!r}, "rb").read(), lang="ja")
assert decode_header(payload)["lang"] == "ja" and to_html(payload, "t") and css() and streamlit_js()
heavy = {{"numpy", "pandas", "torch", "altair", "plotly", "streamlit"}} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)
