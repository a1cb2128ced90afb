"""What a part of the page works on: one sentence, read by one model, and how its picture becomes a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from app_pages import session
from app_pages.decodings import read
from app_pages.i18n import translate_all
from viz.walkthrough import STRINGS
from viz.walkthrough.scene import Figure, Tokens, encode_scene

if TYPE_CHECKING:
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator

FEW = 8  # options that stand side by side


@dataclass(frozen=True)
class Reading:
    """A sentence and the model that reads it, without the visitor's changes."""

    model: str
    text: str
    languages: tuple[str, str]
    decoding: str

    @property
    def translator(self) -> Translator:
        return session.translator(self.model)

    @property
    def options(self) -> Mapping[str, Any]:
        """How the translation was written, as the caches take it."""
        return read(self.decoding)

    def recorded(self) -> tuple[Translation, Trace]:
        """The translation, and the pass over both texts."""
        return session.recorded(self.model, self.text, self.languages[1], "", **self.options)


@dataclass(frozen=True)
class Picture:
    """Figures, and what is said in words beside them."""

    figures: Sequence[Figure]
    told: Sequence[str]  # the first stands above the picture, the others below


def tokens(trace: Trace, axis: str, reading: Reading) -> Tokens:
    """The pieces of an axis, with their language."""
    return Tokens(trace.tokens[axis][0], reading.languages[axis != "source"])


def message(figures: Sequence[Figure], name: str, about: str, language: str) -> bytes:
    """Write a picture for the browser; `about` tells it whether what was chosen in it still holds."""
    return encode_scene(figures, id=name, about=about, lang=language, strings=translate_all(STRINGS, language))


def choose(label: str, name: str, options: Mapping[str, str], first: str, language: str, **widget: Any) -> str:
    """Let the visitor choose one of a few (value -> what it says); kept in the address, apart from its label."""
    chosen = session.remember(name, first, options.__contains__)
    if chosen not in options:
        st.session_state[name] = chosen = first
        chosen = session.remember(name, first, options.__contains__)
    key = f"{name} {language}"
    st.session_state[key] = chosen
    say: Callable[[str], str] = options.__getitem__

    def take() -> None:
        st.session_state[name] = st.session_state[key] or chosen

    if len(options) <= FEW and not widget.pop("select", False):
        st.segmented_control(label, list(options), format_func=say, key=key, on_change=take, **widget)
    else:
        st.selectbox(label, list(options), format_func=say, key=key, on_change=take, **widget)
    return chosen


def switch(label: str, name: str, language: str) -> bool:
    """Let the visitor switch something on; kept in the address."""
    on = session.remember(name, "0", {"0", "1"}.__contains__) == "1"
    key = f"{name} {language}"
    st.session_state[key] = on

    def take() -> None:
        st.session_state[name] = "1" if st.session_state[key] else "0"

    st.toggle(label, key=key, on_change=take)
    return on
