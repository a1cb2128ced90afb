"""How the next piece is picked: the visitor's choice, as one short text for the address and the caches.

`greedy`, `beam-4-0.6` (beams, length penalty) or `sampling-1.0-10-1.0-1` (temperature, top-k, top-p, seed).
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app_pages import session
from app_pages.i18n import N_, Translate
from app_pages.labels import field_label

GREEDY = "greedy"
METHODS = {GREEDY: N_("Greedy"), "beam": N_("Beam search"), "sampling": N_("Sampling")}
CAPTIONS = {
    GREEDY: N_("Always the likeliest piece."),
    "beam": N_("Follow several beginnings at once, end with the likeliest whole."),
    "sampling": N_("Draw at random, the likelier the more often."),
}
FIRST = {GREEDY: GREEDY, "beam": "beam-4-0.6", "sampling": "sampling-1.0-10-1.0-1"}
# Name, smallest and largest of each method's numbers: as written, and as `Translator.translate` takes them.
NUMBERS: dict[str, tuple[tuple[str, float, float], ...]] = {
    GREEDY: (),
    "beam": (("beam_size", 2, 8), ("length_penalty", 0.0, 2.0)),
    "sampling": (("temperature", 0.1, 2.0), ("top_k", 0, 50), ("top_p", 0.05, 1.0), ("seed", 1, 10_000)),
}


def read(written: str) -> dict[str, Any]:
    """`beam-4-0.6` -> the keyword arguments of `Translator.translate`; ValueError if it is none of the choices."""
    method, *numbers = written.split("-")
    options: dict[str, Any] = {}
    for (name, smallest, largest), text in zip(NUMBERS.get(method, ()), numbers, strict=True):
        options[name] = type(smallest)(text)
        if not smallest <= options[name] <= largest:
            raise ValueError(f"{name} must be from {smallest} to {largest}, got {text}")
    if method not in METHODS or write(method, options) != written:  # one spelling each: it is a key of the caches
        raise ValueError(f"no decoding {written!r}")
    return options


def write(method: str, options: dict[str, Any]) -> str:
    """Do the opposite of `read`."""
    return "-".join([method, *(str(options[name]) for name, *_ in NUMBERS[method])])


def is_decoding(written: str) -> bool:
    """Whether `read` takes it."""
    try:
        read(written)
    except ValueError:
        return False
    return True


def describe(written: str, _: Translate) -> str:
    """Name a choice in a few words."""
    method, options = written.split("-")[0], read(written)
    name = _(METHODS[method])
    detail = {GREEDY: "", "beam": " · {beam_size}", "sampling": " · #{seed}"}[method]
    return name + detail.format(**options)


def choose_decoding(language: str, _: Translate) -> str:
    """Show the choice behind a button that names it; return it as written."""
    written = session.remember("decoding", GREEDY, is_decoding)
    method, options = written.split("-")[0], read(written)
    st.session_state[f"decoding {method}"] = written  # for when the visitor comes back to this method
    with st.container(gap=None):
        field_label(_("Decoding"))
        popover = st.popover(describe(written, _), width="stretch")
    with popover:
        key = f"method {language}"
        st.session_state[key] = method
        st.radio(
            _("How each next word piece is picked"),
            list(METHODS),
            format_func=lambda each: _(METHODS[each]),
            captions=[_(caption) for caption in CAPTIONS.values()],
            key=key,
            on_change=_take_method,
            args=(key,),
        )
        if method == "beam":
            _slider(_("Beams"), "beam_size", options, 1)
            about = _("The larger, the less a long output is held back; 0.6 in “Attention Is All You Need”.")
            _slider(_("Length penalty"), "length_penalty", options, 0.1, about)
        if method == "sampling":
            about = _("Below 1 the likely pieces become likelier still, above 1 the unlikely ones catch up.")
            _slider(_("Temperature"), "temperature", options, 0.1, about)
            _slider(_("Top-k"), "top_k", options, 1, _("Draw only from the k likeliest pieces; 0 is all of them."))
            about = _("Draw only from the likeliest pieces that hold this much probability together.")
            _slider(_("Top-p"), "top_p", options, 0.05, about)
            st.caption(_("This is draw {number}; the same number draws the same again.", number=options["seed"]))
            st.button(_("Draw again"), on_click=_draw_again, width="stretch")
    return written


def _slider(label: str, name: str, options: dict[str, Any], step: float, about: str | None = None) -> None:
    smallest, largest = next(limits for each, *limits in NUMBERS["beam"] + NUMBERS["sampling"] if each == name)
    st.session_state[name] = options[name]
    st.slider(label, smallest, largest, step=step, key=name, help=about, on_change=_take_number, args=(name,))


def _take_method(key: str) -> None:
    method = st.session_state[key]
    st.session_state["decoding"] = st.session_state.get(f"decoding {method}", FIRST[method])


def _change(**changed: Any) -> None:
    written = st.session_state["decoding"]
    st.session_state["decoding"] = write(written.split("-")[0], read(written) | changed)


def _take_number(name: str) -> None:
    value = st.session_state[name]
    _change(**{name: round(value, 2) if isinstance(value, float) else value})


def _draw_again() -> None:
    _change(seed=read(st.session_state["decoding"])["seed"] % 10_000 + 1)
