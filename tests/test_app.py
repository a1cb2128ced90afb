"""The first page without a browser: what a visitor's choices do. Always through app.py, as a visitor comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app_pages import analysis, decodings, session
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT, EXAMPLES
from app_pages.languages import DIRECTIONS, looks_like, split_direction
from transformer.decoding import Decoding
from transformer.model_files import CheckpointError
from transformer.tokenizers import START
from transformer.translator import load_translator
from viz.browser import AttentionMap, decode_header, decode_weights

APP = str(Path(__file__).parent.parent / "app.py")


@pytest.fixture
def open_app() -> Callable[..., AppTest]:
    def open_with(**address: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        for key, value in address.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return open_with


def message_of(app: AppTest) -> dict:
    return decode_header(app.session_state["standing"].message)


def words_of(app: AppTest) -> str:
    return " ".join(element.value for kind in (app.caption, app.info, app.warning) for element in kind)


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two headers say the same; machines differ in the last digits of a log-probability."""
    match ours:
        case float():
            return ours == pytest.approx(theirs, abs=1e-3)
        case dict():
            return ours.keys() == theirs.keys() and all(alike(ours[key], theirs[key]) for key in ours)
        case list():
            return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    return ours == theirs


def test_the_shipped_message_is_what_the_model_says() -> None:
    shipped = analysis.shipped()
    assert shipped is not None, "the shipped message is stale: run `python -m app_pages.analysis`"
    fresh = analysis.make_shipped()
    assert alike(decode_header(shipped), decode_header(fresh))
    for kind in ("encoder", "decoder", "cross"):
        np.testing.assert_allclose(decode_weights(shipped, kind), decode_weights(fresh, kind), atol=1e-4)


def test_a_message_of_another_model_file_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "model_hash", lambda name: "another")
    analysis.shipped.cache_clear()
    assert analysis.shipped() is None
    analysis.shipped.cache_clear()


def test_the_message_has_the_traces_numbers_and_labels() -> None:
    translator = load_translator()
    text, target = EXAMPLES[1]["fr"], "en"
    message = analysis.analyse(translator, text, "fr", target)
    header, trace = decode_header(message), translator.trace(text, target)
    assert header["translation"] == translator.translate(text, target).text
    assert header["axes"]["source"]["tokens"] == trace.tokens["source"][0]
    assert header["axes"]["target"]["tokens"] == trace.tokens["target"][0]
    assert header["axes"]["target"]["writes"] == trace.tokens["output"][0]
    expected = trace["decoder.layers.1.cross_attention.weights"][0].numpy()
    np.testing.assert_allclose(decode_weights(message, "cross")[1], expected, atol=2e-5)


