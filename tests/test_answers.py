"""What the browser asks of the model: the numbers are those of an independent computation, nonsense gets a sentence."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from app_pages import session
from app_pages.answers import Pass, answer
from app_pages.i18n import translator as interface
from transformer.changes import read
from transformer.translator import load_translator

TEXT, CHANGES = "The cat sleeps on the sofa.", "off.c.0.3"
MODEL = "small"


@pytest.fixture(scope="module")
def done() -> Pass:
    recorded = session.recorded(MODEL, TEXT, "de", CHANGES)
    return Pass(
        load_translator(MODEL),
        *recorded,
        text=TEXT,
        target="de",
        changes=CHANGES,
        decoding={},
        unchanged=session.attention(MODEL, TEXT, "en-de"),
        encode=partial(session.encoded, MODEL, TEXT, "en-de", CHANGES),
    )


def ask(done: Pass, **request: object) -> tuple[dict, dict]:
    reply = answer({"number": 7, "request": request}, lambda: done, "browser", interface("en"))
    length = int.from_bytes(reply[:4], "little")
    header = json.loads(reply[4 : 4 + length])
    assert (header["number"], header["browser"]) == (7, "browser")
    arrays = {}
    for name, place in header["arrays"].items():
        kind = {"float32": np.float32, "uint8": np.uint8}[place["type"]]
        count = int(np.prod(place["shape"]))
        found = np.frombuffer(reply, kind, count, 4 + length + place["offset"])
        arrays[name] = found.reshape(place["shape"])
    return header, arrays


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("kind", "layer", "head"), [("encoder", 3, 1), ("decoder", 1, 5), ("cross", 1, 3)])
def test_a_heads_numbers_follow_from_its_inputs(done: Pass, kind: str, layer: int, head: int) -> None:
    """From the recorded inputs of the layer and the weights of the checkpoint, in NumPy and float64."""
    header, arrays = ask(done, what="neuron", kind=kind, layer=layer, head=head)
    stack = "encoder" if kind == "encoder" else "decoder"
    name = "cross_attention" if kind == "cross" else "self_attention"
    path, trace = f"{stack}.layers.{layer}", done.trace
    state = done.translator.model.state_dict()
    x = trace[f"{path}.residual_mid" if kind == "cross" else f"{path}.residual_pre"][0].double().numpy()
    y = trace["encoder.output"][0].double().numpy() if kind == "cross" else x
    d = header["d_head"]

    def project(letter: str, inputs: np.ndarray) -> np.ndarray:
        weight, bias = (
            state[f"{path}.{name}.projection.w_{letter}.{each}"].double().numpy() for each in ("weight", "bias")
        )
        return (inputs @ weight.T + bias)[:, head * d : (head + 1) * d]

    q, k, v = project("q", x), project("k", y), project("v", y)
    scores = q @ k.T / np.sqrt(d)
    visible = np.tri(*scores.shape, dtype=bool) if kind == "decoder" else np.ones(scores.shape, bool)
    powers = np.exp(np.where(visible, scores, -np.inf) - scores.max(-1, keepdims=True))
    weights = powers / powers.sum(-1, keepdims=True)
    assert header["scale"] == pytest.approx(np.sqrt(d))
    for found, expected in (("q", q), ("k", k), ("v", v), ("scores", scores), ("weights", weights)):
        close(arrays[found], expected)
    close(arrays["head_outputs"], weights @ v)
    close(arrays["visible"], visible)
    close(ask(done, what="weights", kind=kind, layer=layer, head=head)[1]["weights"], weights)


def test_importance_is_what_the_translation_loses_without_the_head(done: Pass) -> None:
    _, arrays = ask(done, what="importance", kind="encoder", layer=0)
    ids = done.translation.ids

    def score(changes: str) -> float:
        logits = done.translator.trace_ids(done.ids[0], ids, changes=read(changes))["logits"][0]
        return logits.double().log_softmax(-1)[torch.arange(len(ids)), ids].sum().item()

    expected = [score(f"{CHANGES}~off.e.0.{head}") - score(CHANGES) for head in range(8)]
    np.testing.assert_allclose(arrays["change"], expected, atol=2e-4)


def test_occlusion_is_what_the_piece_loses_without_the_word(done: Pass) -> None:
    header, arrays = ask(done, what="meaning", kind="cross", layer=1, head=2, query=1)
    ids = done.translation.ids

    def score(changes: str) -> float:
        logits = done.translator.trace_ids(done.ids[0], ids, changes=read(changes))["logits"][0, 1]
        return logits.double().log_softmax(-1)[ids[1]].item()

    expected = [score(CHANGES) - score(f"{CHANGES}~mask.{key}") for key in range(len(done.ids[0]))]
    np.testing.assert_allclose(arrays["occlusion"], expected, atol=1e-4)
    close(arrays["raw"], done.trace["decoder.layers.1.cross_attention.weights"][0, 2, 1].numpy())
    assert header["log_probability"] == pytest.approx(score(CHANGES), abs=1e-4)
    assert {method["id"] for method in header["methods"]} <= arrays.keys()


def test_a_page_to_take_away_keeps_what_was_asked(done: Pass) -> None:
    had = [
        {"what": "neuron", "kind": "cross", "layer": 0, "head": 0},
        {"what": "weights", "kind": "x"},
        {"what": "html"},
    ]
    told = replace(done, header={"model": {"name": "mine", "hash": "1"}, "browser": "left", "offers": ["changes"]})
    _, arrays = ask(told, what="html", had=had, lang="ja", view="?view=matrix")
    page = arrays["page"].tobytes().decode()
    assert page.startswith("<!doctype html>") and '<html lang="ja">' in page
    assert "http://" not in page.replace("http://www.w3.org/", "") and "https://" not in page
    packed = zlib.decompress(b64decode(re.search(r'id="payload"[^>]*>([^<]*)<', page)[1]))
    header = json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])
    assert (header["model"]["name"], header["opens"], header["offers"]) == ("mine", "?view=matrix", ["neuron"])
    assert header["reference"] == len(done.unchanged) and "browser" not in header


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"what": "passwords"},
        {"what": "neuron"},
        {"what": "neuron", "kind": "cross", "layer": 9, "head": 0},
        {"what": "neuron", "kind": "cross", "layer": "0", "head": 0},
        {"what": "meaning", "kind": "cross", "layer": 0, "head": 0, "query": 999},
        {"what": "html", "had": None, "lang": "en", "view": ""},
        {"what": "html", "had": [], "lang": "en", "view": 5},
        {"what": ["neuron"]},
    ],
)
def test_a_question_that_makes_no_sense_gets_a_sentence(done: Pass, request_: dict) -> None:
    header, arrays = ask(done, **request_)
    assert header["refusal"] and not arrays


@pytest.mark.parametrize("asked", [None, 5, [], {}, {"number": 1}, {"number": 1, "request": 3}])
def test_what_is_no_question_gets_a_sentence(done: Pass, asked: object) -> None:
    reply = answer(asked, lambda: done, "browser", interface("ja"))
    length = int.from_bytes(reply[:4], "little")
    assert json.loads(reply[4 : 4 + length])["refusal"]


def test_the_beam_is_searched_under_the_standing_changes(done: Pass) -> None:
    header, _ = ask(done, what="beam", beam_size=3, length_penalty=1)
    expected = load_translator(MODEL).beam(TEXT, "de", beam_size=3, length_penalty=1.0, changes=read(CHANGES))
    assert (header["beam_size"], header["length_penalty"]) == (3, 1.0)
    assert header["best"]["pieces"] == expected.best.pieces
    assert header["greedy"]["score"] == pytest.approx(expected.greedy.score, abs=1e-6)
    assert [[node["id"] for node in nodes] for nodes in header["steps"]] == [
        [node.id for node in nodes] for nodes in expected.steps
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"beam_size": 1, "length_penalty": 0.6},
        {"beam_size": 9, "length_penalty": 0.6},
        {"beam_size": 2.5, "length_penalty": 0.6},
        {"beam_size": "4", "length_penalty": 0.6},
        {"beam_size": True, "length_penalty": 0.6},
        {"beam_size": 4, "length_penalty": -0.1},
        {"beam_size": 4, "length_penalty": float("nan")},
        {"beam_size": 4},
    ],
)
def test_a_beam_that_the_page_does_not_offer_is_refused(asked: dict, done: Pass) -> None:
    assert ask(done, what="beam", **asked)[0]["refusal"].startswith("This page is not of this app any more.")


def test_a_beam_that_never_comes_to_the_given_piece_is_explained(done: Pass) -> None:
    translator, text = load_translator(MODEL), "We sailed around the island in a small wooden boat."
    shorter, longer = (len(translator.translate(text, "fr", beam_size=size, length_penalty=0).ids) for size in (4, 1))
    assert shorter < longer, "take another sentence"
    changes = f"force.{shorter}.{translator.tokenizer.encode('petit')[0]}"
    given = replace(done, text=text, target="fr", changes=changes)
    assert ask(given, what="beam", beam_size=4, length_penalty=0)[0]["refusal"].startswith(
        "A beam ends before the step whose piece is given."
    )
