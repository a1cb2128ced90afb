"""The head that the visitor looks at: one choice for all pages, by the names that the attention browser has for it.

Until they choose, it is nobody's choice, and each page opens with the head that shows its point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import streamlit as st

from app_pages import session
from app_pages.i18n import N_, Translate
from app_pages.translation import Standing
from transformer.changes import KINDS, num_layers
from transformer.config import ModelConfig
from viz.browser import decode_header

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

KIND_NAMES = {
    "encoder": N_("Encoder self-attention"),
    "decoder": N_("Decoder self-attention"),
    "cross": N_("Cross-attention"),
}
Head = tuple[str, int, int]  # kind, layer, head; counted from 0, and in the session and the address from 1
NOBODYS = ("", "", "")
BROWSER = ""  # the page of all heads, which is at the address of the house
FOLLOWING = ("kernels", "positions")  # pages of one head


MOST = 64  # layers and heads; which of them a model has differs between the pages, so what it lacks is kept


def _is_place(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) <= MOST


VALID: Mapping[str, Callable[[str], bool]] = {"kind": KINDS.__contains__, "layer": _is_place, "head": _is_place}


def follow(standing: Standing) -> None:
    """Keep the head from page to page.

    The browser of all heads writes the address by itself, so there it is only read; and the head that it opened with
    is no choice of the visitor's.
    """
    state = st.session_state
    if state["page"] == BROWSER:
        if state["by the menu"]:
            state["address"] |= {key: state[key] for key in VALID if state.get(key)}
        else:
            _keep_address(decode_header(standing.message))
    elif state["page"] in FOLLOWING:
        _remember()


def _keep_address(header: Mapping[str, Any]) -> None:
    keep([st.query_params.get(key, "") for key in VALID], header)


def leave_for(page: str, header: Mapping[str, Any]) -> None:
    """Take the head of the browser of all heads along to another page; for the callback of a button."""
    _keep_address(header)
    st.session_state.pop("show", None)
    st.session_state["left for"] = page


def keep(given: Sequence[str], header: Mapping[str, Any]) -> None:
    """Keep what the browser of all heads says to be open, if the visitor chose it."""
    if all(valid(text) for valid, text in zip(VALID.values(), given, strict=True)):
        opened = header["selection"]
        chosen = list(given) != [opened["kind"], str(opened["layer"] + 1), str(opened["head"] + 1)]
        st.session_state.update(zip(VALID, given if chosen else NOBODYS, strict=True))


def take_from_browser(told: Any, header: Mapping[str, Any]) -> None:
    """Keep the head that was open in the browser of all heads when the visitor left it, and where they go."""
    with suppress(ValueError, TypeError, KeyError):  # not from our page
        keep([told["kind"], str(int(told["layer"]) + 1), str(int(told["head"]) + 1)], header)
        st.session_state.pop("show", None)
        st.session_state["left for"] = str(told["to"])


def go_on(pages: Iterable[StreamlitPage]) -> None:
    """Go to the page for which the visitor left the browser of all heads, if they did."""
    to = st.session_state.pop("left for", None)
    for page in pages:
        if page.url_path == to:
            session.go(page)


def _remember() -> None:
    for key, valid in VALID.items():
        session.remember(key, "", valid)


def standing_head(config: ModelConfig, otherwise: Head) -> Head:
    """Return the head that the visitor chose; where they did not, or a model has no such head, another."""
    kind = st.session_state.get("kind") or otherwise[0]
    counts = num_layers(config, kind), config.num_heads
    first = otherwise[1:] if kind == otherwise[0] else (0, 0)
    places = [int(st.session_state.get(key) or 0) - 1 for key in ("layer", "head")]
    layer, head = (
        place if 0 <= place < count else min(opened, count - 1)
        for place, count, opened in zip(places, counts, first, strict=True)
    )
    return kind, layer, head


def say_missing(config: ModelConfig, shown: Head, _: Translate) -> None:
    """Say that the head which the visitor chose is not to be had in a model, where it is not, and what is shown."""
    kind, layer, head = shown
    layers, heads = num_layers(config, kind), config.num_heads
    asked = [int(st.session_state.get(key) or 0) for key in ("layer", "head")]
    if asked[0] > layers or asked[1] > heads:
        st.caption(
            _(
                "You chose layer {asked_layer}, head {asked_head}, but these models have {layers} layers of {heads} "
                "heads: shown are layer {layer}, head {head}.",
                asked_layer=asked[0],
                asked_head=asked[1],
                layers=layers,
                heads=heads,
                layer=layer + 1,
                head=head + 1,
            )
        )


def choose_head(
    config: ModelConfig,
    otherwise: Head,
    language: str,
    _: Translate,
    columns: Sequence[Any],
    widget: Callable[..., Any],
) -> Head:
    """Let the visitor choose a head, a widget a column: of `st.selectbox` or `st.segmented_control`."""
    _remember()
    chosen = standing_head(config, otherwise)
    kind, layer, head = chosen
    written = {"kind": kind, "layer": str(layer + 1), "head": str(head + 1)}
    counts = {"layer": num_layers(config, kind), "head": config.num_heads}
    options = {"kind": list(KINDS), **{key: [str(each + 1) for each in range(count)] for key, count in counts.items()}}
    labels = {"kind": _("Attention"), "layer": _("Layer"), "head": _("Head")}
    for column, key in zip(columns, VALID, strict=True):
        shown = f"{key} {language}"
        st.session_state[shown] = written[key]
        with column:
            widget(
                labels[key],
                options[key],
                format_func=(lambda each: _(KIND_NAMES[each])) if key == "kind" else str,
                key=shown,
                on_change=_take,
                args=(key, shown, written),
            )
    return chosen


def _take(key: str, shown: str, written: Mapping[str, str]) -> None:
    value = st.session_state[shown]
    if value is not None:  # pressing the chosen button of a row again lets it go: it stays
        st.session_state.update({**written, key: value})
        st.session_state.pop("show", None)
