"""The visitor's sentence through each model of the kernel zoo, with the ways into the head browser."""

from __future__ import annotations

import logging
from html import escape

import streamlit as st

from app_pages import session
from app_pages.analysis import TooLong
from app_pages.i18n import Translate
from app_pages.results_texts import row_name
from app_pages.zoo import EXAMPLE, ZOO_DIRECTION, ZooLine, drawable, variant
from transformer.model_files import CheckpointError, zoo

HEADS, KERNELS = "app_pages/heads.py", "app_pages/kernels.py"
SOFTMAX = "kernel-exponential-asymmetric"  # what the others are compared with


def zoo_view(language: str, _: Translate) -> None:
    """Show every model of the zoo at work; say what to do where there is nothing to show."""
    st.subheader(_("Your sentence through each kernel"), anchor="zoo")
    st.markdown(
        _(
            "These are the runs of the first seed of the table “Which kernel”: small translators from German to "
            "English that differ in the kernel alone, and know captions of photographs and nothing else. The "
            "log-probability is each one's own, of what it wrote itself."
        )
    )
    text = zoo_sentence(_)
    lines = zoo_lines(text, _) if text else []
    for line in lines:
        _one(line, text, language, _)
    if lines:
        st.page_link(
            KERNELS,
            label=_("One head of all eight side by side"),
            icon=":material/grid_view:",
            query_params={**_address(text, language), "lens": "zoo"},
        )


def zoo_sentence(_: Translate) -> str:
    """Return the sentence for the zoo; where there is none that its models read, say what to do, and nothing."""
    text = str(st.session_state.get("text", "")).strip()
    if not zoo():
        st.warning(_("The models of the kernel zoo are missing. Get the folder `checkpoints/kernels` of this project."))
        return ""
    if st.session_state.get("direction") != ZOO_DIRECTION or not text:
        st.info(
            _(
                "These models translate German to English. Turn the direction above and type a sentence, or take a "
                "caption."
            )
        )
        st.button(_("Take a German caption"), on_click=_take_example, key="zoo_example")
        return ""
    return text


def zoo_lines(text: str, _: Translate) -> list[ZooLine]:
    """Run a sentence through every model of the zoo; say why not where that cannot be, and return nothing."""
    try:
        with st.spinner(_("Translating …"), show_time=False):
            return [session.zoo_line(model, text) for model in zoo()]
    except TooLong as error:
        st.warning(
            _(
                "Too long for one picture: {pieces} word pieces; at most {most} fit. Please shorten the sentence.",
                pieces=error.pieces,
                most=error.most,
            )
        )
    except CheckpointError as error:
        logging.getLogger(__name__).error("%s", error)
        st.error(_("A model of the kernel zoo cannot be loaded here. Get the folder `checkpoints/kernels` again."))
    return []


def _one(line: ZooLine, text: str, language: str, _: Translate) -> None:
    name = row_name(variant(line.model), _)
    with st.container(key=f"zoo_{line.model}", border=True, gap="xxsmall"):
        said, ways = st.columns([10, 4], vertical_alignment="center")
        score = f"{line.log_probability:.2f}".replace("-", "−")
        about = _("Word pieces: {pieces}. Log-probability: {score}.", pieces=line.pieces, score=score)
        word, nothing = _("failed"), _("The model wrote nothing.")
        failed = f' <span class="atlas-verdict atlas-no">✗ {escape(word)}</span>' if line.failed else ""
        written = escape(line.text) or f"<i>{escape(nothing)}</i>"
        said.html(
            f'<p class="atlas-zoo"><b>{escape(name)}</b>{failed}</p>'
            f'<p class="atlas-zoo" lang="en">{written}</p><p class="atlas-quiet">{escape(about)}</p>'
        )
        with ways:
            ways_to_heads(line, text, language, _)


def ways_to_heads(line: ZooLine, text: str, language: str, _: Translate, **head: str) -> None:
    """Link a model's heads, alone and beside softmax, opened at a head if one is named; or say why there is no way."""
    model = line.model
    if model not in drawable():
        ends = [f"{end:.1f}".replace("-", "−") for end in (line.lowest, line.highest)]
        st.caption(
            _(
                "Its weights here run from {low} to {high}; the page of heads draws weights from 0 to 1 alone.",
                low=ends[0],
                high=ends[1],
            )
        )
        if not head:  # else that page is this one
            query = {**_address(text, language), "lens": "zoo", "zoo": model}
            st.page_link(
                KERNELS, label=_("See its weights, with their signs"), icon=":material/grid_view:", query_params=query
            )
        return
    address = {**_address(text, language), **head}
    st.page_link(HEADS, label=_("See its heads"), icon=":material/grid_view:", query_params={**address, "model": model})
    if model != SOFTMAX:
        beside = {"model": SOFTMAX, "compare": "side", "second": text, "second_model": model}
        st.page_link(
            HEADS, label=_("Heads beside softmax"), icon=":material/compare:", query_params={**address, **beside}
        )


def _address(text: str, language: str) -> dict[str, str]:
    return {"text": text, "direction": ZOO_DIRECTION} | ({"lang": language} if language != "en" else {})


def _take_example() -> None:
    st.session_state.update({"text": EXAMPLE, "direction": ZOO_DIRECTION, "caption taken": True})
