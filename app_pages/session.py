"""What is kept: models and results for the process, and what a visitor chose, in the session and the address.

The only caches of the app are here. Results are kept by what they were computed from, so two visitors with the
same sentence share one computation and nothing else.
"""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app_pages.analysis import encode, model_hash, record, shipped
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT
from app_pages.languages import split_direction
from app_pages.zoo import ZooLine
from app_pages.zoo import run as run_zoo
from transformer.model_files import DEFAULT_MODEL
from viz.browser import with_reference
from viz.browser.codes import PAGE, Room

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage
    from torch import Tensor

    from app_pages.chapters.walk import Walk
    from transformer.order import Reordered, Setting, Trial
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator

OWN = "own-"  # begins the name of a model that a visitor opened: the hash of its file follows
_loading = threading.Lock()


def arrive(page: str) -> None:
    """Note which page this run is of, before anything is remembered; `settle` follows what all pages share.

    The app's own menu leads to an address without choices: then what the visitor chose stays, and is written there,
    that of all pages at once. Steps back come by that empty address again: then it stays too, and nothing is written,
    for that would be one more address to step back from.
    """
    state, bare = st.session_state, not st.query_params
    before, state["page"] = state.get("page"), page
    state["by the menu"] = bare and before not in (None, page)
    passed = page in state.get("passed empty", ())
    state["stepped back"] = bare and not state["by the menu"] and not state.get("was bare") and passed
    state["was bare"], state["address"], state["settled"] = bare, {}, False


def settle() -> None:
    """Write what all pages share into the address that the menu left empty, before the page may take its time."""
    st.session_state["settled"] = True
    if st.session_state["by the menu"] and st.session_state["address"]:
        st.query_params.from_dict(st.session_state["address"])
        st.session_state.setdefault("passed empty", set()).add(st.session_state["page"])
        st.session_state["was bare"] = False


def remember(key: str, default: str, valid: Callable[[str], bool]) -> str:
    """Keep a choice in the session and the address: call it before the choice's widget, which may have changed it.

    The address wins where the visitor changed it: a link opened, or a step back. Streamlit's own binding would put
    the shown label there, which depends on the visitor's language.
    """
    written = f"{key} in the address"
    given = st.query_params.get(key, default)
    by_menu, stepped_back = (st.session_state.get(name, False) for name in ("by the menu", "stepped back"))
    if not (by_menu or stepped_back) and given != st.session_state.get(written):
        if valid(given):
            st.session_state[key] = given
        elif key in st.query_params:
            st.session_state.setdefault("mended", []).append((key, given))
    chosen: str = st.session_state.setdefault(key, default) or default
    if by_menu and chosen != default and not st.session_state["settled"]:
        st.session_state["address"][key] = chosen
    elif chosen == default:
        st.query_params.pop(key, None)
    elif given != chosen and not stepped_back:
        st.query_params[key] = chosen
    st.session_state[written] = given if stepped_back else chosen
    return chosen


def go(page: StreamlitPage) -> None:
    """Go to another page as the menu does: what the visitor chose goes along, that of widgets by the next `came`."""
    state = st.session_state
    state["carried"] = {key: state[key] for key in list(state) if f"{key} in the address" in state}
    st.switch_page(page)


def came() -> None:
    """Take what `go` carried, before any widget: Streamlit forgets what they hold when a script turns the page."""
    st.session_state.update(st.session_state.pop("carried", {}))


@cache
def _load(name: str) -> Translator:
    import torch

    from transformer.translator import load_translator

    torch.set_num_threads(1)  # visitors run side by side, each on a core of its own
    return load_translator(name)


MOST_OWN = 4  # models of visitors in memory; whoever's was put away has its bytes still
_own: OrderedDict[str, Translator] = OrderedDict()


def open_own(key: str, content: bytes) -> Translator:
    """Load a checkpoint's bytes for the visitor who sent them; CheckpointError if it cannot be used."""
    from transformer.translator import load_translator

    with _loading:
        if key not in _own:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / f"{key}.safetensors"
                file.write_bytes(content)
                _own[key] = load_translator(file)
        _own.move_to_end(key)
        while len(_own) > MOST_OWN:
            _own.popitem(last=False)
        return _own[key]


