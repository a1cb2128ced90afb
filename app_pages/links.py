"""What a link said that is not to be had here: said once, beside what is shown instead."""

from __future__ import annotations

import re

import streamlit as st

from app_pages.i18n import N_, Translate
from app_pages.session import OWN

MENDED = {
    "text": N_("The sentence in the link is too long: it was left out."),
    "direction": N_("The link names the direction {given}, which is not to be had here: showing {shown}."),
    "model": N_("The link names the model {given}, which is not to be had here: showing {shown}."),
    "second_model": N_("The link names the model {given}, which is not to be had here: showing {shown}."),
    "decoding": N_("The link names the decoding {given}, which is not to be had here: it is {shown}."),
    "changes": N_("The link names changes that cannot be read: they were left out."),
    "lang": N_("The link asks for the language {given}, which this page does not speak."),
}
ANYTHING = N_("The link says {key}={given}, which means nothing here: it was left out.")
LONGEST = 40  # characters of a link's word that are said again


def say_mended(_: Translate) -> None:
    """Say what `session.remember` left out of a link; a model of the visitor's own that is gone is said elsewhere."""
    for key, given in st.session_state.pop("mended", []):
        if not given.startswith(OWN):
            shown = plain(str(st.session_state.get(key, "")))
            st.toast(_(MENDED.get(key, ANYTHING), key=plain(key), given=plain(given), shown=shown), duration="long")


def plain(text: str) -> str:
    """Escape a text of a link for Markdown, and shorten it."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return re.sub(r"([^\w\s…])", r"\\\1", cut.replace("\n", " ")) or "–"
