"""Where to look: sentences that show something, with the head that shows it; and what the visitor asked before."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from app_pages.decodings import GREEDY
from app_pages.gallery import by_phenomenon, gallery
from app_pages.i18n import Translate
from app_pages.labels import field_label
from app_pages.languages import NAMES, split_direction

MOST_KEPT = 30


def choose_example(_: Translate, model: str) -> None:
    """Show the gallery and the history behind a button."""
    with st.container(gap=None):
        field_label(_("Where to look"))
        popover = st.popover(_("Examples"), width="stretch", key="library", on_change="rerun")
    if not popover.open:
        return
    with popover, st.container(key="library_sheet", height=440, border=False, gap="xxsmall"):
        _history(_)
        for heading, entries in by_phenomenon(gallery(model, _)):
            _heading(heading)
            for entry in entries:
                _sentence(_, f"gallery {entry['id']}", entry, _open, entry["look"])


def _history(_: Translate) -> None:
    """List what the visitor asked before, the newest first; what stands now is not before."""
    before = st.session_state.get("history", [])[1:9]
    if before:
        _heading(_("Your sentences"))
    for number, entry in enumerate(before):
        _sentence(_, f"history {number}", entry, _return_to)


def _heading(text: str) -> None:
    st.html(f'<p class="atlas-heading">{escape(text)}</p>')


def _sentence(
    _: Translate, key: str, entry: dict[str, Any], opened: Callable[[dict[str, Any]], None], look: str = ""
) -> None:
    """Show a sentence as a button, with what to look for under it."""
    direction = " → ".join(_(NAMES[each]) for each in split_direction(entry["direction"]))
    st.button(_short(entry["text"]), key=key, type="tertiary", on_click=opened, args=(entry,))
    st.html(f'<p class="atlas-entry">{escape(direction)}{" · " if look else ""}{escape(look)}</p>')


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _open(entry: dict[str, Any]) -> None:
    """Take a sentence of the gallery, and open the head that shows what it is about."""
    st.session_state.update({"text": entry["text"], "direction": entry["direction"], "decoding": GREEDY, "changes": ""})
    st.session_state["opened entry"] = entry["id"]
    st.session_state["library"] = False
    if entry["head"]:
        head = {name: entry["head"][name] for name in ("layer", "head", "queries", "keys")}
        number = st.session_state.get("show", {}).get("number", 0) + 1
        st.session_state["show"] = {"kind": entry["kind"], **head, "number": number}
        st.session_state.update(kind=entry["kind"], layer=str(head["layer"] + 1), head=str(head["head"] + 1))


def _return_to(entry: dict[str, Any]) -> None:
    st.session_state.update(entry)
    st.session_state["library"] = False


def opened_entry(_: Translate, model: str, text: str, direction: str) -> dict[str, Any] | None:
    """Return the entry of the gallery that the visitor looks at, if its sentence still stands."""
    opened = st.session_state.get("opened entry")
    if opened is None:
        return None
    entries = (entry for entry in gallery(model, _) if entry["id"] == opened)
    return next((entry for entry in entries if (entry["text"], entry["direction"]) == (text, direction)), None)


def say_entry(_: Translate, entry: dict[str, Any]) -> None:
    """Say what to look for in a sentence of the gallery, and which head shows it."""
    shown = f" {entry['head']['found']}" if entry["head"] else ""
    st.html(
        f'<p class="atlas-look"><b>{escape(entry["phenomenon_name"])}.</b> {escape(entry["look"])}{escape(shown)}</p>'
    )


def keep(**choice: str) -> None:
    """Keep what was translated in this visitor's history: text, direction, model, decoding and changes."""
    history = [entry for entry in st.session_state.get("history", []) if entry != choice]
    st.session_state["history"] = [choice, *history][:MOST_KEPT]