def translator(name: str) -> Translator:
    """Return the shared translator of a bundled model, or the one that this visitor opened.

    Whoever comes first loads it, the others wait.
    """
    own = st.session_state.get("own model") if name.startswith(OWN) else None
    if own is not None and own.key == name:
        return open_own(own.key, own.content)
    with _loading:
        return _load(name)


def fingerprint(name: str) -> str:
    """Hash of a model's file."""
    return name.removeprefix(OWN) if name.startswith(OWN) else model_hash(name)


@st.cache_data(max_entries=200, show_spinner=False)
def _analysis(model: str, text: str, direction: str, changes: str, **decoding: Any) -> bytes:
    return encoded(model, text, direction, changes, PAGE, **decoding)


def encoded(model: str, text: str, direction: str, changes: str, room: Room, **decoding: Any) -> bytes:
    """Write the message of a translation for a host with this much room."""
    source, target = split_direction(direction)
    done = recorded(model, text, target, changes, **decoding)
    return encode(translator(model), text, source, target, *done, changes, fingerprint(model), room, **decoding)


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


@st.cache_data(max_entries=200, show_spinner=False)
def zoo_line(model: str, text: str) -> ZooLine:
    """Return what a model of the kernel zoo makes of a sentence; `TooLong` if it has too many pieces."""
    return run_zoo(translator(model), text)


@st.cache_resource(max_entries=8, show_spinner=False)
def walk(model: str, text: str, direction: str, writes: tuple[str, ...], translation: str) -> Walk:
    """Return a sentence's way through a model, for the walkthrough: its trace is read by all, changed by none."""
    from app_pages.chapters.walk import make_walk

    return make_walk(translator(model), text, direction, writes, translation)


@st.cache_data(max_entries=150, show_spinner=False)
def scene(
    sentence: tuple[str, str, str, tuple[str, ...], str],
    chapter: int,
    step: int,
    chosen: tuple[int, ...],
    language: str,
) -> tuple[bytes, dict[str, Any]]:
    """Return what a step of a chapter shows: its picture's message, and the numbers of its text."""
    from app_pages.chapters.show import show

    return show(walk(*sentence), chapter, step, chosen, language)


@st.cache_resource(max_entries=3, show_spinner=False)  # one has 50 MB of layers in float64
def order_trial(model: str) -> Trial:
    """Return what runs words in other orders: what does not depend on the order is made once."""
    from transformer.order import Trial

    return Trial(translator(model).model)


@st.cache_resource(max_entries=8, show_spinner=False)
def in_order(model: str, text: str, target: str, **decoding: Any) -> dict[str, dict[Setting, Tensor]]:
    """Run the encoder's layers on a sentence in its own order, in both precisions, by their names."""
    import torch

    _written, trace = recorded(model, text, target, "", **decoding)
    embeddings = trace["encoder.token_embedding"][0]
    trial = order_trial(model)
    return {name: trial.outputs(embeddings, getattr(torch, name)) for name in ("float32", "float64")}


@st.cache_resource(max_entries=8, show_spinner=False)
def reordered(
    model: str, text: str, target: str, order: tuple[int, ...], **decoding: Any
) -> dict[str, dict[Setting, Reordered]]:
    """Run the encoder's layers on a sentence in another order too, in both precisions, by their names."""
    from transformer.order import reorder

    _written, trace = recorded(model, text, target, "", **decoding)
    embeddings, trial = trace["encoder.token_embedding"][0], order_trial(model)
    before = in_order(model, text, target, **decoding)
    return {name: reorder(trial, embeddings, order, outputs) for name, outputs in before.items()}


@st.cache_data(max_entries=64, show_spinner=False)
def order_likelihood(
    model: str, text: str, target: str, order: tuple[int, ...], **decoding: Any
) -> Mapping[bool, float]:
    """Log-probability of a sentence's translation given its pieces in an order, with and without position."""
    source = translator(model).source(text, target)
    translation, _trace = recorded(model, text, target, "", **decoding)
    return order_trial(model).log_probabilities([source[place] for place in order], translation.ids)
