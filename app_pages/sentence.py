"""The sentence bar: the sentence, its direction, model and examples, and the translation. The same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app_pages import session
from app_pages.decodings import choose_decoding
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT, same_example
from app_pages.i18n import Translate
from app_pages.languages import DIRECTIONS, NAMES, looks_like, split_direction
from app_pages.models import choose_model
from app_pages.translation import Standing, standing_changes, translated
from app_pages.where_to_look import choose_example, keep, opened_entry, say_entry
from viz.browser import decode_header

MOST_CHARACTERS = 2000  # far above what fits, so that a pasted text is answered, not swallowed
UNUSUAL_LENGTH = 40  # pieces; hardly any training sentence has more


def sentence_bar(language: str, _: Translate) -> Standing | None:
    """Let the visitor choose; return what stands, or None if there is nothing to show."""
    with st.container(key="sentence_bar"):
        columns = st.columns([10, 5, 3, 4, 3], vertical_alignment="bottom")
        with columns[1]:
            direction = _choose_direction(language, _)
        with columns[2]:
            model = choose_model(language, direction, _)
        with columns[3]:
            decoding = choose_decoding(language, _)
        with columns[4]:
            choose_example(_, model)
        with columns[0]:
            session.remember("text", DEFAULT_TEXT, lambda text: len(text) <= MOST_CHARACTERS)
            placeholder = _("Type a sentence, then press Enter")
            text = st.text_input(_("Your sentence"), max_chars=MOST_CHARACTERS, placeholder=placeholder, key="text")
        text = text.strip()
        changes = standing_changes(model, text, direction)
        standing = translated(_, model, text, direction, decoding, changes)
        if standing:
            entry = opened_entry(_, model, text, direction)
            if entry:
                say_entry(_, entry)
            _hints(_, text, direction, decode_header(standing.message))
            keep(text=text, direction=direction, model=model, decoding=decoding)
        return standing


def _choose_direction(language: str, _: Translate) -> str:
    """Show the select box with the labels of one language; the choice itself is kept apart from the labels."""
    direction = session.remember("direction", DEFAULT_DIRECTION, DIRECTIONS.__contains__)
    key = f"direction {language}"
    st.session_state[key] = direction
    st.selectbox(
        _("Direction"),
        DIRECTIONS,
        format_func=lambda d: " → ".join(_(NAMES[each]) for each in split_direction(d)),
        key=key,
        on_change=_turn_to_shown,
        args=(key,),
    )
    return direction


def _hints(_: Translate, text: str, direction: str, header: Mapping[str, Any]) -> None:
    source, target = split_direction(direction)
    seen = looks_like(text)
    if seen and seen != source:
        hint, button = st.columns([7, 3], vertical_alignment="center")
        languages = {"seen": _(NAMES[seen]), "source": _(NAMES[source]), "target": _(NAMES[target])}
        hint.info(_("This looks like {seen}, but the direction is {source} → {target}.", **languages))
        other = f"{seen}-en" if seen != "en" else f"en-{source}"
        button.button(
            _("Translate from {seen}", **languages), key="follow_hint", on_click=_turn, args=(other,), width="stretch"
        )
    if header["unknown"]:
        characters = " ".join(header["unknown"])
        st.info(_("Not in the model's vocabulary, read as <unk>: {characters}", characters=characters))
    if len(header["axes"]["source"]["tokens"]) > UNUSUAL_LENGTH:
        st.info(
            _(
                "Longer than the sentences this model learned from: expect mistakes, in the translation and "
                "in the heads."
            )
        )


def _turn_to_shown(key: str) -> None:
    _turn(st.session_state[key])
    source = split_direction(st.session_state["direction"])[0]
    # An example keeps what it says; a sentence of the visitor's own stays as it is.
    st.session_state["text"] = same_example(st.session_state["text"], source) or st.session_state["text"]


def _turn(direction: str) -> None:
    st.session_state["direction"] = direction
