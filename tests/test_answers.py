"""What the page answers when the browser asks, and what it says to a question that makes no sense."""

from __future__ import annotations

import json

import pytest

from app_pages.analysis import analyse, record
from app_pages.answers import Pass, answer
from app_pages.i18n import translator as interface
from transformer.changes import read
from transformer.translator import load_translator

TEXT, CHANGES = "I like green tea.", "off.c.1.2"


@pytest.fixture(scope="module")
def ask():
    translator = load_translator("small")

    def ask(request, text=TEXT, target="de", changes=CHANGES):
        def done() -> Pass:
            message = analyse(translator, text, "en", target, changes=changes)
            return Pass(translator, *record(translator, text, target, changes), message, text, target, changes, {})

        reply = answer({"number": 7, "request": request}, done, "browser", interface("en"))
        return json.loads(reply[4 : 4 + int.from_bytes(reply[:4], "little")])

    return ask


def test_the_beam_is_searched_under_the_standing_changes(ask):
    header = ask({"what": "beam", "beam_size": 3, "length_penalty": 1})
    expected = load_translator("small").beam(TEXT, "de", beam_size=3, length_penalty=1.0, changes=read(CHANGES))
    assert (header["number"], header["browser"]) == (7, "browser")
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
def test_a_beam_that_the_page_does_not_offer_is_refused(asked, ask):
    assert ask({"what": "beam", **asked})["refusal"].startswith("This page is not of this app any more.")


def test_a_beam_that_never_comes_to_the_given_piece_is_explained(ask):
    translator, text = load_translator("small"), "We sailed around the island in a small wooden boat."
    shorter, longer = (len(translator.translate(text, "fr", beam_size=size, length_penalty=0).ids) for size in (4, 1))
    assert shorter < longer, "take another sentence"
    changes = f"force.{shorter}.{translator.tokenizer.encode('petit')[0]}"
    asked = {"what": "beam", "beam_size": 4, "length_penalty": 0}
    assert ask(asked, text, "fr", changes)["refusal"].startswith("A beam ends before the step whose piece is given.")
