"""The sentence bar: the sentence, its direction, examples, and the translation. The same on every page."""

from __future__ import annotations

from html import escape

import streamlit as st

from app_pages import session
from app_pages.analysis import TooLong
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT, EXAMPLES, same_example
from app_pages.i18n import Translate
from app_pages.languages import DIRECTIONS, NAMES, looks_like, split_direction
from transformer.library import names
from viz.browser import decode_header

MOST_CHARACTERS = 600


def sentence_bar(_: Translate) -> bytes | None:
    """Let the visitor choose; return the message with every head, or None if there is nothing to show."""
    with st.container(key="sentence_bar"):
        columns = st.columns([12, 5, 3, 3], vertical_alignment="bottom")
        text_column, direction_column, model_column, examples_column = columns
        with direction_column:
            session.remember("direction", DEFAULT_DIRECTION, DIRECTIONS.__contains__)
            direction = st.selectbox(
                _("Direction"),
                DIRECTIONS,
                format_func=lambda d: " → ".join(_(NAMES[language]) for language in split_direction(d)),
                key="direction",
                on_change=_follow_direction,
            )
        source, _target = split_direction(direction)
        with text_column:
            session.remember("text", DEFAULT_TEXT, lambda text: len(text) <= MOST_CHARACTERS)
            text = st.text_input(
                _("Sentence"),
                max_chars=MOST_CHARACTERS,
                placeholder=_("Type a sentence, then press Enter"),
                key="text",
            )
        with model_column:
            models = names()
            session.remember("model", models[0], models.__contains__)
            model = st.selectbox(_("Model"), models, key="model")
        with examples_column, st.popover(_("Examples"), width="stretch", key="examples"):
            for number, example in enumerate(EXAMPLES):
                sentence = example[source]
                st.button(sentence, key=f"example_{number}", on_click=_take, args=(sentence,), width="stretch")
        return _translated(_, model, text.strip(), direction)


def _translated(_: Translate, model: str, text: str, direction: str) -> bytes | None:
    source, target = split_direction(direction)
    if not text:
        st.info(_("Type a sentence above, or pick one of the examples."))
        return None
    try:
        with st.spinner(_("Translating, and recording every head …"), show_time=False):
            message = session.attention(model, text, direction)
    except TooLong as error:
        st.warning(
            _(
                "This is too long for one picture: {pieces} word pieces, and {most} are the most. Shorten it.",
                pieces=error.pieces,
                most=error.most,
            )
        )
        return None
    header = decode_header(message)
    st.html(
        f'<p class="atlas-translation" lang="{target}">{escape(header["translation"])}</p>'
        f'<p class="atlas-quiet">{escape(_said(_, header))}</p>'
    )
    _hints(_, text, source, header["unknown"])
    return message


def _said(_: Translate, header: dict) -> str:
    model = header["model"]["name"]
    return _("written by the model “{model}” in {steps} steps, one word piece each", model=model, steps=header["steps"])


def _hints(_: Translate, text: str, source: str, unknown: list[str]) -> None:
    seen = looks_like(text)
    if seen and seen != source:
        names = {"seen": _(NAMES[seen]), "source": _(NAMES[source])}
        hint, button = st.columns([7, 3], vertical_alignment="center")
        hint.caption(_("This looks like {seen}, and the direction starts from {source}.", **names))
        other = f"{seen}-en" if seen != "en" else f"en-{source}"
        label = _("Translate from {seen}", **names)
        button.button(label, key="follow_hint", on_click=_turn, args=(other,), width="stretch")
    if unknown:
        st.caption(_("The model has never seen: {characters}. It reads them as unknown.", characters=" ".join(unknown)))


def _take(sentence: str) -> None:
    st.session_state["text"] = sentence


def _turn(direction: str) -> None:
    st.session_state["direction"] = direction


def _follow_direction() -> None:
    """Keep what an example says when its direction changes; a sentence of the visitor's own stays as it is."""
    source = split_direction(st.session_state["direction"])[0]
    st.session_state["text"] = same_example(st.session_state["text"], source) or st.session_state["text"]
