"""Two sentences, or two models, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app_pages import session
from app_pages.i18n import Translate
from app_pages.models import choices, model_name, offered
from app_pages.translation import Standing, translated

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

MOST_CHARACTERS = 2000


def compared(language: str, _: Translate, first: Standing, switch: DeltaGenerator) -> Standing | None:
    """Let the visitor choose what to compare with, in the same direction; None while `switch` is off."""
    session.remember("compare", "", ("side",).__contains__)
    st.session_state["comparing"] = st.session_state["compare"] == "side"
    switch.toggle(_("Compare with another sentence or model"), key="comparing", on_change=_take_comparing)
    if not st.session_state["comparing"]:
        return None
    session.remember("second", first.text, lambda text: 0 < len(text) <= MOST_CHARACTERS)
    session.remember("second_model", first.model, lambda name: name in choices())
    with st.container(key="second_bar"):
        sentence, model = st.columns([10, 3], vertical_alignment="bottom")
        text = sentence.text_input(_("The other sentence"), max_chars=MOST_CHARACTERS, key="second")
        key = f"second model {language}"
        st.session_state[key] = st.session_state["second_model"]
        models = offered(first.direction, st.session_state["second_model"])
        chosen = model.selectbox(
            _("Its model"), models, format_func=model_name, key=key, on_change=_take_model, args=(key,)
        )
        return translated(_, chosen, text.strip(), first.direction, first.decoding)


def _take_comparing() -> None:
    st.session_state["compare"] = "side" if st.session_state["comparing"] else ""


def _take_model(key: str) -> None:
    st.session_state["second_model"] = st.session_state[key]
