"""The lens of trained kernels: one sentence and one head through each model of the kernel zoo, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app_pages import session
from app_pages.head_choice import Head, choose_head, say_missing
from app_pages.i18n import Translate, translate_all
from app_pages.kernel_choices import kept
from app_pages.kernel_picture import kernel_picture
from app_pages.languages import split_direction
from app_pages.results_texts import row_name
from app_pages.zoo import ZOO_DIRECTION, ZooLine, card, variant
from app_pages.zoo_view import ways_to_heads, zoo_lines, zoo_sentence
from viz.browser import encode_reply
from viz.kernels import STRINGS

SOURCE, TARGET = split_direction(ZOO_DIRECTION)
LANGUAGES = {"encoder": (SOURCE, SOURCE), "decoder": (TARGET, TARGET), "cross": (TARGET, SOURCE)}
FIRST = "kernel-rbf-asymmetric"  # which has both ways into the heads


def zoo(otherwise: Head, columns: Sequence[Any], language: str, _: Translate) -> None:
    """Run the sentence, which may take two seconds at first; then a choice of a head or a model is at once there."""
    if st.session_state.pop("caption taken", False):
        st.rerun()  # the sentence above this part of the page is another
    text = zoo_sentence(_)
    lines = zoo_lines(text, _) if text else []
    if not lines:
        return
    config = session.translator(lines[0].model).model.config
    head = choose_head(config, otherwise, language, _, columns, st.selectbox)
    say_missing(config, head, _)
    names = {line.model: row_name(variant(line.model), _) for line in lines}
    chosen = kept("zoo", FIRST, list(names))
    kernel_picture(zoo_message(lines, names, chosen, head, text, language), key="kernel_zoo", chosen=_take)
    line = next(each for each in lines if each.model == chosen)
    kind, layer, number = head
    with st.container(key="zoo_ways", border=True):
        st.markdown(f"**{names[chosen]}** · `{chosen}`")
        with st.container(horizontal=True):
            ways_to_heads(line, text, language, _, kind=kind, layer=str(layer + 1), head=str(number + 1))
        with st.expander(_("Its card: data, recipe, limits")):
            st.markdown(card(chosen).partition("\n")[2])


def _take(choice: Any) -> None:
    st.session_state["zoo"] = str(choice)


def zoo_message(
    lines: Sequence[ZooLine], names: dict[str, str], chosen: str, head: Head, text: str, language: str
) -> bytes:
    """Write one head of every model, with what it wrote."""
    from transformer.kernel_lens import mean_entropy

    kind, layer, number = head
    maps = [line.maps[kind].weights[layer, number] for line in lines]
    header = {
        "view": "zoo",
        "lang": language,
        "strings": translate_all(STRINGS, language),
        "text": text,
        "kind": kind,
        "layer": layer,
        "head": number,
        "chosen": chosen,
        "query_lang": LANGUAGES[kind][0],
        "key_lang": LANGUAGES[kind][1],
        "target_lang": TARGET,
        "models": [
            {
                "id": line.model,
                "name": names[line.model],
                "failed": line.failed,
                "written": line.text,
                "pieces": line.pieces,
                "log_probability": line.log_probability,
                "queries": list(line.maps[kind].queries),
                "keys": list(line.maps[kind].keys),
                "lowest": float(weights.min()),
                "highest": float(weights.max()),
                "entropy": float(mean_entropy(weights)) if weights.min() >= 0 else None,
            }
            for line, weights in zip(lines, maps, strict=True)
        ],
    }
    return encode_reply(header, {f"map_{place}": weights for place, weights in enumerate(maps)})