def test_the_default_sentence_is_there_at_once(
    open_app: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise AssertionError("the first picture waited for the model")

    monkeypatch.setattr(session, "translator", refuse)
    app = open_app()
    assert app.text_input(key="text").value == DEFAULT_TEXT
    assert message_of(app)["direction"] == DEFAULT_DIRECTION


def test_a_sentence_of_ones_own_is_translated(open_app: Callable[..., AppTest]) -> None:
    app = open_app()
    app.text_input(key="text").set_value("I like tea.").run()
    assert not app.exception
    assert message_of(app)["translation"] == load_translator().translate("I like tea.", "de").text
    assert app.query_params["text"] == "I like tea."


def test_the_address_restores_language_sentence_and_direction(open_app: Callable[..., AppTest]) -> None:
    app = open_app(lang="ja", text="Je suis étudiant.", direction="fr-en")
    assert app.radio(key="lang").value == "ja"
    assert message_of(app)["direction"] == "fr-en"
    assert message_of(app)["text"] == "Je suis étudiant."


def test_a_nonsensical_address_gives_the_defaults(open_app: Callable[..., AppTest]) -> None:
    app = open_app(lang="xx", direction="de-fr", model="huge", text="x" * 5000)
    assert message_of(app)["text"] == DEFAULT_TEXT
    assert message_of(app)["direction"] == DEFAULT_DIRECTION


def test_an_example_keeps_its_meaning_when_the_direction_changes(open_app: Callable[..., AppTest]) -> None:
    app = open_app()
    app.selectbox(key="direction en").set_value("ja-en").run()
    assert app.text_input(key="text").value == EXAMPLES[0]["ja"]
    app.text_input(key="text").set_value("猫が好きです。").run()
    app.selectbox(key="direction en").set_value("en-ja").run()
    assert app.text_input(key="text").value == "猫が好きです。", "the visitor's own sentence is lost"


def test_nothing_to_translate_says_what_to_do(open_app: Callable[..., AppTest]) -> None:
    app = open_app()
    app.text_input(key="text").set_value("   ").run()
    assert not app.exception
    assert "Type a sentence" in words_of(app)
    app.text_input(key="text").set_value(DEFAULT_TEXT).run()
    assert message_of(app)["text"] == DEFAULT_TEXT


def test_too_long_a_sentence_says_what_to_do(open_app: Callable[..., AppTest]) -> None:
    app = open_app()
    long = "tea and " * 150
    app.text_input(key="text").set_value(long).run()
    assert not app.exception
    most = load_translator().model.config.max_length
    assert "Please shorten" in words_of(app) and str(most) in words_of(app)
    assert app.text_input(key="text").value == long, "the visitor's text is lost"


@pytest.mark.parametrize("text", ["a" * 1500, "The dog runs. " * 20])
def test_a_long_sentence_is_answered_not_refused_with_an_error(open_app: Callable[..., AppTest], text: str) -> None:
    app = open_app()
    app.text_input(key="text").set_value(text).run()
    assert not app.exception
    assert "Please shorten" in words_of(app) or "Longer than the sentences" in words_of(app)


def test_the_interface_changes_language_and_all_goes_on(open_app: Callable[..., AppTest]) -> None:
    app = open_app(direction="en-fr")
    app.radio(key="lang").set_value("ja").run()
    app.text_input(key="text").set_value("I like tea.").run()
    app.selectbox(key="direction ja").set_value("en-ja").run()
    app.radio(key="lang").set_value("en").run()
    assert not app.exception
    assert app.selectbox(key="direction en").value == "en-ja"
    assert message_of(app)["text"] == "I like tea."


def test_a_broken_model_says_what_to_do(open_app: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise CheckpointError("/secret/path cannot be read")

    monkeypatch.setattr(session, "translator", broken)
    app = open_app(text="Nobody has asked this before.", model="guide")
    assert "guide" in app.error[0].value and "Choose another" in app.error[0].value
    assert "secret" not in app.error[0].value


def test_another_language_is_noticed_and_followed(open_app: Callable[..., AppTest]) -> None:
    app = open_app()
    app.text_input(key="text").set_value("Je ne sais pas où est la gare.").run()
    assert "looks like French" in words_of(app)
    app.button(key="follow_hint").click().run()
    assert app.selectbox(key="direction en").value == "fr-en"
    assert app.text_input(key="text").value == "Je ne sais pas où est la gare."


def test_unknown_characters_are_named(open_app: Callable[..., AppTest]) -> None:
    app = open_app()
    app.text_input(key="text").set_value("I like 🍵.").run()
    assert "🍵" in words_of(app)


def test_markup_stays_text(open_app: Callable[..., AppTest]) -> None:
    app = open_app(text="<script>alert(1)</script> & <b>tea</b>")
    bodies = [element.proto.body for element in app.get("html")]
    assert any("atlas-translation" in body for body in bodies)
    assert not any("<script>" in body or "<b>" in body for body in bodies)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("example", range(len(EXAMPLES)))
def test_examples_look_like_their_language(direction: str, example: int) -> None:
    source, target = split_direction(direction)
    assert looks_like(EXAMPLES[example][source]) in (source, None)
    assert set(EXAMPLES[example]) >= {source, target}


def test_a_message_stays_small_enough_for_a_classroom() -> None:
    text = "The dog runs in the park, and the cat sleeps on the sofa. " * 8
    translator = load_translator("small")
    message = analysis.analyse(translator, text, "en", "de")
    assert len(translator.source(text, "de")) > 100
    assert len(message) < 2_600_000


def test_another_model_is_chosen(open_app: Callable[..., AppTest]) -> None:
    app = open_app(model="small", text="I like tea.")
    header = message_of(app)
    assert header["model"]["name"] == "small"
    assert header["translation"] == load_translator("small").translate("I like tea.", "de").text
    assert [kind["layers"] for kind in header["kinds"]] == [4, 2, 2]


@pytest.mark.parametrize("decoding", ["beam-3-1.0", "sampling-1.5-20-0.95-7"])
def test_the_decoding_is_restored_and_used(open_app: Callable[..., AppTest], decoding: str) -> None:
    text = "My brother drinks coffee in the kitchen."
    app = open_app(decoding=decoding, text=text)
    expected = load_translator().translate(text, "de", **decodings.read(decoding))
    assert message_of(app)["translation"] == expected.text
    assert message_of(app)["axes"]["target"]["writes"] == expected.pieces
    assert app.query_params["decoding"] == decoding


def test_the_candidates_are_the_models(open_app: Callable[..., AppTest]) -> None:
    app = open_app(text="I like tea.", decoding="sampling-2.0-0-1.0-3")
    header, translator = message_of(app), load_translator()
    model, tokenizer = translator.model, translator.tokenizer
    written = tokenizer._processor.piece_to_id(header["axes"]["target"]["writes"])
    source, target = torch.tensor([tokenizer.source("I like tea.", "de")]), torch.tensor([[START, *written[:-1]]])
    with torch.no_grad():
        logs = model(source, target).log_softmax(-1)[0]
    assert header["decoding"] == {"temperature": 2.0, "top_k": 0, "top_p": 1.0, "seed": 3}
    assert len(header["temperatures"]) == len(header["steps"][0]["log_normalisers"])
    for row, token, step in zip(logs, written, header["steps"], strict=True):
        assert (step["id"], step["log_probability"]) == (token, pytest.approx(row[token].item(), abs=1e-4))
        values, ids = row.topk(10)
        assert (step["ids"], step["pieces"]) == (ids.tolist(), tokenizer.pieces(ids.tolist()))
        assert step["log_probabilities"] == pytest.approx(values.tolist(), abs=1e-4)


def test_the_visitor_chooses_how_to_decode(open_app: Callable[..., AppTest]) -> None:
    text = "He wants to read a good book tonight."
    app = open_app(text=text)
    app.radio(key="method en").set_value("beam").run()
    assert app.query_params["decoding"] == "beam-4-0.6"
    app.slider(key="beam_size").set_value(6).run()
    assert app.query_params["decoding"] == "beam-6-0.6"
    app.radio(key="method en").set_value("sampling").run()
    app.slider(key="top_p").set_value(0.5).run()
    drawn = app.query_params["decoding"]
    next(button for button in app.button if button.label == "Draw again").click().run()
    assert (drawn, app.query_params["decoding"]) == ("sampling-1.0-10-0.5-1", "sampling-1.0-10-0.5-2")
    app.radio(key="lang").set_value("ja").run()
    app.radio(key="method ja").set_value("beam").run()
    assert not app.exception
    assert app.query_params["decoding"] == "beam-6-0.6", "the number of beams is lost"
    app.radio(key="method ja").set_value("greedy").run()
    assert "decoding" not in app.query_params
    assert message_of(app)["translation"] == load_translator().translate(text, "de").text


@pytest.mark.parametrize(
    "nonsense", ["", "beam", "beam-4", "beam-1000-0.6", "beam-04-0.6", "sampling-nan-0-0.9-1", "greedy-1", "x", "-"]
)
def test_a_nonsensical_decoding_is_greedy(open_app: Callable[..., AppTest], nonsense: str) -> None:
    assert not decodings.is_decoding(nonsense)
    assert message_of(open_app(decoding=nonsense)) == decode_header(analysis.shipped() or b"")


@given(st.sampled_from(["beam", "sampling"]), st.data())
def test_a_decoding_is_written_and_read(method: str, data: st.DataObject) -> None:
    options = {}
    for name, smallest, largest in decodings.NUMBERS[method]:
        numbers = st.integers if isinstance(smallest, int) else st.floats
        options[name] = data.draw(numbers(smallest, largest))
        if isinstance(options[name], float):
            options[name] = round(options[name], 2)
    assert decodings.read(decodings.write(method, options)) == options
    Decoding(**options)


def test_it_opens_with_a_head_that_pairs_up_words() -> None:
    blurred = np.full((5, 7), 1 / 7)
    one_word, pairs = np.eye(7)[np.full(5, 3)], np.eye(7)[[1, 2, 4, 3, 5]]
    weights = np.array([[blurred, one_word], [one_word, pairs], [blurred, blurred]])
    assert analysis.best_aligned(AttentionMap("cross", weights, "target", "source")) == ("cross", 1, 1)
