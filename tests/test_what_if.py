"""What visitors change: from the browser, in the address, for the sentences that follow; and what comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_pages import session, translation, what_if
from transformer.changes import ForceToken, HeadChange, MaskToken, read, write
from transformer.translator import load_translator
from viz.browser import decode_header, decode_weights, reference_header

TEXT, MODEL = "I like green tea.", "small"
PLACES = st.integers(0, 9)
CHANGES = st.one_of(
    st.builds(HeadChange, st.sampled_from(["encoder", "decoder", "cross"]), PLACES, PLACES, st.just("off")),
    st.builds(HeadChange, st.just("cross"), PLACES, PLACES, st.just("token"), PLACES),
    st.builds(MaskToken, PLACES),
    st.builds(ForceToken, PLACES, st.integers(4, 999)),
)


@given(st.lists(CHANGES, max_size=5, unique_by=lambda change: change.place))
def test_changes_go_to_the_browser_and_back(changes: list) -> None:
    records = what_if.to_browser(changes, lambda ids: [f"piece {i}" for i in ids])
    assert what_if.from_browser(records) == write(changes)


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        5,
        "off.e.0.0",
        [{}],
        [{"type": "head"}],
        [{"type": "head", "kind": "encoder", "layer": "0", "head": 0, "how": "off"}],
        [{"type": "head", "kind": "encoder", "layer": True, "head": 0, "how": "off"}],
        [{"type": "head", "kind": "other", "layer": 0, "head": 0, "how": "off"}],
        [{"type": "mask", "position": -1}],
        [{"type": "mask", "position": 1}] * 2,
        [{"type": "mask", "position": each} for each in range(what_if.MOST + 1)],
    ],
)
def test_what_no_page_of_ours_sends_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError):
        what_if.from_browser(nonsense)


def test_another_sentence_keeps_only_what_names_no_position() -> None:
    kept = what_if.of_any_sentence("off.e.1.2~token.c.0.1.3~mask.4~uniform.d.0.0~force.1.17")
    assert read(kept) == (HeadChange("encoder", 1, 2, "off"), HeadChange("decoder", 0, 0, "uniform"))


def test_a_changed_message_has_the_changed_numbers_and_carries_the_unchanged_ones() -> None:
    changes = "uniform.e.0.1~mask.2"
    message = session.attention(MODEL, TEXT, "en-de", changes)
    trace = load_translator(MODEL).trace(TEXT, "de", changes=read(changes))
    for layer in range(4):
        expected = trace[f"encoder.layers.{layer}.self_attention.weights"][0].numpy()
        assert abs(decode_weights(message, "encoder")[layer] - expected).max() < 2e-5
    pieces = len(decode_header(message)["axes"]["source"]["tokens"])
    first = decode_weights(message, "encoder")[0, 1]
    assert abs(first[:, [k for k in range(pieces) if k != 2]] - 1 / (pieces - 1)).max() < 2e-5
    assert (first[:, 2] == 0).all()
    before = reference_header(message)
    assert before is not None
    assert before["translation"] == load_translator(MODEL).translate(TEXT, "de").text
    size = decode_header(message)["reference"]
    assert message[-size:] == session.attention(MODEL, TEXT, "en-de")


def test_the_translation_under_changes_is_the_models() -> None:
    off = "~".join(f"off.c.{layer}.{head}" for layer in range(2) for head in range(8))
    header = decode_header(session.attention(MODEL, TEXT, "en-de", off))
    expected = load_translator(MODEL).translate(TEXT, "de", changes=read(off))
    assert header["translation"] == expected.text
    assert abs(header["log_probability"] - expected.score) < 1e-4
    assert header["translation"] != load_translator(MODEL).translate(TEXT, "de").text


@given(st.lists(st.sampled_from(["a", "b", "<i>", "&"]), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_marked_differences_are_the_texts_and_no_markup_of_theirs(new: list[str], old: list[str]) -> None:
    texts = " ".join(new), " ".join(old)
    marked = translation.mark_differences(*texts, "en")
    for html, text in zip(marked, texts, strict=True):
        plain = html.replace("<mark>", "").replace("</mark>", "")
        assert "<" not in plain
        assert "<mark> " not in html
        assert plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text
    assert ("<mark>" in marked[0] + marked[1]) == (texts[0] != texts[1])
