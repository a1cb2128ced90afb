"""The first page: all layers and heads of the three kinds of attention, one of them large."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import streamlit as st

from app_pages import session
from app_pages.compare import compared
from app_pages.components import attention_browser, reply
from app_pages.decodings import read
from app_pages.head_choice import leave_for, take_from_browser
from app_pages.i18n import Translate, translator
from app_pages.models import own_model
from app_pages.translation import Standing
from app_pages.what_if import from_browser
from transformer.model_files import zoo
from viz.browser import decode_header, reference_message, with_reference


def legend(_: Translate) -> None:
    """Say what the signs in the picture mean, and what the model is."""
    with st.expander(_("How to read this picture")):
        st.markdown(
            _(
                "- **Encoder**: the words of your sentence look at each other.\n"
                "- **Decoder**: each written word looks at those written before it, hence the empty triangle.\n"
                "- **Cross-attention**: each written word looks at your sentence.\n"
                "- A **query** is the word that looks, a **key** the word it looks at. "
                "The weights of a query add up to 1.\n"
                "- `<2de>` asks for German, `<2ja>` for Japanese, and so on; `<s>` starts the translation, "
                "`</s>` ends a sentence; `<unk>` is what the vocabulary lacks; `·` before a piece means that it "
                "goes on with the word before it."
            )
        )
    with st.expander(_("About the models")):
        st.markdown(
            _(
                "`small` and `guide` are small transformers trained for this app, on everyday sentences of "
                "[Tatoeba](https://tatoeba.org) (CC-BY); `guide` also on captions of Multi30k. They translate simple "
                "sentences well and get names, numbers and rare words wrong. Every number you see is computed by the "
                "model on your sentence. What attention shows is how a model weighs its inputs, not why it chose "
                "a word."
            )
        )


def take_changes(told: Any) -> None:
    """Keep what the visitor changed in the browser, for the run that follows; its number says that it was heard."""
    with suppress(ValueError, TypeError, KeyError):  # not from our page
        st.session_state["change number"] = int(told["number"])
        st.session_state["changes"] = from_browser(told["changes"])


def browse(standing: Standing, language: str, _: Translate, key: str, **header: Any) -> None:
    """Draw the browser of what stands, and answer what it asks."""
    header["change_number"] = st.session_state.get("change number", 0)
    own = own_model() if standing.model.startswith(session.OWN) else None
    if own is not None:
        header["model"] = {"name": own.name, "hash": session.fingerprint(own.key)}
        header["file"] = own.name

    def left(told: Any) -> None:
        take_from_browser(told, decode_header(standing.message))

    asked = attention_browser(standing.message, language=language, key=key, changed=take_changes, left=left, **header)
    if asked is None:
        return
    from app_pages.answers import Pass, answer

    def done() -> Pass:
        decoding = read(standing.decoding)
        choice = standing.model, standing.text, standing.direction
        return Pass(
            session.translator(standing.model),
            *session.recorded(standing.model, standing.text, standing.target, standing.changes, **decoding),
            text=standing.text,
            target=standing.target,
            changes=standing.changes,
            decoding=decoding,
            unchanged=reference_message(standing.message),
            encode=lambda room: session.encoded(*choice, standing.changes, room, **decoding),
            header=header,
        )

    reply(answer(asked, done, key, _), key=key)


def way_to_zoo(*shown: Standing, _: Translate) -> None:
    """Offer all models of the kernel zoo, side by side, to whoever looks at one of them."""
    if any(each.model in zoo() for each in shown):
        st.button(
            _("This head in all eight kernels, side by side"),
            icon=":material/compare:",
            type="tertiary",
            on_click=leave_for_zoo,
            args=(shown[0],),
            key="to_zoo",
        )


def leave_for_zoo(standing: Standing) -> None:
    """Go to the zoo on the page of kernels, with the head that the address says to be open."""
    leave_for("kernels", decode_header(standing.message))
    st.session_state["lens"] = "zoo"


def side_by_side(first: Standing, second: Standing, language: str, _: Translate) -> None:
    """Draw two browsers; the second shows the head that is chosen in the first."""
    alike = first.model == second.model
    left, right = st.columns([5, 3] if alike else 2, gap="medium")
    message = first.message if first.changes else with_reference(first.message, second.message)
    shapes = [
        [{name: kind[name] for name in ("id", "layers", "heads")} for kind in decode_header(each.message)["kinds"]]
        for each in (first, second)
    ]
    with left:
        named = {} if first.changes else {"reference_name": "other"}
        browse(replace(first, message=message), language, _, "attention_browser", beside=shapes[1], **named)
    with right:
        offers = [each for each in decode_header(second.message)["offers"] if each != "changes"]
        browse(
            second,
            language,
            _,
            "second_browser",
            offers=offers,
            follow=True,
            bare=alike,
            address=False,
            beside=shapes[0],
        )


language = st.session_state.get("language", "en")
standing = st.session_state.get("standing")
_ = translator(language)
if standing is not None:
    about, switch = st.columns([7, 3], vertical_alignment="bottom")
    about.markdown(
        _(
            "Each small picture is one head: rows are the words that look, columns the words they look at; the "
            "stronger the colour, the larger the weight. Look for a head with a clear pattern, and click it."
        )
    )
    second = compared(language, _, standing, switch)
    st.session_state["last standing"] = standing
    if second is not None:
        way_to_zoo(standing, second, _=_)
        side_by_side(standing, second, language, _)
    else:
        way_to_zoo(standing, _=_)
        browse(standing, language, _, "attention_browser", show=st.session_state.get("show"))
elif "last standing" in st.session_state:  # what was there stays, paler, until there is something to show
    st.caption(_("Below, paler, are still the heads of the sentence before."))
    with st.container(key="stale"):
        browse(st.session_state["last standing"], language, _, "attention_browser")
legend(_)
