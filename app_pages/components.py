"""The Streamlit components, registered once a process, when this module is first imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app_pages.i18n import translate_all
from viz.browser import STRINGS, css, reply_js, streamlit_js, with_header

# The page's icon is set here: Streamlit's own way imports numpy before the first picture.
_ICON = """
document.querySelector("link[rel~=icon]")?.setAttribute("href", "app/static/icon.svg");
"""
_browser = st.components.v2.component("attention_browser", js=streamlit_js() + _ICON, css=css())
_reply = st.components.v2.component("attention_reply", js=f"\n{reply_js()}\n")


def attention_browser(
    message: bytes,
    *,
    language: str,
    key: str,
    changed: Callable[[Any], None],
    left: Callable[[Any], None],
    **header: Any,
) -> Any | None:
    """Draw every head of one sentence, with its texts in the visitor's language; return what the browser asks.

    `changed` is called with `number` and `changes`, the whole list, when the visitor changed something, before the
    script runs again; `left` with the head that was open when they went to another page. The question is answered by
    `reply` further down in the same run.
    """
    strings = translate_all(STRINGS, language)
    state = _browser(
        data=with_header(message, strings=strings, lang=language, browser=key, **header),
        key=key,
        on_asked_change=lambda: None,
        on_changed_change=lambda: changed(st.session_state[key]["changed"]),
        on_left_change=lambda: left(st.session_state[key]["left"]),
    )
    return state.asked


def reply(answer: bytes, *, key: str) -> None:
    """Hand an answer to the browser that asked."""
    with st.container(key=f"{key}_reply", gap=None):
        _reply(data=answer, key=f"{key} reply")
