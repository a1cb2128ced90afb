"""The notebook's widget: arrays and strings of many forms in, the same numbers out; what does not fit is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from viz import attention_browser
from viz.browser import decode_header, decode_weights, strings_in
from viz.browser.reply import encode_reply

ERROR = 1.6e-5
TOKENS = {"q": ["to", "be", "or"], "k": ["être", "ou", "ne", "pas"]}


def softmax(*shape: int) -> np.ndarray:
    scores = np.exp(np.random.default_rng(len(shape)).normal(size=shape))
    return scores / scores.sum(-1, keepdims=True)


WHOLE = softmax(2, 5, 3, 4)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (WHOLE, WHOLE),
        (WHOLE.tolist(), WHOLE),
        (WHOLE.astype(np.float16), WHOLE.astype(np.float16)),
        (torch.tensor(WHOLE, requires_grad=True), WHOLE),
        (torch.tensor(WHOLE).bfloat16(), torch.tensor(WHOLE).bfloat16().double().numpy()),
        (list(WHOLE), WHOLE),
        (tuple(torch.tensor(layer)[None] for layer in WHOLE), WHOLE),
        (WHOLE[1], WHOLE[1:]),
        (WHOLE[1].tolist(), WHOLE[1:]),
        (WHOLE[1, 2], WHOLE[1:, 2:3]),
        ([WHOLE[0, 2], WHOLE[1, 2]], WHOLE[:, 2:3]),
    ],
)
def test_weights_of_every_form_are_shown_as_they_are(weights, expected):
    widget = attention_browser(weights, TOKENS["q"], TOKENS["k"])
    back = decode_weights(widget.payload, "attention")
    assert back.shape == expected.shape
    assert np.abs(back - expected).max() <= ERROR


def axes_of(widget) -> dict:
    header = decode_header(widget.payload)
    return {
        kind["id"]: tuple(header["axes"][kind[name]]["tokens"] for name in ("query_axis", "key_axis"))
        for kind in header["kinds"]
    }


def test_one_list_of_tokens_is_for_both_axes():
    widget = attention_browser(softmax(3, 3), TOKENS["q"])
    assert axes_of(widget) == {"attention": (TOKENS["q"], TOKENS["q"])}
    kind = decode_header(widget.payload)["kinds"][0]
    assert kind["query_axis"] == kind["key_axis"]


THREE = {"encoder": softmax(6, 2, 4, 4), "decoder": softmax(3, 5, 3, 3), "cross": softmax(3, 1, 3, 4)}
BOTH = {
    "encoder": (TOKENS["k"], TOKENS["k"]),
    "decoder": (TOKENS["q"], TOKENS["q"]),
    "cross": (TOKENS["q"], TOKENS["k"]),
}


@pytest.mark.parametrize(
    ("queries", "keys"),
    [
        (TOKENS["q"], TOKENS["k"]),
        ({kind: both[0] for kind, both in BOTH.items()}, {kind: both[1] for kind, both in BOTH.items()}),
    ],
)
def test_a_translators_kinds_may_differ_in_depth_heads_and_length(queries, keys):
    widget = attention_browser(THREE, queries, keys, writes=["be", "or", "not"], query_lang="en", key_lang="fr")
    header = decode_header(widget.payload)
    assert axes_of(widget) == BOTH
    assert [kind["query_axis"] == kind["key_axis"] for kind in header["kinds"]] == [True, True, False]
    assert {name: (axis["lang"], axis.get("writes")) for name, axis in header["axes"].items()} == {
        "source": ("fr", None),
        "target": ("en", ["be", "or", "not"]),
    }
    for kind, weights in THREE.items():
        assert np.abs(decode_weights(widget.payload, kind) - weights).max() <= ERROR


def test_a_decoder_may_see_more_positions_than_it_writes():
    """As `generate()` returns it: a row for each new piece, and the prompt among the keys."""
    rows, columns = ["the", "cat"], ["Once", "upon", "the", "cat"]
    widget = attention_browser(
        {"decoder": softmax(1, 1, 2, 4)}, {"decoder": rows}, {"decoder": columns}, writes=["cat", "sat"]
    )
    assert axes_of(widget) == {"decoder": (rows, columns)}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((WHOLE, "to be or"), "queries is one text"),
        ((WHOLE, [1, 2, 3]), "token 0 of queries is 1, not a text; the tokenizer's convert_ids_to_tokens"),
        ((WHOLE, [None] * 3), "token 0 of queries is None, not a text"),
        ((WHOLE, 3), "queries is 3; give a list"),
        ((WHOLE, TOKENS["q"]), "are 3 queries × 4 keys, the tokens 3 × 3: give one token a row"),
        ((WHOLE, TOKENS["k"], TOKENS["q"]), "the other way round"),
        ((WHOLE[None], TOKENS["q"], TOKENS["k"]), r"shape \(1, 2, 5, 3, 4\); give \(layers, heads"),
        ((WHOLE[0, 0, 0], TOKENS["q"], TOKENS["k"]), r"shape \(4,\)"),
        (([[0.5], [0.5, 0.5]], ["a", "b"]), "no array of numbers"),
        (("abc", ["a"]), "no numbers"),
        (([WHOLE[0], WHOLE[1, :2]], TOKENS["q"], TOKENS["k"]), "unequal shapes"),
        (([WHOLE, WHOLE], TOKENS["q"], TOKENS["k"]), "layer 0 of 'attention' has a batch of 2"),
        (([WHOLE[0], WHOLE[0, 0, 0]], TOKENS["q"], TOKENS["k"]), "layer 1 of 'attention' has shape"),
        ((WHOLE * 3, TOKENS["q"], TOKENS["k"]), "at layer 0, head 0.*normalised weights between 0 and 1"),
        (({}, ["a"]), "empty dict"),
        (({"encoder": WHOLE}, {"cross": ["a"]}), "no tokens of 'encoder', only of: cross"),
        (({"encoder": WHOLE}, {"encoder": ["a"]}, ["a"]), "keys is a list while"),
    ],
)
def test_what_does_not_fit_together_gets_a_sentence(arguments, says):
    with pytest.raises((ValueError, TypeError), match=says):
        attention_browser(*arguments)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"language": "../en"}, "no texts in '../en'; choose one of en, ja"),
        ({"writes": ["be"]}, "one piece a position"),
        ({"selection": {"kind": "cross", "layer": 0, "head": 0}}, "there is no head .*2 layers of 5 heads"),
        ({"selection": {"kind": "attention", "layer": 2, "head": 0}}, "there is no head"),
    ],
)
def test_wrong_options_get_a_sentence(options, says):
    with pytest.raises(ValueError, match=says):
        attention_browser(WHOLE, TOKENS["q"], TOKENS["k"], **options)


def test_an_encoder_writes_nothing():
    with pytest.raises(ValueError, match="what a decoder goes on to write"):
        attention_browser({"encoder": softmax(2, 2)}, ["a", "b"], writes=["b", "c"])


def test_the_open_head_is_to_be_had_and_to_be_chosen():
    widget = attention_browser(WHOLE, TOKENS["q"], TOKENS["k"])
    widget.selection = {"kind": "attention", "layer": 1, "head": 4}
    assert np.array_equal(widget.weights, WHOLE[1, 4])
    with pytest.raises(ValueError, match="there is no head"):
        widget.selection = {"kind": "attention", "layer": 0, "head": 5}
    assert widget.selection == {"kind": "attention", "layer": 1, "head": 4}


def answers(widget, monkeypatch, **request) -> list:
    sent: list = []
    monkeypatch.setattr(type(widget), "send", lambda self, content, buffers=None: sent.append((content, buffers)))
    widget._handle_custom_msg({"id": "7", "request": request}, [])
    return sent


def test_the_kernel_answers_with_the_exact_numbers_of_a_head_or_a_part_of_it(monkeypatch):
    widget = attention_browser(WHOLE, TOKENS["q"], TOKENS["k"])
    head = {"what": "weights", "kind": "attention", "layer": 1, "head": 3}
    ranges = {"queries": [0, 3], "keys": [0, 4]}
    assert answers(widget, monkeypatch, **head) == [({"id": "7"}, [encode_reply(ranges, {"weights": WHOLE[1, 3]})])]
    part = {"queries": [1, 2], "keys": [0, 3]}
    expected = encode_reply(part, {"weights": WHOLE[1, 3, 1:2, 0:3]})
    assert answers(widget, monkeypatch, **head, **part) == [({"id": "7"}, [expected])]


@pytest.mark.parametrize(
    "change",
    [
        {"what": "neuron"},
        {"kind": "x"},
        {"layer": 2},
        {"head": -1},
        {"layer": "0"},
        {"keys": [0, 5]},
        {"queries": [2, 1]},
        {"queries": 1},
    ],
)
def test_the_kernel_refuses_what_there_is_not(change, monkeypatch):
    widget = attention_browser(WHOLE, TOKENS["q"], TOKENS["k"])
    request = {"what": "weights", "kind": "attention", "layer": 0, "head": 0, **change}
    ((content, (reply,)),) = answers(widget, monkeypatch, **request)
    header = json.loads(reply[4 : 4 + int.from_bytes(reply[:4], "little")])
    assert content == {"id": "7"} and header["error"].endswith(".")


def test_labels_speak_the_language_that_was_asked_for():
    header = decode_header(attention_browser(softmax(2, 2), ["私", "は"], query_lang="ja", language="ja").payload)
    assert (header["lang"], header["strings"]["query"]) == ("ja", "クエリ")
    assert strings_in("ja").keys() == strings_in("en").keys()


def test_long_texts_are_pooled_here_and_exact_on_demand():
    long = np.tile(softmax(1, 1, 600, 600).astype(np.float32), (6, 8, 1, 1))
    widget = attention_browser(long, [f"w{i}" for i in range(600)])
    kind = decode_header(widget.payload)["kinds"][0]
    assert kind["pool"] == [2, 2] and len(widget.payload) < 12e6
    assert np.array_equal(widget.weights, long[0, 0])


def test_without_anywidget_a_sentence_says_how_to_get_it(tmp_path: Path):
    (tmp_path / "anywidget.py").write_text("raise ImportError('none here')")
    code = "import viz\ntry:\n    from viz import attention_browser\nexcept ImportError as error:\n    print(error)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parent.parent}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install anywidget" in done.stdout
