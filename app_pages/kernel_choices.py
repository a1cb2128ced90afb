"""What a visitor chooses on the page of kernels: kept in the session and the address, shown in their language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from app_pages import session
from app_pages.i18n import N_

KERNEL_NAMES = {
    "exponential": N_("exponential"),
    "rbf": N_("RBF"),
    "polynomial": N_("polynomial"),
    "linear": N_("linear"),
    "linear_nonnegative": N_("linear, never negative"),
}
ALL = "all"


def kept(key: str, default: str, options: Sequence[str]) -> str:
    """Keep a choice by its name; one that is not among the options any more falls back to the default."""
    if st.session_state.get(key, default) not in options:
        del st.session_state[key]
    return session.remember(key, default, options.__contains__)


def select(
    label: str,
    key: str,
    options: Sequence[str],
    name: Callable[[str], str],
    language: str,
    *,
    default: str | None = None,
    about: str | None = None,
) -> str:
    """Show a select box; the choice itself is kept apart from its labels, which depend on the language."""
    chosen = kept(key, options[0] if default is None else default, options)
    shown = f"{key} {language}"
    st.session_state[shown] = chosen
    st.selectbox(label, options, format_func=name, key=shown, on_change=_take, args=(key, shown), help=about)
    return chosen


def segments(label: str, key: str, names: Mapping[str, str], language: str) -> str:
    """Show a row of buttons of which one is chosen; it breaks where the page is narrow."""
    options = list(names)
    chosen = kept(key, options[0], options)
    shown = f"{key} {language}"
    st.session_state[shown] = chosen
    st.pills(
        label,
        options,
        format_func=names.__getitem__,
        key=shown,
        on_change=_take,
        args=(key, shown),
        label_visibility="collapsed",
    )
    return chosen


def number(label: str, key: str, default: int, about: str | None = None) -> int:
    """Show a field for a whole number; it takes any, so that a bad one can be answered with a sentence."""
    chosen = session.remember(key, str(default), lambda text: text.lstrip("-").isdecimal() and len(text) < 6)
    shown = f"{key} number"
    st.session_state[shown] = int(chosen)
    st.number_input(
        label, step=1, min_value=-999, max_value=999, key=shown, on_change=_take, args=(key, shown), help=about
    )
    return int(chosen)


def _take(key: str, shown: str) -> None:
    value = st.session_state[shown]
    if value is not None:  # pressing the chosen button of a row again lets it go: it stays
        st.session_state[key] = str(value)
