"""The first page: all layers and heads of the three kinds of attention, one of them large."""

from __future__ import annotations

import streamlit as st

from app_pages.components import attention_browser
from app_pages.i18n import translator

language = st.session_state.get("language", "en")
_ = translator(language)
message = st.session_state.get("message")

if message is not None:
    st.caption(
        _(
            "Each small picture is one head: rows are the words that look, columns the words they look at; the "
            "stronger the colour, the larger the weight. Find heads with a clear habit, and click one to read it."
        )
    )
    attention_browser(message, language=language, key="attention_browser")
