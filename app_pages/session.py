"""What is kept: models and results for the process, and what a visitor chose, in the session and the address.

The only caches of the app are here. Results are kept by what they were computed from, so two visitors with the
same sentence share one computation and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from app_pages.analysis import encode, record, shipped
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT
from app_pages.languages import split_direction
from transformer.model_files import DEFAULT_MODEL
from viz.browser import with_reference

if TYPE_CHECKING:
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator

_loading = threading.Lock()


def remember(key: str, default: str, valid: Callable[[str], bool]) -> str:
    """Keep a choice in the session and the address: call it before the choice's widget, which may have changed it.

    The address wins where the visitor changed it: a link opened, or a step back. Streamlit's own binding would put
    the shown label there, which depends on the visitor's language.
    """
    written = f"{key} in the address"
    given = st.query_params.get(key, default)
    if given != st.session_state.get(written) and valid(given):
        st.session_state[key] = given
    chosen = st.session_state.setdefault(key, default) or default
    if chosen == default:
        st.query_params.pop(key, None)
    elif given != chosen:
        st.query_params[key] = chosen
    st.session_state[written] = chosen
    return chosen


@cache
def _load(name: str) -> Translator:
    import torch

    from transformer.translator import load_translator

    torch.set_num_threads(1)  # visitors run side by side, each on a core of its own
    return load_translator(name)


def translator(name: str) -> Translator:
    """Return the shared translator; whoever comes first loads it, the others wait."""
    with _loading:
        return _load(name)


@st.cache_data(max_entries=200, show_spinner=False)
def _analysis(model: str, text: str, direction: str, changes: str, **decoding: Any) -> bytes:
    source, target = split_direction(direction)
    recording = recorded(model, text, target, changes, **decoding)
    return encode(translator(model), text, source, target, *recording, changes, decoding=decoding)


@st.cache_resource(max_entries=4, show_spinner=False)  # a long one takes 150 MB
def recorded(model: str, text: str, target: str, changes: str, **decoding: Any) -> tuple[Translation, Trace]:
    """Translate and record, once for what the browser is shown and for what it asks next."""
    return record(translator(model), text, target, changes, **decoding)


def attention(model: str, text: str, direction: str, changes: str = "", **decoding: Any) -> bytes:
    """Return the message with every head for a sentence: shipped for the default one, else computed.

    `decoding` is what `Translator.translate` takes; nothing is greedy. Under changes, the message carries that of the
    unchanged model for comparison.
    """
    default = (model, text, direction, decoding) == (DEFAULT_MODEL, DEFAULT_TEXT, DEFAULT_DIRECTION, {})
    unchanged = (shipped() if default else None) or _analysis(model, text, direction, "", **decoding)
    return with_reference(_analysis(model, text, direction, changes, **decoding), unchanged) if changes else unchanged
