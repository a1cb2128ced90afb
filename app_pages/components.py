"""The Streamlit components, registered once a process, when this module is first imported."""

from __future__ import annotations

import streamlit as st

from app_pages.i18n import translate_all
from viz.browser import STRINGS, css, streamlit_js, with_header

# The page's icon is set here: Streamlit's own way imports numpy before the first picture.
_ICON = """
document.querySelector("link[rel~=icon]")?.setAttribute("href", "app/static/icon.svg");
"""
_browser = st.components.v2.component("attention_browser", js=streamlit_js() + _ICON, css=css())


def attention_browser(message: bytes, *, language: str, key: str) -> None:
    """Draw every head of one sentence, with its texts in the visitor's language."""
    _browser(data=with_header(message, strings=translate_all(STRINGS, language), lang=language), key=key)
