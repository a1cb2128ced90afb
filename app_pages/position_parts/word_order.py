"""The visitor's order of the words: moved in the browser or by buttons, kept in the address, with a way back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app_pages import session
from app_pages.i18n import Translate, translate_all
from viz.word_order import STRINGS, css, streamlit_js

_words = st.components.v2.component("word_order", js=streamlit_js(), css=css())


def write(order: Sequence[int]) -> str:
    """`[2, 0, 1]` -> `2.0.1`; the words backwards, which the page opens with, are the empty text."""
    return "" if list(order) == backwards(len(order)) else ".".join(map(str, order))


def read(written: str, count: int) -> list[int] | None:
    """Do the opposite for so many words; None if it is no order of them."""
    if not written:
        return backwards(count)
    try:
        order = [int(place) for place in written.split(".")]
    except ValueError:
        return None
    return order if sorted(order) == list(range(count)) else None


def backwards(count: int) -> list[int]:
    return list(range(count))[::-1]


def shuffled(order: Sequence[int]) -> list[int]:
    """Another order than this and than the visitor's own, where there is one."""
    avoided = [list(order), list(range(len(order)))]
    drawn = random.sample(order, len(order))
    while len(order) > 2 and drawn in avoided:
        drawn = random.sample(order, len(order))
    return drawn


def _move(order: Sequence[int]) -> None:
    before = st.session_state.get("order", "")
    if write(order) != before:
        st.session_state.setdefault("orders before", []).append(before)
        st.session_state["order"] = write(order)


def _undo() -> None:
    st.session_state["order"] = st.session_state["orders before"].pop()


def choose_order(words: Sequence[Sequence[str]], lang: str, language: str, _: Translate) -> list[int]:
    """Show the words in their order with all that moves them; return the order, a word's number for each place."""
    count, of = len(words), "".join(map("".join, words))
    if st.session_state.setdefault("orders of", of) != of:
        st.session_state.update({"orders of": of, "order": "", "orders before": []})
    order = read(session.remember("order", "", lambda written: read(written, count) is not None), count)
    if order is None:
        st.session_state["order"] = ""
        order = backwards(count)

    def moved() -> None:
        found = (st.session_state["word order"].get("moved") or {}).get("order", [])
        if isinstance(found, list) and read(".".join(map(str, found)), count) is not None:
            _move(found)

    data: dict[str, Any] = {"words": [list(word) for word in words], "lang": lang, "order": order}
    data |= {"language": language, "strings": translate_all(STRINGS, language)}
    _words(data=data, key="word order", on_moved_change=moved)
    with st.container(horizontal=True, key="order_buttons"):
        st.button(_("Shuffle"), key="order_shuffle", on_click=_move, args=(shuffled(order),), disabled=count < 2)
        st.button(_("Reverse"), key="order_reverse", on_click=_move, args=(order[::-1],), disabled=count < 2)
        before = st.session_state.get("orders before", [])
        st.button(_("Undo"), key="order_undo", on_click=_undo, disabled=not before)
        home = list(range(count))
        st.button(_("Reset"), key="order_reset", on_click=_move, args=(home,), disabled=order == home)
    return order
